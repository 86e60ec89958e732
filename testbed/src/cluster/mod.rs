//! A control plane that runs.

mod audit;
mod components;
mod identity;
mod link;

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

pub use self::audit::AuditEvent;
use self::components::Components;
use self::identity::Identity;
pub use self::link::Link;
use crate::binaries::{Binaries, Tool};
use crate::error::{Context as _, Error, Result};
use crate::janitor::{Janitor, Process};
use crate::progress::Progress;

/// What a cluster consists of. The default is etcd and the API server, in a temporary folder.
#[derive(Debug, Clone)]
pub struct Options {
    /// Run kube-controller-manager: garbage collection by owner, Deployments, ServiceAccounts in each
    /// namespace, and namespaces that end. Without it a deleted namespace stays in `Terminating`.
    pub controller_manager: bool,
    /// Run kube-scheduler. There are no nodes by default, so pods stay `Pending`.
    pub scheduler: bool,
    /// Write every request to the audit log: [`Cluster::audit_events`].
    pub audit: bool,
    /// Where keys, logs and data are kept: a folder that is empty or does not exist, and that is left
    /// in place. By default a temporary folder that is removed.
    pub dir: Option<PathBuf>,
    /// Further arguments of the API server; they come last and so win.
    pub apiserver_args: Vec<String>,
    /// How long each component may take to be ready. 60 s by default.
    pub deadline: Duration,
    /// How a build and a wait are told of.
    pub progress: Progress,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            controller_manager: false,
            scheduler: false,
            audit: false,
            dir: None,
            apiserver_args: Vec::new(),
            deadline: Duration::from_secs(60),
            progress: Progress::Auto,
        }
    }
}

/// A control plane that runs, and ends with this value.
///
/// Dropping it ends every process and removes the folder, also while a panic unwinds. The same
/// happens, a moment later, when this process ends without dropping it: by a signal, by
/// `kill -9`, or with the cluster in a `static`. All methods take `&self`, so tests may share one.
#[derive(Debug)]
pub struct Cluster {
    // Fields are dropped in this order: controllers, API server, etcd.
    controllers: Vec<Mutex<Process>>,
    apiserver: Mutex<Process>,
    etcd: Mutex<Process>,
    components: Components,
    identity: Identity,
    users: AtomicU32,
    dir: PathBuf,
    admin: PathBuf,
    audit: bool,
    // Last: it removes the folder when all processes are gone.
    janitor: Arc<Janitor>,
}

impl Cluster {
    /// Starts a control plane and returns when it serves: about two seconds, or four with the
    /// controller-manager. The programs are built first where they are missing.
    ///
    /// # Errors
    /// As [`Binaries::ensure`]; a component that ends or is not ready in time, with the last lines of
    /// its log.
    pub async fn start(options: Options) -> Result<Self> {
        let mut extra = Vec::new();
        extra.extend(options.controller_manager.then_some(Tool::KubeControllerManager));
        extra.extend(options.scheduler.then_some(Tool::KubeScheduler));
        let progress = options.progress;
        let binaries = blocking(move || Binaries::ensure(&extra, progress)).await?;
        Self::start_with(binaries, options).await
    }

    /// As [`Cluster::start`], with programs that were found before.
    ///
    /// # Errors
    /// As [`Cluster::start`], but for the build.
    pub async fn start_with(binaries: Binaries, options: Options) -> Result<Self> {
        let (dir, janitor) = folder(options.dir.as_deref())?;
        let kept = options.dir.is_some();
        let identity = {
            let dir = dir.clone();
            blocking(move || Identity::create(&dir)).await?
        };
        let components = Components::new(binaries, &dir, &options, kept, &identity)?;

        let mut etcd = components.start_etcd(&janitor)?;
        components.wait_for_etcd(&mut etcd).await?;
        let apiserver = components.start_apiserver(&janitor, &mut etcd).await?;
        let admin = dir.join("admin.kubeconfig");
        identity.write_kubeconfig(&admin, &components.url(), "admin", Some("system:masters"))?;

        let mut cluster = Self {
            controllers: Vec::new(),
            apiserver: Mutex::new(apiserver),
            etcd: Mutex::new(etcd),
            components,
            identity,
            users: AtomicU32::new(0),
            dir,
            admin,
            audit: options.audit,
            janitor,
        };
        for (asked, tool) in [
            (options.controller_manager, Tool::KubeControllerManager),
            (options.scheduler, Tool::KubeScheduler),
        ] {
            if asked {
                let kubeconfig = cluster.kubeconfig_for(&format!("system:{}", tool.name()), None)?;
                let process = cluster.components.start_controller(&cluster.janitor, tool, &kubeconfig)?;
                cluster.controllers.push(Mutex::new(process));
            }
        }
        if options.controller_manager {
            // Without the lock: nobody else has this cluster yet.
            let manager = cluster.controllers[0].get_mut().unwrap_or_else(PoisonError::into_inner);
            cluster.components.wait_for_controllers(manager).await?;
        }
        Ok(cluster)
    }

    /// The folder with keys, logs (`kube-apiserver.log` and so on) and data.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The API server: `https://127.0.0.1:PORT`. The port stays the same over a restart.
    pub fn url(&self) -> String {
        self.components.url()
    }

    /// The certificate that the API server's one is signed with (PEM).
    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// The kubeconfig of user `admin`, group `system:masters`, who may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.admin.clone()
    }

    /// A kubeconfig for another user, with a certificate of its own: what it may do is up to RBAC,
    /// and the audit log knows it by `user`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn kubeconfig_for(&self, user: &str, group: Option<&str>) -> Result<PathBuf> {
        self.write_kubeconfig(&self.url(), user, group)
    }

    /// A connection of its own for `user` that can be cut while everybody else's works: see [`Link`].
    ///
    /// # Errors
    /// No free port; the kubeconfig cannot be written.
    pub async fn link(&self, user: &str, group: Option<&str>) -> Result<Link> {
        let wire = link::Wire::open(self.components.port()).await?;
        let kubeconfig = self.write_kubeconfig(&format!("https://127.0.0.1:{}", wire.port()), user, group)?;
        Ok(Link::new(wire, kubeconfig))
    }

    fn write_kubeconfig(&self, url: &str, user: &str, group: Option<&str>) -> Result<PathBuf> {
        let plain: String = user.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(format!("{number}-{}.kubeconfig", &plain[..plain.len().min(60)]));
        self.identity.write_kubeconfig(&path, url, user, group)?;
        Ok(path)
    }

    /// A kubectl for this cluster as admin, that leaves nothing in the home folder and does not
    /// follow the user's kuberc.
    pub fn kubectl(&self) -> Command {
        let mut kubectl = Command::new(self.components.path(Tool::Kubectl));
        kubectl.env("KUBECONFIG", &self.admin).env("KUBECACHEDIR", self.kube_cache()).env("KUBERC", "off");
        kubectl
    }

    /// What a command needs to find this cluster: `KUBECONFIG`, `KUBECACHEDIR`, `PATH` with the
    /// right kubectl first, and `SNOWFENCE_TESTBED` with [`Cluster::dir`].
    ///
    /// # Errors
    /// The link to kubectl cannot be made.
    pub fn environment(&self) -> Result<Vec<(&'static str, OsString)>> {
        let bin = self.dir.join("bin");
        let link = bin.join("kubectl");
        if !link.exists() {
            std::fs::create_dir_all(&bin).context(|| format!("creating {}", bin.display()))?;
            std::os::unix::fs::symlink(self.components.path(Tool::Kubectl), &link)
                .context(|| format!("linking {}", link.display()))?;
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(bin).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(paths).unwrap_or(path.clone());
        Ok(vec![
            ("KUBECONFIG", self.admin.clone().into()),
            ("KUBECACHEDIR", self.kube_cache().into()),
            ("PATH", path),
            ("SNOWFENCE_TESTBED", self.dir.clone().into()),
        ])
    }

    fn kube_cache(&self) -> PathBuf {
        self.dir.join("kubectl-cache")
    }

    /// The `iss` of ServiceAccount tokens.
    pub fn service_account_issuer(&self) -> &'static str {
        identity::ISSUER
    }

    /// The public key of ServiceAccount tokens (RSA, PEM): they are signed with RS256.
    pub fn service_account_key(&self) -> PathBuf {
        self.dir.join("sa.pub")
    }

    /// The JWKS document of ServiceAccount tokens, as the API server gives it.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn service_account_jwks(&self) -> Result<Value> {
        self.components.get("/openid/v1/jwks").await
    }

    /// The audit log: a JSON document a line. Exists where [`Options::audit`] asked for it.
    pub fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    /// The requests so far, each once it is answered (a watch: once it has ended).
    ///
    /// # Errors
    /// The cluster was started without [`Options::audit`]; the log cannot be read.
    pub fn audit_events(&self) -> Result<Vec<AuditEvent>> {
        if !self.audit {
            return Err(Error::NotAsked(
                "start the cluster with Options { audit: true, .. } to read its audit log",
            ));
        }
        audit::read(&self.audit_log())
    }

    /// Stops the API server in its tracks (SIGSTOP): connections stay open, nothing is answered.
    /// To cut off one client alone, see [`Cluster::link`].
    pub fn pause_apiserver(&self) {
        held(&self.apiserver).signal(Signal::SIGSTOP);
    }

    /// Lets a paused API server go on.
    pub fn resume_apiserver(&self) {
        held(&self.apiserver).signal(Signal::SIGCONT);
    }

    /// Ends the API server and starts it again on the same port with the same data. Takes about three
    /// seconds, in which clients are refused.
    ///
    /// # Errors
    /// It does not come back.
    pub async fn restart_apiserver(&self) -> Result<()> {
        // Graceful, as in an upgrade: watches end with an answer.
        let deadline = Instant::now() + Duration::from_secs(5);
        for signal in [Signal::SIGTERM, Signal::SIGCONT] {
            held(&self.apiserver).signal(signal);
        }
        while held(&self.apiserver).ended().is_none() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        held(&self.apiserver).end(Duration::ZERO);
        let mut process = self.components.spawn_apiserver(&self.janitor)?;
        self.components.wait_for_apiserver(&mut process).await?;
        *held(&self.apiserver) = process;
        Ok(())
    }

    /// Fails if a component has ended by itself, with the last lines of its log.
    ///
    /// # Errors
    /// [`Error::Ended`].
    pub fn check(&self) -> Result<()> {
        for process in [&self.etcd, &self.apiserver].into_iter().chain(&self.controllers) {
            held(process).alive()?;
        }
        Ok(())
    }

    /// The process ids of the components.
    pub fn process_ids(&self) -> Vec<u32> {
        let all = [&self.etcd, &self.apiserver].into_iter().chain(&self.controllers);
        all.map(|process| held(process).id()).collect()
    }

    /// The janitor, for commands that belong to the cluster.
    pub(crate) fn janitor(&self) -> &Arc<Janitor> {
        &self.janitor
    }
}

fn held(process: &Mutex<Process>) -> MutexGuard<'_, Process> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The folder, and the janitor that removes it unless it was named.
fn folder(named: Option<&Path>) -> Result<(PathBuf, Arc<Janitor>)> {
    let what = |dir: &Path| format!("creating {}", dir.display());
    let Some(dir) = named else {
        let name = format!("snowfence-testbed-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let dir = std::env::temp_dir().join(name);
        // The janitor first: a folder that nobody removes must not come into being.
        let janitor = Janitor::start(Some(dir.clone()))?;
        std::fs::DirBuilder::new().mode(0o700).create(&dir).context(|| what(&dir))?;
        return Ok((dir, janitor));
    };
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(dir).context(|| what(dir))?;
    let dir = dir.canonicalize().context(|| what(dir))?;
    if std::fs::read_dir(&dir).context(|| what(&dir))?.next().is_some() {
        return Err(Error::FolderNotEmpty(dir));
    }
    Ok((dir, Janitor::start(None)?))
}

/// Runs what blocks aside.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}
