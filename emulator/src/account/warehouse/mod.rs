//! Warehouses: the rules of their properties, their state, and the statements on them.
//!
//! A type changes only while the warehouse is suspended (UNSET WAREHOUSE_TYPE excepted), and an interactive
//! warehouse is resized only while suspended: so Snowflake's Terraform provider treats them. The documentation
//! allows the former online; a client that suspends first is right in both.

mod alter;
mod create;
mod show;

use super::answer::display;
use super::store::{Head, Id, Object};
use crate::error::SqlError;
use crate::sql::Path;
use crate::sql::property::Value;
use crate::sql::warehouse::SIZES;
use WarehouseType::{Adaptive, Interactive, SnowparkOptimized, Standard};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WarehouseType {
    Standard,
    SnowparkOptimized,
    Adaptive,
    Interactive,
}

impl WarehouseType {
    pub fn name(self) -> &'static str {
        match self {
            Standard => "STANDARD",
            SnowparkOptimized => "SNOWPARK-OPTIMIZED",
            Adaptive => "ADAPTIVE",
            Interactive => "INTERACTIVE",
        }
    }

    fn from_name(name: &str) -> Self {
        [SnowparkOptimized, Adaptive].into_iter().find(|kind| kind.name() == name).unwrap_or(Standard)
    }
}

/// A property's value as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored {
    Integer(i64),
    Boolean(bool),
    Text(String),
    Null,
}

impl Stored {
    fn new(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn cell(&self) -> Option<String> {
        match self {
            Self::Integer(value) => Some(value.to_string()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
            Self::Null => None,
        }
    }

    fn integer(&self) -> i64 {
        if let Self::Integer(value) = self { *value } else { 0 }
    }
}

impl From<&Value> for Stored {
    fn from(value: &Value) -> Self {
        match value {
            Value::Integer(value) => Self::Integer(*value),
            Value::Boolean(value) => Self::Boolean(*value),
            Value::Text(value) => Self::Text(value.clone()),
            Value::Path(path) => Self::Text(display(path)),
            Value::Names(_) | Value::Null | Value::Group(_) => Self::Null,
        }
    }
}

/// A row of the table of rules: which types carry the property, what it is when nobody set it, and whether the
/// edition must be Enterprise for a statement to name it.
struct Rule {
    name: &'static str,
    types: &'static [WarehouseType],
    default: fn(&Warehouse) -> Stored,
    feature: Option<&'static str>,
}

const SIZED: &[WarehouseType] = &[Standard, SnowparkOptimized, Interactive];

const CLASSIC: &[WarehouseType] = &[Standard, SnowparkOptimized];

const EVERY: &[WarehouseType] = &[Standard, SnowparkOptimized, Adaptive, Interactive];

const CLUSTERS: Option<&str> = Some("Multi-Cluster Warehouses");

const ACCELERATION: Option<&str> = Some("Query Acceleration Service");

const RULES: &[Rule] = &[
    Rule { name: "WAREHOUSE_SIZE", types: SIZED, default: default_size, feature: None },
    Rule { name: "GENERATION", types: &[Standard], default: default_generation, feature: None },
    Rule {
        name: "RESOURCE_CONSTRAINT",
        types: &[SnowparkOptimized],
        default: |_| Stored::new("MEMORY_16X"),
        feature: None,
    },
    Rule { name: "MIN_CLUSTER_COUNT", types: SIZED, default: |_| Stored::Integer(1), feature: CLUSTERS },
    Rule { name: "MAX_CLUSTER_COUNT", types: SIZED, default: |_| Stored::Integer(1), feature: CLUSTERS },
    Rule { name: "SCALING_POLICY", types: SIZED, default: |_| Stored::new("STANDARD"), feature: CLUSTERS },
    Rule { name: "AUTO_SUSPEND", types: SIZED, default: default_auto_suspend, feature: None },
    Rule { name: "AUTO_RESUME", types: SIZED, default: |_| Stored::Boolean(true), feature: None },
    Rule {
        name: "ENABLE_QUERY_ACCELERATION",
        types: CLASSIC,
        default: default_acceleration,
        feature: ACCELERATION,
    },
    Rule {
        name: "QUERY_ACCELERATION_MAX_SCALE_FACTOR",
        types: CLASSIC,
        default: default_scale_factor,
        feature: ACCELERATION,
    },
    Rule {
        name: "MAX_QUERY_PERFORMANCE_LEVEL",
        types: &[Adaptive],
        default: |_| Stored::new("X-Large"),
        feature: None,
    },
    Rule {
        name: "QUERY_THROUGHPUT_MULTIPLIER",
        types: &[Adaptive],
        default: |_| Stored::Integer(2),
        feature: None,
    },
    Rule { name: "MAX_CONCURRENCY_LEVEL", types: SIZED, default: |_| Stored::Integer(8), feature: None },
    Rule {
        name: "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
        types: EVERY,
        default: |_| Stored::Integer(0),
        feature: None,
    },
    Rule {
        name: "STATEMENT_TIMEOUT_IN_SECONDS",
        types: EVERY,
        default: |_| Stored::Integer(172_800),
        feature: None,
    },
    Rule { name: "FALLBACK_WAREHOUSE", types: &[Interactive], default: |_| Stored::Null, feature: None },
    Rule { name: "RESOURCE_MONITOR", types: EVERY, default: |_| Stored::Null, feature: None },
    Rule { name: "COMMENT", types: EVERY, default: |_| Stored::new(""), feature: None },
];

/// The parameters among them, in the order of SHOW PARAMETERS.
pub(crate) const PARAMETERS: [&str; 4] = [
    "FALLBACK_WAREHOUSE",
    "MAX_CONCURRENCY_LEVEL",
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
    "STATEMENT_TIMEOUT_IN_SECONDS",
];

fn default_size(warehouse: &Warehouse) -> Stored {
    Stored::new(if warehouse.kind == SnowparkOptimized { "Medium" } else { "X-Small" })
}

/// 5X-Large and 6X-Large exist in the first generation only.
fn default_generation(warehouse: &Warehouse) -> Stored {
    Stored::new(if warehouse.rank() >= GEN1_ONLY { "1" } else { "2" })
}

fn default_auto_suspend(warehouse: &Warehouse) -> Stored {
    Stored::Integer(if warehouse.kind == Interactive { 86_400 } else { 600 })
}

fn default_acceleration(warehouse: &Warehouse) -> Stored {
    Stored::Boolean(warehouse.kind != Interactive)
}

fn default_scale_factor(warehouse: &Warehouse) -> Stored {
    Stored::Integer(if warehouse.kind == Interactive { 8 } else { 2 })
}

/// The ranks of sizes, X-Small = 0.
const MEDIUM: usize = 2;

const LARGE: usize = 3;

const GEN1_ONLY: usize = 8;

/// The most clusters that a size may have.
const MOST_CLUSTERS: [i64; 10] = [300, 300, 300, 160, 80, 40, 20, 10, 10, 10];

fn sizes() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    SIZES.iter().filter_map(move |(_, echo)| {
        let new = *echo != last;
        last = echo;
        new.then_some(*echo)
    })
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warehouse {
    pub head: Head,
    pub kind: WarehouseType,
    /// What was set; the rest is default.
    pub settings: BTreeMap<String, Stored>,
    pub monitor: Option<Id>,
    pub fallback: Option<Id>,
    pub tables: Vec<Path>,
    pub tags: BTreeMap<Id, String>,
    /// Started or, when adaptive, enabled.
    pub started: bool,
    pub resumed_on: i64,
    pub updated_on: i64,
    pub last_used: i64,
    /// The statements that run on it now.
    pub running: BTreeSet<String>,
}

impl Object for Warehouse {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

impl Warehouse {
    fn rule(name: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.name == name)
    }

    /// What holds for a property: set or default; NULL where the type does not carry it.
    pub(crate) fn value(&self, name: &str) -> Stored {
        match Self::rule(name) {
            Some(rule) if rule.types.contains(&self.kind) => {
                self.settings.get(name).cloned().unwrap_or_else(|| (rule.default)(self))
            }
            _ => Stored::Null,
        }
    }

    pub(crate) fn carries(&self, name: &str) -> bool {
        Self::rule(name).is_some_and(|rule| rule.types.contains(&self.kind))
    }

    pub(crate) fn size(&self) -> Option<String> {
        self.value("WAREHOUSE_SIZE").cell()
    }

    fn rank(&self) -> usize {
        let size = self.size().unwrap_or_default();
        sizes().position(|name| name == size).unwrap_or(0)
    }

    /// Is it started at `now`? An idle warehouse stops by itself after AUTO_SUSPEND seconds.
    pub(crate) fn is_started(&self, now: i64) -> bool {
        self.started && self.stops_at().is_none_or(|at| now < at)
    }

    fn stops_at(&self) -> Option<i64> {
        match self.value("AUTO_SUSPEND") {
            Stored::Integer(seconds) if seconds > 0 && self.running.is_empty() => {
                Some(self.last_used.saturating_add(seconds.saturating_mul(1000)))
            }
            _ => None,
        }
    }

    /// Writes down a stop that has happened by itself.
    pub(crate) fn settle(&mut self, now: i64) {
        if self.started
            && let Some(at) = self.stops_at()
            && now >= at
        {
            self.started = false;
            self.updated_on = at;
        }
    }

    pub(crate) fn start(&mut self, now: i64) {
        if !self.started {
            self.started = true;
            (self.resumed_on, self.updated_on) = (now, now);
        }
        self.last_used = now;
    }

    pub(crate) fn stop(&mut self, now: i64) {
        if self.started {
            (self.started, self.updated_on) = (false, now);
        }
    }

    /// Becomes another type; what that does not carry is dropped.
    fn become_type(&mut self, kind: WarehouseType) {
        if self.kind == kind {
            return;
        }
        // An adaptive warehouse answers for the size that it replaces with the next one.
        let level = (kind == Adaptive).then(|| sizes().nth((self.rank() + 1).min(7)).unwrap_or("X-Large"));
        self.kind = kind;
        self.settings.retain(|name, _| Self::rule(name).is_some_and(|rule| rule.types.contains(&kind)));
        if let Some(level) = level {
            self.settings.insert("MAX_QUERY_PERFORMANCE_LEVEL".into(), Stored::new(level));
        }
    }

    /// The size is fixed when it is first known: a later change of type must not move it.
    fn fix_size(&mut self) {
        if self.carries("WAREHOUSE_SIZE") && !self.settings.contains_key("WAREHOUSE_SIZE") {
            self.settings.insert("WAREHOUSE_SIZE".into(), default_size(self));
        }
    }

    /// What no warehouse can be.
    fn check(&self) -> Result<(), SqlError> {
        let min = self.value("MIN_CLUSTER_COUNT").integer();
        let max = self.value("MAX_CLUSTER_COUNT").integer();
        let size = self.size().unwrap_or_default();
        if min > max {
            return Err(SqlError::invalid_value(min, "MIN_CLUSTER_COUNT"));
        }
        if max > MOST_CLUSTERS[self.rank().min(MOST_CLUSTERS.len() - 1)] {
            return Err(combination("MAX_CLUSTER_COUNT", &max.to_string(), "WAREHOUSE_SIZE", &size));
        }
        if self.value("GENERATION") == Stored::new("2") && self.rank() >= GEN1_ONLY {
            return Err(combination("GENERATION", "2", "WAREHOUSE_SIZE", &size));
        }
        if let Some(constraint) = self.value("RESOURCE_CONSTRAINT").cell() {
            let least = match constraint.as_str() {
                name if name.starts_with("MEMORY_64X") => LARGE,
                name if name.starts_with("MEMORY_16X") => MEDIUM,
                _ => 0,
            };
            if self.rank() < least {
                return Err(combination("RESOURCE_CONSTRAINT", &constraint, "WAREHOUSE_SIZE", &size));
            }
        }
        if self.value("QUERY_THROUGHPUT_MULTIPLIER").integer() == 1 {
            return Err(SqlError::invalid_value(1, "QUERY_THROUGHPUT_MULTIPLIER"));
        }
        Ok(())
    }
}

/// `001425`
fn combination(one: &str, value: &str, other: &str, size: &str) -> SqlError {
    SqlError::new(
        1425,
        "22023",
        format!(
            "SQL compilation error:\ninvalid property combination '{one}'='{value}' and '{other}'='{size}'"
        ),
    )
}

/// `001423`: a property of a feature that the edition lacks.
fn feature(property: &str, feature: &str) -> SqlError {
    SqlError::new(
        1423,
        "22023",
        format!("SQL compilation error:\ninvalid property '{property}'; feature '{feature}' not enabled"),
    )
}

/// `000606`
pub(crate) fn no_warehouse() -> SqlError {
    SqlError::new(
        606,
        "57P03",
        "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.",
    )
}
