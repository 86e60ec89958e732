//! The control plane and what is put into it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, WatchEvent},
};
use serde_json::{Value, json};
use snowfence::api::{CortexPipeline, SnowflakeConnection, SnowflakeWarehouse};
use snowfence_testbed::{AuditEvent, Cluster, Options};

use crate::{Result, emulator::Emulator, manifests, operator::processor};

/// The name by which the audit log knows the operator.
const USER: &str = "snowfence-operator";

pub struct Bed {
    cluster: Cluster,
    client: Client,
    /// The operator's.
    pub kubeconfig: PathBuf,
    /// For the operator's logs.
    pub folder: tempfile::TempDir,
}

impl Bed {
    /// A control plane with the custom resources installed.
    pub async fn start(audit: bool) -> Result<Self> {
        let cluster = Cluster::start(Options { audit, ..Options::default() }).await?;
        let kubeconfig = cluster.kubeconfig_for(USER, Some("system:masters"))?;
        let (admin, options) = (Kubeconfig::read_from(cluster.kubeconfig())?, KubeConfigOptions::default());
        let client = Client::try_from(Config::from_custom_kubeconfig(admin, &options).await?)?;
        let crds = Command::new(env!("CARGO_BIN_EXE_snowfence")).arg("crds").output()?.stdout;
        let mut apply = cluster.kubectl();
        apply.args(["apply", "--server-side", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = apply.spawn()?;
        child.stdin.take().ok_or("kubectl has no input")?.write_all(&crds)?;
        let wait = ["wait", "--for", "condition=established", "crd", "--all", "--timeout", "30s"];
        let installed =
            child.wait()?.success() && cluster.kubectl().args(wait).stdout(Stdio::null()).status()?.success();
        if !installed {
            return Err("the custom resources could not be installed".into());
        }
        Ok(Self { cluster, client, kubeconfig, folder: tempfile::tempdir()? })
    }

    /// The connection, its Secret, and so many warehouses.
    pub async fn fill(&self, emulator: &Emulator, warehouses: usize) -> Result<()> {
        self.connect(emulator).await?;
        create(&self.warehouses(), (0..warehouses).map(manifests::warehouse)).await
    }

    /// The connection and its Secret.
    pub async fn connect(&self, emulator: &Emulator) -> Result<()> {
        let secrets: Api<Secret> = Api::default_namespaced(self.client.clone());
        let post = PostParams::default();
        secrets.create(&post, &serde_json::from_value(manifests::secret(emulator)?)?).await?;
        let connection = serde_json::from_value(manifests::connection(emulator, "1h"))?;
        self.connections().create(&post, &connection).await?;
        Ok(())
    }

    pub async fn create_pipelines(&self, pipelines: impl Iterator<Item = Value>) -> Result<()> {
        create(&self.pipelines(), pipelines).await
    }

    /// Changes a pipeline, and returns when the operator says of what it is now that it is ready.
    pub async fn change_pipeline(&self, name: &str, spec: Value, patience: Duration) -> Result<()> {
        let (api, patch) = (self.pipelines(), Patch::Merge(json!({"spec": spec})));
        let changed = api.patch(name, &PatchParams::default(), &patch).await?;
        let generation = json!(changed.metadata.generation);
        let until = Instant::now() + patience;
        loop {
            let now = api.get(name).await?;
            if now.data["status"]["observedGeneration"] == generation && is_ready(&now) {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(
                    format!("{name} does not become ready: {}", now.data["status"]["conditions"]).into()
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn connections(&self) -> Api<SnowflakeConnection> {
        Api::default_namespaced(self.client.clone())
    }
    fn pipelines(&self) -> Api<DynamicObject> {
        let kind = ApiResource::erase::<CortexPipeline>(&());
        Api::default_namespaced_with(self.client.clone(), &kind)
    }
    fn warehouses(&self) -> Api<DynamicObject> {
        let kind = ApiResource::erase::<SnowflakeWarehouse>(&());
        Api::default_namespaced_with(self.client.clone(), &kind)
    }

    async fn patch_connection(&self, patch: Value) -> Result<()> {
        let name = manifests::CONNECTION;
        self.connections().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Asks for a resync now.
    pub async fn request(&self) -> Result<()> {
        let now = jiff::Timestamp::now().to_string();
        self.patch_connection(json!({"metadata": {"annotations": {"snowfence.dev/requested-at": now}}})).await
    }

    /// How often there is a resync from now on.
    pub async fn resync_every(&self, every: &str) -> Result<()> {
        self.patch_connection(json!({"spec": {"resync": every}})).await
    }

    /// Returns when so many warehouses were seen to be ready, however short.
    pub async fn ready(&self, count: usize, patience: Duration) -> Result<Ready> {
        let api = self.warehouses();
        let page = api.list(&ListParams::default()).await?;
        let mut version = page.metadata.resource_version.clone().unwrap_or_default();
        let mut ready: BTreeSet<String> =
            page.items.iter().filter(|cr| is_ready(cr)).map(ResourceExt::name_any).collect();
        let until = Instant::now() + patience;
        let mut half = None;
        while ready.len() < count {
            let params = WatchParams::default().timeout(60);
            let mut events = api.watch(&params, &version).await?.boxed();
            while ready.len() < count {
                let next = tokio::time::timeout_at(until.into(), events.try_next()).await;
                match next.map_err(|_| format!("only {} of {count} are ready", ready.len()))?? {
                    Some(WatchEvent::Added(cr) | WatchEvent::Modified(cr)) => {
                        version = cr.resource_version().unwrap_or(version);
                        if is_ready(&cr) {
                            ready.insert(cr.name_any());
                        }
                    }
                    Some(WatchEvent::Error(error)) => return Err(Box::new(*error)),
                    Some(_) => {}
                    None => break,
                }
                if half.is_none() && ready.len() * 2 >= count {
                    half = Some(Instant::now());
                }
            }
        }
        let all = Instant::now();
        Ok(Ready { half: half.unwrap_or(all), all })
    }

    /// What the operator wrote to the API server after `since`; leases, which say who leads, are left out.
    pub fn writes(&self, since: usize) -> Result<Vec<AuditEvent>> {
        let mut all = self.cluster.audit_events()?.split_off(since);
        all.retain(|e| e.user == USER && e.is_write() && e.group != "coordination.k8s.io");
        Ok(all)
    }

    /// How many requests the audit log has.
    pub fn position(&self) -> Result<usize> {
        Ok(self.cluster.audit_events()?.len())
    }

    /// Processor time of etcd and the API server until now, in seconds.
    pub fn processor(&self) -> Result<f64> {
        self.cluster.process_ids().into_iter().map(processor).sum()
    }

    /// Waits until the operator has written nothing for two seconds.
    pub async fn quiet(&self) -> Result<()> {
        let (mut last, mut since) = (self.writes(0)?.len(), Instant::now());
        let until = since + Duration::from_secs(120);
        while since.elapsed() < Duration::from_secs(2) {
            if Instant::now() > until {
                return Err("the operator goes on writing".into());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.writes(0)?.len();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        Ok(())
    }
}

fn is_ready(cr: &DynamicObject) -> bool {
    let conditions = cr.data["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["status"] == "True")
}

/// Sixteen at once.
async fn create(api: &Api<DynamicObject>, resources: impl Iterator<Item = Value>) -> Result<()> {
    let create = |resource| async move {
        api.create(&PostParams::default(), &serde_json::from_value(resource)?).await?;
        Result::Ok(())
    };
    stream::iter(resources.map(create)).buffer_unordered(16).try_collect::<Vec<_>>().await?;
    Ok(())
}

/// When half, and when all of them were ready.
pub struct Ready {
    pub half: Instant,
    pub all: Instant,
}

/// `patch snowflakewarehouses/status 2000, create events 1000`.
pub fn by_object(writes: &[AuditEvent]) -> String {
    let mut count = BTreeMap::new();
    for write in writes {
        let slash = if write.subresource.is_empty() { "" } else { "/" };
        let what = format!("{} {}{slash}{}", write.verb, write.resource, write.subresource);
        *count.entry(what).or_insert(0) += 1;
    }
    let all: Vec<_> = count.iter().map(|(what, count)| format!("{what} {count}")).collect();
    if all.is_empty() { "none".into() } else { all.join(", ") }
}
