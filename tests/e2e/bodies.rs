//! Bodies in ConfigMaps, on the real API server.

use serde_json::{Value, json};

use super::{
    kubectl::{condition, reason},
    world::{World, eventually, manifest},
};

const CR: &str = "cortexpipeline/flow";

fn spec() -> Value {
    let from = |key: &str| json!({"configMapKeyRef": {"name": "sql", "key": key}});
    json!({
        "connectionRef": {"name": "main"}, "warehouse": "WH", "database": "D", "schema": "S",
        "schemas": [{"name": "S"}],
        "procedures": [{"name": "P", "language": "SQL", "returns": "VARCHAR", "bodyFrom": from("p.sql")}],
        "taskGraphs": [{
            "name": "g", "state": "Started", "trigger": {"every": "5m"},
            "tasks": [{"name": "T", "bodyFrom": from("t.sql")}],
        }],
    })
}

async fn map(world: &World, data: Value) {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sql"}, "data": data});
    world.kubectl.apply(&map).await;
}

fn body(world: &World) -> Option<String> {
    world.cell("SHOW TASKS IN DATABASE D", "T", "definition")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_map_that_changes_changes_the_body_of_what_refers_to_it() {
    let world = World::new("bodies").await;
    for sql in ["CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE", "CREATE DATABASE D"] {
        world.sql(sql);
    }
    // What has no ConfigMap yet waits for it alone.
    world.kubectl.apply(&manifest("CortexPipeline", "flow", spec())).await;
    let seen = world.kubectl.until(CR, "ConfigMapNotFound", |o| reason(o) == "ConfigMapNotFound").await;
    assert_eq!(condition(&seen, "Reconciling").0, "True");
    assert!(condition(&seen, "Ready").2.contains("there is no ConfigMap bodies/sql"), "{seen:#}");
    assert_eq!(seen["status"]["objects"]["inSync"], json!(1), "{seen:#}");
    assert_eq!(body(&world), None);

    // It comes, and nobody has to touch the pipeline.
    map(&world, json!({"p.sql": "BEGIN RETURN 1; END", "t.sql": "SELECT 1"})).await;
    world.kubectl.ready(&[CR]).await;
    assert_eq!(body(&world).as_deref(), Some("SELECT 1"));

    let since = world.last();
    map(&world, json!({"p.sql": "BEGIN RETURN 1; END", "t.sql": "SELECT 2"})).await;
    eventually("the changed body", async || match body(&world).as_deref() {
        Some("SELECT 2") => Ok(()),
        other => Err(other.map(str::to_owned)),
    })
    .await;
    world.kubectl.ready(&[CR]).await;
    assert_eq!(
        world.writes(since),
        [
            r#"ALTER TASK "D"."S"."T" SUSPEND"#,
            r#"ALTER TASK "D"."S"."T" MODIFY AS SELECT 2"#,
            r#"ALTER TASK "D"."S"."T" RESUME"#,
        ]
    );
    // Somebody asked for it: that is no drift.
    let events = world.kubectl.run(&["get", "events", "-o", "jsonpath={.items[*].reason}"]).await;
    assert!(!events.contains("Drift"), "{events}");

    // A text that can be no body holds up what refers to it, and leaves what is there.
    let since = world.last();
    let binary = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sql"},
        "data": {"p.sql": "BEGIN RETURN 2; END"}, "binaryData": {"t.sql": "AAE="},
    });
    world.kubectl.apply(&binary).await;
    let seen = world.kubectl.until(CR, "InvalidSpec", |o| reason(o) == "InvalidSpec").await;
    assert!(condition(&seen, "Ready").2.contains("t.sql of ConfigMap sql is in binaryData"), "{seen:#}");
    let writes = world.writes(since);
    assert!(matches!(writes.as_slice(), [one] if one.contains("RETURN 2")), "{writes:?}");
    assert_eq!(body(&world).as_deref(), Some("SELECT 2"));

    // Another annotation is no other text.
    map(&world, json!({"p.sql": "BEGIN RETURN 2; END", "t.sql": "SELECT 2"})).await;
    world.kubectl.ready(&[CR]).await;
    let since = world.last();
    world.kubectl.run(&["annotate", "configmap", "sql", "note=x"]).await;
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);

    // It goes: what is there stays.
    world.kubectl.run(&["delete", "configmap", "sql"]).await;
    world.kubectl.until(CR, "ConfigMapNotFound", |o| reason(o) == "ConfigMapNotFound").await;
    assert_eq!(world.writes(since), [""; 0]);
    assert_eq!(body(&world).as_deref(), Some("SELECT 2"));
}
