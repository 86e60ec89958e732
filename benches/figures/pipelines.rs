//! A hundred pipelines of twenty objects each, in ten schemas of one database.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    Result,
    board::Board,
    cluster::Bed,
    command::{LATENCY, snowfence},
    emulator::{Emulator, Statement, by_kind},
    manifests::{self, KINDS, OF_PART},
    operator::Operator,
};

pub const OPERATED: [&str; 2] = ["pipelines_resync_statements", "one_column_statements"];
const N: usize = 100;
const SCHEMAS: usize = 10;
/// Of the hundred, and of the one that has the database and the schemas.
const OBJECTS: usize = N * OF_PART + 1 + SCHEMAS;
const DATABASE: &str = "BENCH";
const PATIENCE: Duration = Duration::from_secs(180);

fn foundation() -> Value {
    manifests::foundation(DATABASE, SCHEMAS)
}

fn pipeline(n: usize) -> Value {
    manifests::pipeline(n, DATABASE, n % SCHEMAS, 1)
}

async fn emulator() -> Result<Emulator> {
    let emulator = Emulator::start(LATENCY).await?;
    for statement in manifests::BEFOREHAND {
        emulator.execute(statement).await?;
    }
    Ok(emulator)
}

/// What was sent beside what had to be: objects, grants, and the starting of what is to run.
fn overhead(statements: &[Statement], objects: usize, grants: usize) -> f64 {
    let states = statements.iter().filter(|statement| statement.is_of_state()).count();
    statements.len() as f64 - (objects + grants + states) as f64
}

/// `snowfence apply`: first of the database and the schemas, then of all that lies in them.
pub async fn applied(board: &mut Board) -> Result<()> {
    let emulator = emulator().await?;
    board.step("snowfence apply of 100 pipelines");
    let begun = Instant::now();
    for resources in [vec![foundation()], (0..N).map(pipeline).collect()] {
        let folder = tempfile::tempdir()?;
        manifests::write(folder.path(), &emulator, resources.into_iter())?;
        snowfence(folder.path(), &["apply", "--yes", "--concurrency", "16"]).await?;
    }
    let took = begun.elapsed().as_secs_f64();
    let statements = emulator.statements(0).await?;
    board.put("pipelines_apply_overhead", overhead(&statements, OBJECTS, N));
    board.note(
        format!("snowfence apply of {OBJECTS} objects of {} kinds in two runs", KINDS.len()),
        format!("{took:.1} s, {} statements ({})", statements.len(), by_kind(&statements)),
    );
    Ok(())
}

/// The operator: it creates them, looks at them again, and one column changes.
pub async fn operated(board: &mut Board) -> Result<()> {
    board.step("a control plane starts");
    let bed = Bed::start(true).await?;
    let emulator = emulator().await?;
    bed.connect(&emulator).await?;
    bed.create_pipelines([foundation()].into_iter()).await?;
    let operator = Operator::start(&bed.kubeconfig, bed.folder.path(), &[])?;
    let mut operator = operator.of("CortexPipeline");
    operator.settled(1, PATIENCE).await?;
    board.step("100 pipelines of 20 objects are written to it");
    let begun = Instant::now();
    bed.create_pipelines((0..N).map(pipeline)).await?;
    operator.settled(1 + N, PATIENCE).await?;
    let took = begun.elapsed().as_secs_f64();
    bed.quiet().await?;
    let statements = emulator.statements(0).await?;
    board.note(
        format!("the operator's first pass over {OBJECTS} objects"),
        format!(
            "{took:.1} s, {} statements beside objects, grants and states ({})",
            overhead(&statements, OBJECTS, N),
            by_kind(&statements)
        ),
    );
    if board.wants("pipelines_resync_statements") {
        board.step("a resync on request");
        let (since, passes, processor) =
            (emulator.last().await?, operator.passes().await?, operator.processor()?);
        let begun = Instant::now();
        bed.request().await?;
        operator.passed(passes + (1 + N) as f64, PATIENCE).await?;
        let (took, processor) = (begun.elapsed().as_secs_f64(), operator.processor()? - processor);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let statements = emulator.statements(since).await?;
        board.put("pipelines_resync_statements", statements.len() as f64);
        board.note(
            format!("a resync of 100 pipelines with objects of {} kinds", KINDS.len()),
            format!("{took:.1} s, processor {processor:.2} s ({})", by_kind(&statements)),
        );
    }
    if board.wants("one_column_statements") {
        board.step("one column changes");
        let since = emulator.last().await?;
        let mut changed = pipeline(N / 2);
        changed["spec"]["tables"][1]["columns"][1]["type"] = json!("VARCHAR(128)");
        let begun = Instant::now();
        let tables = json!({"tables": changed["spec"]["tables"]});
        bed.change_pipeline("p-050", tables, PATIENCE).await?;
        let took = begun.elapsed().as_secs_f64();
        let statements = emulator.statements(since).await?;
        board.put("one_column_statements", statements.len() as f64);
        board.note("one changed column, until Ready", format!("{took:.1} s ({})", by_kind(&statements)));
    }
    operator.stop().await
}
