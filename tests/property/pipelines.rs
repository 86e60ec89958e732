//! Pipelines with task graphs: after any blow they are in sync but for what waits, nothing that ran stays suspended, and
//! then nothing is written any more.

use std::{
    collections::BTreeSet,
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use proptest::{
    collection::vec,
    prelude::*,
    sample::subsequence,
    test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use snowfence::api::pipeline::PipelineSpec;
use snowfence_emulator::{account::Account, emulator::Emulator, rows::Rows};

use crate::support::{
    fate::Blow,
    world::{Cr, World},
};

/// One thing that happens to a pipeline.
#[derive(Clone)]
pub enum Event {
    /// Its spec is this now.
    Edit(Value),
    /// Somebody runs a statement by hand; it may fail.
    ByHand(&'static str),
    /// What waits is approved.
    Approve,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edit(spec) => write!(f, "Edit({spec})"),
            Self::ByHand(sql) => write!(f, "ByHand({sql})"),
            Self::Approve => f.write_str("Approve"),
        }
    }
}

const TABLES: [&str; 3] = ["T1", "T2", "t 3"];
const BODIES: [&str; 4] = [
    "SELECT 1",
    "INSERT INTO T1 (A) SELECT 'x'",
    "CALL SYSTEM$WAIT(1)",
    "BEGIN\n  LET x := 1;\n  RETURN x;\nEND",
];

/// What people do by hand.
const BY_HAND: &[&str] = &[
    "ALTER TABLE D.S.T1 SET COMMENT = 'by hand'",
    "ALTER TABLE D.S.T1 ADD COLUMN FOREIGN_ONE INT",
    "ALTER TABLE D.S.T1 DROP COLUMN B",
    "ALTER TABLE D.S.T2 ALTER COLUMN A COMMENT 'by hand'",
    "ALTER TASK D.S.K0 SUSPEND",
    "ALTER TASK D.S.K0 RESUME",
    "ALTER TASK D.S.K0 MODIFY AS SELECT 99",
    "ALTER TASK D.S.K0 SET COMMENT = 'by hand'",
    "ALTER TASK D.S.K1 SUSPEND",
    "DROP TASK D.S.K1",
    "DROP STREAM D.S.S1",
    "DROP TABLE D.S.T2",
    "CREATE OR REPLACE TABLE D.S.T1 (A VARCHAR(64))",
    "ALTER STREAM D.S.S1 SET COMMENT = 'by hand'",
    "REVOKE SELECT ON TABLE D.S.T1 FROM ROLE R1",
    "GRANT UPDATE ON TABLE D.S.T1 TO ROLE R1",
    "INSERT INTO D.S.T1 (A) VALUES ('1')",
];

fn columns() -> impl Strategy<Value = Value> {
    let kind =
        prop::sample::select(vec!["VARCHAR(16)", "VARCHAR(64)", "VARCHAR", "NUMBER(10,0)", "NUMBER(20,0)"]);
    let column =
        (kind, prop::option::of(any::<bool>()), prop::option::of(prop::sample::select(vec!["", "says"])));
    (vec(column, 4), subsequence(vec!["A", "B", "C", "\"d d\""], 1..=4)).prop_map(|(all, names)| {
        let one = |(name, (kind, _nullable, comment)): (&str, &(&str, Option<bool>, Option<&str>))| {
            // A is what others write into.
            let kind = if name == "A" && !kind.starts_with("VARCHAR") { "VARCHAR(16)" } else { *kind };
            let mut column = json!({"name": name, "type": kind});
            if let Some(comment) = comment {
                column["comment"] = json!(comment);
            }
            column
        };
        let mut names = names;
        if !names.contains(&"A") {
            names.insert(0, "A");
        }
        Value::Array(names.into_iter().zip(all.iter().cycle()).map(one).collect())
    })
}

fn tables() -> impl Strategy<Value = Vec<Value>> {
    let more = (columns(), prop::option::of(prop::sample::select(vec!["one", "two"])), any::<bool>());
    (vec(more, 3), subsequence(TABLES.to_vec(), 0..=3)).prop_map(|(more, names)| {
        let one = |(name, (columns, comment, cluster)): (&str, &(Value, Option<&str>, bool))| {
            let name = if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() };
            let mut table = json!({"name": name, "columns": columns});
            if let Some(comment) = comment {
                table["comment"] = json!(comment);
            }
            if *cluster {
                table["clusterBy"] = json!(["A"]);
            }
            table
        };
        names.into_iter().zip(&more).map(one).collect()
    })
}

fn graph() -> impl Strategy<Value = Value> {
    let task = (prop::sample::select(BODIES.to_vec()), any::<u8>(), any::<bool>());
    let state = prop::sample::select(vec![None, Some("Started"), Some("Started"), Some("Suspended")]);
    let overlap = prop::option::of(prop::sample::select(vec!["NoOverlap", "AllowChildOverlap"]));
    let every = prop::sample::select(vec!["5m", "10m", "1h"]);
    (vec(task, 1..=4), state, overlap, every, any::<bool>()).prop_map(
        |(tasks, state, overlap, every, last)| {
            let one = |(n, (body, before, when)): (usize, &(&str, u8, bool))| {
                let mut task = json!({"name": format!("K{n}"), "body": body});
                if n > 0 {
                    let mut after: Vec<_> =
                        (0..n).filter(|m| before & (1 << m) != 0).map(|m| format!("K{m}")).collect();
                    if after.is_empty() {
                        after.push("K0".into());
                    }
                    task["after"] = json!(after);
                    if *when {
                        task["when"] = json!("SYSTEM$GET_PREDECESSOR_RETURN_VALUE('K0') = 'go'");
                    }
                }
                task
            };
            let all: Vec<_> = tasks.iter().enumerate().map(one).collect();
            let mut graph = json!({"name": "graph", "trigger": {"every": every}, "tasks": all});
            if let Some(state) = state {
                graph["state"] = json!(state);
            }
            if let Some(overlap) = overlap {
                graph["overlap"] = json!(overlap);
            }
            if last {
                graph["finalizer"] = json!({"name": "LAST", "body": "SELECT 'end'"});
            }
            graph
        },
    )
}

fn spec() -> impl Strategy<Value = Value> {
    (tables(), prop::option::weighted(0.8, graph()), vec((any::<bool>(), any::<bool>()), 3), 0..4_u8).prop_map(
        |(tables, graph, streams, granted)| {
            let mut all = vec![];
            for (n, (table, (wanted, append))) in tables.iter().zip(streams).enumerate() {
                if wanted {
                    let stream = json!({"name": format!("S{}", n + 1), "onTable": table["name"], "appendOnly": append});
                    all.push(stream);
                }
            }
            let mut grants = vec![];
            if let Some(table) = tables.first().filter(|_| granted & 1 == 1) {
                let target = json!({"table": table["name"]});
                grants.push(json!({"name": "one", "privileges": ["SELECT", "INSERT"], "target": target, "to": {"role": "R1"}}));
            }
            if granted & 2 == 2 {
                let target = json!({"future": {"kind": "TABLES", "schema": "S"}});
                grants.push(json!({"name": "all", "privileges": ["SELECT"], "target": target, "to": {"role": "R2"}}));
            }
            json!({
                "grants": grants,
                "connectionRef": {"name": "snow"}, "warehouse": "WH", "database": "D", "schema": "S",
                "schemas": [{"name": "S"}], "tables": tables, "streams": all,
                "taskGraphs": graph.into_iter().collect::<Vec<_>>(),
            })
        },
    )
}

fn life() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => spec().prop_map(Event::Edit),
        3 => prop::sample::select(BY_HAND.to_vec()).prop_map(Event::ByHand),
        1 => Just(Event::Approve),
    ];
    (spec(), vec(event, 0..4))
        .prop_map(|(first, more)| [Event::Edit(first)].into_iter().chain(more).collect())
}

const FOUNDATION: [&str; 4] = [
    "CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE",
    "CREATE DATABASE D",
    "CREATE ROLE R1",
    "CREATE ROLE R2",
];
const SHOWS: [&str; 7] = [
    "SHOW SCHEMAS IN DATABASE D",
    "SHOW TABLES IN DATABASE D",
    "SHOW COLUMNS IN DATABASE D",
    "SHOW STREAMS IN DATABASE D",
    "SHOW TASKS IN DATABASE D",
    "SHOW GRANTS TO ROLE R1",
    "SHOW FUTURE GRANTS TO ROLE R2",
];

/// An account before each life, and how it is looked at after it.
pub struct Stage {
    emulator: Emulator,
    account: Account,
    shows: Vec<&'static str>,
}

impl Stage {
    pub fn new(foundation: &[&str], shows: Vec<&'static str>) -> Self {
        let emulator = Emulator::builder().build();
        for statement in foundation {
            emulator
                .execute_as("ACCOUNTADMIN", statement)
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        let account = emulator.account().lock().unwrap().clone();
        Self { emulator, account, shows }
    }
    fn set(&self) -> Emulator {
        *self.emulator.account().lock().unwrap() = self.account.clone();
        self.emulator.clone()
    }
}

/// How a life ended: what SHOW says without what moves by itself, and what the resource says of itself.
#[derive(Debug, PartialEq)]
struct End {
    account: BTreeSet<String>,
    ready: (String, String),
}

struct Lived {
    end: End,
    message: String,
    effects: usize,
}

const KEY: &str = "p/flow";
/// Cells that differ from one life to the next.
const MOVING: &[&str] = &[
    "created_on",
    "id",
    "last_committed_on",
    "last_suspended_on",
    "stale_after",
    "rows",
    "bytes",
    "dropped_on",
    "last_suspended_reason",
    "version",
    "next_value",
    "refreshed_on",
    "compacted_on",
    "behind_by",
    "data_timestamp",
    "updated_on",
    "uuid",
];

/// The rows of an answer, each cell with its column.
fn cells(rows: &Rows) -> impl Iterator<Item = Vec<(&str, Option<&str>)>> {
    let columns = || rows.columns.iter().map(|column| column.name.as_str());
    rows.rows.iter().map(move |row| columns().zip(row.iter().map(Option::as_deref)).collect())
}

fn look(world: &World, shows: &[&str]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for show in shows {
        let rows = match world.emulator.execute_as("ACCOUNTADMIN", show) {
            Ok(rows) => rows,
            // What is described may not be there.
            Err(_) if show.starts_with("DESC") => continue,
            Err(error) => panic!("{show}: {error}"),
        };
        for row in cells(&rows) {
            let cells: Vec<_> = row
                .iter()
                .filter(|(column, _)| !MOVING.contains(column))
                .map(|(column, cell)| format!("{column}={}", cell.unwrap_or("-")))
                .collect();
            all.insert(format!("{show}: {}", cells.join(" ")));
        }
    }
    all
}

async fn live(stage: &Stage, events: &[Event], blow: Option<(usize, Blow)>) -> Result<Lived, String> {
    let mut world =
        World::over(stage.set(), blow, "ACCOUNTADMIN", snowfence::engine::session::Policy::default());
    for (n, event) in events.iter().enumerate() {
        match event {
            Event::Edit(spec) => {
                let spec: PipelineSpec =
                    serde_json::from_value(spec.clone()).map_err(|error| error.to_string())?;
                world.pipeline("flow", spec);
                world.change(KEY).await;
            }
            Event::ByHand(sql) => {
                // What is not there can't be changed.
                let _ = world.emulator.execute_as("ACCOUNTADMIN", &format!("USE WAREHOUSE WH; {sql}"));
                let _ = world.emulator.execute_as("ACCOUNTADMIN", sql);
                // What SHOW lacks is read again.
                tokio::time::advance(Duration::from_secs(3601)).await;
                // The change that comes next does not know of it.
                if let Some(Event::Edit(_)) = events.get(n + 1) {
                    continue;
                }
            }
            // An approval that was used and came to nothing is asked for again.
            Event::Approve => {
                for _ in 0..3 {
                    if world.approve(KEY) {
                        world.settle().await.map_err(|sin| format!("after event {n}: {sin}"))?;
                    }
                }
            }
        }
        world.settle().await.map_err(|sin| format!("after event {n}: {sin}"))?;
        graphs(&world, events, n)?;
    }
    // Ten more looks, a restart in between: not one write.
    let effects = world.effects();
    world.restart();
    world.round().await;
    world.round().await;
    if world.effects() != effects {
        return Err(format!("a settled pipeline was written to: {}", world.describe()));
    }
    let (status, reason, message) = world.get(KEY).ready();
    Ok(Lived { end: End { account: look(&world, &stage.shows), ready: (status, reason) }, message, effects })
}

/// A graph that is to run runs, and one that is to rest rests, whatever the rest of the pipeline waits for.
fn graphs(world: &World, events: &[Event], at: usize) -> Result<(), String> {
    let Cr::Pipeline(cr) = world.get(KEY) else { return Ok(()) };
    let (_, reason, message) = world.get(KEY).ready();
    if reason == "NotConverging" {
        return Err(format!("after event {at} of {events:?}: {message}"));
    }
    let failed = cr
        .status
        .as_ref()
        .and_then(|status| status.summary.objects)
        .map_or(0, |counts| counts.failed + counts.held);
    if failed > 0 || reason == "Conflict" {
        return Ok(());
    }
    let Some(graph) = cr.spec.task_graphs.first() else { return Ok(()) };
    let tasks = world
        .emulator
        .execute_as("ACCOUNTADMIN", "SHOW TASKS IN DATABASE D")
        .map_err(|error| error.to_string())?;
    for row in cells(&tasks) {
        let cell = |name: &str| {
            row.iter().find(|(column, _)| *column == name).and_then(|(_, cell)| *cell).unwrap_or_default()
        };
        let (name, state) = (cell("name"), cell("state"));
        let wanted = match graph.state {
            Some(snowfence::api::pipeline::shared::State::Started) => Some("started"),
            Some(snowfence::api::pipeline::shared::State::Suspended) if name == &*graph.tasks[0].name => {
                Some("suspended")
            }
            _ => None,
        };
        if wanted.is_some_and(|wanted| wanted != state) {
            return Err(format!("task {name} is {state} after event {at} of {events:?}: {reason} {message}"));
        }
    }
    Ok(())
}

async fn every_blow(
    stage: &Stage,
    events: &[Event],
    lived: usize,
    count: &AtomicUsize,
) -> Result<(), String> {
    let calm = live(stage, events, None).await.map_err(|sin| format!("undisturbed: {sin}"))?;
    if std::env::var_os("PROPERTY_TELL").is_some() {
        eprintln!("{:?} {} {} effects: {events:?}", calm.end.ready, calm.message, calm.effects);
    }
    count.fetch_add(1, Ordering::Relaxed);
    let blows = super::number("PROPERTY_BLOWS", 1) as usize;
    for n in 0..calm.effects {
        for m in 0..blows {
            let blow = Blow::ALL[(n + m + lived) % Blow::ALL.len()];
            let other = live(stage, events, Some((n, blow))).await;
            let other = other.map_err(|sin| format!("{blow:?} at effect {n} of {}: {sin}", calm.effects))?;
            count.fetch_add(1, Ordering::Relaxed);
            if other.end != calm.end {
                let gone: Vec<_> = calm.end.account.difference(&other.end.account).collect();
                let more: Vec<_> = other.end.account.difference(&calm.end.account).collect();
                return Err(format!(
                    "{blow:?} at effect {n} of {}: ends as {:?}, undisturbed {:?}; missing {gone:#?}; instead {more:#?}",
                    calm.effects, other.end.ready, calm.end.ready
                ));
            }
        }
    }
    Ok(())
}

/// Random lives on a stage, for `seconds` unless `PROPERTY_SECONDS` says otherwise.
pub fn lives(name: &str, stage: &Stage, strategy: impl Strategy<Value = Vec<Event>>, seconds: u32) {
    let (count, lives) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let began = std::time::Instant::now();
    let config = Config {
        cases: super::number("PROPERTY_CASES", 1_000),
        rng_seed: super::seed(),
        max_shrink_iters: 200,
        max_shrink_time: 30_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/property.proptest-regressions",
        ))),
        ..Config::default()
    };
    let enough = Duration::from_secs(super::number("PROPERTY_SECONDS", seconds).into());
    let result = TestRunner::new(config).run(&strategy, |events| {
        if began.elapsed() > enough && lives.load(Ordering::Relaxed) >= 5 {
            return Ok(());
        }
        let lived = lives.fetch_add(1, Ordering::Relaxed);
        super::runtime().block_on(every_blow(stage, &events, lived, &count)).map_err(TestCaseError::fail)
    });
    eprintln!(
        "{name}: {} lives, lived {} times with a blow or without, in {:.1?}",
        lives.load(Ordering::Relaxed),
        count.load(Ordering::Relaxed),
        began.elapsed()
    );
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn pipelines_converge_after_any_blow() {
    lives("pipelines", &Stage::new(&FOUNDATION, SHOWS.to_vec()), life(), 40);
}
