//! `TASK`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-task>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-task>.
//!
//! A task by itself: what it runs, on what, when, after which. Suspending and resuming is the graph's ([`super::graph`]).

mod read;

use std::collections::BTreeSet;

use read::wanted;
pub(super) use read::{Role, has_data};

use super::{
    object::{Create, Kind, Object, There, Update, changed, created, fields, lens, text},
    preflight::Compute,
    queries::Reads,
};
use crate::{
    api::pipeline::{Listed, shared::State, task_graphs::Overlap},
    engine::fault::Fault,
    plan::{Change, Property, Risk, property::assignments},
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{
        body::{BodyKind, canonical, same},
        canonical::Canonical,
        full_name::FullName,
        ident::Ident,
        json::Json,
        literal::quote_literal,
        schedule::Schedule,
        user_sql::UserSql,
        warehouse::WarehouseSize,
    },
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "TASK",
    show: Show { words: "SHOW TASKS", kind: "TASK", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| {
        for graph in &spec.task_graphs {
            let Ok(place) = directory.schema_of("", graph) else { continue };
            for task in graph.tasks.iter().chain(&graph.finalizer) {
                if let Ok(own) = Ident::from_spec(task.in_snowflake()) {
                    directory.add(KIND.word, &task.name, &place.join(own));
                }
            }
        }
    },
    wanted,
    least: |name| {
        Statement::new("CREATE TASK")
            .of_kind("TASK")
            .full_name(name)
            .keyword("WAREHOUSE = SYSTEM$NONE AS SELECT 1")
    },
    drop: |name| Statement::new("DROP TASK").of_kind("TASK").full_name(name),
};

/// The properties of a task that have one value, from the graph and from the task itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    warehouse: Option<Ident>,
    initial_size: Option<WarehouseSize>,
    schedule: Option<Schedule>,
    config: Option<Json>,
    timeout: Option<i64>,
    suspend_after: Option<i32>,
    error_integration: Option<Ident>,
    success_integration: Option<Ident>,
    comment: Option<String>,
    retries: Option<i32>,
    interval: Option<i32>,
    completion: Option<Completion>,
    min_size: Option<WarehouseSize>,
    max_size: Option<WarehouseSize>,
}

/// `TARGET_COMPLETION_INTERVAL`, which reads as a schedule does.
#[derive(Clone, Debug, PartialEq)]
struct Completion(Schedule);

impl std::fmt::Display for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Canonical for Completion {
    fn read(cell: Option<&str>) -> Option<Self> {
        Schedule::read(cell).map(Self)
    }
    fn sql(&self) -> String {
        self.0.sql()
    }
}

type Row = Property<Properties>;

pub(super) const ROWS: &[Row] = &[
    Row::column("warehouse", "WAREHOUSE", "warehouse", lens!(Properties, warehouse)),
    Row::parameter(
        "serverless.initialWarehouseSize",
        "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE",
        lens!(Properties, initial_size),
    ),
    Row::column("trigger", "SCHEDULE", "schedule", lens!(Properties, schedule)),
    Row::column("config", "CONFIG", "config", lens!(Properties, config)),
    Row::parameter("userTaskTimeoutMs", "USER_TASK_TIMEOUT_MS", lens!(Properties, timeout)),
    Row::parameter(
        "suspendTaskAfterNumFailures",
        "SUSPEND_TASK_AFTER_NUM_FAILURES",
        lens!(Properties, suspend_after),
    ),
    Row::column(
        "errorIntegration",
        "ERROR_INTEGRATION",
        "error_integration",
        lens!(Properties, error_integration),
    ),
    Row::column(
        "successIntegration",
        "SUCCESS_INTEGRATION",
        "success_integration",
        lens!(Properties, success_integration),
    ),
    Row::column("comment", "COMMENT", "comment", lens!(Properties, comment)),
    Row::parameter("retries", "TASK_AUTO_RETRY_ATTEMPTS", lens!(Properties, retries)),
    Row::parameter(
        "userTaskMinimumTriggerIntervalInSeconds",
        "USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS",
        lens!(Properties, interval),
    ),
    Row::column(
        "serverless.targetCompletionInterval",
        "TARGET_COMPLETION_INTERVAL",
        "target_completion_interval",
        lens!(Properties, completion),
    ),
    Row::parameter(
        "serverless.minStatementSize",
        "SERVERLESS_TASK_MIN_STATEMENT_SIZE",
        lens!(Properties, min_size),
    ),
    Row::parameter(
        "serverless.maxStatementSize",
        "SERVERLESS_TASK_MAX_STATEMENT_SIZE",
        lens!(Properties, max_size),
    ),
];

// ---- names: [`read`]

/// Numbers and booleans as they are, everything else as a string.
fn literal(text: &str) -> String {
    let plain = text.parse::<f64>().is_ok() || matches!(text.to_ascii_uppercase().as_str(), "TRUE" | "FALSE");
    if plain { text.to_ascii_uppercase() } else { quote_literal(text) }
}

/// A task of a graph.
pub(super) struct Task {
    pub name: FullName,
    pub root: FullName,
    pub role: Role,
    /// What the graph is to be in.
    pub state: Option<State>,
    predecessors: BTreeSet<FullName>,
    body: UserSql,
    /// Why the body is not there.
    waits: Option<Fault>,
    when: Option<UserSql>,
    overlap: Option<Overlap>,
    serverless: bool,
    properties: Properties,
    /// Session parameters, as literals.
    parameters: Vec<(String, String)>,
}

struct TaskObject<'a>(Task, std::marker::PhantomData<&'a ()>);

impl Task {
    fn alter(&self) -> Statement {
        Statement::new("ALTER TASK").of_kind(KIND.word).full_name(&self.name)
    }
}

/// The tasks that a row says it runs after.
pub(super) fn predecessors(shown: Option<&str>) -> BTreeSet<FullName> {
    let shown = shown.filter(|text| *text != "[]");
    let all: Vec<String> = shown.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    all.iter().filter_map(|name| FullName::parse(name).ok()).collect()
}

/// The root that a row is the finalizer of.
pub(super) fn finalized(shown: Option<&str>) -> Option<FullName> {
    const FIELD: &str = "FinalizedRootTask";
    let shown = shown.filter(|text| text.contains(FIELD))?;
    let relations: serde_json::Value = serde_json::from_str(shown).ok()?;
    FullName::parse(relations.get(FIELD)?.as_str()?).ok()
}

impl Object for TaskObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let task = &self.0;
        let mut statement = assignments(how.begin(&KIND, &task.name), ROWS, &task.properties);
        if let Some(overlap) = task.overlap {
            statement = statement.keyword("OVERLAP_POLICY =").keyword(overlap.keyword());
        }
        statement = set_parameters(statement, &task.parameters);
        if task.role == Role::Finalizer {
            statement = statement.keyword("FINALIZE =").full_name(&task.root);
        }
        for (n, before) in task.predecessors.iter().enumerate() {
            statement = statement.keyword(if n == 0 { "AFTER" } else { "," }).full_name(before);
        }
        statement = statement.with(task.when.as_ref(), |statement, when| statement.keyword("WHEN").sql(when));
        statement.keyword("AS").sql(&task.body)
    }
    fn fields(&self) -> Vec<Change> {
        let task = &self.0;
        let mut all = fields(ROWS, &task.properties);
        all.extend(task.overlap.map(|overlap| created("overlap", text(overlap.to_string()))));
        let after: Vec<_> = task.predecessors.iter().map(ToString::to_string).collect();
        all.extend((!after.is_empty()).then(|| created("after", text(after.join(", ")))));
        all.extend((task.role == Role::Finalizer).then(|| created("finalizer", text(task.root.to_string()))));
        all.extend(task.when.as_ref().map(|when| created("when", text(when.as_str()))));
        all.push(created("body", text(task.body.as_str())));
        all
    }

    fn reads(&self) -> Reads<'_> {
        Reads::Bodies([Some(&self.0.body), self.0.when.as_ref()])
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let task = &self.0;
        let alter = || task.alter();
        let mut update = Update::of_rows(ROWS, &task.properties, &alter, there)?;
        let found = there.found;
        if task.serverless
            && let Some(warehouse) = found.text("warehouse")
            && !there.entry.managed.contains("warehouse")
        {
            let change = changed("warehouse", Some(warehouse), None, Risk::Safe);
            update.push(change, alter().keyword("UNSET WAREHOUSE"));
        }
        overlap(task, there, &mut update);
        session_parameters(task, there, &mut update);
        relations(task, there, &mut update);
        let condition = found.text("condition");
        let wanted = task.when.as_ref().map(UserSql::as_str);
        let alike = match (condition, wanted) {
            (Some(is), Some(wanted)) => same(is, wanted, BodyKind::Statement),
            (is, wanted) => is.is_none() && wanted.is_none(),
        };
        if !alike && !there.ignores("when") {
            let statement = match &task.when {
                Some(when) => alter().keyword("MODIFY WHEN").sql(when),
                None => alter().keyword("REMOVE WHEN"),
            };
            update.push(changed("when", condition, wanted, Risk::Safe), statement);
        }
        let definition = found.text("definition").unwrap_or_default();
        if !same(definition, task.body.as_str(), BodyKind::Statement) && !there.ignores("body") {
            let (from, to) = (
                canonical(definition, BodyKind::Statement),
                canonical(task.body.as_str(), BodyKind::Statement),
            );
            let change = changed("body", Some(&from), Some(&to), Risk::Safe);
            update.push(change, alter().keyword("MODIFY AS").sql(&task.body));
        }
        update.managed.extend(["body", "after", "when"]);
        Ok(update)
    }
    fn details(&self) -> Option<Statement> {
        let task = &self.0;
        let parameters = ROWS.iter().filter(|row| row.source == crate::plan::Source::Parameter);
        let any = parameters.map(|row| row.wanted(&task.properties)).any(|wanted| wanted.is_some());
        (any || !task.parameters.is_empty())
            .then(|| Statement::new("SHOW PARAMETERS IN TASK").of_kind("PARAMETERS").full_name(&task.name))
    }
    fn sent(&self) -> Option<String> {
        let task = &self.0;
        let rows = ROWS
            .iter()
            .filter(|row| row.source == crate::plan::Source::Parameter || row.path == "successIntegration");
        let values =
            rows.filter_map(|row| Some(format!("{} = {}", row.ddl, row.wanted(&task.properties)?.sql)));
        let parameters = task.parameters.iter().map(|(name, value)| format!("{name} = {value}"));
        let all: Vec<_> = values.chain(parameters).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
    fn waits(&self) -> Option<Fault> {
        self.0.waits.clone()
    }
    fn compute(&self) -> Option<Compute> {
        Some(Compute::of(self.0.properties.warehouse.as_ref()))
    }
    fn task(&self) -> Option<&Task> {
        Some(&self.0)
    }
}

/// Those that are not as they are wanted; unread, as they were sent.
fn session_parameters(task: &Task, there: &There<'_>, update: &mut Update) {
    let is = |parameter: &str| there.parameter(parameter).map(literal);
    let differ = task.parameters.iter().filter(|(parameter, wanted)| match there.details {
        Some(_) => is(parameter).as_ref() != Some(wanted),
        None => !there.trusted,
    });
    let differ: Vec<_> = differ.cloned().collect();
    if differ.is_empty() {
        return;
    }
    let shown = |(name, value): &(String, String)| format!("{name} = {value}");
    let from = differ.iter().filter_map(|(name, _)| Some(shown(&(name.clone(), is(name)?))));
    let (from, to): (Vec<_>, Vec<_>) = (from.collect(), differ.iter().map(shown).collect());
    let from = (!from.is_empty()).then(|| from.join(", "));
    let change = changed("sessionParameters", from.as_deref(), Some(&to.join(", ")), Risk::Safe);
    update.push(change, set_parameters(task.alter().keyword("SET"), &differ));
}

fn set_parameters(mut statement: Statement, parameters: &[(String, String)]) -> Statement {
    for (parameter, value) in parameters {
        statement = statement.value(&text(format!("{parameter} = {value}")));
    }
    statement
}

/// SHOW has OVERLAP_POLICY where the account is new enough, else whether runs may overlap at all.
fn overlap(task: &Task, there: &There<'_>, update: &mut Update) {
    let released = there.entry.managed.contains("overlap") && task.role == Role::Root;
    let wanted = match task.overlap {
        Some(overlap) => {
            update.managed.insert("overlap");
            overlap
        }
        None if released => Overlap::NoOverlap,
        None => return,
    };
    let (is, alike) = if let Some(text) = there.found.text("overlap_policy") {
        let is = Overlap::read(Some(text));
        (is.map(|is| is.to_string()), is == Some(wanted))
    } else {
        let may = bool::read(there.found.text("allow_overlapping_execution")).unwrap_or_default();
        let shown = if may { "AllowChildOverlap" } else { "NoOverlap" };
        (Some(shown.to_owned()), may == (wanted != Overlap::NoOverlap))
    };
    if !alike && !there.ignores("overlap") {
        let change = changed("overlap", is.as_deref(), Some(&wanted.to_string()), Risk::Safe);
        update.push(change, task.alter().keyword("SET OVERLAP_POLICY =").keyword(wanted.keyword()));
    }
}

/// What it runs after, and what it finalizes.
fn relations(task: &Task, there: &There<'_>, update: &mut Update) {
    let is = predecessors(there.found.text("predecessors"));
    if is != task.predecessors {
        let shown =
            |names: &BTreeSet<FullName>| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (from, to) = (shown(&is), shown(&task.predecessors));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        update.changes.push(changed("after", some(&from).as_deref(), some(&to).as_deref(), Risk::Safe));
        let names = |words: &'static str, names: Vec<&FullName>| {
            let mut statement = task.alter().keyword(words);
            for (n, name) in names.iter().enumerate() {
                statement = if n == 0 { statement } else { statement.keyword(",") }.full_name(name);
            }
            (!names.is_empty()).then_some(statement)
        };
        // First the new ones: a task without any would be a root for a moment.
        update.statements.extend(names("ADD AFTER", task.predecessors.difference(&is).collect()));
        update.statements.extend(names("REMOVE AFTER", is.difference(&task.predecessors).collect()));
    }
    let is = finalized(there.found.text("task_relations"));
    let wanted = (task.role == Role::Finalizer).then_some(&task.root);
    if is.as_ref() != wanted {
        let (from, to) = (is.map(|name| name.to_string()), wanted.map(ToString::to_string));
        let statement = match wanted {
            Some(root) => task.alter().keyword("SET FINALIZE =").full_name(root),
            None => task.alter().keyword("UNSET FINALIZE"),
        };
        update.push(changed("finalizer", from.as_deref(), to.as_deref(), Risk::Safe), statement);
    }
}
