//! The SQL API, version 2: `POST /api/v2/statements`, questions after a statement, and its cancellation.

mod answer;
mod request;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};

use super::body;
use super::jobs::{self, Asked, Hit, Order, State as Progress, Wishes};
use super::problem::Problem;
use crate::emulator::Emulator;
use crate::faults::{Action, Occasion, Request as On};
use crate::state::{Execution, Failure};
pub(crate) use request::pairs;
use request::{Query, Submission, sends_json, speaker};

/// `POST /api/v2/statements`
pub(crate) async fn submit(State(emulator): State<Emulator>, request: Request) -> Response {
    match try_submit(&emulator, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn try_submit(emulator: &Emulator, request: Request) -> Result<Response, Problem> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    sends_json(&parts.headers)?;
    // The body is read in any case, so that the client gets to see a refusal.
    let body = body::read(&parts.headers, body).await?;
    let speaker = speaker(emulator, &parts.headers).await?;
    let query = Query::parse(parts.uri.query())?;
    let submission = Submission::parse(&body)?;
    drop(body);
    let asked = Asked {
        request_id: query.request_id,
        retry: query.retry,
        asynchronous: query.asynchronous,
        nullable: query.nullable,
        limit: submission.seconds.map(Duration::from_secs),
        began,
    };
    let wishes = Wishes {
        role: submission.role,
        warehouse: submission.warehouse,
        database: submission.database,
        schema: submission.schema,
        secondary_roles_all: secondary_roles_all(emulator, &speaker.identity.user),
        parameters: submission.session,
    };
    let order = Order {
        text: submission.statement.as_deref().unwrap_or_default().into(),
        statement_count: submission.statement_count,
        bindings: submission.bindings,
        context: jobs::context(emulator, &speaker, wishes),
        session: None,
        alone: BTreeMap::new(),
        describe: false,
    };
    let (hit, progress) = jobs::submit(emulator, &speaker, asked, order).await?;
    Ok(hit.finish(answered(&progress, true).await).await)
}

/// The secondary roles of a request: those that the user's properties name. A user who never set any gets none here.
fn secondary_roles_all(emulator: &Emulator, user: &str) -> Option<bool> {
    let account = emulator.lock();
    let set = account.user(user)?.text("DEFAULT_SECONDARY_ROLES").map(str::to_uppercase);
    Some(set.is_some_and(|roles| roles.contains("ALL")))
}

async fn answered(progress: &Progress, post: bool) -> Response {
    match progress {
        Progress::Lost => jobs::lost().await,
        Progress::InProgress(execution) => answer::in_progress(execution),
        Progress::Ended(execution) => match execution.outcome() {
            Some(outcome) => answer::ended(execution, outcome, 0, post),
            None => answer::in_progress(execution),
        },
    }
}

/// `GET /api/v2/statements/{handle}`
pub(crate) async fn status(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let handle = handle(parts.uri.path());
    let asked = asked(&emulator, &parts.headers, parts.uri.query(), &handle, On::Poll).await;
    let (query, execution, hit) = match asked {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let response = match execution {
        None => answer::unknown(&handle),
        Some(execution) => match execution.outcome() {
            Some(outcome) if query.partition > 0 => {
                answer::ended(&execution, outcome, query.partition, false)
            }
            _ => answered(&jobs::present(&emulator, execution), false).await,
        },
    };
    hit.finish(response).await
}

/// `POST /api/v2/statements/{handle}/cancel`
pub(crate) async fn cancel(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let handle = handle(parts.uri.path());
    let asked = asked(&emulator, &parts.headers, parts.uri.query(), &handle, On::Cancel).await;
    let (_, execution, hit) = match asked {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let response = match execution {
        Some(execution) if execution.cancel(Failure::cancelled()) => answer::cancelled(&handle),
        _ => answer::unknown(&handle),
    };
    hit.finish(response).await
}

/// The handle in a path. A handle is plain; what is not plain is nobody's.
fn handle(path: &str) -> String {
    let rest = path.strip_prefix("/api/v2/statements/").unwrap_or_default();
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// What questions after a statement have in common.
async fn asked(
    emulator: &Emulator,
    headers: &HeaderMap,
    query: Option<&str>,
    handle: &str,
    on: On,
) -> Result<(Query, Option<Arc<Execution>>, Hit), Box<Response>> {
    let refuse = |problem: Problem| Box::new(problem.into_response());
    let speaker = speaker(emulator, headers).await.map_err(refuse)?;
    let query = Query::parse(query).map_err(refuse)?;
    let execution = emulator.executions().find(handle, &speaker.identity.user);
    let mut hit = Hit::default();
    let action = emulator.faults().strike(Occasion {
        on,
        statement: execution.as_ref().map_or("", |execution| &execution.text),
        user: &speaker.identity.user,
        client: &speaker.client,
    });
    if let Some(action) = action {
        if action == Action::LostBefore {
            return Err(Box::new(jobs::lost().await));
        }
        hit.take(action, &speaker).map_err(|problem| refuse(*problem))?;
    }
    jobs::pause(emulator.latency() + hit.extra).await;
    Ok((query, execution, hit))
}
