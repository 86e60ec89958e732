//! Several operators: one acts, and what it leaves is finished by the next.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use snowfence_emulator::{
    emulator::Emulator,
    faults::{Action, Fault},
};

use super::{
    kubectl::condition,
    operator::Operator,
    world::{World, eventually},
};

/// Short, so that the tests are.
const LEASE: &str = "3";

impl World {
    /// Starts an operator that takes part in the election.
    async fn candidate(&mut self) {
        let namespace = self.namespace.clone();
        let args = ["--leader-election", "--lease-namespace", &namespace, "--lease-duration", LEASE];
        self.start_operator(&args).await;
    }

    /// The one that leads, once there is one: its index.
    async fn leader(&self) -> usize {
        eventually("one leads", async || {
            for (n, operator) in self.operators.iter().enumerate() {
                if operator.page("/readyz").await.0 == 200 {
                    return Ok(n);
                }
            }
            Err("nobody leads")
        })
        .await
    }
}

async fn statements_of(operator: &Operator) -> f64 {
    operator.metric("snowfence_statements_total", "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_operators_exactly_one_acts_and_hands_over_when_it_is_stopped() {
    let mut world = World::bare("election", Emulator::builder()).await;
    world.candidate().await;
    world.candidate().await;
    world.connect(json!({})).await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;
    let first = world.leader().await;
    let other = 1 - first;
    let (status, body) = world.operators[other].page("/readyz").await;
    assert_eq!(status, 503, "{body}");
    assert_eq!(world.operators[other].page("/healthz").await.0, 200);
    assert!(statements_of(&world.operators[first]).await > 0.0);
    assert!(statements_of(&world.operators[other]).await < 0.5);
    assert!((world.operators[first].metric("snowfence_leader", "").await - 1.0).abs() < 0.1);

    // The lease is given back: the other need not wait until it runs out.
    let ended = world.operators[first].stop().await;
    assert!(ended.success(), "{ended}");
    world.operators[other].leads().await;
    let since = world.last();
    world.warehouse("w", json!({"size": "MEDIUM"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;
    assert_eq!(world.writes(since), ["ALTER WAREHOUSE \"W\" SET WAREHOUSE_SIZE = MEDIUM"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_in_the_middle_leaves_nothing_undone_and_nothing_twice() {
    const N: usize = 30;
    let mut world = World::bare("killed", Emulator::builder()).await;
    world.candidate().await;
    world.leader().await;
    world.candidate().await;
    world.connect(json!({"concurrency": 3})).await;
    world.kubectl.ready(&["snowflakeconnection/main"]).await;
    // Slow enough to be killed in the middle; and one answer is lost for good.
    world.emulator.set_latency(std::time::Duration::from_millis(120));
    let all: Vec<_> =
        (0..N).map(|n| super::world::warehouse(&format!("w{n}"), json!({"size": "SMALL"}))).collect();
    world.kubectl.apply(&json!({"apiVersion": "v1", "kind": "List", "items": all})).await;
    let created = |world: &World| world.writes(0).iter().filter(|text| text.starts_with("CREATE")).count();
    eventually("some are created", async || if created(&world) >= 8 { Ok(()) } else { Err(created(&world)) })
        .await;
    world.operators[0].kill().await;
    let done = created(&world);
    assert!(done < N, "all were created before it was killed");

    let objects: Vec<_> = (0..N).map(|n| format!("snowwh/w{n}")).collect();
    world.operators[1].leads().await;
    world.kubectl.ready(&objects.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // A creation whose outcome was unknown is asked after under the same request, which is executed once.
    let mut requests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for statement in world.statements(0).into_iter().filter(|s| s.text.starts_with("CREATE")) {
        assert!(statement.succeeded(), "{} {}", statement.code, statement.text);
        requests.entry(statement.text).or_default().insert(statement.request_id.unwrap());
    }
    assert_eq!(requests.len(), N);
    assert!(requests.values().all(|ids| ids.len() == 1), "{requests:#?}");
    let writes = world.writes(0);
    assert!(writes.iter().all(|text| text.starts_with("CREATE")), "{writes:#?}");

    world.emulator.set_latency(std::time::Duration::ZERO);
    let list = world.kubectl.run(&["get", "snowwh", "-o", "json"]).await;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    for item in list["items"].as_array().unwrap() {
        let entry = &item["status"]["record"]["objects"][0];
        let name = entry["name"].as_str().unwrap();
        assert_eq!(entry["createdOn"].as_str(), world.of_warehouse(name, "created_on").as_deref());
        assert_eq!(entry["intent"], json!(null), "{name}");
        assert_eq!(condition(item, "Ready").1, "InSync");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_whose_answer_is_lost_with_the_leader_is_settled_by_the_next() {
    let mut world = World::bare("settled", Emulator::builder()).await;
    world.candidate().await;
    world.leader().await;
    world.candidate().await;
    world.connect(json!({})).await;
    world.kubectl.ready(&["snowflakeconnection/main"]).await;
    // It is executed, and its sender never hears of it.
    world.emulator.inject(Fault::on("CREATE WAREHOUSE", Action::AnswerLost { truncated: false })).unwrap();
    let slow = Fault::on("CREATE WAREHOUSE", Action::Latency { millis: 60_000 });
    world.emulator.inject(slow).unwrap();
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.sent(0, "CREATE WAREHOUSE \"W\"").await;
    world.operators[0].kill().await;
    world.emulator.faults().clear();
    let created_on = world.of_warehouse("W", "created_on").unwrap();
    world.operators[1].leads().await;
    world.kubectl.ready(&["snowwh/w"]).await;
    assert_eq!(world.of_warehouse("W", "created_on"), Some(created_on.clone()));
    let seen = world.kubectl.get("snowwh/w").await;
    let entry = &seen["status"]["record"]["objects"][0];
    assert_eq!(entry["createdOn"].as_str(), Some(created_on.as_str()));
    // It was created here: its resource takes it along.
    world.kubectl.run(&["delete", "--timeout=30s", "snowwh/w"]).await;
    assert!(world.of_warehouse("W", "name").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_ends_before_another_begins() {
    let mut world = World::bare("cut-off", Emulator::builder()).await;
    let link = world.cluster.link(&world.user(), Some("system:masters")).await.unwrap();
    let namespace = world.namespace.clone();
    let args = ["--leader-election", "--lease-namespace", &namespace, "--lease-duration", LEASE];
    world.start_operator_with(link.kubeconfig(), &args).await;
    world.leader().await;
    world.candidate().await;
    world.connect(json!({"resync": "1s"})).await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;

    // It has work all the time: somebody changes the warehouse again and again.
    link.cut();
    let since = world.last();
    let (mut old, emulator) = (world.operators.remove(0), world.emulator.clone());
    let disturb = tokio::spawn(async move {
        loop {
            emulator.execute_as("ACCOUNTADMIN", "ALTER WAREHOUSE W SET WAREHOUSE_SIZE = LARGE").unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let ended = old.ended().await;
    let at = jiff::Timestamp::now();
    assert_eq!(ended.code(), Some(1), "{ended}");
    let log = old.log();
    assert!(log.contains("the lease was not renewed in time"), "{log}");

    world.operators[0].leads().await;
    eventually("the successor writes", async || {
        let all = world.statements(since);
        let signs_in = all.iter().position(|s| s.text.contains("CURRENT_ORGANIZATION_NAME"));
        let writes =
            signs_in.is_some_and(|n| all[n..].iter().any(snowfence_emulator::state::Statement::writes));
        if writes { Ok(()) } else { Err(all.len()) }
    })
    .await;
    disturb.abort();
    // Each operator signs in before anything else: what is after the second sign-in is the successor's.
    let all = world.statements(since);
    let begins = all.iter().position(|s| s.text.contains("CURRENT_ORGANIZATION_NAME")).unwrap();
    let begun: jiff::Timestamp = all[begins].start.parse().unwrap();
    assert!(at < begun, "the old one ended at {at}, the new one began at {begun}");
    let log = world.operators[0].log();
    assert!(log.contains("leading"), "{log}");
}
