//! Warehouses: the rules of their properties, their state, and the statements on them.
//!
//! A type changes only while the warehouse is suspended (UNSET WAREHOUSE_TYPE excepted), and an interactive
//! warehouse is resized only while suspended: so Snowflake's Terraform provider treats them. The documentation
//! allows the former online; a client that suspends first is right in both.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::answer::{boolean, display, executed, number, status, table, text, time, yes};
use super::grants::Securable;
use super::store::{Head, Id, Object};
use super::{Account, Edition};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::warehouse::{Action, AlterWarehouse, CreateWarehouse, SIZES};
use crate::sql::{How, ObjectKind, Path};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WarehouseType {
    Standard,
    SnowparkOptimized,
    Adaptive,
    Interactive,
}

use WarehouseType::{Adaptive, Interactive, SnowparkOptimized, Standard};

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

/// Properties that are kept outside of `settings`.
const APART: [&str; 5] =
    ["WAREHOUSE_TYPE", "INITIALLY_SUSPENDED", "WAIT_FOR_COMPLETION", "RESOURCE_MONITOR", "COMMENT"];

impl Account {
    pub(crate) fn create_warehouse(
        &mut self,
        context: &mut Context,
        create: &CreateWarehouse,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = &create.name;
        let before = self.warehouses.id(name);
        let created = || status(format!("Warehouse {name} successfully created."));
        if let Some(id) = before {
            match create.how {
                How::Plain => return Err(SqlError::exists(display(&[name.clone()]))),
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace => {
                    self.need_global(&access, "CREATE WAREHOUSE")?;
                    self.need(&access, Securable::Warehouse(id), &[])?;
                }
                How::OrAlter => {
                    self.need(&access, Securable::Warehouse(id), &[])?;
                    self.alter_to(&access, id, create, now)?;
                    return Ok(created());
                }
            }
        } else {
            self.need_global(&access, "CREATE WAREHOUSE")?;
        }
        let suspended = value_of(&create.settings, "INITIALLY_SUSPENDED").and_then(Value::boolean);
        let mut warehouse = Warehouse {
            head: self.head(name, &access, now),
            kind: if create.interactive { Interactive } else { Standard },
            settings: BTreeMap::new(),
            monitor: None,
            fallback: None,
            tables: Vec::new(),
            tags: BTreeMap::new(),
            started: suspended != Some(true),
            resumed_on: 0,
            updated_on: 0,
            last_used: now,
            running: BTreeSet::new(),
        };
        warehouse.resumed_on = warehouse.head.created_on;
        warehouse.updated_on = warehouse.head.created_on;
        self.set_type(&mut warehouse, &create.settings, create.interactive)?;
        self.set(&access, &mut warehouse, &create.settings)?;
        warehouse.fix_size();
        warehouse.check()?;
        warehouse.tables = self.interactive_tables(context, &access, &create.tables)?;
        warehouse.tags = self.tag_values(context, &access, &create.tags)?;
        if warehouse.started
            && let Some(monitor) = warehouse.monitor
        {
            self.may_start(name, monitor, now)?;
        }
        if let Some(id) = before {
            self.warehouses.remove(id);
            self.forget(Securable::Warehouse(id));
        }
        self.warehouses.put(warehouse);
        context.warehouse = Some(name.clone());
        Ok(created())
    }

    /// CREATE OR ALTER: what the statement leaves out is unset; state, name and owner stay.
    fn alter_to(
        &mut self,
        access: &Access,
        id: Id,
        create: &CreateWarehouse,
        now: i64,
    ) -> Result<(), SqlError> {
        let Some(mut warehouse) = self.warehouses.by_id(id).cloned() else {
            return Err(SqlError::impossible());
        };
        warehouse.settle(now);
        if create.interactive != (warehouse.kind == Interactive) {
            return Err(SqlError::invalid_value(warehouse.kind.name(), "WAREHOUSE_TYPE"));
        }
        let kind = warehouse.kind;
        // A size cannot be unset: it stays when the statement leaves it out.
        warehouse.settings.retain(|name, _| name == "WAREHOUSE_SIZE");
        warehouse.head.comment = String::new();
        warehouse.fallback = None;
        let monitor = warehouse.monitor;
        if value_of(&create.settings, "RESOURCE_MONITOR").is_none() && monitor.is_some() {
            self.may_assign_monitor(access)?;
            warehouse.monitor = None;
        }
        if !create.interactive {
            let named = value_of(&create.settings, "WAREHOUSE_TYPE").and_then(Value::text);
            self.change_type(&mut warehouse, WarehouseType::from_name(named.unwrap_or("STANDARD")))?;
        }
        self.set(access, &mut warehouse, &create.settings)?;
        warehouse.fix_size();
        warehouse.check()?;
        if warehouse.kind != kind || self.warehouses.by_id(id) != Some(&warehouse) {
            warehouse.updated_on = now;
        }
        self.warehouses.put(warehouse);
        Ok(())
    }

    /// The type that CREATE names, when the edition has it.
    fn set_type(
        &self,
        warehouse: &mut Warehouse,
        settings: &[Setting],
        interactive: bool,
    ) -> Result<(), SqlError> {
        let Some(name) = value_of(settings, "WAREHOUSE_TYPE").and_then(Value::text) else { return Ok(()) };
        if interactive {
            return Err(SqlError::invalid_property("WAREHOUSE_TYPE", "INTERACTIVE WAREHOUSE"));
        }
        warehouse.kind = self.available(WarehouseType::from_name(name))?;
        Ok(())
    }

    fn available(&self, kind: WarehouseType) -> Result<WarehouseType, SqlError> {
        if kind == Adaptive && self.edition == Edition::Standard {
            return Err(feature("WAREHOUSE_TYPE", "Adaptive Warehouses"));
        }
        Ok(kind)
    }

    /// Another type for a warehouse that exists.
    fn change_type(&self, warehouse: &mut Warehouse, kind: WarehouseType) -> Result<(), SqlError> {
        if kind == warehouse.kind {
            return Ok(());
        }
        if warehouse.kind == Interactive {
            return Err(SqlError::invalid_value(kind.name(), "WAREHOUSE_TYPE"));
        }
        if warehouse.started && warehouse.kind != Adaptive {
            return Err(must_be_suspended(&warehouse.head.name));
        }
        warehouse.become_type(self.available(kind)?);
        Ok(())
    }

    /// Applies settings (but for the type and the state).
    fn set(&self, access: &Access, warehouse: &mut Warehouse, settings: &[Setting]) -> Result<(), SqlError> {
        for Setting { property, value } in settings {
            let name = property.name;
            if let Some(rule) = Warehouse::rule(name) {
                if !rule.types.contains(&warehouse.kind) {
                    let written = Stored::from(value).cell().unwrap_or_else(|| "NULL".into());
                    return Err(combination(name, &written, "WAREHOUSE_TYPE", warehouse.kind.name()));
                }
                if let Some(needs) = rule.feature
                    && self.edition == Edition::Standard
                {
                    return Err(feature(name, needs));
                }
            } else if warehouse.kind == Adaptive && name == "INITIALLY_SUSPENDED" {
                return Err(SqlError::invalid_property(name, "ADAPTIVE WAREHOUSE"));
            }
            match name {
                "RESOURCE_MONITOR" => {
                    self.may_assign_monitor(access)?;
                    warehouse.monitor = match value {
                        Value::Path(path) => Some(self.monitor_id(access, path)?),
                        _ => None,
                    };
                }
                "FALLBACK_WAREHOUSE" => {
                    warehouse.fallback = match value {
                        Value::Path(path) => Some(self.warehouse_id(access, path)?),
                        _ => None,
                    };
                }
                "COMMENT" => warehouse.head.comment = value.text().unwrap_or_default().to_owned(),
                _ if APART.contains(&name) => {}
                _ => {
                    warehouse.settings.insert(name.to_owned(), value.into());
                }
            }
        }
        Ok(())
    }

    fn may_assign_monitor(&self, access: &Access) -> Result<(), SqlError> {
        if self.is_account_admin(access) {
            return Ok(());
        }
        Err(SqlError::denied("account", &self.locator))
    }

    pub(crate) fn warehouse_id(&self, access: &Access, path: &[String]) -> Result<Id, SqlError> {
        path.last()
            .filter(|_| path.len() == 1)
            .and_then(|name| self.warehouses.id(name))
            .filter(|id| self.sees(access, Securable::Warehouse(*id)))
            .ok_or_else(|| SqlError::absent("Warehouse", display(path)))
    }

    pub(crate) fn alter_warehouse(
        &mut self,
        context: &mut Context,
        alter: &AlterWarehouse,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = match alter.name.as_ref().or(context.warehouse.as_ref()) {
            Some(name) => name.clone(),
            None => return Err(super::no_warehouse()),
        };
        let Ok(id) = self.warehouse_id(&access, std::slice::from_ref(&name)) else {
            return if alter.if_exists {
                Ok(executed())
            } else {
                Err(SqlError::absent("Warehouse", display(&[name])))
            };
        };
        let on = Securable::Warehouse(id);
        let needs: &[&str] = match &alter.action {
            Action::Suspend | Action::Resume { .. } | Action::AbortAllQueries | Action::Enable(_) => {
                &["OPERATE"]
            }
            Action::RenameTo(_) | Action::SetTags(_) | Action::UnsetTags(_) => &[],
            _ => &["MODIFY"],
        };
        self.need(&access, on, needs)?;
        let Some(mut warehouse) = self.warehouses.by_id(id).cloned() else {
            return Err(SqlError::impossible());
        };
        warehouse.settle(now);
        match &alter.action {
            Action::Suspend => {
                if !warehouse.started || warehouse.kind == Adaptive {
                    return Err(invalid_state(90064, &name, "suspended"));
                }
                warehouse.stop(now);
            }
            Action::Resume { if_suspended } => {
                if warehouse.started {
                    if *if_suspended {
                        return Ok(executed());
                    }
                    return Err(invalid_state(90063, &name, "resumed"));
                }
                if let Some(monitor) = warehouse.monitor.or(self.account_monitor) {
                    self.may_start(&name, monitor, now)?;
                }
                warehouse.start(now);
            }
            Action::AbortAllQueries => {
                self.aborted.extend(std::mem::take(&mut warehouse.running));
            }
            Action::Enable(enable) => {
                if warehouse.kind != Adaptive {
                    let word = if *enable { "enabled" } else { "disabled" };
                    return Err(invalid_state(if *enable { 90063 } else { 90064 }, &name, word));
                }
                if warehouse.started != *enable {
                    warehouse.started = *enable;
                    warehouse.updated_on = now;
                }
            }
            Action::RenameTo(to) => {
                self.need_global(&access, "CREATE WAREHOUSE")?;
                if self.warehouses.id(to).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(&[to.clone()])));
                }
                warehouse.updated_on = now;
                self.warehouses.put(warehouse);
                self.warehouses.rename(id, to);
                if context.warehouse.as_ref() == Some(&name) {
                    context.warehouse = Some(to.clone());
                }
                return Ok(executed());
            }
            Action::Set(settings) => {
                self.set_on(&access, &mut warehouse, settings)?;
                warehouse.updated_on = now;
            }
            Action::Unset(properties) => {
                self.unset_on(&access, &mut warehouse, properties)?;
                warehouse.updated_on = now;
            }
            Action::SetTags(tags) => warehouse.tags.extend(self.tag_values(context, &access, tags)?),
            Action::UnsetTags(tags) => {
                for tag in self.tag_ids(context, &access, tags)? {
                    warehouse.tags.remove(&tag);
                }
            }
            Action::AddTables(tables) | Action::DropTables(tables) => {
                if warehouse.kind != Interactive {
                    return Err(SqlError::invalid_property("TABLES", "WAREHOUSE"));
                }
                let tables = self.interactive_tables(context, &access, tables)?;
                warehouse.tables.retain(|table| !tables.contains(table));
                if matches!(alter.action, Action::AddTables(_)) {
                    warehouse.tables.extend(tables);
                }
                warehouse.updated_on = now;
            }
        }
        self.warehouses.put(warehouse);
        Ok(executed())
    }

    fn set_on(
        &self,
        access: &Access,
        warehouse: &mut Warehouse,
        settings: &[Setting],
    ) -> Result<(), SqlError> {
        let size = value_of(settings, "WAREHOUSE_SIZE").and_then(Value::text);
        if value_of(settings, "WAIT_FOR_COMPLETION").is_some() && size.is_none() {
            return Err(SqlError::invalid_property("WAIT_FOR_COMPLETION", "WAREHOUSE"));
        }
        if let Some(kind) = value_of(settings, "WAREHOUSE_TYPE").and_then(Value::text) {
            if warehouse.kind == Interactive {
                return Err(SqlError::invalid_property("WAREHOUSE_TYPE", "INTERACTIVE WAREHOUSE"));
            }
            self.change_type(warehouse, WarehouseType::from_name(kind))?;
        }
        if warehouse.kind == Interactive
            && warehouse.started
            && size.is_some_and(|size| warehouse.size().as_deref() != Some(size))
        {
            return Err(must_be_suspended(&warehouse.head.name));
        }
        self.set(access, warehouse, settings)?;
        warehouse.fix_size();
        warehouse.check()
    }

    fn unset_on(
        &self,
        access: &Access,
        warehouse: &mut Warehouse,
        properties: &[&'static Property],
    ) -> Result<(), SqlError> {
        for property in properties {
            match property.name {
                "WAREHOUSE_SIZE" => return Err(SqlError::unsupported("UNSET WAREHOUSE_SIZE")),
                "WAREHOUSE_TYPE" => {
                    if warehouse.kind != Interactive {
                        warehouse.become_type(Standard);
                        warehouse.fix_size();
                    }
                }
                // Snowflake means "never" by it, not the default of 600.
                "AUTO_SUSPEND" => {
                    warehouse.settings.insert("AUTO_SUSPEND".into(), Stored::Null);
                }
                "RESOURCE_MONITOR" => {
                    self.may_assign_monitor(access)?;
                    warehouse.monitor = None;
                }
                "FALLBACK_WAREHOUSE" => warehouse.fallback = None,
                "COMMENT" => warehouse.head.comment.clear(),
                name => {
                    if !warehouse.carries(name) {
                        return Err(SqlError::invalid_property(name, "WAREHOUSE"));
                    }
                    warehouse.settings.remove(name);
                }
            }
        }
        warehouse.check()
    }

    /// `090073` while the monitor holds its warehouses.
    fn may_start(&self, name: &str, monitor: Id, now: i64) -> Result<(), SqlError> {
        match self.monitors.by_id(monitor) {
            Some(monitor) if monitor.holds(now) => Err(SqlError::new(
                90073,
                "22000",
                format!(
                    "Warehouse '{name}' cannot be resumed because resource monitor '{}' has exceeded its quota.",
                    monitor.head.name
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The columns of SHOW WAREHOUSES (docs: show-warehouses).
    pub(crate) fn warehouse_columns(&self) -> Rows {
        use ColumnType::{Fixed, Text, TimestampLtz};
        let mut rows = table(&[
            ("name", Text),
            ("state", Text),
            ("type", Text),
            ("size", Text),
            ("min_cluster_count", Fixed),
            ("max_cluster_count", Fixed),
            ("started_clusters", Fixed),
            ("running", Fixed),
            ("queued", Fixed),
            ("is_default", Text),
            ("is_current", Text),
            ("auto_suspend", Fixed),
            ("auto_resume", Text),
            ("available", Text),
            ("provisioning", Text),
            ("quiescing", Text),
            ("other", Text),
            ("created_on", TimestampLtz),
            ("resumed_on", TimestampLtz),
            ("updated_on", TimestampLtz),
            ("owner", Text),
            ("comment", Text),
            ("enable_query_acceleration", Text),
            ("query_acceleration_max_scale_factor", Fixed),
            ("resource_monitor", Text),
            ("actives", Fixed),
            ("pendings", Fixed),
            ("failed", Fixed),
            ("suspended", Fixed),
            ("uuid", Text),
            ("scaling_policy", Text),
            ("budget", Text),
            ("owner_role_type", Text),
            ("resource_constraint", Text),
            ("warehouse_credit_limit", Text),
            ("target_statement_size", Text),
            ("disabled_reasons", Text),
            ("generation", Text),
            ("max_query_performance_level", Text),
            ("query_throughput_multiplier", Fixed),
            ("tables", Text),
        ]);
        if self.edition == Edition::Standard {
            rows.columns.retain(|column| !CLUSTER_COLUMNS.contains(&column.name.as_str()));
        }
        rows
    }

    /// One warehouse as SHOW WAREHOUSES prints it.
    pub(crate) fn warehouse_row(
        &self,
        warehouse: &Warehouse,
        context: &Context,
        now: i64,
    ) -> Vec<Option<String>> {
        let head = &warehouse.head;
        let started = warehouse.is_started(now);
        let sized = warehouse.kind != Adaptive;
        let value = |name: &str| warehouse.value(name).cell();
        let clusters = if started && sized { warehouse.value("MIN_CLUSTER_COUNT").integer() } else { 0 };
        let restless = i64::from(self.knobs.restless && started)
            * (now / 1000).wrapping_add(head.id.0 as i64).rem_euclid(3);
        let updated = match warehouse.stops_at() {
            Some(at) if warehouse.started && now >= at => at,
            _ => warehouse.updated_on,
        };
        let share = |yes: bool| text(if yes { "100" } else { "" });
        let default = self.users.get(&context.user).and_then(|user| user.text("DEFAULT_WAREHOUSE"));
        let monitor = warehouse.monitor.and_then(|id| self.monitors.by_id(id));
        let mut row = vec![
            text(&head.name),
            text(match (sized, started) {
                (true, true) => "STARTED",
                (true, false) => "SUSPENDED",
                (false, true) => "ENABLED",
                (false, false) => "DISABLED",
            }),
            text(warehouse.kind.name()),
            value("WAREHOUSE_SIZE"),
        ];
        if self.edition != Edition::Standard {
            row.extend([value("MIN_CLUSTER_COUNT"), value("MAX_CLUSTER_COUNT")]);
        }
        row.extend([
            number(clusters),
            number(warehouse.running.len() as i64 + restless),
            number(0),
            yes(default == Some(head.name.as_str())),
            yes(context.warehouse.as_ref() == Some(&head.name)),
            value("AUTO_SUSPEND"),
            value("AUTO_RESUME").or_else(|| boolean(true)),
            share(started && sized),
            share(false),
            share(false),
            share(false),
            time(head.created_on),
            time(warehouse.resumed_on),
            time(updated),
            text(self.role_name(head.owner)),
            text(&head.comment),
            value("ENABLE_QUERY_ACCELERATION")
                .or_else(|| (warehouse.kind == Interactive).then(|| "false".to_owned())),
            value("QUERY_ACCELERATION_MAX_SCALE_FACTOR")
                .or_else(|| (warehouse.kind == Interactive).then(|| "8".to_owned())),
            text(monitor.map_or("null", |monitor| monitor.head.name.as_str())),
            number(clusters),
            number(0),
            number(0),
            number(i64::from(!started)),
            number(head.id.0),
            value("SCALING_POLICY"),
            None,
            text("ROLE"),
            value("RESOURCE_CONSTRAINT"),
            None,
            None,
            None,
            value("GENERATION"),
            value("MAX_QUERY_PERFORMANCE_LEVEL"),
            value("QUERY_THROUGHPUT_MULTIPLIER"),
            (warehouse.kind == Interactive)
                .then(|| warehouse.tables.iter().map(|table| display(table)).collect::<Vec<_>>().join(", ")),
        ]);
        row
    }

    pub(crate) fn describe_warehouse(&self, access: &Access, path: &[String]) -> Result<Rows, SqlError> {
        let id = self.warehouse_id(access, path)?;
        let mut rows = table(&[
            ("created_on", ColumnType::TimestampLtz),
            ("name", ColumnType::Text),
            ("kind", ColumnType::Text),
        ]);
        if let Some(warehouse) = self.warehouses.by_id(id) {
            rows.rows.push(vec![
                time(warehouse.head.created_on),
                text(&warehouse.head.name),
                text(ObjectKind::Warehouse.singular()),
            ]);
        }
        Ok(rows)
    }
}

const CLUSTER_COLUMNS: [&str; 2] = ["min_cluster_count", "max_cluster_count"];

/// `090063`, `090064`
fn invalid_state(code: u32, name: &str, what: &str) -> SqlError {
    SqlError::new(code, "22000", format!("Invalid state. Warehouse '{name}' cannot be {what}."))
}

fn must_be_suspended(name: &str) -> SqlError {
    SqlError::new(90064, "22000", format!("Invalid state. Warehouse '{name}' must be suspended first."))
}
