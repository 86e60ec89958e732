//! CREATE and ALTER USER, and programmatic access tokens (docs: create-user, alter-user,
//! alter-user-add-programmatic-access-token and its like).

use super::cursor::{Cursor, Path};
use super::property::{Property, Setting, Takes, find, row, setting, settings, some_settings, unset};
use super::tag::{self, Tagging};
use super::{Command, How, ObjectKind, parameters};
use crate::error::SqlError;

const TYPES: &[(&str, &str)] =
    &[("PERSON", "PERSON"), ("SERVICE", "SERVICE"), ("LEGACY_SERVICE", "LEGACY_SERVICE"), ("NULL", "")];

const IDENTITIES: &[(&str, &str)] = &[("AWS", "AWS"), ("AZURE", "AZURE"), ("GCP", "GCP"), ("OIDC", "OIDC")];

const IDENTITY: &[Property] = &[
    Property { name: "TYPE", takes: Takes::Choice(IDENTITIES) },
    Property { name: "ISSUER", takes: Takes::Text },
    Property { name: "SUBJECT", takes: Takes::Text },
    Property { name: "OIDC_AUDIENCE_LIST", takes: Takes::Texts },
    Property { name: "ARN", takes: Takes::Text },
];

/// In the order of DESCRIBE USER.
pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "COMMENT", takes: Takes::TextOrNull },
    Property { name: "DISPLAY_NAME", takes: Takes::TextOrNull },
    Property { name: "TYPE", takes: Takes::Choice(TYPES) },
    Property { name: "LOGIN_NAME", takes: Takes::NameText },
    Property { name: "FIRST_NAME", takes: Takes::TextOrNull },
    Property { name: "MIDDLE_NAME", takes: Takes::TextOrNull },
    Property { name: "LAST_NAME", takes: Takes::TextOrNull },
    Property { name: "EMAIL", takes: Takes::TextOrNull },
    Property { name: "PASSWORD", takes: Takes::TextOrNull },
    Property { name: "MUST_CHANGE_PASSWORD", takes: Takes::Flag },
    Property { name: "DISABLED", takes: Takes::Flag },
    Property { name: "DAYS_TO_EXPIRY", takes: Takes::IntegerOrNull(-(i32::MAX as i64), i32::MAX as i64) },
    Property { name: "MINS_TO_UNLOCK", takes: Takes::IntegerOrNull(-(i32::MAX as i64), i32::MAX as i64) },
    Property { name: "DEFAULT_WAREHOUSE", takes: Takes::NameOrText },
    Property { name: "DEFAULT_NAMESPACE", takes: Takes::NameOrText },
    Property { name: "DEFAULT_ROLE", takes: Takes::NameOrText },
    Property { name: "DEFAULT_SECONDARY_ROLES", takes: Takes::Texts },
    Property { name: "MINS_TO_BYPASS_MFA", takes: Takes::IntegerOrNull(-(i32::MAX as i64), i32::MAX as i64) },
    Property { name: "RSA_PUBLIC_KEY", takes: Takes::TextOrNull },
    Property { name: "RSA_PUBLIC_KEY_2", takes: Takes::TextOrNull },
    Property { name: "WORKLOAD_IDENTITY", takes: Takes::Group(IDENTITY) },
    Property { name: "DISABLE_MFA", takes: Takes::Flag },
    // Known, and refused: fingerprints follow from the keys.
    Property { name: "RSA_PUBLIC_KEY_FP", takes: Takes::TextOrNull },
    Property { name: "RSA_PUBLIC_KEY_2_FP", takes: Takes::TextOrNull },
];

const TOKEN: &[Property] = &[
    Property { name: "ROLE_RESTRICTION", takes: Takes::NameOrText },
    Property { name: "DAYS_TO_EXPIRY", takes: Takes::Integer(1, 365) },
    Property { name: "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT", takes: Takes::Integer(1, 1440) },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
];
const ROTATION: &[Property] =
    &[Property { name: "EXPIRE_ROTATED_TOKEN_AFTER_HOURS", takes: Takes::Integer(0, 8760) }];
const TOKEN_CHANGES: &[Property] = &[
    Property { name: "DISABLED", takes: Takes::Boolean },
    Property { name: "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT", takes: Takes::Integer(1, 1440) },
    Property { name: "COMMENT", takes: Takes::TextOrNull },
];

fn property(name: &str) -> Option<&'static Property> {
    find(&[PROPERTIES], name).or_else(|| parameters::of(ObjectKind::User, name))
}

#[derive(Clone, Debug)]
pub(crate) struct CreateUser {
    pub(crate) how: How,
    pub(crate) name: String,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Vec<Tagging>,
}

#[derive(Clone, Debug)]
pub(crate) struct AlterUser {
    /// None: the current user.
    pub(crate) name: Option<String>,
    pub(crate) if_exists: bool,
    pub(crate) action: UserAction,
}

#[derive(Clone, Debug)]
pub(crate) enum UserAction {
    RenameTo(String),
    AbortAllQueries,
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
    SetTags(Vec<Tagging>),
    UnsetTags(Vec<Path>),
    /// Authentication, password or session policy; FORCE replaces another one.
    SetPolicy {
        kind: ObjectKind,
        policy: Path,
        force: bool,
    },
    UnsetPolicy(ObjectKind),
    AddToken {
        token: String,
        settings: Vec<Setting>,
    },
    RotateToken {
        token: String,
        settings: Vec<Setting>,
    },
    RemoveToken(String),
    ModifyToken {
        token: String,
        change: TokenChange,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum TokenChange {
    RenameTo(String),
    Set(Vec<Setting>),
    Unset(Vec<&'static Property>),
}

/// After `CREATE … USER`.
pub(crate) fn create(cursor: &mut Cursor, how: How) -> Result<Command, SqlError> {
    let how = how.or_if_not_exists(cursor)?;
    let name = cursor.identifier()?;
    let mut create = CreateUser { how, name, settings: Vec::new(), tags: Vec::new() };
    while !cursor.done() {
        if create.tags.is_empty() && (cursor.is("TAG") || cursor.takes("WITH")) {
            create.tags = tag::association(cursor)?;
        } else if let Some(property) = row(cursor, &property) {
            setting(cursor, property, &mut create.settings)?;
            cursor.takes_symbol(",");
        } else {
            return cursor.unexpected();
        }
    }
    Ok(Command::CreateUser(create))
}

/// After `ALTER USER`.
pub(crate) fn alter(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let if_exists = cursor.if_exists()?;
    let verbs = ["SET", "UNSET", "ADD", "ROTATE", "REMOVE", "MODIFY"];
    let next_is_verb = verbs.iter().any(|verb| cursor.is_at(1, verb))
        || ["RENAME", "ABORT", "RESET"].iter().any(|verb| cursor.is_at(1, verb));
    let nameless = !if_exists && verbs.iter().any(|verb| cursor.is(verb)) && !next_is_verb;
    let name = if nameless { None } else { Some(cursor.identifier()?) };
    let action = action(cursor)?;
    Ok(Command::AlterUser(AlterUser { name, if_exists, action }))
}

fn token(cursor: &mut Cursor) -> Result<String, SqlError> {
    if !cursor.takes("PAT") {
        cursor.expect("PROGRAMMATIC ACCESS TOKEN")?;
    }
    cursor.identifier()
}

/// The policies that a user may have.
const POLICIES: [ObjectKind; 3] =
    [ObjectKind::AuthenticationPolicy, ObjectKind::PasswordPolicy, ObjectKind::SessionPolicy];

fn policy_kind(cursor: &mut Cursor) -> Option<ObjectKind> {
    POLICIES.into_iter().find(|kind| cursor.takes(kind.singular()))
}

fn action(cursor: &mut Cursor) -> Result<UserAction, SqlError> {
    if cursor.takes("RENAME") {
        cursor.expect("TO")?;
        return cursor.identifier().map(UserAction::RenameTo);
    }
    if cursor.takes("ABORT") {
        cursor.expect("ALL QUERIES")?;
        return Ok(UserAction::AbortAllQueries);
    }
    if cursor.takes("ADD") {
        let token = token(cursor)?;
        let settings = settings(cursor, &|name| find(&[TOKEN], name))?;
        return Ok(UserAction::AddToken { token, settings });
    }
    if cursor.takes("ROTATE") {
        let token = token(cursor)?;
        let settings = settings(cursor, &|name| find(&[ROTATION], name))?;
        return Ok(UserAction::RotateToken { token, settings });
    }
    if cursor.takes("REMOVE") {
        return token(cursor).map(UserAction::RemoveToken);
    }
    if cursor.takes("MODIFY") {
        let token = token(cursor)?;
        let change = if cursor.takes("RENAME") {
            cursor.expect("TO")?;
            TokenChange::RenameTo(cursor.identifier()?)
        } else if cursor.takes("SET") {
            TokenChange::Set(some_settings(cursor, &|name| find(&[TOKEN_CHANGES], name))?)
        } else {
            cursor.expect("UNSET")?;
            TokenChange::Unset(unset(cursor, &|name| find(&[TOKEN_CHANGES], name))?)
        };
        return Ok(UserAction::ModifyToken { token, change });
    }
    if cursor.takes("SET") {
        if cursor.is("TAG") {
            return tag::set(cursor).map(UserAction::SetTags);
        }
        if let Some(kind) = policy_kind(cursor) {
            let policy = cursor.path()?;
            return Ok(UserAction::SetPolicy { kind, policy, force: cursor.takes("FORCE") });
        }
        return some_settings(cursor, &property).map(UserAction::Set);
    }
    if cursor.takes("UNSET") {
        if cursor.is("TAG") {
            return tag::unset(cursor).map(UserAction::UnsetTags);
        }
        if let Some(kind) = policy_kind(cursor) {
            return Ok(UserAction::UnsetPolicy(kind));
        }
        return unset(cursor, &property).map(UserAction::Unset);
    }
    cursor.unexpected()
}
