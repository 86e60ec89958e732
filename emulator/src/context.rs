//! Who speaks, and in which session state: what a front door knows before a statement is parsed.

use std::collections::BTreeMap;

/// The state that surrounds one statement. The SQL API makes one for each request; the drivers' door keeps one
/// for each session. Names are as stored (already folded), never quoted.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub user: String,
    /// The primary role. Privileges are those of this role and of the roles granted to it.
    pub role: Option<String>,
    pub secondary_roles_all: bool,
    pub warehouse: Option<String>,
    pub database: Option<String>,
    pub schema: Option<String>,
    /// Session parameters that were set, upper-case name to value (`QUERY_TAG`, `TIMEZONE`, …).
    pub parameters: BTreeMap<String, String>,
    /// The client as it names itself in `User-Agent`.
    pub client: String,
    pub session_id: u64,
    pub query_id: String,
}
