//! CREATE and ALTER DATABASE ROLE (docs: create-database-role, alter-database-role).

use super::cursor::{Cursor, Path};
use super::property::{Setting, find, settings};
use super::role::{PROPERTIES, RoleAction, action};
use super::{Command, How};
use crate::error::SqlError;

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
    pub(crate) action: RoleAction<Path>,
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
    let action = action(cursor, Cursor::path)?;
    Ok(Command::AlterDatabaseRole(AlterDatabaseRole { path, if_exists, action }))
}
