//! RESUME, and SYSTEM$TASK_DEPENDENTS_ENABLE.

use super::super::Account;
use super::super::access::Access;
use super::super::grants::Securable;
use super::super::store::Id;
use super::{Spot, rule};
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;

impl Account {
    pub(super) fn resume_task(&mut self, access: &Access, spot: Spot, now: i64) -> Result<(), SqlError> {
        let task = self.task(spot)?;
        let root = task.is_root();
        if root {
            self.graph_runs(spot)?;
        } else {
            self.graph_suspended(spot)?;
        }
        self.owner_may_run(access, spot)?;
        let task = self.task_mut(spot)?;
        if !task.started {
            (task.started, task.failures) = (true, 0);
            if root {
                task.last_committed_on = Some(now);
            }
        }
        Ok(())
    }

    /// What is said of a graph only when its root starts.
    fn graph_runs(&self, spot: Spot) -> Result<(), SqlError> {
        let graph = self.graph(spot)?;
        let below = graph.below(spot.id);
        if let Some(id) = graph.cycle(&below) {
            let name = self.name_of(spot.at(id).on());
            return Err(rule(format!("Graph has at least one cycle containing task {name}.")));
        }
        if below.iter().any(|id| graph.roots(*id).len() > 1) {
            return Err(rule("The graph has more than one root task (one without predecessors)."));
        }
        let task = self.task(spot)?;
        if task.schedule.is_none() && task.when.is_none() {
            // One of SCHEDULE, AFTER, FINALIZE and WHEN is needed; the words are a guess.
            let name = self.name_of(spot.on());
            return Err(rule(format!("Task {name} cannot be resumed without a schedule or a condition.")));
        }
        Ok(())
    }

    /// `091089`: the owner may run tasks, and on this warehouse (docs: alter-task, usage notes).
    ///
    /// The page speaks of the owner alone. The provider's tests ("on task - with operate and execute task") resume a
    /// task whose owner lacks the privileges, as a role that holds them: so either counts.
    fn owner_may_run(&self, access: &Access, spot: Spot) -> Result<(), SqlError> {
        let owner = self.owner_of(spot.on());
        let roles = self.inherited(owner);
        let lacks = |on: Securable, privilege: &str| {
            !self.granted(&roles, on, &[privilege]) && !self.granted(&access.roles, on, &[privilege])
        };
        let refused = |what: &str| {
            SqlError::new(
                91_089,
                "23001",
                format!("Cannot execute task , {what} must be granted to owner role"),
            )
        };
        if lacks(Securable::Account, "EXECUTE TASK") {
            return Err(refused("EXECUTE TASK privilege"));
        }
        match self.task(spot)?.warehouse.map(Securable::Warehouse) {
            None if lacks(Securable::Account, "EXECUTE MANAGED TASK") => {
                Err(refused("EXECUTE MANAGED TASK privilege"))
            }
            Some(on) => {
                let owned =
                    self.owner_of(on).is_some_and(|id| roles.contains(&id) || access.roles.contains(&id));
                if !owned && lacks(on, "USAGE") {
                    return Err(refused("USAGE privilege on the task's warehouse"));
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// `SYSTEM$TASK_DEPENDENTS_ENABLE('db.s.root')`: resumes all that depends on a root, and then the root. The
    /// answer's words are a guess.
    pub(crate) fn enable_dependents(
        &mut self,
        context: &Context,
        name: &str,
        now: i64,
    ) -> Result<String, SqlError> {
        let access = self.access(context)?;
        let on = self.securable(context, &access, ObjectKind::Task, &crate::sql::path_of(name)?)?;
        let spot = Spot::of(on).ok_or_else(SqlError::impossible)?;
        self.need(&access, on, &["OPERATE"])?;
        let all: Vec<Id> = self.graph(spot)?.below(spot.id).into_iter().collect();
        let idle = |id: &&Id| self.task(spot.at(**id)).is_ok_and(|task| !task.started);
        let children: Vec<Id> = all.iter().filter(idle).copied().collect();
        let whole = self.tasks(spot)?.clone();
        let done = self.enable(&access, spot, &children, now);
        if done.is_err() {
            *self.plain_in_mut(ObjectKind::Task, Some(spot.place))? = whole;
        }
        done.map(|()| "true".to_owned())
    }

    fn enable(&mut self, access: &Access, root: Spot, children: &[Id], now: i64) -> Result<(), SqlError> {
        for id in children {
            let child = root.at(*id);
            self.need(access, child.on(), &["OPERATE"])?;
            self.resume_task(access, child, now)?;
        }
        self.resume_task(access, root, now)
    }
}
