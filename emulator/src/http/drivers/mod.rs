//! The protocol of Snowflake's drivers (Python connector, gosnowflake, JDBC, …): sign in, keep a session, send
//! statements. It is not documented; this answers what the drivers' sources read.
//!
//! Whatever is wrong is told in an answer with HTTP 200 and `"success": false`: several drivers repeat a request
//! that was answered with 400, 403 or 500 until their time is over.

mod answer;
mod login;
mod monitoring;
mod query;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};

use super::jobs::Speaker;
use super::problem::{self, Problem, json_response};
use crate::emulator::Emulator;
use crate::state::{Failure, NoSession, Session};

pub(crate) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/session/v1/login-request", post(login::login))
        .route("/session/token-request", post(session::token_request))
        .route("/session/heartbeat", post(session::heartbeat))
        .route("/session", get(session::look).post(session::session))
        .route("/telemetry/send", post(session::telemetry))
        .route("/telemetry/send/sessionless", post(session::telemetry))
        .route("/queries/v1/query-request", post(query::query_request))
        .route("/queries/v1/abort-request", post(query::abort_request))
        .route("/queries/{id}/result", get(query::result))
        .route("/queries/{id}/abort-request", post(query::abort_query))
        .route("/monitoring/queries", get(monitoring::queries))
        .route("/monitoring/queries/{id}", get(query::monitoring))
        // Not 405: several drivers repeat a request that was answered with it.
        .method_not_allowed_fallback(problem::not_found)
}

/// The frame of every answer.
#[derive(Serialize)]
struct Frame<T> {
    data: T,
    code: Option<String>,
    message: Option<String>,
    success: bool,
}

fn framed<T: Serialize>(frame: &Frame<T>) -> Response {
    // The shapes serialise always: no maps with odd keys, no foreign types.
    json_response(StatusCode::OK, serde_json::to_vec(frame).unwrap_or_default())
}

fn success<T: Serialize>(data: T) -> Response {
    framed(&Frame { data, code: None, message: None, success: true })
}

/// Why a request of this door fails as such.
#[derive(Debug)]
struct Refused(Box<Problem>);

impl Refused {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Problem::new(StatusCode::OK, code, message).into()
    }

    fn payload(reason: impl Into<String>) -> Self {
        Problem::payload(reason).into()
    }

    fn into_response(self) -> Response {
        let problem = *self.0;
        // These two are the network's, and are meant to be repeated.
        if matches!(problem.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return problem.into_response();
        }
        let reason = problem.reason.as_deref().unwrap_or_default();
        tracing::debug!(code = problem.code, reason, "refused");
        let data = json!({"authnMethod": null, "signInOptions": []});
        framed(&Frame { data, code: Some(problem.code), message: Some(problem.message), success: false })
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<NoSession> for Refused {
    fn from(why: NoSession) -> Self {
        match why {
            NoSession::Expired => Self::new("390112", "Your session has expired. Please login again."),
            NoSession::MasterExpired => {
                Self::new("390114", "Authentication token has expired.  The user must authenticate again.")
            }
            NoSession::Unknown => {
                Self::new("390111", "Session no longer exists.  New login required to access the service.")
            }
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::new(&format!("{:06}", failure.code), failure.message)
    }
}

/// The token in `Authorization: Snowflake Token="…"`. Before they have one, clients send `None`.
fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Snowflake Token=")?.trim().trim_matches('"');
    (!token.is_empty() && token != "None").then_some(token)
}

fn client(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
    agent.unwrap_or_default()
}

/// The session that a request belongs to, and who speaks in it.
fn session_of(emulator: &Emulator, headers: &HeaderMap) -> Result<(Arc<Session>, Speaker), Refused> {
    let token = token(headers).ok_or(NoSession::Unknown)?;
    let session = emulator.sessions().find(token, emulator.now_seconds())?;
    let gone = emulator.lock().user(&session.identity.user).is_none_or(crate::account::User::disabled);
    if gone {
        emulator.sessions().close(&session);
        return Err(NoSession::Unknown.into());
    }
    let speaker = Speaker { identity: session.identity.clone(), client: client(headers), kind: None };
    Ok((session, speaker))
}

/// A body that must be a JSON object.
fn object(body: &[u8]) -> Result<Value, Refused> {
    let value: Value = serde_json::from_slice(body).map_err(|error| Refused::payload(error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(Refused::payload("the body must be a JSON object")) }
}
