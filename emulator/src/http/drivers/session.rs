//! Keeping a session: new tokens, signs of life, its end.

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Refused, object, session_of, success, token};
use crate::emulator::Emulator;
use crate::http::sql_api::pairs;
use crate::http::{body, jobs};
use crate::state::{MASTER_VALIDITY, NoSession, VALIDITY};

/// `POST /session/token-request`: a new session token for the master token.
pub(super) async fn token_request(State(emulator): State<Emulator>, request: Request) -> Response {
    try_renew(&emulator, request).await.unwrap_or_else(Refused::into_response)
}

async fn try_renew(emulator: &Emulator, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let body = object(&body::read(&parts.headers, body).await?)?;
    jobs::pause(emulator.latency()).await;
    let wanted = body.get("requestType").and_then(Value::as_str).unwrap_or_default();
    if wanted != "RENEW" {
        return Err(Refused::payload(format!("the requestType must be RENEW, not {wanted}")));
    }
    let master = token(&parts.headers)
        .ok_or_else(|| Refused::new("390113", "Master token is missing. Please login again."))?;
    let (tokens, session) = match emulator.sessions().renew(master, emulator.now_seconds()) {
        Ok(renewed) => renewed,
        Err(NoSession::Unknown) => {
            return Err(Refused::new("390115", "Master token is invalid. Please login again."));
        }
        Err(why) => return Err(why.into()),
    };
    Ok(success(json!({
        "sessionToken": tokens.session,
        "validityInSecondsST": VALIDITY,
        "masterToken": tokens.master,
        "validityInSecondsMT": MASTER_VALIDITY,
        "masterValidityInSeconds": MASTER_VALIDITY,
        "sessionId": session.id,
    })))
}

/// `POST /session/heartbeat`
pub(super) async fn heartbeat(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = body::read(&parts.headers, body).await {
        return Refused::from(problem).into_response();
    }
    jobs::pause(emulator.latency()).await;
    match session_of(&emulator, &parts.headers) {
        Ok((session, _)) => {
            emulator.sessions().touch(&session, emulator.now_seconds());
            success(Value::Null)
        }
        Err(refused) => refused.into_response(),
    }
}

/// `GET /session`: is it still there?
pub(super) async fn look(State(emulator): State<Emulator>, request: Request) -> Response {
    match session_of(&emulator, request.headers()) {
        Ok((session, _)) => success(json!({"sessionId": session.id})),
        Err(refused) => refused.into_response(),
    }
}

/// `POST /session?delete=true`
pub(super) async fn session(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = body::read(&parts.headers, body).await {
        return Refused::from(problem).into_response();
    }
    jobs::pause(emulator.latency()).await;
    let delete = pairs(parts.uri.query().unwrap_or_default())
        .iter()
        .any(|(name, value)| name == "delete" && value.eq_ignore_ascii_case("true"));
    match session_of(&emulator, &parts.headers) {
        Ok((session, _)) => {
            if delete {
                emulator.sessions().close(&session);
            }
            success(Value::Null)
        }
        Err(refused) => refused.into_response(),
    }
}

/// `POST /telemetry/send`: what drivers tell Snowflake about themselves is thrown away.
pub(super) async fn telemetry(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match body::read(&parts.headers, body).await {
        Ok(_) => success("Log Received"),
        Err(problem) => Refused::from(problem).into_response(),
    }
}
