//! The emulator, as a process of its own.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::Result;

pub struct Emulator {
    pub url: String,
    /// `organization-account`.
    pub account: String,
    /// A file.
    pub private_key: PathBuf,
    /// For tools that take no host.
    pub proxy: String,
    /// Whom they must trust there: a file.
    pub ca: PathBuf,
    pub password: String,
    token: String,
    latency: Duration,
    http: reqwest::Client,
    _process: Child,
    _stdout: BufReader<ChildStdout>,
}

/// What it prints when it serves.
#[derive(Deserialize)]
struct Told {
    url: String,
    ca: PathBuf,
    proxy: String,
    organization: String,
    account: String,
    users: Vec<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    private_key: PathBuf,
    password: String,
    token: String,
}

/// A statement that it received.
#[derive(Clone, Debug, Deserialize)]
pub struct Statement {
    pub seq: u64,
    pub text: String,
    pub client: String,
    start: Timestamp,
    /// Milliseconds.
    elapsed: f64,
}

impl Statement {
    pub fn verb(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }
    pub fn writes(&self) -> bool {
        !matches!(self.verb(), "SHOW" | "SELECT" | "DESC" | "DESCRIBE")
    }
    /// The words before the first name: `SHOW PRIMARY KEYS`, `CREATE TABLE`; and what ALTER makes of a state.
    fn words(&self) -> String {
        let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase() || c == '_') && *word != "IN";
        let mut words: Vec<_> = self.text.split_whitespace().take_while(is_word).collect();
        words.extend(self.text.split_whitespace().last().filter(|_| self.is_of_state()));
        words.join(" ")
    }
    /// `ALTER … RESUME`, `ALTER … SUSPEND`.
    pub fn is_of_state(&self) -> bool {
        self.verb() == "ALTER" && (self.text.ends_with(" RESUME") || self.text.ends_with(" SUSPEND"))
    }
    /// Seconds since 1970.
    pub fn start(&self) -> f64 {
        self.start.as_microsecond() as f64 / 1e6
    }
    pub fn end(&self) -> f64 {
        self.start() + self.elapsed / 1e3
    }
}

/// `CREATE 1000, SHOW 3`.
pub fn by_verb(statements: &[Statement]) -> String {
    counted(statements.iter().map(|statement| statement.verb().to_owned()))
}

/// `CREATE TABLE 500, SHOW TABLES 1`.
pub fn by_kind(statements: &[Statement]) -> String {
    counted(statements.iter().map(Statement::words))
}

fn counted(all: impl Iterator<Item = String>) -> String {
    let mut count = BTreeMap::new();
    for one in all {
        *count.entry(one).or_insert(0) += 1;
    }
    count.iter().map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join(", ")
}

impl Emulator {
    pub async fn start(latency: Duration) -> Result<Self> {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_snowfence")).with_file_name("snowfence-emulator");
        let mut process = Command::new(&program)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--proxy",
                "127.0.0.1:0",
                "--latency",
                &format!("{}ms", latency.as_millis()),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let program = program.display();
                format!("{program}: {error}; `cargo build --release --workspace --bins` makes it")
            })?;
        let stdout = process.stdout.take().ok_or("the emulator has no output")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        tokio::time::timeout(Duration::from_secs(30), stdout.read_line(&mut line)).await??;
        let told: Told =
            serde_json::from_str(&line).map_err(|error| format!("the emulator said {line:?}: {error}"))?;
        let user = told.users.into_iter().next().ok_or("the emulator has no user")?;
        Ok(Self {
            url: told.url,
            account: format!("{}-{}", told.organization, told.account),
            private_key: user.private_key,
            proxy: told.proxy,
            ca: told.ca,
            password: user.password,
            token: user.token,
            latency,
            http: reqwest::Client::builder().no_proxy().build()?,
            _process: process,
            _stdout: stdout,
        })
    }

    /// What Snowfence sent after the `since`-th statement.
    pub async fn statements(&self, since: u64) -> Result<Vec<Statement>> {
        self.statements_of("snowfence/", since).await
    }

    /// What a client sent that calls itself so.
    pub async fn statements_of(&self, client: &str, since: u64) -> Result<Vec<Statement>> {
        let mut all = self.all(since).await?;
        all.retain(|statement| statement.client.starts_with(client));
        Ok(all)
    }

    /// The number of the latest statement.
    pub async fn last(&self) -> Result<u64> {
        Ok(self.all(0).await?.last().map_or(0, |statement| statement.seq))
    }

    async fn all(&self, since: u64) -> Result<Vec<Statement>> {
        let url = format!("{}/emulator/statements?since={since}", self.url);
        let answer = self.http.get(url).send().await?.error_for_status()?;
        let dropped = answer.headers().get("x-snowfence-dropped").and_then(|value| value.to_str().ok());
        if dropped.is_some_and(|dropped| dropped != "0") && since == 0 {
            return Err("the emulator has dropped statements".into());
        }
        Ok(answer.json().await?)
    }

    /// From now on each request takes so long.
    pub async fn takes(&self, latency: Duration) -> Result<()> {
        let url = format!("{}/emulator/faults", self.url);
        self.http.delete(&url).send().await?.error_for_status()?;
        let extra = latency.saturating_sub(self.latency).as_millis();
        if extra > 0 {
            let faults = json!([{"count": 1_000_000_000, "action": {"latency": {"millis": extra}}}]);
            self.http.post(&url).json(&faults).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// Executes a statement behind Snowfence's back.
    pub async fn execute(&self, statement: &str) -> Result<()> {
        let answer = self.http.post(format!("{}/api/v2/statements", self.url)).bearer_auth(&self.token);
        let answer = answer
            .header("X-Snowflake-Authorization-Token-Type", "PROGRAMMATIC_ACCESS_TOKEN")
            .header("User-Agent", "somebody/1.0")
            .json(&json!({"statement": statement, "role": "ACCOUNTADMIN"}));
        let answer = answer.send().await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(format!("{statement}: {}", answer.text().await?).into())
    }
}
