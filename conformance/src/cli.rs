//! The command line.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use snowfence_emulator::account::Edition;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    account::{Account, Unreachable, Way},
    case::{self, BadFile, File},
    names::{BadPrefix, Prefix},
    report,
    run::{self, Refused, Stop, Verdict},
    sweep::{self, Left},
};

const EXAMPLES: &str = "\
Examples:
  The list against an emulator that is started for it:
    snowfence-conformance
  Against an account, with a connection of the snow command line; asks first:
    snowfence-conformance --connection dev
  One kind, without being asked:
    snowfence-conformance --connection dev --only warehouses --yes
  Drop what a run left that was killed:
    snowfence-conformance --connection dev --sweep SNOWFENCE_0123456789ABCDEF

In an account everything that is made has a name that begins with SNOWFENCE_ and 16 random
digits, and is dropped at the end, also after an error or Ctrl-C. Nothing else is changed.

Exit codes: 0 everything matches; 1 something differs, is left behind, or could not be run.";

/// Runs the list of what Snowflake answers against an emulator or an account, and tells each difference.
#[derive(Clone, Debug, Parser)]
#[command(name = "snowfence-conformance", version, after_help = EXAMPLES)]
pub struct Cli {
    /// A connection of the snow command line (connections.toml or config.toml in ~/.snowflake). Without it, the list
    /// is run against an emulator in this process.
    #[arg(short, long, value_name = "NAME")]
    pub connection: Option<String>,
    /// Don't ask before an account is used.
    #[arg(short, long, requires = "connection")]
    pub yes: bool,
    /// Also run what starts a warehouse: X-Small, a minute each, in an account for credits.
    #[arg(long, requires = "connection")]
    pub compute: bool,
    /// Only this file of cases. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub only: Vec<String>,
    /// Run nothing; drop what begins with the prefix of an earlier run.
    #[arg(long, value_name = "PREFIX", requires = "connection", conflicts_with_all = ["only", "list", "compute"])]
    pub sweep: Option<String>,
    /// Run nothing; print the cases and where they come from.
    #[arg(long)]
    pub list: bool,
    /// The edition of the emulator.
    #[arg(long, value_enum, default_value_t = OfEdition::Enterprise, conflicts_with = "connection")]
    pub edition: OfEdition,
    /// A further host that tokens may be sent to, beside *.snowflakecomputing.com and .cn.
    #[arg(long = "allow-host", value_name = "HOST", env = "SNOWFENCE_ALLOW_HOSTS", value_delimiter = ',')]
    pub allow_hosts: Vec<String>,
    /// Certificate authorities to trust besides the system's, in PEM.
    #[arg(long, value_name = "FILE", env = "SNOWFENCE_CA_BUNDLE")]
    pub ca_bundle: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OfEdition {
    Standard,
    Enterprise,
}

/// Why the program gave up.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Cases(#[from] BadFile),
    #[error(transparent)]
    Account(#[from] Unreachable),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Prefix(#[from] BadPrefix),
    #[error("--only {0}: there is no such file; there are {1}")]
    NoFile(String, String),
    #[error("there is nobody to ask: say --yes")]
    NobodyToAsk,
    #[error("the answer was no; nothing was done")]
    No,
    #[error("{0}: {1}")]
    Io(&'static str, io::Error),
}

/// Runs the program; the error, if there is one, has been shown.
pub fn main(cli: &Cli) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result =
        runtime.map_err(|error| Error::Io("no runtime", error)).and_then(|runtime| runtime.block_on(go(cli)));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn go(cli: &Cli) -> Result<bool, Error> {
    let files = chosen(cli)?;
    if cli.list {
        return out(&report::listed(&files)).map(|()| true);
    }
    let account = open(cli).await?;
    for warning in &account.warnings {
        note(warning);
    }
    if let Some(prefix) = &cli.sweep {
        return swept(cli, &account, &Prefix::parse(prefix)?).await;
    }
    let prefix = Prefix::random();
    note(&format!(
        "{}: user {}, role {}, edition {}, prefix {prefix}",
        account.name, account.user, account.role, account.edition
    ));
    if !account.emulated {
        let count: usize = files.iter().map(|file| file.cases.len()).sum();
        ask(
            cli,
            &format!(
                "{count} cases make and drop warehouses, monitors, databases, roles and users named {prefix}_… in this \
             account, and change nothing else. Run them?"
            ),
        )?;
    }
    let stop = Stop::default();
    listen(stop.clone(), prefix.clone(), cli.connection.clone())?;
    let progress = io::stderr().is_terminal();
    let told = |file: &str, result: &run::CaseResult| {
        let sign = match result.verdict {
            Verdict::Matched(_) => "matched",
            Verdict::Differs { .. } => "differs",
            Verdict::Skipped(_) => "skipped",
        };
        if progress && !account.emulated {
            note(&format!("{sign}  {file}: {}", result.case.name));
        }
    };
    let run = run::run(&account, prefix, &files, &stop, told).await?;
    out(&run.report(account.emulated))?;
    Ok(run.is_good())
}

fn chosen(cli: &Cli) -> Result<Vec<File>, Error> {
    let mut files = case::all()?;
    for name in &cli.only {
        if !files.iter().any(|file| file.name == *name) {
            let names = files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Error::NoFile(name.clone(), names));
        }
    }
    files.retain(|file| cli.only.is_empty() || cli.only.contains(&file.name));
    Ok(files)
}

async fn open(cli: &Cli) -> Result<Account, Error> {
    let Some(connection) = cli.connection.clone() else {
        let edition = match cli.edition {
            OfEdition::Standard => Edition::Standard,
            OfEdition::Enterprise => Edition::Enterprise,
        };
        return Ok(Account::emulated(edition).await?);
    };
    let way = Way {
        connection,
        allow_hosts: cli.allow_hosts.clone(),
        ca_bundle: cli.ca_bundle.clone(),
        compute: cli.compute,
    };
    Ok(Account::connected(&way).await?)
}

async fn swept(cli: &Cli, account: &Account, prefix: &Prefix) -> Result<bool, Error> {
    let (found, _) = sweep::find(&account.client, prefix).await;
    for object in &found {
        note(&object.to_string());
    }
    if !found.is_empty() {
        ask(cli, &format!("Drop these {} in {}?", found.len(), account.name))?;
    }
    let left = sweep::sweep(&account.client, prefix).await;
    let Left { objects, unseen, dropped } = &left;
    let mut text = format!("{dropped} dropped\n");
    for (object, error) in objects {
        let _ = writeln!(text, "left: {object}: {error}");
    }
    for (kind, error) in unseen {
        let _ = writeln!(text, "not looked for: {kind}: {error}");
    }
    out(&text)?;
    Ok(left.is_empty())
}

/// The first signal ends the run and begins the cleaning, a second one ends the program.
fn listen(stop: Stop, prefix: Prefix, connection: Option<String>) -> Result<(), Error> {
    let io = |error| Error::Io("no signals", error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(io)?;
    tokio::spawn(async move {
        for round in 0..2 {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if round == 0 {
                stop.now();
                note("interrupted: dropping what was made; once more leaves it");
            }
        }
        note(&match connection {
            Some(name) => format!("left as it is; drop it with: --connection {name} --sweep {prefix}"),
            None => "left as it is".to_owned(),
        });
        std::process::exit(130);
    });
    Ok(())
}

fn ask(cli: &Cli, question: &str) -> Result<(), Error> {
    if cli.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::NobodyToAsk);
    }
    let mut stderr = anstream::stderr();
    write!(stderr, "{question} [y/N] ")
        .and_then(|()| stderr.flush())
        .map_err(|error| Error::Io("standard error", error))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Error::Io("standard input", error))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::No),
    }
}

fn out(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::Io("standard output", error))
}

fn note(text: &str) {
    // Nobody may be listening; the report is what counts.
    let _ = writeln!(anstream::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::Cli;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["x", "--yes"]).is_err(), "nothing is asked without an account");
        assert!(Cli::try_parse_from(["x", "--connection", "a", "--edition", "standard"]).is_err());
    }
}
