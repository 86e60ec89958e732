//! What the operator tells machines: probes, metrics, logs.

use serde_json::json;
use snowfence_emulator::emulator::Emulator;

use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_metrics_and_logs_are_served_as_dashboards_expect_them() {
    let mut world = World::bare("pages", Emulator::builder()).await;
    world.start_operator(&[]).await.leads().await;
    let (status, body) = world.operator().page("/healthz").await;
    assert_eq!((status, body.as_str()), (200, "ok"));
    world.connect(json!({})).await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.monitor("limit", json!({"creditQuota": 5})).await;
    world.kubectl.ready(&["snowwh/w", "snowrm/limit"]).await;
    world.resync().await;

    let operator = world.operator();
    let at_least_one = async |name: &str, labels: &str| {
        let value = operator.metric(name, labels).await;
        assert!(value >= 1.0, "{name} {labels}: {value}\n{}", operator.page("/metrics").await.1);
    };
    for controller in ["SnowflakeConnection", "SnowflakeWarehouse", "ResourceMonitor"] {
        let labels = format!("controller=\"{controller}\"");
        at_least_one("controller_runtime_reconcile_total", &labels).await;
        at_least_one("controller_runtime_reconcile_time_seconds_count", &labels).await;
    }
    at_least_one("controller_runtime_reconcile_total", "result=\"success\"").await;
    at_least_one("snowfence_statements_total", "kind=\"WAREHOUSE\",verb=\"CREATE\",outcome=\"ok\"").await;
    at_least_one("snowfence_statement_duration_seconds_count", "verb=\"SHOW\"").await;
    at_least_one("snowfence_resources", "kind=\"SnowflakeWarehouse\",reason=\"InSync\"").await;
    at_least_one("snowfence_monitor_credits", "name=\"limit\",figure=\"quota\"").await;
    at_least_one("snowfence_leader", "").await;
    // No object's name and no SQL in a label, but for the credits of monitors.
    let (_, metrics) = operator.page("/metrics").await;
    for line in metrics.lines().filter(|line| !line.starts_with("snowfence_monitor_credits")) {
        assert!(!line.contains("pages") && !line.contains("WAREHOUSE \\\""), "{line}");
    }

    let created = operator
        .logged("the line of the creation", |line| {
            (line["verb"] == "CREATE" && line["kind"] == "SnowflakeWarehouse").then(|| line.clone())
        })
        .await;
    assert_eq!((&created["namespace"], &created["name"]), (&json!("pages"), &json!("w")), "{created:#}");
    assert!(created["query_id"].is_string(), "{created:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_custom_resources_in_reach_the_operator_ends_and_says_what_to_do() {
    let mut world = World::bare("unreachable", Emulator::builder()).await;
    let nobody = world.cluster.kubeconfig_for("nobody", None).unwrap();
    world.start_operator_with(&nobody, &[]).await;
    let ended = world.operators[0].ended().await;
    assert_eq!(ended.code(), Some(1));
    let log = world.operators[0].log();
    assert!(log.contains("forbidden") && log.contains("customresourcedefinitions"), "{log}");
}
