//! Destructive changes wait for a person.

use serde_json::{Value, json};

use super::{
    kubectl::{condition, reason},
    world::World,
};

const M: &str = "resourcemonitor/m";

fn command(object: &Value) -> String {
    let message = condition(object, "Ready").2;
    let command = message.split_once("to approve: ").unwrap_or_else(|| panic!("{message}")).1;
    command.lines().next().unwrap().trim().to_owned()
}

fn spec(triggers: Value, quota: i64) -> Value {
    json!({"creditQuota": quota, "frequency": "DAILY", "triggers": triggers})
}

async fn waits(world: &World) -> Value {
    let seen = world.kubectl.until(M, "ApprovalRequired", |o| reason(o) == "ApprovalRequired").await;
    assert_eq!(condition(&seen, "Stalled").0, "True");
    assert_eq!(condition(&seen, "Drifted").0, "True");
    seen
}

/// As a person does: pasted into a shell.
async fn paste(world: &World, command: &str) {
    let environment = world.cluster.environment().unwrap();
    let done =
        tokio::process::Command::new("sh").args(["-c", command]).envs(environment).output().await.unwrap();
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_is_replaced_once_and_only_with_the_approval_that_its_condition_prints() {
    let world = World::new("approve").await;
    let some = json!([{"atPercent": 80, "do": "NOTIFY"}]);
    world.monitor("m", spec(some.clone(), 10)).await;
    world.warehouse("w", json!({"size": "SMALL", "resourceMonitorRef": {"name": "m"}})).await;
    world.kubectl.ready(&[M, "snowflakewarehouse/w"]).await;
    let created_on = world.cell("SHOW RESOURCE MONITORS", "M", "created_on");

    // Snowflake can't remove the last trigger. The quota, which it can change, does not wait.
    let since = world.last();
    world.monitor("m", spec(json!([]), 20)).await;
    let seen = waits(&world).await;
    assert!(
        condition(&seen, "Ready").2.contains("must be dropped and created anew for triggers"),
        "{seen:#}"
    );
    assert_eq!(world.writes(since), ["ALTER RESOURCE MONITOR \"M\" SET CREDIT_QUOTA = 20"]);
    assert_eq!(world.cell("SHOW RESOURCE MONITORS", "M", "created_on"), created_on);
    world.kubectl.event("ApprovalRequired", "m", "to approve: kubectl").await;

    // Another hash approves nothing.
    let since = world.last();
    let first = command(&seen);
    let wrong = first.rsplit_once('=').unwrap().0.to_owned() + "=0123456789abcdef";
    paste(&world, &wrong).await;
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);

    paste(&world, &first).await;
    world.kubectl.until(M, "InSync", |o| reason(o) == "InSync").await;
    let replaced: Vec<_> =
        world.writes(since).into_iter().filter(|text| text.starts_with("CREATE OR REPLACE")).collect();
    assert_eq!(replaced.len(), 1, "{replaced:?}");
    assert_ne!(world.cell("SHOW RESOURCE MONITORS", "M", "created_on"), created_on);
    assert_eq!(world.of_warehouse("W", "resource_monitor").as_deref(), Some("M"));

    // The same change again: the approval that is on it still is used up.
    world.monitor("m", spec(some, 20)).await;
    world.kubectl.until(M, "InSync", |o| reason(o) == "InSync").await;
    let since = world.last();
    world.monitor("m", spec(json!([]), 20)).await;
    let seen = waits(&world).await;
    assert_ne!(command(&seen), first);
    paste(&world, &first).await;
    world.resync().await;
    assert_eq!(world.writes(since), [""; 0]);
}
