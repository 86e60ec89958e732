//! Deletion: policies, identity, and a Snowflake that is down.

use serde_json::json;

use super::{
    kubectl::{condition, reason},
    world::World,
};

const W: &str = "snowflakewarehouse/w";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_created_here_is_dropped_unless_it_is_to_be_retained_or_abandoned() {
    let world = World::new("delete").await;
    world.warehouse("dropped", json!({})).await;
    world.warehouse("retained", json!({"deletionPolicy": "Retain"})).await;
    world.warehouse("abandoned", json!({})).await;
    world.monitor("limit", json!({"creditQuota": 5})).await;
    let all = ["snowwh/dropped", "snowwh/retained", "snowwh/abandoned", "snowrm/limit"];
    world.kubectl.ready(&all).await;

    let since = world.last();
    world.kubectl.run(&["annotate", "snowwh/abandoned", "snowfence.dev/abandon=true"]).await;
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh", "--all"]).await;
    world.kubectl.run(&["delete", "--timeout=30s", "snowrm/limit"]).await;
    assert_eq!(world.writes(since), ["DROP WAREHOUSE \"DROPPED\"", "DROP RESOURCE MONITOR \"LIMIT\""]);
    world.kubectl.event("Deleted", "dropped", "dropped warehouse DROPPED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adopted_warehouse_is_dropped_only_where_the_spec_says_so() {
    let world = World::new("delete-adopted").await;
    world.sql("CREATE WAREHOUSE KEPT; CREATE WAREHOUSE GONE");
    world.warehouse("kept", json!({"adopt": true})).await;
    world.warehouse("gone", json!({"adopt": true, "deletionPolicy": "Delete"})).await;
    world.kubectl.ready(&["snowwh/kept", "snowwh/gone"]).await;
    let since = world.last();
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh", "--all"]).await;
    assert_eq!(world.writes(since), ["DROP WAREHOUSE \"GONE\""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_warehouse_under_the_same_name_is_left_alone() {
    let world = World::new("delete-other").await;
    world.warehouse("w", json!({})).await;
    world.kubectl.ready(&[W]).await;
    world.sql("DROP WAREHOUSE W; CREATE WAREHOUSE W COMMENT = 'somebody else''s'");
    let since = world.last();
    world.kubectl.run(&["delete", "--timeout=30s", W]).await;
    assert_eq!(world.writes(since), [""; 0]);
    world.kubectl.event("NotOurs", "w", "left alone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_waits_for_snowflake_and_says_how_to_let_go_while_retain_and_abandon_do_not() {
    let mut world = World::new("delete-down").await;
    world.warehouse("w", json!({})).await;
    world.warehouse("retained", json!({"deletionPolicy": "Retain"})).await;
    world.warehouse("abandoned", json!({})).await;
    world.kubectl.ready(&[W, "snowwh/retained", "snowwh/abandoned"]).await;

    world.snowflake_goes_down().await;
    world.kubectl.run(&["delete", "--wait=false", "snowwh", "--all"]).await;
    world.kubectl.run(&["wait", "--for=delete", "snowwh/retained", "--timeout=30s"]).await;
    let told = |o: &serde_json::Value| condition(o, "Ready").2.contains("snowfence.dev/abandon=true");
    let seen = world.kubectl.until(W, "told how to let go", told).await;
    assert_eq!(seen["metadata"]["finalizers"], json!(["snowfence.dev/finalizer"]));
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("is not dropped yet"), "{message}");
    world.kubectl.run(&["annotate", "snowwh/abandoned", "snowfence.dev/abandon=true"]).await;
    world.kubectl.run(&["wait", "--for=delete", "snowwh/abandoned", "--timeout=30s"]).await;

    let since = world.last();
    world.snowflake_comes_back().await;
    world.kubectl.run(&["wait", "--for=delete", W, "--timeout=60s"]).await;
    assert_eq!(world.writes(since), ["DROP WAREHOUSE \"W\""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_stays_while_something_refers_to_it() {
    let world = World::new("delete-connection").await;
    world.warehouse("w", json!({})).await;
    world.kubectl.ready(&[W]).await;
    world.kubectl.run(&["delete", "--wait=false", "snowflakeconnection/main"]).await;
    let seen = world
        .kubectl
        .until("snowflakeconnection/main", "InUse", |o| condition(o, "Ready").1 == "InUse")
        .await;
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("warehouse delete-connection/w"), "{message}");

    // Its users are looked after until they are gone.
    let since = world.last();
    world.kubectl.run(&["delete", "--timeout=30s", W]).await;
    assert_eq!(world.writes(since), ["DROP WAREHOUSE \"W\""]);
    world.kubectl.run(&["wait", "--for=delete", "snowflakeconnection/main", "--timeout=30s"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_was_never_created_in_snowflake_goes_without_it() {
    let mut world = World::bare("delete-never", snowfence_emulator::emulator::Emulator::builder()).await;
    world.start_operator(&[]).await;
    world.warehouse("w", json!({})).await;
    let seen = world.kubectl.until(W, "waiting", |o| reason(o) == "ConnectionNotFound").await;
    assert_eq!(condition(&seen, "Reconciling").0, "True");
    world.kubectl.run(&["delete", "--timeout=30s", W]).await;
    assert_eq!(world.writes(0), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_starts_lets_no_connection_go_before_it_knows_who_uses_it() {
    let mut world = World::new("delete-restart").await;
    world.warehouse("w", json!({})).await;
    world.kubectl.ready(&[W]).await;
    let mut old = world.operators.remove(0);
    assert!(old.stop().await.success());
    world.kubectl.run(&["delete", "--wait=false", "snowflakeconnection/main", W]).await;

    let since = world.last();
    world.start_operator(&[]).await;
    world.kubectl.run(&["wait", "--for=delete", W, "--timeout=30s"]).await;
    world.kubectl.run(&["wait", "--for=delete", "snowflakeconnection/main", "--timeout=30s"]).await;
    assert_eq!(world.writes(since), ["DROP WAREHOUSE \"W\""]);
}
