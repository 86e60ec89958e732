//! The query history.

use serde::{Deserialize, Serialize};

use super::Account;
use super::warehouse::Stored;

/// A statement that was executed, as the query history keeps it. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub query_id: String,
    pub text: String,
    pub query_type: String,
    pub query_tag: String,
    pub session_id: u64,
    pub user: String,
    pub role: Option<String>,
    pub warehouse: Option<String>,
    pub database: Option<String>,
    pub schema: Option<String>,
    pub started: i64,
    pub ended: i64,
    /// Code and message of a failure.
    pub error: Option<(u32, String)>,
    pub rows: u64,
}

const QUERY_TAG: &str = "QUERY_TAG";

/// How many statements the history keeps.
const HISTORY: usize = 100_000;

impl Account {
    /// Keeps a statement in the query history.
    pub fn note(&mut self, mut entry: HistoryEntry) {
        // A tag that the session does not set is the user's, or the account's.
        if entry.query_tag.is_empty() {
            let user = self.users.get(&entry.user).and_then(|user| user.parameters.get(QUERY_TAG));
            let tag = user.or_else(|| self.parameters.get(QUERY_TAG)).and_then(Stored::cell);
            entry.query_tag = tag.unwrap_or_default();
        }
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(entry);
    }

    pub fn history(&self) -> impl Iterator<Item = &HistoryEntry> {
        self.history.iter()
    }
}
