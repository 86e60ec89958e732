//! CREATE and ALTER ROLE (docs: create-role, alter-role).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How};
use crate::error::SqlError;

pub(super) const PROPERTIES: &[Property] = &[Property { name: "COMMENT", takes: Takes::TextOrNull }];

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
    pub(crate) action: RoleAction<String>,
}

/// What ALTER does to a role, or to a database role: they differ in how they are named.
#[derive(Clone, Debug)]
pub(crate) enum RoleAction<N> {
    RenameTo(N),
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
    Ok(Command::AlterRole(AlterRole { name, if_exists, action: action(cursor, Cursor::identifier)? }))
}

/// After the name in ALTER; `name` reads another.
pub(super) fn action<N>(
    cursor: &mut Cursor,
    name: fn(&mut Cursor) -> Result<N, SqlError>,
) -> Result<RoleAction<N>, SqlError> {
    if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        return name(cursor).map(RoleAction::RenameTo);
    }
    if cursor.takes("SET") {
        if cursor.is("TAG") {
            return tag::set(cursor).map(RoleAction::SetTags);
        }
        return some_settings(cursor, &|name| find(&[PROPERTIES], name)).map(RoleAction::Set);
    }
    cursor.expect("UNSET")?;
    if cursor.is("TAG") {
        return tag::unset(cursor).map(RoleAction::UnsetTags);
    }
    unset(cursor, &|name| find(&[PROPERTIES], name))?;
    Ok(RoleAction::UnsetComment)
}
