//! `PROGRAMMATIC_ACCESS_TOKEN`: a secret that a user was given, kept as a hash, with an end and perhaps a role.

use super::refusal::Refusal;
use super::{Identity, enabled};
use crate::account::Account;

/// Finds the user that a token belongs to. `now` in seconds since 1970.
pub(crate) fn verify(token: &str, account: &Account, now: i64) -> Result<Identity, Refusal> {
    for user in account.users() {
        let Some(found) = user.token(token) else { continue };
        if found.disabled {
            return Err(Refusal::programmatic(format!("the token {} is disabled", found.name)));
        }
        if found.expires_at <= now.saturating_mul(1000) {
            return Err(Refusal::programmatic(format!("the token {} has expired", found.name)));
        }
        enabled(user)?;
        return Ok(Identity { user: user.name().to_owned(), only_role: found.role_restriction.clone() });
    }
    Err(Refusal::programmatic("no user has this token"))
}
