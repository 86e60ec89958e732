//! A column as SHOW COLUMNS has it.

use super::super::object::Types;
use crate::{snowflake::rows::Row, values::data_type::DataType};

/// A column as it is.
pub(super) struct Present<'a> {
    pub name: &'a str,
    pub data_type: Option<DataType>,
    cell: &'a str,
    pub nullable: bool,
    pub default: Option<&'a str>,
    pub comment: &'a str,
}

impl<'a> Present<'a> {
    pub fn read(row: Row<'a>, types: &Types) -> Option<Self> {
        let cell = row.text("data_type")?;
        let shown = types.read(cell);
        let nullable = match row.text("null?") {
            Some(text) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("y"),
            None => shown.as_ref().is_none_or(|shown| shown.nullable),
        };
        let data_type = shown.map(|shown| shown.data_type);
        let text = |column: &str| row.text(column).filter(|text| !text.is_empty());
        Some(Self {
            name: row.text("column_name")?,
            cell,
            data_type,
            nullable,
            default: text("default"),
            comment: text("comment").unwrap_or_default(),
        })
    }
    pub fn shown_type(&self) -> String {
        self.data_type.as_ref().map_or_else(|| self.cell.to_owned(), ToString::to_string)
    }
}
