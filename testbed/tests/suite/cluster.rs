//! What a cluster can do while it runs.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use snowfence_testbed::{Cluster, Error, Options};
use tokio::sync::OnceCell;

use crate::support::eventually;

/// One cluster for the tests that leave it as it is. It is never dropped: the janitor ends it.
async fn shared() -> &'static Cluster {
    static SHARED: OnceCell<Cluster> = OnceCell::const_new();
    let options = || Options { controller_manager: true, audit: true, ..Options::default() };
    SHARED.get_or_init(async || Cluster::start(options()).await.unwrap()).await
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn apply(cluster: &Cluster, manifest: &str) -> Output {
    let mut kubectl = cluster.kubectl();
    kubectl.args(["apply", "--server-side", "-f", "-"]);
    let mut child =
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// As another user than admin.
fn kubectl_as(cluster: &Cluster, kubeconfig: &Path) -> Command {
    let mut kubectl = cluster.kubectl();
    kubectl.env("KUBECONFIG", kubeconfig).arg("--request-timeout=10s");
    kubectl
}

const CRD: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: flakes.testbed.dev}
spec:
  group: testbed.dev
  scope: Namespaced
  names: {kind: Flake, plural: flakes, singular: flake}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {min: {type: integer}, max: {type: integer}}
            x-kubernetes-validations: [{rule: "self.min <= self.max", message: "min must not be above max"}]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_resource_with_a_rule_is_served() {
    let cluster = shared().await;
    assert!(apply(cluster, CRD).status.success());
    succeed(cluster.kubectl().args(["wait", "--for=condition=Established", "crd/flakes.testbed.dev"]));
    let flake = |min: u32| {
        let text = "apiVersion: testbed.dev/v1\nkind: Flake\nmetadata: {name: a, namespace: default}\nspec: ";
        apply(cluster, &format!("{text}{{min: {min}, max: 2}}\n"))
    };
    eventually("the new kind is served", || flake(1).status.success());
    assert!(String::from_utf8_lossy(&flake(3).stderr).contains("min must not be above max"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_controller_manager_ends_namespaces_and_collects_garbage() {
    let cluster = shared().await;
    succeed(cluster.kubectl().args(["create", "namespace", "short"]));
    succeed(cluster.kubectl().args(["create", "configmap", "owner", "-n", "short"]));
    let uid = succeed(cluster.kubectl().args([
        "get",
        "configmap",
        "owner",
        "-n",
        "short",
        "-o=jsonpath={.metadata.uid}",
    ]));
    let owner = format!("{{apiVersion: v1, kind: ConfigMap, name: owner, uid: {uid}}}");
    let child = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: child, namespace: short, ownerReferences: [{owner}]}}\n"
    );
    assert!(apply(cluster, &child).status.success());
    succeed(cluster.kubectl().args(["delete", "configmap", "owner", "-n", "short"]));
    eventually("the child is collected", || {
        !cluster
            .kubectl()
            .args(["get", "configmap", "child", "-n", "short"])
            .output()
            .unwrap()
            .status
            .success()
    });
    succeed(cluster.kubectl().args(["delete", "namespace", "short", "--timeout=30s"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_has_no_rights_and_is_known_to_the_audit_log() {
    let cluster = shared().await;
    let carol = cluster.kubeconfig_for("carol", None).unwrap();
    let refused =
        kubectl_as(cluster, &carol).args(["create", "configmap", "hers", "-n", "default"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("forbidden: User \"carol\""));

    let ops = cluster.kubeconfig_for("dave", Some("system:masters")).unwrap();
    succeed(kubectl_as(cluster, &ops).args(["create", "configmap", "his", "-n", "default"]));
    succeed(kubectl_as(cluster, &ops).args(["get", "configmaps", "-n", "default"]));
    eventually("the audit log has it", || {
        let events = cluster.audit_events().unwrap();
        let writes = |user: &str| -> Vec<(String, u16)> {
            let his = events.iter().filter(|event| event.user == user && event.is_write());
            his.map(|event| (format!("{} {}/{}", event.verb, event.resource, event.name), event.code))
                .collect()
        };
        writes("dave") == [("create configmaps/his".to_owned(), 201)]
            && writes("carol").iter().all(|(_, code)| *code == 403)
            && !writes("carol").is_empty()
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn service_account_tokens_carry_the_issuer_and_are_signed_with_the_published_key() {
    let cluster = shared().await;
    let token = succeed(cluster.kubectl().args(["create", "token", "default", "--audience=somewhere.else"]));
    let part = |index: usize| {
        use base64::Engine as _;
        let part = token.trim().split('.').nth(index).unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
    };
    let jwks = cluster.service_account_jwks().await.unwrap();
    assert_eq!(part(0)["alg"], "RS256");
    assert_eq!(part(0)["kid"], jwks["keys"][0]["kid"]);
    assert_eq!(part(1)["iss"], cluster.service_account_issuer());
    assert_eq!(part(1)["aud"][0], "somewhere.else");
    let key = std::fs::read_to_string(cluster.service_account_key()).unwrap();
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_link_holds_back_one_client_and_nobody_else() {
    let cluster = shared().await;
    let link = cluster.link("erin", Some("system:masters")).await.unwrap();
    let get = || {
        let mut kubectl = kubectl_as(cluster, link.kubeconfig());
        kubectl.args(["get", "namespaces", "--request-timeout=2s"]).output().unwrap().status.success()
    };
    assert!(get());
    link.cut();
    assert!(!get());
    succeed(cluster.kubectl().args(["get", "namespaces"]));
    link.mend();
    assert!(get());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_server_pauses_and_restarts_on_its_port_with_its_data() {
    let cluster = Cluster::start(Options::default()).await.unwrap();
    let url = cluster.url();
    succeed(cluster.kubectl().args(["create", "namespace", "kept"]));

    cluster.pause_apiserver();
    let paused = cluster.kubectl().args(["get", "namespaces", "--request-timeout=1s"]).output().unwrap();
    assert!(!paused.status.success());
    cluster.resume_apiserver();
    succeed(cluster.kubectl().args(["get", "namespace", "kept"]));

    cluster.restart_apiserver().await.unwrap();
    assert_eq!(cluster.url(), url);
    succeed(cluster.kubectl().args(["get", "namespace", "kept"]));
    cluster.check().unwrap();

    // Also a paused one can be restarted, and dropped.
    cluster.pause_apiserver();
    cluster.restart_apiserver().await.unwrap();
    cluster.pause_apiserver();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_shows_the_last_lines_of_the_log() {
    let apiserver_args = vec!["--no-such-flag".to_owned()];
    let error = Cluster::start(Options { apiserver_args, ..Options::default() }).await.unwrap_err();
    assert!(matches!(error, Error::Ended { component: "kube-apiserver", .. }));
    assert!(error.to_string().contains("unknown flag: --no-such-flag"), "{error}");

    let deadline = Duration::from_millis(1);
    let error = Cluster::start(Options { deadline, ..Options::default() }).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_named_is_kept_and_must_be_empty() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = Some(temporary.path().join("long-".repeat(30)));
    let options = Options { dir, ..Options::default() };
    let cluster = Cluster::start(options.clone()).await.unwrap();
    let log = cluster.dir().join("kube-apiserver.log");
    drop(cluster);
    assert!(log.exists());
    let error = Cluster::start(options).await.unwrap_err();
    assert!(matches!(error, Error::FolderNotEmpty(_)));
}

/// The example of `docs/guide/testbed.md`.
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_made() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = Cluster::start(Options { audit: true, ..Options::default() }).await?;
    assert!(cluster.kubectl().args(["create", "namespace", "a"]).status()?.success());
    let writes =
        cluster.audit_events()?.into_iter().filter(|event| event.user == "admin" && event.is_write());
    assert_eq!(writes.count(), 1);
    Ok(())
}
