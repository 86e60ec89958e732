//! However the owner ends, nothing outlives it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use snowfence_testbed::{Cluster, Options};

use crate::support::{descendants, eventually, runs};

const TESTBED: &str = env!("CARGO_BIN_EXE_snowfence-testbed");

#[tokio::test(flavor = "multi_thread")]
async fn after_a_drop_processes_and_folder_are_gone_at_once() {
    let options = Options { controller_manager: true, scheduler: true, ..Options::default() };
    let cluster = Cluster::start(options).await.unwrap();
    let (ids, dir) = (cluster.process_ids(), cluster.dir().to_owned());
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| runs(*id)) && dir.exists());
    drop(cluster);
    assert!(!ids.iter().any(|id| runs(*id)));
    assert!(!dir.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_panic_too() {
    let task = tokio::spawn(async {
        let cluster = Cluster::start(Options::default()).await.unwrap();
        let held = (cluster.process_ids(), cluster.dir().to_owned());
        std::panic::resume_unwind(Box::new(held));
    });
    let held = task.await.unwrap_err().into_panic().downcast::<(Vec<u32>, PathBuf)>().unwrap();
    let (ids, dir) = *held;
    assert!(!ids.iter().any(|id| runs(*id)));
    assert!(!dir.exists());
}

/// `testbed run` with a shell that prints its folder and then runs `script`.
struct Run {
    child: Child,
    output: BufReader<ChildStdout>,
    dir: PathBuf,
    below: BTreeSet<u32>,
}

impl Run {
    fn start(script: &str) -> Self {
        let mut command = Command::new(TESTBED);
        command.args(["run", "--", "sh", "-c", &format!("{script}\n"), "sh"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut dir = String::new();
        output.read_line(&mut dir).unwrap();
        let dir = PathBuf::from(dir.trim());
        assert!(dir.join("admin.kubeconfig").exists());
        let mut below = BTreeSet::new();
        // Janitor, etcd, API server, shell.
        for _ in 0..100 {
            below = descendants(child.id());
            if below.len() >= 4 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(below.len() >= 4, "{below:?}");
        Self { child, output, dir, below }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Its end, and what the command wrote after the folder.
    fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        eventually("all processes are gone", || !self.below.iter().any(|id| runs(*id)));
        eventually("the folder is gone", || !self.dir.exists());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.output, &mut rest).unwrap();
        (status, rest)
    }
}

#[test]
fn run_gives_the_command_a_cluster_and_returns_its_exit_code() {
    let run = Run::start("echo $SNOWFENCE_TESTBED; kubectl get namespace default -o name; exit 7");
    let (status, output) = run.end();
    assert_eq!(status.code(), Some(7));
    assert_eq!(output, "namespace/default\n", "standard output is the command's alone");
}

#[test]
fn run_says_where_a_command_does_not_exist() {
    let output = Command::new(TESTBED).args(["run", "--", "/no/such/command"]).output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/command"));
}

#[test]
fn what_the_command_leaves_running_is_ended() {
    let run = Run::start("echo $SNOWFENCE_TESTBED; sleep 1; sleep 1000 >/dev/null & echo $!");
    let (status, output) = run.end();
    assert!(status.success());
    let left: u32 = output.trim().parse().unwrap();
    assert!(!runs(left));
}

#[test]
fn after_an_interrupt_that_the_command_handles() {
    let script = "trap 'echo caught; exit 3' INT; echo $SNOWFENCE_TESTBED; while :; do sleep 0.1; done";
    let run = Run::start(script);
    run.signal(Signal::SIGINT);
    let (status, output) = run.end();
    assert_eq!((status.code(), output.as_str()), (Some(3), "caught\n"));
}

#[test]
fn after_a_termination_that_the_command_does_not_handle() {
    let run = Run::start("echo $SNOWFENCE_TESTBED; while :; do sleep 0.1; done");
    run.signal(Signal::SIGTERM);
    let (status, _) = run.end();
    assert_eq!(status.code(), Some(128 + 15));
}

#[test]
fn after_kill_9_of_the_owner() {
    let run = Run::start("trap '' INT TERM HUP; echo $SNOWFENCE_TESTBED; while :; do sleep 0.1; done");
    run.signal(Signal::SIGKILL);
    let (status, _) = run.end();
    assert_eq!(status.code(), None);
}

#[test]
fn after_kill_9_while_the_api_server_is_paused() {
    let run = Run::start("echo $SNOWFENCE_TESTBED; while :; do sleep 0.1; done");
    for id in &run.below {
        let id = Pid::from_raw(id.cast_signed());
        let name = Command::new("ps").args(["-o", "args=", "-p", &id.to_string()]).output().unwrap();
        if String::from_utf8_lossy(&name.stdout).contains("kube-apiserver --") {
            kill(id, Signal::SIGSTOP).unwrap();
        }
    }
    run.signal(Signal::SIGKILL);
    run.end();
}

#[test]
fn after_an_interrupt_while_it_starts() {
    let mut child = Command::new(TESTBED).args(["run", "--", "true"]).stdin(Stdio::null()).spawn().unwrap();
    eventually("etcd has been started", || descendants(child.id()).len() >= 2);
    let below = descendants(child.id());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    child.wait().unwrap();
    eventually("all processes are gone", || !below.iter().any(|id| runs(*id)));
}
