//! SHOW and DESCRIBE STREAM (docs: show-streams, desc-stream).

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, boolean, display, table, text, time};
use super::super::grants::Securable;
use super::super::store::Head;
use super::Mode;
use super::read::Condition;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{self, Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::ObjectKind;

const COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("owner", Text),
    ("comment", Text),
    ("table_name", Text),
    ("source_type", Text),
    ("base_tables", Text),
    ("type", Text),
    ("stale", Text),
    ("mode", Text),
    ("stale_after", TimestampLtz),
    ("invalid_reason", Text),
    ("owner_role_type", Text),
];

const GONE: &str = "No privilege or table dropped";

impl Account {
    pub(crate) fn stream_columns(terse: bool) -> Rows {
        if terse {
            let text = |name| (name, Text);
            return table(&[
                ("created_on", TimestampLtz),
                text("name"),
                text("kind"),
                text("database_name"),
                text("schema_name"),
                text("tableOn"),
            ]);
        }
        table(COLUMNS)
    }

    pub(crate) fn stream_row(
        &self,
        access: &Access,
        on: Securable,
        head: &Head,
        (terse, now): (bool, i64),
    ) -> Vec<Cell> {
        let path = self.path_of(on);
        let Some(stream) = self.stream_at(on) else { return Vec::new() };
        let condition = self.condition(stream, now);
        let sees = match condition {
            Condition::Dropped => false,
            _ if self.head_at(stream.source).is_none() => true,
            _ => self.sees(access, stream.source),
        };
        let source = if sees { display(&stream.path) } else { GONE.to_owned() };
        let [database, schema] = [path.first().cloned(), path.get(1).cloned()];
        if terse {
            return vec![
                time(head.created_on),
                text(&head.name),
                text("STREAM"),
                database,
                schema,
                text(source),
            ];
        }
        vec![
            time(head.created_on),
            text(&head.name),
            database,
            schema,
            text(self.role_name(head.owner)),
            text(&head.comment),
            text(&source),
            text(match stream.kind {
                ObjectKind::ExternalTable => "External Table",
                ObjectKind::EventTable => "Event Table",
                ObjectKind::DynamicTable => "Dynamic Table",
                ObjectKind::View => "View",
                ObjectKind::Stage => "Stage",
                _ => "Table",
            }),
            text(source),
            text("DELTA"),
            boolean(condition != Condition::Fresh),
            text(match stream.mode {
                Mode::Default => "DEFAULT",
                Mode::AppendOnly => "APPEND_ONLY",
                Mode::InsertOnly => "INSERT_ONLY",
            }),
            time(self.stale_after(stream)),
            text("N/A"),
            text(self.role_type(head.owner)),
        ]
    }

    pub(crate) fn describe_stream(
        &self,
        context: &Context,
        access: &Access,
        path: &[String],
        now: i64,
    ) -> Result<Rows, SqlError> {
        let on = self.securable(context, access, ObjectKind::Stream, path)?;
        let mut rows = Self::stream_columns(false);
        rows.rows.extend(self.head_at(on).map(|head| self.stream_row(access, on, head, (false, now))));
        Ok(rows)
    }
}
