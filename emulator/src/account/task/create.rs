//! CREATE TASK.

use std::collections::BTreeMap;

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, quoted, status};
use super::super::grants::Securable;
use super::super::plain::{Detail, Plain};
use super::super::store::Id;
use super::{Spot, Task, rule};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::property::{Value, value_of};
use crate::sql::task::{CreateTask, Definition, What};
use crate::sql::{How, ObjectKind, Path};

const KIND: ObjectKind = ObjectKind::Task;

impl Account {
    pub(crate) fn create_task(
        &mut self,
        context: &Context,
        create: &CreateTask,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let (place, name) = self.in_schema(context, &access, &create.path)?;
        let before = self.plain_in(KIND, Some(place)).and_then(|tasks| tasks.id(&name));
        let created = status(format!("Task {name} successfully created."));
        if let Some(id) = before
            && create.how == How::OrAlter
        {
            self.or_alter_task(context, &access, Spot { place, id }, &create.what)?;
            return Ok(created);
        }
        self.may_create_in(&access, Securable::Schema(place.0, place.1), "CREATE TASK")?;
        if let Some(id) = before {
            match create.how {
                How::IfNotExists => {
                    return Ok(status(format!("{name} already exists, statement succeeded.")));
                }
                How::OrReplace => {
                    let spot = Spot { place, id };
                    self.need(&access, spot.on(), &[])?;
                    let task = self.task(spot)?;
                    // A started task that stands alone is replaced; of a graph the root has to be suspended.
                    if !task.is_root() || !self.graph(spot)?.below(id).is_empty() {
                        self.graph_suspended(spot)?;
                    }
                }
                _ => return Err(SqlError::exists(display(&create.path))),
            }
        }
        let (task, tags, comment) = match &create.what {
            What::Clone(source) => self.cloned(context, &access, place, source)?,
            What::Definition(it) => {
                let task = self.defined(context, &access, (place, &name, before), it, Task::default())?;
                self.may_run_on(&access, task.warehouse, "EXECUTE MANAGED TASK")?;
                let comment = value_of(&it.settings, "COMMENT").and_then(Value::text);
                let tags = self.tag_values(context, &access, &it.tags)?;
                (task, tags, comment.unwrap_or_default().to_owned())
            }
        };
        let mut head = self.head(&name, &access, now);
        head.comment = comment;
        let spot = Spot { place, id: head.id };
        let detail = Detail::Task(Box::new(task));
        let made = Plain { head, properties: BTreeMap::new(), tags, detail };
        let whole = self.schema(place)?.plain.get(&KIND).cloned().unwrap_or_default();
        if let Some(id) = before {
            self.unlink(Spot { place, id }, Some(spot.id), now);
            self.plain_in_mut(KIND, Some(place))?.remove(id);
        }
        self.plain_in_mut(KIND, Some(place))?.put(made);
        if let Err(error) = self.graph_fits(spot, Some(access.role)) {
            *self.plain_in_mut(KIND, Some(place))? = whole;
            return Err(error);
        }
        if let Some(id) = before {
            self.forget(Spot { place, id }.on());
        }
        self.grant_future(spot.on(), now);
        Ok(created)
    }

    fn full_name(&self, place: (Id, Id), name: &str) -> String {
        format!("{}.{}", self.name_of(Securable::Schema(place.0, place.1)), quoted(name))
    }

    /// What a statement defines, on top of `task`; `own` is the number of the task that has the name already.
    fn defined(
        &self,
        context: &Context,
        access: &Access,
        (place, name, own): ((Id, Id), &str, Option<Id>),
        it: &Definition,
        mut task: Task,
    ) -> Result<Task, SqlError> {
        let full = self.full_name(place, name);
        let graph = own.map(|id| Spot { place, id });
        let finalized = match graph {
            Some(spot) => self.graph(spot)?.finalizer(spot.id).is_some(),
            None => false,
        };
        if finalized && !(it.after.is_empty() && it.finalize.is_none()) {
            return Err(rule(format!(
                "Cannot replace task {full} with a non-root task because it has a finalizer task. Please remove the finalizer task first."
            )));
        }
        self.set_task(access, &mut task, &it.settings)?;
        task.after = self.predecessors(context, access, (place, name, own), &it.after)?;
        task.finalizes = match &it.finalize {
            Some(path) => Some(self.finalized(context, access, (place, &full, own), path)?),
            None => None,
        };
        task.execute_as = self.runs_as(it.execute_as.as_ref())?;
        task.when.clone_from(&it.when);
        task.body.clone_from(&it.body);
        Self::task_fits(&task, (name, &full), &it.settings)?;
        if let Some(root) = task.finalizes {
            self.finalizer_fits(Spot { place, id: root }, (&full, own))?;
        }
        Ok(task)
    }

    /// The user that a task runs as is there.
    pub(super) fn runs_as(&self, user: Option<&String>) -> Result<Option<String>, SqlError> {
        match user {
            Some(user) if self.users.id(user).is_none() => Err(SqlError::absent("User", quoted(user))),
            user => Ok(user.cloned()),
        }
    }

    /// An existing task becomes what the statement says; state, tags and number stay.
    fn or_alter_task(
        &mut self,
        context: &Context,
        access: &Access,
        spot: Spot,
        what: &What,
    ) -> Result<(), SqlError> {
        let What::Definition(it) = what else { return Err(SqlError::impossible()) };
        self.need(access, spot.on(), &[])?;
        self.graph_suspended(spot)?;
        let name = self.task_name(spot);
        let old = self.task(spot)?;
        let kept = Task {
            started: old.started,
            last_committed_on: old.last_committed_on,
            last_suspended_on: old.last_suspended_on,
            last_suspended_reason: old.last_suspended_reason.clone(),
            failures: old.failures,
            ..Task::default()
        };
        let task = self.defined(context, access, (spot.place, &name, Some(spot.id)), it, kept)?;
        self.put_task(spot, task)?;
        let comment = value_of(&it.settings, "COMMENT").and_then(Value::text).unwrap_or_default();
        if let Some(head) = self.head_of(spot.on()) {
            comment.clone_into(&mut head.comment);
        }
        Ok(())
    }

    /// Replaces a task's definition, when the graph stays within its limits.
    pub(super) fn put_task(&mut self, spot: Spot, task: Task) -> Result<(), SqlError> {
        let old = std::mem::replace(self.task_mut(spot)?, task);
        if let Err(error) = self.graph_fits(spot, self.owner_of(spot.on())) {
            *self.task_mut(spot)? = old;
            return Err(error);
        }
        Ok(())
    }

    /// The clone is suspended; it keeps its predecessors when the owner makes it (docs: create-task, AFTER). A root
    /// has one finalizer, so that the clone of a finalizer is none.
    fn cloned(
        &self,
        context: &Context,
        access: &Access,
        place: (Id, Id),
        source: &Path,
    ) -> Result<(Task, BTreeMap<Id, String>, String), SqlError> {
        let on = self.securable(context, access, KIND, source)?;
        self.need(access, on, &[])?;
        let spot = Spot::of(on).ok_or_else(SqlError::impossible)?;
        let plain = self.tasks(spot)?.by_id(spot.id).ok_or_else(SqlError::impossible)?;
        let mut task = Task {
            finalizes: None,
            started: false,
            last_committed_on: None,
            last_suspended_on: None,
            last_suspended_reason: None,
            failures: 0,
            ..self.task(spot)?.clone()
        };
        if self.owner_of(on) != Some(access.role) || place != spot.place {
            task.after.clear();
        }
        if !task.after.is_empty() {
            self.graph_suspended(spot)?;
        }
        Ok((task, plain.tags.clone(), plain.head.comment.clone()))
    }
}
