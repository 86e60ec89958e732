//! `TABLE`.

use super::{Inverse, There, Why, comment, name, path, type_name, written::List};
use crate::{
    api::pipeline::{
        shared::AttachedMaskingPolicy,
        tables::{Autoincrement, Column, ForeignKey, NumberOrder, Table},
        text::{Expression, Name},
    },
    kinds::pipeline::{
        database::is_transient,
        observe::COLUMNS,
        table::{KIND, ROWS, keys},
    },
    snowflake::{Rows, Statement, catalog::Show, rows::Row},
    values::{data_type::DataType, full_name::FullName, ident::Ident, path::split_list, user_sql::UserSql},
};

const LIST: List<Table> = List { field: "tables", of: |spec| &mut spec.tables };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: Some("is_dynamic"),
    details: |name| Some(Statement::new("SHOW PARAMETERS IN TABLE").of_kind("PARAMETERS").full_name(name)),
    write: |objects, written| written.each(objects, &LIST, table),
};

/// Kinds of tables that a pipeline does not know, by the column of SHOW TABLES that says so.
const OTHERS: [(&str, &str); 5] = [
    ("is_external", "an external table"),
    ("is_iceberg", "an Iceberg table"),
    ("is_hybrid", "a hybrid table"),
    ("is_event", "an event table"),
    ("is_immutable", "an immutable table"),
];

fn table(there: &There<'_>) -> Result<Table, Why> {
    if let Some((_, what)) = OTHERS.iter().find(|(column, _)| there.flag(column)) {
        return Err(format!("it is {what}"));
    }
    let kept = there.found.text("kind").unwrap_or_default();
    if kept.eq_ignore_ascii_case("TEMPORARY") {
        return Err("it is temporary".into());
    }
    let mut spec = Table::default();
    there.fill(ROWS, &mut spec)?;
    spec.name = name(there.name.name());
    spec.comment = comment(spec.comment.as_deref());
    spec.transient = is_transient(there).then_some(true);
    // What SHOW prints may come from above.
    spec.data_retention_time_in_days = there.own("DATA_RETENTION_TIME_IN_DAYS");
    spec.change_tracking = spec.change_tracking.filter(|on| *on);
    spec.enable_schema_evolution = spec.enable_schema_evolution.filter(|on| *on);
    spec.columns = columns(there)?;
    let listed = |show| there.seen.of_table(show, there);
    let key = there.name.to_string();
    let rows = |show: Show| -> Vec<Key> {
        listed(show).map(|list| list.all(&key).filter_map(Key::read).collect()).unwrap_or_default()
    };
    spec.primary_key = grouped(rows(keys::PRIMARY)).into_iter().next().unwrap_or_default();
    spec.unique_keys = grouped(rows(keys::UNIQUE));
    if let Some(list) = listed(keys::FOREIGN) {
        spec.foreign_keys = foreign_keys(list.all(&key), there.name)?;
    }
    spec.cluster_by = there.found.text("cluster_by").map(clustering).transpose()?;
    Ok(spec)
}

fn columns(there: &There<'_>) -> Result<Vec<Column>, Why> {
    let list = there.seen.of_table(COLUMNS, there).ok_or("its columns could not be read")?;
    let all: Result<Vec<_>, _> =
        list.all(&there.name.to_string()).map(|row| column(row, there.description, there.name)).collect();
    let all = all?;
    if all.is_empty() { Err("its columns are not visible".into()) } else { Ok(all) }
}

fn column(row: Row<'_>, description: Option<&Rows>, table: &FullName) -> Result<Column, Why> {
    let own = row.text("column_name").unwrap_or_default();
    let odd = |what: &str| format!("its column {own} {what}");
    if row.text("expression").is_some_and(|text| !text.is_empty()) {
        return Err(odd("is computed from others"));
    }
    let shown = DataType::parse_json(row.text("data_type").unwrap_or_default())
        .map_err(|error| odd(&format!("has a type that is not understood: {error}")))?;
    let nullable = match row.text("null?") {
        Some(text) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("y"),
        None => shown.nullable,
    };
    let autoincrement = row.text("autoincrement").filter(|text| !text.is_empty()).map(numbers);
    let autoincrement = autoincrement.transpose().map_err(|()| odd("numbers rows in an unknown way"))?;
    let default = row.text("default").filter(|text| !text.is_empty() && autoincrement.is_none());
    Ok(Column {
        name: Ident::exact(own).map(|own| name(&own)).map_err(|error| error.to_string())?,
        data_type: type_name(&shown.data_type),
        nullable: (!nullable).then_some(false),
        default: default.map(|text| Expression(text.to_owned())),
        comment: comment(row.text("comment")),
        collate: shown.collation.as_deref().map(Into::into),
        autoincrement,
        renamed_from: None,
        masking_policy: mask(own, description, table),
    })
}

/// The masking policy on a column. Which other columns it is given, nothing shows.
pub(super) fn mask(
    column: &str,
    description: Option<&Rows>,
    beside: &FullName,
) -> Option<AttachedMaskingPolicy> {
    let row = description?.iter().find(|row| row.text("name") == Some(column))?;
    let policy = row.text("policy name").filter(|text| !text.is_empty())?;
    let policy = FullName::parse(policy).ok()?;
    Some(AttachedMaskingPolicy { name: path(&policy, beside), using: vec![] })
}

/// `IDENTITY START 1 INCREMENT 1 ORDER`.
fn numbers(text: &str) -> Result<Autoincrement, ()> {
    let words: Vec<_> = text.split_whitespace().collect();
    let after = |word: &str| {
        let at = words.iter().position(|other| other.eq_ignore_ascii_case(word))?;
        words.get(at + 1)?.parse::<i64>().ok()
    };
    let order = match words.last().copied().unwrap_or_default() {
        "ORDER" => Some(NumberOrder::Order),
        "NOORDER" => Some(NumberOrder::NoOrder),
        _ => None,
    };
    let (Some(start), Some(increment)) = (after("START"), after("INCREMENT")) else { return Err(()) };
    Ok(Autoincrement { start: Some(start), increment: Some(increment), order })
}

/// `LINEAR(a, b)`, as a list.
pub(super) fn clustering(shown: &str) -> Result<Vec<Expression>, Why> {
    let inner = shown.strip_prefix("LINEAR(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(shown);
    let one = |text: &str| UserSql::expression(text).map(|_| Expression(text.to_owned()));
    let all: Result<Vec<_>, _> = split_list(inner).into_iter().map(one).collect();
    // A comma in a string separates nothing.
    let all = all.or_else(|_| one(inner).map(|whole| vec![whole]));
    all.map_err(|error| format!("its clustering key is not understood: {error}"))
}

/// One column of a key.
struct Key {
    constraint: String,
    place: i64,
    column: Name,
}

impl Key {
    fn read(row: Row<'_>) -> Option<Self> {
        Self::column(row, "constraint_name", "column_name")
    }
    fn column(row: Row<'_>, constraint: &str, column: &str) -> Option<Self> {
        Some(Self {
            constraint: row.text(constraint).unwrap_or_default().to_owned(),
            place: row.text("key_sequence")?.parse().ok()?,
            column: name(&Ident::exact(row.text(column)?).ok()?),
        })
    }
}

/// The columns of each key, in their order.
fn grouped(mut all: Vec<Key>) -> Vec<Vec<Name>> {
    all.sort_by(|a, b| (&a.constraint, a.place).cmp(&(&b.constraint, b.place)));
    let same = |a: &Key, b: &Key| a.constraint == b.constraint;
    all.chunk_by(same).map(|key| key.iter().map(|key| key.column.clone()).collect()).collect()
}

fn foreign_keys<'a>(rows: impl Iterator<Item = Row<'a>>, beside: &FullName) -> Result<Vec<ForeignKey>, Why> {
    let mut names: Vec<(&str, Row<'_>)> = vec![];
    let mut all: Vec<Row<'_>> = vec![];
    for row in rows {
        let constraint = row.text("fk_name").unwrap_or_default();
        if !names.iter().any(|(name, _)| *name == constraint) {
            names.push((constraint, row));
        }
        all.push(row);
    }
    names.sort_by_key(|(name, _)| *name);
    let key = |(constraint, row): (&str, Row<'_>)| {
        let part = |column: &str| Ident::exact(row.text(column).unwrap_or_default());
        let (database, schema, table) =
            (part("pk_database_name"), part("pk_schema_name"), part("pk_table_name"));
        let (Ok(database), Ok(schema), Ok(table)) = (database, schema, table) else {
            return Err("the table that a foreign key refers to is not visible".to_owned());
        };
        let of = || all.iter().filter(|row| row.text("fk_name").unwrap_or_default() == constraint);
        let columns = |column: &str| {
            let keys = of().filter_map(|row| Key::column(*row, "fk_name", column)).collect();
            grouped(keys).into_iter().next().unwrap_or_default()
        };
        Ok(ForeignKey {
            columns: columns("fk_column_name"),
            references: path(&FullName::top(database).join(schema).join(table), beside),
            referenced_columns: columns("pk_column_name"),
        })
    };
    names.into_iter().map(key).collect()
}
