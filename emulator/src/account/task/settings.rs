//! What CREATE TASK and ALTER TASK … SET say about a task, and what no task can be.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::display;
use super::super::grants::Securable;
use super::super::warehouse::Stored;
use super::{Task, rule};
use crate::error::SqlError;
use crate::sql::property::{Property, Setting, Value, value_of};
use crate::sql::schedule;
use crate::sql::task::{PROPERTIES, SIZES};
use crate::sql::{ObjectKind, Path};

const MANAGED: &str = "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE";
const LEAST: &str = "SERVERLESS_TASK_MIN_STATEMENT_SIZE";
const MOST: &str = "SERVERLESS_TASK_MAX_STATEMENT_SIZE";
const RETRIES: &str = "TASK_AUTO_RETRY_ATTEMPTS";

/// From ten seconds to eight days; a completion interval to one day (docs: create-task).
const SCHEDULES: std::ops::RangeInclusive<u64> = 10..=691_200;
const COMPLETIONS: std::ops::RangeInclusive<u64> = 10..=86_400;

/// The properties that are not parameters.
fn is_parameter(property: &Property) -> bool {
    !PROPERTIES.iter().take_while(|own| own.name != MANAGED).any(|own| own.name == property.name)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Path(path) => path.last().cloned(),
        _ => None,
    }
}

/// `ALLOW_OVERLAPPING_EXECUTION` is the older way to say OVERLAP_POLICY.
fn overlap(settings: &[Setting]) -> Result<Option<String>, SqlError> {
    let policy = value_of(settings, "OVERLAP_POLICY").and_then(text_of);
    let older = value_of(settings, "ALLOW_OVERLAPPING_EXECUTION").and_then(Value::boolean);
    let older = older.map(|allow| if allow { "ALLOW_CHILD_OVERLAP" } else { "NO_OVERLAP" });
    match (policy, older) {
        (Some(policy), Some(older)) if policy != older => Err(rule(
            "Cannot specify ALLOW_OVERLAPPING_EXECUTION and OVERLAP_POLICY to different values in the same command.",
        )),
        (Some(policy), _) => Ok(Some(policy)),
        (None, older) => Ok(older.map(str::to_owned)),
    }
}

impl Account {
    /// Applies `NAME = value`s; the comment is not the task's own.
    pub(super) fn set_task(
        &self,
        access: &Access,
        task: &mut Task,
        settings: &[Setting],
    ) -> Result<(), SqlError> {
        for Setting { property, value } in settings {
            let wrong = |text: &str| SqlError::invalid_value(text, property.name);
            match (property.name, text_of(value)) {
                ("COMMENT" | "OVERLAP_POLICY" | "ALLOW_OVERLAPPING_EXECUTION", _) => {}
                ("WAREHOUSE", name) => {
                    let path: Path = name.into_iter().collect();
                    let id = self.warehouse_id(access, &path).map_err(|_| {
                        SqlError::new(
                            91_083,
                            "42601",
                            format!("Nonexistent warehouse {} was specified.", display(&path)),
                        )
                    })?;
                    task.warehouse = Some(id);
                }
                ("SCHEDULE", Some(text)) => {
                    let fits = match schedule::read(&text) {
                        Ok(seconds) => seconds.is_none_or(|seconds| SCHEDULES.contains(&seconds)),
                        Err(_) => false,
                    };
                    if !fits {
                        return Err(wrong(&text));
                    }
                    task.schedule = Some(text);
                }
                ("CONFIG", Some(text)) => {
                    if !serde_json::from_str(&text).is_ok_and(|json: serde_json::Value| json.is_object()) {
                        return Err(rule(
                            "Invalid config. Must be a string representation of a valid JSON Object.",
                        ));
                    }
                    task.config = Some(text);
                }
                ("TARGET_COMPLETION_INTERVAL", Some(text)) => {
                    if !schedule::interval(&text).is_some_and(|seconds| COMPLETIONS.contains(&seconds)) {
                        return Err(wrong(&text));
                    }
                    task.target_completion = Some(text);
                }
                ("ERROR_INTEGRATION", name) => task.error_integration = self.integration(access, name)?,
                ("SUCCESS_INTEGRATION", name) => task.success_integration = self.integration(access, name)?,
                ("SEARCH_PATH", _) => {
                    return Err(rule(
                        "The parameter SEARCH_PATH is not supported with Tasks. Remove the parameter and try again.",
                    ));
                }
                ("AUTOCOMMIT", _) if *value == Value::Boolean(false) => {
                    return Err(rule(
                        "The parameter AUTOCOMMIT = false is not supported with Tasks. Remove the parameter and try again.",
                    ));
                }
                _ => match Stored::from(value) {
                    Stored::Null => drop(task.parameters.remove(property.name)),
                    stored => drop(task.parameters.insert(property.name.to_owned(), stored)),
                },
            }
        }
        if let Some(policy) = overlap(settings)? {
            task.overlap = Some(policy).filter(|policy| policy != "NO_OVERLAP");
        }
        Ok(())
    }

    /// An integration that a task notifies.
    fn integration(&self, access: &Access, name: Option<String>) -> Result<Option<String>, SqlError> {
        let Some(name) = name else { return Ok(None) };
        let kinds = [ObjectKind::NotificationIntegration, ObjectKind::CatalogIntegration];
        let found = kinds.into_iter().any(|kind| {
            let id = self.plain_in(kind, None).and_then(|store| store.id(&name));
            id.is_some_and(|id| self.sees(access, Securable::Plain(kind, id)))
        });
        if found {
            return Ok(Some(name));
        }
        Err(SqlError::absent("Integration", display(&[name])))
    }

    /// What no task can be. `full` is its full name; `said` is what the statement sets.
    pub(super) fn task_fits(
        task: &Task,
        (name, full): (&str, &str),
        said: &[Setting],
    ) -> Result<(), SqlError> {
        let says = |name: &str| value_of(said, name).is_some();
        if !task.is_root() {
            if task.config.is_some() {
                return Err(rule(format!("Task {full} cannot both be a non-root task and have a config.")));
            }
            if says("OVERLAP_POLICY") {
                return Err(rule(format!("Cannot set overlap policy on non-root task {full}.")));
            }
            if task.overlap.is_some() {
                return Err(rule(format!("Cannot set allow_overlapping_execution on non-root task {full}.")));
            }
            if says(RETRIES) {
                return Err(rule(format!(
                    "Cannot set parameter {RETRIES} on non-root task {name}. Non-root tasks use the parameter setting from their root task. Please set this on the root task for this task instead."
                )));
            }
        }
        match (&task.schedule, task.after.is_empty(), task.finalizes) {
            (Some(_), false, _) => {
                return Err(rule(format!("Task {name} cannot have both a schedule and a predecessor.")));
            }
            (Some(_), _, Some(_)) => {
                return Err(rule(format!("Task {name} cannot have a schedule and be a finalizer task.")));
            }
            (_, false, Some(_)) => {
                return Err(rule(format!("Task {full} cannot have predecessors as a finalizer task.")));
            }
            _ => {}
        }
        if task.warehouse.is_some() {
            for size in [MANAGED, LEAST, MOST] {
                if says(size) {
                    return Err(rule(format!("Cannot set {size} on a non-serverless task.")));
                }
            }
            if task.target_completion.is_some() {
                return Err(SqlError::new(
                    91_857,
                    "42601",
                    "TARGET_COMPLETION_INTERVAL is only allowed for serverless Tasks.",
                ));
            }
        }
        Self::sizes_fit(task)?;
        if task.warehouse.is_none() && task.is_triggered() && task.target_completion.is_none() {
            // docs: create-task, "required when you create serverless triggered tasks"; the words are a guess.
            return Err(rule(format!(
                "Task {full} is a serverless triggered task and needs TARGET_COMPLETION_INTERVAL."
            )));
        }
        Ok(())
    }

    fn sizes_fit(task: &Task) -> Result<(), SqlError> {
        let size = |name: &str| {
            let text = task.parameters.get(name).and_then(Stored::cell)?;
            let rank = SIZES.iter().position(|(size, _)| *size == text)?.min(5);
            Some((rank, text))
        };
        let (least, most, first) = (size(LEAST), size(MOST), size(MANAGED));
        let above = |one: &Option<(usize, String)>, other: &Option<(usize, String)>| {
            let (one, other) = (one.clone()?, other.clone()?);
            (one.0 > other.0).then_some((one.1, other.1))
        };
        if let Some((least, most)) = above(&least, &most) {
            return Err(rule(format!("{LEAST} ({least}) cannot be greater than {MOST} ({most}).")));
        }
        if let Some((least, first)) = above(&least, &first) {
            return Err(rule(format!("{MANAGED} ({first}) cannot be less than {LEAST} ({least}).")));
        }
        if let Some((first, most)) = above(&first, &most) {
            // The words are a guess, after those of the other two.
            return Err(rule(format!("{MANAGED} ({first}) cannot be greater than {MOST} ({most}).")));
        }
        Ok(())
    }

    /// UNSET.
    pub(super) fn unset_task(task: &mut Task, properties: &[&'static Property]) {
        for property in properties {
            match property.name {
                "WAREHOUSE" => task.warehouse = None,
                "SCHEDULE" => task.schedule = None,
                "CONFIG" => task.config = None,
                "OVERLAP_POLICY" | "ALLOW_OVERLAPPING_EXECUTION" => task.overlap = None,
                "ERROR_INTEGRATION" => task.error_integration = None,
                "SUCCESS_INTEGRATION" => task.success_integration = None,
                "TARGET_COMPLETION_INTERVAL" => task.target_completion = None,
                name if is_parameter(property) => drop(task.parameters.remove(name)),
                _ => {}
            }
        }
    }
}
