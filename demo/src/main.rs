//! The demo: what Snowfence does, on one machine, in a minute. `try` needs no Kubernetes; `demo` shows the whole.
//!
//! Everything that is shown is asserted, too: the program fails when something expected was not seen.
//!
//! - [`keeper`]: nothing outlives the demo.
//! - [`stage`]: folder, programs, emulator, manifests.
//! - `try` is [`alone`].
//! - `demo` is [`whole`]; [`cluster`] gives it a control plane, [`operator`] the operator.
//! - [`say`], [`failure`]: what one reads.

mod alone;
mod cluster;
mod failure;
mod keeper;
mod manifests;
mod operator;
mod say;
mod stage;
mod whole;

use std::{process::ExitCode, time::Instant};

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use failure::{During as _, Result};

/// Shows Snowfence at work, on this machine alone.
#[derive(Debug, Parser)]
#[command(name = "snowfence-demo", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Without Kubernetes: an emulator of Snowflake, plan, apply, a change by hand, plan.
    Try,
    /// The whole: a control plane, the emulator, the operator; manifests, drift and its mending.
    Demo {
        /// End when everything was seen, instead of staying up until Ctrl-C.
        #[arg(long)]
        once: bool,
        /// Use the cluster of this context of your kubeconfig, instead of one that is started here. Custom resources and
        /// the namespace snowfence-demo are created in it, and removed at the end.
        #[arg(long, value_name = "CONTEXT")]
        cluster: Option<String>,
    },
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("snowfence-demo: {error}");
            return ExitCode::FAILURE;
        }
    };
    let began = Instant::now();
    let result = runtime.block_on(run(command, began));
    // A build that was interrupted is not waited for.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(failure) => {
            const RED: Style = AnsiColor::Red.on_default().bold();
            eprintln!("\n{RED}✗{RED:#} {failure}\n\nFailed after {}.", say::duration(began.elapsed()));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, began: Instant) -> Result<ExitCode> {
    // Before anything is started: a signal that comes early must not be lost.
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
    let [mut interrupt, mut terminate, mut hang_up, mut quit] = {
        let [a, b, c, d] = kinds.map(signal);
        [a.during("signals")?, b.during("signals")?, c.during("signals")?, d.during("signals")?]
    };
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
            _ = hang_up.recv() => 129,
            _ = quit.recv() => 131,
        }
    };
    match command {
        Command::Try => tokio::select! {
            done = alone::show(began) => done.map(|()| ExitCode::SUCCESS),
            code = stop => Ok(interrupted(code)),
        },
        Command::Demo { once, cluster } => whole::show(once, cluster.as_deref(), began, stop).await,
    }
}

/// Everything was dropped, and so ended.
fn interrupted(code: u8) -> ExitCode {
    say::note("\nInterrupted: everything was ended.");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
