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
