//! The way of one statement: submitted, waited for, read, given up.
use super::{
    answer::{self, Done, Trouble, Verdict},
    auth::Token,
    client::{Inner, Outcome, RunOptions},
    error::ClientError,
    request,
    statement::Statement,
    transport::TransportError,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use http::{Request, Response};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{AcquireError, SemaphorePermit},
    time::{Instant, sleep, timeout, timeout_at},
};
use uuid::Uuid;

/// Snowflake answers within 45 s, if only that it is not done.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// Snowflake's own word on a time-out is awaited this much longer: it says whether the statement was cancelled.
const GRACE: Duration = Duration::from_secs(5);
const CANCEL_WAIT: Duration = Duration::from_secs(5);
/// So often a connection is tried that cannot be made: 8 s to 15 s.
const MAX_UNREACHED: usize = 5;
/// So often a statement that changes something is sent again after its answer was lost.
const MAX_LOST: usize = 3;
/// "SQL execution canceled".
const CANCELLED: &str = "000604";
/// Seven days: Snowflake's maximum.
const MAX_TIMEOUT: u64 = 604_800;

pub(super) struct Run<'a> {
    inner: &'a Inner,
    statement: &'a Statement,
    options: &'a RunOptions,
    request_id: Uuid,
    timeout: Duration,
    /// Counted from the first permit.
    deadline: Instant,
    /// Held while the statement runs, not while waiting.
    permit: Option<SemaphorePermit<'a>>,
    /// Snowflake may have received it.
    reached: bool,
    /// Snowflake's name for it, once known.
    handle: Option<String>,
    lost: usize,
    unreached: usize,
}

/// What is asked of Snowflake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Submit,
    Status,
    Partition(usize),
    Cancel,
}

/// Why there is no result.
enum Stop {
    /// Snowflake's word on the statement.
    Verdict(ClientError),
    Fault(ClientError),
    /// The time is over; what was wrong last.
    Deadline(Option<ClientError>),
}

impl<'a> Run<'a> {
    pub(super) fn new(inner: &'a Inner, statement: &'a Statement, options: &'a RunOptions) -> Self {
        let timeout = options.timeout.unwrap_or(inner.config.statement_timeout);
        let timeout = Duration::from_secs(timeout.as_secs().clamp(1, MAX_TIMEOUT));
        Self {
            inner,
            statement,
            options,
            request_id: options.request_id.unwrap_or_else(Uuid::new_v4),
            timeout,
            deadline: Instant::now() + timeout + GRACE,
            permit: None,
            reached: options.retry,
            handle: None,
            lost: 0,
            unreached: 0,
        }
    }

    pub(super) async fn finish(mut self) -> Result<Outcome, ClientError> {
        match self.drive().await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Verdict(error)) => Err(error),
            Err(Stop::Fault(cause)) => Err(self.lost(cause)),
            Err(Stop::Deadline(Some(cause))) if self.handle.is_none() => Err(self.lost(cause)),
            Err(Stop::Deadline(_)) => {
                let stopped = timeout(CANCEL_WAIT, self.cancel()).await.unwrap_or(false);
                Err(self.timed_out(self.reached && !stopped))
            }
        }
    }

    async fn drive(&mut self) -> Result<Outcome, Stop> {
        let mut verdict = self.verdict(Call::Submit).await?;
        let mut pauses = pauses(200, 3000);
        loop {
            match verdict {
                Verdict::Done(done) => return self.collect(done).await,
                Verdict::Running { handle } => {
                    self.reached = true;
                    self.handle = Some(handle);
                    self.pause(pauses.next().unwrap_or_default(), None).await?;
                    verdict = self.verdict(Call::Status).await?;
                }
                Verdict::Refused(error) if error.code == CANCELLED => {
                    return Err(Stop::Verdict(ClientError::Cancelled(error)));
                }
                Verdict::Refused(error) => return Err(Stop::Verdict(ClientError::Snowflake(error))),
                Verdict::Expired { handle } => {
                    self.handle = handle.or(self.handle.take());
                    return Err(Stop::Verdict(self.timed_out(false)));
                }
            }
        }
    }

    /// The result with all its partitions.
    async fn collect(&mut self, done: Done) -> Result<Outcome, Stop> {
        let Done { handle, mut rows, total, partitions, created_on } = done;
        self.reached = true;
        self.handle = Some(handle.clone());
        for partition in 1..partitions {
            self.exchange(Call::Partition(partition), |answer, _| answer::read_partition(answer, &mut rows))
                .await?;
        }
        // A list that lacks rows would make objects look as if they were gone.
        if let Some(total) = total
            && total != rows.len()
        {
            let told = format!("it announces {total} rows and has {}", rows.len());
            return Err(Stop::Fault(ClientError::BadAnswer(told)));
        }
        rows.shrink();
        Ok(Outcome { rows, query_id: handle, created_on })
    }

    async fn verdict(&mut self, call: Call) -> Result<Verdict, Stop> {
        let read =
            |answer: &_, reached| if reached { answer::read_status(answer) } else { answer::read(answer) };
        self.exchange(call, read).await
    }

    /// Asks until there is an answer that says something about the statement. `read` gets the answer, and whether
    /// the statement may have been taken up before it was asked for.
    async fn exchange<T>(
        &mut self,
        call: Call,
        mut read: impl FnMut(&Response<Bytes>, bool) -> Result<T, Trouble>,
    ) -> Result<T, Stop> {
        let mut pauses = pauses(250, 15_000);
        let mut renewed = false;
        loop {
            let token = self.ready().await?;
            let answer = match self.send(call, &token).await? {
                Ok(response) => match read(&response, self.reached) {
                    Ok(read) => return Ok(read),
                    Err(answer) => answer,
                },
                Err(error) if error.sent => Trouble::Broken(error.reason),
                Err(error) => {
                    self.unreached += 1;
                    let cause = ClientError::Unavailable(error.reason);
                    if self.unreached >= MAX_UNREACHED {
                        return Err(Stop::Fault(cause));
                    }
                    self.rest(pauses.next(), None, cause).await?;
                    continue;
                }
            };
            self.unreached = 0;
            match answer {
                Trouble::Unauthorized { code, message } => {
                    self.permit = None;
                    let message = token.redact(&message);
                    if renewed || !self.renew(&token).await? {
                        return Err(Stop::Fault(ClientError::Unauthorized { code, message }));
                    }
                    renewed = true;
                }
                Trouble::Throttled { after, message } => {
                    self.rest(pauses.next(), after, ClientError::Throttled { message }).await?;
                }
                Trouble::Busy { after, message } => {
                    self.reached |= call == Call::Submit;
                    self.rest(pauses.next(), after, ClientError::Unavailable(message)).await?;
                }
                Trouble::Broken(reason) => {
                    self.reached |= call == Call::Submit;
                    self.lost += 1;
                    let cause = ClientError::Unavailable(reason);
                    if call == Call::Submit && self.lost > MAX_LOST && !self.statement.is_read() {
                        return Err(Stop::Fault(cause));
                    }
                    self.rest(pauses.next(), None, cause).await?;
                }
                Trouble::Unknown { executed, reason } => {
                    self.reached |= executed;
                    return Err(Stop::Fault(ClientError::BadAnswer(reason)));
                }
            }
        }
    }

    /// A token and a permit. Waiting for the permit does not count against the statement's time.
    async fn ready(&mut self) -> Result<Arc<Token>, Stop> {
        loop {
            let token = timeout_at(self.deadline, self.inner.tokens.current()).await;
            let token = token.map_err(|_| Stop::Deadline(None))?.map_err(|e| Stop::Fault(e.into()))?;
            if self.permit.is_some() {
                return Ok(token);
            }
            let queued = Instant::now();
            self.permit = Some(self.permit().await.map_err(|_| closed())?);
            let waited = queued.elapsed();
            self.deadline += waited;
            if waited < Duration::from_secs(1) || token.is_good() {
                return Ok(token);
            }
            // The token died in the queue.
            self.permit = None;
        }
    }

    /// Permits are given in the order in which they were asked for. Only one of those who have time asks.
    async fn permit(&self) -> Result<SemaphorePermit<'a>, AcquireError> {
        let _turn = if self.options.first { None } else { Some(self.inner.turn.acquire().await?) };
        self.inner.permits.acquire().await
    }

    async fn renew(&mut self, refused: &Arc<Token>) -> Result<bool, Stop> {
        let renewed = timeout_at(self.deadline, self.inner.tokens.after_refusal(refused)).await;
        let renewed = renewed.map_err(|_| Stop::Deadline(None))?.map_err(|e| Stop::Fault(e.into()))?;
        Ok(renewed.is_some())
    }

    async fn send(
        &mut self,
        call: Call,
        token: &Token,
    ) -> Result<Result<Response<Bytes>, TransportError>, Stop> {
        let request = self.request(call, token).map_err(Stop::Fault)?;
        let until = self.deadline.min(Instant::now() + ANSWER_WAIT);
        match timeout_at(until, self.inner.transport.send(request)).await {
            Ok(answer) => Ok(answer),
            Err(_) if until < self.deadline => {
                let reason = format!("no answer within {} s", ANSWER_WAIT.as_secs());
                Ok(Err(TransportError { sent: true, reason }))
            }
            Err(_) => {
                self.reached |= call == Call::Submit;
                Err(Stop::Deadline(None))
            }
        }
    }

    /// Leaves the place to others, and waits before the next attempt.
    async fn rest(
        &mut self,
        pause: Option<Duration>,
        at_least: Option<Duration>,
        cause: ClientError,
    ) -> Result<(), Stop> {
        self.permit = None;
        let pause = pause.unwrap_or_default().max(at_least.unwrap_or_default());
        tracing::debug!(verb = self.statement.verb(), kind = self.statement.kind(), %cause, ?pause, "trying again");
        self.pause(pause, Some(cause)).await
    }

    async fn pause(&self, pause: Duration, cause: Option<ClientError>) -> Result<(), Stop> {
        if Instant::now() + pause >= self.deadline {
            return Err(Stop::Deadline(cause));
        }
        sleep(pause).await;
        Ok(())
    }

    /// Whether Snowflake says that the statement was stopped.
    async fn cancel(&mut self) -> bool {
        if self.handle.is_none() {
            return false;
        }
        self.deadline = Instant::now() + CANCEL_WAIT;
        let Ok(token) = self.inner.tokens.current().await else { return false };
        let Ok(Ok(_)) = self.send(Call::Cancel, &token).await else { return false };
        let Ok(Ok(response)) = self.send(Call::Status, &token).await else { return false };
        match answer::read_status(&response) {
            Ok(Verdict::Refused(error)) => error.code == CANCELLED,
            Ok(verdict) => matches!(verdict, Verdict::Expired { .. }),
            Err(_) => false,
        }
    }

    fn request(&self, call: Call, token: &Token) -> Result<Request<Bytes>, ClientError> {
        let handle = self.handle.as_deref();
        let config = &self.inner.config;
        match call {
            Call::Submit => {
                let body = request::body(config, self.statement, self.options, self.timeout);
                request::submit(config, token, self.request_id, self.reached, body)
            }
            Call::Status => request::status(config, token, handle, None),
            Call::Partition(n) => request::status(config, token, handle, Some(n)),
            Call::Cancel => request::cancel(config, token, handle),
        }
    }

    fn timed_out(&self, may_have_executed: bool) -> ClientError {
        ClientError::TimedOut {
            after: self.timeout,
            may_have_executed: may_have_executed && !self.statement.is_read(),
            request_id: self.request_id,
            query_id: self.handle.clone(),
        }
    }

    /// The fault, or that the outcome is unknown because of it. Reads have no outcome.
    fn lost(&self, cause: ClientError) -> ClientError {
        if self.reached && !self.statement.is_read() {
            ClientError::Lost { request_id: self.request_id, cause: Box::new(cause) }
        } else {
            cause
        }
    }
}

/// The client is going away.
fn closed() -> Stop {
    Stop::Fault(ClientError::Unavailable("closed".to_owned()))
}

/// Ever longer pauses, in milliseconds, with jitter, without end.
fn pauses(first: u64, longest: u64) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(first))
        .with_max_delay(Duration::from_millis(longest))
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}
