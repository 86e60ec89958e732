//! What SET and CREATE do to a user's properties, and what UNSET takes away.

use super::super::Account;
use super::super::warehouse::Stored;
use super::identity::workload_identity;
use super::{User, password_hash};
use crate::error::SqlError;
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::user::PROPERTIES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a person has and a service has not.
const PERSONAL: [&str; 5] = ["MINS_TO_BYPASS_MFA", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "DISABLE_MFA"];

const SERVICE_LACKS: [&str; 2] = ["PASSWORD", "MUST_CHANGE_PASSWORD"];

/// Does a user of this type not have the property?
fn lacks(kind: &str, name: &str) -> bool {
    match kind {
        "SERVICE" => PERSONAL.contains(&name) || SERVICE_LACKS.contains(&name),
        "LEGACY_SERVICE" => PERSONAL.contains(&name),
        _ => false,
    }
}

/// `001426`
fn cannot_set(name: &str, kind: &str) -> SqlError {
    SqlError::new(
        1426,
        "22023",
        format!("SQL compilation error:\nCannot set {name} on users with TYPE={kind}."),
    )
}

/// UNSET of these is a SET to FALSE, and is refused where that is.
const UNSET_SETS: [&str; 2] = ["MUST_CHANGE_PASSWORD", "DISABLE_MFA"];

/// Base64 of a DER structure, without white space.
fn public_key(written: &str) -> Result<String, SqlError> {
    let key: String = written.chars().filter(|char| !char.is_whitespace()).collect();
    let refused = || {
        SqlError::new(
            3528,
            "22023",
            "SQL execution error:\nNew public key rejected by current policy. Reason: 'Invalid Public key'",
        )
    };
    let der = STANDARD.decode(&key).map_err(|_| refused())?;
    let length = match der.as_slice() {
        [0x30, short @ 0..=0x7f, ..] => usize::from(*short) + 2,
        [0x30, 0x81, length, ..] => usize::from(*length) + 3,
        [0x30, 0x82, high, low, ..] => (usize::from(*high) << 8) + usize::from(*low) + 4,
        _ => 0,
    };
    if length == der.len() { Ok(key) } else { Err(refused()) }
}

impl Account {
    pub(super) fn set_user(&self, user: &mut User, settings: &[Setting], now: i64) -> Result<(), SqlError> {
        let kind = value_of(settings, "TYPE")
            .and_then(Value::text)
            .or_else(|| user.text("TYPE"))
            .unwrap_or_default()
            .to_owned();
        for Setting { property, value } in settings {
            let name = property.name;
            if name.ends_with("_FP") {
                return Err(SqlError::invalid_property(name, "USER"));
            }
            if lacks(&kind, name) && *value != Value::Null {
                return Err(cannot_set(name, &kind));
            }
            if user.set_lasting(name, value.integer(), now) {
                continue;
            }
            match (name, value) {
                ("COMMENT", value) => value.text().unwrap_or_default().clone_into(&mut user.head.comment),
                ("PASSWORD", value) => {
                    user.password_hash = match value.text() {
                        Some(password) if password.chars().count() < 8 || password.chars().count() > 256 => {
                            return Err(SqlError::new(
                                3002,
                                "28P01",
                                "SQL execution error: Password does not match the minimum requirements: it must have between 8 and 256 characters.",
                            ));
                        }
                        Some(password) => Some(password_hash(user.head.id, password)),
                        None => None,
                    };
                    user.properties.insert("PASSWORD_LAST_SET_TIME".into(), Stored::Integer(now));
                }
                ("WORKLOAD_IDENTITY", Value::Group(group)) => {
                    user.workload_identity = Some(workload_identity(group, now)?);
                }
                ("RSA_PUBLIC_KEY" | "RSA_PUBLIC_KEY_2", Value::Text(key)) => {
                    let key = public_key(key)?;
                    user.properties.insert(name.to_owned(), Stored::Text(key));
                    user.properties.insert(format!("{name}_LAST_SET_TIME"), Stored::Integer(now));
                }
                ("DEFAULT_SECONDARY_ROLES", Value::Names(roles)) => {
                    if !roles.is_empty() && roles.as_slice() != ["ALL"] {
                        return Err(SqlError::invalid_value(roles.join(", "), name));
                    }
                    let text = if roles.is_empty() { "[]" } else { "[\"ALL\"]" };
                    user.properties.insert(name.to_owned(), Stored::Text(text.into()));
                }
                ("LOGIN_NAME", value) => {
                    if let Some(login) = value.text() {
                        user.properties.insert(name.to_owned(), Stored::Text(login.to_uppercase()));
                    } else {
                        user.properties.remove(name);
                    }
                }
                ("DEFAULT_ROLE" | "DEFAULT_WAREHOUSE" | "DEFAULT_NAMESPACE", Value::Path(path)) => {
                    user.properties.insert(name.to_owned(), Stored::Text(path.join(".")));
                }
                ("NETWORK_POLICY", Value::Text(policy)) => {
                    self.network_policy(policy)?;
                    user.parameters.insert(name.to_owned(), Stored::Text(policy.clone()));
                }
                _ if !PROPERTIES.iter().any(|known| known.name == name) => match Stored::from(value) {
                    Stored::Null => {
                        user.parameters.remove(name);
                    }
                    stored => {
                        user.parameters.insert(name.to_owned(), stored);
                    }
                },
                (_, value) => match Stored::from(value) {
                    Stored::Null => {
                        user.properties.remove(name);
                    }
                    Stored::Integer(number) if number <= 0 => {
                        user.properties.remove(name);
                    }
                    stored => {
                        user.properties.insert(name.to_owned(), stored);
                    }
                },
            }
        }
        Ok(())
    }

    pub(super) fn unset_user(user: &mut User, properties: &[&'static Property]) -> Result<(), SqlError> {
        let kind = user.text("TYPE").unwrap_or_default().to_owned();
        for property in properties {
            let name = property.name;
            if UNSET_SETS.contains(&name) && lacks(&kind, name) {
                return Err(cannot_set(name, &kind));
            }
            match name {
                "COMMENT" => user.head.comment.clear(),
                "PASSWORD" => user.password_hash = None,
                "WORKLOAD_IDENTITY" => user.workload_identity = None,
                name if name.ends_with("_FP") => {
                    return Err(SqlError::invalid_property(name, "USER"));
                }
                name => {
                    user.set_lasting(name, None, 0);
                    user.properties.remove(name);
                    user.parameters.remove(name);
                    user.properties.remove(&format!("{name}_LAST_SET_TIME"));
                }
            }
        }
        Ok(())
    }
}
