//! Statements on users and their programmatic access tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Account;
use super::access::Access;
use super::answer::{Cell, boolean, column, display, executed, number, quoted, status, table, text, time};
use super::grants::Securable;
use super::store::Id;
use super::user::{ProgrammaticAccessToken, User, WorkloadIdentity, password_hash, token_hash};
use super::warehouse::Stored;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::How;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::user::{AlterUser, CreateUser, PROPERTIES, TokenChange, UserAction};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

/// What a person has and a service has not.
const PERSONAL: [&str; 5] = ["MINS_TO_BYPASS_MFA", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "DISABLE_MFA"];
const SERVICE_LACKS: [&str; 2] = ["PASSWORD", "MUST_CHANGE_PASSWORD"];

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
                How::Plain => return Err(SqlError::exists(display(&[name.clone()]))),
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
        self.set_user(&mut user, &create.settings, now)?;
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
        if taken { Err(SqlError::exists(display(&[login]))) } else { Ok(()) }
    }

    pub(crate) fn drop_user(&mut self, id: Id) {
        self.users.remove(id);
        self.forget(Securable::User(id));
        for monitor in self.monitors.iter_mut() {
            monitor.notify_users.retain(|user| *user != id);
        }
    }

    fn set_user(&self, user: &mut User, settings: &[Setting], now: i64) -> Result<(), SqlError> {
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
                Err(SqlError::absent("User", display(&[name])))
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
                    return Err(SqlError::exists(display(&[to.clone()])));
                }
                self.users.rename(id, to);
                if own {
                    context.user.clone_from(to);
                }
                return Ok(executed());
            }
            UserAction::AbortAllQueries => executed(),
            UserAction::Set(settings) => {
                self.set_user(&mut user, settings, now)?;
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

    fn add_token(
        &self,
        context: &Context,
        user: &mut User,
        name: &str,
        settings: &[Setting],
        now: i64,
    ) -> Result<Rows, SqlError> {
        if user.tokens.iter().any(|token| token.name == name) {
            return Err(SqlError::exists(display(&[name.to_owned()])));
        }
        let role_restriction = match value_of(settings, "ROLE_RESTRICTION") {
            Some(Value::Path(path)) => {
                let role = path.join(".");
                self.role_id(&role)?;
                if !self.roles_of(&user.head.name).contains(&role) {
                    return Err(SqlError::absent("Role", display(&[role])));
                }
                Some(role)
            }
            _ => None,
        };
        let days = value_of(settings, "DAYS_TO_EXPIRY").and_then(Value::integer).unwrap_or(15);
        let secret = new_secret();
        user.tokens.push(ProgrammaticAccessToken {
            name: name.to_owned(),
            hash: token_hash(&secret),
            created_on: now,
            expires_at: now + days * DAY,
            role_restriction,
            disabled: false,
            mins_to_bypass_network_policy_requirement: value_of(
                settings,
                "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT",
            )
            .and_then(Value::integer),
            comment: value_of(settings, "COMMENT").and_then(Value::text).unwrap_or_default().to_owned(),
            created_by: context.user.clone(),
            rotated_to: None,
        });
        let mut rows = table(&[("token_name", ColumnType::Text), ("token_secret", ColumnType::Text)]);
        rows.rows.push(vec![text(name), text(secret)]);
        Ok(rows)
    }

    /// SHOW USER PROGRAMMATIC ACCESS TOKENS (docs: show-user-programmatic-access-tokens).
    pub(crate) fn show_tokens(
        &self,
        context: &Context,
        access: &Access,
        user: Option<&str>,
        now: i64,
    ) -> Result<Rows, SqlError> {
        use ColumnType::{Fixed, Text, TimestampLtz};
        let name = user.unwrap_or(&context.user);
        let user =
            self.users.get(name).ok_or_else(|| SqlError::absent("User", display(&[name.to_owned()])))?;
        if context.user != name {
            self.need(
                access,
                Securable::User(user.head.id),
                &["MODIFY PROGRAMMATIC AUTHENTICATION METHODS"],
            )?;
        }
        let mut rows = table(&[
            ("name", Text),
            ("user_name", Text),
            ("role_restriction", Text),
            ("expires_at", TimestampLtz),
            ("status", Text),
            ("comment", Text),
            ("created_on", TimestampLtz),
            ("created_by", Text),
            ("mins_to_bypass_network_policy_requirement", Fixed),
            ("rotated_to", Text),
        ]);
        for token in &user.tokens {
            rows.rows.push(vec![
                text(&token.name),
                text(&user.head.name),
                token.role_restriction.clone(),
                time(token.expires_at),
                text(match token {
                    token if token.expires_at <= now => "EXPIRED",
                    token if token.disabled => "DISABLED",
                    _ => "ACTIVE",
                }),
                (!token.comment.is_empty()).then(|| token.comment.clone()),
                time(token.created_on),
                text(&token.created_by),
                token.mins_to_bypass_network_policy_requirement.and_then(number),
                token.rotated_to.clone(),
            ]);
        }
        Ok(rows)
    }

    /// The columns of SHOW USERS (docs: show-users).
    pub(crate) fn user_columns(terse: bool) -> Rows {
        use ColumnType::{Text, TimestampLtz};
        let times = ["created_on", "last_success_login", "expires_at_time", "locked_until_time"];
        let mut rows = Rows::default();
        for name in USER_COLUMNS {
            if !terse || TERSE_COLUMNS.contains(&name) {
                rows.columns.push(column(name, if times.contains(&name) { TimestampLtz } else { Text }));
            }
        }
        rows
    }

    /// Who may not manage the user sees the name and little else.
    pub(crate) fn user_row(&self, access: &Access, context: &Context, user: &User, terse: bool) -> Vec<Cell> {
        let head = &user.head;
        let on = Securable::User(head.id);
        let full = self.may(access, on, &["MONITOR"])
            || self.global(access, "MANAGE GRANTS")
            || context.user == head.name;
        let secondary = user.text("DEFAULT_SECONDARY_ROLES").unwrap_or("[\"ALL\"]");
        USER_COLUMNS
            .iter()
            .filter(|name| !terse || TERSE_COLUMNS.contains(name))
            .map(|name| match *name {
                "name" => text(&head.name),
                "created_on" => time(head.created_on),
                "owner" => text(self.role_name(head.owner)),
                "display_name" => text(user.text("DISPLAY_NAME").unwrap_or(&head.name)),
                _ if !full => None,
                "login_name" => text(user.login_name()),
                "comment" => text(&head.comment),
                "disabled" => boolean(user.disabled()),
                "must_change_password" => {
                    boolean(user.properties.get("MUST_CHANGE_PASSWORD") == Some(&Stored::Boolean(true)))
                }
                "snowflake_lock" | "ext_authn_duo" | "has_mfa" => boolean(false),
                "default_secondary_roles" => text(secondary),
                "mins_to_bypass_mfa" | "mins_to_unlock" => minutes(user, name),
                "expires_at_time" | "locked_until_time" => None,
                "last_success_login" => user.last_login.and_then(time),
                "has_password" => boolean(user.password_hash.is_some()),
                "has_rsa_public_key" => {
                    boolean(user.rsa_public_key().is_some() || user.rsa_public_key_2().is_some())
                }
                "has_pat" => boolean(!user.tokens.is_empty()),
                "has_workload_identity" => boolean(user.workload_identity.is_some()),
                "ext_authn_uid" | "email" | "first_name" | "last_name" | "default_warehouse"
                | "default_namespace" | "default_role" => {
                    text(user.text(&name.to_uppercase()).unwrap_or_default())
                }
                name => user.properties.get(&name.to_uppercase()).and_then(Stored::cell),
            })
            .collect()
    }

    /// DESCRIBE USER (docs: desc-user): property, value, default, description; what is not set is the text `null`.
    pub(crate) fn describe_user(
        &self,
        access: &Access,
        context: &Context,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let absent = || SqlError::absent("User", display(path));
        let user = path
            .last()
            .filter(|_| path.len() == 1)
            .and_then(|name| self.users.get(name))
            .ok_or_else(absent)?;
        if context.user != user.head.name {
            self.need(access, Securable::User(user.head.id), &["MONITOR"])?;
        }
        let mut rows = table(&[
            ("property", ColumnType::Text),
            ("value", ColumnType::Text),
            ("default", ColumnType::Text),
            ("description", ColumnType::Text),
        ]);
        for (property, default, description) in DESCRIBED {
            let value = match *property {
                "NAME" => text(&user.head.name),
                "COMMENT" => (!user.head.comment.is_empty()).then(|| user.head.comment.clone()),
                "LOGIN_NAME" => text(user.login_name()),
                "DISPLAY_NAME" => text(user.text("DISPLAY_NAME").unwrap_or(&user.head.name)),
                "PASSWORD" => user.password_hash.as_ref().map(|_| "********".into()),
                "DISABLED" => boolean(user.disabled()),
                "DEFAULT_SECONDARY_ROLES" => {
                    text(user.text("DEFAULT_SECONDARY_ROLES").unwrap_or("[\"ALL\"]"))
                }
                "HAS_WORKLOAD_IDENTITY" => boolean(user.workload_identity.is_some()),
                "MINS_TO_BYPASS_MFA" | "MINS_TO_UNLOCK" => minutes(user, property),
                "RSA_PUBLIC_KEY_FP" => user.rsa_public_key().and_then(fingerprint),
                "RSA_PUBLIC_KEY_2_FP" => user.rsa_public_key_2().and_then(fingerprint),
                "PASSWORD_LAST_SET_TIME"
                | "RSA_PUBLIC_KEY_LAST_SET_TIME"
                | "RSA_PUBLIC_KEY_2_LAST_SET_TIME" => match user.properties.get(*property) {
                    Some(Stored::Integer(at)) => {
                        jiff::Timestamp::from_millisecond(*at).ok().map(|at| at.to_string())
                    }
                    _ => None,
                },
                property => user.properties.get(property).and_then(Stored::cell),
            };
            rows.rows.push(vec![
                text(*property),
                text(value.unwrap_or_else(|| (*default).to_owned())),
                text(*default),
                text(*description),
            ]);
        }
        Ok(rows)
    }
}

const USER_COLUMNS: [&str; 30] = [
    "name",
    "created_on",
    "login_name",
    "display_name",
    "first_name",
    "last_name",
    "email",
    "mins_to_unlock",
    "days_to_expiry",
    "comment",
    "disabled",
    "must_change_password",
    "snowflake_lock",
    "default_warehouse",
    "default_namespace",
    "default_role",
    "default_secondary_roles",
    "ext_authn_duo",
    "ext_authn_uid",
    "mins_to_bypass_mfa",
    "owner",
    "last_success_login",
    "expires_at_time",
    "locked_until_time",
    "has_password",
    "has_rsa_public_key",
    "type",
    "has_mfa",
    "has_pat",
    "has_workload_identity",
];
const TERSE_COLUMNS: [&str; 8] = [
    "name",
    "created_on",
    "display_name",
    "first_name",
    "last_name",
    "email",
    "has_password",
    "has_rsa_public_key",
];

const DESCRIBED: &[(&str, &str, &str)] = &[
    ("NAME", "null", "Name"),
    ("COMMENT", "null", "user comment associated to an object in the dictionary"),
    ("DISPLAY_NAME", "null", "Display name of the associated object"),
    ("TYPE", "null", "Type of the user"),
    ("LOGIN_NAME", "null", "Login name of the user"),
    ("FIRST_NAME", "null", "First name of the user"),
    ("MIDDLE_NAME", "null", "Middle name of the user"),
    ("LAST_NAME", "null", "Last name of the user"),
    ("EMAIL", "null", "Email address of the user"),
    ("PASSWORD", "null", "Password of the user"),
    ("MUST_CHANGE_PASSWORD", "false", "User must change the password"),
    ("DISABLED", "false", "Whether the user is disabled"),
    ("SNOWFLAKE_LOCK", "false", "Whether the user or account is locked by Snowflake"),
    ("SNOWFLAKE_SUPPORT", "false", "Snowflake Support is allowed to use the user or account"),
    ("DAYS_TO_EXPIRY", "null", "User record will be treated as expired after this many days"),
    ("MINS_TO_UNLOCK", "null", "Temporary lock on the user will be removed after this many minutes"),
    ("DEFAULT_WAREHOUSE", "null", "Default warehouse for this user"),
    ("DEFAULT_NAMESPACE", "null", "Default database namespace prefix for this user"),
    ("DEFAULT_ROLE", "null", "Primary principal of the user session"),
    ("DEFAULT_SECONDARY_ROLES", "[\"ALL\"]", "The secondary roles of the user session"),
    ("EXT_AUTHN_DUO", "false", "Whether Duo Security is enabled as second factor"),
    ("EXT_AUTHN_UID", "null", "External authentication identifier of the user"),
    ("HAS_MFA", "false", "Whether the user is enrolled for multi-factor authentication"),
    ("MINS_TO_BYPASS_MFA", "null", "Temporarily bypass MFA for the user for this many minutes"),
    ("MINS_TO_BYPASS_NETWORK_POLICY", "null", "Temporarily bypass the network policy for this many minutes"),
    ("RSA_PUBLIC_KEY", "null", "RSA public key of the user"),
    ("RSA_PUBLIC_KEY_FP", "null", "Fingerprint of the RSA public key"),
    ("RSA_PUBLIC_KEY_LAST_SET_TIME", "null", "When the RSA public key was set"),
    ("RSA_PUBLIC_KEY_2", "null", "Second RSA public key of the user"),
    ("RSA_PUBLIC_KEY_2_FP", "null", "Fingerprint of the second RSA public key"),
    ("RSA_PUBLIC_KEY_2_LAST_SET_TIME", "null", "When the second RSA public key was set"),
    ("PASSWORD_LAST_SET_TIME", "null", "When the password was set"),
    ("CUSTOM_LANDING_PAGE_URL", "null", "Where the user lands after signing in"),
    ("CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD", "false", "Whether the landing page is read anew"),
    ("HAS_WORKLOAD_IDENTITY", "false", "Whether the user has a workload identity"),
];

/// What a user may change of oneself.
fn is_personal(name: &str) -> bool {
    ["PASSWORD", "DISPLAY_NAME", "FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "EMAIL"].contains(&name)
        || name.starts_with("DEFAULT_")
        || crate::sql::parameters::of(crate::sql::ObjectKind::Session, name).is_some()
}

/// Whole minutes that are left: the first is running.
fn minutes(user: &User, name: &str) -> Cell {
    match user.properties.get(&name.to_uppercase()) {
        Some(Stored::Integer(minutes)) => number(minutes - 1),
        _ => None,
    }
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

/// `SHA256:` and the base64 of the digest of the DER form.
fn fingerprint(key: &str) -> Option<String> {
    use sha2::Digest;
    let der = STANDARD.decode(key).ok()?;
    Some(format!("SHA256:{}", STANDARD.encode(sha2::Sha256::digest(der))))
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

/// Nobody else can guess it: the one thing in the account that no statement determines.
fn new_secret() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

fn token_at(user: &User, name: &str) -> Result<usize, SqlError> {
    user.tokens.iter().position(|token| token.name == name).ok_or_else(|| {
        SqlError::new(
            2003,
            "02000",
            format!("SQL execution error:\nProgrammatic access token {} not found", quoted(name)),
        )
    })
}

fn rotate_token(user: &mut User, name: &str, settings: &[Setting], now: i64) -> Result<Rows, SqlError> {
    let at = token_at(user, name)?;
    if user.tokens[at].expires_at <= now {
        return Err(SqlError::new(
            2003,
            "02000",
            format!("SQL execution error:\nProgrammatic access token {name} has expired"),
        ));
    }
    let hours = value_of(settings, "EXPIRE_ROTATED_TOKEN_AFTER_HOURS").and_then(Value::integer).unwrap_or(24);
    let secret = new_secret();
    let mut fresh = user.tokens[at].clone();
    let life = fresh.expires_at - fresh.created_on;
    fresh.hash = token_hash(&secret);
    (fresh.created_on, fresh.expires_at) = (now, now + life);
    let old = &mut user.tokens[at];
    old.name = format!("{name}_ROTATED_{now}");
    old.expires_at = old.expires_at.min(now + hours * HOUR);
    old.rotated_to = Some(name.to_owned());
    let rotated = old.name.clone();
    user.tokens.push(fresh);
    let mut rows = table(&[
        ("token_name", ColumnType::Text),
        ("token_secret", ColumnType::Text),
        ("rotated_token_name", ColumnType::Text),
    ]);
    rows.rows.push(vec![text(name), text(secret), text(rotated)]);
    Ok(rows)
}

fn modify_token(user: &mut User, name: &str, change: &TokenChange) -> Result<(), SqlError> {
    let at = token_at(user, name)?;
    if let TokenChange::RenameTo(to) = change
        && token_at(user, to).is_ok()
    {
        return Err(SqlError::exists(display(&[to.clone()])));
    }
    let token = &mut user.tokens[at];
    match change {
        TokenChange::RenameTo(to) => to.clone_into(&mut token.name),
        TokenChange::Set(settings) => {
            for Setting { property, value } in settings {
                match property.name {
                    "DISABLED" => token.disabled = value.boolean().unwrap_or_default(),
                    "COMMENT" => value.text().unwrap_or_default().clone_into(&mut token.comment),
                    _ => token.mins_to_bypass_network_policy_requirement = value.integer(),
                }
            }
        }
        TokenChange::Unset(properties) => {
            for property in properties {
                match property.name {
                    "DISABLED" => token.disabled = false,
                    "COMMENT" => token.comment.clear(),
                    _ => token.mins_to_bypass_network_policy_requirement = None,
                }
            }
        }
    }
    Ok(())
}
