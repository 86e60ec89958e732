//! Why a token is refused, as Snowflake answers it: HTTP 401 with a code and a message.

use uuid::Uuid;

/// A refused credential.
///
/// `code` and `message` are what the client gets. `reason` is for people who debug against the emulator: it goes to
/// the log and into the header `x-snowfence-reason`, named after the kinds that `SYSTEM$GET_LOGIN_FAILURE_DETAILS`
/// knows where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
    pub reason: String,
}

impl Refusal {
    /// No `Authorization: Bearer …` at all.
    pub(crate) fn missing(reason: &str) -> Self {
        Self {
            code: "390101",
            message: "Authorization header not found in the request data.".into(),
            reason: reason.into(),
        }
    }

    /// A key-pair token that does not hold. Snowflake tells the client no more than this and a UUID.
    pub(crate) fn jwt(reason: impl Into<String>) -> Self {
        Self {
            code: "390144",
            message: format!("JWT token is invalid. [{}]", Uuid::new_v4()),
            reason: reason.into(),
        }
    }

    /// An OAuth token that does not hold; the message shows the last eight characters of a token that has many.
    pub(crate) fn oauth(token: &str, reason: impl Into<String>) -> Self {
        let shown = if token.chars().count() > 32 { 8 } else { 0 };
        let tail: String = token.chars().rev().take(shown).collect::<Vec<_>>().into_iter().rev().collect();
        Self {
            code: "390303",
            message: format!("Invalid OAuth access token. ...{tail}"),
            reason: reason.into(),
        }
    }

    /// An OAuth token after its `exp`.
    pub(crate) fn oauth_expired() -> Self {
        Self {
            code: "390318",
            message: format!("OAuth access token expired. [{}]", Uuid::new_v4()),
            reason: "the token's exp has passed".into(),
        }
    }

    /// A programmatic access token that is unknown, expired, disabled or another user's.
    pub(crate) fn programmatic(reason: impl Into<String>) -> Self {
        Self {
            code: "394400",
            message: "Programmatic access token is invalid.".into(),
            reason: reason.into(),
        }
    }

    /// A user that exists and is disabled.
    pub(crate) fn disabled(user: &str) -> Self {
        Self {
            code: "390101",
            message: "User access disabled. Contact your local system administrator.".into(),
            reason: format!("user {user} is disabled"),
        }
    }

    /// A workload's attestation that does not hold.
    pub(crate) fn workload(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            code: "390100",
            message: format!("Workload identity federation authentication failed: {reason}."),
            reason,
        }
    }
}
