//! The log of every statement that was executed, or that failed when it was.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How many statements are kept.
const KEPT: usize = 200_000;
/// How much text they may hold together, in bytes.
const KEPT_BYTES: usize = 256 << 20;

/// One statement, as `GET /emulator/statements` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Counts from 1 without a gap. A first number larger than asked for means that older ones were dropped.
    pub seq: u64,
    pub text: String,
    /// The query tag.
    pub tag: Option<String>,
    /// The client's `User-Agent`; `emulator` for what was done behind the clients' backs.
    pub client: String,
    pub user: String,
    pub role: Option<String>,
    /// RFC 3339, UTC.
    pub start: String,
    /// Milliseconds, latency included.
    pub elapsed: f64,
    /// `090001` for success, else Snowflake's code in six digits.
    pub code: String,
    pub request_id: Option<String>,
    pub query_id: String,
}

impl Statement {
    /// Did it succeed?
    pub fn succeeded(&self) -> bool {
        self.code == SUCCESS
    }

    /// The first word of the text, in upper case.
    pub fn verb(&self) -> String {
        crate::faults::verb_of(&self.text).to_ascii_uppercase()
    }

    /// Does it change something (rather than look at it)?
    pub fn writes(&self) -> bool {
        !matches!(self.verb().as_str(), "SHOW" | "SELECT" | "DESC" | "DESCRIBE" | "EXPLAIN" | "LIST" | "LS")
    }
}

/// The code of a statement that succeeded.
pub(crate) const SUCCESS: &str = "090001";

/// The log. Bounded: beyond 200,000 statements or 256 MiB of text the oldest are dropped.
#[derive(Debug, Default)]
pub(crate) struct Statements(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    kept: VecDeque<Statement>,
    bytes: usize,
    last: u64,
}

impl Statements {
    /// Appends; `seq` is given here.
    pub(crate) fn push(&self, mut statement: Statement) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.last += 1;
        statement.elapsed = (statement.elapsed * 1e3).round() / 1e3;
        statement.seq = log.last;
        log.bytes += statement.text.len();
        log.kept.push_back(statement);
        while log.kept.len() > KEPT || log.bytes > KEPT_BYTES {
            let Some(oldest) = log.kept.pop_front() else { break };
            log.bytes -= oldest.text.len();
        }
    }

    /// Those with a `seq` larger than `since`, oldest first.
    pub(crate) fn since(&self, since: u64) -> Vec<Statement> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = log.last - log.kept.len() as u64;
        let skip = usize::try_from(since.saturating_sub(first)).unwrap_or(usize::MAX);
        log.kept.iter().skip(skip).cloned().collect()
    }

    /// The `seq` of the latest.
    pub(crate) fn last(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    /// How many are no longer kept.
    pub(crate) fn dropped(&self) -> u64 {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.last - log.kept.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(text: &str) -> Statement {
        Statement {
            seq: 0,
            text: text.into(),
            tag: None,
            client: String::new(),
            user: String::new(),
            role: None,
            start: String::new(),
            elapsed: 0.0,
            code: SUCCESS.into(),
            request_id: None,
            query_id: String::new(),
        }
    }

    #[test]
    fn the_log_counts_on_when_it_drops() {
        let log = Statements::default();
        let text = "x".repeat(100 << 20);
        for _ in 0..4 {
            log.push(statement(&text));
        }
        assert_eq!(log.last(), 4);
        assert_eq!(log.dropped(), 2);
        assert_eq!(log.since(0).iter().map(|s| s.seq).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(log.since(3).len(), 1);
        assert!(log.since(4).is_empty());
        assert!(log.since(99).is_empty());
    }

    #[test]
    fn looking_is_no_write() {
        assert!(!statement("/* a */ show warehouses").writes());
        assert!(statement("ALTER WAREHOUSE W SUSPEND").writes());
    }
}
