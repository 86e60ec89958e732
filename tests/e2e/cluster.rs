//! The one control plane of the run.

use std::{io::Write as _, process::Stdio};

use snowfence_testbed::{Cluster, Options};
use tokio::sync::{OnceCell, RwLock};

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// Held for writing while the schema of a custom resource is not the one that is shipped.
pub static SCHEMA: RwLock<()> = RwLock::const_new(());

/// The control plane, with the custom resources that `snowfence crds` prints.
pub async fn cluster() -> &'static Cluster {
    let start = async || {
        let cluster = Cluster::start(Options { audit: true, ..Options::default() }).await.unwrap();
        let crds = std::process::Command::new(env!("CARGO_BIN_EXE_snowfence")).arg("crds").output().unwrap();
        assert!(crds.status.success(), "{}", String::from_utf8_lossy(&crds.stderr));
        let mut apply = cluster
            .kubectl()
            .args(["apply", "--server-side", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        apply.stdin.take().unwrap().write_all(&crds.stdout).unwrap();
        assert!(apply.wait().unwrap().success());
        // For a moment a new definition has no conditions, which kubectl takes for an error.
        for left in (0..20).rev() {
            let wait = ["wait", "--for=condition=Established", "crd", "--all"];
            let waited = cluster.kubectl().args(wait).output().unwrap();
            if waited.status.success() {
                break;
            }
            assert!(left > 0, "{}", String::from_utf8_lossy(&waited.stderr));
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        cluster
    };
    CLUSTER.get_or_init(start).await
}
