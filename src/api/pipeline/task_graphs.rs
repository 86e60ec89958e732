//! `taskGraphs`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-task>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    listed::{listed, rule},
    shared::{BodyFrom, Serverless, State},
    text::{Body, Expression, JsonObject, Name, Path, Word},
};
use crate::values::{duration::Span, keywords::choices};

choices! {
    /// Whether a run may begin before the one before it has ended.
    pub enum Overlap {
        NoOverlap = "NO_OVERLAP",
        AllowChildOverlap = "ALLOW_CHILD_OVERLAP",
        AllowAllOverlap = "ALLOW_ALL_OVERLAP",
    }
}

listed! {
    group;
    /// Tasks that run one after another: the one without `after` is the root. They are changed as one unit.
    #[x_kube(validation = rule("self.tasks.exists_one(t, !has(t.after) || t.after.size() == 0)", "a graph has exactly one root: give every task but the first its after, and make a second root a graph of its own"))]
    #[x_kube(validation = rule("self.tasks.all(t, !has(t.when) || (has(t.after) && t.after.size() > 0))", "the condition of the root is trigger.when: move it there"))]
    #[x_kube(validation = rule("!has(self.finalizer) || !has(self.finalizer.after) || self.finalizer.after.size() == 0", "the finalizer runs after all tasks: remove its after"))]
    #[x_kube(validation = rule("!has(self.finalizer) || !has(self.finalizer.when)", "a finalizer always runs: remove its when"))]
    #[x_kube(validation = rule("!(has(self.warehouse) && has(self.serverless))", "a graph runs on a warehouse or serverless: remove one of them"))]
    #[x_kube(validation = rule("!has(self.serverless) || has(self.serverless.targetCompletionInterval) || !has(self.trigger) || has(self.trigger.every) || has(self.trigger.cron)", "a serverless graph that a stream or a condition triggers needs serverless.targetCompletionInterval"))]
    pub struct TaskGraph {
        /// `Started` or `Suspended`. Left out, a new graph stays suspended and another one keeps its state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
        /// What starts a run. Left out, only EXECUTE TASK does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub trigger: Option<Trigger>,
        /// Whether a run may begin before the one before it has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub overlap: Option<Overlap>,
        /// The warehouse of its tasks; `spec.warehouse` when neither this nor `serverless` is set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<Name>,
        /// Snowflake's own compute for its tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub serverless: Option<Serverless>,
        /// What all its tasks read with SYSTEM$GET_TASK_GRAPH_CONFIG.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub config: Option<JsonObject>,
        /// How often a failed graph is run again by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 30))]
        pub retries: Option<i32>,
        /// After so many failed runs in a row Snowflake suspends it; 0 is never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0))]
        pub suspend_task_after_num_failures: Option<i32>,
        /// Milliseconds that a run of a task may take.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 604_800_000))]
        pub user_task_timeout_ms: Option<i64>,
        /// Seconds between runs that a stream or a condition triggers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 10, max = 604_800))]
        pub user_task_minimum_trigger_interval_in_seconds: Option<i32>,
        /// The notification integration that is told of failures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub error_integration: Option<Name>,
        /// The notification integration that is told of successes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub success_integration: Option<Name>,
        /// Session parameters of its tasks, by name (`TIMEZONE: UTC`); numbers and booleans as text.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("maxProperties" = 50))]
        pub session_parameters: BTreeMap<String, Word>,
        /// The tasks.
        #[schemars(length(min = 1, max = 300), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
        pub tasks: Vec<Task>,
        /// The task that runs when all others have ended, also when they failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finalizer: Option<Task>,
    }
}

listed! {
    graph;
    /// A task.
    #[x_kube(validation = rule("has(self.body) != has(self.bodyFrom)", "a task has body or bodyFrom, one of the two"))]
    #[x_kube(validation = rule("!(has(self.warehouse) && has(self.serverless))", "a task runs on a warehouse or serverless: remove one of them"))]
    pub struct Task {
        /// Tasks of this graph that it runs after; none for the root.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 100))]
        pub after: Vec<Name>,
        /// What it runs: one statement, or a block of Snowflake Scripting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub body: Option<Body>,
        /// Where the body is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub body_from: Option<BodyFrom>,
        /// It is skipped when this is false. Not for the root, whose condition is `trigger.when`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub when: Option<Expression>,
        /// Its warehouse, when it is not that of the graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<Name>,
        /// Snowflake's own compute, when the graph's is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub serverless: Option<Serverless>,
        /// Milliseconds that a run of it may take, when it is not as for the graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 604_800_000))]
        pub user_task_timeout_ms: Option<i64>,
    }
}

/// What starts a run: a schedule, new rows, or both: then a run of the schedule is skipped when there are no new rows.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("has(self.every) || has(self.cron) || has(self.stream) || has(self.when)", "a trigger says every, cron, stream or when; without one, remove trigger"))]
#[x_kube(validation = rule("!(has(self.every) && has(self.cron))", "a trigger has every or cron: remove one of them"))]
#[x_kube(validation = rule("has(self.cron) == has(self.timezone)", "cron needs a timezone (UTC, Europe/Berlin), and timezone belongs to cron"))]
#[x_kube(validation = rule("!(has(self.stream) && has(self.when))", "stream is short for when: SYSTEM$STREAM_HAS_DATA('…'); write both into when"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    /// The interval: `30s`, `5m`, `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// Minute, hour, day of month, month, day of week: `0 2 * * *`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Word>,
    /// The time zone of `cron`, by its name in the IANA list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Word>,
    /// The stream whose new rows are waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Path>,
    /// The condition, as SQL. Snowflake lets few functions in, SYSTEM$STREAM_HAS_DATA before all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
}
