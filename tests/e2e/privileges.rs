//! What the role lacks, and what it loses.

use serde_json::json;
use snowfence_emulator::emulator::Emulator;

use super::{
    kubectl::{condition, reason},
    world::World,
};

const MAIN: &str = "snowflakeconnection/main";

/// A world whose connection has a role that may do nothing yet.
async fn limited(namespace: &str, spec: serde_json::Value) -> World {
    let mut world = World::bare(namespace, Emulator::builder()).await;
    world.sql("CREATE ROLE LIMITED; GRANT ROLE LIMITED TO USER OPERATOR");
    world.start_operator(&[]).await;
    let mut all = json!({"role": "limited"});
    all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    world.connect(all).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_grants_that_a_role_lacks_are_listed_and_pasted_they_suffice() {
    let world = limited("grants", json!({"resync": "1s"})).await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    let lacks = |o: &serde_json::Value| !o["status"]["missingGrants"].is_null();
    let seen = world.kubectl.until(MAIN, "missing grants", lacks).await;
    let missing = seen["status"]["missingGrants"].as_array().unwrap();
    assert_eq!(missing, &[json!("GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE \"LIMITED\"")]);
    let (ready, reasoned, message) = condition(&seen, "Ready");
    assert_eq!((ready, reasoned), ("True", "MissingGrants"), "{message}");
    assert!(message.contains("GRANT CREATE WAREHOUSE"), "{message}");
    let seen = world
        .kubectl
        .until("snowwh/w", "InsufficientPrivileges", |o| reason(o) == "InsufficientPrivileges")
        .await;
    assert_eq!(condition(&seen, "Stalled").0, "True");

    for statement in missing {
        world.sql(statement.as_str().unwrap());
    }
    world.kubectl.ready(&["snowwh/w"]).await;
    let settled = |o: &serde_json::Value| o["status"]["missingGrants"].is_null() && reason(o) == "Connected";
    world.kubectl.until(MAIN, "Connected", settled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_many_objects_vanish_at_once_nothing_is_created_anew() {
    let world = limited("visibility", json!({})).await;
    world.sql("GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE LIMITED");
    let names: Vec<String> = (1..=5).map(|n| format!("w{n}")).collect();
    for name in &names {
        world.warehouse(name, json!({"size": "SMALL"})).await;
    }
    let objects: Vec<String> = names.iter().map(|name| format!("snowwh/{name}")).collect();
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    world.kubectl.ready(&objects).await;

    let since = world.last();
    for name in &names[..4] {
        world.sql(&format!("GRANT OWNERSHIP ON WAREHOUSE {name} TO ROLE SYSADMIN REVOKE CURRENT GRANTS"));
    }
    world.resync().await;
    for object in &objects[..4] {
        let seen = world.kubectl.until(object, "VisibilityLost", |o| reason(o) == "VisibilityLost").await;
        assert_eq!(condition(&seen, "Stalled").0, "True");
        assert!(condition(&seen, "Ready").2.contains("privileges"), "{seen:#}");
    }
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);

    // Seen again, they are what they were.
    world.sql("GRANT ROLE SYSADMIN TO ROLE LIMITED");
    world.resync().await;
    world.kubectl.ready(&objects).await;
    assert_eq!(world.writes(since), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_object_that_the_role_can_not_see_is_neither_created_nor_taken_over() {
    let world = limited("invisible", json!({})).await;
    world.sql("GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE LIMITED; CREATE WAREHOUSE W");
    world.warehouse("w", json!({"size": "SMALL"})).await;
    let seen = world.kubectl.until("snowwh/w", "NotVisible", |o| reason(o) == "NotVisible").await;
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("grant the role a privilege"), "{message}");
    assert_eq!(seen["status"]["record"]["objects"], serde_json::Value::Null);

    // It was never ours: nothing is dropped.
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh/w"]).await;
    assert!(world.writes(0).iter().all(|text| !text.starts_with("DROP")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_property_of_another_edition_is_refused_with_a_sentence() {
    let standard = Emulator::builder().edition(snowfence_emulator::account::Edition::Standard);
    let world = World::connected("edition", standard).await;
    // SHOW lacks the columns of multi-cluster warehouses there: what does not ask for them is served.
    world.warehouse("plain", json!({"size": "SMALL"})).await;
    world.warehouse("many", json!({"size": "SMALL", "minClusterCount": 1, "maxClusterCount": 3})).await;
    world.kubectl.ready(&["snowwh/plain"]).await;
    let seen = world.kubectl.until("snowwh/many", "Stalled", |o| condition(o, "Stalled").0 == "True").await;
    let message = condition(&seen, "Ready").2.to_lowercase();
    assert!(message.contains("cluster") || message.contains("edition"), "{message}");
    world.resync().await;
    world.kubectl.ready(&["snowwh/plain"]).await;
}
