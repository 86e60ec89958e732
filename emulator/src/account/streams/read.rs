//! What a stream holds, and how it moves on.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::display;
use super::super::data::Delta;
use super::super::grants::Securable;
use super::{Mode, Stream};
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;

const DAY: i64 = 86_400_000;

/// Whether a stream can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Fresh,
    Stale,
    /// Its source has gone, and nothing has its name.
    Dropped,
}

impl Account {
    /// When a stream becomes stale: its source keeps its history for the longer of its retention and its extension
    /// (docs: streams-intro, "Data retention period and staleness").
    pub(super) fn stale_after(&self, stream: &Stream) -> i64 {
        let parameters = self.table_at(stream.source).map(|table| &table.parameters);
        let schema = stream.source.schema().and_then(|place| self.schema(place).ok());
        let database = stream.source.database().and_then(|id| self.databases.by_id(id));
        let chain: Vec<_> = parameters
            .into_iter()
            .chain(schema.map(|schema| &schema.parameters))
            .chain(database.map(|database| &database.parameters))
            .collect();
        let extension = chain
            .iter()
            .copied()
            .chain([&self.parameters])
            .find_map(|parameters| parameters.get("MAX_DATA_EXTENSION_TIME_IN_DAYS"))
            .and_then(|stored| stored.cell()?.parse::<i64>().ok())
            .unwrap_or(14);
        stream.fresh + self.retention(&chain).max(extension) * DAY
    }

    pub(super) fn condition(&self, stream: &Stream, now: i64) -> Condition {
        let there = |on: Securable| self.head_at(on).is_some();
        // Who makes a table below a view anew breaks the streams on it; a dynamic table is filled again.
        let whole = stream.kind == ObjectKind::DynamicTable || stream.bases.iter().all(|(on, _)| there(*on));
        let there = there(stream.source);
        let named = || self.relation_called(&stream.path).is_some();
        match () {
            () if !there && named() => Condition::Stale,
            () if !there => Condition::Dropped,
            () if !whole => Condition::Stale,
            () if now > self.stale_after(stream) => Condition::Stale,
            () => Condition::Fresh,
        }
    }

    /// What a stream holds now. Whether the role may read it was asked before.
    pub(crate) fn stream_rows(&self, on: Securable, now: i64) -> Result<Vec<Delta>, SqlError> {
        let stream = self.stream_at(on).ok_or_else(SqlError::impossible)?;
        let name = self.name_of(on);
        // The words of both are those that clients met, the numbers are guesses.
        let stale = || {
            SqlError::new(
                91901,
                "55000",
                format!("Stream {name} has become stale and cannot be read. Recreate the stream to use it."),
            )
        };
        match self.condition(stream, now) {
            Condition::Fresh => {}
            Condition::Stale => return Err(stale()),
            Condition::Dropped => {
                return Err(SqlError::new(
                    91902,
                    "55000",
                    format!(
                        "Base table '{}' dropped, cannot read from stream '{name}'",
                        display(&stream.path)
                    ),
                ));
            }
        }
        let Some(table) = self.table_at(stream.source) else {
            return Err(SqlError::unsupported(format!(
                "reading streams on {}",
                stream.kind.plural().to_lowercase()
            )));
        };
        if stream.initial {
            let rows = table.data.at(stream.offset).ok_or_else(stale)?;
            let inserted =
                rows.into_iter().map(|(row, values)| Delta { values, inserted: true, update: false, row });
            return Ok(inserted.collect());
        }
        table.data.since(stream.offset, stream.mode != Mode::Default).ok_or_else(stale)
    }

    /// The columns of a stream's source.
    pub(crate) fn stream_source(&self, on: Securable) -> Option<Securable> {
        self.stream_at(on).map(|stream| stream.source).filter(|source| self.table_at(*source).is_some())
    }

    /// A statement that changes data has read the stream: it goes on from where its source is now.
    pub(crate) fn consume(&mut self, on: Securable, now: i64) {
        let version =
            self.stream_source(on).and_then(|source| self.table_at(source)).map(|it| it.data.version());
        if let (Some(stream), Some(version)) = (self.stream_mut(on), version) {
            // What happened while it had its first rows to give comes next.
            if !stream.initial {
                stream.offset = version;
            }
            stream.initial = false;
            stream.fresh = now;
        }
    }

    /// `SYSTEM$STREAM_HAS_DATA`: also what the condition of a task asks.
    pub(crate) fn stream_has_data(
        &self,
        context: &Context,
        access: &Access,
        name: &str,
        now: i64,
    ) -> Result<bool, SqlError> {
        let path = crate::sql::path_of(name)?;
        let on = self.securable(context, access, ObjectKind::Stream, &path)?;
        self.need(access, on, &["SELECT"])?;
        let stream = self.stream_at(on).ok_or_else(SqlError::impossible)?;
        if stream.bases.is_empty() || self.condition(stream, now) != Condition::Fresh {
            return Ok(!self.stream_rows(on, now)?.is_empty());
        }
        // What a view makes of its tables is not known here: any change in one of them counts.
        let moved = |(on, version): &(Securable, u64)| {
            self.table_at(*on).is_some_and(|table| table.data.version() != *version)
        };
        Ok(stream.initial || stream.bases.iter().any(moved))
    }
}
