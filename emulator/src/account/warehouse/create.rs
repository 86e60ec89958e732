//! CREATE and CREATE OR ALTER WAREHOUSE, and what ALTER shares with them.

use super::super::access::Access;
use super::super::answer::{display, quoted, status};
use super::super::grants::Securable;
use super::super::store::Id;
use super::super::{Account, Edition};
use super::WarehouseType::{self, Adaptive, Interactive, Standard};
use super::{Stored, Warehouse, combination, feature};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::How;
use crate::sql::property::{Setting, Value, value_of};
use crate::sql::warehouse::CreateWarehouse;
use std::collections::{BTreeMap, BTreeSet};

/// Properties that are kept outside of `settings`.
const APART: [&str; 5] =
    ["WAREHOUSE_TYPE", "INITIALLY_SUSPENDED", "WAIT_FOR_COMPLETION", "RESOURCE_MONITOR", "COMMENT"];

pub(super) fn must_be_suspended(name: &str) -> SqlError {
    SqlError::new(90064, "22000", format!("Invalid state. Warehouse '{name}' must be suspended first."))
}

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
                How::Plain => return Err(SqlError::exists(quoted(name))),
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
    pub(super) fn change_type(&self, warehouse: &mut Warehouse, kind: WarehouseType) -> Result<(), SqlError> {
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
    pub(super) fn set(
        &self,
        access: &Access,
        warehouse: &mut Warehouse,
        settings: &[Setting],
    ) -> Result<(), SqlError> {
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
                "COMMENT" => value.text().unwrap_or_default().clone_into(&mut warehouse.head.comment),
                _ if APART.contains(&name) => {}
                _ => {
                    warehouse.settings.insert(name.to_owned(), value.into());
                }
            }
        }
        Ok(())
    }

    pub(super) fn may_assign_monitor(&self, access: &Access) -> Result<(), SqlError> {
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

    /// `090073` while the monitor holds its warehouses.
    pub(super) fn may_start(&self, name: &str, monitor: Id, now: i64) -> Result<(), SqlError> {
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
}
