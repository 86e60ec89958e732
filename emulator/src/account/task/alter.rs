//! ALTER and DROP TASK.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{display, executed};
use super::super::grants::Securable;
use super::super::store::Id;
use super::{Spot, Task, rule};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::property::{Setting, value_of};
use crate::sql::task::{Action, AlterTask};
use crate::sql::{ObjectKind, Path};

impl Account {
    pub(crate) fn alter_task(
        &mut self,
        context: &Context,
        alter: &AlterTask,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, ObjectKind::Task, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        let spot = Spot::of(on).ok_or_else(SqlError::impossible)?;
        match &alter.action {
            Action::Resume => {
                self.need(&access, on, &["OPERATE"])?;
                self.resume_task(&access, spot, now)?;
            }
            Action::Suspend => {
                self.need(&access, on, &["OPERATE"])?;
                if !self.task(spot)?.is_root() {
                    self.graph_suspended(spot)?;
                }
                self.task_mut(spot)?.suspend("USER_SUSPENDED", now);
            }
            Action::SetTags(tags) => {
                self.need(&access, on, &[])?;
                let values = self.tag_values(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.extend(values);
                }
            }
            Action::UnsetTags(tags) => {
                self.need(&access, on, &[])?;
                let ids = self.tag_ids(context, &access, tags)?;
                if let Some(tags) = self.tags_mut(on) {
                    tags.retain(|id, _| !ids.contains(id));
                }
            }
            action => {
                self.need(&access, on, &[])?;
                self.graph_suspended(spot)?;
                let task = self.altered(context, &access, spot, action, now)?;
                self.put_task(spot, task)?;
                self.comment_task(on, action);
            }
        }
        Ok(executed())
    }

    fn comment_task(&mut self, on: Securable, action: &Action) {
        let comment = match action {
            Action::Set(settings) => match value_of(settings, "COMMENT") {
                Some(value) => value.text().unwrap_or_default().to_owned(),
                None => return,
            },
            Action::Unset(properties) if properties.iter().any(|it| it.name == "COMMENT") => String::new(),
            _ => return,
        };
        if let Some(head) = self.head_of(on) {
            head.comment = comment;
        }
    }

    /// The task as an action leaves it.
    fn altered(
        &self,
        context: &Context,
        access: &Access,
        spot: Spot,
        action: &Action,
        now: i64,
    ) -> Result<Task, SqlError> {
        let mut task = self.task(spot)?.clone();
        let (name, full) = (self.task_name(spot), self.name_of(spot.on()));
        let was_root = task.is_root();
        let mut said: &[Setting] = &[];
        match action {
            Action::Set(settings) => {
                said = settings;
                self.set_task(access, &mut task, settings)?;
            }
            Action::Unset(properties) => Self::unset_task(&mut task, properties),
            Action::ExecuteAs(user) => task.execute_as = self.runs_as(user.as_ref())?,
            Action::ModifyAs(body) => task.body.clone_from(body),
            Action::When(when) => task.when.clone_from(when),
            Action::AddAfter(names) => {
                let own = (spot.place, name.as_str(), Some(spot.id));
                for id in self.predecessors(context, access, own, names)? {
                    if !task.after.contains(&id) {
                        task.after.push(id);
                    }
                }
            }
            Action::RemoveAfter(names) => {
                let removed = self.removed(context, access, (spot, &task, &name), names)?;
                task.after.retain(|id| !removed.contains(id));
                if !was_root && task.is_root() {
                    task.suspend("CHILD_BECAME_ROOT", now);
                }
            }
            Action::Finalize(Some(root)) => {
                let own = (spot.place, full.as_str(), Some(spot.id));
                task.finalizes = Some(self.finalized(context, access, own, root)?);
            }
            Action::Finalize(None) if task.finalizes.take().is_some() => {
                task.suspend("FINALIZER_BECAME_ROOT", now);
            }
            _ => {}
        }
        Self::task_fits(&task, (&name, &full), said)?;
        if let (Action::Finalize(Some(_)), Some(root)) = (action, task.finalizes) {
            self.finalizer_fits(spot.at(root), (&full, Some(spot.id)))?;
        }
        Ok(task)
    }

    /// Every name that is a task's must be a predecessor's; then every name must be a task's.
    fn removed(
        &self,
        context: &Context,
        access: &Access,
        (spot, task, name): (Spot, &Task, &str),
        names: &[Path],
    ) -> Result<Vec<Id>, SqlError> {
        let (mut found, mut missing) = (Vec::new(), None);
        for path in names {
            let other = self.securable(context, access, ObjectKind::Task, path).ok().and_then(Spot::of);
            match other {
                Some(other) if other.place == spot.place && task.after.contains(&other.id) => {
                    found.push(other.id);
                }
                Some(other) => {
                    let other = self.task_name(other);
                    return Err(rule(format!("Task {name} does not have predecessor {other}.")));
                }
                None => missing = missing.or(Some(path)),
            }
        }
        match missing {
            Some(path) => Err(rule(format!("Invalid predecessor {} was specified.", display(path)))),
            None => Ok(found),
        }
    }

    /// Before DROP: of a graph the root has to be suspended; a started task that stands alone goes as it is.
    pub(crate) fn drop_task(&mut self, on: Securable, now: i64) -> Result<(), SqlError> {
        let Some(spot) = Spot::of(on) else { return Ok(()) };
        if !self.task(spot)?.is_root() || !self.graph(spot)?.below(spot.id).is_empty() {
            self.graph_suspended(spot)?;
        }
        self.unlink(spot, None, now);
        Ok(())
    }

    /// The value of a parameter that holds for a task: its own, the schema's, the database's, the account's.
    pub(super) fn task_parameter(&self, spot: Spot, name: &str) -> Option<i64> {
        let own = self.task(spot).ok()?.parameters.get(name);
        let schema = self.schema(spot.place).ok().and_then(|schema| schema.parameters.get(name));
        let database = self.databases.by_id(spot.place.0).and_then(|it| it.parameters.get(name));
        let found = own.or(schema).or(database).or_else(|| self.parameters.get(name));
        let text = found.and_then(super::Stored::cell);
        let default = crate::sql::parameters::parameter(name).map(|it| it.default.to_owned());
        text.or(default)?.parse().ok()
    }
}
