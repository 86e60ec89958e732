//! `make bench`: what the whole costs, measured on the programs as they are released: the operator and the command
//! line, the emulator as a process of its own, and a real control plane.
//!
//! Figures, not assertions: the exit code is 0 also when a reach is missed. A figure that could not be taken is an
//! error. `make bench FIGURE=name` takes one alone.

#[path = "figures/board.rs"]
mod board;
#[path = "figures/cluster.rs"]
mod cluster;
#[path = "figures/command.rs"]
mod command;
#[path = "figures/emulator.rs"]
mod emulator;
#[path = "figures/manifests.rs"]
mod manifests;
#[path = "figures/memory.rs"]
mod memory;
#[path = "figures/operator.rs"]
mod operator;
#[path = "figures/pipelines.rs"]
mod pipelines;
#[path = "figures/planning.rs"]
mod planning;
#[path = "figures/snowddl.rs"]
mod snowddl;
#[path = "figures/thousand.rs"]
mod thousand;

use std::process::ExitCode;

use board::Board;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // cargo bench says --bench; without it this is a test run, which measures nothing.
    let asked = arguments.iter().any(|argument| argument == "--bench");
    arguments.retain(|argument| !argument.starts_with('-'));
    if !asked {
        println!("the figures are taken by `make bench`");
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &[String]) -> Result<()> {
    let mut board = Board::new(wanted)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if board.wants_any(&["apply_statements_1000", "plan_statements_1000"]) {
            command::plain(&mut board).await?;
        }
        if board.wants("plan_statements_1000_parameters") {
            command::with_parameters(&mut board).await?;
        }
        if board.wants_any(&thousand::FIGURES) {
            thousand::take(&mut board).await?;
        }
        if board.wants("resident_9500_mib") {
            memory::take(&mut board).await?;
        }
        if board.wants_any(&snowddl::PLAIN) {
            snowddl::plain(&mut board).await?;
        }
        if board.wants_any(&snowddl::PARAMETERS) {
            snowddl::with_parameters(&mut board).await?;
        }
        if board.wants("pure_plan_10000_ratio") {
            planning::take(&mut board)?;
        }
        if board.wants("pipelines_apply_overhead") {
            pipelines::applied(&mut board).await?;
        }
        if board.wants_any(&pipelines::OPERATED) {
            pipelines::operated(&mut board).await?;
        }
        Result::Ok(())
    })?;
    board.finish()
}
