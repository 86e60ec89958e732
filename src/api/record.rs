//! The record: the part of a status that must survive a crash. It lives in the status, not in an annotation, so that
//! copying a manifest never copies ownership. What it means is in [`crate::engine::record`].

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What this resource owns in Snowflake and what it was about to do. At most 1,000 entries: a pipeline has 500 objects, what its grants are on, and orphans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1_000))]
    pub objects: Vec<Entry>,
    /// How many intents were ever made: the number never repeats, so no request id does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: i64,
    /// How many approvals were used: the next one covers another number, so none serves twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub approvals: i64,
    /// A change that did not take: its hash, and how often it was executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconverged: Option<Unconverged>,
}

/// One object of Snowflake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Snowflake's word for the kind: `WAREHOUSE`, `RESOURCE MONITOR`.
    pub kind: String,
    /// The name as SHOW prints it.
    pub name: String,
    /// `created_on` as SHOW prints it: with kind and name the identity. Another one is another object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_on: Option<String>,
    /// The role that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// It existed before; it is retained by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Paths of the fields that are managed. One that leaves the spec is released once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub managed: BTreeSet<String>,
    /// Grants that were given here (`PRIVILEGE TO ROLE`): only these are ever revoked.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grants: BTreeSet<String>,
    /// Names of objects that this one was attached to (the warehouses of a monitor).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached: BTreeSet<String>,
    /// The name that it was being given: it has this one or `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renaming: Option<String>,
    /// It ran and was suspended here for a change: it is to be resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
    /// A short hash of what was sent last of the part that SHOW lacks: a body, parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// Steps that Snowflake refused while this was suspended for them, by their hashes, with Snowflake's words: they
    /// are not tried again unchanged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<String, String>,
    /// A creation that was begun and whose outcome is not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
}

/// A creation that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// The `requestId` of the statement: sent again with `retry=true`, Snowflake does not execute it twice.
    pub request_id: uuid::Uuid,
    /// The statement succeeded; the identity is still to be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

/// A change that was executed and found undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unconverged {
    pub hash: String,
    pub times: i32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde asks for
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Record {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
