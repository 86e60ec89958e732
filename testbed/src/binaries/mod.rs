//! The programs of the control plane: found, or built once into the user's cache.
//!
//! In this order: `KUBEBUILDER_ASSETS` where it suffices (`assets`), the cache, for kubectl one on
//! the PATH, and at last a build from source (`build`).

mod assets;
mod build;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy as _;

use crate::error::Result;
use crate::progress::Progress;

/// The Kubernetes that is built, as in `tools/kubernetes/go.mod`.
pub const KUBERNETES_VERSION: &str = "v1.34.4";
/// Its minor number.
const MINOR: u32 = 34;

/// A program of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// The database below the API server.
    Etcd,
    /// The API server.
    KubeApiserver,
    /// The command line.
    Kubectl,
    /// Deployments, garbage collection, namespaces' ends, ServiceAccounts, and so on.
    KubeControllerManager,
    /// Puts pods on nodes.
    KubeScheduler,
}

impl Tool {
    /// All of them, in the order in which they are built.
    pub const ALL: [Self; 5] =
        [Self::Etcd, Self::KubeApiserver, Self::Kubectl, Self::KubeControllerManager, Self::KubeScheduler];
    /// What every cluster needs.
    pub const BASE: [Self; 3] = [Self::Etcd, Self::KubeApiserver, Self::Kubectl];

    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::Kubectl => "kubectl",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
        }
    }

    /// Its Go package.
    fn package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
            Self::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::KubeScheduler => "k8s.io/kubernetes/cmd/kube-scheduler",
        }
    }

    /// How long its build takes after those before it, with nothing in Go's caches: seconds measured
    /// on two cores, for the cores of this machine.
    fn estimate(self) -> Duration {
        let seconds: u32 = match self {
            Self::Etcd => 39,
            Self::KubeApiserver => 211,
            Self::Kubectl => 21,
            Self::KubeControllerManager => 49,
            Self::KubeScheduler => 4,
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 8) as u32;
        Duration::from_secs(u64::from((seconds * 2).div_ceil(cores)))
    }
}

/// Where the programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    paths: BTreeMap<Tool, PathBuf>,
}

impl Binaries {
    /// Finds or builds what every cluster needs, and `extra`.
    ///
    /// Blocks; the first time for as long as the build takes (five and a half minutes on two cores,
    /// everything included). A second process that comes meanwhile waits for the first.
    ///
    /// # Errors
    /// Go is missing or too old, the modules cannot be fetched, the disk is full.
    pub fn ensure(extra: &[Tool], progress: Progress) -> Result<Self> {
        Surroundings::of_this_process()?.ensure(extra, progress)
    }

    /// Builds `programs` into the cache where they are missing there, whatever else is at hand.
    ///
    /// # Errors
    /// As [`Binaries::ensure`].
    pub fn build(programs: &[Tool], progress: Progress) -> Result<Self> {
        Surroundings { assets: None, path: None, ..Surroundings::of_this_process()? }
            .find_or_build(programs.to_vec(), progress)
    }

    /// The path of a program; `None` if it was not asked for.
    pub fn path(&self, tool: Tool) -> Option<&Path> {
        self.paths.get(&tool).map(PathBuf::as_path)
    }
}

/// The folder that holds the programs that were built, whether or not it exists yet:
/// `$XDG_CACHE_HOME/snowfence/kubernetes-VERSION-HASH`. The hash covers all that the result depends on.
///
/// # Errors
/// No home folder.
pub fn cache_folder() -> Result<PathBuf> {
    Ok(Surroundings::of_this_process()?.cache)
}

/// What the search depends on.
struct Surroundings {
    /// `KUBEBUILDER_ASSETS`.
    assets: Option<PathBuf>,
    /// `PATH`.
    path: Option<OsString>,
    /// See [`cache_folder`].
    cache: PathBuf,
}

impl Surroundings {
    fn of_this_process() -> Result<Self> {
        let folder = etcetera::base_strategy::Xdg::new()?.cache_dir();
        Ok(Self {
            assets: std::env::var_os("KUBEBUILDER_ASSETS").filter(|it| !it.is_empty()).map(PathBuf::from),
            path: std::env::var_os("PATH"),
            cache: folder.join("snowfence").join(build::key()),
        })
    }

    fn ensure(&self, extra: &[Tool], progress: Progress) -> Result<Binaries> {
        self.find_or_build(Tool::BASE.iter().chain(extra).copied().collect(), progress)
    }

    fn find_or_build(&self, mut wanted: Vec<Tool>, progress: Progress) -> Result<Binaries> {
        wanted.sort_unstable();
        wanted.dedup();

        let mut paths = BTreeMap::new();
        let mut minor = MINOR;
        if let Some(folder) = &self.assets {
            match assets::use_folder(folder, &wanted, self.path.as_ref()) {
                Ok(found) => (paths, minor) = (found.paths, found.minor),
                Err(why) => progress.say(&format!(
                    "KUBEBUILDER_ASSETS={} does not suffice ({why}); using the cache instead",
                    folder.display()
                )),
            }
        }
        let mut missing = Vec::new();
        for tool in wanted.into_iter().filter(|tool| !paths.contains_key(tool)).collect::<Vec<_>>() {
            let cached = self.cache.join(tool.name());
            if cached.is_file() {
                paths.insert(tool, cached);
            } else if let Some(path) =
                (tool == Tool::Kubectl).then(|| assets::kubectl_on_path(self.path.as_ref(), minor)).flatten()
            {
                paths.insert(tool, path);
            } else {
                missing.push(tool);
            }
        }
        build::build(&self.cache, &missing, progress)?;
        paths.extend(missing.into_iter().map(|tool| (tool, self.cache.join(tool.name()))));
        Ok(Binaries { paths })
    }
}

#[cfg(test)]
mod tests;
