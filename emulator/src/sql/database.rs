//! Databases, schemas and tags (docs: create-database, alter-database, create-schema, alter-schema, create-tag).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How, ObjectKind, parameters};
use crate::error::SqlError;

const COMMENT: &[Property] = &[Property { name: "COMMENT", takes: Takes::TextOrNull }];

/// A database or a schema that CREATE makes.
#[derive(Clone, Debug)]
pub(crate) struct CreateContainer {
    pub(crate) kind: ObjectKind,
    pub(crate) how: How,
    pub(crate) transient: bool,
    pub(crate) path: Path,
    pub(crate) clone: Option<Path>,
    pub(crate) managed_access: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterContainer {
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
    pub(crate) action: ContainerAction,
}

#[derive(Clone, Debug)]
pub(crate) enum ContainerAction {
    RenameTo(Path),
    SwapWith(Path),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    ManagedAccess(bool),
}

fn find_for(kind: ObjectKind) -> impl Fn(&str) -> Option<&'static Property> {
    move |name| find(&[COMMENT], name).or_else(|| parameters::of(kind, name))
}

/// After `CREATE … [TRANSIENT] DATABASE | SCHEMA`.
pub(crate) fn create(
    cursor: &mut Cursor,
    kind: ObjectKind,
    how: How,
    transient: bool,
) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let path = container_path(cursor, kind)?;
    let mut create = CreateContainer {
        kind,
        how,
        transient,
        path,
        clone: None,
        managed_access: false,
        settings: Vec::new(),
        tags: Vec::new(),
    };
    if cursor.takes("CLONE") {
        create.clone = Some(container_path(cursor, kind)?);
        point_in_time(cursor)?;
    } else if cursor.is("FROM") || cursor.is("AS") {
        return Err(SqlError::unsupported("databases from shares, listings and replicas"));
    }
    while !cursor.done() {
        if kind == ObjectKind::Schema && !create.managed_access && cursor.takes("WITH MANAGED ACCESS") {
            create.managed_access = true;
        } else if create.tags.is_empty() && (cursor.takes("WITH TAG") || cursor.is("TAG")) {
            create.tags = if cursor.is("TAG") { tag::association(cursor)? } else { tag::after_tag(cursor)? };
        } else if let Some(property) = row(cursor, &find_for(kind)) {
            setting(cursor, property, &mut create.settings)?;
        } else {
            return cursor.unexpected();
        }
    }
    Ok(Command::CreateContainer(create))
}

/// `AT (OFFSET => 0)` is now; of other times nothing is kept here.
pub(super) fn point_in_time(cursor: &mut Cursor) -> Result<(), SqlError> {
    if !(cursor.takes("AT") || cursor.takes("BEFORE")) {
        return Ok(());
    }
    cursor.expect_symbol("(")?;
    let offset = cursor.is("OFFSET");
    cursor.next();
    cursor.expect_symbol("=>")?;
    let now = offset && matches!(&cursor.peek().kind, super::tokens::Kind::Number(number) if number == "0");
    if !now {
        return Err(SqlError::unsupported("time travel"));
    }
    cursor.next();
    cursor.expect_symbol(")")
}

fn container_path(cursor: &mut Cursor, kind: ObjectKind) -> Result<Path, SqlError> {
    let place = cursor.peek().clone();
    let path = cursor.path()?;
    let most = if kind == ObjectKind::Database { 1 } else { 2 };
    if path.len() > most { Err(place.unexpected()) } else { Ok(path) }
}

/// After `ALTER DATABASE | SCHEMA`.
pub(crate) fn alter(cursor: &mut Cursor, kind: ObjectKind) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let path = container_path(cursor, kind)?;
    let action = if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        ContainerAction::RenameTo(container_path(cursor, kind)?)
    } else if cursor.takes("SWAP") {
        cursor.expect("WITH")?;
        ContainerAction::SwapWith(container_path(cursor, kind)?)
    } else if kind == ObjectKind::Schema && cursor.takes("ENABLE MANAGED ACCESS") {
        ContainerAction::ManagedAccess(true)
    } else if kind == ObjectKind::Schema && cursor.takes("DISABLE MANAGED ACCESS") {
        ContainerAction::ManagedAccess(false)
    } else if cursor.takes("SET") {
        if cursor.is("TAG") {
            ContainerAction::SetTags(tag::set(cursor)?)
        } else {
            ContainerAction::Set(some_settings(cursor, &find_for(kind))?)
        }
    } else if cursor.takes("UNSET") {
        if cursor.is("TAG") {
            ContainerAction::UnsetTags(tag::unset(cursor)?)
        } else {
            ContainerAction::Unset(unset(cursor, &find_for(kind))?)
        }
    } else {
        return cursor.unexpected();
    };
    Ok(Command::AlterContainer(AlterContainer { kind, path, if_exists, action }))
}
