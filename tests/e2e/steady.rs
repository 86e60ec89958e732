//! Nothing to do, nothing done.

use serde_json::json;
use snowfence_emulator::emulator::Emulator;

use super::{
    kubectl::{condition, reason},
    world::{World, eventually, now},
};

const ALL: [&str; 5] =
    ["snowflakeconnection/main", "snowwh/plain", "snowwh/tuned", "snowwh/watched", "snowrm/limit"];

async fn settled(world: &World) {
    world.sql("CREATE ROLE TEAM");
    let grants = json!([{"role": "team", "privileges": ["USAGE", "MONITOR"]}]);
    world.warehouse("plain", json!({"size": "SMALL", "comment": "it's plain", "grants": grants})).await;
    world.warehouse("tuned", json!({"statementTimeoutInSeconds": 300, "autoSuspend": "never"})).await;
    world.warehouse("watched", json!({"resourceMonitorRef": {"name": "limit"}, "maxClusterCount": 2})).await;
    let triggers = json!([{"atPercent": 50, "do": "NOTIFY"}, {"atPercent": 99, "do": "SUSPEND"}]);
    let period = json!({"creditQuota": 9, "frequency": "WEEKLY", "startTimestamp": "IMMEDIATELY", "triggers": triggers});
    world.monitor("limit", period).await;
    world.kubectl.ready(&ALL).await;
}

/// Waits for so many passes of everything more.
async fn ticks(world: &World, n: u64) {
    let [warehouses, monitors, _] = world.passes().await;
    let wanted = [warehouses + 3 * n, monitors + n];
    eventually("the resyncs", async || {
        let passes = world.passes().await;
        if passes[0] >= wanted[0] && passes[1] >= wanted[1] { Ok(()) } else { Err((passes, wanted)) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_resyncs_a_restart_and_a_hand_over_write_nothing() {
    let mut world = World::bare("steady", Emulator::builder()).await;
    let election = ["--leader-election", "--lease-namespace", "steady", "--lease-duration", "3"];
    world.start_operator(&election).await;
    world.connect(json!({"resync": "1s"})).await;
    settled(&world).await;
    // Whoever was waiting for somebody else has been woken by now.
    ticks(&world, 1).await;

    let (since, at) = (world.last(), now());
    ticks(&world, 10).await;
    let nothing = |world: &World, what: &str| {
        assert_eq!(world.writes(since), [""; 0], "{what}");
        assert_eq!(world.kubernetes_writes(&at), [""; 0], "{what}");
    };
    nothing(&world, "after ten resyncs");

    // A restart.
    let mut old = world.operators.remove(0);
    assert!(old.stop().await.success());
    world.start_operator(&election).await.leads().await;
    ticks(&world, 2).await;
    nothing(&world, "after a restart");

    // A hand-over.
    world.start_operator(&election).await;
    let mut old = world.operators.remove(0);
    assert!(old.stop().await.success());
    world.operator().leads().await;
    ticks(&world, 2).await;
    nothing(&world, "after a hand-over");
    assert!(world.statements(since).len() > 10, "nothing was looked at");
    world.kubectl.ready(&ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resync_that_is_asked_for_writes_only_that_it_was_done() {
    let world = World::new("asked").await;
    settled(&world).await;
    world.resync().await;
    let (since, at) = (world.last(), now());
    world.resync().await;
    let acknowledged = |o: &serde_json::Value| {
        let asked = &o["metadata"]["annotations"]["snowfence.dev/requested-at"];
        *asked == o["status"]["lastHandledRequest"] && !asked.is_null()
    };
    world.kubectl.until("snowflakeconnection/main", "acknowledged", acknowledged).await;
    assert_eq!(world.writes(since), [""; 0]);
    assert_eq!(world.kubernetes_writes(&at), ["patch snowflakeconnections/main/status"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_snowflake_is_down_only_the_connection_says_so() {
    let mut world = World::connected("down", Emulator::builder()).await;
    world.connect(json!({"resync": "1s", "statementTimeout": "3s"})).await;
    settled(&world).await;
    ticks(&world, 1).await;

    let at = now();
    world.snowflake_goes_down().await;
    let main = "snowflakeconnection/main";
    let seen = world.kubectl.until(main, "not Ready", |o| condition(o, "Ready").0 == "False").await;
    assert_eq!(condition(&seen, "Reconciling").0, "True");
    // What is new waits, and says for what.
    world.warehouse("new", json!({})).await;
    let seen = world.kubectl.until("snowwh/new", "waiting", |o| reason(o) == "ConnectionNotReady").await;
    assert!(condition(&seen, "Ready").2.contains("down/main is not ready"), "{seen:#}");

    world.snowflake_comes_back().await;
    world.kubectl.ready(&[main, "snowwh/new"]).await;
    ticks(&world, 1).await;
    let about = |write: &String| !write.contains("/main/") && !write.contains("/new/");
    let rewritten: Vec<_> = world.kubernetes_writes(&at).into_iter().filter(about).collect();
    assert_eq!(rewritten, [""; 0]);
}
