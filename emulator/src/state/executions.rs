//! Statements by handle, and handles by `requestId`.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::partitions::Partitions;
use crate::context::Results;
use crate::http::Job;
use crate::rows::{Column, Rows};

/// How many results are kept for questions after them.
const KEPT: usize = 10_000;
/// How much they may hold together, in bytes.
const KEPT_BYTES: usize = 128 << 20;

/// How a statement ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Finished(Finished),
    Failed(Failure),
}

/// A result.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) columns: Vec<Column>,
    pub(crate) partitions: Partitions,
    /// The handles of the statements of a multi-statement request.
    pub(crate) children: Vec<String>,
}

/// A failure, in the SQL API's terms.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: u32,
    pub(crate) sql_state: String,
    pub(crate) message: String,
    /// It ran into its time-out: the POST answers 408.
    pub(crate) timed_out: bool,
}

/// One statement (or one multi-statement request) and what became of it.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) handle: String,
    pub(crate) user: String,
    pub(crate) request_id: Option<String>,
    pub(crate) text: Arc<str>,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    /// SQL NULL is written as `null`, not as the text "null".
    pub(crate) nullable: bool,
    phase: Mutex<Phase>,
    outcome: OnceLock<Outcome>,
    ended: Notify,
    /// How many questions are still answered with "in progress".
    hidden: AtomicU32,
    /// Executed when the last of those questions was asked.
    deferred: Mutex<Option<Job>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Executing,
}

impl Execution {
    pub(crate) fn new(
        handle: String,
        user: &str,
        request_id: Option<String>,
        text: Arc<str>,
        created: i64,
    ) -> Self {
        Self {
            handle,
            user: user.to_owned(),
            request_id,
            text,
            created,
            nullable: true,
            phase: Mutex::new(Phase::Waiting),
            outcome: OnceLock::new(),
            ended: Notify::new(),
            hidden: AtomicU32::new(0),
            deferred: Mutex::default(),
        }
    }

    /// A statement that has already ended.
    pub(crate) fn ended(self, outcome: Outcome) -> Self {
        self.finish(outcome);
        self
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get()
    }

    /// Goes on to execute, unless it was cancelled before.
    pub(crate) fn start(&self) -> bool {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if self.outcome.get().is_some() || *phase == Phase::Executing {
            return false;
        }
        *phase = Phase::Executing;
        true
    }

    /// Ends it, if it has not begun to execute. Nothing or everything: a statement that executes is not cancelled.
    pub(crate) fn cancel(&self, failure: Failure) -> bool {
        let phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if *phase == Phase::Executing || self.outcome.get().is_some() {
            return false;
        }
        self.hide(0, None);
        self.finish(Outcome::Failed(failure));
        true
    }

    pub(crate) fn finish(&self, outcome: Outcome) {
        // The first outcome stays.
        let _ = self.outcome.set(outcome);
        self.ended.notify_waiters();
    }

    /// Waits until it has ended.
    pub(crate) async fn wait(&self) -> &Outcome {
        loop {
            let ended = self.ended.notified();
            if let Some(outcome) = self.outcome.get() {
                return outcome;
            }
            ended.await;
        }
    }

    /// Hides the outcome from the next so many questions; `deferred` is executed after them.
    pub(crate) fn hide(&self, questions: u32, deferred: Option<Job>) {
        self.hidden.store(questions, Ordering::Release);
        *self.deferred.lock().unwrap_or_else(PoisonError::into_inner) = deferred;
    }

    /// Asks: is the outcome to be hidden from this question?
    pub(crate) fn hides(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.hidden.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok()
    }

    /// Would the outcome be hidden from a question?
    pub(crate) fn is_hidden(&self) -> bool {
        self.hidden.load(Ordering::Acquire) > 0
    }

    /// What is to be executed now, if anything was deferred.
    pub(crate) fn take_deferred(&self) -> Option<Job> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn bytes(&self) -> usize {
        let result = match self.outcome.get() {
            Some(Outcome::Finished(finished)) => finished.partitions.bytes(),
            _ => 0,
        };
        self.text.len() + result + 512
    }
}

/// What became of a request to execute.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It is to be executed.
    New(Arc<Execution>),
    /// It was seen before and is in progress or has succeeded.
    Known(Arc<Execution>),
}

/// The statements that clients may ask after. Bounded: the oldest results are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Executions(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_handle: HashMap<String, Arc<Execution>>,
    by_request: HashMap<(String, String), String>,
    order: VecDeque<(String, usize)>,
    bytes: usize,
}

impl Executions {
    /// Registers a statement, or finds it: with `retry`, a `requestId` that is in progress or has succeeded is not
    /// executed again; one that failed is. Without `retry` it always is.
    pub(crate) fn begin(&self, execution: Execution, retry: bool) -> Begun {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = &execution.request_id {
            let key = (execution.user.clone(), id.clone());
            if retry {
                let known = kept.by_request.get(&key).and_then(|handle| kept.by_handle.get(handle));
                if let Some(known) =
                    known.filter(|known| !matches!(known.outcome(), Some(Outcome::Failed(_))))
                {
                    return Begun::Known(Arc::clone(known));
                }
            }
            kept.by_request.insert(key, execution.handle.clone());
        }
        Begun::New(kept.insert(execution))
    }

    /// Keeps a statement that was executed as part of another.
    pub(crate) fn keep(&self, execution: Execution) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(execution);
    }

    /// Looks up a handle. Those of other users do not exist.
    pub(crate) fn find(&self, handle: &str, user: &str) -> Option<Arc<Execution>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_handle.get(handle).filter(|execution| execution.user == user).cloned()
    }

    /// Looks up the latest statement of a `requestId`.
    pub(crate) fn requested(&self, id: &str, user: &str) -> Option<Arc<Execution>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = kept.by_request.get(&(user.to_owned(), id.to_owned()))?;
        kept.by_handle.get(handle).cloned()
    }

    /// Looks up a handle, whoever it belongs to.
    pub(crate) fn any(&self, handle: &str) -> Option<Arc<Execution>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_handle.get(handle).cloned()
    }

    /// Counts a result whose size was not known when its statement began.
    pub(crate) fn weigh(&self, execution: &Execution) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = execution.bytes();
        if bytes < 64 * 1024 {
            return;
        }
        if let Some(place) = kept.order.iter_mut().rev().find(|(handle, _)| *handle == execution.handle) {
            let before = std::mem::replace(&mut place.1, bytes);
            kept.bytes = kept.bytes - before + bytes;
        }
        kept.shrink();
    }
}

impl Results for Executions {
    fn rows(&self, query_id: &str, user: &str) -> Option<Rows> {
        let execution = self.find(query_id, user)?;
        let Some(Outcome::Finished(finished)) = execution.outcome() else { return None };
        let rows = finished.partitions.rows().into_owned();
        Some(Rows { columns: finished.columns.clone(), rows })
    }
}

impl Kept {
    fn insert(&mut self, execution: Execution) -> Arc<Execution> {
        let bytes = execution.bytes();
        let execution = Arc::new(execution);
        self.order.push_back((execution.handle.clone(), bytes));
        self.bytes += bytes;
        self.by_handle.insert(execution.handle.clone(), Arc::clone(&execution));
        self.shrink();
        execution
    }

    fn shrink(&mut self) {
        // What is in progress stays, at the back of the queue.
        let mut chances = self.order.len();
        while chances > 1 && (self.order.len() > KEPT || self.bytes > KEPT_BYTES) {
            chances -= 1;
            let Some((handle, bytes)) = self.order.pop_front() else { return };
            match self.by_handle.get(&handle) {
                Some(execution) if execution.outcome().is_none() => self.order.push_back((handle, bytes)),
                Some(execution) => {
                    if let Some(id) = &execution.request_id {
                        let key = (execution.user.clone(), id.clone());
                        if self.by_request.get(&key) == Some(&handle) {
                            self.by_request.remove(&key);
                        }
                    }
                    self.by_handle.remove(&handle);
                    self.bytes -= bytes;
                }
                None => self.bytes -= bytes,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(handle: usize, request: Option<&str>) -> Execution {
        Execution::new(format!("h{handle}"), "U", request.map(str::to_owned), "SELECT 1".into(), 0)
    }

    fn failed() -> Outcome {
        Outcome::Failed(Failure {
            code: 1003,
            sql_state: "42000".into(),
            message: String::new(),
            timed_out: false,
        })
    }

    fn finished() -> Outcome {
        let partitions = Partitions::split(vec![], 1, true);
        Outcome::Finished(Finished { columns: vec![], partitions, children: vec![] })
    }

    #[test]
    fn a_retry_finds_what_runs_or_succeeded_and_repeats_what_failed() {
        let executions = Executions::default();
        let Begun::New(first) = executions.begin(execution(1, Some("r")), true) else { panic!("never seen") };
        let Begun::Known(during) = executions.begin(execution(2, Some("r")), true) else { panic!("running") };
        assert_eq!(during.handle, first.handle);
        first.finish(failed());
        let Begun::New(second) = executions.begin(execution(3, Some("r")), true) else { panic!("failed") };
        second.finish(finished());
        let Begun::Known(after) = executions.begin(execution(4, Some("r")), true) else {
            panic!("succeeded")
        };
        assert_eq!(after.handle, "h3");
        assert!(matches!(executions.begin(execution(5, Some("r")), false), Begun::New(_)));
        assert!(matches!(executions.begin(execution(6, None), true), Begun::New(_)));
    }

    #[test]
    fn old_results_are_forgotten_and_running_statements_are_not() {
        let executions = Executions::default();
        let Begun::New(running) = executions.begin(execution(0, Some("r")), false) else { panic!() };
        for handle in 1..=KEPT + 10 {
            executions.keep(execution(handle, None).ended(failed()));
        }
        assert!(executions.find("h1", "U").is_none());
        assert!(executions.find(&running.handle, "U").is_some());
        assert!(executions.find(&running.handle, "V").is_none(), "another user's handle does not exist");
    }

    #[test]
    fn a_statement_is_cancelled_before_it_executes_or_not_at_all() {
        let cancelled = execution(1, None);
        let failure =
            Failure { code: 604, sql_state: String::new(), message: String::new(), timed_out: false };
        assert!(cancelled.cancel(failure.clone()));
        assert!(!cancelled.start());
        let started = execution(2, None);
        assert!(started.start());
        assert!(!started.cancel(failure));
    }
}
