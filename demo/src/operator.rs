//! The operator, as a program of its own on this machine.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    cluster::{NAMESPACE, PATIENCE},
    failure::{During as _, Failure, Result},
    keeper::Program,
    say,
    stage::{Stage, shown},
};

/// `snowfence operator`. Ends with this value.
#[derive(Debug)]
pub(crate) struct Operator {
    program: Program,
    log: PathBuf,
    /// Where it serves /metrics.
    url: String,
}

impl Operator {
    /// Starts it and waits until it works.
    pub(crate) async fn start(stage: &Stage) -> Result<Self> {
        let arguments = [
            "operator",
            "--allow-host",
            "127.0.0.1",
            "--metrics-addr",
            "127.0.0.1:0",
            "--watch-namespace",
            NAMESPACE,
        ];
        say::command(format!("{} 2> operator.log &", shown("snowfence", &arguments)));
        let mut command = stage.command("snowfence");
        command.args(arguments).env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
        let log = stage.folder().join("operator.log");
        let program = stage.keeper().spawn(&command, None, &log).during("the operator")?;
        let mut operator = Self { program, log, url: String::new() };
        let deadline = Instant::now() + PATIENCE;
        loop {
            operator.check()?;
            operator.url =
                address(&operator.log).map(|address| format!("http://{address}")).unwrap_or_default();
            if !operator.url.is_empty() && stage.answers(&format!("{}/readyz", operator.url)).await {
                return Ok(operator);
            }
            if Instant::now() > deadline {
                return Err(Failure::new("the operator is not ready in time").with_log(&operator.log));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Fails if it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.program.ended() {
            None => Ok(()),
            Some(status) => {
                Err(Failure::new(format!("the operator has ended: {status}")).with_log(&self.log))
            }
        }
    }
}

/// Where it serves, as its log says.
fn address(log: &Path) -> Option<String> {
    let text = std::fs::read_to_string(log).ok()?;
    let text = say::plain(&text);
    let line = text.lines().find(|line| line.contains("/readyz"))?;
    let (_, rest) = line.split_once("address=")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("operator.log");
        std::fs::write(
            &log,
            "INFO http: serving /healthz, /readyz, /metrics \u{1b}[3maddress\u{1b}[0m=127.0.0.1:4711\n",
        )
        .unwrap();
        assert_eq!(address(&log).as_deref(), Some("127.0.0.1:4711"));
    }
}
