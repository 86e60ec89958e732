//! Snowfence beside SnowDDL: the same warehouses, an emulator each, the same latency, sixteen statements at once, one
//! after the other in one run.
//!
//! SnowDDL makes two roles for each warehouse, and reads their grants with each plan: that is how it is used, and
//! the figures count it. The notes say what it does with `--include-object-types WAREHOUSE`, too.

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    Result,
    board::{Board, plain as number},
    command::{LATENCY, N, snowfence},
    emulator::{Emulator, by_verb},
    manifests,
};

pub const PLAIN: [&str; 3] =
    ["snowddl_plan_statement_ratio", "snowddl_plan_time_ratio", "snowddl_apply_time_ratio"];
pub const PARAMETERS: [&str; 2] =
    ["snowddl_plan_statement_ratio_parameters", "snowddl_plan_time_ratio_parameters"];
/// Statements under way at once, of both.
const CONCURRENCY: &str = "16";

/// Warehouses that set no parameter.
pub async fn plain(board: &mut Board) -> Result<()> {
    let (ours, theirs) = compare(board, "", manifests::warehouse, "").await?;
    board.put(PLAIN[0], theirs.plan.statements / ours.plan.statements);
    board.put(PLAIN[1], theirs.plan.seconds / ours.plan.seconds);
    board.put(PLAIN[2], theirs.apply.seconds / ours.apply.seconds);
    Ok(())
}

/// Warehouses that each set a parameter, which Snowflake tells of each alone.
pub async fn with_parameters(board: &mut Board) -> Result<()> {
    let parameter = "  warehouse_params: {statement_timeout_in_seconds: 3600}\n";
    let (ours, theirs) =
        compare(board, " with a parameter each", manifests::with_parameter, parameter).await?;
    board.put(PARAMETERS[0], theirs.plan.statements / ours.plan.statements);
    board.put(PARAMETERS[1], theirs.plan.seconds / ours.plan.seconds);
    Ok(())
}

struct Cost {
    statements: f64,
    seconds: f64,
    verbs: String,
}

impl Cost {
    fn told(&self) -> String {
        format!("{:.2} s, {} statements ({})", self.seconds, number(self.statements), self.verbs)
    }
}

struct Costs {
    apply: Cost,
    plan: Cost,
}

async fn compare(
    board: &mut Board,
    what: &str,
    warehouse: fn(usize) -> Value,
    parameter: &str,
) -> Result<(Costs, Costs)> {
    let ours = ours(board, what, warehouse).await?;
    let (theirs, alone) = theirs(board, what, parameter).await?;
    for (tool, costs) in [("Snowfence", &ours), ("SnowDDL", &theirs)] {
        board.note(format!("{tool}: apply of {N} warehouses{what}"), costs.apply.told());
        board.note(format!("{tool}: steady plan of {N} warehouses{what}"), costs.plan.told());
    }
    board.note(format!("SnowDDL: steady plan of {N} warehouses{what}, no roles"), alone.told());
    Ok((ours, theirs))
}

async fn ours(board: &Board, what: &str, warehouse: fn(usize) -> Value) -> Result<Costs> {
    let emulator = Emulator::start(LATENCY).await?;
    let folder = tempfile::tempdir()?;
    manifests::write(folder.path(), &emulator, (0..N).map(warehouse))?;
    let measure = async |text: &str, arguments: &[&str]| {
        board.step(&format!("Snowfence: {text} of {N} warehouses{what}"));
        let since = emulator.last().await?;
        let begun = Instant::now();
        snowfence(folder.path(), arguments).await?;
        cost(&emulator, "snowfence/", since, begun.elapsed()).await
    };
    let apply = measure("apply", &["apply", "--yes", "--concurrency", CONCURRENCY]).await?;
    let plan = measure("steady plan", &["plan", "--detailed-exitcode"]).await?;
    Ok(Costs { apply, plan })
}

/// With the roles that it makes for each warehouse; and a plan of the warehouses alone.
async fn theirs(board: &Board, what: &str, parameter: &str) -> Result<(Costs, Cost)> {
    let emulator = Emulator::start(LATENCY).await?;
    let folder = tempfile::tempdir()?;
    let warehouses: String = (0..N).map(|n| described(n, parameter)).collect();
    std::fs::write(folder.path().join("warehouse.yaml"), warehouses)?;
    let program = program().await?;
    let measure = async |text: &str, arguments: &[&str], executed: usize| {
        board.step(&format!("SnowDDL: {text} of {N} warehouses{what}"));
        let since = emulator.last().await?;
        let begun = Instant::now();
        let output = snowddl(&program, folder.path(), &emulator, arguments).await?;
        let elapsed = begun.elapsed();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        let wanted = format!("Executed {executed} DDL queries, Suggested 0 DDL queries");
        if !told.contains(&wanted) {
            return Err(format!("SnowDDL did not say {wanted:?}:\n{told:.2000}").into());
        }
        cost(&emulator, "", since, elapsed).await
    };
    // A warehouse, two roles with four grants, and each role granted to the administrator.
    let apply = measure("apply", &["--apply-unsafe", "apply"], 9 * N).await?;
    let plan = measure("steady plan", &["--apply-unsafe", "plan"], 0).await?;
    let alone =
        measure("steady plan without roles", &["--include-object-types", "WAREHOUSE", "plan"], 0).await?;
    Ok((Costs { apply, plan }, alone))
}

/// The same warehouse as [`manifests::warehouse`], in SnowDDL's words.
fn described(n: usize, parameter: &str) -> String {
    format!(
        "wh_{n:05}:\n  size: SMALL\n  auto_suspend: 60\n  comment: Warehouse number {n} of many.\n{parameter}"
    )
}

async fn cost(emulator: &Emulator, client: &str, since: u64, elapsed: Duration) -> Result<Cost> {
    let statements = emulator.statements_of(client, since).await?;
    Ok(Cost {
        statements: statements.len() as f64,
        seconds: elapsed.as_secs_f64(),
        verbs: by_verb(&statements),
    })
}

/// From the virtualenv that the clients' tests use.
async fn program() -> Result<PathBuf> {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/run.py");
    let output = Command::new("python3").arg(&run).args(["--program", "snowddl"]).output().await?;
    if !output.status.success() {
        return Err(format!("{}: {}", run.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

async fn snowddl(program: &Path, folder: &Path, emulator: &Emulator, arguments: &[&str]) -> Result<Output> {
    let output = Command::new(program)
        .arg("-c")
        .arg(folder)
        .args(["-a", &emulator.account.to_lowercase(), "-u", "OPERATOR", "-r", "ACCOUNTADMIN"])
        .args(["--max-workers", CONCURRENCY])
        .args(arguments)
        .env("SNOWFLAKE_PASSWORD", &emulator.password)
        .env("HTTPS_PROXY", &emulator.proxy)
        .env("REQUESTS_CA_BUNDLE", &emulator.ca)
        .env("SSL_CERT_FILE", &emulator.ca)
        .kill_on_drop(true)
        .output();
    Ok(tokio::time::timeout(Duration::from_secs(600), output).await??)
}
