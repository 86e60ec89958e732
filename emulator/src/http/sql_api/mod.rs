//! The SQL API, version 2: `POST /api/v2/statements`, questions after a statement, and its cancellation.

mod answer;
mod bindings;
mod request;
mod run;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::body;
use super::problem::Problem;
use crate::auth::{Refusal, TokenType};
use crate::emulator::Emulator;
use crate::faults::{Action, Effect, Occasion, Request as On};
use crate::state::{Begun, Execution, Failure, Outcome};
pub(crate) use request::pairs;
use request::{Query, Speaker, Submission, sends_json};
pub(crate) use run::Job;

/// What a fault does to a request as a whole.
#[derive(Debug, Default)]
struct Hit {
    extra: Duration,
    /// The answer's body breaks off; in its middle, or at its start.
    lost: Option<bool>,
}

impl Hit {
    /// Reads an action that any request can carry. Others are given back.
    fn take(&mut self, action: Action, speaker: &Speaker) -> Result<Option<Action>, Box<Problem>> {
        match action {
            Action::Latency { millis } => self.extra = Duration::from_millis(millis),
            Action::AnswerLost { truncated } => self.lost = Some(truncated),
            Action::TooManyRequests { retry_after } => {
                let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "390505", "Too many requests.");
                problem.retry_after = retry_after;
                return Err(problem.into());
            }
            Action::Unavailable => {
                return Err(Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "390503",
                    "Service temporarily unavailable.",
                )
                .into());
            }
            Action::ExpiredSession => {
                return Err(Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "390112",
                    "Your session has expired. Please login again.",
                )
                .into());
            }
            Action::ExpiredToken => {
                let refusal = match speaker.kind {
                    Some(TokenType::KeyPairJwt) => Refusal::jwt("JWT_TOKEN_EXPIRED: a fault"),
                    Some(TokenType::ProgrammaticAccessToken) => Refusal::programmatic("expired: a fault"),
                    Some(TokenType::WorkloadIdentity) => Refusal::workload("the attestation has expired"),
                    Some(TokenType::OAuth) | None => Refusal::oauth_expired(),
                };
                return Err(Problem::from(refusal).into());
            }
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    async fn finish(self, response: Response) -> Response {
        match self.lost {
            Some(truncated) => body::broken(response, truncated).await,
            None => response,
        }
    }
}

/// A response that never arrives.
async fn lost() -> Response {
    body::broken(Response::new(axum::body::Body::empty()), false).await
}

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
    let speaker = Speaker::of(emulator, &parts.headers).await?;
    let query = Query::parse(parts.uri.query())?;
    let submission = Submission::parse(&body)?;
    drop(body);
    let text: Arc<str> = submission.statement.as_deref().unwrap_or_default().into();

    let mut hit = Hit::default();
    let mut action = emulator.faults().strike(Occasion {
        on: On::Submit,
        statement: &text,
        user: &speaker.identity.user,
        client: &speaker.client,
    });
    if let Some(struck) = action.take() {
        action = hit.take(struck, &speaker).map_err(|problem| *problem)?;
    }
    if action == Some(Action::LostBefore) {
        return Ok(lost().await);
    }

    let created = (emulator.now() / 1_000_000) as i64;
    let user = &speaker.identity.user;
    let mut execution = Execution::new(emulator.next_handle(), user, query.request_id.clone(), text, created);
    execution.nullable = query.nullable;
    let execution = match emulator.executions().begin(execution, query.retry) {
        Begun::New(execution) => execution,
        Begun::Known(execution) => {
            pause(emulator.latency() + hit.extra).await;
            return Ok(hit.finish(attach(emulator, &execution, true)).await);
        }
    };

    let delay = emulator.latency() + hit.extra;
    let limit = submission.seconds.map(Duration::from_secs);
    let prepared = Job::prepare(emulator, &speaker, &submission)
        .and_then(|job| fault(job, action.as_ref(), limit.unwrap_or(Duration::from_secs(172_800))));
    let job = match prepared {
        Ok(job) => job,
        Err(failure) => {
            pause(delay).await;
            run::note_failure(emulator, &speaker, &submission, &execution, &failure, millis(began));
            execution.finish(Outcome::Failed(failure));
            return Ok(hit.finish(attach(emulator, &execution, true)).await);
        }
    };

    if let Some(Action::InProgress { polls, effect }) = action {
        pause(delay).await;
        match effect {
            Effect::First => {
                job.run(emulator, &execution, millis(began));
                execution.hide(polls, None);
            }
            Effect::Last => execution.hide(polls, Some(job)),
        }
        return Ok(hit.finish(answer::in_progress(&execution)).await);
    }

    if delay.is_zero() && job.wait.is_zero() && !query.asynchronous {
        job.run(emulator, &execution, millis(began));
    } else {
        // A client that goes away does not stop its statement: it runs in a task of its own.
        let driven = drive(emulator.clone(), Arc::clone(&execution), job, delay, limit, began);
        emulator.spawn(driven);
    }
    let response = if query.asynchronous {
        answer::in_progress(&execution)
    } else {
        match tokio::time::timeout(emulator.patience(), execution.wait()).await {
            Ok(outcome) => answer::ended(&execution, outcome, 0, true),
            Err(_) => answer::in_progress(&execution),
        }
    };
    Ok(hit.finish(response).await)
}

/// Lets time pass for a statement, and executes it at the end, unless it runs into its time-out.
async fn drive(
    emulator: Emulator,
    execution: Arc<Execution>,
    job: Job,
    delay: Duration,
    limit: Option<Duration>,
    began: Instant,
) {
    let whole = delay + job.wait;
    let overrun = limit.filter(|limit| *limit <= whole);
    let end = overrun.unwrap_or(whole);
    pause(delay.min(end)).await;
    let rest = end.saturating_sub(delay);
    if !rest.is_zero() {
        let warehouse = job.context.warehouse.clone().unwrap_or_default();
        emulator.lock().started(&execution.handle, &warehouse, emulator.now());
        // Cancelled, or aborted with its warehouse, it ends early.
        let _ = tokio::time::timeout(rest, execution.wait()).await;
        emulator.lock().ended(&execution.handle, emulator.now());
    }
    match overrun {
        Some(limit) => {
            execution.cancel(Failure::timed_out(limit));
        }
        None => job.run(&emulator, &execution, millis(began)),
    }
}

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// What a fault does to a statement.
fn fault(mut job: Job, action: Option<&Action>, limit: Duration) -> Result<Job, Failure> {
    match action {
        Some(Action::Timeout) => return Err(Failure::timed_out(limit)),
        Some(Action::Lock) => {
            return Err(Failure::new(
                625,
                "57014",
                "Statement was aborted because the number of waiters for this lock exceeds the 20 statements limit.",
            ));
        }
        Some(Action::Error { code, sql_state, message }) => {
            return Err(Failure::new(*code, sql_state, message.as_str()));
        }
        Some(Action::RowLimit { rows }) => job.row_limit = Some(*rows),
        Some(Action::Revoke { privilege, on, role }) => {
            let sql = format!("REVOKE {privilege} ON {on} FROM ROLE {role}");
            job.before = Some(("ACCOUNTADMIN".into(), sql));
        }
        Some(Action::Execute { statement, role, after }) => {
            let other = Some((role.clone(), statement.clone()));
            if *after { job.after = other } else { job.before = other }
        }
        _ => {}
    }
    Ok(job)
}

/// The present answer to somebody who asks after a statement, by handle or by repeating its request.
fn attach(emulator: &Emulator, execution: &Execution, post: bool) -> Response {
    if execution.hides() {
        return answer::in_progress(execution);
    }
    if let Some(job) = execution.take_deferred() {
        job.run(emulator, execution, 0.0);
    }
    match execution.outcome() {
        Some(outcome) => answer::ended(execution, outcome, 0, post),
        None => answer::in_progress(execution),
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
            _ => attach(&emulator, &execution, false),
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
    let speaker = Speaker::of(emulator, headers).await.map_err(refuse)?;
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
            return Err(Box::new(lost().await));
        }
        hit.take(action, &speaker).map_err(|problem| refuse(*problem))?;
    }
    pause(emulator.latency() + hit.extra).await;
    Ok((query, execution, hit))
}
