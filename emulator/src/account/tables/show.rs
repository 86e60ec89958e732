//! SHOW TABLES (docs: show-tables).

use super::super::Account;
use super::super::answer::{Cell, number, table, text, time, yes};
use super::super::grants::Securable;
use super::super::plain::Plain;
use super::record::Table;
use crate::rows::ColumnType::{self, Fixed, Text, TimestampLtz};
use crate::rows::Rows;
use crate::sql::columns::Shape;
use crate::sql::table::Keeping;

const COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("kind", Text),
    ("comment", Text),
    ("cluster_by", Text),
    ("rows", Fixed),
    ("bytes", Fixed),
    ("owner", Text),
    ("retention_time", Text),
    ("automatic_clustering", Text),
    ("change_tracking", Text),
    ("search_optimization", Text),
    ("search_optimization_progress", Text),
    ("search_optimization_bytes", Fixed),
    ("is_external", Text),
    ("enable_schema_evolution", Text),
    ("owner_role_type", Text),
    ("is_event", Text),
    ("budget", Text),
    ("is_hybrid", Text),
    ("is_iceberg", Text),
    ("is_dynamic", Text),
    ("is_immutable", Text),
];

/// As `cluster_by` shows a clustering key.
pub(crate) fn clustered_by(table: &Table) -> String {
    table.cluster_by.as_ref().map(|key| format!("LINEAR({})", key.text)).unwrap_or_default()
}

/// `ON` or `OFF`
fn on(value: bool) -> Cell {
    text(if value { "ON" } else { "OFF" })
}

impl Account {
    pub(crate) fn table_columns() -> Rows {
        table(COLUMNS)
    }

    pub(crate) fn table_row(&self, place: Securable, table: &Table, terse: bool) -> Vec<Cell> {
        let head = &table.head;
        let path = self.path_of(place);
        let [database, schema] = [path.first().cloned(), path.get(1).cloned()];
        let kind = text(table.keeping.shown());
        if terse {
            return vec![time(head.created_on), text(&head.name), kind, database, schema];
        }
        let chain = self.parameter_chain(place, table);
        vec![
            time(head.created_on),
            text(&head.name),
            database,
            schema,
            kind,
            text(&head.comment),
            text(clustered_by(table)),
            number(table.data.len()),
            number(table.data.bytes()),
            text(self.role_name(head.owner)),
            number(self.retention(&chain)),
            on(table.cluster_by.is_some() && !table.recluster_suspended),
            on(table.change_tracking),
            on(table.search_optimization),
            table.search_optimization.then(|| "100".to_owned()),
            table.search_optimization.then(|| "0".to_owned()),
            yes(false),
            yes(table.schema_evolution),
            text(self.role_type(head.owner)),
            yes(false),
            None,
            yes(false),
            yes(false),
            yes(false),
            yes(false),
        ]
    }

    /// SHOW TABLES lists dynamic tables as well (docs: show-tables, `is_dynamic`).
    pub(crate) fn dynamic_table_row(&self, place: Securable, object: &Plain, terse: bool) -> Vec<Cell> {
        let view = object.view();
        let transient = view.is_some_and(|view| view.transient);
        let keeping = if transient { Keeping::Transient } else { Keeping::Permanent };
        let mut stand_in = Table::new(object.head.clone(), false, keeping, Shape::default());
        stand_in.change_tracking = true;
        let mut row = self.table_row(place, &stand_in, terse);
        let cluster = view.and_then(|view| view.cluster_by.as_ref());
        for ((name, _), cell) in COLUMNS.iter().zip(&mut row).filter(|_| !terse) {
            match *name {
                "is_dynamic" => *cell = yes(true),
                "cluster_by" => *cell = text(cluster.map(|key| format!("LINEAR({key})")).unwrap_or_default()),
                _ => {}
            }
        }
        row
    }

    /// Where a table's parameters may be set, the nearest first.
    pub(crate) fn parameter_chain<'a>(
        &'a self,
        place: Securable,
        table: &'a Table,
    ) -> Vec<&'a std::collections::BTreeMap<String, super::super::Stored>> {
        let schema = place.schema().and_then(|place| self.schema(place).ok());
        let database = place.database().and_then(|id| self.databases.by_id(id));
        std::iter::once(&table.parameters)
            .chain(schema.map(|schema| &schema.parameters))
            .chain(database.map(|database| &database.parameters))
            .collect()
    }
}
