//! SHOW and DESCRIBE of views, materialized views and dynamic tables.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, boolean, like, number, table, text, time, yes};
use super::super::attachment::masking;
use super::super::grants::Securable;
use super::super::plain::Plain;
use super::super::store::Id;
use super::{Column, View};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::inspection::{Inspection, Scope, Subject};

/// The columns of DESCRIBE; a materialized view has those up to the comment, a dynamic table the policy's as well
/// (docs: desc-view, desc-materialized-view, desc-dynamic-table).
const DESCRIBED: [&str; 12] = [
    "name",
    "type",
    "kind",
    "null?",
    "default",
    "primary key",
    "unique key",
    "check",
    "expression",
    "comment",
    "policy name",
    "privacy domain",
];

fn on_off(on: bool) -> Cell {
    text(if on { "ON" } else { "OFF" })
}

impl Account {
    /// A cell of SHOW that these kinds alone have; nothing for those that every kind has.
    pub(crate) fn view_cell(&self, on: Securable, object: &Plain, column: &str) -> Option<Cell> {
        let view = object.view()?;
        let base = view.bases.first().map(|base| base.path.clone()).unwrap_or_default();
        let warehouse =
            |id: Option<Id>| id.and_then(|id| self.warehouses.by_id(id)).map(|it| it.head.name.clone());
        let materialized = on.kind() == ObjectKind::MaterializedView;
        let reason = || if materialized { self.invalid(view) } else { self.broken(view) };
        Some(match column {
            "text" => text(&view.text),
            "is_secure" => boolean(view.secure),
            "is_materialized" => boolean(materialized),
            "change_tracking" => on_off(object.text("CHANGE_TRACKING") == Some("true")),
            "cluster_by" => {
                text(view.cluster_by.as_ref().map(|it| format!("LINEAR({it})")).unwrap_or_default())
            }
            "rows" | "bytes" => number(0),
            "source_database_name" => text(base.first().cloned().unwrap_or_default()),
            "source_schema_name" => text(base.get(1).cloned().unwrap_or_default()),
            "source_table_name" => text(base.get(2).cloned().unwrap_or_default()),
            "refreshed_on" | "compacted_on" | "data_timestamp" => time(view.refreshed_on),
            "invalid" => boolean(reason().is_some()),
            "invalid_reason" => text(reason().unwrap_or_default()),
            "behind_by" => text("0s"),
            "automatic_clustering" => on_off(view.cluster_by.is_some() && !view.recluster_suspended),
            "target_lag" => text(object.text("TARGET_LAG").unwrap_or_default()),
            "refresh_mode" => text(object.text("REFRESH_MODE").unwrap_or_default()),
            "warehouse" => warehouse(view.warehouse),
            "initialization_warehouse" => warehouse(view.initialization_warehouse),
            "scheduling_state" => text(if view.suspended.is_some() { "SUSPENDED" } else { "ACTIVE" }),
            "last_suspended_on" => view.suspended.and_then(time),
            "is_clone" | "is_replica" => boolean(false),
            "refresh_mode_reason" => None,
            _ => return None,
        })
    }

    /// Why a materialized view can't be read: it is suspended, or what it reads has changed.
    fn invalid(&self, view: &View) -> Option<String> {
        let suspended = view.suspended.map(|_| "Materialized view is suspended.".to_owned());
        suspended.or_else(|| self.broken(view))
    }

    pub(crate) fn describe_view(
        &self,
        context: &Context,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, kind, path)?;
        let columns = match kind {
            ObjectKind::MaterializedView => 10,
            ObjectKind::DynamicTable => 11,
            _ => 12,
        };
        Ok(self.view_description(on, columns))
    }

    fn view_description(&self, on: Securable, columns: usize) -> Rows {
        let headings: Vec<_> = DESCRIBED[..columns].iter().map(|name| (*name, ColumnType::Text)).collect();
        let mut rows = table(&headings);
        let Some(view) = self.view_at(on) else { return rows };
        for column in &view.columns {
            let masking = masking(&view.policies, &column.name);
            let mut row = vec![
                text(&column.name),
                text(column.kind.shown()),
                text("COLUMN"),
                yes(column.nullable),
                None,
                yes(false),
                yes(false),
                None,
                None,
                column.comment.clone(),
                masking.map(|it| self.name_of(it.policy)),
                None,
            ];
            row.truncate(columns);
            rows.rows.push(row);
        }
        rows
    }

    /// DESCRIBE TABLE and SHOW COLUMNS IN of a name that is no table's; nothing when it is no view's either.
    pub(crate) fn inspect_view(
        &self,
        context: &Context,
        inspection: &Inspection,
        headings: &[(&str, ColumnType)],
    ) -> Result<Option<Rows>, SqlError> {
        let Scope::Table(path) = &inspection.scope else { return Ok(None) };
        let access = self.access(context)?;
        let Ok((place, name)) = self.in_schema(context, &access, path) else { return Ok(None) };
        let found = self.relation_named(place, &name).filter(|on| self.sees(&access, *on));
        let Some((on, view)) = found.and_then(|on| self.view_at(on).map(|view| (on, view))) else {
            return Ok(None);
        };
        Ok(Some(match inspection.subject {
            Subject::Table => self.view_description(on, DESCRIBED.len()),
            Subject::Columns => {
                let mut rows = table(headings);
                rows.rows = self.view_column_rows((on, view), inspection.like.as_deref(), headings);
                rows
            }
            _ => table(headings),
        }))
    }

    /// The rows of SHOW COLUMNS for a view or a dynamic table.
    pub(crate) fn view_column_rows(
        &self,
        (on, view): (Securable, &View),
        pattern: Option<&str>,
        headings: &[(&str, ColumnType)],
    ) -> Vec<Vec<Cell>> {
        let full = self.path_of(on);
        let part = |at: usize| full.get(at).cloned();
        let wanted = view.columns.iter().filter(|column| pattern.is_none_or(|it| like(it, &column.name)));
        let row = |column: &Column| {
            let mut described = column.kind.described();
            if let Some(object) = described.as_object_mut() {
                object.insert("nullable".into(), column.nullable.into());
            }
            let cell = |heading: &str| match heading {
                "table_name" => part(2),
                "schema_name" => part(1),
                "database_name" => part(0),
                "column_name" => text(&column.name),
                "data_type" => text(described.to_string()),
                "null?" => text(if column.nullable { "true" } else { "NOT_NULL" }),
                "kind" => text("COLUMN"),
                "comment" => text(column.comment.clone().unwrap_or_default()),
                "schema_evolution_record" => None,
                _ => text(""),
            };
            headings.iter().map(|(name, _)| cell(name)).collect()
        };
        wanted.map(row).collect()
    }

    /// The rows of INFORMATION_SCHEMA.VIEWS; what a view says, its owner alone may read (docs: info-schema/views).
    pub(crate) fn listed_views(&self, access: &Access, database: Id) -> Vec<Vec<Cell>> {
        let said = |value: bool| text(if value { "YES" } else { "NO" });
        let here = |on: Securable| {
            on.database() == Some(database) && on.kind() == ObjectKind::View && self.sees(access, on)
        };
        let row = |(on, view): (Securable, &View)| {
            let head = self.head_at(on)?;
            let path = self.path_of(on);
            let part = |at: usize| path.get(at).cloned();
            Some(vec![
                part(0),
                part(1),
                part(2),
                text(self.role_name(head.owner)),
                self.owns(access, on).then(|| view.text.clone()),
                text("NONE"),
                said(false),
                said(false),
                said(view.secure),
                time(head.created_on),
                time(head.created_on),
                (!head.comment.is_empty()).then(|| head.comment.clone()),
            ])
        };
        self.views().filter(|(on, _)| here(*on)).filter_map(row).collect()
    }
}
