//! Programmatic access tokens.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{number, quoted, table, text, time};
use super::super::grants::Securable;
use super::{ProgrammaticAccessToken, User, token_hash};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::user::TokenChange;

const DAY: i64 = 86_400_000;

const HOUR: i64 = 3_600_000;

/// Nobody else can guess it: the one thing in the account that no statement determines.
fn new_secret() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

pub(super) fn token_at(user: &User, name: &str) -> Result<usize, SqlError> {
    user.tokens.iter().position(|token| token.name == name).ok_or_else(|| {
        SqlError::new(
            2003,
            "02000",
            format!("SQL execution error:\nProgrammatic access token {} not found", quoted(name)),
        )
    })
}

pub(super) fn rotate_token(
    user: &mut User,
    name: &str,
    settings: &[Setting],
    now: i64,
) -> Result<Rows, SqlError> {
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

pub(super) fn modify_token(user: &mut User, name: &str, change: &TokenChange) -> Result<(), SqlError> {
    let at = token_at(user, name)?;
    if let TokenChange::RenameTo(to) = change
        && token_at(user, to).is_ok()
    {
        return Err(SqlError::exists(quoted(to)));
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

impl Account {
    pub(crate) fn add_token(
        &self,
        context: &Context,
        user: &mut User,
        name: &str,
        settings: &[Setting],
        now: i64,
    ) -> Result<Rows, SqlError> {
        if user.tokens.iter().any(|token| token.name == name) {
            return Err(SqlError::exists(quoted(name)));
        }
        let role_restriction = match value_of(settings, "ROLE_RESTRICTION") {
            Some(Value::Path(path)) => {
                let role = path.join(".");
                self.role_id(&role)?;
                if !self.roles_of(&user.head.name).contains(&role) {
                    return Err(SqlError::absent("Role", quoted(&role)));
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
        let user = self.users.get(name).ok_or_else(|| SqlError::absent("User", quoted(name)))?;
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
}
