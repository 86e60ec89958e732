//! Planning without a network: what was read is there, and a tenth of it differs from what is wanted.

use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use snowfence::{
    api::{CortexPipeline, Record, connection::Adoption, pipeline::text::Comment},
    engine::{
        managed::{Managed, Plan, Planning},
        ownership::{Claimant, Former},
    },
    kinds::pipeline::Seen,
    plan::{Action, Effect, Note, Step, Target},
    snowflake::{
        Rows,
        catalog::{By, Table},
    },
    values::{full_name::FullName, ident::Ident},
};
use snowfence_emulator::emulator::Emulator;

use crate::{Result, board::Board, manifests};

const N: usize = 20;
/// 25 parts of 20 objects: as many as a resource can have.
const PARTS: usize = 25;
const ROUNDS: usize = 10;
const ROLE: &str = "ACCOUNTADMIN";

/// One pipeline with a database of its own, and all that is known of it.
struct Known {
    cr: CortexPipeline,
    record: Record,
    seen: Seen,
    target: Target,
    name: Ident,
}

pub fn take(board: &mut Board) -> Result<()> {
    board.step("20 pipelines of 500 objects are created in memory");
    let mut all = (0..N).map(known).collect::<Result<Vec<_>>>()?;
    for known in &mut all {
        change(&mut known.cr)?;
        let changed = changed(&known.plan()?);
        if changed * 10 != PARTS * manifests::OF_PART {
            return Err(format!("{changed} objects of 500 are changed, not a tenth").into());
        }
    }
    board.step("planning, and serialising the specs, ten times");
    let (mut planning, mut serialising) = (Duration::MAX, Duration::MAX);
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        plan(&all)?;
        planning = planning.min(begun.elapsed());
        let begun = Instant::now();
        bytes = 0;
        for known in &all {
            bytes += black_box(serde_json::to_vec(&known.cr.spec)?).len();
        }
        serialising = serialising.min(begun.elapsed());
    }
    board.put("pure_plan_10000_ratio", planning.as_secs_f64() / serialising.as_secs_f64());
    board.note(
        "a plan of 10,000 objects, a tenth changed",
        format!("{planning:.1?}; their specs as JSON {serialising:.1?}, {} KiB", bytes / 1024),
    );
    Ok(())
}

/// What is measured. Not inlined, so that a profiler finds it.
#[inline(never)]
fn plan(all: &[Known]) -> Result<()> {
    all.iter().try_for_each(|known| known.plan().map(|plan| drop(black_box(plan))))
}

/// Created in an emulator of its own, whose answers are what is seen.
fn known(n: usize) -> Result<Known> {
    let emulator = Emulator::builder().build();
    let execute = |statement: &str| {
        let rows = emulator.execute_as(ROLE, statement);
        rows.map_err(|error| format!("{statement}: {error}"))
    };
    for statement in manifests::BEFOREHAND {
        execute(statement)?;
    }
    let database = format!("D{n}");
    execute(&format!("CREATE DATABASE {database}"))?;
    execute(&format!("CREATE SCHEMA {database}.S0"))?;
    let mut cr: CortexPipeline = serde_json::from_value(manifests::pipeline(n, &database, 0, PARTS))?;
    // Grants are recorded, too, and a record has at most 500 entries.
    cr.spec.grants.clear();
    cr.metadata.uid = Some(format!("00000000-0000-4000-8000-{n:012}"));
    let name = Ident::from_spec(&format!("P_{n}"))?;
    let target = Target::new(CortexPipeline::OBJECT, name.as_str());
    let mut known = Known { cr, record: Record::default(), seen: nothing(&database)?, target, name };
    let Plan { steps, blocked, .. } = known.plan()?;
    if let Some((on, fault)) = blocked.first() {
        return Err(format!("{on}: {fault}").into());
    }
    for step in &steps {
        for effect in &step.effects {
            match effect {
                Effect::Remember(note) => known.record.apply(note),
                Effect::Sql(sql) => {
                    execute(sql.statement.as_str())?;
                    if sql.intent.is_some() {
                        known.record.apply(&Note::Created { on: step.on.clone() });
                    }
                }
            }
        }
    }
    for (kind, show, by) in LISTS {
        let rows = execute(&format!("SHOW {show} IN DATABASE {database}"))?;
        let mut table = Rows::new(rows.columns.iter().map(|column| column.name.as_str()));
        for row in &rows.rows {
            table.push(row.iter().map(Option::as_deref))?;
        }
        known.seen.lists.insert(place(kind, &database)?, Arc::new(Table::by(by, table)));
    }
    // Who each of them is goes into the record; then nothing is left to do.
    let Plan { steps, blocked, .. } = known.plan()?;
    notes(&steps).for_each(|note| known.record.apply(note));
    let again = known.plan()?;
    if !again.steps.is_empty() || !blocked.is_empty() || !again.blocked.is_empty() {
        return Err(format!("what was created is not in sync: {blocked:?} {again:?}")
            .chars()
            .take(2_000)
            .collect::<String>()
            .into());
    }
    Ok(known)
}

fn notes(steps: &[Step]) -> impl Iterator<Item = &Note> {
    steps.iter().flat_map(|step| &step.effects).filter_map(|effect| match effect {
        Effect::Remember(note) => Some(note),
        Effect::Sql(_) => None,
    })
}

/// What the kinds are listed by.
const LISTS: [(&str, &str, By); 13] = [
    ("SCHEMA", "SCHEMAS", By::Path),
    ("TAG", "TAGS", By::Path),
    ("MASKING POLICY", "MASKING POLICIES", By::Path),
    ("ROW ACCESS POLICY", "ROW ACCESS POLICIES", By::Path),
    ("TABLE", "TABLES", By::Path),
    ("COLUMN", "COLUMNS", By::Table),
    ("PRIMARY KEY", "PRIMARY KEYS", By::Table),
    ("DYNAMIC TABLE", "DYNAMIC TABLES", By::Path),
    ("VIEW", "VIEWS", By::Path),
    ("MATERIALIZED VIEW", "MATERIALIZED VIEWS", By::Path),
    ("CORTEX SEARCH SERVICE", "CORTEX SEARCH SERVICES", By::Path),
    ("STREAM", "STREAMS", By::Path),
    ("TASK", "TASKS", By::Path),
];

fn place(kind: &'static str, database: &str) -> Result<(&'static str, Option<FullName>)> {
    Ok((kind, Some(FullName::top(Ident::from_spec(database)?))))
}

fn nothing(database: &str) -> Result<Seen> {
    let mut seen = Seen::default();
    for (kind, _, by) in LISTS {
        seen.lists.insert(place(kind, database)?, Arc::new(Table::by(by, Rows::default())));
    }
    Ok(seen)
}

/// A tenth: of the tables and streams every tenth, of 150 tasks 15, and 17 of the 175 others.
fn change(cr: &mut CortexPipeline) -> Result<()> {
    let spec = &mut cr.spec;
    for table in spec.tables.iter_mut().step_by(10) {
        table.columns.push(serde_json::from_value(json!({"name": "MORE", "type": "BOOLEAN"}))?);
    }
    for task in spec.task_graphs.iter_mut().take(15).filter_map(|graph| graph.tasks.first_mut()) {
        task.body = Some("SELECT 1".into());
    }
    let streams = spec.streams.iter_mut().step_by(10).map(|stream| &mut stream.comment);
    let views = spec.views.iter_mut().take(9).map(|view| &mut view.comment);
    let tags = spec.tags.iter_mut().take(8).map(|tag| &mut tag.comment);
    for comment in streams.chain(views).chain(tags) {
        *comment = Some(Comment("Changed.".into()));
    }
    Ok(())
}

/// How many objects a plan changes.
fn changed(plan: &Plan) -> usize {
    let updates = plan.steps.iter().filter(|step| matches!(step.action, Action::Update(_)));
    updates.filter(|step| step.on.kind != "TASK GRAPH").count()
}

impl Known {
    fn plan(&self) -> Result<Plan> {
        let rivals = BTreeMap::new();
        let record = &self.record;
        let claimant = Claimant {
            uid: self.cr.metadata.uid.as_deref().unwrap_or_default(),
            common: self.cr.common(),
            adoption: Adoption::default(),
            role: ROLE,
            record,
            former: Former::Any,
        };
        let planning = Planning {
            claimant,
            record,
            target: &self.target,
            name: &self.name,
            rivals: &rivals,
            offline: false,
        };
        Ok(self.cr.plan(&planning, &self.seen)?)
    }
}
