//! CREATE and ALTER ROLE (docs: create-role, alter-role).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How};
use crate::error::SqlError;

const PROPERTIES: &[Property] = &[Property { name: "COMMENT", takes: Takes::TextOrNull }];

#[derive(Clone, Debug)]
pub(crate) struct CreateRole {
    pub(crate) how: How,
    pub(crate) name: String,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterRole {
    pub(crate) name: String,
    pub(crate) if_exists: bool,
    pub(crate) action: RoleAction,
}

#[derive(Clone, Debug)]
pub(crate) enum RoleAction {
    RenameTo(String),
    Set(Vec<Setting>),
    UnsetComment,
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
}

/// After `CREATE … ROLE`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let name = cursor.identifier()?;
    let mut create = CreateRole { how, name, settings: Vec::new(), tags: Vec::new() };
    while !cursor.done() {
        if create.tags.is_empty() && (cursor.is("TAG") || cursor.takes("WITH")) {
            create.tags = tag::association(cursor)?;
        } else if let Some(property) = row(cursor, &|name| find(&[PROPERTIES], name)) {
            setting(cursor, property, &mut create.settings)?;
        } else {
            return cursor.unexpected();
        }
    }
    Ok(Command::CreateRole(create))
}

/// After `ALTER ROLE`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let name = cursor.identifier()?;
    let action = if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        RoleAction::RenameTo(cursor.identifier()?)
    } else if cursor.takes("SET") {
        if cursor.is("TAG") {
            RoleAction::SetTags(tag::set(cursor)?)
        } else {
            RoleAction::Set(some_settings(cursor, &|name| find(&[PROPERTIES], name))?)
        }
    } else if cursor.takes("UNSET") {
        if cursor.is("TAG") {
            RoleAction::UnsetTags(tag::unset(cursor)?)
        } else {
            unset(cursor, &|name| find(&[PROPERTIES], name))?;
            RoleAction::UnsetComment
        }
    } else {
        return cursor.unexpected();
    };
    Ok(Command::AlterRole(AlterRole { name, if_exists, action }))
}
