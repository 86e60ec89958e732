//! What the command line understands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Makes a Snowflake account match YAML: as a Kubernetes operator, or as this command, without a cluster.
#[derive(Clone, Debug, Parser)]
#[command(name = "snowfence", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// How logs are written to stderr.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "SNOWFENCE_LOG_FORMAT")]
    pub log_format: LogFormat,
    /// Log more: -v what is done, -vv how. RUST_LOG takes precedence.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour. NO_COLOR and CLICOLOR_FORCE are heeded, too.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

const EXAMPLES: &str = "\
Examples:
  See what would change, with a connection of the snow command line:
    snowfence plan -f warehouses.yaml --connection dev
  Make it so:
    snowfence apply -f warehouses.yaml --connection dev
  Write manifests for what exists:
    snowfence import --connection dev --like 'WH_%' -o warehouses.yaml
  Install the custom resources in a cluster:
    snowfence crds | kubectl apply --server-side -f -";

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Show what apply would change, and change nothing.
    Plan(Plan),
    /// Show the plan, ask, and make Snowflake match the manifests.
    Apply(Apply),
    /// Write manifests for what exists: warehouses, resource monitors, whole schemas.
    Import(Import),
    /// Run as the operator, in a cluster.
    Operator(Operator),
    /// Print the definitions of the custom resources.
    Crds(Crds),
    /// Print a script that completes this command in a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs; docs/reference/plan-json.md describes it.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// Which manifests are read.
#[derive(Clone, Debug, Args)]
pub struct Files {
    /// Files, folders (their .yaml, .yml and .json), or - for standard input. May be repeated.
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true, num_args = 1..)]
    pub paths: Vec<PathBuf>,
    /// Also read the folders in the folders.
    #[arg(short = 'R', long)]
    pub recursive: bool,
    /// The namespace of manifests that name none; one that names another is refused.
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// As whom, and where, Snowflake is spoken to.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Snowflake")]
pub struct Access {
    /// A connection of the snow command line (connections.toml or config.toml in ~/.snowflake). Takes precedence over
    /// a SnowflakeConnection among the manifests; without either, SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER,
    /// SNOWFLAKE_PRIVATE_KEY_PATH and so on are used.
    #[arg(short, long, value_name = "NAME")]
    pub connection: Option<String>,
    /// Take connections, their Secrets, and what is recorded as ours from the cluster.
    #[arg(long, conflicts_with = "connection")]
    pub from_cluster: bool,
    /// The context of the kubeconfig.
    #[arg(long, value_name = "NAME", requires = "from_cluster")]
    pub context: Option<String>,
    #[command(flatten)]
    pub network: Network,
}

/// Where tokens may go.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Snowflake")]
pub struct Network {
    /// A further host that tokens may be sent to, beside *.snowflakecomputing.com and .cn: host, host:port or
    /// *.domain. May be repeated.
    #[arg(long = "allow-host", value_name = "HOST", env = "SNOWFENCE_ALLOW_HOSTS", value_delimiter = ',')]
    pub allow_hosts: Vec<String>,
    /// Certificate authorities to trust besides the system's, in PEM.
    #[arg(long, value_name = "FILE", env = "SNOWFENCE_CA_BUNDLE")]
    pub ca_bundle: Option<PathBuf>,
}

const CREDENTIALS: &str = "\
Credentials come from, in this order:
  1. --connection NAME, a connection as the snow command line keeps it: connections.toml, or [connections.NAME] of \
config.toml, in $SNOWFLAKE_HOME, ~/.snowflake or the platform's folder. Its keys account, user, role, warehouse, host, \
port, protocol, authenticator, private_key_file (private_key_path, private_key_raw), token (token_file_path), oauth_* \
and workload_identity_provider are read; SNOWFLAKE_CONNECTIONS_<NAME>_<KEY> overrides a key, SNOWFLAKE_<KEY> gives one \
that is missing.
  2. a SnowflakeConnection, with its Secret: among the manifests, or with --from-cluster there.
  3. the environment: SNOWFLAKE_ACCOUNT and the like.

Authenticators are SNOWFLAKE_JWT (PRIVATE_KEY_PASSPHRASE opens an encrypted key), PROGRAMMATIC_ACCESS_TOKEN, OAUTH, \
OAUTH_CLIENT_CREDENTIALS and WORKLOAD_IDENTITY (OIDC).";

const PLAN: &str = "\
Examples:
  snowfence plan -f examples/quickstart
  snowfence plan -f . -R --connection dev --show-sql
  kustomize build . | snowfence plan -f - --output markdown
  snowfence plan -f . --output json | jq '.changes[] | select(.risk == \"destructive\")'

Signs: + create, ~ change, - delete, -/+ replace, = adopt, ! held or not planned.
Exit codes: 0 planned, 1 error; with --detailed-exitcode 0 no changes, 1 error, 2 changes.

Without a cluster there is no record of what is ours: an object with the right name that the role owns counts as ours, \
nothing is dropped and nothing that left a manifest is released.";

#[derive(Clone, Debug, Args)]
#[command(after_help = PLAN, after_long_help = both(PLAN, CREDENTIALS))]
pub struct Plan {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub access: Access,
    /// The form of the plan.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// Also show the statements that apply would run.
    #[arg(long)]
    pub show_sql: bool,
    /// Exit with 2 when there are changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

const APPLY: &str = "\
Examples:
  snowfence apply -f examples/quickstart
  snowfence apply -f . -R --connection prod --yes

Exit codes: 0 everything was done, 1 something failed or could not be planned, or the answer was no.";

#[derive(Clone, Debug, Args)]
#[command(after_help = APPLY, after_long_help = both(APPLY, CREDENTIALS))]
pub struct Apply {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub access: Access,
    /// Don't ask. Without a terminal to ask on, this is needed.
    #[arg(short, long)]
    pub yes: bool,
    /// How many objects are changed at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// The form of the plan and of what came of it.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// Also show the statements that are run.
    #[arg(long)]
    pub show_sql: bool,
}

const IMPORT: &str = "\
Examples:
  snowfence import --connection dev > account.yaml
  snowfence import --connection dev --kind warehouse --like 'WH_%' --owner SYSADMIN -o warehouses.yaml
  snowfence import --connection dev --schema ANALYTICS.GONG -o gong.yaml
  snowfence import --connection dev --database ANALYTICS > analytics.yaml

Without --schema and --database, warehouses and resource monitors are written. With them, a CortexPipeline for each \
schema: its tables, streams, task graphs, procedures, functions, views, policies and so on. What a manifest can't say is \
left out, and named with the reason on stderr and in comments before the manifest. Credentials are never written.

What is written is ready to adopt: planning it is empty. It says adopt: true, so that the operator takes the objects \
over; drop the fields that you don't want to manage.";

#[derive(Clone, Debug, Args)]
#[command(after_help = IMPORT, after_long_help = both(IMPORT, CREDENTIALS))]
pub struct Import {
    #[command(flatten)]
    pub access: Access,
    /// A schema to write as a CortexPipeline. May be repeated.
    #[arg(short, long, value_name = "DATABASE.SCHEMA")]
    pub schema: Vec<String>,
    /// A database to write with all its schemas, each as a CortexPipeline. May be repeated.
    #[arg(short, long, value_name = "DATABASE")]
    pub database: Vec<String>,
    /// Only this kind; with --schema or --database, this kind besides. May be repeated.
    #[arg(short, long, value_enum)]
    pub kind: Vec<Kind>,
    /// Only objects whose name is like this pattern of SQL: % is any text, _ any character; case counts not.
    #[arg(long, value_name = "PATTERN")]
    pub like: Option<String>,
    /// Only objects that this role owns.
    #[arg(long, value_name = "ROLE")]
    pub owner: Option<String>,
    /// What the names of the resources begin with.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub name_prefix: String,
    /// The SnowflakeConnection that the manifests refer to.
    #[arg(long, value_name = "NAME", default_value = "snowflake")]
    pub connection_ref: String,
    /// The namespace that the manifests name.
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The file to write, or - for standard output. An existing file is not overwritten.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    #[value(alias = "SnowflakeWarehouse", alias = "warehouses")]
    Warehouse,
    #[value(alias = "ResourceMonitor", alias = "resource-monitors", alias = "monitor")]
    ResourceMonitor,
}

#[derive(Clone, Debug, Args)]
pub struct Crds {
    /// Write a file for each into this folder instead.
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Operator {
    /// Lead alone among several replicas, by a Lease.
    #[arg(long, env = "SNOWFENCE_LEADER_ELECTION")]
    pub leader_election: bool,
    /// The name of the Lease.
    #[arg(long, value_name = "NAME", default_value = "snowfence", env = "SNOWFENCE_LEASE_NAME")]
    pub lease_name: String,
    /// The namespace of the Lease; left out, that of this pod.
    #[arg(long, value_name = "NAME", env = "SNOWFENCE_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// Where /metrics, /healthz and /readyz are served.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080", env = "SNOWFENCE_METRICS_ADDR")]
    pub metrics_addr: std::net::SocketAddr,
    /// Only look after this namespace. May be repeated; left out, after all.
    #[arg(
        long = "watch-namespace",
        value_name = "NAME",
        env = "SNOWFENCE_WATCH_NAMESPACES",
        value_delimiter = ','
    )]
    pub watch_namespaces: Vec<String>,
    /// How long a Lease holds without being renewed, in seconds: so long nobody leads after a crash.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(3..=600))]
    pub lease_duration: u64,
    /// How many resources of a kind are reconciled at once. Statements have their own limit: spec.concurrency of the
    /// connection.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,
    /// The context of the kubeconfig; left out, the cluster that this runs in, else the current context.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    #[command(flatten)]
    pub network: Network,
}

fn both(first: &str, second: &str) -> String {
    format!("{first}\n\n{second}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::{CommandFactory as _, Parser as _};

    use super::{Cli, Command};

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn paths_are_taken_as_kubectl_takes_them() {
        let cli = Cli::parse_from([
            "snowfence",
            "plan",
            "-f",
            "a",
            "b",
            "-R",
            "-f",
            "-",
            "-n",
            "x",
            "--color",
            "never",
        ]);
        let Command::Plan(plan) = cli.command else { panic!() };
        assert_eq!(plan.files.paths, ["a", "b", "-"].map(PathBuf::from));
        assert!(Cli::try_parse_from(["snowfence", "plan"]).is_err());
        assert!(Cli::try_parse_from(["snowfence", "plan", "-f", "a", "--context", "c"]).is_err());
    }

    #[test]
    fn help_names_the_sources_of_credentials() {
        for command in ["plan", "apply", "import"] {
            let help = Cli::try_parse_from(["snowfence", command, "--help"]).unwrap_err().to_string();
            assert!(
                help.contains("SNOWFLAKE_CONNECTIONS_<NAME>_<KEY>") && help.contains("Examples:"),
                "{help}"
            );
        }
    }
}
