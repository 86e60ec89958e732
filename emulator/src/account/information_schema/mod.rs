//! SELECT … FROM INFORMATION_SCHEMA: rows of a view, filtered, sorted, counted.

mod views;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::answer::{Cell, column, like, like_as_it_is, number};
use super::grants::Securable;
use super::select::unknown_column;
use super::{Account, no_warehouse};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{Column, ColumnType, Rows};
use crate::sql::information_schema::{Comparison, Condition, Operand, Query, Selected};

/// A condition or an operand whose columns are places in a row.
struct Reader<'a> {
    context: &'a Context,
    columns: &'a [Column],
}

impl Account {
    pub(crate) fn select_information_schema(
        &mut self,
        context: &Context,
        query: &Query,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let database = query.database.clone().or_else(|| context.database.clone());
        let database = database.ok_or_else(super::container::no_database)?;
        let id = self.database(&access, &database)?.head.id;
        let base = self.view(&access, id, &query.view)?;
        let warehouse = context.warehouse.as_deref().and_then(|name| self.warehouses.id(name));
        let warehouse = warehouse.filter(|id| self.may(&access, Securable::Warehouse(*id), &["USAGE"]));
        let warehouse = warehouse.ok_or_else(no_warehouse)?;
        let rows = answer(context, query, &base)?;
        if let Some(warehouse) = self.warehouses.by_id_mut(warehouse) {
            warehouse.settle(now);
            warehouse.start(now);
        }
        Ok(rows)
    }
}

fn answer(context: &Context, query: &Query, base: &Rows) -> Result<Rows, SqlError> {
    let reader = Reader { context, columns: &base.columns };
    let mut kept = Vec::new();
    if let Some(condition) = &query.condition {
        // Also when there are no rows, an unknown column is an error.
        reader.check(condition)?;
    }
    for row in &base.rows {
        let holds =
            query.condition.as_ref().map_or(Ok(Some(true)), |condition| reader.holds(condition, row))?;
        if holds == Some(true) {
            kept.push(row);
        }
    }
    for (name, descending) in query.order.iter().rev() {
        let at = reader.place(name)?;
        let kind = base.columns[at].kind;
        // NULL comes last, whichever way.
        kept.sort_by(|one, other| {
            let ordering = compare(kind, &one[at], &other[at]);
            if *descending { ordering.reverse() } else { ordering }
        });
    }
    let mut rows = Rows::default();
    let counted = query.items.iter().any(|item| matches!(item, Selected::Count(_)));
    for item in &query.items {
        match item {
            Selected::Star => rows.columns.extend(base.columns.iter().cloned()),
            Selected::Count(label) => rows.columns.push(column(label, ColumnType::Fixed)),
            Selected::Value(operand, label) => rows.columns.push(column(label, reader.kind(operand)?)),
        }
    }
    let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if counted {
        if query.items.len() > 1 {
            return Err(SqlError::unsupported("GROUP BY on INFORMATION_SCHEMA"));
        }
        rows.rows = vec![vec![number(kept.len())]];
        rows.rows.truncate(limit);
        return Ok(rows);
    }
    let mut seen = BTreeSet::new();
    for row in kept {
        let mut cells = Vec::with_capacity(rows.columns.len());
        for item in &query.items {
            match item {
                Selected::Star => cells.extend(row.iter().cloned()),
                Selected::Count(_) => {}
                Selected::Value(operand, _) => cells.push(reader.value(operand, row)?),
            }
        }
        if !query.distinct || seen.insert(cells.clone()) {
            rows.rows.push(cells);
        }
    }
    rows.rows.truncate(limit);
    Ok(rows)
}

fn compare(kind: ColumnType, one: &Cell, other: &Cell) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(one), Some(other)) => match kind {
            ColumnType::Text | ColumnType::Boolean => one.cmp(other),
            _ => match (one.parse::<f64>(), other.parse::<f64>()) {
                (Ok(one), Ok(other)) => one.total_cmp(&other),
                _ => one.cmp(other),
            },
        },
    }
}

impl Reader<'_> {
    fn place(&self, name: &str) -> Result<usize, SqlError> {
        self.columns.iter().position(|column| column.name == name).ok_or_else(|| unknown_column(name))
    }

    fn kind(&self, operand: &Operand) -> Result<ColumnType, SqlError> {
        Ok(match operand {
            Operand::Column(name) => self.columns[self.place(name)?].kind,
            Operand::Number(_) => ColumnType::Fixed,
            Operand::Boolean(_) => ColumnType::Boolean,
            Operand::Upper(inside) | Operand::Lower(inside) => {
                self.kind(inside)?;
                ColumnType::Text
            }
            _ => ColumnType::Text,
        })
    }

    fn value(&self, operand: &Operand, row: &[Cell]) -> Result<Cell, SqlError> {
        Ok(match operand {
            Operand::Column(name) => row[self.place(name)?].clone(),
            Operand::Text(text) | Operand::Number(text) => Some(text.clone()),
            Operand::Boolean(value) => Some(value.to_string()),
            Operand::Null => None,
            Operand::CurrentDatabase => self.context.database.clone(),
            Operand::CurrentSchema => self.context.schema.clone(),
            Operand::Upper(inside) => self.value(inside, row)?.map(|text| text.to_uppercase()),
            Operand::Lower(inside) => self.value(inside, row)?.map(|text| text.to_lowercase()),
        })
    }

    /// Every column is there.
    fn check(&self, condition: &Condition) -> Result<(), SqlError> {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().try_for_each(|part| self.check(part))
            }
            Condition::Not(inside) => self.check(inside),
            Condition::Compare(left, _, right) | Condition::Like(left, right, _) => {
                self.kind(left)?;
                self.kind(right).map(|_| ())
            }
            Condition::In(left, list) => {
                self.kind(left)?;
                list.iter().try_for_each(|operand| self.kind(operand).map(|_| ()))
            }
            Condition::IsNull(operand) => self.kind(operand).map(|_| ()),
        }
    }

    /// True, false, or, with NULL, neither.
    fn holds(&self, condition: &Condition, row: &[Cell]) -> Result<Option<bool>, SqlError> {
        Ok(match condition {
            Condition::All(parts) => {
                let mut holds = Some(true);
                for part in parts {
                    match self.holds(part, row)? {
                        Some(false) => return Ok(Some(false)),
                        None => holds = None,
                        Some(true) => {}
                    }
                }
                holds
            }
            Condition::Any(parts) => {
                let mut holds = Some(false);
                for part in parts {
                    match self.holds(part, row)? {
                        Some(true) => return Ok(Some(true)),
                        None => holds = None,
                        Some(false) => {}
                    }
                }
                holds
            }
            Condition::Not(inside) => self.holds(inside, row)?.map(|holds| !holds),
            Condition::IsNull(operand) => Some(self.value(operand, row)?.is_none()),
            Condition::Compare(left, comparison, right) => {
                self.compared(left, right, row)?.map(|ordering| match comparison {
                    Comparison::Equal => ordering.is_eq(),
                    Comparison::Unequal => ordering.is_ne(),
                    Comparison::Less => ordering.is_lt(),
                    Comparison::LessOrEqual => ordering.is_le(),
                    Comparison::Greater => ordering.is_gt(),
                    Comparison::GreaterOrEqual => ordering.is_ge(),
                })
            }
            Condition::In(left, list) => {
                let mut holds = Some(false);
                for operand in list {
                    match self.compared(left, operand, row)? {
                        Some(Ordering::Equal) => return Ok(Some(true)),
                        None => holds = None,
                        Some(_) => {}
                    }
                }
                holds
            }
            Condition::Like(left, pattern, folds) => {
                match (self.value(left, row)?, self.value(pattern, row)?) {
                    (Some(text), Some(pattern)) if *folds => Some(like(&pattern, &text)),
                    (Some(text), Some(pattern)) => Some(like_as_it_is(&pattern, &text)),
                    _ => None,
                }
            }
        })
    }

    fn compared(&self, left: &Operand, right: &Operand, row: &[Cell]) -> Result<Option<Ordering>, SqlError> {
        let kinds = (self.kind(left)?, self.kind(right)?);
        let numeric = kinds.0 == ColumnType::Fixed || kinds.1 == ColumnType::Fixed;
        Ok(match (self.value(left, row)?, self.value(right, row)?) {
            (Some(one), Some(other)) => {
                let kind = if numeric { ColumnType::Fixed } else { ColumnType::Text };
                Some(compare(kind, &Some(one), &Some(other)))
            }
            _ => None,
        })
    }
}
