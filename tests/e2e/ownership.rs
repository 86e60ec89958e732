//! Whose object it is: adoption, conflicts, observing, importing.

use serde_json::{Value, json};

use super::{
    kubectl::{condition, reason},
    world::World,
};

const W: &str = "snowflakewarehouse/w";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_exists_is_a_conflict_until_it_is_adopted_and_then_only_differing_fields_change() {
    let world = World::new("adopt").await;
    world.sql("CREATE WAREHOUSE W WAREHOUSE_SIZE = LARGE COMMENT = 'theirs' AUTO_SUSPEND = 300");
    let created_on = world.of_warehouse("W", "created_on");
    world.monitor("limit", json!({"creditQuota": 5})).await;
    world.kubectl.ready(&["snowrm/limit"]).await;
    let since = world.last();
    let spec = json!({"size": "LARGE", "comment": "ours", "resourceMonitorRef": {"name": "limit"}});
    world.warehouse("w", spec.clone()).await;
    let seen = world.kubectl.until(W, "Conflict", |o| reason(o) == "Conflict").await;
    assert_eq!(condition(&seen, "Stalled").0, "True");
    assert_eq!(condition(&seen, "Reconciling").0, "False");
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("spec.adopt: true"), "{message}");
    // Nor does the monitor touch what is not ours.
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);

    let mut adopting = spec;
    adopting["adopt"] = json!(true);
    world.warehouse("w", adopting).await;
    world.kubectl.ready(&[W]).await;
    let mended = "ALTER WAREHOUSE \"W\" SET COMMENT = 'ours'";
    let assigned = "ALTER WAREHOUSE \"W\" SET RESOURCE_MONITOR = \"LIMIT\"";
    assert_eq!(world.writes(since), [mended, assigned]);
    assert_eq!(world.of_warehouse("W", "created_on"), created_on);
    assert_eq!(world.of_warehouse("W", "auto_suspend").as_deref(), Some("300"));
    world.kubectl.event("Adopted", "w", "took over warehouse W").await;

    // What was adopted stays when its resource goes.
    world.kubectl.run(&["delete", W, "--timeout=30s"]).await;
    assert_eq!(world.of_warehouse("W", "created_on"), created_on);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_resources_for_one_warehouse_the_older_wins_and_the_other_can_adopt_later() {
    let world = World::new("rivals").await;
    world.warehouse("first", json!({"name": "shared", "size": "SMALL", "deletionPolicy": "Retain"})).await;
    world.kubectl.ready(&["snowflakewarehouse/first"]).await;
    let since = world.last();
    let second = json!({"name": "SHARED", "size": "LARGE", "adopt": true});
    world.warehouse("second", second).await;
    let seen =
        world.kubectl.until("snowflakewarehouse/second", "Conflict", |o| reason(o) == "Conflict").await;
    assert_eq!(condition(&seen, "Stalled").0, "True");
    assert!(condition(&seen, "Ready").2.contains("belongs to rivals/first"), "{seen:#}");
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);
    assert_eq!(reason(&world.kubectl.get("snowflakewarehouse/first").await), "InSync");

    let created_on = world.of_warehouse("SHARED", "created_on");
    world.kubectl.run(&["delete", "snowflakewarehouse/first", "--timeout=30s"]).await;
    world.kubectl.ready(&["snowflakewarehouse/second"]).await;
    assert_eq!(world.writes(since), ["ALTER WAREHOUSE \"SHARED\" SET WAREHOUSE_SIZE = LARGE"]);
    assert_eq!(world.of_warehouse("SHARED", "created_on"), created_on);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_observed_is_never_written_and_says_what_differs() {
    let world = World::new("observe").await;
    let observing = json!({"size": "SMALL", "managementPolicy": "Observe"});
    let since = world.last();
    world.warehouse("w", observing.clone()).await;
    // It is not there, and is not created.
    let seen = world.kubectl.until(W, "NotFound", |o| reason(o) == "NotFound").await;
    assert_eq!(condition(&seen, "Ready").0, "False");

    world.sql("CREATE WAREHOUSE W WAREHOUSE_SIZE = LARGE");
    world.resync().await;
    let seen = world.kubectl.until(W, "Observed", |o| reason(o) == "Observed").await;
    let (drifted, _, message) = condition(&seen, "Drifted");
    assert_eq!(drifted, "True");
    assert!(message.contains("size is LARGE, not SMALL"), "{message}");
    // It is nobody's: nothing is recorded, nothing keeps its resource.
    assert_eq!(seen["status"]["record"]["objects"], Value::Null);
    assert_eq!(seen["metadata"]["finalizers"], Value::Null);

    world.sql("ALTER WAREHOUSE W SET WAREHOUSE_SIZE = SMALL");
    world.resync().await;
    world.kubectl.until(W, "not Drifted", |o| condition(o, "Drifted").0 == "False").await;
    world.kubectl.run(&["delete", W, "--timeout=30s"]).await;
    assert_eq!(world.writes(since), [""; 0]);
    assert!(world.of_warehouse("W", "name").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_imported_is_applied_without_one_statement_that_writes() {
    let world = World::new("import").await;
    world.sql("CREATE WAREHOUSE PLAIN; CREATE ROLE TEAM");
    world.sql(
        "CREATE WAREHOUSE \"mixed Case\" WAREHOUSE_SIZE = LARGE MAX_CLUSTER_COUNT = 3 AUTO_SUSPEND = NULL",
    );
    world.sql("CREATE WAREHOUSE TUNED COMMENT = 'it''s \"tuned\"' STATEMENT_TIMEOUT_IN_SECONDS = 99");
    world.sql("CREATE RESOURCE MONITOR LIMITS WITH CREDIT_QUOTA = 7 TRIGGERS ON 50 PERCENT DO NOTIFY ON 90 PERCENT DO SUSPEND");
    world.sql(
        "ALTER WAREHOUSE TUNED SET RESOURCE_MONITOR = LIMITS; GRANT USAGE ON WAREHOUSE PLAIN TO ROLE TEAM",
    );
    let since = world.last();

    let file = world.file("imported.yaml");
    let key = world.file("key.p8");
    std::fs::write(&key, world.emulator.operator().private_key_pem).unwrap();
    let url = world.url().strip_prefix("http://").unwrap().to_owned();
    let (host, port) = url.split_once(':').unwrap();
    let imported = tokio::process::Command::new(env!("CARGO_BIN_EXE_snowfence"))
        .args(["import", "--connection-ref", "main", "--allow-host", "127.0.0.1", "-o"])
        .arg(&file)
        .env("SNOWFLAKE_ACCOUNT", world.emulator.identifier())
        .env("SNOWFLAKE_USER", "OPERATOR")
        .env("SNOWFLAKE_ROLE", "ACCOUNTADMIN")
        .env("SNOWFLAKE_PRIVATE_KEY_PATH", &key)
        .envs([("SNOWFLAKE_PROTOCOL", "http"), ("SNOWFLAKE_HOST", host), ("SNOWFLAKE_PORT", port)])
        .output()
        .await
        .unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    world.kubectl.run(&["apply", "-f", file.to_str().unwrap()]).await;

    let names = world.kubectl.run(&["get", "snowwh,snowrm", "-o", "name"]).await;
    let names: Vec<_> = names.lines().collect();
    assert_eq!(names.len(), 4, "{names:?}");
    world.kubectl.ready(&names).await;
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);
}
