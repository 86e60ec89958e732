//! Resources that are stored and no longer decode, as after a roll-back of the operator.

use serde_json::{Value, json};

use super::{
    cluster::SCHEMA,
    kubectl::{condition, reason},
    world::{World, eventually, warehouse},
};

/// Stores manifests whose spec has a word in a field that the schema does not know there.
async fn store_broken(world: &World, crd: &str, field: &str, broken: &[Value]) {
    let crd = format!("{crd}.snowfence.dev");
    let path = format!("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/{field}/enum");
    let patch = async |patch: Value| {
        world.kubectl.run(&["patch", "crd", &crd, "--type=json", "-p", &patch.to_string()]).await;
    };
    let _lax = SCHEMA.write().await;
    let words = world.kubectl.get(&format!("crd/{crd}")).await.pointer(&path).unwrap().clone();
    patch(json!([{"op": "remove", "path": path}])).await;
    // The API server takes a moment to serve another schema.
    for manifest in broken {
        eventually("the lax schema is served", async || world.kubectl.try_apply(manifest).await).await;
    }
    patch(json!([{"op": "add", "path": path, "value": words}])).await;
    let mut tried = broken[0].clone();
    tried["metadata"]["name"] = json!("tried");
    eventually("the schema is served", async || {
        match world.kubectl.said(&["apply", "--dry-run=server", "-f", "-"], &tried.to_string()).await {
            Ok(_) => Err("it is accepted still"),
            Err(_) => Ok(()),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_does_not_decode_is_told_so_and_all_others_go_on() {
    let world = World::new("undecodable").await;
    world.warehouse("good", json!({"size": "SMALL"})).await;
    world.warehouse("breaks", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/good", "snowwh/breaks"]).await;
    let broken = ["breaks", "born-broken"].map(|name| warehouse(name, json!({"size": "HUGE"})));
    store_broken(&world, "snowflakewarehouses", "size", &broken).await;

    let since = world.last();
    for object in ["snowwh/breaks", "snowwh/born-broken"] {
        let seen = world.kubectl.until(object, "Undecodable", |o| reason(o) == "Undecodable").await;
        assert_eq!(condition(&seen, "Stalled").0, "True");
        let message = condition(&seen, "Ready").2;
        assert!(message.contains("HUGE") && message.contains("apply it again"), "{message}");
    }
    // What it owned is recorded still.
    let seen = world.kubectl.get("snowwh/breaks").await;
    assert_eq!(seen["status"]["record"]["objects"][0]["name"], "BREAKS");
    assert_eq!(world.writes(since), [""; 0]);

    world.warehouse("good", json!({"size": "MEDIUM"})).await;
    world.warehouse("new", json!({})).await;
    world.kubectl.ready(&["snowwh/good", "snowwh/new"]).await;

    // Its deletion goes by the record; one that has none goes by itself.
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh/breaks", "snowwh/born-broken"]).await;
    let drops: Vec<_> = world.writes(since).into_iter().filter(|text| text.starts_with("DROP")).collect();
    assert_eq!(drops, ["DROP WAREHOUSE \"BREAKS\""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_does_not_decode_is_told_so_and_what_is_open_stays_open() {
    let world = World::new("undecodable-connection").await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;
    let broken = ["main", "born-broken"].map(|name| world.connection(name, json!({"adoption": "Always"})));
    store_broken(&world, "snowflakeconnections", "adoption", &broken).await;
    for object in ["snowflakeconnection/main", "snowflakeconnection/born-broken"] {
        let seen = world.kubectl.until(object, "Undecodable", |o| reason(o) == "Undecodable").await;
        assert!(condition(&seen, "Ready").2.contains("Always"), "{seen:#}");
    }

    world.warehouse("w", json!({"size": "MEDIUM"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;
    world.kubectl.run(&["delete", "--timeout=30s", "snowflakeconnection/born-broken"]).await;
    world.connect(json!({})).await;
    world.kubectl.ready(&["snowflakeconnection/main"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_waits_also_for_what_does_not_decode() {
    let mut world = World::new("undecodable-user").await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;
    store_broken(&world, "snowflakewarehouses", "size", &[warehouse("w", json!({"size": "HUGE"}))]).await;
    world.kubectl.until("snowwh/w", "Undecodable", |o| reason(o) == "Undecodable").await;
    // An operator that has never been able to read it.
    let mut old = world.operators.remove(0);
    assert!(old.stop().await.success());
    world.start_operator(&[]).await.leads().await;

    world.kubectl.run(&["delete", "--wait=false", "snowflakeconnection/main"]).await;
    let in_use = |o: &Value| condition(o, "Ready").1 == "InUse";
    world.kubectl.until("snowflakeconnection/main", "InUse", in_use).await;
    let since = world.last();
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh/w"]).await;
    assert_eq!(world.writes(since), ["DROP WAREHOUSE \"W\""]);
    world.kubectl.run(&["wait", "--for=delete", "snowflakeconnection/main", "--timeout=20s"]).await;
}
