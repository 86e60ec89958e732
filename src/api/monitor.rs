//! `ResourceMonitor`.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{
    AllowedNamespaces, CONNECTION_MESSAGE, CONNECTION_RULE, FIXED_NAME_MESSAGE, FIXED_NAME_RULE, Status,
    object_spec,
};
use crate::values::monitor::{Frequency, Trigger};

object_spec! {
    /// A resource monitor: a quota of credits and what happens as it is used up.
    #[kube(
        group = "snowfence.dev", version = "v1alpha1", kind = "ResourceMonitor", namespaced,
        category = "snow", shortname = "snowrm", status = "Status<MonitorSummary>", derive = "PartialEq",
        doc = "A resource monitor of Snowflake: a quota of credits and what happens as it is used up.",
        printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
        printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
        printcolumn(name = "Snowflake", type_ = "string", json_path = ".status.name"),
        printcolumn(name = "Level", type_ = "string", json_path = ".status.level"),
        printcolumn(name = "Passed", type_ = "string", json_path = ".status.lastTriggerPassed"),
        printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
        printcolumn(name = "Message", type_ = "string", priority = "1", json_path = ".status.conditions[?(@.type=='Ready')].message"),
        validation = kube::core::Rule::new(FIXED_NAME_RULE).message(FIXED_NAME_MESSAGE),
        validation = kube::core::Rule::new(CONNECTION_RULE).message(CONNECTION_MESSAGE),
    )]
    #[x_kube(validation = kube::core::Rule::new("!has(self.triggers) || self.triggers.filter(t, t.do == 'SUSPEND').size() <= 1").message("a monitor has at most one SUSPEND trigger: keep the lower one, or make one of them NOTIFY"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.triggers) || self.triggers.filter(t, t.do == 'SUSPEND_IMMEDIATE').size() <= 1").message("a monitor has at most one SUSPEND_IMMEDIATE trigger: keep the lower one"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.triggers) || self.triggers.filter(t, t.do == 'NOTIFY').size() <= 5").message("a monitor has at most five NOTIFY triggers"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.startTimestamp) || has(self.frequency)").message("startTimestamp is set together with frequency: add frequency"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.accountLevel) || !self.accountLevel || !has(self.notifyUsers) || self.notifyUsers.size() == 0").message("a monitor of the account takes no notifyUsers: administrators are notified by their own settings"))]
    pub struct MonitorSpec {
        /// Credits per period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 1_000_000_000_000_i64))]
        pub credit_quota: Option<i64>,
        /// How often the used credits start again from 0, at 00:00 UTC. Left out, Snowflake's default is MONTHLY.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub frequency: Option<Frequency>,
        /// When the first period begins: a date, a date with a time (UTC unless it says an offset), or `IMMEDIATELY`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 64))]
        pub start_timestamp: Option<String>,
        /// When the monitor suspends its warehouses for good, written as `startTimestamp`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 64))]
        pub end_timestamp: Option<String>,
        /// Users who are notified besides the administrators; each needs a verified email address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 5), inner(length(min = 1, max = 512)))]
        pub notify_users: Option<Vec<String>>,
        /// What happens at which percentage of the quota. A change sends the notifications already passed again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 7))]
        pub triggers: Option<Vec<Trigger>>,
        /// Makes it the monitor of the whole account. An account has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub account_level: Option<bool>,
        /// Namespaces whose warehouses may refer to this monitor; its own by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub allowed_namespaces: Option<AllowedNamespaces>,
    }
}

/// What the status of a monitor tells besides conditions. Used credits are metrics, for they move by themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitorSummary {
    /// The name in Snowflake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `WAREHOUSE`, `ACCOUNT`, or absent while nothing is assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The highest trigger that the used credits have passed (`80 % NOTIFY`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_trigger_passed: Option<String>,
    /// Warehouses that are assigned to it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouses: Option<i32>,
}
