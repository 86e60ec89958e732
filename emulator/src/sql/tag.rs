//! `TAG (…)`, `SET TAG` and `UNSET TAG`, which every kind takes alike.

use super::cursor::{Cursor, Path};
use crate::error::SqlError;

/// A tag's name and the value it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tagging {
    pub(crate) tag: Path,
    pub(crate) value: String,
}

fn one(cursor: &mut Cursor) -> Result<Tagging, SqlError> {
    let tag = cursor.path()?;
    cursor.expect_symbol("=")?;
    Ok(Tagging { tag, value: cursor.text()? })
}

/// `TAG ( name = 'value', … )`
pub(crate) fn association(cursor: &mut Cursor) -> Result<Vec<Tagging>, SqlError> {
    cursor.expect("TAG")?;
    cursor.bracketed(one)
}

/// `TAG name = 'value', …`
pub(crate) fn set(cursor: &mut Cursor) -> Result<Vec<Tagging>, SqlError> {
    cursor.expect("TAG")?;
    cursor.list(one)
}

/// `TAG name, …`
pub(crate) fn unset(cursor: &mut Cursor) -> Result<Vec<Path>, SqlError> {
    cursor.expect("TAG")?;
    cursor.list(Cursor::path)
}

/// `( name = 'value', … )`, after the word TAG.
pub(crate) fn after_tag(cursor: &mut Cursor) -> Result<Vec<Tagging>, SqlError> {
    cursor.bracketed(one)
}
