//! SELECT … FROM: the query history, and the results of earlier statements.

use std::cmp::Ordering;

use super::answer::{Cell, column, number, table, text, time};
use super::grants::Securable;
use super::select::unknown_column;
use super::{Account, HistoryEntry, no_warehouse};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{Column, ColumnType, Rows};
use crate::sql::select::{Expression, From, Select, Source};

impl Account {
    pub(super) fn select_from(
        &mut self,
        context: &Context,
        select: &Select,
        from: &From,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let warehouse = context.warehouse.as_deref().and_then(|name| self.warehouses.id(name));
        let warehouse = warehouse.filter(|id| self.may(&access, Securable::Warehouse(*id), &["USAGE"]));
        let whole = from.filters.is_empty()
            && from.order.is_none()
            && select.items.iter().all(|item| item.expression == Expression::Star);
        // A whole result is handed out again; anything else is computed.
        let handed_out = whole && matches!(from.source, Source::Results(_));
        if warehouse.is_none() && !handed_out {
            return Err(no_warehouse());
        }
        let base = match &from.source {
            Source::History { result_limit } => {
                let limit = usize::try_from(*result_limit).unwrap_or(usize::MAX);
                history(&self.history_of(&access, &context.user, limit))
            }
            Source::Tasks { graphs, name, limit } => {
                let which = (name.as_deref(), usize::try_from(*limit).unwrap_or(usize::MAX));
                match graphs {
                    true => self.current_graphs(&access, which, now),
                    false => self.task_history(&access, which, now),
                }
            }
            Source::Policies { name, domain } => self.policy_references(context, &access, name, domain)?,
            Source::Results(id) => {
                let id = self.value(context, &access, id, now)?.1.unwrap_or_default();
                let results = context.results.as_ref().and_then(|results| results.rows(&id, &context.user));
                results.ok_or_else(|| SqlError::new(709, "02000", format!("Statement {id} not found")))?
            }
        };
        let rows = self.related(context, base, select, from, now)?;
        if let Some(warehouse) =
            warehouse.filter(|_| !handed_out).and_then(|id| self.warehouses.by_id_mut(id))
        {
            warehouse.settle(now);
            warehouse.start(now);
        }
        Ok(rows)
    }

    /// Filters, sorts, cuts, and picks columns, in this order.
    fn related(
        &self,
        context: &Context,
        base: Rows,
        select: &Select,
        from: &From,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let place = |name: &str| -> Result<usize, SqlError> {
            base.columns.iter().position(|column| column.name == name).ok_or_else(|| unknown_column(name))
        };
        let mut filters = Vec::new();
        for (name, expression) in &from.filters {
            filters.push((place(name)?, self.value(context, &access, expression, now)?.1));
        }
        let order = from.order.as_ref().map(|(name, down)| Ok((place(name)?, *down))).transpose()?;
        let mut rows = Rows::default();
        let mut picks = Vec::new();
        for item in &select.items {
            match &item.expression {
                Expression::Star => {
                    for (at, found) in base.columns.iter().enumerate() {
                        picks.push(Pick::Column(at));
                        rows.columns.push(found.clone());
                    }
                }
                Expression::Column(name) => {
                    let at = place(name)?;
                    picks.push(Pick::Column(at));
                    rows.columns.push(Column { name: item.label.clone(), ..base.columns[at].clone() });
                }
                expression => {
                    let (kind, cell) = self.value(context, &access, expression, now)?;
                    picks.push(Pick::Value(cell));
                    rows.columns.push(column(&item.label, kind));
                }
            }
        }
        // NULL equals nothing.
        let holds = |row: &[Cell], at: usize, value: &Cell| value.is_some() && row.get(at) == Some(value);
        let mut kept: Vec<&Vec<Cell>> =
            base.rows.iter().filter(|row| filters.iter().all(|(at, value)| holds(row, *at, value))).collect();
        if let Some((at, down)) = order {
            let kind = base.columns[at].kind;
            kept.sort_by(|one, other| {
                let ordering = compare(kind, &one[at], &other[at]);
                if down { ordering.reverse() } else { ordering }
            });
        }
        kept.truncate(from.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
        for row in kept {
            let cell = |pick: &Pick| match pick {
                Pick::Column(at) => row.get(*at).cloned().flatten(),
                Pick::Value(value) => value.clone(),
            };
            rows.rows.push(picks.iter().map(cell).collect());
        }
        Ok(rows)
    }

    /// The latest first; one's own, and an administrator everybody's.
    fn history_of(&self, access: &super::Access, user: &str, limit: usize) -> Vec<&HistoryEntry> {
        let whole = self.is_account_admin(access);
        self.history.iter().rev().filter(|entry| whole || entry.user == user).take(limit).collect()
    }
}

/// Where a cell of the answer comes from.
enum Pick {
    Column(usize),
    Value(Cell),
}

/// NULL is larger than anything.
fn compare(kind: ColumnType, one: &Cell, other: &Cell) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => match kind {
            ColumnType::Text | ColumnType::Boolean | ColumnType::Variant => one.cmp(other),
            _ => {
                let read = |text: &str| text.parse::<f64>().unwrap_or_default();
                read(one).total_cmp(&read(other))
            }
        },
    }
}

fn history(entries: &[&HistoryEntry]) -> Rows {
    let mut rows = table(&HISTORY.map(|name| (name, history_kind(name))));
    for entry in entries {
        rows.rows.push(HISTORY.map(|name| history_cell(entry, name)).into());
    }
    rows
}

/// The columns of QUERY_HISTORY that are kept (docs: functions/query_history).
const HISTORY: [&str; 18] = [
    "QUERY_ID",
    "QUERY_TEXT",
    "DATABASE_NAME",
    "SCHEMA_NAME",
    "QUERY_TYPE",
    "SESSION_ID",
    "USER_NAME",
    "ROLE_NAME",
    "WAREHOUSE_NAME",
    "WAREHOUSE_SIZE",
    "QUERY_TAG",
    "EXECUTION_STATUS",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "START_TIME",
    "END_TIME",
    "TOTAL_ELAPSED_TIME",
    "ROWS_PRODUCED",
];

fn history_kind(name: &str) -> ColumnType {
    match name {
        "START_TIME" | "END_TIME" => ColumnType::TimestampLtz,
        "SESSION_ID" | "TOTAL_ELAPSED_TIME" | "ROWS_PRODUCED" => ColumnType::Fixed,
        _ => ColumnType::Text,
    }
}

fn history_cell(entry: &HistoryEntry, name: &str) -> Cell {
    match name {
        "QUERY_ID" => text(&entry.query_id),
        "QUERY_TEXT" => text(&entry.text),
        "DATABASE_NAME" => entry.database.clone(),
        "SCHEMA_NAME" => entry.schema.clone(),
        "QUERY_TYPE" => text(&entry.query_type),
        "SESSION_ID" => number(entry.session_id),
        "USER_NAME" => text(&entry.user),
        "ROLE_NAME" => entry.role.clone(),
        "WAREHOUSE_NAME" => entry.warehouse.clone(),
        "QUERY_TAG" => text(&entry.query_tag),
        "EXECUTION_STATUS" => text(if entry.error.is_some() { "FAILED_WITH_ERROR" } else { "SUCCESS" }),
        "ERROR_CODE" => entry.error.as_ref().map(|(code, _)| format!("{code:06}")),
        "ERROR_MESSAGE" => entry.error.as_ref().map(|(_, message)| message.clone()),
        "START_TIME" => time(entry.started),
        "END_TIME" => time(entry.ended),
        "TOTAL_ELAPSED_TIME" => number(entry.ended - entry.started),
        "ROWS_PRODUCED" => number(entry.rows),
        _ => None,
    }
}
