//! `run`: a command, with a control plane for as long as it lasts.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::{getpgrp, tcgetpgrp};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::error::{Context as _, Result};
use crate::janitor::{end_group, send};
use crate::{Cluster, Options};

/// The signals that a person or a supervisor ends us with.
pub(super) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
    quit: Stream,
}

impl Signals {
    pub(super) fn new() -> Result<Self> {
        let stream = |kind| signal(kind).context(|| "listening for signals".to_owned());
        Ok(Self {
            interrupt: stream(SignalKind::interrupt())?,
            terminate: stream(SignalKind::terminate())?,
            hang_up: stream(SignalKind::hangup())?,
            quit: stream(SignalKind::quit())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.hang_up.recv() => Signal::SIGHUP,
            _ = self.quit.recv() => Signal::SIGQUIT,
        }
    }
}

/// How long what the command has left running may take to end.
const GRACE: Duration = Duration::from_secs(2);

pub(super) async fn run(options: Options, command: Vec<OsString>) -> Result<ExitCode> {
    let cluster = Cluster::start(options).await?;
    let mut signals = Signals::new()?;

    // At a terminal the command has to be in the foreground group, which is ours: it reads the
    // keyboard, and Ctrl-C reaches it without us. Elsewhere it gets a group of its own, so that all
    // that it starts can be ended with it.
    let at_terminal = in_foreground();
    let mut child = tokio::process::Command::new(&command[0]);
    child.args(&command[1..]).envs(cluster.environment()?);
    if !at_terminal {
        child.process_group(0);
    }
    let mut child = match child.spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("snowfence-testbed: {}: {error}", command[0].display());
            // As a shell has it.
            return Ok(ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 }));
        }
    };
    let id = child.id().unwrap_or_default();
    if at_terminal {
        cluster.janitor().watch_one(id);
    } else {
        cluster.janitor().watch_group(id);
    }

    let status = loop {
        tokio::select! {
            status = child.wait() => break status.context(|| "waiting for the command".to_owned())?,
            signal = signals.next() => {
                let twice = at_terminal && matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
                if !twice {
                    send(id, !at_terminal, signal);
                }
            }
        }
    };
    if !at_terminal {
        end_group(id, GRACE);
    }
    cluster.janitor().forget(id);
    if let Err(error) = cluster.check() {
        eprintln!("snowfence-testbed: while the command ran, {error}");
    }
    Ok(code(status))
}

/// Whether this process has a terminal and is in its foreground.
fn in_foreground() -> bool {
    std::fs::File::open("/dev/tty").is_ok_and(|tty| tcgetpgrp(tty).is_ok_and(|group| group == getpgrp()))
}

/// 128 + N where signal N ended it, as a shell has it.
fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(code as u8)
}
