//! `SnowflakeWarehouse`.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-warehouse>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{
    CONNECTION_MESSAGE, CONNECTION_RULE, NAME_MESSAGE, NAME_RULE, Reference, Status, object_spec,
};
use crate::values::warehouse::{
    AutoSuspend, Generation, ResourceConstraint, ScalingPolicy, WarehouseSize, WarehouseType,
};

object_spec! {
    /// A virtual warehouse. Only the fields that are set are managed; a field that is left out keeps what it has.
    #[kube(
        group = "snowfence.dev", version = "v1alpha1", kind = "SnowflakeWarehouse", namespaced,
        category = "snow", shortname = "snowwh", status = "Status<WarehouseSummary>", derive = "PartialEq",
        doc = "A virtual warehouse of Snowflake.",
        printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
        printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
        printcolumn(name = "Snowflake", type_ = "string", json_path = ".status.name"),
        printcolumn(name = "Size", type_ = "string", json_path = ".status.size"),
        printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
        printcolumn(name = "Message", type_ = "string", priority = "1", json_path = ".status.conditions[?(@.type=='Ready')].message"),
        validation = kube::core::Rule::new(NAME_RULE).message(NAME_MESSAGE),
        validation = kube::core::Rule::new(CONNECTION_RULE).message(CONNECTION_MESSAGE),
    )]
    #[x_kube(validation = kube::core::Rule::new("!has(self.minClusterCount) || !has(self.maxClusterCount) || self.minClusterCount <= self.maxClusterCount").message("minClusterCount must not be above maxClusterCount"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.maxClusterCount) || !has(self.size) || self.maxClusterCount <= (self.size in ['XSMALL', 'SMALL', 'MEDIUM'] ? 300 : self.size == 'LARGE' ? 160 : self.size == 'XLARGE' ? 80 : self.size == 'XXLARGE' ? 40 : self.size == 'XXXLARGE' ? 20 : 10)").message("too many clusters for this size: at most 300 up to MEDIUM, 160 LARGE, 80 XLARGE, 40 XXLARGE, 20 XXXLARGE, 10 above; lower maxClusterCount"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.resourceConstraint) || (has(self.type) && self.type == 'SNOWPARK-OPTIMIZED')").message("resourceConstraint needs type: SNOWPARK-OPTIMIZED; for a standard warehouse set generation"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.resourceConstraint) || !self.resourceConstraint.startsWith('MEMORY_16X') || !has(self.size) || !(self.size in ['XSMALL', 'SMALL'])").message("MEMORY_16X needs a size of MEDIUM or more"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.resourceConstraint) || !self.resourceConstraint.startsWith('MEMORY_64X') || !has(self.size) || !(self.size in ['XSMALL', 'SMALL', 'MEDIUM'])").message("MEMORY_64X needs a size of LARGE or more"))]
    #[x_kube(validation = kube::core::Rule::new("!(has(self.type) && self.type == 'SNOWPARK-OPTIMIZED') || has(self.resourceConstraint) || !has(self.size) || !(self.size in ['XSMALL', 'SMALL'])").message("a Snowpark-optimized warehouse of XSMALL or SMALL needs resourceConstraint: MEMORY_1X"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.generation) || !has(self.type) || self.type == 'STANDARD'").message("generation is for standard warehouses only; remove it or set type: STANDARD"))]
    #[x_kube(validation = kube::core::Rule::new("!has(self.generation) || self.generation == '1' || !has(self.size) || !(self.size in ['X5LARGE', 'X6LARGE'])").message("X5LARGE and X6LARGE are generation 1 only; set generation: \"1\" or a smaller size"))]
    #[x_kube(validation = kube::core::Rule::new("!(has(self.type) && self.type == 'ADAPTIVE') || !(has(self.size) || has(self.minClusterCount) || has(self.maxClusterCount) || has(self.scalingPolicy) || has(self.autoSuspend) || has(self.autoResume) || has(self.enableQueryAcceleration) || has(self.queryAccelerationMaxScaleFactor) || has(self.maxConcurrencyLevel) || has(self.initiallySuspended))").message("an adaptive warehouse has no size, clusters, suspension, acceleration or concurrency: remove them; maxQueryPerformanceLevel and queryThroughputMultiplier take their place"))]
    #[x_kube(validation = kube::core::Rule::new("(has(self.type) && self.type == 'ADAPTIVE') || !(has(self.maxQueryPerformanceLevel) || has(self.queryThroughputMultiplier))").message("maxQueryPerformanceLevel and queryThroughputMultiplier need type: ADAPTIVE"))]
    #[x_kube(validation = kube::core::Rule::new("(has(self.type) && self.type == 'INTERACTIVE') || !(has(self.tables) || has(self.fallbackWarehouse))").message("tables and fallbackWarehouse need type: INTERACTIVE"))]
    #[x_kube(validation = kube::core::Rule::new("!(has(self.type) && self.type == 'INTERACTIVE') || !(has(self.scalingPolicy) || has(self.enableQueryAcceleration) || has(self.queryAccelerationMaxScaleFactor))").message("an interactive warehouse has no scalingPolicy and no query acceleration: remove them"))]
    #[x_kube(validation = kube::core::Rule::new("(has(self.type) && self.type == 'INTERACTIVE') == (has(oldSelf.type) && oldSelf.type == 'INTERACTIVE')").message("a warehouse can't become interactive, or stop being so: create another one"))]
    pub struct WarehouseSpec {
        /// `STANDARD`, `SNOWPARK-OPTIMIZED`, `ADAPTIVE` or `INTERACTIVE`. A change between standard and
        /// Snowpark-optimized suspends a running warehouse for the change.
        #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
        pub warehouse_type: Option<WarehouseType>,
        /// XSMALL to X6LARGE.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub size: Option<WarehouseSize>,
        /// Generation of a standard warehouse: `"1"` or `"2"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub generation: Option<Generation>,
        /// Memory and architecture of a Snowpark-optimized warehouse.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub resource_constraint: Option<ResourceConstraint>,
        /// Fewest clusters (Enterprise edition).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 300))]
        pub min_cluster_count: Option<i32>,
        /// Most clusters (Enterprise edition).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 300))]
        pub max_cluster_count: Option<i32>,
        /// How a multi-cluster warehouse starts and stops clusters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub scaling_policy: Option<ScalingPolicy>,
        /// Seconds of idleness until the warehouse suspends, or `never`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub auto_suspend: Option<AutoSuspend>,
        /// Whether a query resumes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub auto_resume: Option<bool>,
        /// Whether it is created suspended, so that creating costs nothing. Default true; only read at creation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub initially_suspended: Option<bool>,
        /// Whether queries may use the query acceleration service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub enable_query_acceleration: Option<bool>,
        /// Most compute that acceleration may lease, in multiples of the warehouse's size; 0 is no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 100))]
        pub query_acceleration_max_scale_factor: Option<i32>,
        /// Adaptive: the size whose performance one query may reach.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[x_kube(validation = kube::core::Rule::new("!(self in ['X5LARGE', 'X6LARGE'])").message("maxQueryPerformanceLevel is at most X4LARGE"))]
        pub max_query_performance_level: Option<WarehouseSize>,
        /// Adaptive: how many such queries run at once; 0, or 2 and more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0))]
        #[x_kube(validation = kube::core::Rule::new("self != 1").message("queryThroughputMultiplier is 0, or 2 and more"))]
        pub query_throughput_multiplier: Option<i32>,
        /// Statements that run at once on a cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        pub max_concurrency_level: Option<i32>,
        /// Seconds that a statement may wait for the warehouse; 0 is no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0))]
        pub statement_queued_timeout_in_seconds: Option<i32>,
        /// Seconds that a statement may run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 604_800))]
        pub statement_timeout_in_seconds: Option<i32>,
        /// Interactive: the interactive tables that it serves, as `database.schema.table`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 200), inner(length(min = 5, max = 1024)))]
        pub tables: Option<Vec<String>>,
        /// Interactive: the warehouse that takes the queries it can't serve.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 512))]
        pub fallback_warehouse: Option<String>,
        /// Comment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 10_000))]
        pub comment: Option<String>,
        /// The resource monitor that watches its credits; the monitor's own connection assigns it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub resource_monitor_ref: Option<Reference>,
    }
}

/// What the status of a warehouse tells besides conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WarehouseSummary {
    /// The name in Snowflake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The size that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The resource monitor that is assigned, by its name in Snowflake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_monitor: Option<String>,
}
