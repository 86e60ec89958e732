//! Who may call the functions of Cortex (docs: user-guide/snowflake-cortex/aisql-privileges-and-access): who has USE AI
//! FUNCTIONS on the account, and one of two database roles of the system's. PUBLIC has both from the beginning.

use super::Account;
use super::access::Access;
use super::grants::Securable;
use crate::error::SqlError;

/// The database roles that do, in SNOWFLAKE.
pub(super) const ROLES: [&str; 2] = ["CORTEX_USER", "AI_FUNCTIONS_USER"];

impl Account {
    /// What a query says that calls such functions and must not. `functions` are in upper case.
    pub(crate) fn may_ask(&self, access: &Access, functions: &[String]) -> Result<(), SqlError> {
        let asks = |name: &&String| name.starts_with("AI_") || name.starts_with("SNOWFLAKE.CORTEX.");
        let Some(function) = functions.iter().find(asks) else { return Ok(()) };
        let system = self.databases.id("SNOWFLAKE").and_then(|id| self.databases.by_id(id));
        let mut roles = ROLES.iter().filter_map(|name| system?.roles.id(name));
        if !roles.any(|id| access.roles.contains(&id)) {
            // The code is a guess, after that of other unknown functions; the words are seen.
            return Err(SqlError::new(
                2141,
                "42601",
                format!("SQL compilation error:\nUnknown user-defined function {function}"),
            ));
        }
        if !self.granted(&access.roles, Securable::Account, &["USE AI FUNCTIONS"]) {
            // A guess.
            return Err(SqlError::denied("account", &self.locator));
        }
        Ok(())
    }
}
