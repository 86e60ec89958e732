//! Statements: sent, asked after, watched, aborted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Refused, answer, object, session_of, success};
use crate::emulator::Emulator;
use crate::faults::{Action, Occasion, Request as On};
use crate::http::body;
use crate::http::jobs::{self, Asked, Binding, Hit, Order, Speaker, State as Progress};
use crate::http::problem::Problem;
use crate::http::sql_api::pairs;
use crate::state::{Execution, Failure, NoSession, Session};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    sql_text: Option<String>,
    #[serde(default)]
    async_exec: bool,
    #[serde(default)]
    describe_only: Option<bool>,
    #[serde(default)]
    bindings: Option<BTreeMap<String, Bound>>,
    #[serde(default)]
    bind_stage: Option<String>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct Bound {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    value: Value,
}

/// `POST /queries/v1/query-request`
pub(super) async fn query_request(State(emulator): State<Emulator>, request: Request) -> Response {
    try_query(&emulator, request).await.unwrap_or_else(Refused::into_response)
}

async fn try_query(emulator: &Emulator, request: Request) -> Result<Response, Refused> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    // The body is read in any case, so that the client gets to see a refusal.
    let body = body::read(&parts.headers, body).await?;
    let (session, speaker) = session_of(emulator, &parts.headers)?;
    let query: Query =
        serde_json::from_value(object(&body)?).map_err(|error| Refused::payload(error.to_string()))?;
    drop(body);
    let request_id = pairs(parts.uri.query().unwrap_or_default())
        .into_iter()
        .find(|(name, _)| name == "requestId" || name == "request_id")
        .map(|(_, value)| value);
    let asynchronous = query.async_exec;
    let (order, limit) = order(query, &session)?;
    let asked = Asked { request_id, retry: true, asynchronous, nullable: true, limit, began };
    let (hit, progress) = jobs::submit(emulator, &speaker, asked, order).await.map_err(in_session)?;
    Ok(hit.finish(answered(emulator, &session, &progress, asynchronous).await).await)
}

/// What the request asks for: its parameters hold for this statement alone.
fn order(query: Query, session: &Arc<Session>) -> Result<(Order, Option<Duration>), Refused> {
    let mut context = session.context();
    let mut statement_count = 1;
    let mut limit = None;
    let mut alone = BTreeMap::new();
    for (name, value) in query.parameters.unwrap_or_default() {
        let name = name.to_uppercase();
        let value = match value {
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => continue,
        };
        match name.as_str() {
            "MULTI_STATEMENT_COUNT" => {
                statement_count = value.parse().map_err(|_| {
                    Refused::payload(format!("the parameter MULTI_STATEMENT_COUNT {value} is no count"))
                })?;
            }
            "STATEMENT_TIMEOUT_IN_SECONDS" => limit = value.parse().ok().filter(|seconds| *seconds > 0),
            _ => {}
        }
        alone.insert(name, value);
    }
    if let Some(count) = context
        .parameters
        .get("MULTI_STATEMENT_COUNT")
        .filter(|_| !alone.contains_key("MULTI_STATEMENT_COUNT"))
    {
        statement_count = count.parse().unwrap_or(1);
    }
    context.parameters.extend(alone.clone());
    if query.bind_stage.is_some() {
        return Err(Refused::payload("values of bind variables cannot be read from a stage here"));
    }
    let bindings = query.bindings.map(|bindings| {
        bindings.into_iter().map(|(name, bound)| Ok((name, binding(bound)?))).collect::<Result<_, _>>()
    });
    let order = Order {
        text: query.sql_text.unwrap_or_default().into(),
        statement_count,
        context: match &bindings {
            Some(Err(failure)) => Err(Failure::clone(failure)),
            _ => Ok(context),
        },
        bindings: bindings.and_then(Result::ok),
        session: Some(Arc::clone(session)),
        alone,
        describe: query.describe_only.unwrap_or_default(),
    };
    Ok((order, limit.map(Duration::from_secs)))
}

fn binding(bound: Bound) -> Result<Binding, Failure> {
    let value = match bound.value {
        Value::Null => None,
        Value::String(text) => Some(text),
        value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
        _ => {
            return Err(Failure::new(
                2,
                "0A000",
                "Unsupported feature 'bind variables that hold a list of values'.",
            ));
        }
    };
    Ok(Binding::new(bound.kind, value))
}

async fn answered(
    emulator: &Emulator,
    session: &Session,
    progress: &Progress,
    asynchronous: bool,
) -> Response {
    match progress {
        Progress::Lost => jobs::lost().await,
        Progress::InProgress(execution) => answer::in_progress(execution, asynchronous),
        Progress::Ended(execution) => answer::ended(emulator, session, execution),
    }
}

/// `GET /queries/{id}/result`: waits for the end as long as the emulator's patience lasts.
pub(super) async fn result(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    try_result(&emulator, &id, request).await.unwrap_or_else(Refused::into_response)
}

async fn try_result(emulator: &Emulator, id: &str, request: Request) -> Result<Response, Refused> {
    let (session, speaker) = session_of(emulator, request.headers())?;
    let execution = emulator.executions().find(id, &session.identity.user);
    let Some(hit) = struck(emulator, &speaker, On::Poll, execution.as_deref()).await? else {
        return Ok(jobs::lost().await);
    };
    let Some(execution) = execution else { return Err(absent(id)) };
    // What a fault hides is not waited for.
    let hidden = execution.is_hidden();
    let mut progress = jobs::present(emulator, execution);
    if let Progress::InProgress(execution) = &progress
        && !hidden
        && tokio::time::timeout(emulator.patience(), execution.wait()).await.is_ok()
    {
        progress = Progress::Ended(Arc::clone(execution));
    }
    Ok(hit.finish(answered(emulator, &session, &progress, false).await).await)
}

/// `GET /monitoring/queries/{id}`
pub(super) async fn monitoring(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    jobs::pause(emulator.latency()).await;
    match session_of(&emulator, request.headers()) {
        Ok((session, _)) => {
            let execution = emulator.executions().find(&id, &session.identity.user);
            // Whoever only looks brings a deferred statement nearer to its end, too.
            let progress = execution.map(|execution| jobs::present(&emulator, execution));
            let execution = match &progress {
                Some(Progress::InProgress(execution) | Progress::Ended(execution)) => {
                    Some(execution.as_ref())
                }
                _ => None,
            };
            answer::monitored(&emulator, execution)
        }
        Err(refused) => refused.into_response(),
    }
}

/// `POST /queries/v1/abort-request`: by the requestId of the statement.
pub(super) async fn abort_request(State(emulator): State<Emulator>, request: Request) -> Response {
    try_abort(&emulator, request).await.unwrap_or_else(Refused::into_response)
}

async fn try_abort(emulator: &Emulator, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body).await?;
    let (session, speaker) = session_of(emulator, &parts.headers)?;
    let body = object(&body)?;
    let id = body.get("requestId").and_then(Value::as_str).unwrap_or_default();
    let execution = emulator.executions().requested(id, &session.identity.user);
    abort(emulator, &speaker, execution.as_deref(), id).await
}

/// `POST /queries/{id}/abort-request`
pub(super) async fn abort_query(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let aborted = async {
        body::read(&parts.headers, body).await?;
        let (session, speaker) = session_of(&emulator, &parts.headers)?;
        let execution = emulator.executions().find(&id, &session.identity.user);
        abort(&emulator, &speaker, execution.as_deref(), &id).await
    };
    aborted.await.unwrap_or_else(Refused::into_response)
}

async fn abort(
    emulator: &Emulator,
    speaker: &Speaker,
    execution: Option<&Execution>,
    id: &str,
) -> Result<Response, Refused> {
    let Some(hit) = struck(emulator, speaker, On::Cancel, execution).await? else {
        return Ok(jobs::lost().await);
    };
    let execution = execution.ok_or_else(|| absent(id))?;
    let response = if execution.cancel(Failure::cancelled()) {
        success(Value::Null)
    } else {
        Refused::new("000605", "Identified SQL statement is not currently executing.").into_response()
    };
    Ok(hit.finish(response).await)
}

/// A refusal of a request in a session: the token that can expire here is the session's own, and for good.
fn in_session(problem: Problem) -> Refused {
    match problem.code.as_str() {
        "390318" => NoSession::MasterExpired.into(),
        _ => problem.into(),
    }
}

/// `000709`
fn absent(id: &str) -> Refused {
    Refused::new("000709", format!("Statement {id} not found"))
}

/// Lets faults strike a question after a statement; nothing when the request is lost.
async fn struck(
    emulator: &Emulator,
    speaker: &Speaker,
    on: On,
    execution: Option<&Execution>,
) -> Result<Option<Hit>, Refused> {
    let mut hit = Hit::default();
    let action = emulator.faults().strike(Occasion {
        on,
        statement: execution.map_or("", |execution| &execution.text),
        user: &speaker.identity.user,
        client: &speaker.client,
    });
    if let Some(action) = action {
        if action == Action::LostBefore {
            return Ok(None);
        }
        hit.take(action, speaker).map_err(|problem| in_session(*problem))?;
    }
    jobs::pause(emulator.latency() + hit.extra).await;
    Ok(Some(hit))
}
