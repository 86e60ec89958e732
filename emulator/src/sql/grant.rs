//! GRANT and REVOKE (docs: grant-privilege, grant-ownership, grant-role, revoke-privilege, revoke-role).

use super::cursor::{Cursor, Path};
use super::privileges::{ACCOUNT, FUTURE, PRIVILEGES, SCHEMA, of_kind};
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
    /// `ALL TABLES IN SCHEMA s`: (plural, container).
    All(String, Container),
    Future(String, Container),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    /// Database or schema.
    pub(crate) kind: ObjectKind,
    pub(crate) path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Privileges {
    pub(crate) what: What,
    pub(crate) on: On,
    pub(crate) role: String,
    /// GRANT … WITH GRANT OPTION, REVOKE GRANT OPTION FOR …
    pub(crate) option: bool,
    /// REVOKE … CASCADE (true) or RESTRICT (false).
    pub(crate) cascade: Option<bool>,
}

/// Whom a role goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Role(String),
    User(String),
}

/// After `GRANT`.
pub(crate) fn grant(cursor: &mut Cursor) -> Result<Command, SqlError> {
    if cursor.takes("ROLE") {
        let role = cursor.identifier()?;
        cursor.expect("TO")?;
        return Ok(Command::GrantRole { role, to: member(cursor)? });
    }
    refuse_other_roles(cursor)?;
    let mut what = what(cursor)?;
    cursor.expect("ON")?;
    let on = on(cursor)?;
    known(&what, &on)?;
    let role = grantee(cursor, "TO")?;
    let mut option = false;
    if let What::Ownership { copy } = &mut what {
        for (word, keep) in [("COPY", true), ("REVOKE", false)] {
            if cursor.optional(word, "CURRENT GRANTS")? {
                *copy = Some(keep);
                break;
            }
        }
    } else {
        option = cursor.optional("WITH", "GRANT OPTION")?;
    }
    Ok(Command::Grant(Privileges { what, on, role, option, cascade: None }))
}

/// After `REVOKE`.
pub(crate) fn revoke(cursor: &mut Cursor) -> Result<Command, SqlError> {
    if cursor.takes("ROLE") {
        let role = cursor.identifier()?;
        cursor.expect("FROM")?;
        return Ok(Command::RevokeRole { role, from: member(cursor)? });
    }
    refuse_other_roles(cursor)?;
    let option = cursor.takes("GRANT OPTION FOR");
    let place = cursor.peek().clone();
    let what = what(cursor)?;
    cursor.expect("ON")?;
    let on = on(cursor)?;
    if matches!(what, What::Ownership { .. }) && !matches!(on, On::Future(..)) {
        return Err(place.unexpected());
    }
    known(&what, &on)?;
    let role = grantee(cursor, "FROM")?;
    let cascade = match () {
        () if cursor.takes("CASCADE") => Some(true),
        () if cursor.takes("RESTRICT") => Some(false),
        () => None,
    };
    Ok(Command::Revoke(Privileges { what, on, role, option, cascade }))
}

fn refuse_other_roles(cursor: &Cursor) -> Result<(), SqlError> {
    for (first, second) in [("DATABASE", "ROLE"), ("APPLICATION", "ROLE")] {
        if cursor.is(first) && cursor.is_at(1, second) {
            return Err(SqlError::unsupported(format!("{first} {second}")));
        }
    }
    Ok(())
}

fn member(cursor: &mut Cursor) -> Result<Member, SqlError> {
    if cursor.takes("ROLE") {
        return cursor.identifier().map(Member::Role);
    }
    cursor.expect("USER")?;
    cursor.identifier().map(Member::User)
}

fn grantee(cursor: &mut Cursor, word: &str) -> Result<String, SqlError> {
    cursor.expect(word)?;
    for (first, second) in [("DATABASE", "ROLE"), ("APPLICATION", "ROLE")] {
        if cursor.is(first) && cursor.is_at(1, second) {
            return Err(SqlError::unsupported(format!("grants to a {first} {second}")));
        }
    }
    for other in ["USER", "SHARE", "APPLICATION"] {
        let named = !cursor.is_at(1, "WITH") && cursor.look(1).kind != super::tokens::Kind::End;
        if cursor.is(other) && named {
            return Err(SqlError::unsupported(format!("grants of privileges to a {other}")));
        }
    }
    // The word ROLE may be left out; a role may be called so.
    if cursor.is("ROLE") && cursor.look(1).kind != super::tokens::Kind::End {
        cursor.next();
    }
    cursor.identifier()
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
    let known = PRIVILEGES.iter().any(|(_, names)| names.contains(&name.as_str()))
        || FUTURE.iter().any(|(_, names)| names.contains(&name.as_str()));
    if known { Ok(name) } else { Err(place.unexpected()) }
}

fn on(cursor: &mut Cursor) -> Result<On, SqlError> {
    if cursor.takes("ACCOUNT") {
        return Ok(On::Account);
    }
    for (word, all) in [("ALL", true), ("FUTURE", false)] {
        if !cursor.takes(word) {
            continue;
        }
        let plurals = FUTURE.iter().map(|(plural, _)| *plural).chain(["SCHEMAS"]);
        let Some(plural) = plurals.into_iter().find(|plural| cursor.takes(plural)) else {
            return cursor.unexpected();
        };
        cursor.expect("IN")?;
        let kind = match () {
            () if cursor.takes("DATABASE") => ObjectKind::Database,
            () if plural != "SCHEMAS" && cursor.takes("SCHEMA") => ObjectKind::Schema,
            () => return cursor.unexpected(),
        };
        let container = Container { kind, path: cursor.path()? };
        return Ok(if all {
            On::All(plural.into(), container)
        } else {
            On::Future(plural.into(), container)
        });
    }
    let (kind, path) = super::named_object(cursor)?;
    Ok(On::Object(kind, path))
}

/// `003008`: the privilege exists, but not on this.
fn known(what: &What, on: &On) -> Result<(), SqlError> {
    let What::Privileges(names) = what else { return Ok(()) };
    let (kind, allowed): (&str, &[&str]) = match on {
        On::Account => ("ACCOUNT", ACCOUNT),
        On::Object(kind, _) => (kind.singular(), of_kind(*kind)),
        On::All(plural, _) | On::Future(plural, _) => match plural.as_str() {
            "SCHEMAS" => ("SCHEMA", SCHEMA),
            plural => FUTURE
                .iter()
                .find(|(name, _)| *name == plural)
                .map_or(("OBJECT", &[]), |(name, names)| (*name, *names)),
        },
    };
    match names.iter().find(|name| !allowed.contains(&name.as_str())) {
        Some(name) => Err(SqlError::new(
            3008,
            "42601",
            format!("SQL compilation error:\nInvalid object type '{kind}' for privilege '{name}'"),
        )),
        None => Ok(()),
    }
}
