//! What the status of a pipeline tells besides conditions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Objects by their state, and those that are not in sync by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PipelineSummary {
    /// How many objects are in which state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<ObjectCounts>,
    /// Objects that are not in sync, at most 50 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub not_in_sync: Vec<NotInSync>,
    /// Objects that left the spec and are kept, because they hold data or an offset; at most 50 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 2048)))]
    pub orphaned: Vec<String>,
    /// What is worth knowing and does not hold anything up; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 4096)))]
    pub warnings: Vec<String>,
    /// Statements that give the role what it lacks for what is to be done; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 4096)))]
    pub missing_grants: Vec<String>,
}

/// How many objects are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectCounts {
    pub total: i32,
    pub in_sync: i32,
    pub failed: i32,
    /// They wait for approval, or for an object that failed.
    pub held: i32,
    /// They left the spec and are kept.
    pub orphaned: i32,
}

/// An object that is not in sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotInSync {
    /// Snowflake's word for the kind.
    pub kind: String,
    /// Its full name.
    pub object: String,
    pub state: String,
    pub reason: String,
    /// Snowflake's code of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub message: String,
    /// The statement, to be looked up in the query history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
}
