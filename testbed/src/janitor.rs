//! What must not outlive this process, and the shell that sees to it.
//!
//! `Drop` covers a normal end and a panic. It does not cover `kill -9`, the end of a test binary
//! whose cluster is a `static`, or a signal that nobody handles. So a small shell, in a process
//! group of its own, holds the reading end of a pipe of which only this process has the other.
//! When that pipe closes, for whatever reason, the shell kills what it was told of and removes the
//! folder.
//!
//! There is no moment in which a component runs and the shell does not know of it: a component
//! waits, before it becomes itself, for a line that is sent after the shell was told ([`spawn`]).

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::error::{Context as _, Error, Result};

/// Reads `group ID`, `one ID` and `forget ID`; `$1` is the folder to remove, or empty.
/// SIGKILL at once: the owner is gone, and what the processes held is removed in the next line, again
/// and again until the last of them is gone (a moment longer where nobody waits for the dead).
/// A command that shares the owner's group gets SIGTERM alone, by its own id.
const SCRIPT: &str = r#"# Ends what a snowfence-testbed has started when that is gone, and removes its folder.
trap '' INT TERM HUP QUIT
groups= ones=
without() { for each in $1; do [ "$each" = "$2" ] || printf '%s ' "$each"; done; }
while read -r verb id; do
  case $verb in
    group) groups="$groups $id" ;;
    one) ones="$ones $id" ;;
    forget) groups=$(without "$groups" "$id"); ones=$(without "$ones" "$id") ;;
  esac
done
for id in $ones; do kill -s TERM "$id"; done
for id in $groups; do kill -s KILL -- "-$id"; done
tries=0
while :; do
  [ -z "$1" ] || rm -rf -- "$1"
  left=
  for id in $groups; do kill -s 0 -- "-$id" && left=yes; done
  [ -n "$left" ] && [ $tries -lt 20 ] || break
  tries=$((tries + 1))
  sleep 0.05 || sleep 1
done
[ -z "$1" ] || rm -rf -- "$1"
"#;

/// A component waits for a line before it becomes itself; at the end of the pipe it gives up.
const GATE: &str = r#"read -r go && exec "$@" </dev/null"#;

/// The shell that cleans up after this process.
#[derive(Debug)]
pub(crate) struct Janitor {
    /// Taken out when the janitor is told to begin.
    shell: Mutex<Option<(Child, ChildStdin)>>,
    folder: Option<PathBuf>,
}

impl Janitor {
    /// Starts it. `folder`, where given, is removed at the end; it need not exist yet.
    pub(crate) fn start(folder: Option<PathBuf>) -> Result<Arc<Self>> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "snowfence-testbed-janitor"])
            .arg(folder.as_deref().unwrap_or(Path::new("")))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context(|| "starting /bin/sh".to_owned())?;
        let pipe = shell.stdin.take();
        Ok(Arc::new(Self { shell: Mutex::new(pipe.map(|pipe| (shell, pipe))), folder }))
    }

    fn tell(&self, verb: &str, id: u32) {
        if let Some((_, pipe)) = &mut *self.shell.lock().unwrap_or_else(PoisonError::into_inner) {
            // A janitor that somebody killed is not missed while Drop does its work.
            let _ = writeln!(pipe, "{verb} {id}");
        }
    }

    /// The group `id` has to be killed when this process is gone.
    pub(crate) fn watch_group(&self, id: u32) {
        self.tell("group", id);
    }

    /// The process `id`, which shares our group, has to be ended when this process is gone.
    pub(crate) fn watch_one(&self, id: u32) {
        self.tell("one", id);
    }

    /// `id` is gone and may be another's soon.
    pub(crate) fn forget(&self, id: u32) {
        self.tell("forget", id);
    }
}

impl Drop for Janitor {
    /// Waits until it has cleaned up; does its work where it was killed.
    fn drop(&mut self) {
        let taken = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((mut shell, pipe)) = taken {
            drop(pipe);
            let _ = shell.wait();
        }
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A process in a group of its own, ended when this value is dropped or its owner is gone.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: &'static str,
    pub(crate) log: PathBuf,
    child: Child,
    janitor: Arc<Janitor>,
    /// Ended, waited for and forgotten.
    gone: bool,
    /// How long it may take to end by itself when asked; then it is killed.
    pub(crate) grace: Duration,
}

/// Starts `command` in a group of its own, with its output in `log` (appended).
///
/// Program, arguments, environment and folder are taken from `command`; its standard input is empty.
pub(crate) fn spawn(
    janitor: &Arc<Janitor>,
    name: &'static str,
    command: &Command,
    log: &Path,
) -> Result<Process> {
    let open = || {
        let file = File::options().create(true).append(true).open(log);
        file.context(|| format!("opening {}", log.display()))
    };
    let mut gated = Command::new("/bin/sh");
    gated.args(["-c", GATE, name]).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => gated.env(key, value),
            None => gated.env_remove(key),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        gated.current_dir(folder);
    }
    let mut child = gated
        .stdin(Stdio::piped())
        .stdout(open()?)
        .stderr(open()?)
        .process_group(0)
        .spawn()
        .context(|| format!("starting {name}"))?;
    janitor.watch_group(child.id());
    if let Some(mut gate) = child.stdin.take() {
        gate.write_all(b"go\n").context(|| format!("starting {name}"))?;
    }
    Ok(Process {
        name,
        log: log.to_owned(),
        child,
        janitor: Arc::clone(janitor),
        gone: false,
        grace: Duration::ZERO,
    })
}

impl Process {
    /// The process id, which is the group's too.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Fails, with the last lines of the log, if it has ended.
    pub(crate) fn alive(&mut self) -> Result<()> {
        let Some(status) = self.ended() else { return Ok(()) };
        Err(Error::Ended { component: self.name, status, log: self.log.clone(), tail: tail(&self.log) })
    }

    /// Sends a signal to the group, unless it has ended.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.ended().is_none() {
            let _ = killpg(pid(self.id()), signal);
        }
    }

    /// Asks it to end, waits for `grace`, kills it. What it started goes with it.
    pub(crate) fn end(&mut self, grace: Duration) {
        if std::mem::replace(&mut self.gone, true) {
            return;
        }
        if !grace.is_zero() {
            self.signal(Signal::SIGTERM);
            // A stopped process takes no SIGTERM.
            self.signal(Signal::SIGCONT);
            let deadline = Instant::now() + grace;
            while self.ended().is_none() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = killpg(pid(self.id()), Signal::SIGKILL);
        let _ = self.child.wait();
        self.janitor.forget(self.id());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(self.grace);
    }
}

/// The last 20 lines of a log, each at most 400 characters; says so where there is nothing.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "  (empty)".to_owned();
    }
    let last = &lines[lines.len().saturating_sub(20)..];
    let cut = last.iter().map(|line| format!("  {}", line.chars().take(400).collect::<String>()));
    cut.collect::<Vec<_>>().join("\n")
}

/// Ends what is left of the group `id` whose leader has ended and was waited for.
pub(crate) fn end_group(id: u32, grace: Duration) {
    let group = pid(id);
    let deadline = Instant::now() + grace;
    if killpg(group, Signal::SIGTERM) == Err(Errno::ESRCH) {
        return;
    }
    while Instant::now() < deadline {
        if killpg(group, None) == Err(Errno::ESRCH) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = killpg(group, Signal::SIGKILL);
}

/// Sends a signal to one process of ours that was not waited for yet, or to the group it leads.
pub(crate) fn send(id: u32, group: bool, signal: Signal) {
    let _ = if group { killpg(pid(id), signal) } else { kill(pid(id), signal) };
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed())
}
