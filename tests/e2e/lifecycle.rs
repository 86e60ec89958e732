//! Creating, changing, mending, releasing, suspending.

use serde_json::json;

use super::{
    cluster::SCHEMA,
    kubectl::{condition, reason},
    world::{World, eventually, grants_to, warehouse},
};

const FOUR: [(&str, &str); 4] = [
    ("wh-agent-query", "MEDIUM"),
    ("wh-bulk-load", "LARGE"),
    ("wh-cortex", "XLARGE"),
    ("wh-streaming", "SMALL"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warehouses_a_monitor_and_grants_are_created_once_and_shown_by_kubectl() {
    let mut world = World::bare("create", snowfence_emulator::emulator::Emulator::builder()).await;
    let schema = SCHEMA.read().await;
    world.connect(json!({})).await;
    world.sql("CREATE ROLE ANALYST");
    for (name, size) in FOUR {
        let spec = json!({
            "size": size,
            "autoSuspend": if name == "wh-streaming" { json!("never") } else { json!(60) },
            "resourceMonitorRef": {"name": "daily"},
            "grants": [{"role": "analyst", "privileges": ["USAGE", "OPERATE"]}],
        });
        world.warehouse(name, spec).await;
    }
    let triggers = json!([{"atPercent": 80, "do": "NOTIFY"}, {"atPercent": 100, "do": "SUSPEND_IMMEDIATE"}]);
    world.monitor("daily", json!({"creditQuota": 100, "frequency": "DAILY", "triggers": triggers})).await;

    // Nobody has seen it yet, and no tool may take that for healthy.
    let unseen = world.kubectl.get("snowflakewarehouse/wh-cortex").await;
    assert_eq!(unseen["status"]["observedGeneration"], -1);
    drop(schema);

    world.start_operator(&[]).await;
    let all: Vec<String> = FOUR.iter().map(|(name, _)| format!("snowflakewarehouse/{name}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).chain(["resourcemonitor/daily"]).collect();
    world.kubectl.ready(&all).await;

    let created: Vec<_> = world.writes(0).into_iter().filter(|text| text.starts_with("CREATE")).collect();
    assert_eq!(created.len(), 5, "{created:#?}");
    for (name, size) in FOUR {
        let name = name.to_uppercase().replace('-', "_");
        assert!(
            created.iter().any(|text| text.starts_with(&format!("CREATE WAREHOUSE \"{name}\""))
                && text.ends_with("INITIALLY_SUSPENDED = TRUE")),
            "{name}: {created:#?}"
        );
        let shown = world.of_warehouse(&name, "size").unwrap().replace('-', "").to_uppercase();
        assert_eq!(shown, size);
        assert_eq!(world.of_warehouse(&name, "resource_monitor").as_deref(), Some("DAILY"));
        assert_eq!(world.of_warehouse(&name, "state").as_deref(), Some("SUSPENDED"));
    }
    assert!(grants_to(&world, "ANALYST").contains_key("OPERATE"));
    let tagged = world.statements(0).into_iter().filter(|s| s.text.starts_with("CREATE"));
    for statement in tagged {
        assert!(statement.tag.unwrap_or_default().contains("/create/"), "{}", statement.text);
        assert!(statement.request_id.is_some());
    }

    let table = world.kubectl.run(&["get", "snow"]).await;
    let header = |with: &str| table.lines().find(|line| line.starts_with("NAME") && line.contains(with));
    let columns: Vec<_> = header("SIZE").unwrap().split_whitespace().collect();
    assert_eq!(columns, ["NAME", "READY", "REASON", "SNOWFLAKE", "SIZE", "AGE"], "{table}");
    let columns: Vec<_> = header("ACCOUNT").unwrap().split_whitespace().collect();
    assert_eq!(columns, ["NAME", "READY", "REASON", "ACCOUNT", "ROLE", "AGE"], "{table}");
    let row = table.lines().find(|line| line.contains("/wh-cortex")).unwrap();
    let cells: Vec<_> = row.split_whitespace().skip(1).take(4).collect();
    assert_eq!(cells, ["True", "InSync", "WH_CORTEX", "XLARGE"], "{table}");

    let seen = world.kubectl.get("snowflakewarehouse/wh-cortex").await;
    assert_eq!(seen["status"]["observedGeneration"], 1);
    for name in ["Ready", "Reconciling", "Stalled", "Drifted"] {
        let (status, reason, _) = condition(&seen, name);
        assert_eq!(status, if name == "Ready" { "True" } else { "False" }, "{name}");
        assert!(!reason.is_empty(), "{name}");
    }
    world.kubectl.event("Created", "wh-cortex", "WH_CORTEX").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_spec_is_the_least_alter() {
    let world = World::new("change").await;
    world.warehouse("w", json!({"size": "SMALL", "autoSuspend": 60, "comment": "one"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;

    let since = world.last();
    world.warehouse("w", json!({"size": "MEDIUM", "autoSuspend": 60, "comment": "one"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;
    assert_eq!(world.writes(since), ["ALTER WAREHOUSE \"W\" SET WAREHOUSE_SIZE = MEDIUM"]);
    world.kubectl.event("Changed", "w", "size SMALL → MEDIUM").await;
    let changed = world.kubectl.get("snowflakewarehouse/w").await;
    assert_eq!(changed["status"]["observedGeneration"], 2);
    assert_eq!(changed["status"]["size"], "MEDIUM");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_changed_is_mended_and_told() {
    let world = World::new("drift").await;
    world.warehouse("w", json!({"size": "SMALL", "comment": "ours"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;

    world.sql("ALTER WAREHOUSE W SET WAREHOUSE_SIZE = LARGE MAX_CONCURRENCY_LEVEL = 4");
    let since = world.last();
    world.resync().await;
    // What is not in the spec is left alone.
    assert_eq!(world.writes(since), ["ALTER WAREHOUSE \"W\" SET WAREHOUSE_SIZE = SMALL"]);
    let note = world.kubectl.event("Drift", "w", "").await;
    assert_eq!(note, "warehouse W: size is LARGE, not SMALL");
    let drift = world.operator().metric("snowfence_drift_total", "kind=\"SnowflakeWarehouse\"").await;
    assert!((drift - 1.0).abs() < 0.1, "{drift}");

    // What was dropped comes back.
    world.sql("DROP WAREHOUSE W");
    world.resync().await;
    world.sent(since, "CREATE WAREHOUSE \"W\"").await;
    world.kubectl.event("Drift", "w", "is gone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_leaves_the_spec_is_released_once_and_then_left_alone() {
    let world = World::new("release").await;
    world.warehouse("w", json!({"comment": "ours", "statementTimeoutInSeconds": 600})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;

    let since = world.last();
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;
    let writes = world.writes(since).join("\n");
    assert!(writes.contains("UNSET") && writes.contains("COMMENT"), "{writes}");
    assert!(writes.contains("STATEMENT_TIMEOUT_IN_SECONDS"), "{writes}");
    assert_eq!(world.of_warehouse("W", "comment").as_deref().unwrap_or_default(), "");

    // Now it is somebody else's.
    world.sql("ALTER WAREHOUSE W SET COMMENT = 'theirs'");
    let since = world.last();
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);
    assert_eq!(world.of_warehouse("W", "comment").as_deref(), Some("theirs"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_resource_is_neither_changed_nor_mended_and_says_so() {
    let world = World::new("suspend").await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;

    let since = world.last();
    world.warehouse("w", json!({"size": "MEDIUM", "suspend": true})).await;
    let object = |reasoned: &'static str| move |o: &serde_json::Value| reason(o) == reasoned;
    let seen = world.kubectl.until("snowflakewarehouse/w", "Suspended", object("Suspended")).await;
    // Ready says what was so when it was suspended.
    assert_eq!(condition(&seen, "Ready").0, "True");
    world.sql("ALTER WAREHOUSE W SET WAREHOUSE_SIZE = LARGE");
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);

    world.warehouse("w", json!({"size": "MEDIUM"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;
    assert_eq!(world.of_warehouse("W", "size").as_deref(), Some("Medium"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rename_needs_renamed_from_and_keeps_the_object() {
    let world = World::new("rename").await;
    world.warehouse("w", json!({"name": "old_name", "size": "SMALL"})).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;
    let created_on = world.of_warehouse("OLD_NAME", "created_on").unwrap();
    let refused = world.kubectl.refused(&warehouse("w", json!({"name": "new_name", "size": "SMALL"}))).await;
    assert!(refused.contains("the name in Snowflake is immutable"), "{refused}");
    assert!(refused.contains("renamedFrom"), "{refused}");

    let since = world.last();
    let renamed = json!({"name": "new_name", "renamedFrom": "old_name", "size": "SMALL"});
    world.warehouse("w", renamed).await;
    world.kubectl.ready(&["snowflakewarehouse/w"]).await;
    assert_eq!(world.writes(since), ["ALTER WAREHOUSE \"OLD_NAME\" RENAME TO \"NEW_NAME\""]);
    assert_eq!(world.of_warehouse("NEW_NAME", "created_on").unwrap(), created_on);
    let recorded = world.kubectl.get("snowflakewarehouse/w").await;
    assert_eq!(recorded["status"]["record"]["objects"][0]["name"], "NEW_NAME");

    // Another connection is another account: never silently.
    let mut moved = warehouse("w", json!({"name": "new_name", "renamedFrom": "old_name", "size": "SMALL"}));
    moved["spec"]["connectionRef"]["name"] = json!("other");
    let refused = world.kubectl.refused(&moved).await;
    assert!(refused.contains("connectionRef is immutable"), "{refused}");
    eventually("still ready", async || {
        let seen = world.kubectl.get("snowflakewarehouse/w").await;
        if reason(&seen) == "InSync" { Ok(()) } else { Err(seen) }
    })
    .await;
}
