//! Building the programs, with a `go` that is a shell script.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::{descendants, eventually, runs};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// `go build -o FILE` does `build`, with FILE as `$out`; `go list` does `list`.
    fn with_go(list: &str, build: &str) -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        let go = machine.folder.path().join("bin/go");
        std::fs::create_dir_all(go.parent().unwrap()).unwrap();
        let script = format!(
            "#!/bin/sh\nif [ $1 = list ]; then {list}\nexit 0; fi\n\
             while [ $# -gt 0 ]; do [ $1 = -o ] && out=$2; shift; done\n{build}\n"
        );
        // By another process: while one of ours forks, a program open for writing cannot be run.
        let write = r#"printf '%s' "$1" > "$2" && chmod 755 "$2""#;
        let status = Command::new("/bin/sh").args(["-c", write, "sh", &script]).arg(&go).status();
        assert!(status.unwrap().success());
        machine
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowfence-testbed"));
        let path = format!("{}/bin:/usr/bin:/bin", self.folder.path().display());
        command.args(["build", "etcd", "kubectl"]).env("PATH", path);
        command.env("XDG_CACHE_HOME", self.folder.path().join("cache")).env_remove("KUBEBUILDER_ASSETS");
        command
    }

    fn build(&self) -> Output {
        self.command().output().unwrap()
    }

    fn spawn(&self) -> Child {
        self.command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The names in the cache folder.
    fn cached(&self) -> Vec<String> {
        let parent = self.folder.path().join("cache/snowfence");
        let folders = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
        let mut names: Vec<String> =
            files.map(|file| file.file_name().into_string().unwrap()).filter(|name| name != "lock").collect();
        names.sort();
        names
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_programs_are_built_once_and_progress_goes_to_standard_error() {
    let machine = Machine::with_go("", "echo built > $out");
    let output = machine.build();
    assert!(output.status.success());
    assert_eq!(machine.cached(), ["etcd", "kubectl", "module"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("building etcd (1 of 2), about") && told.contains("building kubectl (2 of 2): done in")
    );
    let folder = String::from_utf8(output.stdout).unwrap();
    assert!(Path::new(folder.trim()).join("etcd").is_file(), "standard output is the folder alone");

    let again = machine.build();
    assert!(again.status.success() && again.stderr.is_empty());
}

#[test]
fn a_failure_leaves_no_half_program_and_keeps_what_was_built() {
    let machine = Machine::with_go(
        "",
        "echo half > $out; case $out in *kubectl*) echo 'undefined: x' >&2; exit 1;; esac",
    );
    let told = error(&machine.build());
    assert!(told.contains("`go build` of kubectl failed") && told.contains("undefined: x"), "{told}");
    let programs: Vec<String> =
        machine.cached().into_iter().filter(|name| !name.starts_with(".building-kubectl.")).collect();
    assert_eq!(programs, ["etcd", "module"]);
}

#[test]
fn no_go_an_old_go_no_network_and_a_full_disk_each_get_their_advice() {
    let machine = Machine::with_go("", "");
    let output = machine.command().env("PATH", "/nowhere").output().unwrap();
    let told = error(&output);
    assert!(told.contains("no `go` on the PATH") && told.contains("KUBEBUILDER_ASSETS"), "{told}");

    let machine = Machine::with_go("echo 'go.mod requires go >= 1.26.0 (running go 1.22.1)' >&2; exit 1", "");
    let told = error(&machine.build());
    assert!(told.contains("or newer is needed") && told.contains("running go 1.22.1"), "{told}");

    let machine = Machine::with_go("", "echo 'dial tcp: lookup modules.example: no such host' >&2; exit 1");
    let told = error(&machine.build());
    assert!(told.contains("go env GOPROXY") && told.contains("modules.example"), "{told}");

    let machine = Machine::with_go("", "echo 'write $WORK/b.a: no space left on device' >&2; exit 1");
    let told = error(&machine.build());
    assert!(told.contains("no space left while building etcd"), "{told}");
}

#[test]
fn a_second_process_says_that_it_waits_and_does_not_build_again() {
    let machine = Machine::with_go("", "echo x >> $(dirname $0)/../runs; sleep 1; echo built > $out");
    let first = machine.spawn();
    eventually("the first builds", || machine.file("runs").exists());
    let second = machine.build();
    assert!(second.status.success());
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains(&format!("process {} is building", first.id())), "{told}");
    assert!(first.wait_with_output().unwrap().status.success());
    assert_eq!(std::fs::read_to_string(machine.file("runs")).unwrap(), "x\nx\n");
}

#[test]
fn kill_9_ends_the_compiler_and_the_next_build_clears_up() {
    let machine = Machine::with_go("", "echo half > $out; [ -e $(dirname $0)/../fast ] || sleep 1000");
    let mut child = machine.spawn();
    eventually("it builds", || machine.cached().iter().any(|name| name.starts_with(".building-etcd-")));
    // Janitor, go, sleep.
    eventually("go runs", || descendants(child.id()).len() >= 3);
    let below = descendants(child.id());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    eventually("the compiler is gone", || !below.iter().any(|id| runs(*id)));

    std::fs::write(machine.file("fast"), "").unwrap();
    assert!(machine.build().status.success());
    assert_eq!(machine.cached(), ["etcd", "kubectl", "module"]);
}
