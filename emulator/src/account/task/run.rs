//! EXECUTE TASK and the history of runs. Nothing is executed: a run is over as soon as it began, unless the control
//! interface says how long it lasts, or that it fails.

use serde::{Deserialize, Serialize};

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{Cell, number, status, table, text, time};
use super::super::grants::Securable;
use super::super::store::Id;
use super::show::task_id;
use super::{Spot, rule};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Fixed, Text, TimestampLtz};
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::task::ExecuteTask;

/// How many runs are kept.
const KEPT: usize = 10_000;

/// One run of one task. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    task: Securable,
    /// As it was called when it ran.
    path: Vec<String>,
    root: Id,
    /// The number of the graph's run.
    group: i64,
    began: i64,
    ends: i64,
    error: Option<(u32, String)>,
    /// `EXECUTE TASK` or `SCHEDULE`.
    by: String,
    /// The task's condition did not hold.
    #[serde(default)]
    skipped: bool,
}

impl Run {
    fn state(&self, now: i64) -> &'static str {
        match &self.error {
            _ if now < self.began => "SCHEDULED",
            _ if self.skipped => "SKIPPED",
            _ if now < self.ends => "EXECUTING",
            Some(_) => "FAILED",
            None => "SUCCEEDED",
        }
    }
}

const HISTORY: &[(&str, ColumnType)] = &[
    ("QUERY_ID", Text),
    ("NAME", Text),
    ("DATABASE_NAME", Text),
    ("SCHEMA_NAME", Text),
    ("QUERY_TEXT", Text),
    ("CONDITION_TEXT", Text),
    ("STATE", Text),
    ("ERROR_CODE", Text),
    ("ERROR_MESSAGE", Text),
    ("SCHEDULED_TIME", TimestampLtz),
    ("QUERY_START_TIME", TimestampLtz),
    ("NEXT_SCHEDULED_TIME", TimestampLtz),
    ("COMPLETED_TIME", TimestampLtz),
    ("ROOT_TASK_ID", Text),
    ("GRAPH_VERSION", Fixed),
    ("RUN_ID", Fixed),
    ("RETURN_VALUE", Text),
    ("SCHEDULED_FROM", Text),
    ("ATTEMPT_NUMBER", Fixed),
    ("CONFIG", Text),
    ("GRAPH_RUN_GROUP_ID", Fixed),
];

const GRAPHS: &[(&str, ColumnType)] = &[
    ("ROOT_TASK_NAME", Text),
    ("DATABASE_NAME", Text),
    ("SCHEMA_NAME", Text),
    ("STATE", Text),
    ("FIRST_ERROR_TASK_NAME", Text),
    ("FIRST_ERROR_CODE", Fixed),
    ("FIRST_ERROR_MESSAGE", Text),
    ("SCHEDULED_TIME", TimestampLtz),
    ("QUERY_START_TIME", TimestampLtz),
    ("NEXT_SCHEDULED_TIME", TimestampLtz),
    ("ROOT_TASK_ID", Text),
    ("GRAPH_VERSION", Fixed),
    ("RUN_ID", Fixed),
    ("ATTEMPT_NUMBER", Fixed),
    ("CONFIG", Text),
    ("GRAPH_RUN_GROUP_ID", Fixed),
];

impl Account {
    pub(crate) fn execute_task(
        &mut self,
        context: &Context,
        execute: &ExecuteTask,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, ObjectKind::Task, &execute.path)?;
        self.need(&access, on, &["OPERATE"])?;
        let spot = Spot::of(on).ok_or_else(SqlError::impossible)?;
        let (name, full) = (self.task_name(spot), self.name_of(on));
        if !self.task(spot)?.is_root() {
            return Err(rule(format!(
                "Execute task cannot be called on non-root task {full}. Call EXECUTE TASK on the root task of its graph instead."
            )));
        }
        if execute.retry_last {
            let group = self.runs.iter().rev().find(|run| run.root == spot.id).map(|run| run.group);
            let failed =
                self.runs.iter().any(|run| Some(run.group) == group && run.error.is_some() && !run.skipped);
            match group {
                None => {
                    return Err(rule(format!(
                        "Cannot perform retry: no suitable run of graph with root task {name} to retry."
                    )));
                }
                Some(_) if !failed => {
                    return Err(rule(format!(
                        "Cannot perform retry: graph with root task {name} had no failures."
                    )));
                }
                Some(_) => {}
            }
        }
        self.run_graph(spot, (now, now), None, "EXECUTE TASK");
        self.task_mut(spot)?.last_committed_on = Some(now);
        Ok(status(format!("Task {name} is scheduled to run immediately.")))
    }

    /// The root and its started tasks below run from one moment to another; with an error, the last of them fails.
    fn run_graph(&mut self, root: Spot, (began, ends): (i64, i64), error: Option<(u32, String)>, by: &str) {
        let below = self.graph(root).map(|graph| graph.below(root.id)).unwrap_or_default();
        let started = |id: &Id| self.task(root.at(*id)).is_ok_and(|task| task.started);
        let mut ids = vec![root.id];
        ids.extend(below.into_iter().filter(started));
        let group = self.runs.back().map_or(1, |run| run.group + 1);
        if self.is_skipped(root, began) {
            // Nothing below a skipped root runs.
            ids.truncate(1);
        }
        let last = ids.len() - 1;
        for (at, id) in ids.into_iter().enumerate() {
            let on = root.at(id).on();
            let skipped = self.is_skipped(root.at(id), began);
            let (ends, error) = if skipped {
                // The words are those of TASK_HISTORY, from memory: unverified.
                (began, Some((40_003, "Conditional expression for task evaluated to false.".into())))
            } else {
                (ends, error.clone().filter(|_| at == last))
            };
            let path = self.path_of(on);
            self.runs.push_back(Run {
                task: on,
                path,
                root: root.id,
                group,
                began,
                ends,
                error,
                by: by.into(),
                skipped,
            });
        }
        while self.runs.len() > KEPT {
            self.runs.pop_front();
        }
    }

    fn spot_by_name(&self, path: &str) -> Option<Spot> {
        let access =
            self.access(&Context { role: Some("ACCOUNTADMIN".into()), ..Context::default() }).ok()?;
        let path = crate::sql::path_of(path).ok()?;
        Spot::of(self.securable(&Context::default(), &access, ObjectKind::Task, &path).ok()?)
    }

    /// The task's graph runs now, and for so long: for clients that look at runs in flight. False when there is no
    /// such task. `path` is a full name.
    pub fn task_runs(&mut self, path: &str, milliseconds: i64, now: i128) -> bool {
        let now = super::super::milliseconds(now);
        let Some(spot) = self.spot_by_name(path) else { return false };
        let roots = self.graph(spot).map(|graph| graph.roots(spot.id)).unwrap_or_default();
        for root in roots {
            self.run_graph(spot.at(root), (now, now.saturating_add(milliseconds)), None, "SCHEDULE");
        }
        true
    }

    /// The task's graph ran so many times and failed each time. The root is suspended when that is as often as
    /// SUSPEND_TASK_AFTER_NUM_FAILURES says. False when there is no such task. `path` is a full name.
    pub fn task_fails(&mut self, path: &str, times: u32, message: &str, now: i128) -> bool {
        let now = super::super::milliseconds(now);
        let Some(spot) = self.spot_by_name(path) else { return false };
        let roots = self.graph(spot).map(|graph| graph.roots(spot.id)).unwrap_or_default();
        for root in roots.into_iter().map(|id| spot.at(id)) {
            for _ in 0..times.min(1_000) {
                // The code of a statement that a user's mistake ends.
                self.run_graph(root, (now, now), Some((100_183, message.to_owned())), "SCHEDULE");
            }
            let most = self.task_parameter(root, "SUSPEND_TASK_AFTER_NUM_FAILURES").unwrap_or_default();
            if let Ok(task) = self.task_mut(root) {
                task.failures = task.failures.saturating_add(times);
                if most > 0 && i64::from(task.failures) >= most {
                    task.suspend("SUSPENDED_DUE_TO_ERRORS", now);
                }
            }
        }
        true
    }

    /// TASK_HISTORY: the latest first, of tasks that the role sees.
    pub(crate) fn task_history(
        &self,
        access: &Access,
        (name, limit): (Option<&str>, usize),
        now: i64,
    ) -> Rows {
        let mut rows = table(HISTORY);
        for (at, run) in self.runs.iter().enumerate().rev() {
            let wanted = name.is_none_or(|name| run.path.last().is_some_and(|own| own == name));
            if rows.rows.len() == limit || !wanted || !self.sees_run(access, run) {
                continue;
            }
            rows.rows.push(HISTORY.iter().map(|(column, _)| self.run_cell(at, run, column, now)).collect());
        }
        rows
    }

    /// CURRENT_TASK_GRAPHS: those that run or wait.
    pub(crate) fn current_graphs(
        &self,
        access: &Access,
        (name, limit): (Option<&str>, usize),
        now: i64,
    ) -> Rows {
        let mut rows = table(GRAPHS);
        let open = self.runs.iter().enumerate().rev().filter(|(_, run)| {
            let root = matches!(run.task, Securable::Inside(_, _, _, id) if id == run.root);
            root && now < run.ends && name.is_none_or(|name| run.path.last().is_some_and(|own| own == name))
        });
        for (at, run) in open.filter(|(_, run)| self.sees_run(access, run)).take(limit) {
            let cell = |column: &str| match column {
                "ROOT_TASK_NAME" => self.run_cell(at, run, "NAME", now),
                "FIRST_ERROR_TASK_NAME" | "FIRST_ERROR_CODE" | "FIRST_ERROR_MESSAGE" => None,
                column => self.run_cell(at, run, column, now),
            };
            rows.rows.push(GRAPHS.iter().map(|(column, _)| cell(column)).collect());
        }
        rows
    }

    /// A dropped task's runs stay, for administrators.
    fn sees_run(&self, access: &Access, run: &Run) -> bool {
        self.sees(access, run.task) || self.global(access, "MONITOR EXECUTION")
    }

    fn run_cell(&self, at: usize, run: &Run, column: &str, now: i64) -> Cell {
        let task = Spot::of(run.task).and_then(|spot| self.task(spot).ok());
        let begun = now >= run.began;
        match column {
            "QUERY_ID" if begun => {
                text(format!("01b592ab-0000-0000-0000-{:012x}", run.group * 1000 + at as i64))
            }
            "NAME" => run.path.last().cloned(),
            "DATABASE_NAME" => run.path.first().cloned(),
            "SCHEMA_NAME" => run.path.get(1).cloned(),
            "QUERY_TEXT" => task.map(|task| task.body.clone()),
            "CONDITION_TEXT" => task.and_then(|task| task.when.clone()),
            "STATE" => text(run.state(now)),
            "ERROR_CODE" if now >= run.ends => run.error.as_ref().map(|(code, _)| format!("{code:06}")),
            "ERROR_MESSAGE" if now >= run.ends => run.error.as_ref().map(|(_, message)| message.clone()),
            "SCHEDULED_TIME" => time(run.began),
            "QUERY_START_TIME" if begun => time(run.began),
            "COMPLETED_TIME" if now >= run.ends => time(run.ends),
            "ROOT_TASK_ID" => text(task_id(run.root)),
            "GRAPH_VERSION" | "ATTEMPT_NUMBER" => number(1),
            "RUN_ID" => number(run.began),
            "SCHEDULED_FROM" => text(&run.by),
            "CONFIG" => task.and_then(|task| task.config.clone()),
            "GRAPH_RUN_GROUP_ID" => number(run.group),
            _ => None,
        }
    }
}
