//! What both demos stand on: the programs beside this one, a folder, the emulator, and the manifests of the quickstart.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    failure::{During as _, Failure, Result, expect},
    keeper::{Keeper, Program},
    manifests::{PIPELINES, QUICKSTART},
    say,
};

/// Their warehouses, with the sizes that they ask for, as SHOW prints them.
pub(crate) const WAREHOUSES: [(&str, &str); 4] = [
    ("WH_AGENT_QUERY", "Medium"),
    ("WH_BULK_LOAD", "Large"),
    ("WH_CORTEX", "X-Large"),
    ("WH_STREAMING", "Small"),
];
pub(crate) const MONITOR: &str = "DAILY_LIMIT";
/// The role of the connection, and of who changes things by hand.
pub(crate) const ROLE: &str = "ACCOUNTADMIN";

/// The line that the emulator prints once it serves.
#[derive(Debug, Deserialize)]
struct Line {
    url: String,
    organization: String,
    account: String,
    users: Vec<User>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    name: String,
    token: String,
    private_key: PathBuf,
}

/// A statement that the emulator has executed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) seq: u64,
    pub(crate) text: String,
    pub(crate) tag: Option<String>,
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) code: String,
}

impl Told {
    /// Whether it is Snowfence's, and changes something.
    pub(crate) fn is_our_write(&self) -> bool {
        let verb = self.text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        self.client.starts_with("snowfence/")
            && !matches!(verb.as_str(), "SELECT" | "SHOW" | "DESC" | "DESCRIBE")
    }
}

/// What a command has printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) code: Option<i32>,
}

/// Folder, programs and emulator. The fields are dropped in this order.
#[derive(Debug)]
pub(crate) struct Stage {
    emulator: Program,
    url: String,
    account: String,
    user: User,
    http: reqwest::Client,
    programs: PathBuf,
    environment: Vec<(OsString, OsString)>,
    keeper: Arc<Keeper>,
}

impl Stage {
    /// Starts the emulator, on a free port.
    pub(crate) async fn set() -> Result<Self> {
        let own = std::env::current_exe()?.canonicalize()?;
        let programs = own.parent().unwrap_or(Path::new("/")).to_owned();
        for name in ["snowfence", "snowfence-emulator"] {
            if !programs.join(name).is_file() {
                let folder = programs.display();
                return Err(Failure::new(format!(
                    "{name} is not in {folder}: build it with `cargo build --workspace --bins`"
                )));
            }
        }
        let keeper = Keeper::start().during("the folder of the demo")?;
        let (said, log) = (keeper.folder().join("emulator.json"), keeper.folder().join("emulator.log"));
        let mut command = bare(&programs.join("snowfence-emulator"));
        // Its keys go where everything else of the demo goes.
        command.env("TMPDIR", keeper.folder());
        let mut emulator = keeper.spawn(&command, Some(&said), &log).during("the emulator")?;
        let line = wait_for_line(&mut emulator, &said).await.map_err(|failure| failure.with_log(&log))?;
        let Line { url, organization, account, users } =
            serde_json::from_str(&line).during("what the emulator says")?;
        let user = users.into_iter().next().ok_or_else(|| Failure::new("the emulator has no user"))?;
        std::fs::write(keeper.folder().join("token"), &user.token)?;
        std::fs::copy(&user.private_key, keeper.folder().join("operator.p8"))?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build();
        Ok(Self {
            emulator,
            url,
            account: format!("{organization}-{account}"),
            user,
            http: http.during("the HTTP client")?,
            programs,
            environment: vec![("SNOWFENCE_ALLOW_HOSTS".into(), "127.0.0.1".into())],
            keeper,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.keeper.folder()
    }
    pub(crate) fn keeper(&self) -> &Arc<Keeper> {
        &self.keeper
    }
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
    pub(crate) fn account(&self) -> &str {
        &self.account
    }
    pub(crate) fn user(&self) -> &str {
        &self.user.name
    }
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }
    /// The PATH of the commands.
    pub(crate) fn path(&self) -> OsString {
        let set = self.environment.iter().rev().find(|(name, _)| name == "PATH");
        set.map(|(_, value)| value.clone()).or_else(|| std::env::var_os("PATH")).unwrap_or_default()
    }
    /// What a shell needs before its own PATH: programs and kubectl of the demo.
    pub(crate) fn first_paths(&self) -> String {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let usual: Vec<PathBuf> = std::env::split_paths(&usual).collect();
        let paths = self.path();
        let ours = std::env::split_paths(&paths).filter(|path| !usual.contains(path));
        ours.map(|path| path.display().to_string() + ":").collect::<String>() + "$PATH"
    }
    pub(crate) fn emulator_log(&self) -> PathBuf {
        self.folder().join("emulator.log")
    }

    /// Sets a variable for all commands that follow.
    pub(crate) fn set_variable(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.environment.push((name.into(), value.into()));
    }

    /// Fails if the emulator has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.emulator.ended() {
            None => Ok(()),
            Some(status) => {
                Err(Failure::new(format!("the emulator has ended: {status}")).with_log(&self.emulator_log()))
            }
        }
    }

    /// Copies examples/quickstart and examples/pipelines into the folder, for the emulator's account. `more` is added to the connection.
    pub(crate) fn write_manifests(&self, more: &str) -> Result<()> {
        let folder = self.folder().join("quickstart");
        std::fs::create_dir(&folder)?;
        for (name, text) in QUICKSTART {
            let text = if name == "connection.yaml" { self.patched(text, more)? } else { text.to_owned() };
            std::fs::write(folder.join(name), text)?;
        }
        let folder = self.folder().join("pipelines");
        std::fs::create_dir(&folder)?;
        for (name, text) in PIPELINES {
            std::fs::write(folder.join(name), text)?;
        }
        let folder = self.folder().join("quickstart");
        // Not an example to follow: a Secret belongs into no repository.
        let key = std::fs::read_to_string(self.folder().join("operator.p8"))?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "snowflake-key"}, "stringData": {"privateKey": key},
        });
        std::fs::write(folder.join("secret.json"), format!("{secret:#}\n"))?;
        Ok(())
    }

    fn patched(&self, connection: &str, more: &str) -> Result<String> {
        let mut text = connection.to_owned();
        let account = format!("account: {}\n  url: {}{more}", self.account, self.url);
        for (old, new) in
            [("account: MYORG-MYACCOUNT", account), ("user: SNOWFENCE", format!("user: {}", self.user.name))]
        {
            expect(
                text.matches(old).count() == 1,
                format!("{old:?} in examples/quickstart/connection.yaml"),
                &text,
            )?;
            text = text.replace(old, &new);
        }
        Ok(text)
    }

    /// A program of ours, or any other, in the folder, with the variables of the demo.
    pub(crate) fn command(&self, program: &str) -> Command {
        let own = self.programs.join(program);
        let mut command = bare(if own.is_file() { &own } else { Path::new(program) });
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir(self.folder());
        command
    }

    /// Runs a command and shows nothing.
    pub(crate) async fn quietly(&self, program: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = tokio::process::Command::from(self.command(program));
        command.args(arguments).kill_on_drop(true);
        let done = command.output().await.during(program)?;
        let text = [done.stdout, done.stderr].concat();
        Ok(Output { text: String::from_utf8_lossy(&text).into_owned(), code: done.status.code() })
    }

    /// Runs a command, shows it and what it prints. Fails unless it ends with `code`.
    pub(crate) async fn run(&self, program: &str, arguments: &[&str], code: i32) -> Result<String> {
        let line = shown(program, arguments);
        say::command(&line);
        let output = self.quietly(program, arguments).await?;
        say::output(&output.text);
        let text = say::plain(&output.text);
        expect(
            output.code == Some(code),
            format!("`{line}` ends with {code}, not {:?}", output.code),
            &text,
        )?;
        Ok(text)
    }

    /// Somebody else's statement: past Snowfence, with a client of its own.
    pub(crate) async fn by_hand(&self, statement: &str) -> Result<()> {
        let arguments = ["sql", "--url", &self.url, "--token-file", "token", "--role", ROLE, statement];
        self.run("snowfence-emulator", &arguments, 0).await.map(drop)
    }

    /// The rows of SHOW WAREHOUSES, as Snowflake has them now.
    pub(crate) async fn warehouse(&self, name: &str) -> Result<Warehouse> {
        let show = format!("SHOW WAREHOUSES LIKE '{name}'");
        let arguments = ["sql", "--url", &self.url, "--token-file", "token", "--role", ROLE, "--json", &show];
        let text = self.quietly("snowfence-emulator", &arguments).await?.text;
        let answer: Value = serde_json::from_str(&text).during(format!("SHOW WAREHOUSES: {text}"))?;
        Warehouse::from_answer(&answer)
            .ok_or_else(|| Failure::new(format!("Snowflake has no warehouse {name}")))
    }

    /// What was executed after the statement with this number.
    pub(crate) async fn statements(&self, since: u64) -> Result<Vec<Told>> {
        let url = format!("{}/emulator/statements?since={since}", self.url);
        let answer = self.http.get(&url).send().await.during(&url)?;
        answer.json().await.during(&url)
    }

    /// The number of the last statement so far.
    pub(crate) async fn last_statement(&self) -> Result<u64> {
        Ok(self.statements(0).await?.last().map_or(0, |told| told.seq))
    }

    /// Whether an address answers with 200.
    pub(crate) async fn answers(&self, url: &str) -> bool {
        self.http.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    }
}

/// The columns of a warehouse that the demo looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warehouse {
    pub(crate) size: String,
    pub(crate) state: String,
    pub(crate) resource_monitor: String,
}

impl Warehouse {
    fn from_answer(answer: &Value) -> Option<Self> {
        let columns = answer["resultSetMetaData"]["rowType"].as_array()?;
        let row = answer["data"].as_array()?.first()?;
        let cell = |name: &str| {
            let at = columns.iter().position(|column| column["name"] == name)?;
            row[at].as_str().map(str::to_owned)
        };
        let (size, state) = (cell("size")?, cell("state")?);
        Some(Self { size, state, resource_monitor: cell("resource_monitor").unwrap_or_default() })
    }
}

/// A program without the settings of whoever calls: neither their Snowflake nor their cluster is meant.
fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let theirs =
            ["SNOWFENCE_", "SNOWFLAKE_", "PRIVATE_KEY_"].iter().any(|prefix| text.starts_with(prefix));
        if theirs
            || matches!(
                &*text,
                "KUBECONFIG" | "RUST_LOG" | "KUBERNETES_SERVICE_HOST" | "KUBERNETES_SERVICE_PORT"
            )
        {
            command.env_remove(&name);
        }
    }
    if say::in_colour() {
        command.env("CLICOLOR_FORCE", "1");
    }
    command
}

/// A command as one would type it.
pub(crate) fn shown(program: &str, arguments: &[&str]) -> String {
    let quoted = |word: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
        if word.chars().all(plain) { (*word).to_owned() } else { format!("\"{word}\"") }
    };
    std::iter::once(program.to_owned()).chain(arguments.iter().map(quoted)).collect::<Vec<_>>().join(" ")
}

/// The first line that a program writes to a file.
async fn wait_for_line(program: &mut Program, file: &Path) -> Result<String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some((line, _)) = text.split_once('\n') {
            return Ok(line.to_owned());
        }
        if let Some(status) = program.ended() {
            return Err(Failure::new(format!("the emulator has ended: {status}")));
        }
        if Instant::now() > deadline {
            return Err(Failure::new("the emulator does not serve after 30 s"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_one_types_them() {
        assert_eq!(shown("kubectl", &["get", "snow"]), "kubectl get snow");
        assert_eq!(shown("x", &["sql", "SHOW WAREHOUSES LIKE 'W'"]), "x sql \"SHOW WAREHOUSES LIKE 'W'\"");
    }

    #[test]
    fn a_warehouse_is_read_by_the_names_of_its_columns() {
        let answer = json!({
            "resultSetMetaData": {"rowType": [{"name": "name"}, {"name": "size"}, {"name": "state"}, {"name": "resource_monitor"}]},
            "data": [["W", "Large", "SUSPENDED", null]],
        });
        let warehouse =
            Warehouse { size: "Large".into(), state: "SUSPENDED".into(), resource_monitor: String::new() };
        assert_eq!(Warehouse::from_answer(&answer), Some(warehouse));
        assert_eq!(Warehouse::from_answer(&json!({"data": []})), None);
    }

    #[test]
    fn the_demo_asserts_what_the_examples_say() {
        let warehouses = QUICKSTART[2].1;
        assert_eq!(warehouses.matches("kind: SnowflakeWarehouse").count(), WAREHOUSES.len());
        for (name, size) in WAREHOUSES {
            let resource = format!("name: {}\n", name.to_ascii_lowercase().replace('_', "-"));
            assert!(warehouses.contains(&resource), "{resource}");
            let size = format!("size: {}\n", size.to_ascii_uppercase().replace('-', ""));
            assert!(warehouses.contains(&size), "{size}");
        }
    }
}
