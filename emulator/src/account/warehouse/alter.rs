//! ALTER WAREHOUSE.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{executed, quoted};
use super::super::grants::Securable;
use super::WarehouseType::{self, Adaptive, Interactive, Standard};
use super::create::must_be_suspended;
use super::{Stored, Warehouse};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::warehouse::{Action, AlterWarehouse};

/// `090063`, `090064`
fn invalid_state(code: u32, name: &str, what: &str) -> SqlError {
    SqlError::new(code, "22000", format!("Invalid state. Warehouse '{name}' cannot be {what}."))
}

impl Account {
    pub(crate) fn alter_warehouse(
        &mut self,
        context: &mut Context,
        alter: &AlterWarehouse,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = match alter.name.as_ref().or(context.warehouse.as_ref()) {
            Some(name) => name.clone(),
            None => return Err(super::super::no_warehouse()),
        };
        let Ok(id) = self.warehouse_id(&access, std::slice::from_ref(&name)) else {
            return if alter.if_exists {
                Ok(executed())
            } else {
                Err(SqlError::absent("Warehouse", quoted(&name)))
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
                if let Some(monitor) = warehouse.monitor.or(self.level_monitor) {
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
                if self.warehouses.id(to).is_some_and(|other| other != id) {
                    return Err(SqlError::exists(quoted(to)));
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
}
