//! Streams: made, altered, read and consumed (docs: streams-intro, create-stream).

mod read;
mod show;

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::answer::{display, executed, status};
use super::container::inside::taken;
use super::grants::{Grant, Securable};
use super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::property::{Value, value_of};
use crate::sql::stream::{AlterStream, CreateStream, Moment, Point, StreamAction, StreamFrom};
use crate::sql::{ObjectKind, Path};

/// Which changes a stream shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    Default,
    AppendOnly,
    InsertOnly,
}

/// What a stream is, besides its head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    pub(crate) source: Securable,
    /// What the source was called last: it may have gone.
    pub(crate) path: Path,
    pub(crate) kind: ObjectKind,
    pub(crate) mode: Mode,
    /// The version of the source up to which it was consumed.
    offset: u64,
    /// It has yet to give the rows that were there when it was made.
    initial: bool,
    /// When it was made, consumed, or asked while it was empty: it becomes stale some days later.
    fresh: i64,
    /// Of a stream on a view or a dynamic table: the tables below, each with its version when the stream was made.
    #[serde(default)]
    bases: Vec<(Securable, u64)>,
}

impl Stream {
    /// What it is on has moved.
    pub(crate) fn follow(&mut self, follow: impl Fn(Securable) -> Securable) {
        self.source = follow(self.source);
        self.bases.iter_mut().for_each(|(base, _)| *base = follow(*base));
    }
}

impl Account {
    pub(crate) fn create_stream(
        &mut self,
        context: &Context,
        create: &CreateStream,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let kind = ObjectKind::Stream;
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, &create.path)?;
        self.may_create_in(&access, Securable::Schema(within.0, within.1), "CREATE STREAM")?;
        let on = |id: Id| Securable::Inside(kind, within.0, within.1, id);
        let before = self.plain_in(kind, Some(within)).and_then(|store| store.id(&name));
        if let Some(answer) = taken(create.how, before, &create.path, &name)? {
            return Ok(answer);
        }
        if let Some(before) = before {
            self.need(&access, on(before), &[])?;
        }
        let made;
        let (mut comment, mut tracked) = (String::new(), None);
        let mut from = before.map(on);
        match &create.from {
            StreamFrom::Clone(path) => {
                let source = self.securable(context, &access, kind, path)?;
                self.need(&access, source, &["SELECT"])?;
                made = self.stream_at(source).cloned();
                comment = self.head_at(source).map(|head| head.comment.clone()).unwrap_or_default();
                from = from.or(Some(source));
            }
            StreamFrom::Source { kind: of, path, point } => {
                let source = self.securable(context, &access, *of, path)?;
                self.need(
                    &access,
                    source,
                    if *of == ObjectKind::Stage { &["USAGE", "READ"] } else { &["SELECT"] },
                )?;
                let said =
                    |name: &str| value_of(&create.settings, name).and_then(Value::boolean) == Some(true);
                if *of == ObjectKind::ExternalTable && !said("INSERT_ONLY") {
                    // Unverified.
                    return Err(SqlError::unsupported(
                        "streams on external tables without INSERT_ONLY = TRUE",
                    ));
                }
                let offset = self.offset_of(context, &access, source, point.as_ref(), now)?;
                if self.table_at(source).is_some_and(|table| !table.change_tracking) {
                    if !self.owns(&access, source) {
                        return Err(SqlError::new(
                            3001,
                            "42501",
                            format!(
                                "SQL access control error:\nInsufficient privileges to operate on stream source without CHANGE_TRACKING enabled '{}'",
                                self.head_at(source).map_or("", |head| head.name.as_str())
                            ),
                        ));
                    }
                    tracked = Some(source);
                }
                let mode = match () {
                    () if said("APPEND_ONLY") => Mode::AppendOnly,
                    () if said("INSERT_ONLY") => Mode::InsertOnly,
                    () => Mode::Default,
                };
                made = Some(Stream {
                    source,
                    path: self.path_of(source),
                    kind: *of,
                    mode,
                    offset,
                    initial: said("SHOW_INITIAL_ROWS"),
                    fresh: now,
                    bases: self.bases_with_versions(source),
                });
                if let Some(text) = value_of(&create.settings, "COMMENT").and_then(Value::text) {
                    text.clone_into(&mut comment);
                }
            }
        }
        let made = made.ok_or_else(SqlError::impossible)?;
        let tags = self.tag_values(context, &access, &create.tags)?;
        let kept = self.grants_to_copy(from.filter(|_| create.copy_grants));
        let mut head = self.head(&name, &access, now);
        head.comment = comment;
        let id = head.id;
        self.put_inside(kind, within, (before, head));
        self.schema_mut(within)?.streams.insert(id, made);
        if let Some(held) = self.tags_mut(on(id)) {
            held.extend(tags);
        }
        if let Some(table) = tracked {
            self.table_mut(table)?.change_tracking = true;
        }
        self.grant_future(on(id), now);
        for grant in kept {
            self.grants.put(Grant { on: on(id), ..grant });
        }
        Ok(status(format!("Stream {name} successfully created.")))
    }

    /// The source of streams has another place or name now.
    pub(crate) fn streams_follow(&mut self, from: Securable, to: Securable) {
        let path = self.path_of(to);
        let schemas = self.databases.iter_mut().flat_map(|database| database.schemas.iter_mut());
        let streams = schemas.flat_map(|schema| schema.streams.values_mut());
        for stream in streams.filter(|stream| stream.source == from) {
            (stream.source, stream.path) = (to, path.clone());
        }
    }

    /// The tables that a view or a dynamic table reads, through other views as well.
    fn bases_with_versions(&self, source: Securable) -> Vec<(Securable, u64)> {
        let (mut found, mut seen, mut open) = (Vec::new(), Vec::new(), vec![source]);
        while let Some(on) = open.pop() {
            if seen.contains(&on) {
                continue;
            }
            seen.push(on);
            if let Some(table) = self.table_at(on).filter(|_| on != source) {
                found.push((on, table.data.version()));
            }
            let bases = self.view_at(on).into_iter().flat_map(|view| &view.bases);
            open.extend(bases.filter_map(|base| self.relation_called(&base.path)));
        }
        found
    }

    /// Where a new stream begins.
    fn offset_of(
        &self,
        context: &Context,
        access: &Access,
        source: Securable,
        point: Option<&Point>,
        now: i64,
    ) -> Result<u64, SqlError> {
        let Some(table) = self.table_at(source) else {
            return match point {
                None => Ok(0),
                Some(_) => Err(SqlError::unsupported("AT and BEFORE of what is not a table")),
            };
        };
        let Some(point) = point else { return Ok(table.data.version()) };
        let beyond = || {
            SqlError::new(
                707,
                "02000",
                format!(
                    "Time travel data is not available for table {}. The requested time is either beyond the allowed time travel period or before the object creation time.",
                    table.head.name
                ),
            )
        };
        let at = match &point.at {
            Moment::Stream(name) => {
                let path = crate::sql::path_of(name)?;
                let other = self.securable(context, access, ObjectKind::Stream, &path)?;
                self.need(access, other, &["SELECT"])?;
                let other = self.stream_at(other).ok_or_else(SqlError::impossible)?;
                if other.source != source {
                    // Unverified.
                    return Err(SqlError::new(
                        707,
                        "02000",
                        format!("Stream {} is not on table {}.", display(&path), table.head.name),
                    ));
                }
                return Ok(other.offset);
            }
            Moment::Statement(query_id) => {
                let found = table.data.version_of(query_id, point.before);
                // A statement that did nothing here counts with its time.
                let entry = || self.history.iter().find(|entry| entry.query_id == *query_id);
                match (found, entry()) {
                    (Some(version), _) => return Ok(version),
                    (None, Some(entry)) => entry.ended,
                    (None, None) => {
                        return Err(SqlError::new(709, "02000", format!("Statement {query_id} not found")));
                    }
                }
            }
            Moment::Offset(seconds) if *seconds > 0 => return Err(beyond()),
            Moment::Offset(seconds) => now.saturating_add(seconds.saturating_mul(1000)),
            Moment::Timestamp(text) => self.moment((context, access), text, now)?,
        };
        if at < table.head.created_on || at > now {
            return Err(beyond());
        }
        Ok(table.data.version_at(at, point.before))
    }

    pub(crate) fn alter_stream(&mut self, context: &Context, alter: &AlterStream) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::Stream, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        match &alter.action {
            StreamAction::Comment(comment) => {
                if let Some(head) = self.head_of(on) {
                    head.comment = comment.clone().unwrap_or_default();
                }
            }
            StreamAction::SetTags(tags) => {
                let values = self.tag_values(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.extend(values);
                }
            }
            StreamAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.retain(|id, _| !ids.contains(id));
                }
            }
        }
        Ok(executed())
    }

    pub(crate) fn stream_at(&self, on: Securable) -> Option<&Stream> {
        let Securable::Inside(ObjectKind::Stream, database, schema, id) = on else { return None };
        self.schema((database, schema)).ok()?.streams.get(&id)
    }

    fn stream_mut(&mut self, on: Securable) -> Option<&mut Stream> {
        let Securable::Inside(ObjectKind::Stream, database, schema, id) = on else { return None };
        self.schema_mut((database, schema)).ok()?.streams.get_mut(&id)
    }
}
