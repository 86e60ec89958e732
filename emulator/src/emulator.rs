//! The assembled emulator: an account behind a router that runs with or without a socket.

mod builder;
mod execute;
mod users;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use builder::Builder;
pub(crate) use execute::{Manner, timestamp};
pub use users::UserCredentials;
pub(crate) use users::{literal, quoted};

use crate::account::Account;
use crate::auth::{Authenticator, IssuerKeys, KeyPair, OAuthClient, key_pair_token};
use crate::context::Results;
use crate::faults::{Fault, FaultError, Faults};
use crate::http::{Authority, ListenError, Server};
use crate::state::{Executions, Sessions, StateError, Statement, Statements};

/// The user that every emulator has.
pub const OPERATOR: &str = "OPERATOR";
/// The roles of that user.
const OPERATOR_ROLES: [&str; 2] = ["ACCOUNTADMIN", "SYSADMIN"];
/// The client that stands in the log for what was done with [`Emulator::execute_as`].
pub const BEHIND_THE_BACK: &str = "emulator";

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A local Snowflake. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Emulator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    organization: String,
    name: String,
    identifier: String,
    account: Arc<Mutex<Account>>,
    authenticator: Authenticator,
    key: KeyPair,
    credentials: Mutex<BTreeMap<String, UserCredentials>>,
    statements: Statements,
    executions: Arc<Executions>,
    sessions: Sessions,
    faults: Faults,
    /// Microseconds.
    latency: AtomicU64,
    patience: Duration,
    partition_bytes: usize,
    /// How far the emulator's clock is ahead, in milliseconds.
    ahead: AtomicI64,
    /// Makes handles of this emulator differ from those of another.
    instance: Uuid,
    handles: AtomicU64,
    file: Option<PathBuf>,
    /// One writer at a time: an older text must not replace a newer one.
    writing: Mutex<()>,
    changed: AtomicBool,
    change: Notify,
    /// Statements that run in tasks of their own.
    tasks: TaskTracker,
}

impl Emulator {
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// All of its HTTP: the SQL API, the authorization server, and `/emulator/…`. A tower service that needs no
    /// socket, but a tokio runtime.
    pub fn router(&self) -> axum::Router {
        crate::http::router(self.clone())
    }

    /// Serves the router on a socket, with TLS when there is an authority.
    pub async fn listen(
        &self,
        address: impl tokio::net::ToSocketAddrs,
        authority: Option<&Authority>,
    ) -> Result<Server, ListenError> {
        Server::start(self, address, authority).await
    }

    /// Opens a CONNECT proxy that leads to this emulator, whatever account of `*.snowflakecomputing.com` is asked
    /// for: for tools that take no host. Its clients must trust the authority.
    pub async fn proxy(
        &self,
        address: impl tokio::net::ToSocketAddrs,
        authority: &Authority,
    ) -> Result<Server, ListenError> {
        Server::start_proxy(self, address, authority).await
    }

    pub fn organization(&self) -> &str {
        &self.0.organization
    }

    /// The account's name in its organization.
    pub fn account_name(&self) -> &str {
        &self.0.name
    }

    /// `ORGANIZATION-ACCOUNT`.
    pub fn identifier(&self) -> &str {
        &self.0.identifier
    }

    /// The account itself, for tests that look behind the doors.
    pub fn account(&self) -> Arc<Mutex<Account>> {
        Arc::clone(&self.0.account)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn account_mutex(&self) -> &Mutex<Account> {
        &self.0.account
    }

    pub(crate) fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    pub(crate) fn executions(&self) -> &Executions {
        &self.0.executions
    }

    /// For RESULT_SCAN.
    pub(crate) fn results(&self) -> Arc<dyn Results> {
        Arc::clone(&self.0.executions) as Arc<dyn Results>
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn log(&self) -> &Statements {
        &self.0.statements
    }

    pub(crate) fn patience(&self) -> Duration {
        self.0.patience
    }

    pub(crate) fn partition_bytes(&self) -> usize {
        self.0.partition_bytes
    }

    /// The emulator's time, nanoseconds since 1970.
    pub fn now(&self) -> i128 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        real as i128 + i128::from(self.0.ahead.load(Ordering::Relaxed)) * 1_000_000
    }

    pub(crate) fn now_seconds(&self) -> i64 {
        (self.now() / 1_000_000_000) as i64
    }

    /// Puts the emulator's clock forward: tokens expire, monitors begin a new period.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// How long each request takes at least.
    pub fn latency(&self) -> Duration {
        Duration::from_micros(self.0.latency.load(Ordering::Relaxed))
    }

    pub fn set_latency(&self, latency: Duration) {
        self.0.latency.store(micros(latency), Ordering::Relaxed);
    }

    /// Appends a fault.
    pub fn inject(&self, fault: Fault) -> Result<(), FaultError> {
        self.0.faults.inject([fault])
    }

    /// The graph of a task, by its full name, runs now and for so long. False when there is no such task.
    pub fn run_task(&self, task: &str, lasts: Duration) -> bool {
        let milliseconds = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
        self.changed_task(|account, now| account.task_runs(task, milliseconds, now))
    }

    /// The graph of a task, by its full name, failed so many times in a row, and is suspended when that is too often.
    /// False when there is no such task.
    pub fn fail_task(&self, task: &str, times: u32, message: &str) -> bool {
        self.changed_task(|account, now| account.task_fails(task, times, message, now))
    }

    fn changed_task(&self, change: impl FnOnce(&mut Account, i128) -> bool) -> bool {
        let now = self.now();
        let known = change(&mut self.lock(), now);
        if known {
            self.note_change();
        }
        known
    }

    /// The faults that are still to come.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The statements with a `seq` larger than `since`, oldest first: everything that was taken up, failures
    /// included. Requests that were refused as such (400, 401, 429, 503, …) are not statements.
    pub fn statements(&self, since: u64) -> Vec<Statement> {
        self.0.statements.since(since)
    }

    /// The `seq` of the latest statement; 0 before the first.
    pub fn last_statement(&self) -> u64 {
        self.0.statements.last()
    }

    /// What OPERATOR signs in with.
    ///
    /// # Panics
    /// When the account came from a state file and its credentials were not given back.
    pub fn operator(&self) -> UserCredentials {
        self.credentials(OPERATOR).expect("OPERATOR has credentials")
    }

    /// What a user that was made with [`Emulator::add_user`] signs in with.
    pub fn credentials(&self, user: &str) -> Option<UserCredentials> {
        self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }

    /// A key-pair token as a client would sign it, good for an hour.
    pub fn key_pair_token(&self, user: &str) -> String {
        key_pair_token(&self.0.key, &self.0.identifier, user, self.now_seconds(), 3600)
    }

    /// The key pair of the users.
    pub fn key(&self) -> &KeyPair {
        &self.0.key
    }

    /// An OAuth token as `/oauth/token-request` would issue it. `scope` is `session:role:NAME` or
    /// `session:role-any`; with negative `seconds` it has expired.
    pub fn oauth_token(&self, user: &str, scope: &str, seconds: i64) -> String {
        self.0.authenticator.oauth.issue(user, scope, self.now_seconds(), seconds)
    }

    /// Adds a client to the authorization server.
    pub fn add_oauth_client(&self, client: OAuthClient) {
        self.0.authenticator.oauth.add(client);
    }

    /// Registers (or replaces) an issuer whose tokens workloads sign in with.
    pub fn register_issuer(&self, issuer: impl Into<String>, keys: IssuerKeys) {
        self.0.authenticator.issuers.register(issuer.into(), keys);
        self.0.authenticator.forget();
    }

    pub(crate) fn next_handle(&self) -> String {
        let count = self.0.handles.fetch_add(1, Ordering::Relaxed);
        let seconds = self.now_seconds();
        let (high, low) = self.0.instance.as_u64_pair();
        // Ascending, as Snowflake's are: minutes first, then a number.
        Uuid::from_u64_pair(
            ((seconds / 60) as u64) << 32 | (high & 0xffff_ffff),
            (low & 0xffff_0000_0000_0000) | (count & 0xffff_ffff_ffff),
        )
        .to_string()
    }

    /// Each request of the SQL API is a session of its own.
    pub(crate) fn next_session(&self) -> u64 {
        self.0.handles.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn note_change(&self) {
        self.0.changed.store(true, Ordering::Release);
        self.0.change.notify_one();
    }

    /// The state file, if there is one.
    pub fn state_file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// Writes the state file, when there is one and something changed.
    pub fn save(&self) -> Result<(), StateError> {
        let Some(path) = &self.0.file else { return Ok(()) };
        let _writing = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.0.changed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let text = crate::state::text(&self.0.identifier, &self.lock());
        let saved = text.and_then(|text| crate::state::save(path, &text));
        if saved.is_err() {
            self.0.changed.store(true, Ordering::Release);
        }
        saved
    }

    /// Waits for the statements that run in the background, ten seconds at most.
    pub async fn settle(&self) {
        self.0.tasks.close();
        let _ = tokio::time::timeout(Duration::from_secs(10), self.0.tasks.wait()).await;
        self.0.tasks.reopen();
    }

    /// Runs a statement that its client may leave.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task);
    }

    /// Waits for a change of the account.
    pub async fn changed(&self) {
        while !self.0.changed.load(Ordering::Acquire) {
            self.0.change.notified().await;
        }
    }
}
