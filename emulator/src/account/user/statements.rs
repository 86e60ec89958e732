//! CREATE and ALTER USER.

use super::super::Account;
use super::super::answer::{executed, quoted, status};
use super::super::grants::Securable;
use super::super::store::Id;
use super::super::warehouse::Stored;
use super::tokens::{modify_token, rotate_token, token_at};
use super::{User, WorkloadIdentity, password_hash};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::How;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::user::{AlterUser, CreateUser, PROPERTIES, UserAction};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a person has and a service has not.
const PERSONAL: [&str; 5] = ["MINS_TO_BYPASS_MFA", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "DISABLE_MFA"];

const SERVICE_LACKS: [&str; 2] = ["PASSWORD", "MUST_CHANGE_PASSWORD"];

/// What a user may change of oneself.
fn is_personal(name: &str) -> bool {
    ["PASSWORD", "DISPLAY_NAME", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "EMAIL"].contains(&name)
        || name.starts_with("DEFAULT_")
        || crate::sql::parameters::of(crate::sql::ObjectKind::Session, name).is_some()
}

/// Base64 of a DER structure, without white space.
fn public_key(written: &str) -> Result<String, SqlError> {
    let key: String = written.chars().filter(|char| !char.is_whitespace()).collect();
    let refused = || {
        SqlError::new(
            3528,
            "22023",
            "SQL execution error:\nNew public key rejected by current policy. Reason: 'Invalid public key'",
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

fn workload_identity(group: &[Setting]) -> Result<WorkloadIdentity, SqlError> {
    let get = |name: &str| value_of(group, name).and_then(Value::text).map(str::to_owned);
    let missing = |name: &str| {
        SqlError::new(2029, "42601", format!("SQL compilation error:\nMissing option(s): [{name}]"))
    };
    let kind = get("TYPE").ok_or_else(|| missing("TYPE"))?;
    let needs: &[&str] = match kind.as_str() {
        "OIDC" | "AZURE" => &["ISSUER", "SUBJECT"],
        "GCP" => &["SUBJECT"],
        _ => &["ARN"],
    };
    if let Some(name) = needs.iter().find(|name| get(name).is_none_or(|value| value.is_empty())) {
        return Err(missing(name));
    }
    let audiences = match value_of(group, "OIDC_AUDIENCE_LIST") {
        Some(_) if kind != "OIDC" => {
            return Err(SqlError::invalid_property("OIDC_AUDIENCE_LIST", "WORKLOAD_IDENTITY"));
        }
        Some(Value::Names(audiences)) => audiences.clone(),
        _ => Vec::new(),
    };
    Ok(WorkloadIdentity {
        issuer: get("ISSUER").unwrap_or_default(),
        subject: get("SUBJECT").unwrap_or_default(),
        audiences,
        arn: get("ARN"),
        kind,
    })
}

impl Account {
    pub(crate) fn create_user(
        &mut self,
        context: &Context,
        create: &CreateUser,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = &create.name;
        let before = self.users.id(name);
        if let Some(id) = before {
            match create.how {
                How::Plain => return Err(SqlError::exists(quoted(name))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                _ => self.need(&access, Securable::User(id), &[])?,
            }
        }
        self.need_global(&access, "CREATE USER")?;
        let tags = self.tag_values(context, &access, &create.tags)?;
        let mut user = User::new(self.head(name, &access, now));
        user.tags = tags;
        Self::set_user(&mut user, &create.settings, now)?;
        self.unique_login(&user, before)?;
        if value_of(&create.settings, "DISABLE_MFA").is_some() {
            return Err(SqlError::invalid_property("DISABLE_MFA", "USER"));
        }
        if let Some(id) = before {
            self.drop_user(id);
        }
        self.users.put(user);
        Ok(status(format!("User {name} successfully created.")))
    }

    /// No two users sign in with one name.
    fn unique_login(&self, user: &User, but: Option<Id>) -> Result<(), SqlError> {
        let login = user.login_name();
        let taken = self
            .user_by_login(&login)
            .is_some_and(|other| other.head.id != user.head.id && Some(other.head.id) != but);
        if taken { Err(SqlError::exists(quoted(&login))) } else { Ok(()) }
    }

    pub(crate) fn drop_user(&mut self, id: Id) {
        self.users.remove(id);
        self.forget(Securable::User(id));
        for monitor in self.monitors.iter_mut() {
            monitor.notify_users.retain(|user| *user != id);
        }
    }

    fn set_user(user: &mut User, settings: &[Setting], now: i64) -> Result<(), SqlError> {
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
            let lacking = match kind.as_str() {
                "SERVICE" => PERSONAL.contains(&name) || SERVICE_LACKS.contains(&name),
                "LEGACY_SERVICE" => PERSONAL.contains(&name),
                _ => false,
            };
            if lacking && *value != Value::Null {
                return Err(SqlError::new(
                    1426,
                    "22023",
                    format!("SQL compilation error:\nCannot set {name} on users with TYPE={kind}."),
                ));
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
                    user.workload_identity = Some(workload_identity(group)?);
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
                ("DEFAULT_ROLE" | "DEFAULT_WAREHOUSE", Value::Path(path)) => {
                    user.properties.insert(name.to_owned(), Stored::Text(path.join(".")));
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

    pub(crate) fn alter_user(
        &mut self,
        context: &mut Context,
        alter: &AlterUser,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = alter.name.clone().unwrap_or_else(|| context.user.clone());
        let Some(id) = self.users.id(&name) else {
            return if alter.if_exists {
                Ok(executed())
            } else {
                Err(SqlError::absent("User", quoted(&name)))
            };
        };
        let on = Securable::User(id);
        let own = context.user == name;
        let credentials = ["MODIFY PROGRAMMATIC AUTHENTICATION METHODS"];
        match &alter.action {
            UserAction::AddToken { .. }
            | UserAction::RotateToken { .. }
            | UserAction::RemoveToken(_)
            | UserAction::ModifyToken { .. }
                if own => {}
            UserAction::AddToken { .. }
            | UserAction::RotateToken { .. }
            | UserAction::RemoveToken(_)
            | UserAction::ModifyToken { .. } => self.need(&access, on, &credentials)?,
            UserAction::Set(settings)
                if own && settings.iter().all(|setting| is_personal(setting.property.name)) => {}
            UserAction::Unset(properties)
                if own && properties.iter().all(|property| is_personal(property.name)) => {}
            _ => self.need(&access, on, &[])?,
        }
        let Some(mut user) = self.users.by_id(id).cloned() else { return Err(SqlError::impossible()) };
        let answer = match &alter.action {
            UserAction::RenameTo(to) => {
                if self.users.id(to).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(quoted(to)));
                }
                self.users.rename(id, to);
                if own {
                    context.user.clone_from(to);
                }
                return Ok(executed());
            }
            UserAction::AbortAllQueries => executed(),
            UserAction::Set(settings) => {
                Self::set_user(&mut user, settings, now)?;
                self.unique_login(&user, None)?;
                executed()
            }
            UserAction::Unset(properties) => {
                for property in properties {
                    match property.name {
                        "COMMENT" => user.head.comment.clear(),
                        "PASSWORD" => user.password_hash = None,
                        "WORKLOAD_IDENTITY" => user.workload_identity = None,
                        name if name.ends_with("_FP") => {
                            return Err(SqlError::invalid_property(name, "USER"));
                        }
                        name => {
                            user.properties.remove(name);
                            user.parameters.remove(name);
                            user.properties.remove(&format!("{name}_LAST_SET_TIME"));
                        }
                    }
                }
                executed()
            }
            UserAction::SetTags(tags) => {
                user.tags.extend(self.tag_values(context, &access, tags)?);
                executed()
            }
            UserAction::UnsetTags(tags) => {
                let ids = self.tag_ids(context, &access, tags)?;
                user.tags.retain(|tag, _| !ids.contains(tag));
                executed()
            }
            UserAction::AddToken { token, settings } => {
                self.add_token(context, &mut user, token, settings, now)?
            }
            UserAction::RotateToken { token, settings } => rotate_token(&mut user, token, settings, now)?,
            UserAction::RemoveToken(token) => {
                let at = token_at(&user, token)?;
                user.tokens.remove(at);
                status(format!("Programmatic access token {token} successfully removed."))
            }
            UserAction::ModifyToken { token, change } => {
                modify_token(&mut user, token, change)?;
                executed()
            }
        };
        self.users.put(user);
        Ok(answer)
    }
}
