//! The language: text to a typed [`Command`]. Nothing here knows an account, a session or a clock.
//!
//! `tokens` splits and tokenises, `cursor` holds the words that all statements share, `property` reads the tables
//! of `NAME = value`; then a file per kind of object or statement. What a file does not know is refused with
//! `001003` and the place.

mod cursor;
pub(crate) mod kind;
pub(crate) mod property;
pub(crate) mod show;
pub(crate) mod tag;
mod tokens;
pub(crate) mod warehouse;

pub(crate) use cursor::{Cursor, Path};
pub(crate) use kind::{ObjectKind, StatementKind, Verb};
pub(crate) use tokens::split;

use crate::error::SqlError;

/// What CREATE does about an object that has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Plain,
    OrReplace,
    OrAlter,
    IfNotExists,
}

impl How {
    /// Reads `IF NOT EXISTS`, which goes with neither OR REPLACE nor OR ALTER.
    pub(crate) fn or_if_not_exists(self, cursor: &mut Cursor) -> Result<Self, SqlError> {
        let place = cursor.peek().clone();
        if !cursor.if_not_exists()? {
            return Ok(self);
        }
        match self {
            Self::OrReplace => {
                Err(SqlError::syntax("options IF NOT EXISTS and OR REPLACE are incompatible."))
            }
            Self::OrAlter => Err(place.unexpected()),
            _ => Ok(Self::IfNotExists),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    CreateWarehouse(warehouse::CreateWarehouse),
    AlterWarehouse(warehouse::AlterWarehouse),
    Drop { kind: ObjectKind, path: Path, if_exists: bool, restrict: bool },
    Describe { kind: ObjectKind, path: Path },
    Show(show::Show),
}

impl Command {
    pub(crate) fn kind(&self) -> StatementKind {
        let (verb, object) = match self {
            Self::CreateWarehouse(_) => (Verb::Create, Some(ObjectKind::Warehouse)),
            Self::AlterWarehouse(_) => (Verb::Alter, Some(ObjectKind::Warehouse)),
            Self::Drop { kind, .. } => (Verb::Drop, Some(*kind)),
            Self::Describe { kind, .. } => (Verb::Describe, Some(*kind)),
            Self::Show(_) => (Verb::Show, None),
        };
        StatementKind { verb, object, wait: None }
    }
}

/// Reads one statement; a trailing `;` is allowed.
pub(crate) fn parse(sql: &str) -> Result<Command, SqlError> {
    let mut cursor = Cursor::new(sql)?;
    let command = command(&mut cursor)?;
    cursor.finish()?;
    Ok(command)
}

fn command(cursor: &mut Cursor) -> Result<Command, SqlError> {
    if cursor.takes("CREATE") {
        return create(cursor);
    }
    if cursor.takes("ALTER WAREHOUSE") {
        return warehouse::alter(cursor);
    }
    if cursor.takes("DROP") {
        let kind = object_kind(cursor)?;
        let if_exists = cursor.if_exists()?;
        let path = cursor.path()?;
        return Ok(Command::Drop { kind, path, if_exists, restrict: false });
    }
    if cursor.takes("DESC") || cursor.takes("DESCRIBE") {
        return show::describe(cursor);
    }
    if cursor.takes("SHOW") {
        return show::show(cursor);
    }
    cursor.unexpected()
}

fn create(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let how = match () {
        () if cursor.takes("OR REPLACE") => How::OrReplace,
        () if cursor.takes("OR ALTER") => How::OrAlter,
        () => How::Plain,
    };
    if cursor.takes("WAREHOUSE") {
        return warehouse::create(cursor, how, false);
    }
    if cursor.takes("INTERACTIVE WAREHOUSE") {
        return warehouse::create(cursor, how, true);
    }
    cursor.unexpected()
}

/// The words of a kind.
fn object_kind(cursor: &mut Cursor) -> Result<ObjectKind, SqlError> {
    for kind in ObjectKind::all() {
        if kind != ObjectKind::Account && kind != ObjectKind::Session && cursor.takes(kind.singular()) {
            return Ok(kind);
        }
    }
    cursor.unexpected()
}

/// A kind and a name.
fn named_object(cursor: &mut Cursor) -> Result<(ObjectKind, Path), SqlError> {
    let kind = object_kind(cursor)?;
    Ok((kind, cursor.path()?))
}
