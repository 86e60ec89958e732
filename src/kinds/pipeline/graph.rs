//! Task graphs as one unit: suspend the root, change tasks, resume what is to run, resume the root.
//!
//! Snowflake refuses any change to a task while its root runs (091421). That the graph ran is recorded before it is
//! suspended, so a crash or a failure at any statement leaves nothing suspended that ran. Nothing is suspended or
//! resumed without a change, for a resumed schedule begins anew.
//! Source: <https://docs.snowflake.com/en/user-guide/tasks-graphs>.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    object::{Wanted, changed, target},
    observe::Seen,
    task::{KIND, Role, Task, finalized, predecessors},
};
use crate::{
    api::pipeline::shared::State,
    engine::{fault::Fault, record::Index},
    plan::{Action, Effect, Note, Risk, Step, Target, step::Around},
    snowflake::{Statement, catalog::Found},
    values::{full_name::FullName, literal::quote_literal, map::Map},
};

/// What the steps around others are on.
pub(super) const GRAPH: &str = "TASK GRAPH";

/// The steps of tasks, graph by graph and after all others, with what suspends and resumes around them.
pub(super) fn around(
    wanted: &[Wanted<'_>],
    index: &Index<'_>,
    seen: &Seen,
    steps: Vec<Step>,
) -> (Vec<Step>, Vec<(Target, Fault)>) {
    let mut graphs: BTreeMap<FullName, Vec<&Task>> = BTreeMap::new();
    for task in wanted.iter().filter_map(|object| object.object.task()) {
        graphs.entry(task.root.clone()).or_default().push(task);
    }
    let (of_tasks, mut all): (Vec<Step>, Vec<Step>) =
        steps.into_iter().partition(|step| step.on.kind == KIND.word);
    let mut by_root: BTreeMap<Option<FullName>, Vec<Step>> = BTreeMap::new();
    let tasks = wanted.iter().filter_map(|object| Some((&object.on, &object.object.task()?.root)));
    let roots: Map<&Target, &FullName> = if of_tasks.is_empty() { Map::default() } else { tasks.collect() };
    for step in of_tasks {
        let root = match roots.get(&step.on) {
            Some(root) => Some((*root).clone()),
            None => FullName::parse(&step.on.name).ok().and_then(|name| root_of(&name, seen)),
        };
        by_root.entry(root).or_default().push(step);
    }
    let mut faults = vec![];
    for (root, tasks) in &graphs {
        let steps = by_root.remove(&Some(root.clone())).unwrap_or_default();
        let graph = Graph { root, tasks, index, seen };
        let (steps, refused) = graph.untried(steps);
        faults.extend(refused);
        let (mut steps, fault) = graph.steps(steps);
        all.append(&mut steps);
        faults.extend(fault.map(|fault| (graph.on(), fault)));
    }
    // Tasks that left the spec with their whole graph: the root stops first.
    for (root, steps) in by_root {
        match root {
            Some(root) => {
                let graph = Graph { root: &root, tasks: &[], index, seen };
                all.extend(graph.steps(steps).0);
            }
            None => all.extend(steps),
        }
    }
    (all, faults)
}

fn on(name: &FullName) -> Target {
    target(&KIND, name)
}

/// The root of a task that is there: where its predecessors lead.
fn root_of(name: &FullName, seen: &Seen) -> Option<FullName> {
    let mut at = name.clone();
    let mut passed = BTreeSet::new();
    while passed.insert(at.clone()) {
        let found = seen.found(&KIND, &at).ok()??;
        if let Some(root) = finalized(found.text("task_relations")) {
            at = root;
            continue;
        }
        match predecessors(found.text("predecessors")).into_iter().next() {
            Some(before) => at = before,
            None => return Some(at),
        }
    }
    None
}

struct Graph<'a> {
    root: &'a FullName,
    tasks: &'a [&'a Task],
    index: &'a Index<'a>,
    seen: &'a Seen,
}

impl Graph<'_> {
    /// What the steps around are on.
    fn on(&self) -> Target {
        Target::new(GRAPH, self.root.to_string())
    }
    fn found(&self, name: &FullName) -> Option<Found> {
        self.seen.found(&KIND, name).ok()?
    }
    fn runs(&self, name: &FullName) -> Option<bool> {
        let found = self.found(name)?;
        Some(found.text("state").is_some_and(|state| state.eq_ignore_ascii_case("started")))
    }

    /// Without the steps that Snowflake has refused as they are: they would stop the graph each time.
    fn untried(&self, members: Vec<Step>) -> (Vec<Step>, Vec<(Target, Fault)>) {
        let entry = self.index.get(&on(self.root)).map(|(_, entry)| entry);
        let Some(refused) = entry.map(|entry| &entry.refused).filter(|refused| !refused.is_empty()) else {
            return (members, vec![]);
        };
        let (mut tried, mut blocked) = (BTreeMap::new(), vec![]);
        let mut rest = vec![];
        for step in members {
            let hash = step.hash();
            match refused.get(&hash) {
                Some(words) => {
                    let message = format!(
                        "Snowflake refused this change and it is not tried again as it is, for its graph would be suspended each time: {words}"
                    );
                    blocked.push((step.on.clone(), Fault::Broken { reason: "SnowflakeRefused", message }));
                    tried.insert(hash, words.clone());
                }
                None => rest.push(step),
            }
        }
        if tried != *refused {
            let on = on(self.root);
            rest.push(Step::note(self.on(), Note::Refused { on, steps: tried }));
        }
        (rest, blocked)
    }

    fn steps(&self, mut members: Vec<Step>) -> (Vec<Step>, Option<Fault>) {
        let changing: Vec<Target> =
            members.iter().filter(|step| step.writes()).map(|step| step.on.clone()).collect();
        let root = on(self.root);
        let runs = self.runs(self.root).unwrap_or_default();
        let state = self.tasks.first().and_then(|task| task.state);
        // It ran, and a change was begun that has not come to its end.
        let begun = self.index.get(&root).is_some_and(|(_, entry)| entry.resume);
        let is_broken = !runs && !begun && self.broken();
        let starts = match state {
            Some(State::Started) => !is_broken || !changing.is_empty(),
            Some(State::Suspended) => false,
            None => runs || begun,
        };
        let starts = starts && !self.tasks.is_empty();
        let idle = self.idle(&members, state, begun);
        let fault = (state == Some(State::Started) && !starts).then(|| self.told()).flatten();
        let around = (runs && (!changing.is_empty() || !starts || !idle.is_empty()), starts);
        let stays = changing.is_empty() && runs == starts && idle.is_empty() && !begun;
        if stays || (around == (false, false) && !begun) {
            return (members, fault);
        }
        let mut steps = vec![];
        if around.0 {
            steps.push(self.suspend(&members, &changing, starts));
            for step in members.iter_mut().filter(|step| step.writes()) {
                step.after.push(self.on());
                step.around = Around::Within(on(self.root));
            }
        }
        let restores = around.0 || begun;
        steps.append(&mut members);
        if starts {
            steps.push(self.resume(&changing, &idle, restores));
        } else if begun {
            let note = Note::Resume { on: root, wanted: false };
            steps.push(Step::note(self.on(), note));
        }
        (steps, fault)
    }

    /// Snowflake suspended it, for it failed too often.
    fn broken(&self) -> bool {
        let found = self.found(self.root);
        let reason = found.as_ref().and_then(|found| found.text("last_suspended_reason"));
        reason.is_some_and(|reason| reason.eq_ignore_ascii_case("SUSPENDED_DUE_TO_ERRORS"))
    }
    fn told(&self) -> Option<Fault> {
        self.broken().then(|| Fault::Broken {
 reason: "SuspendedDueToErrors",
            message: format!(
                "Snowflake suspended it after too many failed runs; find the error with SELECT * FROM TABLE({}.INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => {})), mend it, and change the spec or run ALTER TASK {} RESUME",
                self.root.database().map(ToString::to_string).unwrap_or_default(),
                quote_literal(self.root.name().as_str()),
                self.root.sql()
            ),
        })
    }

    /// Tasks behind the root that are to run and do not.
    fn idle(&self, members: &[Step], state: Option<State>, begun: bool) -> Vec<FullName> {
        let created = |name: &FullName| {
            if members.is_empty() {
                return false;
            }
            let on = on(name);
            members.iter().any(|step| step.on == on && matches!(step.action, Action::Create(_)))
        };
        let all = self.tasks.iter().filter(|task| task.role != Role::Root).map(|task| &task.name);
        let every = state == Some(State::Started) || begun;
        let idle = all.filter(|name| created(name) || (every && self.runs(name) == Some(false)));
        idle.cloned().collect()
    }

    fn suspend(&self, members: &[Step], changing: &[Target], starts: bool) -> Step {
        let root = on(self.root);
        let mut effects = vec![];
        if starts {
            effects.push(Effect::Remember(Note::Resume { on: root.clone(), wanted: true }));
        }
        effects.push(Effect::sql(alter(self.root).keyword("SUSPEND")));
        let change = changed("state", Some("started"), Some("suspended"), Risk::Safe);
        let own: BTreeSet<&Target> = members.iter().map(|step| &step.on).collect();
        let outside = members.iter().flat_map(|step| &step.after).filter(|target| !own.contains(target));
        let mut after: Vec<Target> = outside.cloned().chain([root]).collect();
        after.sort();
        after.dedup();
        let around = Around::Before(changing.to_vec());
        Step { after, around, ..Step::new(self.on(), Action::Update(vec![change]), effects) }
    }

    fn resume(&self, changing: &[Target], idle: &[FullName], restores: bool) -> Step {
        let root = on(self.root);
        let all = idle.iter().chain([self.root]);
        let mut effects: Vec<Effect> = all.map(|name| Effect::sql(alter(name).keyword("RESUME"))).collect();
        if restores {
            effects.push(Effect::Remember(Note::Resume { on: root.clone(), wanted: false }));
        }
        let change = changed("state", Some("suspended"), Some("started"), Risk::Safe);
        let mut step = Step::new(self.on(), Action::Update(vec![change]), effects);
        if restores {
            step.around = Around::After(changing.to_vec());
        } else {
            // A graph that did not run begins to only when all of it is there.
            step.after = changing.iter().cloned().chain([root]).collect();
            step.after.extend(self.tasks.iter().map(|task| on(&task.name)));
        }
        step
    }
}

fn alter(task: &FullName) -> Statement {
    Statement::new("ALTER TASK").of_kind(KIND.word).full_name(task)
}
