//! Workload identity: a token of the platform, here an OpenID Connect provider such as a Kubernetes cluster.
use super::jwt;
use super::{
    CredentialError, Token, TokenType,
    token::{self},
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, sync::Arc};

/// Gives OIDC tokens. Asked anew before the last one expires, and once when it was refused.
pub trait TokenSource: Send + Sync {
    /// A token for the audience that Snowflake expects (`snowflakecomputing.com`), or in words why there is none.
    fn token(&self) -> BoxFuture<'_, Result<SourcedToken, String>>;
}

/// A token and its end.
#[derive(Clone, Debug)]
pub struct SourcedToken {
    pub text: SecretString,
    /// Where it is `None`, the token's own claim `exp` counts.
    pub expires_at: Option<Timestamp>,
}

/// Signs in with the tokens of a [`TokenSource`].
#[derive(Clone)]
pub struct WorkloadIdentity {
    source: Arc<dyn TokenSource>,
}

impl WorkloadIdentity {
    /// Tokens of an OpenID Connect provider.
    pub fn oidc(source: Arc<dyn TokenSource>) -> Self {
        Self { source }
    }

    pub(super) async fn issue(&self) -> Result<Token, CredentialError> {
        let SourcedToken { text, expires_at } =
            self.source.token().await.map_err(CredentialError::WorkloadIdentity)?;
        let text = token::checked(text.expose_secret())?;
        let expires_at = expires_at.or_else(|| jwt::expires_at(text.expose_secret()));
        let sent = format!("WIF.OIDC.{}", text.expose_secret());
        Ok(Token::new(sent.into(), TokenType::WorkloadIdentity, expires_at))
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkloadIdentity(OIDC)")
    }
}
