//! Builds Kubernetes from source with the `go` on the PATH.
//!
//! Each program is built to a temporary name, synced and renamed: a power cut leaves no half
//! program. A lock file lets one process build at a time.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{KUBERNETES_VERSION, MINOR, Tool};
use crate::error::{Context as _, Error, Result};
use crate::janitor::{Janitor, spawn};
use crate::progress::{Progress, duration};

/// Compiled in, so that it works from anywhere.
const GO_MOD: &str = include_str!("../../../tools/kubernetes/go.mod");
const GO_SUM: &str = include_str!("../../../tools/kubernetes/go.sum");

/// Without the version a server calls itself v0.0.0; `-s -w` leaves debug information out.
fn ldflags() -> String {
    let packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
    let versions = packages.map(|package| {
        format!(
            " -X {package}.gitVersion={KUBERNETES_VERSION} -X {package}.gitMajor=1 -X {package}.gitMinor={MINOR} \
             -X {package}.gitTreeState=clean"
        )
    });
    format!("-s -w{}", versions.concat())
}

/// The name of the cache folder: another module, or other flags, is another folder.
pub(super) fn key() -> String {
    let mut hash = Sha256::new();
    for part in [GO_MOD, GO_SUM, &ldflags()] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let hash = hash.finalize().into_iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(byte));
    format!("kubernetes-{KUBERNETES_VERSION}-{hash:012x}")
}

/// The version in the `go` line of the module.
pub(super) fn needed_go() -> String {
    let line = GO_MOD.lines().find_map(|line| line.strip_prefix("go "));
    line.unwrap_or("1.24").trim().to_owned()
}

/// Builds `missing` into `cache`, unless another process does so meanwhile.
pub(super) fn build(cache: &Path, missing: &[Tool], progress: Progress) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let module = cache.join("module");
    std::fs::create_dir_all(&module).context(|| format!("creating {}", module.display()))?;
    let _lock = lock(cache, progress)?;

    // Another may have built some of it while this process waited.
    let missing: Vec<Tool> =
        missing.iter().copied().filter(|tool| !cache.join(tool.name()).is_file()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for (name, text) in [("go.mod", GO_MOD), ("go.sum", GO_SUM)] {
        let file = module.join(name);
        std::fs::write(&file, text).context(|| format!("writing {}", file.display()))?;
    }
    remove_leftovers(cache);
    check_go(&module)?;

    let total: Duration = missing.iter().map(|tool| tool.estimate()).sum();
    progress.say(&format!(
        "building {} of Kubernetes {KUBERNETES_VERSION} from source, this once: about {} if Go's caches are empty. \
         Into {}. Where KUBEBUILDER_ASSETS names envtest's folder, nothing is built.",
        if missing.len() == 1 { "a program".to_owned() } else { format!("{} programs", missing.len()) },
        duration(total),
        cache.display(),
    ));
    for (index, tool) in missing.iter().enumerate() {
        let what = format!("building {} ({} of {})", tool.name(), index + 1, missing.len());
        build_one(cache, &module, *tool, what, progress)?;
    }
    Ok(())
}

/// Waits for the lock. The system lets go of it however its holder ends.
fn lock(cache: &Path, progress: Progress) -> Result<File> {
    let path = cache.join("lock");
    let what = || format!("locking {}", path.display());
    let mut file =
        File::options().create(true).truncate(false).read(true).write(true).open(&path).context(what)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            progress.say(&format!("process {} is building Kubernetes; waiting for it", holder.trim()));
            file.lock().context(what)?;
        }
        Err(TryLockError::Error(source)) => return Err(source).context(what),
    }
    file.set_len(0).and_then(|()| file.rewind()).context(what)?;
    writeln!(file, "{}", std::process::id()).context(what)?;
    Ok(file)
}

/// Removes what a build left that was ended; only under the lock.
fn remove_leftovers(cache: &Path) {
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".building-")) {
        let _ = std::fs::remove_file(entry.path());
    }
}

fn go(module: &Path) -> Command {
    let mut go = Command::new("go");
    // What is built runs on this machine, whatever the caller cross-compiles.
    go.current_dir(module).env("CGO_ENABLED", "0").env("GOWORK", "off");
    go.env_remove("GOOS").env_remove("GOARCH");
    go
}

/// Fails early, and with advice, where there is no Go or one that is too old.
/// Where Go may fetch a newer one by itself, it does so here.
fn check_go(module: &Path) -> Result<()> {
    let needed = needed_go();
    match go(module).args(["list", "-m"]).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::GoMissing { needed }),
        Err(error) => Err(error).context(|| "running go".to_owned()),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let detail = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Error::GoTooOld { needed, detail })
        }
    }
}

fn build_one(cache: &Path, module: &Path, tool: Tool, what: String, progress: Progress) -> Result<()> {
    let temporary = cache.join(format!(".building-{}-{}", tool.name(), std::process::id()));
    let log = cache.join(format!(".building-{}.log", tool.name()));
    let _ = std::fs::remove_file(&log);
    let mut command = go(module);
    command.args(["build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", &ldflags(), "-o"]);
    command.arg(&temporary).arg(tool.package());

    // A janitor of its own: whoever ends this process ends the compilers too.
    let janitor = Janitor::start(None)?;
    let mut step = progress.step(what, tool.estimate());
    let mut process = spawn(&janitor, "go", &command, &log)?;
    let mut reader = BufReader::new(File::open(&log).context(|| format!("opening {}", log.display()))?);
    let (mut last, mut detail) = (VecDeque::new(), String::new());
    let mut follow = |detail: &mut String| {
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
            line.trim_end().strip_prefix("go: ").unwrap_or_default().clone_into(detail);
            last.push_back(std::mem::take(&mut line));
            if last.len() > 30 {
                last.pop_front();
            }
        }
    };
    let status = loop {
        follow(&mut detail);
        step.tick(&detail);
        if let Some(status) = process.ended() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    follow(&mut detail);
    let output: String = last.into_iter().collect();
    if !status.success() {
        let _ = std::fs::remove_file(&temporary);
        return Err(explain(tool.name(), status, cache, output));
    }
    let target = cache.join(tool.name());
    let keep = || {
        File::open(&temporary)?.sync_all()?;
        std::fs::rename(&temporary, &target)?;
        File::open(cache)?.sync_all()
    };
    keep().context(|| format!("keeping {}", target.display()))?;
    let _ = std::fs::remove_file(&log);
    step.done();
    Ok(())
}

/// What went wrong, from the words of `go` and the linker.
pub(super) fn explain(
    binary: &'static str,
    status: std::process::ExitStatus,
    cache: &Path,
    detail: String,
) -> Error {
    let says = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    if says(&["no space left on device", "disk quota exceeded"]) {
        return Error::DiskFull { binary, folder: PathBuf::from(cache), detail };
    }
    if says(&["requires go >=", "invalid go version", "toolchain not available", "GOTOOLCHAIN=local"]) {
        return Error::GoTooOld { needed: needed_go(), detail };
    }
    let network = [
        "dial tcp",
        "no such host",
        "i/o timeout",
        "TLS handshake",
        "proxyconnect",
        "GOPROXY=off",
        "connection refused",
        "connection reset",
        "server misbehaving",
        "x509:",
        "403 Forbidden",
        "404 Not Found",
        "502 Bad Gateway",
        "503 Service Unavailable",
    ];
    if says(&network) {
        return Error::Proxy { binary, detail };
    }
    Error::Build { binary, status, detail }
}
