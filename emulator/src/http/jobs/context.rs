//! The session that a request or a sign-in begins: the user's defaults, and what was asked for instead.

use std::collections::BTreeMap;

use super::Speaker;
use crate::context::Context;
use crate::emulator::Emulator;
use crate::state::Failure;

/// What is asked for instead of the user's defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) role: Option<String>,
    pub(crate) warehouse: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) schema: Option<String>,
    /// Whether all of the user's roles count. What the user's default says when not given.
    pub(crate) secondary_roles_all: Option<bool>,
    /// Session parameters, upper-case names.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Finds the role and the rest of the session.
///
/// # Errors
///
/// `390189`, `390187`, `390317`: a role that the user or the credential does not have.
pub(crate) fn context(emulator: &Emulator, speaker: &Speaker, wishes: Wishes) -> Result<Context, Failure> {
    let identity = &speaker.identity;
    let account = emulator.lock();
    let user = account
        .user(&identity.user)
        .ok_or_else(|| Failure::new(390_100, "08004", "Incorrect username or password was specified."))?;
    let granted = account.roles_of(&identity.user);
    let has = |role: &str| role == "PUBLIC" || granted.iter().any(|granted| granted == role);
    let allowed = |role: &str| identity.only_role.as_ref().is_none_or(|only| only == role);
    let role = match (wishes.role.as_deref(), identity.only_role.as_deref(), user.default_role()) {
        (Some(role), _, _) if !has(role) => {
            return Err(Failure::new(
                390_189,
                "08004",
                format!(
                    "Role '{role}' specified in the connect string does not exist or not authorized. Contact your \
                     local system administrator, or attempt to login with another role, e.g. PUBLIC."
                ),
            ));
        }
        (Some(role), _, _) if !allowed(role) => {
            return Err(Failure::new(
                390_189,
                "08004",
                format!(
                    "Role '{role}' specified in the connect string is not granted to this user, or is not permitted \
                     for the credentials being used. Contact your local system administrator, or attempt to login \
                     with another role, e.g. PUBLIC."
                ),
            ));
        }
        (Some(role), _, _) => role.to_owned(),
        (None, Some(only), _) => {
            if !has(only) {
                return Err(Failure::new(
                    390_317,
                    "08004",
                    format!(
                        "The role requested in the connection, or the default role if none was requested in the \
                         connection ('{only}'), is not granted to the user."
                    ),
                ));
            }
            only.to_owned()
        }
        (None, None, Some(default)) => {
            if !has(default) {
                return Err(Failure::new(
                    390_187,
                    "08004",
                    format!(
                        "User's configured default role '{default}' is not granted to this user. Contact your local \
                         system administrator, or attempt to login using a CLI client with a connect string \
                         selecting another role, e.g. PUBLIC."
                    ),
                ));
            }
            default.to_owned()
        }
        (None, None, None) => "PUBLIC".into(),
    };
    let all_secondary = wishes.secondary_roles_all.unwrap_or_else(|| user.default_secondary_roles_all());
    let namespace = user.default_namespace().filter(|_| wishes.database.is_none());
    let (default_database, default_schema) = match namespace.map(|namespace| namespace.split_once('.')) {
        None => (None, None),
        Some(None) => (namespace.map(str::to_owned), None),
        Some(Some((database, schema))) => (Some(database.to_owned()), Some(schema.to_owned())),
    };
    Ok(Context {
        user: identity.user.clone(),
        role: Some(role),
        secondary_roles_all: identity.only_role.is_none() && all_secondary,
        only_role: identity.only_role.clone(),
        warehouse: wishes.warehouse.or_else(|| user.default_warehouse().map(str::to_owned)),
        database: wishes.database.or(default_database),
        schema: wishes.schema.or(default_schema),
        parameters: wishes.parameters,
        client: speaker.client.clone(),
        session_id: emulator.next_session(),
        results: Some(emulator.results()),
        ..Context::default()
    })
}
