//! The command line.

mod keep;
mod serve;
mod sql;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A local Snowflake for the control plane: warehouses, monitors, databases, roles and grants behind the SQL API.
///
/// Without a command it serves until SIGTERM or SIGINT. Once it serves, it prints one line of JSON: its URL, the file
/// of the CA (with --tls or --proxy), the URL of the proxy (with --proxy), organization and account, and each user's name, password, access token, private key (a
/// file) and roles. Logs go to stderr (RUST_LOG).
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

const EXAMPLES: &str = "\
Examples:
  Serve, and keep what the program prints:
    snowfence-emulator --listen 127.0.0.1:8085 --state account.state > emulator.json
  Ask it something, as OPERATOR:
    jq -r '.users[0].token' emulator.json > token
    snowfence-emulator sql --url http://127.0.0.1:8085 --token-file token 'SHOW WAREHOUSES'
  See every statement that clients sent:
    curl http://127.0.0.1:8085/emulator/statements
  Let the next CREATE succeed and its answer get lost:
    curl -d '[{\"when\": {\"verb\": \"CREATE\"}, \"action\": {\"answer_lost\": {}}}]' http://127.0.0.1:8085/emulator/faults";

#[derive(Debug, Subcommand)]
enum Command {
    /// Send statements to an emulator (or an account) through the SQL API, and print the answers as tables.
    Sql(Box<sql::Sql>),
    /// Print what statements it knows, kind by kind, as a table in Markdown.
    Coverage,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one. Its controls need no credentials: keep it on loopback.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Speak TLS, with a certificate for 127.0.0.1, localhost and *.snowflakecomputing.com from a CA of its own.
    #[arg(long)]
    tls: bool,
    /// Open a CONNECT proxy there, for tools that take no host: HTTPS_PROXY leads them here whatever account of
    /// *.snowflakecomputing.com they ask for; they must trust the file `ca` of the line (REQUESTS_CA_BUNDLE,
    /// SSL_CERT_FILE). It leads nowhere else.
    #[arg(long, value_name = "ADDRESS")]
    proxy: Option<SocketAddr>,
    /// Keep the account in FILE: read when it is there, written after changes and at the end. Keys and tokens are
    /// kept in FILE.d, readable by the owner alone.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// How long each request takes at least: 50ms, 2s.
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = duration)]
    latency: Duration,
    /// What the account has paid for: in standard there are no multi-cluster warehouses, for one.
    #[arg(long, value_enum, default_value_t = Edition::Enterprise)]
    edition: Edition,
    /// The organization's name.
    #[arg(long, value_name = "NAME", default_value = "SNOWFENCE", value_parser = identifier)]
    organization: String,
    /// The account's name in the organization.
    #[arg(long, value_name = "NAME", default_value = "EMULATOR", value_parser = identifier)]
    account: String,
    /// A further user and its roles, NAME=ROLE,ROLE. OPERATOR with ACCOUNTADMIN and SYSADMIN is always there.
    #[arg(long = "user", value_name = "NAME=ROLES", value_parser = user)]
    users: Vec<(String, Vec<String>)>,
    /// A client of the authorization server (POST /oauth/token-request): a JSON file {id, secret, user, roles,
    /// lifetime (seconds)}.
    #[arg(long = "oauth-client", value_name = "FILE")]
    oauth_clients: Vec<PathBuf>,
    /// An issuer whose tokens workloads sign in with, and its keys: a JWK set in a file or at a loopback URL.
    #[arg(long = "oidc-issuer", value_name = "ISSUER=FILE|URL", value_parser = issuer)]
    issuers: Vec<(String, String)>,
    /// After how long a statement that still runs is answered with 202.
    #[arg(long, value_name = "DURATION", default_value = "45s", value_parser = duration)]
    patience: Duration,
    /// How many bytes of JSON a partition of a result holds.
    #[arg(long, value_name = "BYTES", default_value_t = 10 << 20)]
    partition_bytes: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Edition {
    Standard,
    Enterprise,
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.command {
            None => self.serve.run().await,
            Some(Command::Sql(sql)) => sql.run().await,
            Some(Command::Coverage) => {
                print!("{}", snowfence_emulator::account::Coverage::markdown());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|error| format!("a duration such as 50ms or 2s is expected: {error}"))?;
    span.try_into().map_err(|_| "a duration must not be negative".to_owned())
}

fn identifier(text: &str) -> Result<String, String> {
    let good =
        !text.is_empty() && text.len() <= 63 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if good { Ok(text.to_uppercase()) } else { Err("letters, digits and underscores are expected".into()) }
}

fn user(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, roles) = text.split_once('=').ok_or("NAME=ROLE,ROLE is expected")?;
    let roles = roles.split(',').map(str::trim).filter(|role| !role.is_empty()).map(str::to_owned).collect();
    if name.is_empty() { Err("a user needs a name".into()) } else { Ok((name.to_owned(), roles)) }
}

fn issuer(text: &str) -> Result<(String, String), String> {
    // An issuer is a URL, and may hold an equals sign; the last one counts.
    let (issuer, keys) = text.rsplit_once('=').ok_or("ISSUER=FILE or ISSUER=URL is expected")?;
    if issuer.is_empty() || keys.is_empty() {
        return Err("ISSUER=FILE or ISSUER=URL is expected".into());
    }
    Ok((issuer.to_owned(), keys.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn values_are_read() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert!(duration("5").is_err());
        assert!(duration("-1s").is_err());
        assert_eq!(user("A=B, C").unwrap(), ("A".into(), vec!["B".into(), "C".into()]));
        assert_eq!(issuer("https://x/?a=b=/keys").unwrap().1, "/keys");
        assert!(identifier("a-b").is_err());
    }
}
