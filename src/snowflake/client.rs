//! The client.
use super::{
    Transport,
    auth::{Credential, cache::TokenCache},
    config::ClientConfig,
    error::ClientError,
    rows::Rows,
    run::Run,
    statement::Statement,
};
use crate::values::ident::Ident;
use jiff::Timestamp;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::Instant};
use uuid::Uuid;

/// Executes statements in one account, as one role. A clone is cheap and shares everything.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) config: ClientConfig,
    pub(super) transport: Transport,
    pub(super) tokens: TokenCache,
    pub(super) permits: Arc<Semaphore>,
    /// Whoever waits for a permit has this; [`RunOptions::first`] waits without it, and so passes the queue.
    pub(super) turn: Arc<Semaphore>,
}

/// How to run a statement.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Shown in Snowflake's query history; 2,000 characters at most, the rest is cut off.
    pub query_tag: Option<String>,
    /// Names this execution, so that it can be resubmitted. A random one where there is none.
    pub request_id: Option<Uuid>,
    /// A resubmission: the statement may have been executed under this request id before, and if it was,
    /// Snowflake answers with that result instead of executing it again.
    pub retry: bool,
    /// Instead of the connection's role.
    pub role: Option<Ident>,
    /// Instead of the connection's time-out.
    pub timeout: Option<Duration>,
    /// How many statements the text holds, separated by `;`. Left out: one. Their answer says only that all went well.
    pub statements: Option<u32>,
    /// Takes the next free permit, before all who wait. For a read that many wait for: behind a queue of changes, each
    /// of which ends by waiting for that read, it would hold up the whole.
    pub first: bool,
}

/// What came of a statement.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub rows: Rows,
    /// Snowflake's id of the query.
    pub query_id: String,
    /// When Snowflake took the statement up.
    pub created_on: Option<Timestamp>,
}

/// Is told of every statement when it is over.
pub trait Observer: Send + Sync {
    /// `kind`: as the statement's maker set it. `verb`: `CREATE`, `SHOW`. `outcome`: `ok`, or
    /// [`ClientError::outcome`]. `seconds`: with all waiting, also for its turn.
    fn statement(&self, kind: &str, verb: &str, outcome: &str, seconds: f64);
}

impl Client {
    pub fn new(config: ClientConfig, transport: Transport) -> Self {
        let tokens = TokenCache::new(config.credential.clone(), config.account.clone(), config.user.clone());
        let permits = Arc::new(Semaphore::new(config.concurrency.min(Semaphore::MAX_PERMITS)));
        let turn = Arc::new(Semaphore::new(1));
        Self { inner: Arc::new(Inner { config, transport, tokens, permits, turn }) }
    }

    /// The same connection with another secret. Statements of both share the permits; those under way go on
    /// with the old one.
    pub fn with_credential(&self, credential: Credential) -> Self {
        let Inner { config, transport, permits, turn, .. } = &*self.inner;
        let config = ClientConfig { credential, ..config.clone() };
        let tokens = TokenCache::new(config.credential.clone(), config.account.clone(), config.user.clone());
        let (transport, permits, turn) = (transport.clone(), permits.clone(), turn.clone());
        Self { inner: Arc::new(Inner { config, transport, tokens, permits, turn }) }
    }

    /// The warehouse for statements that need one.
    pub fn warehouse(&self) -> Option<&Ident> {
        self.inner.config.warehouse.as_ref()
    }
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    pub fn credential(&self) -> &Credential {
        self.inner.tokens.credential()
    }

    /// Executes a statement and reads its whole result.
    ///
    /// Waits for one of the connection's permits; from then on the time-out counts. Slow-downs, broken
    /// connections and lost answers are met by sending the statement again under the same request id, which
    /// Snowflake executes once. A future that is dropped leaves the statement to its fate: its outcome is unknown.
    pub async fn run(&self, statement: &Statement, options: &RunOptions) -> Result<Outcome, ClientError> {
        let began = Instant::now();
        let result = Run::new(&self.inner, statement, options).finish().await;
        self.report(statement, &result, began.elapsed());
        result
    }

    fn report(&self, statement: &Statement, result: &Result<Outcome, ClientError>, elapsed: Duration) {
        let (outcome, query_id) = match result {
            Ok(outcome) => ("ok", Some(outcome.query_id.as_str())),
            Err(error) => (error.outcome(), error.query_id()),
        };
        let (kind, verb) = (statement.kind(), statement.verb());
        let elapsed_ms = elapsed.as_millis() as u64;
        if statement.is_read() {
            tracing::debug!(object = kind, verb, outcome, query_id, elapsed_ms, "statement");
        } else {
            tracing::info!(object = kind, verb, outcome, query_id, elapsed_ms, "statement");
        }
        tracing::trace!(query_id, text = statement.as_str(), "statement text");
        if let Some(observer) = &self.inner.config.observer {
            observer.statement(kind, verb, outcome, elapsed.as_secs_f64());
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.inner.config).finish()
    }
}

#[cfg(test)]
mod tests;
