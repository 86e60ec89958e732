//! An operator: the program, as a process.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::process::{Child, Command};

use super::kubectl::DEADLINE;

/// An operator that runs; it ends with this value.
pub struct Operator {
    child: Child,
    log: PathBuf,
    /// Where it serves its metrics.
    address: String,
}

impl Operator {
    /// Starts one, and waits until it serves HTTP.
    pub async fn start(kubeconfig: &Path, log: PathBuf, level: &str, args: &[&str]) -> Self {
        let file = std::fs::File::create(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowfence"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SNOW")) {
            command.env_remove(name);
        }
        command
            .args(["--log-format", "json", "operator", "--metrics-addr", "127.0.0.1:0"])
            .args(args)
            .env("KUBECONFIG", kubeconfig)
            .env("RUST_LOG", level)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .kill_on_drop(true);
        let child = command.spawn().unwrap();
        let mut operator = Self { child, log, address: String::new() };
        operator.address = operator
            .logged("address of the metrics", |line| {
                let serves = line["message"].as_str().is_some_and(|text| text.starts_with("serving"));
                serves.then(|| line["address"].as_str().map(str::to_owned)).flatten()
            })
            .await;
        operator
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for a line of the log.
    pub async fn logged<T>(&self, what: &str, found: impl Fn(&Value) -> Option<T>) -> T {
        let look = async || {
            let log = self.log();
            log.lines().find_map(|line| found(&serde_json::from_str(line).ok()?)).ok_or(())
        };
        super::world::eventually(what, look).await
    }

    /// Status and body of a page.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        let answer = client.get(format!("http://{}{path}", self.address)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The sum of the samples of a metric whose labels have this text.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        let (_, text) = self.page("/metrics").await;
        let samples = text.lines().filter(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' '])) && line.contains(labels)
        });
        samples.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// Waits until it leads and works.
    pub async fn leads(&self) {
        super::world::eventually("readyz", async || {
            let (status, body) = self.page("/readyz").await;
            if status == 200 { Ok(()) } else { Err(body) }
        })
        .await;
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and waits for its end.
    pub async fn stop(&mut self) -> ExitStatus {
        let pid = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("the operator runs still")).unwrap()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(25)..];
            eprintln!("--- the operator's log ends\n{}", tail.join("\n"));
        }
    }
}
