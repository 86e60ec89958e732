//! The command line: `build`, `run`, `up`, `where`.

mod run;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::{Binaries, Cluster, Options, Progress, Result, Tool, cache_folder};

/// A real Kubernetes control plane on this machine: etcd and kube-apiserver, and where asked
/// kube-controller-manager and kube-scheduler. It needs neither Docker nor root, listens on
/// 127.0.0.1 alone, and leaves nothing behind, however it ends.
///
/// The first time, its programs are built from source with Go: about five and a half minutes on two cores.
/// Where KUBEBUILDER_ASSETS names a folder with etcd, kube-apiserver and kubectl (the one of
/// `setup-envtest`), they are used and nothing is built.
#[derive(Parser, Debug)]
#[command(
    name = "snowfence-testbed",
    version,
    after_help = "Examples:\n  \
        snowfence-testbed run -- kubectl get namespaces\n  \
        snowfence-testbed run --controller-manager -- make test\n  \
        snowfence-testbed up --controller-manager",
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Build the programs, so that later starts wait for nothing
    Build {
        /// Which programs; all of them by default
        #[arg(value_name = "PROGRAM", value_parser = tool)]
        programs: Vec<Tool>,
    },
    /// Run a command against a fresh control plane, and end everything with it
    ///
    /// The command gets KUBECONFIG, a kubectl that fits as the first of its PATH, and
    /// SNOWFENCE_TESTBED with the folder of keys and logs. Standard input and output are the
    /// command's alone; the testbed speaks on standard error. Its exit code is returned (128 + N
    /// where signal N ended it); SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on.
    #[command(override_usage = "snowfence-testbed run [OPTIONS] -- COMMAND [ARGUMENTS]")]
    Run {
        #[command(flatten)]
        what: What,
        /// The command and its arguments, after `--`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Start a control plane, print how to use it, and keep it until Ctrl-C
    Up {
        #[command(flatten)]
        what: What,
    },
    /// Print the folder that holds the programs that were built
    Where,
}

#[derive(Args, Debug)]
struct What {
    /// Also run kube-controller-manager: garbage collection, ServiceAccounts, namespaces that end, Deployments
    #[arg(long)]
    controller_manager: bool,
    /// Also run kube-scheduler
    #[arg(long)]
    scheduler: bool,
    /// Write every request to audit.log in the cluster's folder
    #[arg(long)]
    audit: bool,
    /// Keep keys, logs and data in this new or empty folder; by default they go to a temporary one
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Say nothing while programs are built
    #[arg(long, short)]
    quiet: bool,
}

impl From<What> for Options {
    fn from(what: What) -> Self {
        Self {
            controller_manager: what.controller_manager,
            scheduler: what.scheduler,
            audit: what.audit,
            dir: what.dir,
            progress: if what.quiet { Progress::Silent } else { Progress::Auto },
            ..Self::default()
        }
    }
}

fn tool(name: &str) -> Result<Tool, String> {
    let known = || Tool::ALL.map(Tool::name).join(", ");
    Tool::ALL
        .into_iter()
        .find(|tool| tool.name() == name)
        .ok_or_else(|| format!("the programs are {}", known()))
}

/// Parses the command line and does what it says. Exit codes of its own: 1, and 2 for a wrong usage.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Build { programs } => build(&programs),
        Command::Where => cache_folder().map(|folder| {
            println!("{}", folder.display());
            ExitCode::SUCCESS
        }),
        Command::Run { what, command } => asynchronous(run::run(what.into(), command)),
        Command::Up { what } => asynchronous(up(what.into())),
    };
    done.unwrap_or_else(|error| {
        eprintln!("snowfence-testbed: {error}");
        ExitCode::FAILURE
    })
}

fn asynchronous(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    use crate::error::Context as _;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context(|| "starting the runtime".to_owned())?.block_on(work)
}

fn build(programs: &[Tool]) -> Result<ExitCode> {
    let programs = if programs.is_empty() { &Tool::ALL } else { programs };
    Binaries::build(programs, Progress::Auto)?;
    println!("{}", cache_folder()?.display());
    Ok(ExitCode::SUCCESS)
}

async fn up(options: Options) -> Result<ExitCode> {
    let (manager, audit) = (options.controller_manager, options.audit);
    let cluster = Cluster::start(options).await?;
    let mut signals = run::Signals::new()?;
    let kubeconfig = cluster.kubeconfig();
    println!("The control plane serves at {}\n", cluster.url());
    println!("  export KUBECONFIG={}", kubeconfig.display());
    for (name, value) in cluster.environment()? {
        if name == "PATH" {
            let first = std::env::split_paths(&value).next().unwrap_or_default();
            println!("  export PATH={}:$PATH   # a kubectl that fits", first.display());
        }
    }
    println!("  kubectl get namespaces\n\nLogs: {}/*.log", cluster.dir().display());
    if audit {
        println!("Every request: {}", cluster.audit_log().display());
    }
    if !manager {
        println!("Without --controller-manager deleted namespaces stay in Terminating.");
    }
    println!("Ctrl-C ends it.");
    loop {
        tokio::select! {
            _ = signals.next() => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => cluster.check()?,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_program_is_answered_with_the_known_ones() {
        assert!(tool("kubelet").unwrap_err().contains("kube-controller-manager"));
    }
}
