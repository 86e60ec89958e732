//! The control plane: one that is started here, or the user's, where it was told by name.

use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path, process::Command, time::Duration};

use serde_json::Value;
use snowfence_testbed::{Cluster, Options};

use crate::{
    failure::{During as _, Failure, Result, expect},
    say,
    stage::Stage,
};

/// Where the demo's resources are.
pub(crate) const NAMESPACE: &str = "snowfence-demo";
/// Marks what the demo has made in a cluster of the user's.
const MARK: &str = "snowfence.dev/demo";

/// A cluster with the namespace of the demo, and no custom resources yet.
#[derive(Debug)]
pub(crate) enum ControlPlane {
    /// Ends with this value.
    Ours(Box<Cluster>),
    /// Belongs to the user: what was made in it is removed with [`ControlPlane::clean_up`].
    Theirs,
}

impl ControlPlane {
    /// Starts one on free ports; built from source the first time.
    pub(crate) async fn start(stage: &mut Stage) -> Result<Self> {
        say::progress(
            "etcd and kube-apiserver start; the first time they are built from source, which takes some minutes",
        );
        let cluster = Cluster::start(Options::default()).await?;
        let config = fs::read(cluster.kubeconfig())?;
        for (name, value) in cluster.environment()? {
            stage.set_variable(name, value);
        }
        use_config(stage, &config)?;
        let plane = Self::Ours(Box::new(cluster));
        plane.make_namespace(stage).await?;
        Ok(plane)
    }

    /// Uses the cluster of a context of the user's kubeconfig.
    pub(crate) async fn of_context(stage: &mut Stage, context: &str) -> Result<Self> {
        // The one command that sees the user's KUBECONFIG.
        let mut view = Command::new("kubectl");
        view.args(["config", "view", "--raw", "--minify", "--flatten", "--context", context]);
        let view = tokio::process::Command::from(view).output().await.during("kubectl")?;
        if !view.status.success() {
            return Err(Failure::new(format!(
                "--cluster {context}: {}",
                String::from_utf8_lossy(&view.stderr).trim()
            )));
        }
        use_config(stage, &view.stdout)?;
        let plane = Self::Theirs;
        plane.refuse_what_is_not_ours(stage, context).await?;
        plane.make_namespace(stage).await?;
        Ok(plane)
    }

    /// Another Snowfence must not be disturbed, nor meddle.
    async fn refuse_what_is_not_ours(&self, stage: &Stage, context: &str) -> Result<()> {
        let crds = list(stage, &["get", "crds"]).await?;
        let is_foreign = |crd: &&Value| {
            let name = crd["metadata"]["name"].as_str().unwrap_or_default();
            name.ends_with(".snowfence.dev") && crd["metadata"]["labels"][MARK].is_null()
        };
        if crds.iter().any(|crd| is_foreign(&crd)) {
            return Err(Failure::new(format!(
                "the cluster of {context} has Snowfence's custom resources already: the demo would meddle. Use another cluster"
            )));
        }
        let namespaces = list(stage, &["get", "namespaces"]).await?;
        match namespaces.iter().find(|namespace| namespace["metadata"]["name"] == NAMESPACE) {
            None => Ok(()),
            Some(namespace) if namespace["metadata"]["labels"][MARK].is_null() => Err(Failure::new(format!(
                "the cluster of {context} has a namespace {NAMESPACE} already: delete it, or use another cluster"
            ))),
            // A demo that was killed.
            Some(_) => self.clean_up(stage).await,
        }
    }

    async fn make_namespace(&self, stage: &Stage) -> Result<()> {
        must(stage, &["create", "namespace", NAMESPACE]).await?;
        must(stage, &["label", "namespace", NAMESPACE, &format!("{MARK}=true")]).await?;
        must(stage, &["config", "set-context", "--current", &format!("--namespace={NAMESPACE}")]).await
    }

    /// Installs the custom resources.
    pub(crate) async fn install(&self, stage: &Stage) -> Result<()> {
        let line = "snowfence crds | kubectl apply --server-side -f -";
        say::command(line);
        let output = stage.quietly("sh", &["-c", line]).await?;
        say::output(&output.text);
        expect(output.code == Some(0), "the custom resources are installed", &output.text)?;
        let crds = names_of_crds(stage).await?;
        expect(crds.len() == 4, "four custom resources", &crds.join("\n"))?;
        if matches!(self, Self::Theirs) {
            for crd in &crds {
                must(stage, &["label", crd, &format!("{MARK}=true")]).await?;
            }
        }
        for crd in &crds {
            must(stage, &["wait", "--for=condition=Established", "--timeout=30s", crd]).await?;
        }
        Ok(())
    }

    /// Fails if it has ended.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Ours(cluster) => Ok(cluster.check()?),
            Self::Theirs => Ok(()),
        }
    }

    /// The folder of its logs.
    pub(crate) fn logs(&self) -> Option<&Path> {
        match self {
            Self::Ours(cluster) => Some(cluster.dir()),
            Self::Theirs => None,
        }
    }

    /// Removes what was made in a cluster of the user's, while the operator still runs.
    pub(crate) async fn clean_up(&self, stage: &Stage) -> Result<()> {
        if matches!(self, Self::Ours(_)) {
            return Ok(());
        }
        say::progress(format!("removing namespace {NAMESPACE} and the custom resources from your cluster"));
        let crds = names_of_crds(stage).await?;
        if !crds.is_empty() {
            // The operator drops and lets go; whether it can must not decide whether the cluster gets clean.
            let kinds: Vec<&str> = crds.iter().filter_map(|crd| Some(crd.split_once('/')?.1)).collect();
            let deletion = ["delete", &kinds.join(","), "--all", "--namespace", NAMESPACE, "--timeout=20s"];
            let _ = stage.quietly("kubectl", &deletion).await;
            for resource in list(stage, &["get", &kinds.join(","), "--namespace", NAMESPACE]).await? {
                let text = |path: &str| {
                    resource.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
                };
                let name =
                    format!("{}.snowfence.dev/{}", text("/kind").to_lowercase(), text("/metadata/name"));
                let let_go = [
                    "patch",
                    &name,
                    "--namespace",
                    NAMESPACE,
                    "--type=merge",
                    "-p",
                    r#"{"metadata":{"finalizers":null}}"#,
                ];
                let _ = stage.quietly("kubectl", &let_go).await;
            }
        }
        must(stage, &["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s"]).await?;
        for crd in &crds {
            must(stage, &["delete", crd, "--timeout=30s"]).await?;
        }
        Ok(())
    }
}

/// The demo's own copy: it names one cluster and one namespace, whatever happens to the user's.
fn use_config(stage: &mut Stage, config: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let path = stage.folder().join("kubeconfig");
    fs::File::options().create_new(true).write(true).mode(0o600).open(&path)?.write_all(config)?;
    stage.set_variable("KUBECACHEDIR", stage.folder().join("kubectl-cache"));
    stage.set_variable("KUBERC", "off");
    stage.set_variable("KUBECONFIG", path);
    // So that `snowfence` is found where a shell looks for it; what is ours or the testbed's comes first.
    let usual = stage.path();
    let paths = [stage.programs().to_owned()].into_iter().chain(std::env::split_paths(&usual));
    let paths = std::env::join_paths(paths.collect::<Vec<_>>()).during("PATH")?;
    stage.set_variable("PATH", paths);
    Ok(())
}

async fn must(stage: &Stage, arguments: &[&str]) -> Result<()> {
    let output = stage.quietly("kubectl", arguments).await?;
    expect(output.code == Some(0), format!("kubectl {}", arguments.join(" ")), &output.text)
}

/// The items of a list.
pub(crate) async fn list(stage: &Stage, arguments: &[&str]) -> Result<Vec<Value>> {
    let arguments = [arguments, &["--output=json", "--request-timeout=20s"]].concat();
    let output = stage.quietly("kubectl", &arguments).await?;
    let list: Value =
        serde_json::from_str(&output.text).map_err(|_| Failure::new(output.text.trim().to_owned()))?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

async fn names_of_crds(stage: &Stage) -> Result<Vec<String>> {
    let output = stage.quietly("kubectl", &["get", "crds", "--output=name"]).await?;
    expect(output.code == Some(0), "a list of custom resources", &output.text)?;
    Ok(output.text.lines().filter(|name| name.ends_with(".snowfence.dev")).map(str::to_owned).collect())
}

/// Asks again until the answer is there, for as long as it makes sense.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
