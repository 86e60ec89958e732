//! SELECT from a table or a stream.

use std::cmp::Ordering;

use super::super::access::Access;
use super::super::answer::{Cell, column, display};
use super::super::grants::Securable;
use super::super::sequences::Taken;
use super::super::{Account, no_warehouse};
use super::datum::{Datum, Zone};
use super::evaluate::{Field, Scope, nothing, number};
use super::functions::AGGREGATES;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::data_type::DataType;
use crate::sql::query::{Expression, Item, Query, Source};

/// What a statement reads.
pub(super) struct Read {
    pub(super) on: Securable,
    pub(super) fields: Vec<Field>,
    pub(super) called: Vec<String>,
    /// With the number of each row, where it has one.
    pub(super) rows: Vec<(u64, Vec<Datum>)>,
}

/// What a query gives: names and types of columns, and values.
pub(super) struct Found {
    pub(super) columns: Vec<Field>,
    pub(super) rows: Vec<Vec<Datum>>,
    /// The streams that it read.
    pub(super) streams: Vec<Securable>,
}

pub(super) fn shown(kind: &DataType) -> ColumnType {
    match kind {
        DataType::Number { scale: 0, .. } => ColumnType::Fixed,
        DataType::Number { scale, .. } => ColumnType::Decimal(*scale as u8),
        DataType::Float => ColumnType::Real,
        DataType::Boolean => ColumnType::Boolean,
        DataType::Date => ColumnType::Date,
        DataType::Time(_) => ColumnType::Time,
        DataType::Timestamp(zone, _) if zone == "NTZ" => ColumnType::TimestampNtz,
        DataType::Timestamp(zone, _) if zone == "LTZ" => ColumnType::TimestampLtz,
        kind if super::datum::is_json(kind) => ColumnType::Variant,
        _ => ColumnType::Text,
    }
}

impl Account {
    /// A statement on rows needs a warehouse that the role may use; it starts.
    pub(super) fn warehouse_for(&self, context: &Context, access: &Access) -> Result<Securable, SqlError> {
        let warehouse = context.warehouse.as_deref().and_then(|name| self.warehouses.id(name));
        let on = warehouse.map(Securable::Warehouse).filter(|on| self.may(access, *on, &["USAGE"]));
        on.ok_or_else(no_warehouse)
    }

    pub(super) fn start_for(&mut self, on: Securable, now: i64) {
        if let Securable::Warehouse(id) = on
            && let Some(warehouse) = self.warehouses.by_id_mut(id)
        {
            warehouse.settle(now);
            warehouse.start(now);
        }
    }

    pub(super) fn scope<'a>(
        &'a self,
        context: &'a Context,
        access: &'a Access,
        taken: &'a Taken,
        now: i64,
    ) -> Scope<'a> {
        let name = context.parameters.get("TIMEZONE").cloned();
        let name = name.or_else(|| self.users.get(&context.user)?.parameters.get("TIMEZONE")?.cell());
        let name = name.or_else(|| self.parameters.get("TIMEZONE")?.cell());
        let zone = jiff::tz::TimeZone::get(name.as_deref().unwrap_or("America/Los_Angeles"));
        let zone = Zone(zone.unwrap_or(jiff::tz::TimeZone::UTC));
        Scope { account: self, context, access, now, zone, fields: Vec::new(), called: Vec::new(), taken }
    }

    pub(crate) fn query(&mut self, context: &Context, query: &Query, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let warehouse = query.from.as_ref().map(|_| self.warehouse_for(context, &access)).transpose()?;
        let taken = Taken::default();
        let found = self.find(&self.scope(context, &access, &taken, now), query)?;
        taken.keep(self);
        if let Some(warehouse) = warehouse {
            self.start_for(warehouse, now);
        }
        let columns = found.columns.iter().map(|field| column(&field.name, shown(&field.kind))).collect();
        let rows = found.rows.iter().map(|row| row.iter().map(Datum::cell).collect::<Vec<Cell>>()).collect();
        Ok(Rows { columns, rows })
    }

    /// The table or stream that a name stands for, with what it holds.
    pub(super) fn read(
        &self,
        (context, access): (&Context, &Access),
        source: &Source,
        privilege: &str,
        now: i64,
    ) -> Result<Read, SqlError> {
        let path = &source.path;
        let absent = || {
            SqlError::new(
                2003,
                "42S02",
                format!(
                    "SQL compilation error:\nObject '{}' does not exist or not authorized.",
                    display(path)
                ),
            )
        };
        // A session without a database or a schema hears that.
        if let Err(error) = self.in_schema(context, access, path)
            && error.code > 90_000
        {
            return Err(error);
        }
        let find = |kind| self.securable(context, access, kind, path).ok();
        let on = match find(ObjectKind::Table).or_else(|| find(ObjectKind::Stream)) {
            Some(on) => on,
            None if find(ObjectKind::View).is_some() => {
                return Err(SqlError::unsupported("SELECT from views"));
            }
            None => return Err(absent()),
        };
        self.need(access, on, &[privilege])?;
        let stream = on.kind() == ObjectKind::Stream;
        let deltas = if stream { self.stream_rows(on, now)? } else { Vec::new() };
        let base = if stream { self.stream_source(on) } else { Some(on) };
        let table = base.and_then(|on| self.table_at(on)).ok_or_else(absent)?;
        if table.shape.columns.iter().any(|column| column.expression.is_some()) {
            return Err(SqlError::unsupported("rows of tables with virtual columns"));
        }
        let columns = table.shape.columns.iter();
        let mut fields: Vec<Field> =
            columns.map(|column| Field { name: column.name.clone(), kind: column.kind.clone() }).collect();
        let datums = |values: &[Cell]| -> Vec<Datum> {
            values
                .iter()
                .zip(&table.shape.columns)
                .map(|(cell, column)| Datum::read(cell, &column.kind))
                .collect()
        };
        let rows = if stream {
            let number = table.head.id.0;
            let row = |delta: &super::Delta| {
                let mut values = datums(&delta.values);
                values.push(Datum::Text(if delta.inserted { "INSERT" } else { "DELETE" }.into()));
                values.push(Datum::Boolean(delta.update));
                values.push(Datum::Text(format!("{number:016x}{:024x}", delta.row)));
                (delta.row, values)
            };
            deltas.iter().map(row).collect()
        } else {
            table.data.rows().map(|(row, values)| (row, datums(values))).collect()
        };
        if stream {
            fields.extend([
                Field { name: "METADATA$ACTION".into(), kind: DataType::Text(10) },
                Field { name: "METADATA$ISUPDATE".into(), kind: DataType::Boolean },
                Field { name: "METADATA$ROW_ID".into(), kind: DataType::Text(40) },
            ]);
        }
        let called = source.alias.clone().map_or_else(|| self.path_of(on), |alias| vec![alias]);
        Ok(Read { on, fields, called, rows })
    }

    pub(super) fn find(&self, scope: &Scope<'_>, query: &Query) -> Result<Found, SqlError> {
        let mut scope = Scope { zone: scope.zone.clone(), fields: Vec::new(), called: Vec::new(), ..*scope };
        let (mut rows, mut streams) = (vec![(0, Vec::new())], Vec::new());
        if let Some(source) = &query.from {
            let read = self.read((scope.context, scope.access), source, "SELECT", scope.now)?;
            if read.on.kind() == ObjectKind::Stream {
                streams.push(read.on);
            }
            (scope.fields, scope.called, rows) = (read.fields, read.called, read.rows);
        }
        if let Some(filter) = &query.filter {
            // Also when there are no rows, what is not known is an error.
            scope.kind(filter)?;
        }
        let mut kept = Vec::new();
        for (_, row) in rows {
            if scope.holds(query.filter.as_ref(), &row)? {
                kept.push(row);
            }
        }
        if query.items.iter().any(aggregates) {
            let (columns, row) = totals(&scope, &query.items, &kept)?;
            let rows = if query.limit == Some(0) { Vec::new() } else { vec![row] };
            return Ok(Found { columns, rows, streams });
        }
        let mut columns = Vec::new();
        for item in &query.items {
            match item {
                Item::Star if query.from.is_none() => return Err(super::super::select::unknown_column("*")),
                Item::Star => columns.extend(scope.fields.iter().cloned()),
                Item::Value(value, label) => {
                    columns.push(Field { name: label.clone(), kind: scope.kind(value)? });
                }
            }
        }
        sort(&scope, query, &mut kept)?;
        let most = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let from = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        for row in kept.into_iter().skip(from).take(most) {
            let mut values = Vec::with_capacity(columns.len());
            for item in &query.items {
                match item {
                    Item::Star => values.extend(row.iter().cloned()),
                    Item::Value(value, _) => values.push(scope.value(value, &row)?),
                }
            }
            for (value, column) in values.iter_mut().zip(&columns) {
                if column.kind != nothing() && !matches!(value, Datum::Null) && !keeps(value, &column.kind) {
                    let own = std::mem::replace(value, Datum::Null);
                    *value = own.cast(&column.kind, &scope.zone)?;
                }
            }
            rows.push(values);
        }
        Ok(Found { columns, rows, streams })
    }
}

/// ORDER BY an expression, the name of an item, or its place. NULL is the largest.
fn sort(scope: &Scope<'_>, query: &Query, rows: &mut Vec<Vec<Datum>>) -> Result<(), SqlError> {
    let mut by = Vec::new();
    for order in &query.order {
        let named = |name: &String| {
            query.items.iter().find_map(|item| match item {
                Item::Value(value, label) if label == name => Some(value),
                _ => None,
            })
        };
        let expression = match &order.by {
            Expression::Column(path) if path.len() == 1 => named(&path[0]).unwrap_or(&order.by),
            Expression::Number(place) => {
                let at = place.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
                match at.and_then(|at| query.items.get(at)) {
                    Some(Item::Value(value, _))
                        if query.items.iter().all(|it| matches!(it, Item::Value(..))) =>
                    {
                        value
                    }
                    _ => return Err(SqlError::unsupported(format!("ORDER BY {place} here"))),
                }
            }
            other => other,
        };
        scope.kind(expression)?;
        by.push((expression, order.descending, order.nulls_first.unwrap_or(order.descending)));
    }
    if by.is_empty() {
        return Ok(());
    }
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        let keys = by.iter().map(|(by, ..)| scope.value(by, &row)).collect::<Result<Vec<_>, _>>()?;
        keyed.push((keys, row));
    }
    let mut failed = None;
    keyed.sort_by(|(one, _), (other, _)| {
        for ((one, other), (_, descending, nulls_first)) in one.iter().zip(other).zip(&by) {
            let ordering = match (one.is_null(), other.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) if *nulls_first => Ordering::Less,
                (true, false) => Ordering::Greater,
                (false, true) if *nulls_first => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => match one.compare(other, &scope.zone) {
                    Ok(ordering) if *descending => ordering.reverse(),
                    Ok(ordering) => ordering,
                    Err(error) => {
                        failed.get_or_insert(error);
                        Ordering::Equal
                    }
                },
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        Ordering::Equal
    });
    rows.extend(keyed.into_iter().map(|(_, row)| row));
    failed.map_or(Ok(()), Err)
}

/// Is a value already one of its column's type? A cast would round it otherwise.
fn keeps(value: &Datum, kind: &DataType) -> bool {
    match (value, kind) {
        (Datum::Text(_), DataType::Text(_)) => true,
        (Datum::Json(_), kind) => super::datum::is_json(kind),
        _ => false,
    }
}

fn aggregates(item: &Item) -> bool {
    match item {
        Item::Value(Expression::Count, _) => true,
        Item::Value(Expression::Call(name, _), _) => AGGREGATES.contains(&name.as_str()),
        _ => false,
    }
}

/// The single row of aggregates over all rows.
fn totals(
    scope: &Scope<'_>,
    items: &[Item],
    rows: &[Vec<Datum>],
) -> Result<(Vec<Field>, Vec<Datum>), SqlError> {
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for item in items {
        let (kind, value, label) = match item {
            Item::Value(Expression::Count, label) => {
                (number(0), Datum::Number((rows.len() as i64).into()), label)
            }
            Item::Value(Expression::Call(name, arguments), label) if AGGREGATES.contains(&name.as_str()) => {
                let [of] = arguments.as_slice() else {
                    return Err(SqlError::unsupported(format!("{name} of several arguments")));
                };
                let kind = if name == "COUNT" { number(0) } else { scope.kind(of)? };
                scope.kind(of)?;
                let mut total = Datum::Null;
                let mut count = 0_i64;
                for row in rows {
                    let value = scope.value(of, row)?;
                    if value.is_null() {
                        continue;
                    }
                    count += 1;
                    total = match (name.as_str(), total) {
                        (_, Datum::Null) => value,
                        ("SUM", total) => {
                            let sum = total.number()?.add(value.number()?);
                            Datum::Number(sum.ok_or_else(super::evaluate::overflow)?)
                        }
                        ("MIN", total) if value.compare(&total, &scope.zone)?.is_lt() => value,
                        ("MAX", total) if value.compare(&total, &scope.zone)?.is_gt() => value,
                        (_, total) => total,
                    };
                }
                let value = if name == "COUNT" { Datum::Number(count.into()) } else { total };
                (kind, value, label)
            }
            _ => return Err(SqlError::unsupported("GROUP BY")),
        };
        columns.push(Field { name: label.clone(), kind });
        values.push(value);
    }
    Ok((columns, values))
}
