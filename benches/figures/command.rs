//! `snowfence plan` and `snowfence apply`, without a cluster.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    Result,
    board::Board,
    emulator::{Emulator, Statement, by_verb},
    manifests,
};

pub const LATENCY: Duration = Duration::from_millis(50);
pub const N: usize = 1_000;

/// Warehouses that set no parameter.
pub async fn plain(board: &mut Board) -> Result<()> {
    let measured = measure(board, manifests::warehouse).await?;
    board.put("apply_statements_1000", measured.apply.len() as f64);
    board.put("plan_statements_1000", measured.plan.len() as f64);
    board.note("apply of 1,000 warehouses", format!("{:.1} s", measured.apply_time.as_secs_f64()));
    board.note("steady plan of 1,000 warehouses", measured.planned());
    Ok(())
}

/// Warehouses that each set a parameter.
pub async fn with_parameters(board: &mut Board) -> Result<()> {
    let measured = measure(board, manifests::with_parameter).await?;
    board.put("plan_statements_1000_parameters", measured.plan.len() as f64);
    board.note("steady plan of 1,000 warehouses with a parameter each", measured.planned());
    Ok(())
}

struct Measured {
    apply: Vec<Statement>,
    apply_time: Duration,
    plan: Vec<Statement>,
    plan_time: Duration,
}

impl Measured {
    fn planned(&self) -> String {
        format!("{:.2} s ({})", self.plan_time.as_secs_f64(), by_verb(&self.plan))
    }
}

async fn measure(board: &Board, warehouse: fn(usize) -> Value) -> Result<Measured> {
    let emulator = Emulator::start(LATENCY).await?;
    let folder = tempfile::tempdir()?;
    manifests::write(folder.path(), &emulator, (0..N).map(warehouse))?;
    board.step("snowfence apply of 1,000 warehouses");
    let begun = Instant::now();
    snowfence(folder.path(), &["apply", "--yes", "--concurrency", "16"]).await?;
    let apply_time = begun.elapsed();
    let apply = emulator.statements(0).await?;
    board.step("snowfence plan, which finds nothing to do");
    let since = emulator.last().await?;
    let begun = Instant::now();
    // With changes, it would exit with 2.
    snowfence(folder.path(), &["plan", "--detailed-exitcode"]).await?;
    let plan_time = begun.elapsed();
    let plan = emulator.statements(since).await?;
    Ok(Measured { apply, apply_time, plan, plan_time })
}

pub async fn snowfence(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_snowfence"))
        .args(arguments)
        .arg("-f")
        .arg(folder)
        .args(["--allow-host", "127.0.0.1"])
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(300), output).await??;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let end: Vec<_> = out.lines().chain(err.lines()).rev().take(20).collect();
    let end: Vec<_> = end.into_iter().rev().collect();
    Err(format!("snowfence {}: {}\n{}", arguments.join(" "), output.status, end.join("\n")).into())
}
