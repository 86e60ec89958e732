//! What must not outlive the demo: the programs that it starts, and its folder.
//!
//! Dropping covers a normal end, Ctrl-C and a panic. For `kill -9` a small shell, in a process group of its own, holds
//! the reading end of a pipe of which only this process has the other: when that closes, the shell ends what it was
//! told of and removes the folder. A program waits, before it becomes itself, until the shell was told of it.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// Reads `keep ID` and `forget ID`; `$1` is the folder to remove. The last that was started is ended first.
const SCRIPT: &str = r#"# Ends what a demo of Snowfence has started when that is gone, and removes its folder.
trap '' INT TERM HUP QUIT
groups=
while read -r verb id; do
  case $verb in
    keep) groups="$id $groups" ;;
    forget) left=; for each in $groups; do [ "$each" = "$id" ] || left="$left $each"; done; groups=$left ;;
  esac
done
for id in $groups; do kill -s TERM -- "-$id"; done
tries=0
while [ $tries -lt 40 ]; do
  left=
  for id in $groups; do kill -s 0 -- "-$id" && left=yes; done
  [ -n "$left" ] || break
  tries=$((tries + 1))
  sleep 0.05 || sleep 1
done
for id in $groups; do kill -s KILL -- "-$id"; done
rm -rf -- "$1"
"#;

/// A program waits for a line before it becomes itself; at the end of the pipe it gives up.
const GATE: &str = r#"read -r go && exec "$@" </dev/null"#;

/// How long a program may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// The folder of the demo, and the shell that cleans up after it.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    shell: Mutex<Option<(Child, ChildStdin)>>,
}

impl Keeper {
    /// Makes the folder, for this user's eyes alone.
    pub(crate) fn start() -> io::Result<Arc<Self>> {
        let folder = tempfile::Builder::new().prefix("snowfence-demo-").tempdir()?;
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "snowfence-demo-keeper"])
            .arg(folder.path())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        // From here on the shell removes it.
        Ok(Arc::new(Self { folder: folder.keep(), shell: Mutex::new(pipe.map(|pipe| (shell, pipe))) }))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn tell(&self, verb: &str, id: u32) {
        if let Some((_, pipe)) = &mut *self.shell.lock().unwrap_or_else(PoisonError::into_inner) {
            // Who killed the shell does without it: Drop does the work.
            let _ = writeln!(pipe, "{verb} {id}");
        }
    }

    /// Starts a program in a process group of its own. Its standard output goes to `stdout` if that is given, and to
    /// `log` otherwise, as standard error does.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        command: &Command,
        stdout: Option<&Path>,
        log: &Path,
    ) -> io::Result<Program> {
        let open = |path: &Path| File::options().create(true).append(true).open(path);
        let mut gated = Command::new("/bin/sh");
        gated.args(["-c", GATE, "snowfence-demo-gate"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => gated.env(key, value),
                None => gated.env_remove(key),
            };
        }
        let mut child = gated
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(open(stdout.unwrap_or(log))?)
            .stderr(open(log)?)
            .process_group(0)
            .spawn()?;
        self.tell("keep", child.id());
        let gate = child.stdin.take();
        let program = Program { child, keeper: Arc::clone(self) };
        if let Some(mut gate) = gate {
            gate.write_all(b"go\n")?;
        }
        Ok(program)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let taken = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((mut shell, pipe)) = taken {
            drop(pipe);
            let _ = shell.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A program that runs, and ends with this value.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    keeper: Arc<Keeper>,
}

impl Program {
    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Program {
    /// Asks it to end, waits, kills it.
    fn drop(&mut self) {
        let group = Pid::from_raw(self.child.id().cast_signed());
        if self.ended().is_none() {
            let _ = killpg(group, Signal::SIGTERM);
            let deadline = Instant::now() + GRACE;
            while self.ended().is_none() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
        self.keeper.tell("forget", self.child.id());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_alive(id: u32) -> bool {
        // Where nobody waits for it, a dead process stays as a zombie.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z"))
    }

    fn started(keeper: &Arc<Keeper>, script: &str) -> Program {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        let ready = keeper.folder().join("ready");
        let program = keeper.spawn(&command, Some(&ready), &keeper.folder().join("log")).unwrap();
        while std::fs::read(&ready).unwrap().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        program
    }

    #[test]
    fn a_program_and_the_folder_go_with_the_keeper() {
        let keeper = Keeper::start().unwrap();
        let folder = keeper.folder().to_owned();
        let program = started(&keeper, "echo ready; exec sleep 60");
        let id = program.child.id();
        assert!(is_alive(id));
        drop(program);
        assert!(!is_alive(id));
        drop(keeper);
        assert!(!folder.exists());
    }

    #[test]
    fn when_nobody_is_left_to_drop_it_the_shell_ends_it() {
        let keeper = Keeper::start().unwrap();
        let folder = keeper.folder().to_owned();
        let program = started(&keeper, "echo ready; exec sleep 60");
        let id = program.child.id();
        // As a kill -9 would: the pipe closes, and nothing is dropped.
        let (mut shell, pipe) = keeper.shell.lock().unwrap().take().unwrap();
        drop(pipe);
        shell.wait().unwrap();
        assert!(!is_alive(id));
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_program_started_ends_with_it() {
        let keeper = Keeper::start().unwrap();
        let program = started(&keeper, "sleep 60 & echo $!; wait");
        let text = std::fs::read_to_string(keeper.folder().join("ready")).unwrap();
        let grandchild: u32 = text.trim().parse().unwrap();
        assert!(is_alive(grandchild));
        drop(program);
        assert!(!is_alive(grandchild));
    }
}
