//! What a statement answers: columns with Snowflake's types, and cells as Snowflake's text.

use serde::{Deserialize, Serialize};

/// The type of a result's column, as `rowType[].type` names it in the SQL API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    Text,
    Fixed,
    /// With so many digits after the point.
    Decimal(u8),
    Real,
    Boolean,
    TimestampLtz,
    TimestampNtz,
    Date,
    Time,
    Variant,
}

/// One column of a result. Names keep the case that Snowflake gives them (`SHOW` answers in lower case).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: ColumnType,
    pub nullable: bool,
}

/// The result of one statement.
///
/// Cells are text in a form that both front doors can write: numbers in decimal, booleans `true` / `false`,
/// timestamps as seconds since 1970 with nine decimals (`1717171717.123000000`), times as seconds
/// of the day, dates as days since 1970, VARIANT as JSON. `None` is SQL NULL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// These columns in this order; a name that is not among them is a column of NULLs, as TERSE shows `kind`.
    pub(crate) fn only(&self, names: &[&str]) -> Self {
        let place = |name: &&str| self.columns.iter().position(|column| column.name == **name);
        let at: Vec<Option<usize>> = names.iter().map(place).collect();
        let column = |(name, at): (&&str, &Option<usize>)| {
            let kind = at.map_or(ColumnType::Text, |at| self.columns[at].kind);
            Column { name: (*name).to_owned(), kind, nullable: true }
        };
        let pick =
            |row: &Vec<Option<String>>| at.iter().map(|at| at.and_then(|at| row[at].clone())).collect();
        Self {
            columns: names.iter().zip(&at).map(column).collect(),
            rows: self.rows.iter().map(pick).collect(),
        }
    }
}
