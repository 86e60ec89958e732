//! `OAUTH`: a small authorization server of the emulator's own, and the check of the tokens that it issues.
//!
//! Clients are given to the builder or the command line, as a security integration would name them. The one grant
//! is `client_credentials` at `/oauth/token-request`; the token is an RS256 JWT with `scp` `session:role:NAME` or
//! `session:role-any`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};

use super::keys::KeyPair;
use super::refusal::Refusal;

/// The scope that allows every role of the user.
pub(crate) const ANY_ROLE: &str = "session:role-any";
const ROLE: &str = "session:role:";

/// A client of the authorization server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OAuthClient {
    pub id: String,
    pub secret: String,
    /// The user that the tokens stand for, as stored.
    pub user: String,
    /// The roles that a token may name; empty: every role of the user.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Seconds that a token counts.
    #[serde(default = "ten_minutes")]
    pub lifetime: i64,
}

fn ten_minutes() -> i64 {
    600
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    scp: String,
    iat: i64,
    exp: i64,
    jti: String,
}

/// A token that holds.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub(crate) user: String,
    /// The only role that the scope allows, if it names one.
    pub(crate) role: Option<String>,
    /// Seconds since 1970.
    pub(crate) expires: i64,
}

/// What `/oauth/token-request` answers.
#[derive(Debug, Serialize)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: i64,
    pub(crate) scope: String,
}

/// Why no token is issued, in the words of RFC 6749, section 5.2.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) error: &'static str,
    pub(crate) description: String,
}

/// The authorization server.
#[derive(Debug)]
pub(crate) struct Server {
    key: KeyPair,
    issuer: String,
    clients: Mutex<BTreeMap<String, OAuthClient>>,
}

impl Server {
    pub(crate) fn new(key: KeyPair, issuer: String, clients: Vec<OAuthClient>) -> Self {
        let clients = clients.into_iter().map(|client| (client.id.clone(), client)).collect();
        Self { key, issuer, clients: Mutex::new(clients) }
    }

    pub(crate) fn add(&self, client: OAuthClient) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).insert(client.id.clone(), client);
    }

    /// The `client_credentials` grant. `now` in seconds since 1970.
    pub(crate) fn grant(
        &self,
        id: &str,
        secret: &str,
        scope: Option<&str>,
        now: i64,
    ) -> Result<Issued, Denied> {
        let client = self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        let Some(client) = client.filter(|client| same(&client.secret, secret)) else {
            return Err(Denied {
                error: "invalid_client",
                description: "The client is unknown or its secret is wrong.".into(),
            });
        };
        let scope = scope.map(str::trim).filter(|scope| !scope.is_empty()).unwrap_or(ANY_ROLE);
        if scope != ANY_ROLE {
            let role = scope.strip_prefix(ROLE).filter(|role| !role.is_empty() && !role.contains(' '));
            let allowed =
                role.is_some_and(|role| client.roles.is_empty() || client.roles.iter().any(|r| r == role));
            if !allowed {
                return Err(Denied {
                    error: "invalid_scope",
                    description: format!("The scope {scope} is invalid for this client."),
                });
            }
        } else if !client.roles.is_empty() {
            return Err(Denied {
                error: "invalid_scope",
                description: "This client must ask for one of its roles: scope=session:role:NAME.".into(),
            });
        }
        let access_token = self.issue(&client.user, scope, now, client.lifetime);
        Ok(Issued {
            access_token,
            token_type: "Bearer",
            expires_in: client.lifetime,
            scope: scope.to_owned(),
        })
    }

    /// Signs a token for a user.
    pub(crate) fn issue(&self, user: &str, scope: &str, now: i64, seconds: i64) -> String {
        self.key.sign(&Claims {
            iss: self.issuer.clone(),
            sub: user.to_owned(),
            scp: scope.to_owned(),
            iat: now,
            exp: now + seconds,
            jti: uuid::Uuid::new_v4().to_string(),
        })
    }

    pub(crate) fn verify(&self, token: &str, now: i64) -> Result<Verified, Refusal> {
        let refuse = |reason: String| Refusal::oauth(token, reason);
        let key = self.key.verifying().map_err(|error| refuse(error.to_string()))?;
        let mut rules = Validation::new(Algorithm::RS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.set_issuer(&[&self.issuer]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
            .map_err(|error| refuse(error.to_string()))?
            .claims;
        if claims.exp <= now {
            return Err(Refusal::oauth_expired());
        }
        let role = match claims.scp.strip_prefix(ROLE) {
            Some(role) => Some(role.to_owned()),
            None if claims.scp == ANY_ROLE => None,
            None => return Err(refuse(format!("the scope {} names no role", claims.scp))),
        };
        Ok(Verified { user: claims.sub, role, expires: claims.exp })
    }
}

/// Compares without stopping at the first difference.
fn same(left: &str, right: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}
