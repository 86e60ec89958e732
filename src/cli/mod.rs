//! The command line: a file per subcommand, and what they share.
//!
//! - [`args`] is what is understood, with the texts of `--help`.
//! - [`manifests`] reads and checks YAML, with every error named by file, line and field.
//! - [`credentials`] says as whom to speak to Snowflake.
//! - [`plan`](self::args::Plan), `apply`, `import` and `crds` do what their names say; `operator` runs in a cluster.

mod apply;
pub mod args;
mod cluster;
pub mod crds;
pub mod credentials;
mod error;
mod import;
pub mod manifests;
mod operator;
mod plan;
mod sessions;
mod show;

use std::{io, process::ExitCode};

use args::{Cli, Command, LogFormat};
use clap::CommandFactory as _;
pub use error::Error;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Runs the program and says how it ended; the error, if there is one, has been shown.
pub fn main(cli: Cli) -> ExitCode {
    show::choose(cli.color);
    log(&cli);
    let result = runtime().and_then(|runtime| runtime.block_on(run(cli)));
    match result {
        Ok(code) => code,
        // As if the signal had ended it, which a shell reports so.
        Err(error) if error.is_broken_pipe() => ExitCode::from(141),
        Err(error) => {
            show::error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Error> {
    match cli.command {
        Command::Plan(args) => plan::run(&args).await,
        Command::Apply(args) => apply::run(&args).await,
        Command::Import(args) => import::run(&args).await,
        Command::Crds(args) => crds::run(&args),
        Command::Completions { shell } => {
            let mut script = vec![];
            clap_complete::generate(shell, &mut Cli::command(), "snowfence", &mut script);
            show::out(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Operator(args) => operator::run(&args).await,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::io("no runtime"))
}

/// Logs go to standard error. The operator tells what it does, other subcommands only what is odd.
fn log(cli: &Cli) {
    let usual = match (&cli.command, cli.verbose) {
        (Command::Operator(_), 0) | (_, 1) => "info",
        (_, 0) => "warn",
        _ => "snowfence=debug,info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    // Fails only when a test has set one before.
    let _ = match cli.log_format {
        LogFormat::Json => {
            let lines = json_subscriber::layer().with_writer(io::stderr).flatten_event(true);
            let lines =
                lines.flatten_span_list_on_top_level(true).with_current_span(false).with_span_list(false);
            tracing_subscriber::registry().with(filter).with(lines).try_init()
        }
        LogFormat::Text => {
            let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
            tracing_subscriber::registry().with(filter).with(lines).try_init()
        }
    };
}
