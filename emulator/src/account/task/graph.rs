//! What hangs together, and the rules that a graph keeps (docs: user-guide/tasks-graphs).
//!
//! That predecessors and finalizers exist is said when a task is made; cycles and second roots only when the root is
//! resumed (as the provider's tests have it).

use std::collections::BTreeSet;

use super::super::Account;
use super::super::access::Access;
use super::super::grants::Securable;
use super::super::plain::Plain;
use super::super::store::{Id, Store};
use super::{Spot, Task, rule};
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::{ObjectKind, Path};

/// The most parents and children of a task, and tasks of a graph.
const RELATIVES: usize = 100;
const TASKS: usize = 1_000;

/// The tasks of one schema.
pub(super) struct Graph<'a>(pub(super) &'a Store<Plain>);

impl Graph<'_> {
    fn each(&self) -> impl Iterator<Item = (Id, &Task)> {
        self.0.iter().filter_map(|plain| Some((plain.head.id, plain.task()?)))
    }

    fn get(&self, id: Id) -> Option<&Task> {
        self.0.by_id(id).and_then(Plain::task)
    }

    pub(super) fn children(&self, id: Id) -> Vec<Id> {
        self.each().filter(|(_, task)| task.after.contains(&id)).map(|(id, _)| id).collect()
    }

    pub(super) fn finalizer(&self, root: Id) -> Option<Id> {
        self.each().find(|(_, task)| task.finalizes == Some(root)).map(|(id, _)| id)
    }

    /// The tasks above it (and itself) that have none above them.
    pub(super) fn roots(&self, id: Id) -> BTreeSet<Id> {
        let (mut seen, mut open, mut roots) = (BTreeSet::new(), vec![id], BTreeSet::new());
        while let Some(id) = open.pop() {
            let Some(task) = self.get(id).filter(|_| seen.insert(id)) else { continue };
            if task.is_root() {
                roots.insert(id);
            }
            open.extend(task.after.iter().copied().chain(task.finalizes));
        }
        roots
    }

    /// What runs after it, however far, and what finalizes it.
    pub(super) fn below(&self, id: Id) -> BTreeSet<Id> {
        let (mut found, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            for below in self.children(id).into_iter().chain(self.finalizer(id)) {
                if found.insert(below) {
                    open.push(below);
                }
            }
        }
        found
    }

    /// A task that comes after itself.
    pub(super) fn cycle(&self, among: &BTreeSet<Id>) -> Option<Id> {
        among.iter().copied().find(|id| self.below(*id).contains(id))
    }
}

impl Account {
    pub(super) fn graph(&self, spot: Spot) -> Result<Graph<'_>, SqlError> {
        self.tasks(spot).map(Graph)
    }

    /// `091421` while a root of the task's graph is started.
    pub(crate) fn graph_suspended(&self, spot: Spot) -> Result<(), SqlError> {
        for root in self.graph(spot)?.roots(spot.id) {
            let root = spot.at(root);
            if self.task(root)?.started {
                return Err(SqlError::new(
                    91_421,
                    "22000",
                    format!(
                        "Unable to update graph with root task {} since that root task is not suspended.",
                        self.name_of(root.on())
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Another task by its name; None: the role sees none.
    fn other_task(&self, context: &Context, access: &Access, path: &Path) -> Option<Spot> {
        self.securable(context, access, ObjectKind::Task, path).ok().and_then(Spot::of)
    }

    /// The tasks that AFTER names, for a task of this schema and (when it is there already) number.
    pub(super) fn predecessors(
        &self,
        context: &Context,
        access: &Access,
        (place, name, own): ((Id, Id), &str, Option<Id>),
        names: &[Path],
    ) -> Result<Vec<Id>, SqlError> {
        let mut found = Vec::new();
        for path in names {
            let other = self.other_task(context, access, path);
            found.push(other.ok_or_else(|| {
                rule(format!("Invalid predecessor {} was specified.", super::super::answer::display(path)))
            })?);
        }
        if let Some(own) = own
            && !names.is_empty()
            && self.graph(Spot { place, id: own })?.finalizer(own).is_some()
        {
            return Err(rule(
                "This task has a finalizer and cannot be made a child task. Please remove the finalizer before adding a predecessor.",
            ));
        }
        let mut ids = Vec::new();
        for other in found {
            if Some(other.id) == own && other.place == place {
                return Err(rule(format!("Task {name} cannot use itself as its predecessor.")));
            }
            if other.place != place {
                let other = self.task_name(other);
                return Err(rule(format!("Cannot have predecessor {other} from a different schema.")));
            }
            if self.task(other)?.finalizes.is_some() {
                let other = self.name_of(other.on());
                return Err(rule(format!("Task {other} cannot have children as a finalizer task.")));
            }
            self.graph_suspended(other)?;
            if !ids.contains(&other.id) {
                ids.push(other.id);
            }
        }
        Ok(ids)
    }

    /// The root that FINALIZE names.
    pub(super) fn finalized(
        &self,
        context: &Context,
        access: &Access,
        (place, full, own): ((Id, Id), &str, Option<Id>),
        path: &Path,
    ) -> Result<Id, SqlError> {
        let shown = super::super::answer::display(path);
        let root = self
            .other_task(context, access, path)
            .ok_or_else(|| rule(format!("Invalid finalized root task {shown} was specified.")))?;
        if root.place != place {
            return Err(rule(format!("Cannot finalize graph {shown} in a different schema.")));
        }
        if !self.task(root)?.is_root() {
            let root = self.name_of(root.on());
            return Err(rule(format!("Task {full} cannot finalize a non-root task {root}.")));
        }
        let name = self.task_name(root);
        if Some(root.id) == own {
            return Err(rule(format!("Task {name} cannot finalize itself.")));
        }
        self.graph_suspended(root)?;
        Ok(root.id)
    }

    /// A finalizer (to be) has no children, and is the only one of its root.
    pub(super) fn finalizer_fits(&self, root: Spot, (full, own): (&str, Option<Id>)) -> Result<(), SqlError> {
        let graph = self.graph(root)?;
        if own.is_some_and(|own| !graph.children(own).is_empty()) {
            return Err(rule(format!("Task {full} cannot have children as a finalizer task.")));
        }
        if graph.finalizer(root.id).is_some_and(|held| Some(held) != own) {
            let name = self.task_name(root);
            return Err(rule(format!("Finalize target {name} already have finalizer.")));
        }
        Ok(())
    }

    /// One owner, and not too many: the words are guesses.
    pub(super) fn graph_fits(&self, spot: Spot, owner: Option<Id>) -> Result<(), SqlError> {
        let graph = self.graph(spot)?;
        let Some(task) = graph.get(spot.id) else { return Ok(()) };
        let name = self.name_of(spot.on());
        if task.after.len() > RELATIVES {
            return Err(rule(format!("Task {name} cannot have more than {RELATIVES} predecessors.")));
        }
        for above in task.after.iter().copied().chain(task.finalizes) {
            let above_name = self.name_of(spot.at(above).on());
            if graph.children(above).len() > RELATIVES {
                return Err(rule(format!(
                    "Task {above_name} cannot have more than {RELATIVES} child tasks."
                )));
            }
            if self.owner_of(spot.at(above).on()) != owner {
                return Err(rule(format!("Tasks {name} and {above_name} must have the same owner.")));
            }
        }
        for root in graph.roots(spot.id) {
            if graph.below(root).len() + 1 > TASKS {
                let root = self.name_of(spot.at(root).on());
                return Err(rule(format!("The graph with root task {root} has more than {TASKS} tasks.")));
            }
        }
        Ok(())
    }

    /// A task goes (or gives its place to another): what refers to it follows, or becomes a root, suspended.
    pub(super) fn unlink(&mut self, gone: Spot, heir: Option<Id>, now: i64) {
        let Ok(schema) = self.schema_mut(gone.place) else { return };
        let Some(tasks) = schema.plain.get_mut(&ObjectKind::Task) else { return };
        for task in tasks.iter_mut().filter_map(Plain::task_mut) {
            if let Some(at) = task.after.iter().position(|id| *id == gone.id) {
                if let Some(heir) = heir {
                    task.after[at] = heir;
                } else {
                    task.after.remove(at);
                    if task.is_root() {
                        task.suspend("CHILD_BECAME_ROOT", now);
                    }
                }
            }
            if task.finalizes == Some(gone.id) {
                task.finalizes = heir;
                if heir.is_none() {
                    task.suspend("FINALIZER_BECAME_ROOT", now);
                }
            }
        }
    }

    /// GRANT OWNERSHIP changes the graph.
    pub(crate) fn task_may_go(&self, on: Securable) -> Result<(), SqlError> {
        Spot::of(on).map_or(Ok(()), |spot| self.graph_suspended(spot))
    }

    /// After GRANT OWNERSHIP, which suspends. A graph has one owner: tasks that were given away alone lose their
    /// links to the others; given away together (ON ALL TASKS), they keep them.
    pub(crate) fn sever_given(&mut self, on: &[Securable], now: i64) {
        for spot in on.iter().filter_map(|on| Spot::of(*on)) {
            let owner = self.owner_of(spot.on());
            let theirs = |account: &Self, id: Id| account.owner_of(spot.at(id).on()) == owner;
            let Ok(graph) = self.graph(spot) else { continue };
            let below: Vec<Id> =
                graph.children(spot.id).into_iter().chain(graph.finalizer(spot.id)).collect();
            let Ok(task) = self.task(spot) else { continue };
            let above: Vec<Id> = task.after.iter().copied().filter(|id| theirs(self, *id)).collect();
            let finalizes = task.finalizes.filter(|id| theirs(self, *id));
            let lost: Vec<Id> = below.into_iter().filter(|id| !theirs(self, *id)).collect();
            for child in lost {
                if let Ok(task) = self.task_mut(spot.at(child)) {
                    task.after.retain(|id| *id != spot.id);
                    task.finalizes = task.finalizes.filter(|id| *id != spot.id);
                    if task.is_root() {
                        task.suspend("CHILD_BECAME_ROOT", now);
                    }
                }
            }
            if let Ok(task) = self.task_mut(spot) {
                task.suspend("GRANT_OWNERSHIP", now);
                (task.after, task.finalizes) = (above, finalizes);
            }
        }
    }
}
