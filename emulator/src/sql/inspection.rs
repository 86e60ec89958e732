//! What tools ask of tables: SHOW COLUMNS, keys and indexes, DESCRIBE TABLE (docs: show-columns, show-primary-keys,
//! show-unique-keys, show-imported-keys, show-exported-keys, show-indexes, desc-table).

use super::Path;
use super::cursor::Cursor;
use crate::error::SqlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Columns,
    PrimaryKeys,
    UniqueKeys,
    ImportedKeys,
    ExportedKeys,
    Indexes,
    /// DESCRIBE TABLE
    Table,
}

/// Where it looks. Without a path: the session's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Unsaid,
    Account,
    Database(Option<Path>),
    Schema(Option<Path>),
    Table(Path),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inspection {
    pub(crate) subject: Subject,
    pub(crate) like: Option<String>,
    pub(crate) scope: Scope,
}

const SUBJECTS: [(&str, Subject); 6] = [
    ("COLUMNS", Subject::Columns),
    ("PRIMARY KEYS", Subject::PrimaryKeys),
    ("UNIQUE KEYS", Subject::UniqueKeys),
    ("IMPORTED KEYS", Subject::ImportedKeys),
    ("EXPORTED KEYS", Subject::ExportedKeys),
    ("INDEXES", Subject::Indexes),
];

/// After `SHOW`; nothing when it is about something else.
pub(crate) fn show(cursor: &mut Cursor) -> Result<Option<Inspection>, SqlError> {
    let terse = usize::from(cursor.is("TERSE"));
    let comes = |words: &str| words.split(' ').enumerate().all(|(at, word)| cursor.is_at(terse + at, word));
    let Some((words, subject)) = SUBJECTS.into_iter().find(|(words, _)| comes(words)) else {
        return Ok(None);
    };
    cursor.takes("TERSE");
    cursor.takes(words);
    let takes_like = matches!(subject, Subject::Columns | Subject::Indexes);
    let like = if takes_like && cursor.takes("LIKE") { Some(cursor.text()?) } else { None };
    let scope = if cursor.takes("IN") { scope(cursor)? } else { Scope::Unsaid };
    cursor.finish()?;
    Ok(Some(Inspection { subject, like, scope }))
}

fn scope(cursor: &mut Cursor) -> Result<Scope, SqlError> {
    let named = |cursor: &mut Cursor| if cursor.done() { Ok(None) } else { cursor.path().map(Some) };
    match () {
        () if cursor.takes("ACCOUNT") => Ok(Scope::Account),
        () if cursor.takes("DATABASE") => named(cursor).map(Scope::Database),
        () if cursor.takes("SCHEMA") => named(cursor).map(Scope::Schema),
        () => {
            if !cursor.takes("TABLE") {
                cursor.takes("VIEW");
            }
            cursor.path().map(Scope::Table)
        }
    }
}

/// After `DESC` or `DESCRIBE`; nothing when it is not about a table.
pub(crate) fn describe(cursor: &mut Cursor) -> Result<Option<Inspection>, SqlError> {
    if !cursor.takes("TABLE") {
        return Ok(None);
    }
    let scope = Scope::Table(cursor.path()?);
    if cursor.takes("TYPE") {
        cursor.expect_symbol("=")?;
        if cursor.takes("STAGE") {
            return Err(SqlError::unsupported("DESCRIBE TABLE … TYPE = STAGE"));
        }
        cursor.expect("COLUMNS")?;
    }
    cursor.finish()?;
    Ok(Some(Inspection { subject: Subject::Table, like: None, scope }))
}
