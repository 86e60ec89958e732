//! OAuth with client credentials: the client's id and secret are exchanged for access tokens.
//! Source: RFC 6749, sections 2.3.1 and 4.4.
use super::{CredentialError, Token, TokenType, jwt, token};
use crate::snowflake::{HostPolicy, Transport, host::HostNotAllowed};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// A token endpoint answers within this time, or counts as out.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of an OAuth server.
#[derive(Clone)]
pub struct OAuthClient {
    inner: Arc<Inner>,
}

struct Inner {
    url: Url,
    id: String,
    secret: SecretString,
    scope: Option<String>,
    transport: Transport,
    /// Some servers want id and secret in the body instead of the header.
    in_body: AtomicBool,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

impl OAuthClient {
    /// The policy must allow the token endpoint, which gets the client's secret. `scope`: for Snowflake
    /// usually `session:role:NAME`.
    pub fn new(
        token_url: Url,
        id: String,
        secret: &SecretString,
        scope: Option<String>,
        policy: &HostPolicy,
        transport: Transport,
    ) -> Result<Self, HostNotAllowed> {
        policy.check(&token_url)?;
        let secret = secret.expose_secret().trim().to_owned().into();
        let in_body = AtomicBool::new(false);
        Ok(Self { inner: Arc::new(Inner { url: token_url, id, secret, scope, transport, in_body }) })
    }

    pub(super) async fn issue(&self) -> Result<Token, CredentialError> {
        let in_body = self.inner.in_body.load(Relaxed);
        match self.ask(in_body).await {
            Err(CredentialError::OAuthRefused(_)) if !in_body => {
                let token = self.ask(true).await?;
                self.inner.in_body.store(true, Relaxed);
                Ok(token)
            }
            answer => answer,
        }
    }

    async fn ask(&self, in_body: bool) -> Result<Token, CredentialError> {
        let unavailable = |reason: String| CredentialError::OAuthUnavailable(reason);
        let sent = self.inner.transport.send(self.request(in_body)?);
        let answer = tokio::time::timeout(PATIENCE, sent)
            .await
            .map_err(|_| unavailable(format!("does not answer within {} s", PATIENCE.as_secs())))?
            .map_err(|error| unavailable(format!("cannot be reached: {error}")))?;
        let (status, body) = (answer.status(), answer.body());
        if status == StatusCode::OK {
            let granted: Granted = serde_json::from_slice(body)
                .map_err(|_| unavailable("answered without an access token".to_owned()))?;
            let text = token::checked(granted.access_token.expose_secret())?;
            let life = granted.expires_in.filter(|s| *s > 0).map(SignedDuration::from_secs);
            let expires_at = match life {
                Some(life) => Timestamp::now().checked_add(life).ok(),
                None => jwt::expires_at(text.expose_secret()),
            };
            return Ok(Token::new(text, TokenType::OAuth, expires_at));
        }
        match serde_json::from_slice::<Refused>(body) {
            Ok(Refused { error, error_description }) if status.is_client_error() => {
                let words = [Some(error), error_description].into_iter().flatten().collect::<Vec<_>>();
                let words: String = words.join(": ").chars().take(300).collect();
                Err(CredentialError::OAuthRefused(self.redacted(&words)))
            }
            _ => Err(unavailable(format!("answered with HTTP status {}", status.as_u16()))),
        }
    }

    fn request(&self, in_body: bool) -> Result<Request<Bytes>, CredentialError> {
        let Inner { url, id, secret, scope, .. } = &*self.inner;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json");
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(scope.as_deref().map(|scope| ("scope", scope)));
        if in_body {
            fields.extend([("client_id", id.as_str()), ("client_secret", secret.expose_secret())]);
        } else {
            let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
            let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
                .map_err(|_| CredentialError::TokenMalformed)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let body = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = body.collect::<Vec<_>>().join("&");
        request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body))
            .map_err(|error| {
                CredentialError::OAuthUnavailable(format!("has an address that cannot be used: {error}"))
            })
    }

    /// A server that repeats the secret in its message must not bring it into a log.
    fn redacted(&self, words: &str) -> String {
        match self.inner.secret.expose_secret() {
            "" => words.to_owned(),
            secret => words.replace(secret, "…"),
        }
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { url, id, scope, .. } = &*self.inner;
        f.debug_struct("OAuthClient")
            .field("url", &url.as_str())
            .field("id", id)
            .field("scope", scope)
            .finish_non_exhaustive()
    }
}

/// Percent-encoding that every decoder of forms reads: all but unreserved characters.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(byte as char);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
