//! The operator with a thousand warehouses: the cold start, the resync, a change behind its back.

use std::time::{Duration, Instant};

use crate::{
    Result,
    board::{Board, plain},
    cluster::{Bed, by_object},
    emulator::{Emulator, Statement, by_verb},
    operator::Operator,
};

pub const FIGURES: [&str; 5] = [
    "cold_ready_ratio",
    "resync_kube_writes",
    "resync_snowflake_writes",
    "resync_statements",
    "heal_latencies",
];
const N: usize = 1_000;
/// As [`manifests::connection`](crate::manifests::connection) says.
const CONCURRENCY: f64 = 16.0;
const USUAL: Duration = Duration::from_millis(50);
const SLOW: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(180);
const RESYNCS: usize = 10;
/// A lease of a few seconds: the hand-over is waited for.
const LEADER: [&str; 5] = ["--leader-election", "--lease-namespace", "default", "--lease-duration", "6"];

pub async fn take(board: &mut Board) -> Result<()> {
    board.step("a control plane starts");
    let bed = Bed::start(true).await?;
    let emulator = Emulator::start(USUAL).await?;
    board.step("1,000 warehouses are written to it");
    bed.fill(&emulator, N).await?;
    let mut operator = cold(board, &bed, &emulator).await?;
    operator.settled(N, PATIENCE).await?;
    board.step("until the last event is written");
    bed.quiet().await?;
    let events = bed.writes(0)?.into_iter().filter(|write| write.resource == "events").count();
    board.note("events of the cold start", events.to_string());
    if board.wants("resync_statements") {
        requested(board, &bed, &emulator, &mut operator).await?;
    }
    if board.wants("heal_latencies") {
        heal(board, &bed, &emulator, &mut operator).await?;
    }
    if board.wants_any(&["resync_kube_writes", "resync_snowflake_writes"]) {
        steady(board, &bed, &emulator, operator).await?;
    }
    Ok(())
}

async fn cold(board: &mut Board, bed: &Bed, emulator: &Emulator) -> Result<Operator> {
    emulator.takes(SLOW).await?;
    board.step("the operator starts; each statement takes 200 ms");
    let (begun, control_plane) = (Instant::now(), bed.processor()?);
    let mut operator = Operator::start(&bed.kubeconfig, bed.folder.path(), &LEADER)?;
    let ready = match bed.ready(N, PATIENCE).await {
        Ok(ready) => ready,
        // With the end of its log.
        Err(error) => {
            operator.wait(Instant::now(), &error.to_string()).await?;
            return Err(error);
        }
    };
    let (processor, control_plane) = (operator.processor()?, bed.processor()? - control_plane);
    let (half, all) = (ready.half - begun, ready.all - begun);
    let least = N as f64 * SLOW.as_secs_f64() / CONCURRENCY;
    board.put("cold_ready_ratio", all.as_secs_f64() / least);
    let time = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    board.note("cold start", format!("half ready after {}, all after {}", time(half), time(all)));
    let statements = emulator.statements(0).await?;
    board.note("statements of the cold start", by_verb(&statements));
    let creates: Vec<_> = statements.iter().filter(|s| s.verb() == "CREATE").collect();
    let first = creates.iter().map(|s| s.start()).fold(f64::MAX, f64::min);
    let last = creates.iter().map(|s| s.end()).fold(f64::MIN, f64::max);
    board.note("from the first CREATE's start to the last one's end", format!("{:.1} s", last - first));
    board.note("Kubernetes writes until all were ready", by_object(&bed.writes(0)?));
    board.note(
        "processor time until then",
        format!("operator {processor:.1} s, API server and etcd {control_plane:.1} s"),
    );
    emulator.takes(USUAL).await?;
    Ok(operator)
}

/// One resync on request.
async fn requested(board: &mut Board, bed: &Bed, emulator: &Emulator, operator: &mut Operator) -> Result<()> {
    board.step("a resync on request");
    let (since, passes, processor) =
        (emulator.last().await?, operator.passes().await?, operator.processor()?);
    let begun = Instant::now();
    bed.request().await?;
    operator.passed(passes + N as f64, PATIENCE).await?;
    let (took, processor) = (begun.elapsed(), operator.processor()? - processor);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let statements = emulator.statements(since).await?;
    board.put("resync_statements", statements.len() as f64);
    board.note(
        "a resync of 1,000",
        format!("{:.1} s, processor {processor:.2} s ({})", took.as_secs_f64(), by_verb(&statements)),
    );
    Ok(())
}

/// From the SHOW that reads a change to the end of the SHOW that confirms its mending, in latencies; the middle of
/// five.
async fn heal(board: &mut Board, bed: &Bed, emulator: &Emulator, operator: &mut Operator) -> Result<()> {
    emulator.takes(SLOW).await?;
    let mut all = vec![];
    for n in 0..5 {
        board.step("a warehouse is changed behind the operator's back");
        let name = format!("WH_{:05}", n * 199);
        emulator.execute(&format!("ALTER WAREHOUSE {name} SET WAREHOUSE_SIZE = 'LARGE'")).await?;
        let (since, passes) = (emulator.last().await?, operator.passes().await?);
        bed.request().await?;
        operator.passed(passes + N as f64, PATIENCE).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let statements = emulator.statements(since).await?;
        let alter = statements.iter().find(|s| s.verb() == "ALTER").ok_or("it was not mended")?;
        let shows = || statements.iter().filter(|s| s.text.starts_with("SHOW WAREHOUSES"));
        let read =
            shows().filter(|s| s.end() <= alter.start()).map(Statement::start).fold(f64::MAX, f64::min);
        let confirmed =
            shows().filter(|s| s.start() >= alter.end()).map(Statement::end).fold(f64::MAX, f64::min);
        if read.max(confirmed) > 1e12 {
            return Err(format!("there is no read before or after the mending: {statements:?}").into());
        }
        all.push((confirmed - read) / SLOW.as_secs_f64());
    }
    all.sort_by(f64::total_cmp);
    board.put("heal_latencies", all[all.len() / 2]);
    let all: Vec<_> = all.into_iter().map(plain).collect();
    board.note("all five mendings, in latencies", all.join(", "));
    emulator.takes(USUAL).await
}

/// Ten resyncs, a restart and a hand-over, in which nothing is written.
async fn steady(board: &mut Board, bed: &Bed, emulator: &Emulator, mut operator: Operator) -> Result<()> {
    // The new period is written to the connection's status: before it counts.
    let before = operator.passes().await?;
    bed.resync_every("4s").await?;
    operator.passed(before + N as f64, PATIENCE).await?;
    bed.quiet().await?;
    let (position, since) = (bed.position()?, emulator.last().await?);
    board.step("ten resyncs");
    let (passes, processor) = (operator.passes().await?, operator.processor()?);
    operator.passed(passes + (RESYNCS * N) as f64, PATIENCE).await?;
    let reads = by_verb(&emulator.statements(since).await?);
    board.note("ten resyncs", format!("{reads}; processor {:.1} s", operator.processor()? - processor));
    board.step("a restart");
    operator.stop().await?;
    let mut leader = Operator::start(&bed.kubeconfig, bed.folder.path(), &LEADER)?;
    leader.settled(N, PATIENCE).await?;
    board.step("the leader is killed, and another takes over");
    let mut successor = Operator::start(&bed.kubeconfig, bed.folder.path(), &LEADER)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    if successor.passes().await? > 0.0 {
        return Err("two operators led at once".into());
    }
    leader.kill().await?;
    let begun = Instant::now();
    successor.settled(N, PATIENCE).await?;
    board.note("from the leader's end until all were looked at again", format!("{:.1?}", begun.elapsed()));
    let passes = successor.passes().await?;
    successor.passed(passes + N as f64, PATIENCE).await?;
    let writes = bed.writes(position)?;
    board.put("resync_kube_writes", writes.len() as f64);
    if !writes.is_empty() {
        board.note("Kubernetes writes of the steady time", by_object(&writes));
    }
    let mut statements = emulator.statements(since).await?;
    statements.retain(Statement::writes);
    board.put("resync_snowflake_writes", statements.len() as f64);
    successor.stop().await
}
