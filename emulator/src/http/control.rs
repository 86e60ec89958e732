//! `/emulator/…`: what tests and demonstrations ask of the emulator itself. No credentials: it listens on loopback.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

use super::body;
use super::problem::json_response;
use super::sql_api::pairs;
use crate::emulator::{Emulator, timestamp};
use crate::faults::Fault;

/// How many statements are no longer kept.
const DROPPED: HeaderName = HeaderName::from_static("x-snowfence-dropped");

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /emulator/statements?since=N`
pub(crate) async fn statements(State(emulator): State<Emulator>, request: Request) -> Response {
    let query = pairs(request.uri().query().unwrap_or_default());
    let since = match query.iter().find(|(name, _)| name == "since") {
        None => 0,
        Some((_, value)) => match value.parse() {
            Ok(since) => since,
            Err(_) => return wrong("since must be a number"),
        },
    };
    let list = emulator.statements(since);
    let mut response = json_response(StatusCode::OK, serde_json::to_vec(&list).unwrap_or_default());
    response.headers_mut().insert(DROPPED, HeaderValue::from(emulator.log().dropped()));
    response
}

/// `GET /emulator/faults`: what is left.
pub(crate) async fn faults(State(emulator): State<Emulator>) -> Response {
    json_response(StatusCode::OK, serde_json::to_vec(&emulator.faults().left()).unwrap_or_default())
}

/// `POST /emulator/faults`: a list, appended whole or not at all.
pub(crate) async fn inject(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match body::read(&parts.headers, body).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let list: Vec<Fault> = match serde_json::from_slice(&bytes) {
        Ok(list) => list,
        Err(error) => return wrong(&format!("a list of faults is expected: {error}")),
    };
    match emulator.faults().inject(list) {
        Ok(()) => {
            json_response(StatusCode::OK, json!({"waiting": emulator.faults().left().len()}).to_string())
        }
        Err(error) => wrong(&error.to_string()),
    }
}

/// `DELETE /emulator/faults`
pub(crate) async fn clear(State(emulator): State<Emulator>) -> Response {
    json_response(StatusCode::OK, json!({"cleared": emulator.faults().clear()}).to_string())
}

/// `GET /emulator/clock`: the emulator's time.
pub(crate) async fn clock(State(emulator): State<Emulator>) -> Response {
    json_response(StatusCode::OK, json!({"now": timestamp(emulator.now())}).to_string())
}

/// A hundred years.
const FARTHEST: Duration = Duration::from_secs(36_525 * 86_400);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forward {
    advance: jiff::SignedDuration,
}

/// `POST /emulator/clock`: puts it forward.
pub(crate) async fn advance(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match body::read(&parts.headers, body).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let by = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
    let by = by.and_then(|forward: Forward| match Duration::try_from(forward.advance) {
        Ok(by) if by <= FARTHEST => Ok(by),
        Ok(_) => Err("that is more than a hundred years".to_owned()),
        Err(_) => Err("time does not go back".to_owned()),
    });
    match by {
        Ok(by) => emulator.advance(by),
        Err(error) => {
            return wrong(&format!("a duration such as {{\"advance\": \"90m\"}} is expected: {error}"));
        }
    }
    json_response(StatusCode::OK, json!({"now": timestamp(emulator.now())}).to_string())
}

/// What happens to the graph of a task, whose full name is given: it runs for a while, or it has failed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    task: String,
    #[serde(default)]
    running: Option<jiff::SignedDuration>,
    #[serde(default)]
    failures: Option<u32>,
    #[serde(default)]
    message: Option<String>,
}

/// `POST /emulator/tasks`
pub(crate) async fn tasks(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match body::read(&parts.headers, body).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let happening: Happening = match serde_json::from_slice(&bytes) {
        Ok(happening) => happening,
        Err(error) => return wrong(&format!("a task, and running or failures, are expected: {error}")),
    };
    let known = match (happening.running, happening.failures) {
        (Some(running), None) => emulator.run_task(&happening.task, running.unsigned_abs()),
        (None, Some(times)) => {
            emulator.fail_task(&happening.task, times, happening.message.as_deref().unwrap_or("Task failed."))
        }
        _ => return wrong("either running or failures is expected"),
    };
    if known {
        json_response(StatusCode::OK, json!({"task": happening.task}).to_string())
    } else {
        wrong(&format!("there is no task {}", happening.task))
    }
}

fn wrong(message: &str) -> Response {
    json_response(StatusCode::BAD_REQUEST, json!({"message": message}).to_string())
}
