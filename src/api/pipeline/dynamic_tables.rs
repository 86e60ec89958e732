//! `dynamicTables`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-dynamic-table>.

use super::{
    listed::listed,
    shared::State,
    text::{Body, Expression, Name},
};
use crate::values::{keywords::choices, target_lag::TargetLag};

choices! {
    /// How it is refreshed.
    pub enum RefreshMode {
        Auto = "AUTO",
        Full = "FULL",
        Incremental = "INCREMENTAL",
    }
}

choices! {
    /// When it is filled first.
    pub enum Initialize {
        OnCreate = "ON_CREATE",
        OnSchedule = "ON_SCHEDULE",
    }
}

listed! {
    schema;
    /// A dynamic table.
    pub struct DynamicTable {
        /// The query.
        pub query: Body,
        /// How far behind it may be (`5m`, `2h`, `1d`), or `Downstream`: as those that read it need.
        pub target_lag: TargetLag,
        /// The warehouse that refreshes it; `spec.warehouse` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<Name>,
        /// How it is refreshed. It can't be changed in place; Snowflake resolves `Auto` at creation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub refresh_mode: Option<RefreshMode>,
        /// When it is filled first. Only read at creation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub initialize: Option<Initialize>,
        /// Columns and expressions to cluster by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 32))]
        pub cluster_by: Option<Vec<Expression>>,
        /// Without Fail-safe. It can't be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub transient: Option<bool>,
        /// Days of Time Travel; 0 or 1 when transient or on Standard edition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 90))]
        pub data_retention_time_in_days: Option<i32>,
        /// Most days by which Snowflake extends the retention so that streams do not become stale.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 90))]
        pub max_data_extension_time_in_days: Option<i32>,
        /// `Suspended` stops its refreshes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
    }
}
