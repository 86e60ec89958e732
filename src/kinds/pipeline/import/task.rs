//! `TASK`: each graph as one entry, named after its root.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Inverse, There, Why, name, path,
    written::{List, Written},
};
use crate::{
    api::pipeline::{
        shared::{Serverless, State},
        task_graphs::{Overlap, Task, TaskGraph, Trigger},
        text::{Body, Expression, JsonObject, Label, Name, Path, Word},
    },
    kinds::pipeline::{
        object::target,
        task::{KIND, ROWS, finalized, has_data, predecessors},
    },
    plan::{Source, Target},
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical},
        canonical::Canonical as _,
        duration::Span,
        full_name::FullName,
        schedule::Schedule,
    },
};

const LIST: List<TaskGraph> = List { field: "taskGraphs", of: |spec| &mut spec.task_graphs };

pub(super) const INVERSE: Inverse = Inverse {
    kind: &KIND,
    elsewhere: None,
    details: |name| Some(Statement::new("SHOW PARAMETERS IN TASK").of_kind("PARAMETERS").full_name(name)),
    write,
};

fn on(name: &FullName) -> Target {
    target(&KIND, name)
}

fn write(objects: &[There<'_>], written: &mut Written) {
    let all: BTreeMap<&FullName, &There<'_>> = objects.iter().map(|there| (there.name, there)).collect();
    let mut graphs: BTreeMap<FullName, Vec<&There<'_>>> = BTreeMap::new();
    for there in objects {
        match root(there, &all) {
            Some(root) => graphs.entry(root).or_default().push(there),
            None => written
                .leave_out(on(there.name), "a task that it runs after is gone, not visible, or not imported"),
        }
    }
    for (root, members) in graphs {
        let Some(there) = all.get(&root) else { continue };
        let graph = Graph { root: there, members: &members };
        match graph.entry(written) {
            Ok(entry) => written.push(on(&root), &LIST, entry),
            Err((of, why)) => written.leave_out(on(&root), format!("task {of}: {why}")),
        }
    }
}

/// Where its predecessors lead: all of them to one root.
fn root(there: &There<'_>, all: &BTreeMap<&FullName, &There<'_>>) -> Option<FullName> {
    if let Some(root) = finalized(there.found.text("task_relations")) {
        return all.contains_key(&root).then_some(root);
    }
    let (mut open, mut passed) = (vec![there.name.clone()], BTreeSet::new());
    let mut root = None;
    while let Some(at) = open.pop() {
        if !passed.insert(at.clone()) {
            continue;
        }
        let before = predecessors(all.get(&at)?.found.text("predecessors"));
        if before.is_empty() {
            root = Some(at);
        }
        open.extend(before);
    }
    root
}

struct Graph<'a> {
    root: &'a There<'a>,
    /// With the root and the finalizer.
    members: &'a [&'a There<'a>],
}

impl Graph<'_> {
    fn entry(&self, written: &mut Written) -> Result<TaskGraph, (FullName, Why)> {
        let root = self.root;
        let of_root = |why: Why| (root.name.clone(), why);
        let compute = Compute::of(root);
        let mut tasks = vec![];
        let mut finalizer = None;
        for there in self.members {
            let task = task(there, &compute).map_err(|why| (there.name.clone(), why))?;
            if finalized(there.found.text("task_relations")).is_some() {
                finalizer = Some(task);
            } else {
                tasks.push(task);
            }
            if there.name != root.name && !session_parameters(there).is_empty() {
                written.note(format!("task {} has session parameters, which a pipeline sets for whole graphs: they are not in its manifest", there.name));
            }
        }
        // The root first.
        tasks.sort_by_key(|task| !task.after.is_empty());
        let schedule = schedule(root).map_err(of_root)?;
        let when = condition(root);
        let trigger = (schedule.is_some() || when.is_some()).then(|| {
            let (every, cron) = schedule.unwrap_or_default();
            let (cron, timezone) = cron.unzip();
            let stream = when.as_deref().and_then(|when| stream(when, root.name));
            let when = when.filter(|_| stream.is_none());
            Trigger { every, cron, timezone, stream, when }
        });
        let overlap = match root.found.text("overlap_policy") {
            Some(text) => Overlap::read(Some(text)),
            None => root.flag("allow_overlapping_execution").then_some(Overlap::AllowChildOverlap),
        };
        Ok(TaskGraph {
            name: Label(root.name.name().to_spec()),
            state: self.state(written),
            trigger,
            overlap: overlap.filter(|overlap| *overlap != Overlap::NoOverlap),
            warehouse: compute.warehouse,
            serverless: compute.serverless,
            config: config(root).map_err(of_root)?,
            retries: root.own("TASK_AUTO_RETRY_ATTEMPTS"),
            suspend_task_after_num_failures: root.own("SUSPEND_TASK_AFTER_NUM_FAILURES"),
            user_task_minimum_trigger_interval_in_seconds: root
                .own("USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS"),
            error_integration: root.named("error_integration"),
            success_integration: root.named("success_integration"),
            session_parameters: session_parameters(root),
            tasks,
            finalizer,
            ..TaskGraph::default()
        })
    }

    /// That of the root, when it tells what somebody wants.
    fn state(&self, written: &mut Written) -> Option<State> {
        let state = |there: &There<'_>| State::read(there.found.text("state"));
        let reason = self.root.found.text("last_suspended_reason").unwrap_or_default();
        let root = self.root.name;
        match state(self.root) {
            Some(State::Started) if self.members.iter().any(|there| state(there) != Some(State::Started)) => {
                written.note(format!(
                    "graph {root} runs, and some of its tasks are suspended: its manifest says no state"
                ));
                None
            }
            Some(State::Suspended) if reason.eq_ignore_ascii_case("SUSPENDED_DUE_TO_ERRORS") => {
                written.note(format!("graph {root} was suspended by Snowflake after too many failed runs: its manifest says no state"));
                None
            }
            state => state,
        }
    }
}

/// On what a task runs.
#[derive(PartialEq)]
struct Compute {
    warehouse: Option<Name>,
    serverless: Option<Serverless>,
}

impl Compute {
    fn of(there: &There<'_>) -> Self {
        let warehouse = there.named("warehouse");
        let serverless = warehouse.is_none().then(|| Serverless {
            initial_warehouse_size: there.own("USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE"),
            min_statement_size: there.own("SERVERLESS_TASK_MIN_STATEMENT_SIZE"),
            max_statement_size: there.own("SERVERLESS_TASK_MAX_STATEMENT_SIZE"),
            target_completion_interval: match Schedule::read(there.found.text("target_completion_interval")) {
                Some(Schedule::Every(seconds)) => Some(span(seconds)),
                _ => None,
            },
        });
        Self { warehouse, serverless }
    }
}

fn task(there: &There<'_>, of_graph: &Compute) -> Result<Task, Why> {
    let body = there.found.text("definition").ok_or("its body is not shown")?;
    let own = Some(Compute::of(there)).filter(|own| own != of_graph);
    let own = own.unwrap_or(Compute { warehouse: None, serverless: None });
    let after = predecessors(there.found.text("predecessors"));
    let is_child = !after.is_empty();
    Ok(Task {
        name: name(there.name.name()),
        comment: there.comment(),
        after: after.iter().map(|before| name(before.name())).collect(),
        body: Some(Body(canonical(body, BodyKind::Statement))),
        when: condition(there).filter(|_| is_child),
        warehouse: own.warehouse,
        serverless: own.serverless,
        user_task_timeout_ms: there.own("USER_TASK_TIMEOUT_MS"),
        ..Task::default()
    })
}

fn condition(there: &There<'_>) -> Option<Expression> {
    there.found.text("condition").map(|text| Expression(canonical(text, BodyKind::Statement)))
}

/// The one stream that a condition is about, when `stream` says the same to the letter.
fn stream(condition: &str, beside: &FullName) -> Option<Path> {
    let inner = condition.strip_prefix("SYSTEM$STREAM_HAS_DATA('")?.strip_suffix("')")?;
    let stream = FullName::parse(inner).ok().filter(|stream| has_data(stream) == condition)?;
    Some(path(&stream, beside))
}

fn span(seconds: u64) -> Span {
    Span(std::time::Duration::from_secs(seconds))
}

/// An interval, or cron with its time zone; `None`: it has none.
type When = (Option<Span>, Option<(Word, Word)>);

pub(super) fn schedule(there: &There<'_>) -> Result<Option<When>, Why> {
    let Some(text) = there.found.text("schedule") else { return Ok(None) };
    let schedule = Schedule::parse(text).map_err(|error| format!("its schedule: {error}"))?;
    Ok(Some(match schedule {
        Schedule::Every(seconds) => (Some(span(seconds)), None),
        Schedule::Cron { expression, timezone } => (None, Some((Word(expression), Word(timezone)))),
    }))
}

pub(super) fn config(there: &There<'_>) -> Result<Option<JsonObject>, Why> {
    let Some(text) = there.found.text("config") else { return Ok(None) };
    serde_json::from_str(text)
        .map(|all| Some(JsonObject(all)))
        .map_err(|_| "its config is no JSON object".into())
}

/// Parameters of its own that are none of a task itself.
fn session_parameters(there: &There<'_>) -> BTreeMap<String, Word> {
    let own = ROWS.iter().filter(|row| row.source == Source::Parameter).map(|row| row.ddl);
    let own: BTreeSet<&str> = own.collect();
    let rows = there.details.into_iter().flat_map(crate::snowflake::Rows::iter);
    let set = rows.filter_map(|row| {
        let (key, value) = (row.text("key")?, row.text("value").filter(|text| !text.is_empty())?);
        let is_set = there.parameter(key).is_some() && !own.contains(key);
        is_set.then(|| (key.to_owned(), value.into()))
    });
    set.collect()
}
