//! A pipeline on the real API server: created, changed, mended, approved, orphaned, deleted.

mod kinds;

use serde_json::{Value, json};

use super::{
    kubectl::{condition, reason},
    world::{World, eventually, manifest},
};

const CR: &str = "cortexpipeline/flow";

fn spec() -> Value {
    json!({
        "connectionRef": {"name": "main"}, "warehouse": "WH", "database": "D", "schema": "S",
        "schemas": [{"name": "S"}],
        "tables": [{
            "name": "CALLS",
            "columns": [
                {"name": "ID", "type": "VARCHAR(64)", "nullable": false},
                {"name": "BODY", "type": "VARIANT"},
                {"name": "OLD", "type": "INT"},
            ],
            "primaryKey": ["ID"], "comment": "raw calls",
        }],
        "streams": [{"name": "NEW_CALLS", "onTable": "CALLS", "appendOnly": true}],
        "taskGraphs": [{
            "name": "refresh", "state": "Started", "trigger": {"every": "5m", "stream": "NEW_CALLS"},
            "tasks": [
                {"name": "LOAD", "body": "INSERT INTO CALLS (ID) SELECT 'x'"},
                {"name": "SCORE", "after": ["LOAD"], "body": "SELECT 1"},
            ],
            "finalizer": {"name": "REPORT", "body": "SELECT 2"},
        }],
        "grants": [{"name": "readers", "privileges": ["SELECT"], "target": {"table": "CALLS"}, "to": {"role": "READER"}}],
    })
}

async fn apply(world: &World, spec: Value) {
    let mut spec = spec;
    spec["connectionRef"] = json!({"name": "main"});
    world.kubectl.apply(&manifest("CortexPipeline", "flow", spec)).await;
}

async fn world(namespace: &str) -> World {
    let world = World::new(namespace).await;
    world.sql("CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE");
    world.sql("CREATE DATABASE D");
    world.sql("CREATE ROLE READER");
    world
}

fn task(world: &World, name: &str, column: &str) -> Option<String> {
    world.cell("SHOW TASKS IN DATABASE D", name, column)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_is_created_changed_and_mended() {
    let world = world("pipelife").await;
    let since = world.last();
    apply(&world, spec()).await;
    world.kubectl.ready(&[CR]).await;
    let created = world.writes(since);
    let creates: Vec<_> = created.iter().filter(|text| text.starts_with("CREATE")).collect();
    assert_eq!(creates.len(), 6, "{created:#?}");
    for name in ["LOAD", "SCORE", "REPORT"] {
        assert_eq!(task(&world, name, "state").as_deref(), Some("started"), "{name}");
    }
    let seen = world.kubectl.get(CR).await;
    assert_eq!(
        seen["status"]["objects"],
        json!({"total": 6, "inSync": 6, "failed": 0, "held": 0, "orphaned": 0})
    );
    let table = world.kubectl.run(&["get", "snow"]).await;
    assert!(table.lines().any(|line| line.contains("/flow") && line.contains("InSync")), "{table}");

    // In sync: a resync writes nothing.
    let since = world.last();
    world.resync().await;
    assert_eq!(world.writes(since), Vec::<String>::new());

    // A new column, a wider one, another body: the least of statements, and the graph runs again.
    let since = world.last();
    let mut changed = spec();
    changed["tables"][0]["columns"][0]["type"] = json!("VARCHAR(128)");
    changed["tables"][0]["columns"].as_array_mut().unwrap().push(json!({"name": "MORE", "type": "BOOLEAN"}));
    changed["taskGraphs"][0]["tasks"][1]["body"] = json!("SELECT 3");
    apply(&world, changed.clone()).await;
    world.kubectl.ready(&[CR]).await;
    assert_eq!(
        world.writes(since),
        [
            r#"ALTER TABLE "D"."S"."CALLS" ADD COLUMN "MORE" BOOLEAN"#,
            r#"ALTER TABLE "D"."S"."CALLS" ALTER COLUMN "ID" SET DATA TYPE VARCHAR(128)"#,
            r#"ALTER TASK "D"."S"."LOAD" SUSPEND"#,
            r#"ALTER TASK "D"."S"."SCORE" MODIFY AS SELECT 3"#,
            r#"ALTER TASK "D"."S"."LOAD" RESUME"#,
        ]
    );

    // What somebody changes by hand is told and mended.
    world.sql("ALTER TABLE D.S.CALLS SET COMMENT = 'by hand'");
    world.sql("ALTER TASK D.S.LOAD SUSPEND");
    world.sql("REVOKE SELECT ON TABLE D.S.CALLS FROM ROLE READER");
    world.resync().await;
    eventually("the drift is mended", async || {
        let comment = world.cell("SHOW TABLES IN DATABASE D", "CALLS", "comment");
        let state = task(&world, "LOAD", "state");
        let granted = super::world::grants_to(&world, "READER").contains_key("SELECT");
        if comment.as_deref() == Some("raw calls") && state.as_deref() == Some("started") && granted {
            Ok(())
        } else {
            Err((comment, state, granted))
        }
    })
    .await;
    world.kubectl.event("Drift", "flow", "comment is by hand, not raw calls").await;

    // A part that Snowflake refuses does not hold up the rest, and is told by name.
    let mut broken = changed.clone();
    broken["tables"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "GOOD", "columns": [{"name": "A", "type": "INT"}]}));
    broken["streams"].as_array_mut().unwrap().push(json!({"name": "LOST", "onTable": "D.S.NOWHERE"}));
    apply(&world, broken).await;
    let told = world
        .kubectl
        .until(CR, "one object has failed", |cr| cr["status"]["objects"]["failed"] == json!(1))
        .await;
    assert_eq!(told["status"]["notInSync"][0]["object"], "D.S.LOST", "{told:#}");
    assert_eq!(told["status"]["notInSync"][0]["code"], "002003", "{told:#}");
    assert!(world.cell("SHOW TABLES IN DATABASE D", "GOOD", "name").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_loses_data_waits_and_what_left_the_spec_is_kept() {
    let world = world("pipekeep").await;
    apply(&world, spec()).await;
    world.kubectl.ready(&[CR]).await;

    // A column that leaves the spec waits; the rest is done.
    let since = world.last();
    let mut changed = spec();
    changed["tables"][0]["columns"].as_array_mut().unwrap().retain(|column| column["name"] != "OLD");
    changed["tables"][0]["comment"] = json!("other");
    apply(&world, changed.clone()).await;
    let waits = world.kubectl.until(CR, "it waits", |cr| reason(cr) == "ApprovalRequired").await;
    let message = condition(&waits, "Ready").2.to_owned();
    assert!(message.contains("columns.OLD"), "{message}");
    assert_eq!(world.writes(since), [r#"ALTER TABLE "D"."S"."CALLS" SET COMMENT = 'other'"#]);
    let hash = message.split("snowfence.dev/approve=").nth(1).unwrap().split_whitespace().next().unwrap();
    world.kubectl.run(&["annotate", "--overwrite", CR, &format!("snowfence.dev/approve={hash}")]).await;
    world.sent(since, r#"ALTER TABLE "D"."S"."CALLS" DROP COLUMN "OLD""#).await;
    world.kubectl.ready(&[CR]).await;

    // A stream and the graph leave: tasks hold nothing and go, the stream is kept until its end is approved.
    let mut left = changed.clone();
    left["streams"] = json!([]);
    left["taskGraphs"] = json!([]);
    apply(&world, left).await;
    let kept = world
        .kubectl
        .until(CR, "the stream is orphaned", |cr| {
            cr["status"]["objects"]["orphaned"] == json!(1) && reason(cr) == "InSync"
        })
        .await;
    assert_eq!(kept["status"]["orphaned"], json!(["stream D.S.NEW_CALLS"]));
    assert_eq!(task(&world, "LOAD", "name"), None);
    let message = condition(&kept, "Ready").2.to_owned();
    let hash = message.split("snowfence.dev/approve=").nth(1).unwrap().split_whitespace().next().unwrap();
    let since = world.last();
    world.kubectl.run(&["annotate", "--overwrite", CR, &format!("snowfence.dev/approve={hash}")]).await;
    world.sent(since, r#"DROP STREAM "D"."S"."NEW_CALLS""#).await;

    // Deleted without a policy: what holds data stays.
    world.kubectl.run(&["delete", CR, "--timeout=60s"]).await;
    assert!(world.cell("SHOW TABLES IN DATABASE D", "CALLS", "name").is_some());

    // Taken over again, and deleted with everything.
    let mut all = spec();
    all["adopt"] = json!(true);
    all["deletionPolicy"] = json!("Delete");
    all["tables"][0]["columns"].as_array_mut().unwrap().retain(|column| column["name"] != "OLD");
    apply(&world, all).await;
    world.kubectl.ready(&[CR]).await;
    world.kubectl.run(&["delete", CR, "--timeout=60s"]).await;
    assert_eq!(world.cell("SHOW SCHEMAS IN DATABASE D", "S", "name"), None);
}
