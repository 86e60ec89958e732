//! Tokens, and credentials that are a token already.
use super::{CredentialError, jwt};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

/// What a token is, as `X-Snowflake-Authorization-Token-Type` names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenType {
    KeyPairJwt,
    OAuth,
    ProgrammaticAccessToken,
    WorkloadIdentity,
}

impl TokenType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyPairJwt => "KEYPAIR_JWT",
            Self::OAuth => "OAUTH",
            Self::ProgrammaticAccessToken => "PROGRAMMATIC_ACCESS_TOKEN",
            Self::WorkloadIdentity => "WORKLOAD_IDENTITY_FEDERATION",
        }
    }
}

/// So many characters in a row are no coincidence.
const TELLING: usize = 6;

/// A token to send, and how long it is good for.
#[derive(Clone, Debug)]
pub struct Token {
    text: SecretString,
    kind: TokenType,
    /// On the monotonic clock: from then on a new one is fetched before it is needed.
    renew_at: Option<Instant>,
    expires_at: Option<Instant>,
}

impl Token {
    pub(super) fn new(text: SecretString, kind: TokenType, expires_at: Option<Timestamp>) -> Self {
        let left = expires_at.map(|at| {
            let left = at.duration_since(Timestamp::now()).max(SignedDuration::ZERO);
            left.unsigned_abs()
        });
        let now = Instant::now();
        Self {
            text,
            kind,
            // A fifth of its life before the end, at least while it still has a fifth to live.
            renew_at: left.map(|left| now + left.mul_f64(0.8)),
            expires_at: left.map(|left| now + left),
        }
    }

    pub fn kind(&self) -> TokenType {
        self.kind
    }

    /// Whether it need not be renewed yet.
    pub(in crate::snowflake) fn is_fresh(&self) -> bool {
        self.renew_at.is_none_or(|at| Instant::now() < at)
    }

    /// Whether it can still be sent.
    pub(in crate::snowflake) fn is_good(&self) -> bool {
        self.expires_at.is_none_or(|at| Instant::now() < at)
    }

    /// A message of the server without parts of the token: Snowflake quotes the end of one that it refuses.
    pub(in crate::snowflake) fn redact(&self, message: &str) -> String {
        let token = self.text.expose_secret();
        let mut shown = String::with_capacity(message.len());
        let mut rest = message;
        while let Some(first) = rest.chars().next() {
            let quoted = rest.char_indices().map(|(at, c)| at + c.len_utf8());
            let quoted = quoted.take_while(|end| token.contains(&rest[..*end])).last().unwrap_or_default();
            if quoted >= TELLING {
                shown.push('…');
                rest = &rest[quoted..];
            } else {
                shown.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        shown
    }

    /// `Authorization`, marked so that nothing prints it.
    pub(in crate::snowflake) fn header(&self) -> Result<HeaderValue, CredentialError> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.text.expose_secret()))
            .map_err(|_| CredentialError::TokenMalformed)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A token that was given: a programmatic access token, or an OAuth access token.
#[derive(Clone, Debug)]
pub struct GivenToken {
    text: SecretString,
    expires_at: Option<Timestamp>,
}

impl GivenToken {
    /// Blanks and line breaks around it are left out: files and Secrets often end with one.
    pub fn new(text: &SecretString) -> Result<Self, CredentialError> {
        let text = checked(text.expose_secret())?;
        let expires_at = jwt::expires_at(text.expose_secret());
        Ok(Self { text, expires_at })
    }

    /// Known where the token is a JWT.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(super) fn issue(&self, kind: TokenType) -> Token {
        // Sent also when it seems expired: the server's clock decides.
        Token::new(self.text.clone(), kind, None)
    }
}

/// The text of a token without blanks around it, if it can be one.
pub(super) fn checked(text: &str) -> Result<SecretString, CredentialError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CredentialError::TokenEmpty);
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(CredentialError::TokenMalformed);
    }
    Ok(text.to_owned().into())
}
