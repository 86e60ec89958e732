//! CREATE and ALTER DATABASE ROLE (docs: create-database-role, alter-database-role).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, settings, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How};
use crate::error::SqlError;

const PROPERTIES: &[Property] = &[Property { name: "COMMENT", takes: Takes::Text }];

#[derive(Clone, Debug)]
pub(crate) struct CreateDatabaseRole {
    pub(crate) how: How,
    pub(crate) path: Path,
    pub(crate) settings: Vec<Setting>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterDatabaseRole {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: DatabaseRoleAction,
}

#[derive(Clone, Debug)]
pub(crate) enum DatabaseRoleAction {
    RenameTo(Path),
    Set(Vec<Setting>),
    UnsetComment,
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// After `CREATE … DATABASE ROLE`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = cursor.path()?;
    let settings = settings(cursor, &|name| find(&[PROPERTIES], name))?;
    Ok(Command::CreateDatabaseRole(CreateDatabaseRole { how, path, settings }))
}

/// After `ALTER DATABASE ROLE`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = cursor.path()?;
    let action = if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        DatabaseRoleAction::RenameTo(cursor.path()?)
    } else if cursor.takes("SET") {
        if cursor.is("TAG") {
            DatabaseRoleAction::SetTags(tag::set(cursor)?)
        } else {
            DatabaseRoleAction::Set(some_settings(cursor, &|name| find(&[PROPERTIES], name))?)
        }
    } else if cursor.takes("UNSET") {
        if cursor.is("TAG") {
            DatabaseRoleAction::UnsetTags(tag::unset(cursor)?)
        } else {
            unset(cursor, &|name| find(&[PROPERTIES], name))?;
            DatabaseRoleAction::UnsetComment
        }
    } else {
        return cursor.unexpected();
    };
    Ok(Command::AlterDatabaseRole(AlterDatabaseRole { path, if_exists, action }))
}
