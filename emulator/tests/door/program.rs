//! The program: its line of JSON, its state file, its signals, its command `sql`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_snowfence-emulator");

pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) line: Value,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut text = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut text).unwrap();
        let line = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"));
        Self { child, line }
    }

    fn user(&self, index: usize, field: &str) -> String {
        self.line["users"][index][field].as_str().unwrap().to_owned()
    }

    fn sql(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(["sql", "--url", self.line["url"].as_str().unwrap(), "--token-env=DOOR_TOKEN"]);
        if let Some(ca) = self.line["ca"].as_str() {
            command.args(["--ca", ca]);
        }
        command.env("DOOR_TOKEN", self.user(0, "token")).args(arguments).output().unwrap()
    }

    fn signal(&mut self, name: &str) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_prints_one_line_and_cleans_up() {
    let mut running =
        Running::start(&["--organization", "acme", "--account", "dev", "--user", "READER=PUBLIC"]);
    assert_eq!(running.line["organization"], "ACME");
    assert_eq!(running.line["account"], "DEV");
    assert!(running.line["ca"].is_null());
    assert!(running.line["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(running.user(0, "name"), "OPERATOR");
    assert_eq!(running.line["users"][0]["roles"], serde_json::json!(["ACCOUNTADMIN", "SYSADMIN"]));
    assert_eq!(running.user(1, "name"), "READER");
    let key = running.user(0, "privateKey");
    let key = Path::new(&key);
    assert!(std::fs::read_to_string(key).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert_eq!(mode(key), 0o600);
    assert_eq!(mode(key.parent().unwrap()), 0o700);
    assert_ne!(running.user(0, "privateKey"), running.user(1, "privateKey"));
    assert!(running.signal("-TERM").success());
    assert!(!key.exists());
}

#[test]
fn sql_prints_tables_and_errors() {
    let running = Running::start(&["--tls"]);
    let made = running.sql(&["CREATE WAREHOUSE W; SHOW WAREHOUSES"]);
    assert!(made.status.success(), "{}", text(&made));
    assert!(
        text(&made).contains("Warehouse W successfully created.") && text(&made).contains("auto_suspend")
    );
    let failed = running.sql(&["--role", "PUBLIC", "DROP WAREHOUSE W"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed).contains("(02000)") || text(&failed).contains("(42501)"), "{}", text(&failed));
    let help = Command::new(PROGRAM).arg("--help").output().unwrap();
    assert!(help.status.success() && text(&help).contains("Examples:"));
}

#[test]
fn the_state_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.state");
    let arguments = ["--state", file.to_str().unwrap(), "--tls"];
    let mut running = Running::start(&arguments);
    assert!(running.sql(&["CREATE WAREHOUSE KEPT COMMENT = 'ü'"]).status.success());
    let first = running.line.clone();
    assert!(running.signal("-INT").success());

    let mut running = Running::start(&arguments);
    assert_eq!(running.line["users"], first["users"], "names, passwords, tokens, keys");
    assert_eq!(running.line["ca"], first["ca"]);
    assert!(text(&running.sql(&["SHOW WAREHOUSES"])).contains("KEPT"));
    // Without a farewell: what was answered a moment ago is written.
    assert!(running.sql(&["CREATE WAREHOUSE ALSO"]).status.success());
    std::thread::sleep(std::time::Duration::from_millis(800));
    running.signal("-KILL");
    let running = Running::start(&arguments);
    assert!(text(&running.sql(&["SHOW WAREHOUSES"])).contains("ALSO"));
}

#[test]
fn a_damaged_state_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.state");
    let path = file.to_str().unwrap();
    let mut running = Running::start(&["--state", path]);
    assert!(running.sql(&["CREATE WAREHOUSE W"]).status.success());
    running.signal("-TERM");
    let whole = std::fs::read(&file).unwrap();
    let mut changed = whole.clone();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    for damaged in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], b"", b"{}\n", &changed[..]] {
        std::fs::write(&file, damaged).unwrap();
        let output = Command::new(PROGRAM).args(["--state", path]).output().unwrap();
        assert!(!output.status.success());
        assert!(output.stdout.is_empty(), "no line");
        assert!(text(&output).contains("damaged") && text(&output).contains(path), "{}", text(&output));
        assert_eq!(std::fs::read(&file).unwrap(), damaged, "untouched");
    }
    std::fs::write(&file, &whole).unwrap();
    let other = Command::new(PROGRAM).args(["--state", path, "--account", "OTHER"]).output().unwrap();
    assert!(text(&other).contains("belongs to the account"), "{}", text(&other));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--listen", "--proxy"] {
        let output = Command::new(PROGRAM).args([option, &address]).output().unwrap();
        assert!(!output.status.success());
        assert!(text(&output).contains(&format!("{option} {address}: cannot listen")), "{}", text(&output));
    }
}

#[test]
fn no_secret_is_in_its_log() {
    let mut child = Command::new(PROGRAM)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let address = line["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let password = line["users"][0]["password"].as_str().unwrap();
    let mut secrets = vec![password.to_owned(), "a-wrong-one".to_owned()];
    for given in [password, "a-wrong-one"] {
        let body = serde_json::json!({"data": {"LOGIN_NAME": "OPERATOR", "PASSWORD": given}}).to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST /session/v1/login-request HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let said: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        secrets.extend(
            ["token", "masterToken"].iter().filter_map(|key| Some(said["data"][*key].as_str()?.to_owned())),
        );
    }
    assert_eq!(secrets.len(), 4, "one of them signed in");
    child.kill().unwrap();
    let log = child.wait_with_output().unwrap();
    let log = String::from_utf8_lossy(&log.stderr);
    assert!(log.contains("390100"), "the refusal is there: {log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{log}");
    }
}
