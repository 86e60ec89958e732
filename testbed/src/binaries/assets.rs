//! Programs that are already there: envtest's folder, and kubectl on the PATH.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{MINOR, Tool};

/// The oldest API server that is taken: custom resources with CEL rules and selectable fields are
/// stable from 1.32 on.
const OLDEST: u32 = 32;

/// What `KUBEBUILDER_ASSETS` gives.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) paths: BTreeMap<Tool, PathBuf>,
    /// The minor number of its API server.
    pub(super) minor: u32,
}

/// Takes from `folder` what of `wanted` it has, if that works together with what would be built.
///
/// # Errors
/// A sentence that says why the folder does not suffice.
pub(super) fn use_folder(folder: &Path, wanted: &[Tool], path: Option<&OsString>) -> Result<Found, String> {
    let mut paths = BTreeMap::new();
    for &tool in wanted {
        let file = folder.join(tool.name());
        if file.is_file() {
            paths.insert(tool, file);
        } else if matches!(tool, Tool::Etcd | Tool::KubeApiserver) {
            return Err(format!("it has no {}", tool.name()));
        }
    }
    let minor = match paths.get(&Tool::KubeApiserver) {
        Some(file) => apiserver_minor(file).ok_or("its kube-apiserver does not run here")?,
        None => return Err("it has no kube-apiserver".to_owned()),
    };
    if minor < OLDEST {
        return Err(format!("its kube-apiserver is 1.{minor}, older than 1.{OLDEST}"));
    }
    // Kubernetes' version skew policy: a controller may be one minor older than the API server, not newer.
    for tool in [Tool::KubeControllerManager, Tool::KubeScheduler] {
        let built = wanted.contains(&tool) && !paths.contains_key(&tool);
        if built && !(MINOR..=MINOR + 1).contains(&minor) {
            return Err(format!(
                "it has no {}, and that of 1.{MINOR} does not go with kube-apiserver 1.{minor}",
                tool.name()
            ));
        }
    }
    // The same policy: kubectl is within one minor.
    if paths.get(&Tool::Kubectl).is_some_and(|file| !kubectl_suits(file, minor)) {
        paths.remove(&Tool::Kubectl);
    }
    if !paths.contains_key(&Tool::Kubectl) && MINOR.abs_diff(minor) > 1 {
        let other = kubectl_on_path(path, minor)
            .ok_or_else(|| format!("neither it nor the PATH has a kubectl for 1.{minor}"))?;
        paths.insert(Tool::Kubectl, other);
    }
    Ok(Found { paths, minor })
}

/// A kubectl on `path` that runs and is within one minor of the API server.
pub(super) fn kubectl_on_path(path: Option<&OsString>, minor: u32) -> Option<PathBuf> {
    let candidates = which::which_in_all("kubectl", path, "/").ok()?;
    candidates.into_iter().find(|file| kubectl_suits(file, minor))
}

/// `kube-apiserver --version` says `Kubernetes v1.34.4`.
fn apiserver_minor(file: &Path) -> Option<u32> {
    let text = output(Command::new(file).arg("--version"))?;
    text.trim().strip_prefix("Kubernetes v1.")?.split('.').next()?.parse().ok()
}

/// The minor number of a client may carry a `+`.
fn kubectl_suits(file: &Path, minor: u32) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        client_version: Client,
    }
    #[derive(serde::Deserialize)]
    struct Client {
        minor: String,
    }
    let text = output(Command::new(file).args(["version", "--client", "--output=json"]));
    let version: Option<Version> = text.and_then(|text| serde_json::from_str(&text).ok());
    let client: Option<u32> =
        version.and_then(|version| version.client_version.minor.trim_end_matches('+').parse().ok());
    client.is_some_and(|client| client.abs_diff(minor) <= 1)
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
