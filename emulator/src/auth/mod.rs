//! Who speaks: the four kinds of token that the SQL API takes, each verified for real.
//!
//! A token that was verified once is remembered by its SHA-256 until it expires, so that a statement costs no RSA.
//! What can be taken back (a key, a user, an access token) is looked up again each time.

mod key_pair;
mod keys;
mod oauth;
mod programmatic;
mod refusal;
mod workload;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

pub use keys::{KeyError, KeyPair};
pub(crate) use oauth::Denied;
pub use oauth::OAuthClient;
pub use refusal::Refusal;
pub use workload::IssuerKeys;

use crate::account::{Account, User};

/// How many verified tokens are remembered; beyond that the memory starts anew.
const REMEMBERED: usize = 4096;

/// The values of `X-Snowflake-Authorization-Token-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    KeyPairJwt,
    OAuth,
    ProgrammaticAccessToken,
    WorkloadIdentity,
}

impl TokenType {
    /// Reads the header's value.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "KEYPAIR_JWT" => Some(Self::KeyPairJwt),
            "OAUTH" => Some(Self::OAuth),
            "PROGRAMMATIC_ACCESS_TOKEN" => Some(Self::ProgrammaticAccessToken),
            "WORKLOAD_IDENTITY_FEDERATION" => Some(Self::WorkloadIdentity),
            _ => None,
        }
    }
}

/// A speaker whose credential holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user, as stored.
    pub user: String,
    /// The only role that the credential allows: the scope of an OAuth token, the restriction of an access token.
    pub only_role: Option<String>,
}

#[derive(Clone, Debug)]
struct Remembered {
    /// As what it was verified: declared as something else, it is looked at anew.
    kind: TokenType,
    identity: Identity,
    proof: Proof,
    /// Seconds since 1970.
    expires: i64,
}

/// What must still be so for a remembered token to count.
#[derive(Clone, Debug)]
enum Proof {
    /// The user still has this public key.
    Key(String),
    /// The token was signed by an issuer; the user must only be there.
    Issuer,
}

/// Verifies tokens.
#[derive(Debug)]
pub(crate) struct Authenticator {
    /// The names that `iss` of a key-pair token may give the account.
    accounts: Vec<String>,
    pub(crate) oauth: oauth::Server,
    pub(crate) issuers: workload::Issuers,
    remembered: Mutex<HashMap<[u8; 32], Remembered>>,
}

impl Authenticator {
    /// `accounts`: the identifier (`ORGANIZATION-ACCOUNT`) and the locator, upper case.
    pub(crate) fn new(accounts: Vec<String>, key: KeyPair, host: &str, clients: Vec<OAuthClient>) -> Self {
        Self {
            accounts,
            oauth: oauth::Server::new(key, format!("https://{host}"), clients),
            issuers: workload::Issuers::default(),
            remembered: Mutex::default(),
        }
    }

    /// Verifies a bearer token. `now` in seconds since 1970.
    pub(crate) async fn identify(
        &self,
        kind: Option<TokenType>,
        token: &str,
        account: &Mutex<Account>,
        now: i64,
    ) -> Result<Identity, Refusal> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let known = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(known) =
            known.filter(|known| known.expires > now && kind.is_none_or(|kind| kind == known.kind))
        {
            let account = account.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(user) = account.user(&known.identity.user).filter(|user| !user.disabled()) {
                let holds = match &known.proof {
                    Proof::Key(key) => key_pair::keys(user).any(|has| has == key),
                    Proof::Issuer => true,
                };
                if holds {
                    return Ok(known.identity);
                }
            }
        }
        let kind = if let Some(kind) = kind {
            kind
        } else {
            // Snowflake looks at the token when the header does not say what it is.
            let account = account.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(identity) = programmatic::verify(token, &account, now) {
                return Ok(identity);
            }
            guess(token)
        };
        let fresh = match kind {
            TokenType::KeyPairJwt => self.key_pair(token, account, now)?,
            TokenType::OAuth => self.oauth(token, account, now)?,
            TokenType::WorkloadIdentity => self.workload(token, account, now).await?,
            TokenType::ProgrammaticAccessToken => {
                let account = account.lock().unwrap_or_else(PoisonError::into_inner);
                return programmatic::verify(token, &account, now);
            }
        };
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        let identity = fresh.identity.clone();
        remembered.insert(hash, fresh);
        Ok(identity)
    }

    fn key_pair(&self, token: &str, account: &Mutex<Account>, now: i64) -> Result<Remembered, Refusal> {
        let claims = key_pair::claims(token, &self.accounts, now)?;
        let user = {
            let account = account.lock().unwrap_or_else(PoisonError::into_inner);
            account
                .user_by_login(&claims.user)
                .cloned()
                .ok_or_else(|| Refusal::jwt("JWT_TOKEN_INVALID_USER_IN_ISSUER: there is no such user"))?
        };
        let key = key_pair::verify(token, &claims, &user)?;
        enabled(&user)?;
        Ok(Remembered {
            kind: TokenType::KeyPairJwt,
            identity: Identity { user: user.name().to_owned(), only_role: None },
            proof: Proof::Key(key),
            expires: claims.expires,
        })
    }

    fn oauth(&self, token: &str, account: &Mutex<Account>, now: i64) -> Result<Remembered, Refusal> {
        let verified = self.oauth.verify(token, now)?;
        let account = account.lock().unwrap_or_else(PoisonError::into_inner);
        let user = account
            .user_by_login(&verified.user)
            .ok_or_else(|| Refusal::oauth(token, format!("there is no user {}", verified.user)))?;
        enabled(user)?;
        Ok(Remembered {
            kind: TokenType::OAuth,
            identity: Identity { user: user.name().to_owned(), only_role: verified.role },
            proof: Proof::Issuer,
            expires: verified.expires,
        })
    }

    async fn workload(&self, token: &str, account: &Mutex<Account>, now: i64) -> Result<Remembered, Refusal> {
        let rest = token.strip_prefix("WIF.").unwrap_or_default();
        let Some((provider, attestation)) = rest.split_once('.') else {
            return Err(Refusal::workload("the token must be WIF.OIDC.<JWT>"));
        };
        if provider != "OIDC" {
            return Err(Refusal::workload(format!(
                "this emulator verifies the provider OIDC only, not {provider}"
            )));
        }
        let claims = self.issuers.verify(attestation, now).await?;
        let account = account.lock().unwrap_or_else(PoisonError::into_inner);
        let user = account
            .users()
            .find(|user| {
                user.workload_identity.as_ref().is_some_and(|identity| {
                    identity.kind == "OIDC" && identity.issuer == claims.iss && identity.subject == claims.sub
                })
            })
            .ok_or_else(|| {
                Refusal::workload(format!("no user has issuer {} with subject {}", claims.iss, claims.sub))
            })?;
        let expected = user.workload_identity.as_ref().map(|identity| identity.audiences.clone());
        let expected = expected
            .filter(|audiences| !audiences.is_empty())
            .unwrap_or_else(|| vec![workload::AUDIENCE.into()]);
        if !claims.aud.holds_any(&expected) {
            return Err(Refusal::workload(format!("the audience must be {}", expected.join(" or "))));
        }
        enabled(user)?;
        // A minute, so that a WORKLOAD_IDENTITY that was changed takes effect.
        Ok(Remembered {
            kind: TokenType::WorkloadIdentity,
            identity: Identity { user: user.name().to_owned(), only_role: None },
            proof: Proof::Issuer,
            expires: claims.exp.min(now + 60),
        })
    }

    /// Forgets what was verified: needed when clients, issuers or identities are replaced.
    pub(crate) fn forget(&self) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What a token without a declared type seems to be.
fn guess(token: &str) -> TokenType {
    if token.starts_with("WIF.") {
        return TokenType::WorkloadIdentity;
    }
    match jsonwebtoken::dangerous::insecure_decode_claims::<key_pair::Claims>(token) {
        Ok(claims) if claims.iss.as_ref().is_some_and(|iss| iss.contains(".SHA256:")) => {
            TokenType::KeyPairJwt
        }
        _ => TokenType::OAuth,
    }
}

fn enabled(user: &User) -> Result<(), Refusal> {
    if user.disabled() { Err(Refusal::disabled(user.name())) } else { Ok(()) }
}

/// Signs a key-pair token as a client does, for tests and tools: `account` is `ORGANIZATION-ACCOUNT`, times are
/// seconds since 1970.
pub fn key_pair_token(key: &KeyPair, account: &str, user: &str, issued: i64, seconds: i64) -> String {
    key_pair::issue(key, account, user, issued, seconds)
}
