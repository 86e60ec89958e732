//! INSERT, UPDATE, DELETE and TRUNCATE; the defaults of columns.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, executed, table};
use super::super::grants::Securable;
use super::super::select::unknown_column;
use super::super::sequences::Taken;
use super::datum::{Datum, is_json};
use super::evaluate::{Field, Scope, nothing};
use super::{Edit, Values};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::columns::ColumnDefinition;
use crate::sql::data_type::DataType;
use crate::sql::query::{Delete, Expression, Given, Insert, Query, Source, Truncate, Update, expression_of};

/// Functions that VALUES does not take (docs: insert; clients meet `002014`).
const NOT_IN_VALUES: [&str; 5] =
    ["PARSE_JSON", "TRY_PARSE_JSON", "TO_VARIANT", "OBJECT_CONSTRUCT", "ARRAY_CONSTRUCT"];

/// How many rows a statement changed, as it answers.
fn changed(names: &[&str], counts: &[usize]) -> Rows {
    let columns: Vec<(&str, ColumnType)> = names.iter().map(|name| (*name, ColumnType::Fixed)).collect();
    let mut rows = table(&columns);
    rows.rows.push(counts.iter().map(|count| Some(count.to_string())).collect());
    rows
}

/// `002023`: a type that a column does not take by itself.
fn assignable(from: &DataType, column: &ColumnDefinition) -> Result<(), SqlError> {
    let variant = |kind: &DataType| *kind == DataType::Plain("VARIANT".into());
    let fits = *from == nothing()
        || *from == column.kind
        || !is_json(&column.kind)
        || (is_json(from) && variant(&column.kind));
    if fits {
        return Ok(());
    }
    Err(SqlError::new(
        2023,
        "22000",
        format!(
            "SQL compilation error:\nExpression type does not match column data type, expecting {} but got {} for column {}",
            column.kind.shown(),
            from.shown(),
            column.name
        ),
    ))
}

/// A value as a column keeps it.
fn kept(value: Datum, column: &ColumnDefinition, scope: &Scope<'_>) -> Result<Cell, SqlError> {
    let cell = value.cast(&column.kind, &scope.zone)?.cell();
    if cell.is_none() && !column.nullable {
        return Err(SqlError::new(100_072, "22000", "NULL result in a non-nullable column"));
    }
    Ok(cell)
}

fn not_a_table(on: Securable) -> Result<(), SqlError> {
    match on.kind() {
        ObjectKind::Table => Ok(()),
        kind => Err(SqlError::unsupported(format!("changing the rows of a {}", kind.lower()))),
    }
}

/// What a statement will insert: rows in the order of the table's columns.
struct Rowset {
    rows: Vec<Values>,
    streams: Vec<Securable>,
}

/// What a table is made of by `AS SELECT`.
pub(crate) struct Selected {
    pub(crate) columns: Vec<(String, DataType)>,
    pub(crate) rows: Vec<Values>,
    pub(crate) streams: Vec<Securable>,
}

/// The table that UPDATE or DELETE is about, and its rows.
struct Touched<'a> {
    scope: Scope<'a>,
    on: Securable,
    rows: Vec<(u64, Vec<Datum>)>,
}

impl Account {
    pub(crate) fn insert(&mut self, context: &Context, insert: &Insert, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, ObjectKind::Table, &insert.path).map_err(|error| {
            SqlError { sql_state: if error.code == 2003 { "42S02" } else { error.sql_state }, ..error }
        })?;
        self.need(&access, on, &["INSERT"])?;
        if insert.overwrite {
            self.need(&access, on, &["DELETE"])?;
        }
        let warehouse = self.warehouse_for(context, &access)?;
        let taken = Taken::default();
        let rowset = {
            let scope = self.scope(context, &access, &taken, now);
            self.rowset(&scope, on, insert)?
        };
        let count = rowset.rows.len();
        let counted = self.counted(on, &insert.columns)?;
        let data = &mut self.table_mut(on)?.data;
        let before =
            insert.overwrite.then(|| data.rows().map(|(row, _)| Edit::Delete(row)).collect::<Vec<_>>());
        let mut edits: Vec<Edit> = before.into_iter().flatten().collect();
        let backup = data.counters();
        for mut values in rowset.rows {
            for (at, name, start, increment) in &counted {
                values[*at] = Some(data.count(name, *start, *increment).to_string());
            }
            edits.push(Edit::Insert(values));
        }
        if let Err(error) = data.apply(edits, now, &context.query_id) {
            data.restore(backup);
            return Err(error);
        }
        taken.keep(self);
        for stream in rowset.streams {
            self.consume(stream, now);
        }
        self.start_for(warehouse, now);
        Ok(changed(&["number of rows inserted"], &[count]))
    }

    /// The columns that count by themselves and that a statement leaves out.
    fn counted(&self, on: Securable, named: &[String]) -> Result<Vec<(usize, String, i64, i64)>, SqlError> {
        let table = self.table_at(on).ok_or_else(SqlError::impossible)?;
        let left_out = |name: &String| !named.is_empty() && !named.contains(name);
        let columns = table.shape.columns.iter().enumerate();
        Ok(columns
            .filter(|(_, column)| left_out(&column.name))
            .filter_map(|(at, column)| {
                let identity = column.identity?;
                Some((at, column.name.clone(), identity.start, identity.increment))
            })
            .collect())
    }

    fn rowset(&self, scope: &Scope<'_>, on: Securable, insert: &Insert) -> Result<Rowset, SqlError> {
        let table = self.table_at(on).ok_or_else(SqlError::impossible)?;
        let columns = &table.shape.columns;
        if columns.iter().any(|column| column.expression.is_some()) {
            return Err(SqlError::unsupported("rows of tables with virtual columns"));
        }
        let mut places = Vec::new();
        for name in &insert.columns {
            places.push(table.place(name).ok_or_else(|| unknown_column(name))?);
        }
        if places.is_empty() {
            places.extend(0..columns.len());
        }
        let expected = |got: usize| {
            if got == places.len() {
                return Ok(());
            }
            Err(SqlError::new(
                2020,
                "21S01",
                format!(
                    "SQL compilation error:\nInsert value list does not match column list expecting {} but got {got}",
                    places.len()
                ),
            ))
        };
        let defaults: Vec<Option<Expression>> = columns
            .iter()
            .map(|it| it.default.as_deref().map(expression_of).transpose())
            .collect::<Result<_, _>>()?;
        let default = |at: usize| -> Result<Datum, SqlError> {
            defaults[at].as_ref().map_or(Ok(Datum::Null), |default| scope.value(default, &[]))
        };
        // What the statement does not name gets its default; one that counts is filled in later.
        let whole = |mut given: Vec<Option<Datum>>| -> Result<Values, SqlError> {
            let mut values = vec![None; columns.len()];
            for (at, column) in columns.iter().enumerate() {
                let value = match places.iter().position(|place| *place == at) {
                    Some(from) => given[from].take(),
                    None if column.identity.is_some() => continue,
                    None => None,
                };
                let value = value.map_or_else(|| default(at), Ok)?;
                values[at] = kept(value, column, scope)?;
            }
            Ok(values)
        };
        let mut rows = Vec::new();
        match &insert.given {
            Given::Rows(given) => {
                for row in given {
                    expected(row.len())?;
                    let mut values = Vec::with_capacity(row.len());
                    for (value, place) in row.iter().zip(&places) {
                        if *value == Expression::Default {
                            if columns[*place].identity.is_some() {
                                return Err(SqlError::unsupported(
                                    "DEFAULT for a column that counts by itself",
                                ));
                            }
                            values.push(None);
                            continue;
                        }
                        constant(value)?;
                        assignable(&scope.kind(value)?, &columns[*place])?;
                        values.push(Some(scope.value(value, &[])?));
                    }
                    rows.push(whole(values)?);
                }
                Ok(Rowset { rows, streams: Vec::new() })
            }
            Given::Query(query) => {
                let found = self.find(scope, query)?;
                expected(found.columns.len())?;
                for (field, place) in found.columns.iter().zip(&places) {
                    assignable(&field.kind, &columns[*place])?;
                }
                for row in found.rows {
                    rows.push(whole(row.into_iter().map(Some).collect())?);
                }
                Ok(Rowset { rows, streams: found.streams })
            }
        }
    }

    /// `CREATE TABLE … AS SELECT`: the columns and the rows that a query gives, and the streams that it read.
    pub(crate) fn rows_of(
        &self,
        (context, access): (&Context, &Access),
        query: &Query,
        said: &[ColumnDefinition],
        now: i64,
    ) -> Result<Selected, SqlError> {
        self.warehouse_for(context, access)?;
        let taken = Taken::default();
        let scope = self.scope(context, access, &taken, now);
        let found = self.find(&scope, query)?;
        if !said.is_empty() && said.len() != found.columns.len() {
            let words = "SQL compilation error:\nInvalid column definition list";
            return Err(SqlError::new(2026, "42601", words));
        }
        let kind = |field: &Field| {
            if field.kind == nothing() { super::evaluate::text() } else { field.kind.clone() }
        };
        let columns: Vec<(String, DataType)> = match said {
            [] => found.columns.iter().map(|field| (field.name.clone(), kind(field))).collect(),
            said => said.iter().map(|column| (column.name.clone(), column.kind.clone())).collect(),
        };
        let mut rows = Vec::new();
        for row in found.rows {
            let cells = row.into_iter().zip(&columns).map(|(value, (_, kind))| value.cast(kind, &scope.zone));
            rows.push(cells.map(|value| value.map(|value| value.cell())).collect::<Result<Values, _>>()?);
        }
        Ok(Selected { columns, rows, streams: found.streams })
    }

    pub(crate) fn update(&mut self, context: &Context, update: &Update, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let taken = Taken::default();
        let (on, edits) = {
            let Touched { scope, on, rows } =
                self.touched((context, &access), &update.table, "UPDATE", (&taken, now))?;
            let table = self.table_at(on).ok_or_else(SqlError::impossible)?;
            let mut set = Vec::new();
            for (name, value) in &update.set {
                let at = table.place(name).ok_or_else(|| unknown_column(name))?;
                assignable(&scope.kind(value)?, &table.shape.columns[at])?;
                set.push((at, value));
            }
            if let Some(filter) = &update.filter {
                scope.kind(filter)?;
            }
            let mut edits = Vec::new();
            for (row, datums) in rows {
                if !scope.holds(update.filter.as_ref(), &datums)? {
                    continue;
                }
                let mut values: Values = datums.iter().map(Datum::cell).collect();
                for (at, value) in &set {
                    values[*at] = kept(scope.value(value, &datums)?, &table.shape.columns[*at], &scope)?;
                }
                edits.push(Edit::Update(row, values));
            }
            (on, edits)
        };
        let warehouse = self.warehouse_for(context, &access)?;
        let count = edits.len();
        self.table_mut(on)?.data.apply(edits, now, &context.query_id)?;
        taken.keep(self);
        self.start_for(warehouse, now);
        Ok(changed(&["number of rows updated", "number of multi-joined rows updated"], &[count, 0]))
    }

    pub(crate) fn delete(&mut self, context: &Context, delete: &Delete, now: i64) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let taken = Taken::default();
        let (on, edits) = {
            let Touched { scope, on, rows } =
                self.touched((context, &access), &delete.table, "DELETE", (&taken, now))?;
            if let Some(filter) = &delete.filter {
                scope.kind(filter)?;
            }
            let mut edits = Vec::new();
            for (row, datums) in rows {
                if scope.holds(delete.filter.as_ref(), &datums)? {
                    edits.push(Edit::Delete(row));
                }
            }
            (on, edits)
        };
        let warehouse = self.warehouse_for(context, &access)?;
        let count = edits.len();
        self.table_mut(on)?.data.apply(edits, now, &context.query_id)?;
        self.start_for(warehouse, now);
        Ok(changed(&["number of rows deleted"], &[count]))
    }

    fn touched<'a>(
        &'a self,
        (context, access): (&'a Context, &'a Access),
        source: &Source,
        privilege: &str,
        (taken, now): (&'a Taken, i64),
    ) -> Result<Touched<'a>, SqlError> {
        let read = self.read((context, access), source, privilege, now)?;
        not_a_table(read.on)?;
        let mut scope = self.scope(context, access, taken, now);
        (scope.fields, scope.called) = (read.fields, read.called);
        Ok(Touched { scope, on: read.on, rows: read.rows })
    }

    pub(crate) fn truncate(
        &mut self,
        context: &Context,
        truncate: &Truncate,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::Table, &truncate.path) {
            Ok(on) => on,
            Err(_) if truncate.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &["TRUNCATE"])?;
        let data = &mut self.table_mut(on)?.data;
        let edits = data.rows().map(|(row, _)| Edit::Delete(row)).collect();
        data.apply(edits, now, &context.query_id)?;
        Ok(executed())
    }

    /// The value of a column's default, as the rows that are there get it.
    pub(crate) fn default_of(
        &self,
        (context, access): (&Context, &Access),
        text: &str,
        kind: &DataType,
        now: i64,
    ) -> Result<Cell, SqlError> {
        let taken = Taken::default();
        let scope = self.scope(context, access, &taken, now);
        let value = expression_of(text)?;
        scope.kind(&value)?;
        Ok(scope.value(&value, &[])?.cast(kind, &scope.zone)?.cell())
    }

    /// The time that an expression names, in milliseconds since 1970.
    pub(crate) fn moment(
        &self,
        (context, access): (&Context, &Access),
        text: &str,
        now: i64,
    ) -> Result<i64, SqlError> {
        let local = DataType::Timestamp("LTZ".into(), 9);
        let cell = self.default_of((context, access), text, &local, now)?;
        let nanoseconds = super::time::nanoseconds(cell.as_deref().unwrap_or_default());
        Ok((nanoseconds / 1_000_000) as i64)
    }
}

/// `002014`: VALUES takes constants.
fn constant(value: &Expression) -> Result<(), SqlError> {
    match value {
        Expression::Column(path) => Err(unknown_column(&path.join("."))),
        Expression::Call(name, _) if NOT_IN_VALUES.contains(&name.as_str()) => Err(SqlError::new(
            2014,
            "22000",
            format!("SQL compilation error:\nInvalid expression [{name}(...)] in VALUES clause"),
        )),
        Expression::Call(_, arguments) => arguments.iter().try_for_each(constant),
        Expression::Cast { of, .. } | Expression::Negative(of) => constant(of),
        Expression::Binary(_, left, right) => constant(left).and_then(|()| constant(right)),
        _ => Ok(()),
    }
}
