//! Starts the components and waits for them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use super::identity::{ISSUER, Identity};
use super::{Options, audit};
use crate::binaries::{Binaries, Tool};
use crate::error::{Context as _, Error, Result};
use crate::janitor::{Janitor, Process, spawn, tail};

/// How often a component is asked whether it is ready.
const POLL: Duration = Duration::from_millis(40);

/// What the components of one cluster have in common.
#[derive(Debug)]
pub(super) struct Components {
    binaries: Binaries,
    dir: PathBuf,
    /// Ours and the API server's, see [`Port`].
    port: std::sync::Mutex<Port>,
    deadline: Duration,
    /// How long a component may take to end: state that is thrown away needs no farewell.
    grace: Duration,
    controller_manager: bool,
    audit: bool,
    apiserver_args: Vec<String>,
    client: reqwest::Client,
}

/// A TCP port on the loopback interface that nobody else can get while this value lives.
///
/// It is bound with SO_REUSEPORT and does not listen; the API server binds it a second time
/// (`--permit-port-sharing`) and gets all connections. So the port stays ours over a restart.
#[derive(Debug)]
struct Port {
    number: u16,
    _held: Socket,
}

impl Port {
    fn take() -> Result<Self> {
        let open = || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.set_reuse_port(true)?;
            socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
            let number = socket.local_addr()?.as_socket().map_or(0, |address| address.port());
            Ok(Self { number, _held: socket })
        };
        open().context(|| "taking a free port on 127.0.0.1".to_owned())
    }
}

/// By what a component is known to work.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// etcd: connections wait in its socket until it has elected itself.
    Socket,
    /// The API server.
    Ready,
    /// The controllers: the first namespace has its ServiceAccount.
    ServiceAccount,
}

impl Sign {
    fn text(self) -> &'static str {
        match self {
            Self::Socket => "its socket",
            Self::Ready => "/readyz",
            Self::ServiceAccount => "the ServiceAccount of namespace default",
        }
    }
}

impl Components {
    pub(super) fn new(
        binaries: Binaries,
        dir: &Path,
        options: &Options,
        kept: bool,
        identity: &Identity,
    ) -> Result<Self> {
        let (certificate, key) = identity.user("snowfence-testbed", Some("system:masters"))?;
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(identity.ca().as_bytes())?])
            .identity(reqwest::Identity::from_pem(format!("{certificate}{key}").as_bytes())?)
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()?;
        if options.audit {
            let policy = dir.join("audit-policy.yaml");
            std::fs::write(&policy, audit::POLICY).context(|| format!("writing {}", policy.display()))?;
        }
        Ok(Self {
            binaries,
            dir: dir.to_owned(),
            port: std::sync::Mutex::new(Port::take()?),
            deadline: options.deadline,
            grace: if kept { Duration::from_secs(5) } else { Duration::ZERO },
            controller_manager: options.controller_manager,
            audit: options.audit,
            apiserver_args: options.apiserver_args.clone(),
            client,
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port.lock().unwrap_or_else(std::sync::PoisonError::into_inner).number
    }

    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port())
    }

    /// The program, or its mere name where it was not asked for.
    pub(super) fn path(&self, tool: Tool) -> &Path {
        self.binaries.path(tool).unwrap_or(Path::new(tool.name()))
    }

    /// Runs in the cluster's folder, so that the paths of sockets stay short: the system allows 107 bytes.
    fn spawn(&self, janitor: &Arc<Janitor>, tool: Tool, args: &[String]) -> Result<Process> {
        let mut command = Command::new(self.path(tool));
        command.args(args).current_dir(&self.dir);
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(proxy);
        }
        let log = self.dir.join(format!("{}.log", tool.name()));
        let mut process = spawn(janitor, tool.name(), &command, &log)?;
        process.grace = self.grace;
        Ok(process)
    }

    /// On Unix sockets alone. The URLs that it advertises are never used, but must look like some.
    pub(super) fn start_etcd(&self, janitor: &Arc<Janitor>) -> Result<Process> {
        let args = [
            "--name=testbed",
            "--data-dir=etcd",
            "--listen-client-urls=unix://etcd.sock",
            "--advertise-client-urls=http://localhost:2379",
            "--listen-peer-urls=unix://etcd-peer.sock",
            "--initial-advertise-peer-urls=http://localhost:2380",
            "--initial-cluster=testbed=http://localhost:2380",
            "--enable-grpc-gateway=false",
            // What is in it is thrown away: no need to reach the disk.
            "--unsafe-no-fsync",
            // It elects itself; the default of one second is for networks.
            "--heartbeat-interval=20",
            "--election-timeout=200",
        ];
        self.spawn(janitor, Tool::Etcd, &args.map(str::to_owned))
    }

    pub(super) async fn wait_for_etcd(&self, etcd: &mut Process) -> Result<()> {
        self.wait(etcd, Sign::Socket).await
    }

    /// Starts the API server and waits for it; on another port if something else got ours.
    pub(super) async fn start_apiserver(
        &self,
        janitor: &Arc<Janitor>,
        etcd: &mut Process,
    ) -> Result<Process> {
        let mut tries = 0;
        loop {
            let mut process = self.spawn_apiserver(janitor)?;
            match self.wait_for_apiserver(&mut process).await {
                Ok(()) => return Ok(process),
                Err(Error::Ended { tail, .. }) if tail.contains("address already in use") && tries < 5 => {
                    tries += 1;
                    *self.port.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Port::take()?;
                }
                Err(error) => {
                    // Without etcd the API server's log tells nothing.
                    etcd.alive()?;
                    return Err(error);
                }
            }
        }
    }

    pub(super) fn spawn_apiserver(&self, janitor: &Arc<Janitor>) -> Result<Process> {
        let mut args: Vec<String> = [
            "--etcd-servers=unix://etcd.sock",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--permit-port-sharing",
            // The Service `kubernetes` gets no endpoint: a loopback address is not allowed as one.
            "--endpoint-reconciler-type=none",
            "--tls-cert-file=apiserver.crt",
            "--tls-private-key-file=apiserver.key",
            "--client-ca-file=ca.crt",
            "--authorization-mode=Node,RBAC",
            "--service-account-key-file=sa.pub",
            "--service-account-signing-key-file=sa.key",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--allow-privileged",
            // A test may have thousands of objects written at once.
            "--max-requests-inflight=4000",
            "--max-mutating-requests-inflight=2000",
        ]
        .map(str::to_owned)
        .into();
        args.push(format!("--secure-port={}", self.port()));
        args.push(format!("--service-account-issuer={ISSUER}"));
        if !self.controller_manager {
            // Nobody makes the ServiceAccount that this plugin wants each pod to have.
            args.push("--disable-admission-plugins=ServiceAccount".to_owned());
        }
        if self.audit {
            args.push("--audit-policy-file=audit-policy.yaml".to_owned());
            args.push("--audit-log-path=audit.log".to_owned());
            // In MB, before it begins a new file: never.
            args.push("--audit-log-maxsize=1000000".to_owned());
        }
        args.extend(self.apiserver_args.iter().cloned());
        self.spawn(janitor, Tool::KubeApiserver, &args)
    }

    pub(super) async fn wait_for_apiserver(&self, apiserver: &mut Process) -> Result<()> {
        self.wait(apiserver, Sign::Ready).await
    }

    /// With a kubeconfig of its own name, so that RBAC and the audit log know it.
    pub(super) fn start_controller(
        &self,
        janitor: &Arc<Janitor>,
        tool: Tool,
        kubeconfig: &Path,
    ) -> Result<Process> {
        let mut args = vec![
            format!("--kubeconfig={}", kubeconfig.display()),
            "--leader-elect=false".to_owned(),
            // Serves nothing: no port to be taken.
            "--secure-port=0".to_owned(),
            "--kube-api-qps=500".to_owned(),
            "--kube-api-burst=1000".to_owned(),
        ];
        if tool == Tool::KubeControllerManager {
            args.extend(
                [
                    "--service-account-private-key-file=sa.key",
                    "--use-service-account-credentials",
                    "--root-ca-file=ca.crt",
                    "--cluster-signing-cert-file=ca.crt",
                    "--cluster-signing-key-file=ca.key",
                ]
                .map(str::to_owned),
            );
        }
        self.spawn(janitor, tool, &args)
    }

    pub(super) async fn wait_for_controllers(&self, manager: &mut Process) -> Result<()> {
        self.wait(manager, Sign::ServiceAccount).await
    }

    /// A document of the API server, as a member of `system:masters`.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(format!("{}{path}", self.url())).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn shows(&self, sign: Sign) -> bool {
        match sign {
            Sign::Socket => self.dir.join("etcd.sock").exists(),
            Sign::Ready => {
                let answer = self.client.get(format!("{}/readyz", self.url())).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            }
            Sign::ServiceAccount => {
                self.get("/api/v1/namespaces/default/serviceaccounts/default").await.is_ok()
            }
        }
    }

    async fn wait(&self, process: &mut Process, sign: Sign) -> Result<()> {
        let begin = Instant::now();
        loop {
            process.alive()?;
            if self.shows(sign).await {
                return Ok(());
            }
            if begin.elapsed() > self.deadline {
                let (component, log) = (process.name, process.log.clone());
                let (what, limit) = (sign.text(), self.deadline);
                return Err(Error::Deadline { component, what, limit, tail: tail(&log), log });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
