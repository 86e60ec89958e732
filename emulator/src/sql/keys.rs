//! Keys of tables: primary, unique and foreign ones. None of them is enforced (docs: create-table-constraint).

use serde::{Deserialize, Serialize};

use super::Path;
use super::cursor::Cursor;
use super::tokens::Kind;
use crate::error::SqlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyKind {
    Primary,
    Unique,
    Foreign,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) kind: KeyKind,
    /// Snowflake makes a name up for one that has none.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    /// The table and its columns; none for the primary key of that table.
    pub(crate) references: Option<(Path, Vec<String>)>,
}

/// A key that stands beside the columns; nothing when a column comes.
pub(crate) fn out_of_line(cursor: &mut Cursor) -> Result<Option<Key>, SqlError> {
    // A column may be called like a constraint; then a type follows, and no bracket and no KEY.
    let opens = |ahead: usize| matches!(&cursor.look(ahead).kind, Kind::Symbol(symbol) if symbol == "(");
    let key = cursor.is("CONSTRAINT")
        || ((cursor.is("PRIMARY") || cursor.is("FOREIGN")) && cursor.is_at(1, "KEY"))
        || (cursor.is("UNIQUE") && opens(1));
    if !key {
        return Ok(None);
    }
    let name = if cursor.takes("CONSTRAINT") { Some(cursor.identifier()?) } else { None };
    let kind = key_kind(cursor)?;
    let columns = cursor.bracketed(Cursor::identifier)?;
    if columns.is_empty() {
        return cursor.unexpected();
    }
    let references = if kind == KeyKind::Foreign {
        cursor.expect("REFERENCES")?;
        Some(referenced(cursor)?)
    } else {
        None
    };
    properties(cursor);
    Ok(Some(Key { kind, name, columns, references }))
}

/// A key in the definition of its column.
pub(super) fn inline(cursor: &mut Cursor, column: &str) -> Result<Key, SqlError> {
    let name = if cursor.takes("CONSTRAINT") { Some(cursor.identifier()?) } else { None };
    let (kind, references) = if cursor.takes("REFERENCES") {
        (KeyKind::Foreign, Some(referenced(cursor)?))
    } else {
        let kind = key_kind(cursor)?;
        let references = if kind == KeyKind::Foreign {
            cursor.expect("REFERENCES")?;
            Some(referenced(cursor)?)
        } else {
            None
        };
        (kind, references)
    };
    properties(cursor);
    Ok(Key { kind, name, columns: vec![column.to_owned()], references })
}

pub(super) fn key_kind(cursor: &mut Cursor) -> Result<KeyKind, SqlError> {
    match () {
        () if cursor.takes("PRIMARY KEY") => Ok(KeyKind::Primary),
        () if cursor.takes("UNIQUE") => Ok(KeyKind::Unique),
        () if cursor.takes("FOREIGN KEY") => Ok(KeyKind::Foreign),
        () => cursor.unexpected(),
    }
}

fn referenced(cursor: &mut Cursor) -> Result<(Path, Vec<String>), SqlError> {
    let table = cursor.path()?;
    let columns = if cursor.is_symbol("(") { cursor.bracketed(Cursor::identifier)? } else { vec![] };
    Ok((table, columns))
}

/// What a constraint says of itself changes nothing: none of them is enforced.
pub(super) fn properties(cursor: &mut Cursor) {
    const WORDS: &[&str] = &[
        "NOT ENFORCED",
        "ENFORCED",
        "NOT DEFERRABLE",
        "DEFERRABLE",
        "INITIALLY DEFERRED",
        "INITIALLY IMMEDIATE",
        "ENABLE",
        "DISABLE",
        "VALIDATE",
        "NOVALIDATE",
        "RELY",
        "NORELY",
        "MATCH FULL",
        "MATCH SIMPLE",
        "MATCH PARTIAL",
    ];
    const RULES: &[&str] = &["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"];
    loop {
        let rule = (cursor.is("ON") && (cursor.is_at(1, "DELETE") || cursor.is_at(1, "UPDATE"))).then(|| {
            (cursor.takes("ON DELETE") || cursor.takes("ON UPDATE"))
                && RULES.iter().any(|words| cursor.takes(words))
        });
        if rule != Some(true) && !WORDS.iter().any(|words| cursor.takes(words)) {
            return;
        }
    }
}
