//! Where the rows of an enrichment come from, what tells them apart, and what is shown of them.

use super::{
    super::{names::Directory, object::name},
    template::Sql,
};
use crate::{
    api::pipeline::{PipelineSpec, enrichments::Enrichment, tables::Table},
    engine::fault::Fault,
    values::{data_type::DataType, full_name::FullName, ident::Ident, user_sql::UserSql},
};

/// What the view has besides the columns of the source, and what the queries use beside them.
const TAKEN: [&str; 7] =
    ["RESULT", "ERROR", "ATTEMPTS", "COMPUTED_AT", "IS_CURRENT", "CURRENT_KEY", "CURRENT_HASH"];

/// The source of an enrichment.
pub(super) struct Source {
    /// The table or view that has the rows.
    pub rows: FullName,
    /// The stream that the spec names; otherwise the enrichment has one of its own.
    pub stream: Option<FullName>,
    /// Whether it is a view.
    pub is_view: bool,
    /// One text for each key, the same in every session.
    pub key: Sql,
    /// The columns that the view shows.
    pub columns: Vec<Ident>,
    /// The text that the function is given.
    pub input: Sql,
}

impl Source {
    pub fn of(
        spec: &PipelineSpec,
        entry: &Enrichment,
        own: &FullName,
        directory: &Directory,
    ) -> Result<Self, Fault> {
        let path = ["enrichments.", &entry.name].concat();
        let refused = |field: &str, why: String| Fault::Refused(format!("spec.{path}.{field}: {why}"));
        let (rows, stream, is_view) = match (&entry.from.table, &entry.from.stream) {
            (Some(table), None) => {
                let at = format!("{path}.from.table");
                (directory.resolve(&["TABLE"], table, own, &at)?.0, None, false)
            }
            (None, Some(stream)) => {
                let at = format!("{path}.from.stream");
                let full = directory.resolve(&["STREAM"], stream, own, &at)?.0;
                let is_it = |other: &&crate::api::pipeline::streams::Stream| {
                    directory.full_name(3, &path, *other).is_ok_and(|other| other == full)
                };
                let Some(known) = spec.streams.iter().find(is_it) else {
                    let why = format!(
                        "{full} is not a stream of this resource, so its table is not known: name the table in from.table, and the enrichment makes a stream of its own"
                    );
                    return Err(refused("from.stream", why));
                };
                let (kind, is_view, text) = match (&known.on_table, &known.on_view) {
                    (Some(table), _) => ("TABLE", false, table),
                    (None, Some(view)) => ("VIEW", true, view),
                    (None, None) => {
                        let why = format!("{full} is not on a table or view, whose rows an enrichment needs");
                        return Err(refused("from.stream", why));
                    }
                };
                (directory.resolve(&[kind], text, &full, &at)?.0, Some(full), is_view)
            }
            _ => return Err(refused("from", "set stream or table, one of the two".into())),
        };
        let table = spec
            .tables
            .iter()
            .find(|table| directory.full_name(3, &path, *table).is_ok_and(|full| full == rows) && !is_view);
        let (key, key_columns) = key(entry, table, &rows, &path)?;
        let input = UserSql::expression(&entry.input).map_err(|why| refused("input", why.to_string()))?;
        let columns = match (&entry.columns, table) {
            (Some(columns), _) => columns
                .iter()
                .map(|column| known(column, table, &rows, &format!("{path}.columns")))
                .collect::<Result<Vec<_>, _>>()?,
            (None, Some(table)) => table
                .columns
                .iter()
                .map(|column| name(format_args!("tables.{}.columns", table.name), &column.name))
                .collect::<Result<Vec<_>, _>>()?,
            (None, None) => key_columns,
        };
        if let Some(column) = columns.iter().find(|column| TAKEN.contains(&column.as_str())) {
            let why = format!(
                "the view has a column {} of its own: set columns to those that it is to show, without this one",
                column.to_spec()
            );
            return Err(refused("columns", why));
        }
        let input = Sql::words("TO_VARCHAR").and(&Sql::expression(&input));
        Ok(Self { rows, stream, is_view, key, columns, input })
    }

    /// The columns with commas between, each behind this.
    pub fn columns(&self, before: &'static str) -> Sql {
        Sql::joined(self.columns.iter().map(|column| Sql::words(before).and(&Sql::ident(column))), ", ")
    }
}

/// A column that the table has, as far as that is known.
fn known(text: &str, table: Option<&Table>, rows: &FullName, path: &str) -> Result<Ident, Fault> {
    let column = name(path, text)?;
    let is_it = |other: &crate::api::pipeline::tables::Column| {
        Ident::from_spec(&other.name).is_ok_and(|other| other == column)
    };
    match table {
        Some(table) if !table.columns.iter().any(is_it) => {
            Err(Fault::Refused(format!("spec.{path}: {rows} has no column {}", column.to_spec())))
        }
        _ => Ok(column),
    }
}

/// The text that stands for the key, and the columns that it is made of.
fn key(
    entry: &Enrichment,
    table: Option<&Table>,
    rows: &FullName,
    path: &str,
) -> Result<(Sql, Vec<Ident>), Fault> {
    let mut parts = vec![];
    let mut columns = vec![];
    for (n, text) in entry.key.iter().enumerate() {
        let column = known(text, table, rows, &format!("{path}.key"))?;
        let own = table.and_then(|table| {
            let mut all = table.columns.iter();
            all.find(|other| Ident::from_spec(&other.name).is_ok_and(|other| other == column))
        });
        let said = entry.key_types.as_ref().and_then(|types| types.get(n));
        let data_type = own.map(|own| &own.data_type).or(said).ok_or_else(|| {
            Fault::Refused(format!(
                "spec.{path}.keyTypes: {rows} is not a table of this resource: say the data types of {}",
                entry.key.iter().map(|column| &**column).collect::<Vec<_>>().join(", ")
            ))
        })?;
        let data_type = DataType::parse(data_type)
            .map_err(|why| Fault::Refused(format!("spec.{path}.keyTypes: {data_type}: {why}")))?;
        parts.push(as_text(&column, &data_type).ok_or_else(|| {
            Fault::Refused(format!(
                "spec.{path}.key: {} is {data_type}, whose text may differ from session to session: use columns of text, whole or decimal numbers, booleans, dates or times",
                column.to_spec()
            ))
        })?);
        columns.push(column);
    }
    let key = match parts.as_slice() {
        [] => return Err(Fault::Refused(format!("spec.{path}.key: name the columns that tell rows apart"))),
        [one] => one.clone(),
        // As JSON, so that no two keys have one text.
        _ => Sql::joined(parts, ", ").within("ARRAY_CONSTRUCT(", ")"),
    };
    Ok((key, columns))
}

/// The column as text that no parameter of a session changes; `None`: there is none.
/// Source: <https://docs.snowflake.com/en/sql-reference/functions/to_char>.
fn as_text(column: &Ident, data_type: &DataType) -> Option<Sql> {
    let column = Sql::ident(column);
    Some(match data_type {
        DataType::Varchar(_) | DataType::Number { .. } | DataType::Boolean => column,
        DataType::Date => column.within("TO_VARCHAR(", ", 'YYYY-MM-DD')"),
        DataType::Time(_) => column.within("TO_VARCHAR(", ", 'HH24:MI:SS.FF9')"),
        DataType::TimestampNtz(_) => column.within("TO_VARCHAR(", ", 'YYYY-MM-DD HH24:MI:SS.FF9')"),
        DataType::TimestampLtz(_) | DataType::TimestampTz(_) => {
            column.within("TO_VARCHAR(CONVERT_TIMEZONE('UTC', ", "), 'YYYY-MM-DD HH24:MI:SS.FF9')")
        }
        _ => return None,
    })
}
