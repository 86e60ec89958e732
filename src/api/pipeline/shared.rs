//! Parts that entries of several lists have.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    listed::rule,
    text::{Expression, Name, Path, TypeName, Word},
};
use crate::values::{duration::Span, keywords::choices, warehouse::WarehouseSize};

choices! {
    /// Whether it runs.
    pub enum State {
        Started = "STARTED",
        Suspended = "SUSPENDED",
    }
}

/// A text that a ConfigMap of the same namespace holds; its change wakes the resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BodyFrom {
    pub config_map_key_ref: ConfigMapKeyRef,
    /// What is there, once it has been looked for. No part of the manifest.
    #[serde(skip)]
    pub text: Option<Result<Arc<str>, NoText>>,
}

/// Why a ConfigMap has no text for a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoText {
    /// It is not there, or has no such key: it may come.
    Missing(String),
    /// It can be no body.
    Unfit(String),
}

/// A key of a ConfigMap in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigMapKeyRef {
    /// Name of the ConfigMap.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the ConfigMap's data.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// An argument of a procedure or function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Argument {
    pub name: Name,
    /// Its data type.
    #[serde(rename = "type")]
    pub data_type: TypeName,
    /// The value that it has when the call leaves it out, as SQL; such arguments come last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
}

/// A name with a data type: a column that is returned, an argument of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Typed {
    pub name: Name,
    /// Its data type.
    #[serde(rename = "type")]
    pub data_type: TypeName,
}

/// A row access policy on a table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachedRowAccessPolicy {
    /// The policy.
    pub name: Path,
    /// The columns that it is given, in the order of its arguments.
    #[schemars(length(min = 1, max = 64))]
    pub columns: Vec<Name>,
}

/// A masking policy on a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachedMaskingPolicy {
    /// The policy.
    pub name: Path,
    /// For a policy with several arguments: all the columns that it is given, this one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub using: Vec<Name>,
}

/// When it runs: at an interval, or by a cron expression.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("has(self.every) != has(self.cron)", "set every or cron, one of the two"))]
#[x_kube(validation = rule("has(self.cron) == has(self.timezone)", "cron needs a timezone (UTC, Europe/Berlin), and timezone belongs to cron"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// The interval: `30s`, `5m`, `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// Minute, hour, day of month, month, day of week: `0 2 * * *`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Word>,
    /// The time zone of `cron`, by its name in the IANA list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Word>,
}

/// Compute that Snowflake chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Serverless {
    /// The size of the first runs, until there is history to go by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_warehouse_size: Option<WarehouseSize>,
    /// The smallest size that may be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_statement_size: Option<WarehouseSize>,
    /// The largest size that may be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_statement_size: Option<WarehouseSize>,
    /// How long a run should take: Snowflake chooses the size by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_completion_interval: Option<Span>,
}
