//! GRANT and REVOKE (docs: grant-privilege, grant-ownership, grant-role, revoke-privilege, revoke-role).

use super::cursor::{Cursor, Path};
use super::kind::Place;
use super::privileges::{PRIVILEGES, of_kind};
use super::{Command, ObjectKind};
use crate::error::SqlError;

/// What is granted or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    All,
    Ownership { copy: Option<bool> },
    Privileges(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Account,
    Object(ObjectKind, Path),
    /// `ALL TABLES IN SCHEMA s`
    All(ObjectKind, Container),
    Future(ObjectKind, Container),
    /// `GRANT INHERITED … ON ALL TABLES IN SCHEMA s`: all that are there at any time.
    Inherited(ObjectKind, Container),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    /// Database, schema, or (of inherited grants) account.
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
}

/// Who gets or loses something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    Role(String),
    DatabaseRole(Path),
    User(String),
    Share(String),
    Application(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Privileges {
    pub(crate) what: What,
    pub(crate) on: On,
    pub(crate) to: Recipient,
    /// GRANT … WITH GRANT OPTION, REVOKE GRANT OPTION FOR …
    pub(crate) option: bool,
    /// REVOKE … CASCADE (true) or RESTRICT (false).
    pub(crate) cascade: Option<bool>,
}

/// A role or a database role goes to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) role: Recipient,
    pub(crate) member: Recipient,
}

/// After `GRANT`.
pub(crate) fn grant(cursor: &mut Cursor) -> Result<Command, SqlError> {
    if let Some(role) = role(cursor)? {
        return Ok(Command::GrantRole(Membership { role, member: member(cursor, "TO")? }));
    }
    let inherited = inherited(cursor);
    let mut what = what(cursor)?;
    cursor.expect("ON")?;
    let on = on(cursor, inherited)?;
    let to = grantee(cursor, "TO")?;
    let mut option = false;
    if let What::Ownership { copy } = &mut what {
        for (word, keep) in [("COPY", true), ("REVOKE", false)] {
            if cursor.optional(word, "CURRENT GRANTS")? {
                *copy = Some(keep);
                break;
            }
        }
    } else if !inherited {
        option = cursor.optional("WITH", "GRANT OPTION")?;
    }
    Ok(Command::Grant(Privileges { what, on, to, option, cascade: None }))
}

/// After `REVOKE`.
pub(crate) fn revoke(cursor: &mut Cursor) -> Result<Command, SqlError> {
    if let Some(role) = role(cursor)? {
        return Ok(Command::RevokeRole(Membership { role, member: member(cursor, "FROM")? }));
    }
    let option = cursor.takes("GRANT OPTION FOR");
    let inherited = !option && inherited(cursor);
    let place = cursor.peek().clone();
    let what = what(cursor)?;
    cursor.expect("ON")?;
    let on = on(cursor, inherited)?;
    if matches!(what, What::Ownership { .. }) && !matches!(on, On::Future(..)) {
        return Err(place.unexpected());
    }
    let to = grantee(cursor, "FROM")?;
    let cascade = match () {
        () if cursor.takes("CASCADE") => Some(true),
        () if cursor.takes("RESTRICT") => Some(false),
        () => None,
    };
    Ok(Command::Revoke(Privileges { what, on, to, option, cascade }))
}

/// `INHERITED`, before the privileges.
fn inherited(cursor: &mut Cursor) -> bool {
    cursor.takes("INHERITED")
}

/// `ROLE x` or `DATABASE ROLE d.x`, where a membership begins.
fn role(cursor: &mut Cursor) -> Result<Option<Recipient>, SqlError> {
    if cursor.takes("ROLE") {
        return cursor.identifier().map(Recipient::Role).map(Some);
    }
    if cursor.takes("DATABASE ROLE") {
        return cursor.path().map(Recipient::DatabaseRole).map(Some);
    }
    if cursor.is("APPLICATION") && cursor.is_at(1, "ROLE") {
        return Err(SqlError::unsupported("APPLICATION ROLE"));
    }
    Ok(None)
}

fn member(cursor: &mut Cursor, word: &str) -> Result<Recipient, SqlError> {
    cursor.expect(word)?;
    if let Some(role) = role(cursor)? {
        return Ok(role);
    }
    match () {
        () if cursor.takes("SHARE") => cursor.identifier().map(Recipient::Share),
        () if cursor.takes("APPLICATION") => cursor.identifier().map(Recipient::Application),
        () => {
            cursor.expect("USER")?;
            cursor.identifier().map(Recipient::User)
        }
    }
}

fn grantee(cursor: &mut Cursor, word: &str) -> Result<Recipient, SqlError> {
    cursor.expect(word)?;
    // The word ROLE may be left out; a role may be called like a kind, and then nothing (or WITH …) follows.
    if cursor.is("ROLE") && cursor.look(1).kind != super::tokens::Kind::End {
        cursor.next();
        return cursor.identifier().map(Recipient::Role);
    }
    let alone = cursor.look(1).kind == super::tokens::Kind::End || cursor.is_at(1, "WITH");
    if !alone {
        if let Some(role) = role(cursor)? {
            return Ok(role);
        }
        if cursor.takes("SHARE") {
            return cursor.identifier().map(Recipient::Share);
        }
        for other in ["USER", "APPLICATION"] {
            if cursor.is(other) {
                return Err(SqlError::unsupported(format!("grants of privileges to a {other}")));
            }
        }
    }
    cursor.identifier().map(Recipient::Role)
}

fn what(cursor: &mut Cursor) -> Result<What, SqlError> {
    if cursor.takes("ALL") {
        cursor.takes("PRIVILEGES");
        return Ok(What::All);
    }
    if cursor.takes("OWNERSHIP") {
        return Ok(What::Ownership { copy: None });
    }
    cursor.list(privilege).map(What::Privileges)
}

/// The words of a privilege, up to `,` or ON.
fn privilege(cursor: &mut Cursor) -> Result<String, SqlError> {
    let place = cursor.peek().clone();
    let mut name = cursor.word()?;
    while !cursor.is("ON") && !cursor.is_symbol(",") {
        name.push(' ');
        name.push_str(&cursor.word()?);
    }
    let known = PRIVILEGES.iter().any(|(_, names)| names.contains(&name.as_str()));
    if known { Ok(name) } else { Err(place.unexpected()) }
}

fn on(cursor: &mut Cursor, inherited: bool) -> Result<On, SqlError> {
    if inherited {
        cursor.expect("ALL")?;
        let kind = plural(cursor)?;
        return Ok(On::Inherited(kind, container(cursor, kind, true)?));
    }
    if cursor.takes("ACCOUNT") {
        return Ok(On::Account);
    }
    for (word, all) in [("ALL", true), ("FUTURE", false)] {
        if !cursor.takes(word) {
            continue;
        }
        refuse_unsupported(cursor, all)?;
        let kind = plural(cursor)?;
        if kind.place() != Place::Schema && kind != ObjectKind::Schema {
            return cursor.unexpected();
        }
        let container = container(cursor, kind, false)?;
        return Ok(if all { On::All(kind, container) } else { On::Future(kind, container) });
    }
    let (kind, path) = super::named_object(cursor)?;
    Ok(On::Object(kind, path))
}

/// Kinds that Snowflake has and refuses here, each in its own way.
fn refuse_unsupported(cursor: &Cursor, all: bool) -> Result<(), SqlError> {
    if cursor.is("EXPERIMENTS") {
        let what = if all { "GRANT on all objects of type EXPERIMENT" } else { "EXPERIMENT" };
        return Err(SqlError::unsupported(what));
    }
    if cursor.is("GATEWAYS") {
        return Err(SqlError::syntax("syntax error line 0 at position 0 unexpected 'TOK_GATEWAY'."));
    }
    Ok(())
}

/// The plural of a kind that has privileges.
fn plural(cursor: &mut Cursor) -> Result<ObjectKind, SqlError> {
    let kinds = ObjectKind::all().filter(|kind| !of_kind(*kind).is_empty());
    for kind in kinds.filter(|kind| *kind != ObjectKind::Account) {
        if cursor.takes(kind.plural()) {
            return Ok(kind);
        }
    }
    cursor.unexpected()
}

fn container(cursor: &mut Cursor, kind: ObjectKind, account: bool) -> Result<Container, SqlError> {
    cursor.expect("IN")?;
    if account && cursor.takes("ACCOUNT") {
        return Ok(Container { kind: ObjectKind::Account, path: Vec::new() });
    }
    let container = match () {
        () if cursor.takes("DATABASE") => ObjectKind::Database,
        () if kind != ObjectKind::Schema && cursor.takes("SCHEMA") => ObjectKind::Schema,
        () => return cursor.unexpected(),
    };
    Ok(Container { kind: container, path: cursor.path()? })
}

/// `003008` when one of the privileges does not exist on this kind.
pub(crate) fn known(what: &What, kind: ObjectKind) -> Result<(), SqlError> {
    let What::Privileges(names) = what else { return Ok(()) };
    match names.iter().find(|name| !of_kind(kind).contains(&name.as_str())) {
        Some(name) => Err(SqlError::new(
            3008,
            "42601",
            format!(
                "SQL compilation error:\nInvalid object type '{}' for privilege '{name}'",
                kind.singular()
            ),
        )),
        None => Ok(()),
    }
}
