//! The program against an account: an emulator on a socket, with a connection as the `snow` command line keeps it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use snowfence_emulator::{emulator::Emulator, http::Server};
use tempfile::TempDir;

/// An account that can be reached, and the folder that has the connection `dev` to it.
struct Account {
    emulator: Emulator,
    server: Server,
    home: TempDir,
}

impl Account {
    async fn new(latency: Duration) -> Self {
        let emulator = Emulator::builder().latency(latency).build();
        emulator.execute_as("ACCOUNTADMIN", "ALTER USER OPERATOR SET DEFAULT_SECONDARY_ROLES = ()").unwrap();
        let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let connection = format!(
            "[dev]\naccount = \"{}\"\nuser = \"OPERATOR\"\nrole = \"ACCOUNTADMIN\"\nhost = \"127.0.0.1\"\nport = {}\n\
             protocol = \"http\"\nauthenticator = \"PROGRAMMATIC_ACCESS_TOKEN\"\ntoken = \"{}\"\n",
            emulator.identifier(),
            server.address().port(),
            emulator.operator().token
        );
        fs::write(home.path().join("connections.toml"), connection).unwrap();
        Self { emulator, server, home }
    }

    fn command(&self, more: &[&str]) -> Command {
        let host = self.server.address().to_string();
        command(self.home.path(), &[&["--connection", "dev", "--allow-host", &host], more].concat())
    }

    async fn run(&self, more: &[&str]) -> Output {
        let mut command = self.command(more);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    fn made(&self) -> Vec<String> {
        let statements = self.emulator.statements(0).into_iter();
        statements
            .filter(|it| it.client.starts_with("snowfence/") && it.writes())
            .map(|it| it.text.clone())
            .collect()
    }

    /// What has a name of ours.
    fn left(&self) -> usize {
        ["WAREHOUSES", "RESOURCE MONITORS", "DATABASES", "ROLES", "USERS"]
            .map(|kind| format!("SHOW {kind} LIKE 'SNOWFENCE%'"))
            .iter()
            .map(|show| self.emulator.execute_as("ACCOUNTADMIN", show).unwrap().rows.len())
            .sum()
    }
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snowfence-conformance"));
    command.args(arguments).env_clear().env("SNOWFLAKE_HOME", home).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_compared_and_left_as_it_was() {
    let account = Account::new(Duration::ZERO).await;
    let output = account.run(&["--yes", "--only", "sessions", "--only", "warehouses"]).await;
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    assert!(err.contains("user OPERATOR, role ACCOUNTADMIN, edition ENTERPRISE, prefix SNOWFENCE_"), "{err}");
    for part in [
        "0 differ",
        "starts a warehouse, which costs credits",
        "confirmed: sessions:",
        "nothing is left of the run.",
    ] {
        assert!(out.contains(part), "{out}");
    }
    assert!(!account.made().is_empty());
    assert_eq!(account.left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_yes_nothing_is_done() {
    let account = Account::new(Duration::ZERO).await;
    let output = account.run(&[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is nobody to ask: say --yes"), "{}", text(&output.stderr));
    assert!(account.made().is_empty(), "{:?}", account.made());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_run_and_begins_the_cleaning() {
    let account = Account::new(Duration::from_millis(20)).await;
    let child = account.command(&["--yes"]).spawn().unwrap();
    let id = child.id().to_string();
    let waits = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    while account.made().len() < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = waits.await.unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}\n{err}");
    assert!(err.contains("interrupted: dropping what was made"), "{err}");
    assert!(out.contains("ended early: interrupted") && out.contains("nothing is left of the run."), "{out}");
    assert_eq!(account.left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_left_is_swept() {
    let account = Account::new(Duration::ZERO).await;
    let prefix = "SNOWFENCE_0123456789ABCDEF";
    for statement in [
        format!("CREATE WAREHOUSE {prefix}_W"),
        format!("CREATE ROLE {prefix}_R"),
        format!("GRANT OWNERSHIP ON WAREHOUSE {prefix}_W TO ROLE {prefix}_R"),
        format!("CREATE DATABASE \"{prefix}_d x\""),
        "CREATE ROLE SNOWFENCE_MINE".to_owned(),
    ] {
        account.emulator.execute_as("ACCOUNTADMIN", &statement).unwrap();
    }
    let wrong = account.run(&["--yes", "--sweep", "SNOWFENCE_"]).await;
    assert!(text(&wrong.stderr).contains("SNOWFENCE_ is no prefix of a run"), "{}", text(&wrong.stderr));
    assert_eq!(account.left(), 4);
    let output = account.run(&["--yes", "--sweep", prefix]).await;
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "3 dropped\n"));
    assert_eq!(account.left(), 1, "only what is not of a run");
}

#[test]
fn the_list_can_be_read() {
    let home = tempfile::tempdir().unwrap();
    let output = command(home.path(), &["--list", "--only", "roles"]).output().unwrap();
    let out = text(&output.stdout);
    assert!(
        output.status.success()
            && out.contains("https://docs.snowflake.com/en/sql-reference/sql/create-role"),
        "{out}"
    );
    let output = command(home.path(), &["--only", "shoes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no such file; there are language, warehouses"));
}
