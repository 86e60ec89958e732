//! Ways to sign in to Snowflake: a file each.
//!
//! A [`Credential`] issues a [`Token`]; the client sends it and has it renewed. No secret text is ever shown
//! by `Debug`, `Display` or an error.

pub(super) mod cache;
mod error;
mod jwt;
mod key_pair;
mod oauth;
mod pem;
mod token;
mod workload_identity;

pub use error::CredentialError;
pub use key_pair::KeyPair;
pub use oauth::OAuthClient;
pub use token::{GivenToken, Token, TokenType};
pub use workload_identity::{SourcedToken, TokenSource, WorkloadIdentity};

use super::account::AccountIdentifier;
use jiff::Timestamp;

/// How to sign in. A clone is cheap and shares the secret.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A JWT signed with the user's private key.
    KeyPair(KeyPair),
    /// A programmatic access token (PAT).
    ProgrammaticAccessToken(GivenToken),
    /// An OAuth access token that somebody else renews.
    OAuth(GivenToken),
    /// OAuth access tokens fetched with a client's id and secret.
    OAuthClient(OAuthClient),
    /// A token of the platform that the program runs on.
    WorkloadIdentity(WorkloadIdentity),
}

impl Credential {
    /// What `X-Snowflake-Authorization-Token-Type` says.
    pub fn token_type(&self) -> TokenType {
        match self {
            Self::KeyPair(_) => TokenType::KeyPairJwt,
            Self::ProgrammaticAccessToken(_) => TokenType::ProgrammaticAccessToken,
            Self::OAuth(_) | Self::OAuthClient(_) => TokenType::OAuth,
            Self::WorkloadIdentity(_) => TokenType::WorkloadIdentity,
        }
    }

    /// When a person has to do something, because the secret itself expires. `None`: never, or not known
    /// from the secret. (Tokens that are renewed by themselves do not count.)
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::ProgrammaticAccessToken(token) | Self::OAuth(token) => token.expires_at(),
            Self::KeyPair(_) | Self::OAuthClient(_) | Self::WorkloadIdentity(_) => None,
        }
    }

    /// Whether another token can be had when one was refused.
    pub(super) fn renews(&self) -> bool {
        !matches!(self, Self::ProgrammaticAccessToken(_) | Self::OAuth(_))
    }

    pub(super) async fn issue(
        &self,
        account: &AccountIdentifier,
        user: &str,
    ) -> Result<Token, CredentialError> {
        match self {
            Self::KeyPair(pair) => pair.issue(account, user),
            Self::ProgrammaticAccessToken(token) | Self::OAuth(token) => Ok(token.issue(self.token_type())),
            Self::OAuthClient(client) => client.issue().await,
            Self::WorkloadIdentity(identity) => identity.issue().await,
        }
    }
}

#[cfg(test)]
mod tests;
