//! References across namespaces, and what a connection allows.

use serde_json::json;
use snowfence_emulator::emulator::Emulator;

use super::{
    kubectl::{Kubectl, condition, reason},
    world::{World, monitor, warehouse},
};

/// A world with a second namespace, which the operator looks after, too.
async fn two(namespace: &str, connection: serde_json::Value) -> (World, Kubectl) {
    let mut world = World::bare(namespace, Emulator::builder()).await;
    let other = format!("{namespace}-other");
    world.kubectl.run(&["create", "namespace", &other]).await;
    world.start_operator(&["--watch-namespace", &other]).await;
    world.connect(connection).await;
    world.kubectl.ready(&["snowflakeconnection/main"]).await;
    let kubectl = Kubectl::new(world.cluster, &other);
    (world, kubectl)
}

fn from_afar(mut manifest: serde_json::Value, namespace: &str) -> serde_json::Value {
    manifest["spec"]["connectionRef"]["namespace"] = json!(namespace);
    manifest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_serves_another_namespace_only_with_its_consent() {
    let (world, other) = two("consent", json!({})).await;
    other.apply(&from_afar(warehouse("w", json!({})), "consent")).await;
    let seen = other.until("snowwh/w", "NotAllowed", |o| reason(o) == "NotAllowed").await;
    assert_eq!(condition(&seen, "Stalled").0, "True");
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("spec.allowedNamespaces"), "{message}");
    assert_eq!(world.writes(0), [""; 0]);

    let allowed = json!({"allowedNamespaces": {"from": "List", "names": ["consent-other"]}});
    world.connect(allowed).await;
    other.ready(&["snowwh/w"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_is_assigned_across_namespaces_only_with_its_consent() {
    let (world, other) = two("monitors", json!({"allowedNamespaces": {"from": "All"}})).await;
    world.monitor("limit", json!({"creditQuota": 5})).await;
    let reference = json!({"resourceMonitorRef": {"name": "limit", "namespace": "monitors"}});
    other.apply(&from_afar(warehouse("w", reference), "monitors")).await;
    let seen = other.until("snowwh/w", "NotAllowed", |o| reason(o) == "NotAllowed").await;
    let message = condition(&seen, "Ready").2;
    assert!(
        message.contains("ResourceMonitor monitors/limit does not allow namespace monitors-other"),
        "{message}"
    );
    world.kubectl.ready(&["snowrm/limit"]).await;
    assert_eq!(world.of_warehouse("W", "resource_monitor").as_deref().unwrap_or("null"), "null");

    world.monitor("limit", json!({"creditQuota": 5, "allowedNamespaces": {"from": "All"}})).await;
    other.ready(&["snowwh/w"]).await;
    assert_eq!(world.of_warehouse("W", "resource_monitor").as_deref(), Some("LIMIT"));

    // Consent withdrawn: it is taken away again.
    world.monitor("limit", json!({"creditQuota": 5})).await;
    other.until("snowwh/w", "NotAllowed", |o| reason(o) == "NotAllowed").await;
    world.sent(0, "ALTER WAREHOUSE \"W\" UNSET RESOURCE_MONITOR").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_narrows_what_a_namespace_may_name() {
    let allow = json!([{
        "namespaces": ["allow"],
        "warehouses": ["TEAM_A_*"],
        "roles": ["TEAM_A"],
        "resourceMonitors": ["TEAM_A_LIMIT"],
    }]);
    let world = World::connected("allow", Emulator::builder()).await;
    world.connect(json!({"allow": allow})).await;
    world.sql("CREATE ROLE TEAM_A; CREATE ROLE TEAM_B");
    let grant = |role: &str| json!({"grants": [{"role": role, "privileges": ["USAGE"]}]});
    world.warehouse("team-a-good", grant("team_a")).await;
    world.warehouse("team-a-bad", grant("team_b")).await;
    world.warehouse("team-b", json!({})).await;
    world.kubectl.apply(&monitor("team-b-limit", json!({"creditQuota": 1}))).await;
    world.kubectl.ready(&["snowwh/team-a-good"]).await;
    for (object, named) in [
        ("snowwh/team-a-bad", "role TEAM_B"),
        ("snowwh/team-b", "warehouse TEAM_B"),
        ("snowrm/team-b-limit", "resource monitor TEAM_B_LIMIT"),
    ] {
        let seen = world.kubectl.until(object, "NotAllowed", |o| reason(o) == "NotAllowed").await;
        let message = condition(&seen, "Ready").2;
        assert!(message.contains(named) && message.contains("spec.allow lists TEAM_A"), "{message}");
    }
    assert!(world.writes(0).iter().all(|text| !text.contains("TEAM_B")), "{:#?}", world.writes(0));
}
