//! SHOW USERS and DESCRIBE USER.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, boolean, column, display, table, text, time};
use super::super::grants::Securable;
use super::super::warehouse::Stored;
use super::User;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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

/// `SHA256:` and the base64 of the digest of the DER form.
fn fingerprint(key: &str) -> Option<String> {
    use sha2::Digest;
    let der = STANDARD.decode(key).ok()?;
    Some(format!("SHA256:{}", STANDARD.encode(sha2::Sha256::digest(der))))
}

impl Account {
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
    pub(crate) fn user_row(
        &self,
        access: &Access,
        context: &Context,
        user: &User,
        (terse, now): (bool, i64),
    ) -> Vec<Cell> {
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
                "expires_at_time" | "locked_until_time" => user.moment_cell(name),
                _ if !full => None,
                "login_name" => text(user.login_name()),
                "comment" => text(&head.comment),
                "disabled" => boolean(user.disabled()),
                "must_change_password" => {
                    boolean(user.properties.get("MUST_CHANGE_PASSWORD") == Some(&Stored::Boolean(true)))
                }
                "snowflake_lock" | "ext_authn_duo" | "has_mfa" => boolean(false),
                "default_secondary_roles" => text(secondary),
                "mins_to_bypass_mfa" | "mins_to_unlock" | "days_to_expiry" => {
                    user.left(&name.to_uppercase(), now)
                }
                "type" => text(user.text("TYPE").unwrap_or("PERSON")),
                "last_success_login" => user.last_login.and_then(time),
                "has_password" => boolean(user.password_hash.is_some()),
                "has_rsa_public_key" => {
                    boolean(user.rsa_public_key().is_some() || user.rsa_public_key_2().is_some())
                }
                "has_pat" => boolean(!user.tokens.is_empty()),
                "has_workload_identity" => boolean(user.workload_identity.is_some()),
                "ext_authn_uid" | "display_name" | "email" | "first_name" | "last_name"
                | "default_warehouse" | "default_namespace" | "default_role" => {
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
        now: i64,
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
                "PASSWORD" => user.password_hash.as_ref().map(|_| "********".into()),
                "DISABLED" => boolean(user.disabled()),
                "DEFAULT_SECONDARY_ROLES" => {
                    text(user.text("DEFAULT_SECONDARY_ROLES").unwrap_or("[\"ALL\"]"))
                }
                "HAS_WORKLOAD_IDENTITY" => boolean(user.workload_identity.is_some()),
                "MINS_TO_BYPASS_MFA" | "MINS_TO_UNLOCK" | "DAYS_TO_EXPIRY" => user.left(property, now),
                "TYPE" => text(user.text("TYPE").unwrap_or("PERSON")),
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
