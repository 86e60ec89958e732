//! Taking a statement up: faults on purpose, repeated requests, latency, time-outs, and waiting for the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::Response;

use super::job::note_failure;
use super::{Job, Order, Speaker};
use crate::auth::{Refusal, TokenType};
use crate::emulator::Emulator;
use crate::faults::{Action, Effect, Occasion, Request as On};
use crate::http::body;
use crate::http::problem::Problem;
use crate::state::{Begun, Execution, Failure, Outcome};

/// What a fault does to a request as a whole.
#[derive(Debug, Default)]
pub(crate) struct Hit {
    pub(crate) extra: Duration,
    /// The answer's body breaks off; in its middle, or at its start.
    lost: Option<bool>,
}

impl Hit {
    /// Reads an action that any request can carry. Others are given back.
    pub(crate) fn take(&mut self, action: Action, speaker: &Speaker) -> Result<Option<Action>, Box<Problem>> {
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

    pub(crate) async fn finish(self, response: Response) -> Response {
        match self.lost {
            Some(truncated) => body::broken(response, truncated).await,
            None => response,
        }
    }
}

/// A response that never arrives.
pub(crate) async fn lost() -> Response {
    body::broken(Response::new(axum::body::Body::empty()), false).await
}

/// How a request wants its statement to be taken up.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request_id: Option<String>,
    /// A request that was seen before is not executed again.
    pub(crate) retry: bool,
    pub(crate) asynchronous: bool,
    /// SQL NULL is written as `null`.
    pub(crate) nullable: bool,
    pub(crate) limit: Option<Duration>,
    pub(crate) began: Instant,
}

/// How far a statement is.
#[derive(Debug)]
pub(crate) enum State {
    /// The request is lost, or its answer.
    Lost,
    InProgress(Arc<Execution>),
    Ended(Arc<Execution>),
}

/// Takes a statement up and waits for its end, as long as the emulator's patience lasts.
///
/// # Errors
///
/// Refusals that a fault orders: too many requests, an expired session and their like.
pub(crate) async fn submit(
    emulator: &Emulator,
    speaker: &Speaker,
    asked: Asked,
    order: Order,
) -> Result<(Hit, State), Problem> {
    let Asked { request_id, retry, asynchronous, nullable, limit, began } = asked;
    let mut hit = Hit::default();
    let mut action = emulator.faults().strike(Occasion {
        on: On::Submit,
        statement: &order.text,
        user: &speaker.identity.user,
        client: &speaker.client,
    });
    if let Some(struck) = action.take() {
        action = hit.take(struck, speaker).map_err(|problem| *problem)?;
    }
    if action == Some(Action::LostBefore) {
        return Ok((hit, State::Lost));
    }

    let created = (emulator.now() / 1_000_000) as i64;
    let user = &speaker.identity.user;
    let text = Arc::clone(&order.text);
    let mut execution = Execution::new(emulator.next_handle(), user, request_id, text, created);
    execution.nullable = nullable;
    let delay = emulator.latency() + hit.extra;
    let execution = match emulator.executions().begin(execution, retry) {
        Begun::New(execution) => execution,
        Begun::Known(execution) => {
            pause(delay).await;
            return Ok((hit, present(emulator, execution)));
        }
    };

    let prepared = Job::prepare(&order)
        .and_then(|job| fault(job, action.as_ref(), limit.unwrap_or(Duration::from_secs(172_800))));
    let job = match prepared {
        Ok(job) => job,
        Err(failure) => {
            pause(delay).await;
            note_failure(emulator, speaker, &order, &execution, &failure, millis(began));
            execution.finish(Outcome::Failed(failure));
            return Ok((hit, present(emulator, execution)));
        }
    };
    drop(order);

    if let Some(Action::InProgress { polls, effect }) = action {
        pause(delay).await;
        match effect {
            Effect::First => {
                job.run(emulator, &execution, millis(began));
                execution.hide(polls, None);
            }
            Effect::Last => execution.hide(polls, Some(job)),
        }
        return Ok((hit, State::InProgress(execution)));
    }

    if delay.is_zero() && job.wait.is_zero() && !asynchronous {
        job.run(emulator, &execution, millis(began));
    } else {
        // A client that goes away does not stop its statement: it runs in a task of its own.
        let driven = drive(emulator.clone(), Arc::clone(&execution), job, delay, limit, began);
        emulator.spawn(driven);
    }
    let ended = !asynchronous && tokio::time::timeout(emulator.patience(), execution.wait()).await.is_ok();
    Ok((hit, if ended { State::Ended(execution) } else { State::InProgress(execution) }))
}

/// How far a statement is for somebody who asks after it, by handle or by repeating its request.
pub(crate) fn present(emulator: &Emulator, execution: Arc<Execution>) -> State {
    if execution.hides() {
        return State::InProgress(execution);
    }
    if let Some(job) = execution.take_deferred() {
        job.run(emulator, &execution, 0.0);
    }
    if execution.outcome().is_some() { State::Ended(execution) } else { State::InProgress(execution) }
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

pub(crate) async fn pause(delay: Duration) {
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
