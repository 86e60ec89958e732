//! CREATE, ALTER and EXECUTE ALERT (docs: create-alert, alter-alert, execute-alert).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How, body};
use crate::error::SqlError;

pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "WAREHOUSE", takes: Takes::NameOrText },
    Property { name: "SCHEDULE", takes: Takes::Text },
    Property { name: "CONFIG", takes: Takes::Text },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
];

#[derive(Clone, Debug)]
pub(crate) struct CreateAlert {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Clone(Path),
    Definition(Definition),
}

#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
    pub(crate) condition: String,
    pub(crate) action: String,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterAlert {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Resume,
    Suspend,
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    Condition(String),
    Then(String),
}

/// `EXISTS ( … )`: the query between the brackets.
fn exists(cursor: &mut Cursor) -> Result<String, SqlError> {
    cursor.expect("EXISTS")?;
    cursor.expect_symbol("(")?;
    let condition = body::statement(cursor, |cursor| cursor.is_symbol(")"))?;
    cursor.expect_symbol(")")?;
    Ok(condition)
}

/// After `CREATE … ALERT`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    if how != How::OrAlter && cursor.takes("CLONE") {
        let what = What::Clone(cursor.path()?);
        return Ok(Command::CreateAlert(Box::new(CreateAlert { how, path, what })));
    }
    let (mut settings, mut tags) = (Vec::new(), Vec::new());
    while !cursor.takes("IF") {
        let tagged = cursor.is("TAG") || (cursor.is("WITH") && cursor.is_at(1, "TAG"));
        if tagged && how != How::OrAlter && tags.is_empty() {
            cursor.takes("WITH");
            tags = tag::association(cursor)?;
        } else if let Some(property) = row(cursor, &|name| find(&[PROPERTIES], name)) {
            setting(cursor, property, &mut settings)?;
        } else {
            return cursor.unexpected();
        }
    }
    cursor.expect_symbol("(")?;
    let condition = exists(cursor)?;
    cursor.expect_symbol(")")?;
    cursor.expect("THEN")?;
    let action = body::rest(cursor)?;
    let what = What::Definition(Definition { settings, tags, condition, action });
    Ok(Command::CreateAlert(Box::new(CreateAlert { how, path, what })))
}

/// After `ALTER ALERT`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let find_here = |name: &str| find(&[PROPERTIES], name);
    let action = match () {
        () if cursor.takes("RESUME") => Action::Resume,
        () if cursor.takes("SUSPEND") => Action::Suspend,
        () if cursor.takes("MODIFY CONDITION") => Action::Condition(exists(cursor)?),
        () if cursor.takes("MODIFY ACTION") => Action::Then(body::rest(cursor)?),
        () if cursor.is("SET") && cursor.is_at(1, "TAG") => {
            cursor.next();
            Action::SetTags(tag::set(cursor)?)
        }
        () if cursor.is("UNSET") && cursor.is_at(1, "TAG") => {
            cursor.next();
            Action::UnsetTags(tag::unset(cursor)?)
        }
        () if cursor.takes("SET") => Action::Set(some_settings(cursor, &find_here)?),
        () => {
            cursor.expect("UNSET")?;
            Action::Unset(unset(cursor, &find_here)?)
        }
    };
    cursor.finish()?;
    Ok(Command::AlterAlert(AlterAlert { path, if_exists, action }))
}

/// After `EXECUTE`.
pub(crate) fn execute(cursor: &mut Cursor) -> Result<Command, SqlError> {
    cursor.expect("ALERT")?;
    cursor.path().map(Command::ExecuteAlert)
}
