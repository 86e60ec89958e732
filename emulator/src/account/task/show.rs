//! SHOW TASKS and DESCRIBE TASK (docs: show-tasks).

use serde_json::json;

use super::super::Account;
use super::super::answer::{Cell, boolean, text, time};
use super::super::grants::Securable;
use super::super::plain::Plain;
use super::super::store::Id;
use super::{Spot, Task};
use crate::rows::ColumnType::{self, Text, TimestampLtz};

/// What SHOW TERSE TASKS keeps.
pub(crate) const TERSE: [&str; 6] =
    ["created_on", "name", "kind", "database_name", "schema_name", "schedule"];

pub(crate) const COLUMNS: &[(&str, ColumnType)] = &[
    ("created_on", TimestampLtz),
    ("name", Text),
    ("id", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("owner", Text),
    ("comment", Text),
    ("warehouse", Text),
    ("schedule", Text),
    ("predecessors", Text),
    ("state", Text),
    ("definition", Text),
    ("condition", Text),
    ("allow_overlapping_execution", Text),
    ("error_integration", Text),
    ("last_committed_on", TimestampLtz),
    ("last_suspended_on", TimestampLtz),
    ("owner_role_type", Text),
    ("config", Text),
    ("budget", Text),
    ("task_relations", Text),
    ("last_suspended_reason", Text),
    ("success_integration", Text),
    ("scheduling_mode", Text),
    ("target_completion_interval", Text),
    ("execute_as_user", Text),
    ("overlap_policy", Text),
];

/// A value that Snowflake writes as the word null when there is none.
fn or_null(value: Option<&String>) -> Cell {
    text(value.map_or("null", String::as_str))
}

impl Account {
    pub(crate) fn task_row(&self, on: Securable, plain: &Plain, task: &Task) -> Vec<Cell> {
        let path = self.path_of(on);
        COLUMNS.iter().map(|(column, _)| self.task_cell(on, plain, task, &path, column)).collect()
    }

    fn task_cell(&self, on: Securable, plain: &Plain, task: &Task, path: &[String], column: &str) -> Cell {
        let head = &plain.head;
        let policy = task.overlap.as_deref().unwrap_or("NO_OVERLAP");
        match column {
            "created_on" => time(head.created_on),
            "name" => text(&head.name),
            "id" => text(task_id(head.id)),
            "database_name" => path.first().cloned(),
            "schema_name" => path.get(1).cloned(),
            "owner" => text(self.role_name(head.owner)),
            "owner_role_type" => text(self.role_type(head.owner)),
            "comment" => text(&head.comment),
            "warehouse" => {
                let warehouse = task.warehouse.and_then(|id| self.warehouses.by_id(id));
                or_null(warehouse.map(|warehouse| &warehouse.head.name))
            }
            "schedule" => task.schedule.clone(),
            "predecessors" => text(self.names_of(on, &task.after)),
            "state" => text(if task.started { "started" } else { "suspended" }),
            "definition" => text(&task.body),
            "condition" => task.when.clone(),
            "allow_overlapping_execution" if !task.is_root() => text("null"),
            "allow_overlapping_execution" => boolean(policy == "ALLOW_CHILD_OVERLAP"),
            "overlap_policy" => task.is_root().then(|| policy.to_owned()),
            "error_integration" => or_null(task.error_integration.as_ref()),
            "success_integration" => or_null(task.success_integration.as_ref()),
            "last_committed_on" => task.last_committed_on.and_then(time),
            "last_suspended_on" => task.last_suspended_on.and_then(time),
            "last_suspended_reason" => task.last_suspended_reason.clone(),
            "config" => task.config.clone(),
            "task_relations" => text(self.relations(on, head.id, task)),
            "scheduling_mode" if task.warehouse.is_none() && task.schedule.is_some() => {
                text(if task.target_completion.is_some() { "FLEXIBLE" } else { "FIXED" })
            }
            "target_completion_interval" => task.target_completion.clone(),
            "execute_as_user" => task.execute_as.clone(),
            _ => None,
        }
    }

    fn full_names(&self, on: Securable, ids: &[Id]) -> Vec<String> {
        let Some(spot) = Spot::of(on) else { return Vec::new() };
        let mut names: Vec<String> = ids.iter().map(|id| self.name_of(spot.at(*id).on())).collect();
        names.sort();
        names
    }

    /// A JSON array as Snowflake lays one out.
    fn names_of(&self, on: Securable, ids: &[Id]) -> String {
        let names = self.full_names(on, ids);
        if names.is_empty() { "[]".into() } else { serde_json::to_string_pretty(&names).unwrap_or_default() }
    }

    fn relations(&self, on: Securable, id: Id, task: &Task) -> String {
        let one = |id: Option<Id>| self.full_names(on, &id.into_iter().collect::<Vec<_>>()).pop();
        let predecessors = json!(self.full_names(on, &task.after));
        let finalizer = Spot::of(on).and_then(|spot| self.graph(spot).ok()?.finalizer(id));
        match (one(task.finalizes), one(finalizer)) {
            (Some(root), _) => {
                format!("{{\"FinalizedRootTask\":{},\"Predecessors\":{predecessors}}}", json!(root))
            }
            (_, Some(finalizer)) => {
                format!("{{\"Predecessors\":{predecessors},\"FinalizerTask\":{}}}", json!(finalizer))
            }
            _ => format!("{{\"Predecessors\":{predecessors}}}"),
        }
    }
}

/// A number as Snowflake writes the identifier of a task.
pub(super) fn task_id(id: Id) -> String {
    format!("01b592aa-0000-0000-0000-{:012x}", id.0)
}
