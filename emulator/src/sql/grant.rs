//! GRANT and REVOKE (docs: grant-privilege, grant-ownership, grant-role, revoke-privilege, revoke-role).

use super::cursor::{Cursor, Path};
use super::{Command, ObjectKind};
use crate::error::SqlError;

/// The privileges that each kind knows, in ALL's order.
pub(crate) const PRIVILEGES: &[(ObjectKind, &[&str])] = &[
    (ObjectKind::Account, ACCOUNT),
    (ObjectKind::Warehouse, &["APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"]),
    (ObjectKind::ResourceMonitor, &["MODIFY", "MONITOR"]),
    (
        ObjectKind::Database,
        &[
            "APPLYBUDGET",
            "CREATE DATABASE ROLE",
            "CREATE SCHEMA",
            "MODIFY",
            "MONITOR",
            "USAGE",
            "IMPORTED PRIVILEGES",
        ],
    ),
    (ObjectKind::Schema, SCHEMA),
    (
        ObjectKind::Table,
        &[
            "APPLYBUDGET",
            "DELETE",
            "EVOLVE SCHEMA",
            "INSERT",
            "REBUILD",
            "REFERENCES",
            "SELECT",
            "TRUNCATE",
            "UPDATE",
        ],
    ),
    (ObjectKind::Tag, &["APPLY", "READ"]),
    (ObjectKind::Role, &["USAGE"]),
    (ObjectKind::User, &["MODIFY PROGRAMMATIC AUTHENTICATION METHODS", "MONITOR", "IMPERSONATE"]),
];

pub(crate) const ACCOUNT: &[&str] = &[
    "APPLY AGGREGATION POLICY",
    "APPLY AUTHENTICATION POLICY",
    "APPLY MASKING POLICY",
    "APPLY PACKAGES POLICY",
    "APPLY PASSWORD POLICY",
    "APPLY PROJECTION POLICY",
    "APPLY ROW ACCESS POLICY",
    "APPLY SESSION POLICY",
    "APPLY TAG",
    "ATTACH POLICY",
    "AUDIT",
    "BIND SERVICE ENDPOINT",
    "CREATE ACCOUNT",
    "CREATE API INTEGRATION",
    "CREATE APPLICATION",
    "CREATE APPLICATION PACKAGE",
    "CREATE COMPUTE POOL",
    "CREATE CONNECTION",
    "CREATE CREDENTIAL",
    "CREATE DATA EXCHANGE LISTING",
    "CREATE DATABASE",
    "CREATE EXTERNAL VOLUME",
    "CREATE FAILOVER GROUP",
    "CREATE INTEGRATION",
    "CREATE LISTING",
    "CREATE NETWORK POLICY",
    "CREATE ORGANIZATION LISTING",
    "CREATE REPLICATION GROUP",
    "CREATE ROLE",
    "CREATE SHARE",
    "CREATE USER",
    "CREATE WAREHOUSE",
    "EXECUTE ALERT",
    "EXECUTE AUTO CLASSIFICATION",
    "EXECUTE DATA METRIC FUNCTION",
    "EXECUTE MANAGED ALERT",
    "EXECUTE MANAGED TASK",
    "EXECUTE TASK",
    "IMPORT ORGANIZATION LISTING",
    "IMPORT SHARE",
    "MANAGE ACCOUNT SUPPORT CASES",
    "MANAGE EVENT SHARING",
    "MANAGE GRANTS",
    "MANAGE LISTING AUTO FULFILLMENT",
    "MANAGE ORGANIZATION SUPPORT CASES",
    "MANAGE USER SUPPORT CASES",
    "MANAGE WAREHOUSES",
    "MODIFY",
    "MODIFY LOG LEVEL",
    "MODIFY METRIC LEVEL",
    "MODIFY SESSION LOG LEVEL",
    "MODIFY SESSION METRIC LEVEL",
    "MODIFY SESSION TRACE LEVEL",
    "MODIFY TRACE LEVEL",
    "MONITOR",
    "MONITOR EXECUTION",
    "MONITOR SECURITY",
    "MONITOR USAGE",
    "OVERRIDE SHARE RESTRICTIONS",
    "PURCHASE DATA EXCHANGE LISTING",
    "READ SESSION",
    "RESOLVE ALL",
    "USE AI FUNCTIONS",
    "USE ANY ROLE",
    "VIEW LINEAGE",
];

const SCHEMA: &[&str] = &[
    "ADD SEARCH OPTIMIZATION",
    "APPLYBUDGET",
    "CREATE AGENT",
    "CREATE AGGREGATION POLICY",
    "CREATE ALERT",
    "CREATE AUTHENTICATION POLICY",
    "CREATE CORTEX SEARCH SERVICE",
    "CREATE DATA METRIC FUNCTION",
    "CREATE DATASET",
    "CREATE DYNAMIC TABLE",
    "CREATE EVENT TABLE",
    "CREATE EXTERNAL TABLE",
    "CREATE FILE FORMAT",
    "CREATE FUNCTION",
    "CREATE GIT REPOSITORY",
    "CREATE HYBRID TABLE",
    "CREATE ICEBERG TABLE",
    "CREATE IMAGE REPOSITORY",
    "CREATE INTERACTIVE TABLE",
    "CREATE MASKING POLICY",
    "CREATE MATERIALIZED VIEW",
    "CREATE MODEL",
    "CREATE MODEL MONITOR",
    "CREATE NETWORK RULE",
    "CREATE NOTEBOOK",
    "CREATE PACKAGES POLICY",
    "CREATE PASSWORD POLICY",
    "CREATE PIPE",
    "CREATE PRIVACY POLICY",
    "CREATE PROCEDURE",
    "CREATE PROJECTION POLICY",
    "CREATE RESOURCE GROUP",
    "CREATE ROW ACCESS POLICY",
    "CREATE SECRET",
    "CREATE SEMANTIC VIEW",
    "CREATE SEQUENCE",
    "CREATE SERVICE",
    "CREATE SESSION POLICY",
    "CREATE SNAPSHOT",
    "CREATE STAGE",
    "CREATE STREAM",
    "CREATE STREAMLIT",
    "CREATE TABLE",
    "CREATE TAG",
    "CREATE TASK",
    "CREATE TEMPORARY TABLE",
    "CREATE VIEW",
    "MODIFY",
    "MONITOR",
    "USAGE",
];

/// What FUTURE grants may name beside schemas, with the privileges that exist on them.
const FUTURE: &[(&str, &[&str])] = &[
    (
        "TABLES",
        &[
            "SELECT",
            "INSERT",
            "UPDATE",
            "DELETE",
            "TRUNCATE",
            "REFERENCES",
            "REBUILD",
            "EVOLVE SCHEMA",
            "APPLYBUDGET",
        ],
    ),
    ("EXTERNAL TABLES", &["SELECT", "REFERENCES"]),
    ("DYNAMIC TABLES", &["SELECT", "MONITOR", "OPERATE"]),
    ("EVENT TABLES", &["SELECT", "INSERT", "DELETE", "TRUNCATE", "REFERENCES"]),
    ("ICEBERG TABLES", &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES"]),
    ("VIEWS", &["SELECT", "REFERENCES"]),
    ("MATERIALIZED VIEWS", &["SELECT", "REFERENCES"]),
    ("SEMANTIC VIEWS", &["SELECT", "REFERENCES", "MONITOR"]),
    ("SEQUENCES", &["USAGE"]),
    ("FUNCTIONS", &["USAGE"]),
    ("PROCEDURES", &["USAGE"]),
    ("FILE FORMATS", &["USAGE"]),
    ("STAGES", &["USAGE", "READ", "WRITE"]),
    ("STREAMS", &["SELECT"]),
    ("TASKS", &["MONITOR", "OPERATE"]),
    ("PIPES", &["MONITOR", "OPERATE"]),
    ("ALERTS", &["MONITOR", "OPERATE"]),
    ("SECRETS", &["USAGE", "READ"]),
    ("CORTEX SEARCH SERVICES", &["USAGE", "MONITOR", "OPERATE"]),
    ("GIT REPOSITORIES", &["READ", "WRITE"]),
    ("NOTEBOOKS", &["USAGE"]),
    ("STREAMLITS", &["USAGE"]),
    ("MODELS", &["USAGE", "READ"]),
    ("SERVICES", &["USAGE", "MONITOR", "OPERATE"]),
];

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

/// All privileges that a kind knows.
pub(crate) fn of_kind(kind: ObjectKind) -> &'static [&'static str] {
    PRIVILEGES.iter().find(|(of, _)| *of == kind).map_or(&[], |(_, names)| *names)
}

/// All privileges that exist on what a plural names.
pub(crate) fn of_plural(plural: &str) -> &'static [&'static str] {
    if plural == "SCHEMAS" {
        return SCHEMA;
    }
    FUTURE.iter().find(|(name, _)| *name == plural).map_or(&[], |(_, names)| *names)
}
