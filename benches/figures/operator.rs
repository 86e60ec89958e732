//! The operator, as a process of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};

use crate::Result;

pub struct Operator {
    process: Child,
    pid: u32,
    metrics: String,
    log: PathBuf,
    http: reqwest::Client,
    /// The kind of the resources that are waited for.
    kind: &'static str,
}

impl Operator {
    /// Starts as the user of the kubeconfig, and waits for nothing.
    pub fn start(kubeconfig: &Path, folder: &Path, arguments: &[&str]) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = folder.join(format!("operator-{port}.log"));
        let file = std::fs::File::create(&log)?;
        let process = Command::new(env!("CARGO_BIN_EXE_snowfence"))
            .args(["operator", "--allow-host", "127.0.0.1", "--metrics-addr"])
            .arg(format!("127.0.0.1:{port}"))
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().ok_or("the operator ended at once")?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let metrics = format!("http://127.0.0.1:{port}/metrics");
        Ok(Self { process, pid, metrics, log, http, kind: "SnowflakeWarehouse" })
    }

    /// Resources of another kind than warehouses are waited for.
    pub fn of(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The sum of a metric over all series that contain `labels`.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        // Not yet listening is 0.
        let Ok(answer) = self.http.get(&self.metrics).send().await else { return Ok(0.0) };
        let text = answer.text().await?;
        let rows = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels.iter().all(|label| line.contains(label))
        });
        Ok(rows.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Passes over resources until now.
    pub async fn passes(&self) -> Result<f64> {
        self.metric("controller_runtime_reconcile_total", &[&self.controller()]).await
    }

    fn controller(&self) -> String {
        format!("controller=\"{}\"", self.kind)
    }

    /// Waits until so many resources are in sync and none is looked at.
    pub async fn settled(&mut self, count: usize, patience: Duration) -> Result<()> {
        let until = Instant::now() + patience;
        let (kind, controller) = (format!("kind=\"{}\"", self.kind), self.controller());
        loop {
            let in_sync = self.metric("snowfence_resources", &[&kind, r#"reason="InSync""#]).await?;
            let workers = self.metric("controller_runtime_active_workers", &[&controller]).await?;
            if in_sync >= count as f64 && workers == 0.0 {
                return Ok(());
            }
            self.wait(until, &format!("{in_sync:.0} of {count} are in sync")).await?;
        }
    }

    /// Waits until so many passes over resources have ended.
    pub async fn passed(&mut self, count: f64, patience: Duration) -> Result<()> {
        let until = Instant::now() + patience;
        loop {
            let passes = self.passes().await?;
            if passes >= count {
                return Ok(());
            }
            self.wait(until, &format!("{passes:.0} of {count:.0} passes")).await?;
        }
    }

    /// Waits a moment, unless the time is over or the operator has ended.
    pub async fn wait(&mut self, until: Instant, state: &str) -> Result<()> {
        let over = Instant::now() >= until;
        if over || self.process.try_wait()?.is_some() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let end: Vec<_> = log.lines().rev().take(15).collect();
            let end: Vec<_> = end.into_iter().rev().collect();
            let what = if over { "takes too long" } else { "has ended" };
            return Err(format!("the operator {what}: {state}\n{}", end.join("\n")).into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(())
    }

    /// SIGTERM, and the end.
    pub async fn stop(mut self) -> Result<()> {
        let kill = Command::new("kill").arg(self.pid.to_string()).status().await?;
        if !kill.success() {
            return Err("the operator had ended before".into());
        }
        tokio::time::timeout(Duration::from_secs(40), self.process.wait()).await??;
        Ok(())
    }

    /// SIGKILL.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Processor time until now, in seconds.
    pub fn processor(&self) -> Result<f64> {
        processor(self.pid)
    }

    /// Memory in MiB: `VmHWM` is the most that was resident at once, `VmRSS` what is now.
    pub fn memory(&self, line: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let value = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
        let kib = value.and_then(|v| v.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.ok_or("/proc has another form")? / 1024.0)
    }
}

/// Processor time of a process until now, in seconds.
pub fn processor(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // After the name in brackets; user and system time are the 12th and 13th, in hundredths of a second.
    let (_, rest) = stat.rsplit_once(')').ok_or("/proc has another form")?;
    let ticks = rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / 100.0)
}
