//! What a warehouse has: its rows, and what is seen of it.

use std::collections::BTreeSet;

use crate::{
    api::warehouse::WarehouseSpec,
    engine::{managed::Grants, ownership::Sighting},
    plan::{Cell, Property, Release, Risk, Source, property::Lens},
    snowflake::catalog::{By, Found, Parameters, Show},
    values::{canonical::Canonical, ident::Ident, warehouse::WarehouseType},
};

// ---- rows

pub const SHOW: Show = Show { words: "SHOW WAREHOUSES", kind: "WAREHOUSE", by: By::Name };
pub(super) const KIND: &str = "WAREHOUSE";
/// Source: <https://docs.snowflake.com/en/user-guide/security-access-control-privileges#virtual-warehouse-privileges>.
pub const PRIVILEGES: &[&str] = &["APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"];

/// A field as it is.
macro_rules! field {
    ($name:ident) => {
        &Lens { get: |s: &WarehouseSpec| s.$name.clone(), set: |s: &mut WarehouseSpec, v| s.$name = Some(v) }
    };
}

pub(super) type Row = Property<WarehouseSpec>;

/// Every property and parameter of a warehouse that has one value. `tables`, `grants` and `resourceMonitorRef` have
/// mechanisms of their own; `initiallySuspended` is read only at creation.
pub const ROWS: &[Row] = &[
    Row::column("type", "WAREHOUSE_TYPE", "type", field!(warehouse_type))
        .release(Release::Leave)
        .risk(Risk::Disruptive),
    Row::column("size", "WAREHOUSE_SIZE", "size", field!(size)).release(Release::Leave),
    Row::column("generation", "GENERATION", "generation", field!(generation)).release(Release::Leave),
    Row::column(
        "resourceConstraint",
        "RESOURCE_CONSTRAINT",
        "resource_constraint",
        field!(resource_constraint),
    )
    .release(Release::Leave),
    // Set to their default, not unset: the two belong into one statement.
    Row::column("minClusterCount", "MIN_CLUSTER_COUNT", "min_cluster_count", field!(min_cluster_count))
        .release(Release::Set("1")),
    Row::column("maxClusterCount", "MAX_CLUSTER_COUNT", "max_cluster_count", field!(max_cluster_count))
        .release(Release::Set("1")),
    Row::column("scalingPolicy", "SCALING_POLICY", "scaling_policy", field!(scaling_policy)),
    // UNSET AUTO_SUSPEND means never, not the default of 600 s.
    Row::column("autoSuspend", "AUTO_SUSPEND", "auto_suspend", field!(auto_suspend))
        .release(Release::Set("600")),
    Row::column("autoResume", "AUTO_RESUME", "auto_resume", field!(auto_resume)),
    Row::column(
        "enableQueryAcceleration",
        "ENABLE_QUERY_ACCELERATION",
        "enable_query_acceleration",
        field!(enable_query_acceleration),
    ),
    Row::column(
        "queryAccelerationMaxScaleFactor",
        "QUERY_ACCELERATION_MAX_SCALE_FACTOR",
        "query_acceleration_max_scale_factor",
        field!(query_acceleration_max_scale_factor),
    ),
    Row::column(
        "maxQueryPerformanceLevel",
        "MAX_QUERY_PERFORMANCE_LEVEL",
        "max_query_performance_level",
        field!(max_query_performance_level),
    ),
    Row::column(
        "queryThroughputMultiplier",
        "QUERY_THROUGHPUT_MULTIPLIER",
        "query_throughput_multiplier",
        field!(query_throughput_multiplier),
    ),
    Row::column("comment", "COMMENT", "comment", field!(comment)),
    Row::parameter("maxConcurrencyLevel", "MAX_CONCURRENCY_LEVEL", field!(max_concurrency_level)),
    Row::parameter(
        "statementQueuedTimeoutInSeconds",
        "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
        field!(statement_queued_timeout_in_seconds),
    ),
    Row::parameter(
        "statementTimeoutInSeconds",
        "STATEMENT_TIMEOUT_IN_SECONDS",
        field!(statement_timeout_in_seconds),
    ),
    Row::parameter(
        "fallbackWarehouse",
        "FALLBACK_WAREHOUSE",
        &Lens {
            get: |s: &WarehouseSpec| {
                s.fallback_warehouse.as_deref().and_then(|name| Ident::from_spec(name).ok())
            },
            set: |s: &mut WarehouseSpec, v: Ident| s.fallback_warehouse = Some(v.to_spec()),
        },
    ),
];

/// Fields of the spec that have no row, with the place that looks after them.
pub const WITHOUT_ROW: &[&str] =
    &["initiallySuspended", "tables", "resourceMonitorRef", "grants", "ignoreFields"];

// ---- what is seen

#[derive(Debug, Default)]
pub struct Seen {
    pub found: Option<Found>,
    /// What is there under other names that ours may have.
    pub elsewhere: Vec<Found>,
    pub parameters: Parameters,
    pub grants: Grants,
    /// Roles of grants that are not there, or not visible.
    pub missing_roles: BTreeSet<String>,
    /// Many recorded warehouses are missing from the same answer.
    pub lost: bool,
    pub monitor: Monitor,
}

/// What the warehouse's `resourceMonitorRef` comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    #[default]
    None,
    Named(String),
    Missing(String),
    Refused(String),
}

impl Seen {
    pub(super) fn cell<'a>(&'a self, found: &'a Found, row: &Row) -> Cell<'a> {
        match row.source {
            Source::Column(column) => found.get(column).map_or(Cell::NoColumn, Cell::Is),
            Source::Parameter => {
                self.parameters.get(row.ddl).map_or(Cell::Inherited, |text| Cell::Is(Some(text)))
            }
        }
    }
}

/// Whether warehouses of a type have the property at all.
/// Source: <https://docs.snowflake.com/en/sql-reference/sql/create-warehouse>.
pub(super) fn carries(kind: WarehouseType, path: &str) -> bool {
    use WarehouseType::{Adaptive, Interactive, SnowparkOptimized, Standard};
    match path {
        "size"
        | "minClusterCount"
        | "maxClusterCount"
        | "scalingPolicy"
        | "autoSuspend"
        | "autoResume"
        | "maxConcurrencyLevel" => kind != Adaptive,
        "generation" => kind == Standard,
        "resourceConstraint" => kind == SnowparkOptimized,
        "enableQueryAcceleration" | "queryAccelerationMaxScaleFactor" => {
            matches!(kind, Standard | SnowparkOptimized)
        }
        "maxQueryPerformanceLevel" | "queryThroughputMultiplier" => kind == Adaptive,
        "fallbackWarehouse" => kind == Interactive,
        _ => true,
    }
}

pub(super) fn type_of(found: &Found) -> Option<WarehouseType> {
    found.text("type").and_then(|text| WarehouseType::read(Some(text)))
}

pub(in crate::kinds) fn sighting(found: &Found) -> Sighting {
    Sighting { created_on: found.created_on().to_owned(), owner: found.owner().map(str::to_owned) }
}
