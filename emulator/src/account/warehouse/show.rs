//! SHOW WAREHOUSES and DESCRIBE WAREHOUSE.

use super::super::access::Access;
use super::super::answer::{boolean, display, number, table, text, time, yes};
use super::super::{Account, Edition};
use super::Warehouse;
use super::WarehouseType::{Adaptive, Interactive};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;

const CLUSTER_COLUMNS: [&str; 2] = ["min_cluster_count", "max_cluster_count"];

impl Account {
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
