//! DESCRIBE PASSWORD POLICY (docs: desc-password-policy).

use super::super::Account;
use super::super::answer::{table, text};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;

/// (property, its default, what it says): the defaults of create-password-policy.
const PASSWORDS: [(&str, &str, &str); 11] = [
    ("PASSWORD_MIN_LENGTH", "14", "Minimum length of new password."),
    ("PASSWORD_MAX_LENGTH", "256", "Maximum length of new password."),
    ("PASSWORD_MIN_UPPER_CASE_CHARS", "1", "Minimum number of uppercase characters in new password."),
    ("PASSWORD_MIN_LOWER_CASE_CHARS", "1", "Minimum number of lowercase characters in new password."),
    ("PASSWORD_MIN_NUMERIC_CHARS", "1", "Minimum number of numeric characters in new password."),
    ("PASSWORD_MIN_SPECIAL_CHARS", "0", "Minimum number of special characters in new password."),
    (
        "PASSWORD_MIN_AGE_DAYS",
        "0",
        "Period after a password is changed during which a password cannot be changed again, in days.",
    ),
    ("PASSWORD_MAX_AGE_DAYS", "90", "Period after which password must be changed, in days."),
    (
        "PASSWORD_MAX_RETRIES",
        "5",
        "Number of attempts users have to enter the correct password before their account is locked.",
    ),
    (
        "PASSWORD_LOCKOUT_TIME_MINS",
        "15",
        "Period of time for which users will be locked after entering their password incorrectly many times (specified by MAX_RETRIES), in minutes.",
    ),
    ("PASSWORD_HISTORY", "5", "Number of most recent passwords that may not be repeated by the user."),
];

impl Account {
    pub(crate) fn describe_password_policy(
        &self,
        context: &Context,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, ObjectKind::PasswordPolicy, path)?;
        let policy = self.plain_at(on).ok_or_else(SqlError::impossible)?;
        let mut rows =
            table(&["property", "value", "default", "description"].map(|name| (name, ColumnType::Text)));
        let owner = self.role_name(policy.head.owner);
        let heads = [
            ("NAME", policy.head.name.as_str(), "Name of password policy."),
            ("OWNER", owner, "Owner of password policy."),
            (
                "COMMENT",
                policy.head.comment.as_str(),
                "User comment associated with an object in the dictionary.",
            ),
        ];
        let head =
            |(name, value, what): (&str, &str, &str)| vec![text(name), text(value), text("null"), text(what)];
        rows.rows.extend(heads.map(head));
        for (name, default, what) in PASSWORDS {
            rows.rows.push(vec![
                text(name),
                text(policy.text(name).unwrap_or(default)),
                text(default),
                text(what),
            ]);
        }
        Ok(rows)
    }
}
