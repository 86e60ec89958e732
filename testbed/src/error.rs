//! What can go wrong, each with what to do about it.

use std::path::PathBuf;
use std::process::ExitStatus;

/// An error of the testbed. Its text is meant for a person: what failed, and what helps.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `XDG_CACHE_HOME` nor a home folder is known.
    #[error("no cache folder: set XDG_CACHE_HOME or HOME ({0})")]
    NoCacheFolder(#[from] etcetera::HomeDirError),

    /// A file or folder could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the path.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },

    /// There is no `go` on the PATH.
    #[error(
        "Kubernetes has to be built from source, and there is no `go` on the PATH. Install Go {needed} or newer \
         (any Go from 1.21 on fetches that by itself unless GOTOOLCHAIN=local). {ASSETS}"
    )]
    GoMissing {
        /// The version that `tools/kubernetes/go.mod` asks for.
        needed: String,
    },

    /// The `go` on the PATH is too old, and may not or cannot fetch a newer one.
    #[error(
        "Go {needed} or newer is needed to build Kubernetes from source. Install it, or unset GOTOOLCHAIN so that \
         Go may fetch it. {ASSETS}\n{detail}"
    )]
    GoTooOld {
        /// The version that `tools/kubernetes/go.mod` asks for.
        needed: String,
        /// What `go` said.
        detail: String,
    },

    /// The Go module proxy does not answer.
    #[error(
        "the Go modules could not be fetched while building {binary}. Look at `go env GOPROXY` and at HTTPS_PROXY; \
         what was fetched so far is kept. {ASSETS}\n{detail}"
    )]
    Proxy {
        /// The program that was being built.
        binary: &'static str,
        /// The last lines of `go`.
        detail: String,
    },

    /// No space left.
    #[error(
        "no space left while building {binary}. The build needs about 4 GB: 0.4 GB in {folder}, the rest in Go's \
         own caches (`go env GOCACHE GOMODCACHE`, `go clean -cache` empties the first) and for a moment in the \
         folder for temporary files (GOTMPDIR). {ASSETS}\n{detail}"
    )]
    DiskFull {
        /// The program that was being built.
        binary: &'static str,
        /// The cache folder.
        folder: PathBuf,
        /// The last lines of `go`.
        detail: String,
    },

    /// `go build` failed for another reason.
    #[error("`go build` of {binary} failed ({status}):\n{detail}")]
    Build {
        /// The program that was being built.
        binary: &'static str,
        /// How `go` ended.
        status: ExitStatus,
        /// The last lines of `go`.
        detail: String,
    },

    /// A folder was named for the cluster, and it is in use.
    #[error("{0} is not empty; the testbed takes a new or an empty folder only")]
    FolderNotEmpty(PathBuf),

    /// A component ended while it was waited for.
    #[error("{component} ended by itself ({status}). The last lines of {log}:\n{tail}", log = log.display())]
    Ended {
        /// The component.
        component: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Its log (gone with the folder, unless one was named).
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// A component was not ready in time.
    #[error(
        "{component} was not ready within {limit:?} (waited for {what}). The last lines of {log}:\n{tail}",
        log = log.display()
    )]
    Deadline {
        /// The component.
        component: &'static str,
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: std::time::Duration,
        /// Its log (gone with the folder, unless one was named).
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// A certificate or key could not be made.
    #[error("making a certificate: {0}")]
    Certificate(#[from] rcgen::Error),

    /// The API server could not be asked.
    #[error("asking the API server: {0}")]
    Http(#[from] reqwest::Error),

    /// The audit log holds a line that is no event.
    #[error("the audit log: {0}")]
    Audit(#[from] serde_json::Error),

    /// Something was asked for that this cluster was not started with.
    #[error("{0}")]
    NotAsked(&'static str),
}

/// The way out of building, for every error of the build.
const ASSETS: &str = "Or set KUBEBUILDER_ASSETS to a folder that has etcd, kube-apiserver and kubectl (the one that \
                      `setup-envtest use -p path` prints): then nothing is built.";

/// A result of the testbed.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Puts a sentence with the path before an error of the system.
pub(crate) trait Context<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io { what: what(), source })
    }
}
