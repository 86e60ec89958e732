//! Tasks and task graphs (docs: user-guide/tasks-intro, user-guide/tasks-graphs).
//!
//! A graph is what hangs together by AFTER and FINALIZE, within one schema; its root has neither. While the root is
//! started, nothing in the graph changes. Nothing runs here: EXECUTE TASK and the control interface record runs.

mod alter;
mod condition;
mod create;
mod graph;
mod resume;
mod run;
mod settings;
mod show;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use super::grants::Securable;
use super::plain::{Detail, Plain};
use super::store::{Id, Store};
use super::warehouse::Stored;
use crate::error::SqlError;
use crate::sql::ObjectKind;
pub(crate) use run::Run;
pub(crate) use show::{COLUMNS, TERSE};

/// What a task has beyond name, owner, comment and tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    /// None: serverless.
    pub(crate) warehouse: Option<Id>,
    pub(crate) schedule: Option<String>,
    pub(crate) config: Option<String>,
    /// None: NO_OVERLAP.
    pub(crate) overlap: Option<String>,
    pub(crate) error_integration: Option<String>,
    pub(crate) success_integration: Option<String>,
    pub(crate) target_completion: Option<String>,
    pub(crate) execute_as: Option<String>,
    pub(crate) parameters: BTreeMap<String, Stored>,
    /// Tasks of the same schema, in the order of their names' first mention.
    pub(crate) after: Vec<Id>,
    /// The root that it finalizes.
    pub(crate) finalizes: Option<Id>,
    pub(crate) when: Option<String>,
    pub(crate) body: String,
    pub(crate) started: bool,
    pub(crate) last_committed_on: Option<i64>,
    pub(crate) last_suspended_on: Option<i64>,
    pub(crate) last_suspended_reason: Option<String>,
    /// Failed runs in a row.
    pub(crate) failures: u32,
}

impl Task {
    pub(crate) fn is_root(&self) -> bool {
        self.after.is_empty() && self.finalizes.is_none()
    }

    /// Stops a started task; a suspended one keeps what it says about its last suspension.
    fn suspend(&mut self, reason: &str, now: i64) {
        if self.started {
            self.started = false;
            self.last_suspended_on = Some(now);
            self.last_suspended_reason = Some(reason.to_owned());
        }
    }

    /// Runs when a stream has data, and at no set time.
    fn is_triggered(&self) -> bool {
        let streams = |when: &String| when.to_uppercase().contains("SYSTEM$STREAM_HAS_DATA");
        self.is_root() && self.schedule.is_none() && self.when.as_ref().is_some_and(streams)
    }
}

/// A rule of tasks. The words are Snowflake's; of most of these refusals nobody tells the code, and 091084 stands in.
fn rule(message: impl Into<String>) -> SqlError {
    SqlError::new(91_084, "42601", message)
}

impl Plain {
    pub(crate) fn task(&self) -> Option<&Task> {
        if let Detail::Task(task) = &self.detail { Some(task) } else { None }
    }

    pub(crate) fn task_mut(&mut self) -> Option<&mut Task> {
        if let Detail::Task(task) = &mut self.detail { Some(task) } else { None }
    }
}

/// Where a task is: its schema, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    place: (Id, Id),
    id: Id,
}

impl Spot {
    pub(crate) fn of(on: Securable) -> Option<Self> {
        match on {
            Securable::Inside(ObjectKind::Task, database, schema, id) => {
                Some(Self { place: (database, schema), id })
            }
            _ => None,
        }
    }

    fn on(self) -> Securable {
        Securable::Inside(ObjectKind::Task, self.place.0, self.place.1, self.id)
    }

    fn at(self, id: Id) -> Self {
        Self { id, ..self }
    }
}

impl Account {
    fn tasks(&self, spot: Spot) -> Result<&Store<Plain>, SqlError> {
        self.plain_in(ObjectKind::Task, Some(spot.place)).ok_or_else(SqlError::impossible)
    }

    pub(crate) fn task(&self, spot: Spot) -> Result<&Task, SqlError> {
        self.tasks(spot)?.by_id(spot.id).and_then(Plain::task).ok_or_else(SqlError::impossible)
    }

    fn task_mut(&mut self, spot: Spot) -> Result<&mut Task, SqlError> {
        let schema = self.schema_mut(spot.place)?;
        let tasks = schema.plain.get_mut(&ObjectKind::Task);
        tasks
            .and_then(|tasks| tasks.by_id_mut(spot.id))
            .and_then(Plain::task_mut)
            .ok_or_else(SqlError::impossible)
    }

    fn task_name(&self, spot: Spot) -> String {
        self.head_at(spot.on()).map(|head| head.name.clone()).unwrap_or_default()
    }
}
