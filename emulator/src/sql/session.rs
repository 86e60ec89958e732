//! USE, ALTER SESSION, ALTER ACCOUNT and COMMENT ON.

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, some_settings, unset};
use super::{Command, ObjectKind, parameters, select};
use crate::error::SqlError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Role(String),
    SecondaryRoles {
        all: bool,
    },
    Warehouse(String),
    Database(Path),
    Schema(Path),
    /// `USE x` or `USE x.y`: a database, or a schema.
    Either(Path),
}

const ACCOUNT: &[Property] = &[Property { name: "RESOURCE_MONITOR", takes: Takes::Name }];

/// Settings, or the names of what is unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    /// Of the account; FORCE replaces another one.
    SetPolicy {
        kind: ObjectKind,
        reach: Reach,
        policy: Path,
        force: bool,
    },
    UnsetPolicy(ObjectKind, Reach),
}

/// Whom a policy of the account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Reach {
    Account,
    PersonUsers,
    ServiceUsers,
}

/// The policies that the account may have.
pub(super) const POLICIES: [ObjectKind; 5] = [
    ObjectKind::AuthenticationPolicy,
    ObjectKind::PasswordPolicy,
    ObjectKind::SessionPolicy,
    ObjectKind::FeaturePolicy,
    ObjectKind::PackagesPolicy,
];

/// After `USE`.
pub(crate) fn use_(cursor: &mut Cursor) -> Result<Command, SqlError> {
    // A database may be called like a kind; then nothing follows its name.
    let alone = cursor.look(1).kind == super::tokens::Kind::End;
    let change = if !alone && cursor.takes("ROLE") {
        Use::Role(cursor.identifier()?)
    } else if cursor.takes("SECONDARY ROLES") || cursor.takes("SECONDARY ROLE") {
        match () {
            () if cursor.takes("ALL") => Use::SecondaryRoles { all: true },
            () if cursor.takes("NONE") => Use::SecondaryRoles { all: false },
            () => return cursor.unexpected(),
        }
    } else if !alone && cursor.takes("WAREHOUSE") {
        Use::Warehouse(cursor.identifier()?)
    } else if !alone && cursor.takes("DATABASE") {
        Use::Database(vec![cursor.identifier()?])
    } else if !alone && cursor.takes("SCHEMA") {
        Use::Schema(cursor.path()?)
    } else {
        Use::Either(cursor.path()?)
    };
    Ok(Command::Use(change))
}

/// After `ALTER SESSION`.
pub(crate) fn alter_session(cursor: &mut Cursor) -> Result<Command, SqlError> {
    change(cursor, &|name| parameters::of(ObjectKind::Session, name)).map(Command::AlterSession)
}

/// After `ALTER ACCOUNT`.
pub(crate) fn alter_account(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let set = cursor.is("SET");
    if (set || cursor.is("UNSET")) && cursor.is_at(2, "POLICY") {
        cursor.next();
        let Some(kind) = POLICIES.into_iter().find(|kind| cursor.takes(kind.singular())) else {
            return cursor.unexpected();
        };
        if !set {
            return Ok(Command::AlterAccount(Change::UnsetPolicy(kind, reach(cursor, kind)?)));
        }
        let policy = cursor.path()?;
        let force = cursor.takes("FORCE");
        let reach = reach(cursor, kind)?;
        let force = force || cursor.takes("FORCE");
        return Ok(Command::AlterAccount(Change::SetPolicy { kind, reach, policy, force }));
    }
    change(cursor, &|name| find(&[ACCOUNT], name).or_else(|| parameters::of(ObjectKind::Account, name)))
        .map(Command::AlterAccount)
}

/// `FOR ALL …`: authentication and session policies may be for users of a type alone; a feature policy is always for
/// applications.
fn reach(cursor: &mut Cursor, kind: ObjectKind) -> Result<Reach, SqlError> {
    match kind {
        ObjectKind::FeaturePolicy => cursor.expect("FOR ALL APPLICATIONS").map(|()| Reach::Account),
        ObjectKind::AuthenticationPolicy | ObjectKind::SessionPolicy if cursor.takes("FOR ALL") => match () {
            () if cursor.takes("PERSON USERS") => Ok(Reach::PersonUsers),
            () if cursor.takes("SERVICE USERS") => Ok(Reach::ServiceUsers),
            () => cursor.unexpected(),
        },
        _ => Ok(Reach::Account),
    }
}

fn change(cursor: &mut Cursor, find: super::property::Find) -> Result<Change, SqlError> {
    if cursor.takes("SET") {
        return some_settings(cursor, find).map(Change::Set);
    }
    cursor.expect("UNSET")?;
    unset(cursor, find).map(Change::Unset)
}

/// What BEGIN, COMMIT and ROLLBACK do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    Begin,
    Commit,
    Rollback,
}

/// After `BEGIN`, `START`, `COMMIT` or `ROLLBACK`.
pub(crate) fn transaction(cursor: &mut Cursor, verb: &str) -> Result<Command, SqlError> {
    let what = match verb {
        "BEGIN" | "START" => {
            if verb == "START" {
                cursor.expect("TRANSACTION")?;
            } else if !cursor.takes("WORK") {
                cursor.takes("TRANSACTION");
            }
            if cursor.takes("NAME") {
                cursor.identifier()?;
            }
            Transaction::Begin
        }
        _ => {
            cursor.takes("WORK");
            if verb == "COMMIT" { Transaction::Commit } else { Transaction::Rollback }
        }
    };
    Ok(Command::Transaction(what))
}

/// After `SET`: `name = expression`, or `(a, b) = (1, 2)`.
pub(crate) fn set_variables(cursor: &mut Cursor) -> Result<Command, SqlError> {
    if !cursor.is_symbol("(") {
        let name = cursor.identifier()?;
        cursor.expect_symbol("=")?;
        return Ok(Command::SetVariables(vec![(name, select::value(cursor)?)]));
    }
    let names = cursor.bracketed(Cursor::identifier)?;
    cursor.expect_symbol("=")?;
    let place = cursor.peek().clone();
    let values = cursor.bracketed(select::value)?;
    if names.len() != values.len() || names.is_empty() {
        return Err(place.unexpected());
    }
    Ok(Command::SetVariables(names.into_iter().zip(values).collect()))
}

/// After `UNSET`.
pub(crate) fn unset_variables(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let names = if cursor.is_symbol("(") {
        cursor.bracketed(Cursor::identifier)?
    } else {
        vec![cursor.identifier()?]
    };
    Ok(Command::UnsetVariables(names))
}

/// After `COMMENT`.
pub(crate) fn comment(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    cursor.expect("ON")?;
    let (kind, path) = super::named_object(cursor)?;
    cursor.expect("IS")?;
    let text = cursor.text()?;
    if kind == ObjectKind::ResourceMonitor {
        return Err(SqlError::unsupported("COMMENT ON RESOURCE MONITOR"));
    }
    Ok(Command::Comment { kind, path, if_exists, text })
}
