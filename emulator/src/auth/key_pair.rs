//! `KEYPAIR_JWT`: a token signed with a key whose public half is on the user.
//!
//! `iss` is `ACCOUNT.USER.SHA256:<fingerprint>`, `sub` is `ACCOUNT.USER`, both upper case, with hyphens for the dots
//! of the account (Snowflake SQL API, "Authenticating to the server"). A token counts for an hour after its `iat`,
//! whatever its `exp` says.

use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};

use super::keys::{KeyPair, decoding_key, fingerprint, public_der};
use super::refusal::Refusal;
use crate::account::User;

/// Seconds that a client's clock may be ahead of ours.
const SKEW: i64 = 60;
/// Seconds that a token counts after it was issued.
const LIFETIME: i64 = 3600;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) iat: Option<f64>,
    pub(crate) exp: Option<f64>,
}

/// Signs a token as a client would.
pub(crate) fn issue(key: &KeyPair, account: &str, user: &str, issued: i64, seconds: i64) -> String {
    let subject = format!("{account}.{user}");
    key.sign(&serde_json::json!({
        "iss": format!("{subject}.{}", key.fingerprint()),
        "sub": subject,
        "iat": issued,
        "exp": issued + seconds,
    }))
}

/// What the claims say before any signature is looked at.
#[derive(Debug)]
pub(crate) struct Unverified {
    pub(crate) user: String,
    fingerprint: String,
    /// Seconds since 1970.
    pub(crate) expires: i64,
}

/// Reads the claims and checks all that needs no key. `accounts` are the names that this account answers to.
pub(crate) fn claims(token: &str, accounts: &[String], now: i64) -> Result<Unverified, Refusal> {
    let header = jsonwebtoken::decode_header(token)
        .map_err(|error| Refusal::jwt(format!("JWT_TOKEN_INVALID: {error}")))?;
    if header.alg != Algorithm::RS256 {
        return Err(Refusal::jwt("JWT_TOKEN_INVALID_ALGORITHM: RS256 is expected"));
    }
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token)
        .map_err(|error| Refusal::jwt(format!("JWT_TOKEN_INVALID: {error}")))?;
    let issuer = claims.iss.ok_or_else(|| Refusal::jwt("JWT_TOKEN_MISSING_ISSUER"))?;
    let subject = claims.sub.ok_or_else(|| Refusal::jwt("JWT_TOKEN_MISSING_SUBJECT"))?;
    let (owner, fingerprint) = issuer.rsplit_once(".SHA256:").ok_or_else(|| {
        Refusal::jwt("JWT_TOKEN_INVALID_ISSUER: ACCOUNT.USER.SHA256:fingerprint is expected")
    })?;
    if owner != subject {
        return Err(Refusal::jwt(format!("JWT_TOKEN_INVALID_SUBJECT: iss names {owner}, sub {subject}")));
    }
    let (account, user) = owner.split_once('.').ok_or_else(|| {
        Refusal::jwt("JWT_TOKEN_INVALID_ISSUER: ACCOUNT.USER.SHA256:fingerprint is expected")
    })?;
    if !accounts.iter().any(|known| known == account) {
        let known = accounts.join(" or ");
        return Err(Refusal::jwt(format!("JWT_TOKEN_INVALID_ACCOUNT: {account} is not {known}")));
    }
    let issued = claims.iat.ok_or_else(|| Refusal::jwt("JWT_TOKEN_MISSING_ISSUE_TIME"))? as i64;
    let expires = claims.exp.ok_or_else(|| Refusal::jwt("JWT_TOKEN_MISSING_EXPIRATION_TIME"))? as i64;
    if issued > now.saturating_add(SKEW) {
        return Err(Refusal::jwt("JWT_TOKEN_INVALID_ISSUE_TIME: iat lies in the future"));
    }
    let expires = expires.min(issued.saturating_add(LIFETIME));
    if expires <= now {
        return Err(Refusal::jwt("JWT_TOKEN_EXPIRED: the token counts until exp, at most an hour after iat"));
    }
    Ok(Unverified { user: user.to_owned(), fingerprint: format!("SHA256:{fingerprint}"), expires })
}

/// Verifies the signature with the key of `user` that has the token's fingerprint; gives that key's text.
pub(crate) fn verify(token: &str, claims: &Unverified, user: &User) -> Result<String, Refusal> {
    let key = keys(user)
        .find(|key| public_der(key).is_ok_and(|der| fingerprint(&der) == claims.fingerprint))
        .ok_or_else(|| {
            Refusal::jwt("JWT_TOKEN_PUBLIC_KEY_FINGERPRINT_MISMATCH: no key of the user has this fingerprint")
        })?;
    let verifying = decoding_key(key).map_err(|error| Refusal::jwt(error.to_string()))?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    jsonwebtoken::decode::<Claims>(token, &verifying, &rules)
        .map_err(|error| Refusal::jwt(format!("JWT_TOKEN_INVALID_SIGNATURE: {error}")))?;
    Ok(key.to_owned())
}

/// The public keys of a user.
pub(crate) fn keys(user: &User) -> impl Iterator<Item = &str> {
    [user.rsa_public_key(), user.rsa_public_key_2()].into_iter().flatten()
}
