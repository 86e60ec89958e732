//! `TAG (…)`, `SET TAG` and `UNSET TAG`, which every kind takes alike; and tags themselves (docs: create-tag,
//! alter-tag).

use super::cursor::{Cursor, Path};
use super::{Command, How};
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

#[derive(Clone, Debug)]
pub(crate) struct CreateTag {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) change: TagChange,
}

/// What CREATE and SET say of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TagChange {
    pub(crate) allowed_values: Option<Vec<String>>,
    pub(crate) propagate: Option<String>,
    pub(crate) on_conflict: Option<String>,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterTag {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: TagAction,
}

#[derive(Clone, Debug)]
pub(crate) enum TagAction {
    RenameTo(Path),
    Add(Vec<String>),
    Drop(Vec<String>),
    Set(TagChange),
    /// Masking policies, and FORCE.
    SetPolicies(Vec<Path>, bool),
    UnsetPolicies(Vec<Path>),
    Unset(Vec<&'static str>),
}

/// After `CREATE … TAG`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    let change = change(cursor)?;
    Ok(Command::CreateTag(CreateTag { how, path, change }))
}

const PROPAGATE: [&str; 4] = ["NONE", "ON_DEPENDENCY", "ON_DATA_MOVEMENT", "ON_DEPENDENCY_AND_DATA_MOVEMENT"];

fn change(cursor: &mut Cursor) -> Result<TagChange, SqlError> {
    let mut change = TagChange::default();
    loop {
        if change.allowed_values.is_none() && cursor.takes("ALLOWED_VALUES") {
            change.allowed_values = Some(cursor.list(Cursor::text)?);
        } else if change.propagate.is_none() && cursor.takes("PROPAGATE") {
            cursor.expect_symbol("=")?;
            let place = cursor.peek().clone();
            let word = cursor.word()?;
            change.propagate = Some(word).filter(|word| PROPAGATE.contains(&word.as_str()));
            if change.propagate.is_none() {
                return Err(place.unexpected());
            }
        } else if change.on_conflict.is_none() && cursor.takes("ON_CONFLICT") {
            cursor.expect_symbol("=")?;
            let sequence = "ALLOWED_VALUES_SEQUENCE";
            change.on_conflict =
                Some(if cursor.takes(sequence) { sequence.to_owned() } else { cursor.text()? });
        } else if change.comment.is_none() && cursor.takes("COMMENT") {
            cursor.expect_symbol("=")?;
            change.comment = Some(cursor.text()?);
        } else {
            return Ok(change);
        }
        cursor.takes_symbol(",");
    }
}

fn policies(cursor: &mut Cursor) -> Result<Vec<Path>, SqlError> {
    cursor.list(|cursor| {
        cursor.expect("MASKING POLICY")?;
        cursor.path()
    })
}

/// After `ALTER TAG`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let action = match () {
        () if cursor.takes("RENAME TO") => TagAction::RenameTo(cursor.path()?),
        () if cursor.takes("ADD ALLOWED_VALUES") => TagAction::Add(cursor.list(Cursor::text)?),
        () if cursor.takes("DROP ALLOWED_VALUES") => TagAction::Drop(cursor.list(Cursor::text)?),
        () if cursor.takes("SET") => {
            if cursor.is("MASKING") {
                let policies = policies(cursor)?;
                TagAction::SetPolicies(policies, cursor.takes("FORCE"))
            } else {
                let place = cursor.peek().clone();
                match change(cursor)? {
                    nothing if nothing == TagChange::default() => return Err(place.unexpected()),
                    change => TagAction::Set(change),
                }
            }
        }
        () => {
            cursor.expect("UNSET")?;
            if cursor.is("MASKING") {
                TagAction::UnsetPolicies(policies(cursor)?)
            } else {
                TagAction::Unset(cursor.list(|cursor| {
                    let names = ["ALLOWED_VALUES", "PROPAGATE", "ON_CONFLICT", "COMMENT"];
                    match names.into_iter().find(|name| cursor.takes(name)) {
                        Some(name) => Ok(name),
                        None => cursor.unexpected(),
                    }
                })?)
            }
        }
    };
    Ok(Command::AlterTag(AlterTag { path, if_exists, action }))
}
