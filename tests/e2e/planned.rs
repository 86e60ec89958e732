//! `snowfence plan --from-cluster`: the cluster's connections, Secrets and records; the plan is what then runs.

use serde_json::{Value, json};

use super::world::{World, warehouse};

/// A plan as JSON, of manifests in a file, and with what it ended.
async fn plan(world: &World, manifests: &[Value]) -> (Value, i32) {
    let file = world.file("planned.json");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests});
    std::fs::write(&file, list.to_string()).unwrap();
    let planned = tokio::process::Command::new(env!("CARGO_BIN_EXE_snowfence"))
        .args(["plan", "--from-cluster", "--detailed-exitcode", "--output", "json"])
        .args(["--allow-host", "127.0.0.1", "--namespace", &world.namespace, "-f"])
        .arg(&file)
        .env("KUBECONFIG", world.cluster.kubeconfig())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&planned.stderr);
    let plan = serde_json::from_slice(&planned.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (plan, planned.status.code().unwrap())
}

fn statements(plan: &Value) -> Vec<&str> {
    let changes = plan["changes"].as_array().unwrap().iter();
    let all = changes.flat_map(|change| change["statements"].as_array().unwrap());
    all.map(|statement| statement.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_from_the_cluster_is_what_the_operator_then_does() {
    let world = World::new("planned").await;
    world.sql("CREATE ROLE TEAM; CREATE WAREHOUSE FOREIGN_ONE");
    let grants = json!([{"role": "team", "privileges": ["USAGE"]}]);
    let first = json!({"size": "SMALL", "comment": "ours", "grants": grants});
    world.warehouse("etl", first.clone()).await;
    world.kubectl.ready(&["snowflakewarehouse/etl"]).await;
    let (before, mark) = (super::world::now(), world.last());

    let (same, code) = plan(&world, &[warehouse("etl", first)]).await;
    assert_eq!((code, statements(&same)), (0, vec![]), "{same:#}");

    // Only the record knows that comment and grant were set here, and are to go.
    let next = json!({"size": "LARGE"});
    let (planned, code) = plan(&world, &[warehouse("etl", next.clone())]).await;
    assert_eq!(code, 2, "{planned:#}");
    assert_eq!(
        statements(&planned),
        [
            r#"ALTER WAREHOUSE "ETL" SET WAREHOUSE_SIZE = LARGE"#,
            r#"ALTER WAREHOUSE "ETL" UNSET COMMENT"#,
            r#"REVOKE USAGE ON WAREHOUSE "ETL" FROM ROLE "TEAM""#,
        ]
    );
    // What the cluster does not have yet is planned as what it is: somebody else's.
    let (foreign, code) = plan(&world, &[warehouse("foreign-one", json!({"size": "LARGE"}))]).await;
    assert_eq!(statements(&foreign), [""; 0], "{foreign:#}");
    assert_eq!(code, 1, "{foreign:#}");

    assert_eq!(world.writes(mark), [""; 0], "planning writes nothing in Snowflake");
    let written = world.cluster.audit_events().unwrap().into_iter().filter(|event| {
        event.is_write()
            && event.user == "admin"
            && event.at.as_str() > before.as_str()
            && event.name == "etl"
    });
    assert_eq!(written.count(), 0, "and nothing in Kubernetes");

    world.warehouse("etl", next).await;
    world.sent(mark, "REVOKE").await;
    assert_eq!(world.writes(mark), statements(&planned));
}
