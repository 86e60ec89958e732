//! What the account was bought as.

use serde::{Deserialize, Serialize};

/// What the account was bought as: it decides on multi-cluster warehouses, query acceleration, retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edition {
    Standard,
    Enterprise,
    BusinessCritical,
}

impl Edition {
    /// As `serviceLevelName` and SHOW ORGANIZATION ACCOUNTS write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Enterprise => "ENTERPRISE",
            Self::BusinessCritical => "BUSINESS_CRITICAL",
        }
    }
}
