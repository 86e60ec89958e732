//! Statements in time: slow ones, cancelled ones, repeated ones, many of them.

use std::time::Duration;

use serde_json::json;
use snowfence_emulator::emulator::Emulator;

use crate::client::{Client, emulator, warehouses};

const ID: &str = "0b3c0b8e-6d0a-4a33-9b71-3f3d0d6f5a01";

#[tokio::test]
async fn asynchronous_statements_are_asked_after() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let body = json!({"statement": "CREATE WAREHOUSE W"});
    let answer = client.post("?async=true", &body).await.expect(202);
    assert_eq!(answer.code(), "333334");
    assert_eq!(answer.body["statementStatusUrl"], format!("/api/v2/statements/{}", answer.handle()));
    emulator.settle().await;
    let done = client.status(answer.handle()).await.expect(200);
    assert!(done.cell().contains("successfully created"), "{}", done.body);
    assert_eq!(warehouses(&emulator), 1);
    let failed = client.post("?async=true", &body).await.expect(202);
    emulator.settle().await;
    assert_eq!(client.status(failed.handle()).await.expect(422).code(), "002002");
}

#[tokio::test]
async fn a_slow_statement_is_answered_with_202_and_goes_on() {
    let emulator = Emulator::builder().patience(Duration::from_millis(20)).build();
    emulator.set_latency(Duration::from_millis(150));
    let client = Client::operator(&emulator);
    let answer = client.sql("CREATE WAREHOUSE W").await.expect(202);
    assert_eq!(warehouses(&emulator), 0);
    emulator.settle().await;
    assert_eq!(warehouses(&emulator), 1);
    emulator.set_latency(Duration::ZERO);
    client.status(answer.handle()).await.expect(200);
}

#[tokio::test]
async fn a_client_that_leaves_does_not_stop_its_statement() {
    let emulator = Emulator::builder().latency(Duration::from_millis(50)).build();
    let client = Client::operator(&emulator);
    let left = tokio::time::timeout(Duration::from_millis(5), client.sql("CREATE WAREHOUSE W")).await;
    assert!(left.is_err());
    emulator.settle().await;
    assert_eq!(warehouses(&emulator), 1);
}

#[tokio::test]
async fn latency_does_not_hold_the_account() {
    let emulator = Emulator::builder().latency(Duration::from_millis(100)).build();
    let client = Client::operator(&emulator);
    let began = std::time::Instant::now();
    let all = (0..20).map(|_| client.sql("SELECT CURRENT_ROLE()"));
    for answer in futures::future::join_all(all).await {
        answer.expect(200);
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_statement_is_cancelled_or_not_there() {
    let emulator = Emulator::builder().latency(Duration::from_millis(200)).build();
    let client = Client::operator(&emulator);
    let running = client.post("?async=true", &json!({"statement": "CREATE WAREHOUSE W"})).await.expect(202);
    emulator.set_latency(Duration::ZERO);
    let cancelled = client.cancel(running.handle()).await.expect(200);
    assert_eq!(cancelled.code(), "000604");
    assert_eq!(cancelled.body["sqlState"], "57014");
    assert_eq!(client.status(running.handle()).await.expect(422).code(), "000604");
    emulator.settle().await;
    assert_eq!(warehouses(&emulator), 0, "a cancelled statement changes nothing");
    let done = client.sql("SELECT CURRENT_ROLE()").await.expect(200);
    assert_eq!(client.cancel(done.handle()).await.expect(422).code(), "000709");
}

#[tokio::test]
async fn a_statement_that_runs_occupies_its_warehouse_until_it_is_aborted() {
    let emulator = emulator();
    emulator.execute_as("SYSADMIN", "CREATE WAREHOUSE W INITIALLY_SUSPENDED = TRUE").unwrap();
    let client = Client::operator(&emulator);
    let state = || {
        let rows = emulator.execute_as("SYSADMIN", "SHOW WAREHOUSES").unwrap();
        let cell = |name: &str| {
            let at = rows.columns.iter().position(|column| column.name == name).unwrap();
            rows.rows[0][at].clone().unwrap_or_default()
        };
        (cell("state"), cell("running"))
    };
    assert_eq!(state(), ("SUSPENDED".into(), "0".into()));
    let body = json!({"statement": "CALL SYSTEM$WAIT(600)", "warehouse": "W"});
    let running = client.post("?async=true", &body).await.expect(202);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(state(), ("STARTED".into(), "1".into()));
    client.status(running.handle()).await.expect(202);
    client.sql("ALTER WAREHOUSE W ABORT ALL QUERIES").await.expect(200);
    assert_eq!(client.status(running.handle()).await.expect(422).code(), "000604");
    emulator.settle().await;
    assert_eq!(state().1, "0");
    let short = json!({"statement": "CALL SYSTEM$WAIT(600)", "warehouse": "W", "timeout": 1});
    assert_eq!(client.post("", &short).await.expect(408).code(), "000630");
}

#[tokio::test]
async fn a_statement_runs_into_its_time_out() {
    let emulator = Emulator::builder().latency(Duration::from_millis(1100)).build();
    let client = Client::operator(&emulator);
    let body = json!({"statement": "CREATE WAREHOUSE W", "timeout": 1});
    let answer = client.post("", &body).await.expect(408);
    assert_eq!(answer.code(), "000630");
    assert_eq!(answer.body["sqlState"], "57014");
    let message = answer.body["message"].as_str().unwrap();
    assert!(message.contains("timeout of 1 second(s)"), "{message}");
    emulator.settle().await;
    assert_eq!(warehouses(&emulator), 0);
    client.post("", &json!({"statement": "CREATE WAREHOUSE W", "timeout": 0})).await.expect(200);
}

#[tokio::test]
async fn a_request_id_counts_with_retry_only() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let body = json!({"statement": "CREATE WAREHOUSE W"});
    let (plain, retry) = (format!("?requestId={ID}"), format!("?requestId={ID}&retry=true"));

    let first = client.post(&retry, &body).await.expect(200);
    let second = client.post(&retry, &body).await.expect(200);
    assert_eq!(first.body, second.body, "the same answer, handle included");
    assert_eq!(emulator.statements(0).iter().filter(|s| s.verb() == "CREATE").count(), 1);
    assert_eq!(client.post(&plain, &body).await.expect(422).code(), "002002", "without retry it is executed");
    assert_eq!(client.post(&retry, &body).await.expect(422).code(), "002002", "a failure is executed again");
    client.sql("DROP WAREHOUSE W").await.expect(200);
    client.post(&retry, &body).await.expect(200);

    // Another user's request is another request, whatever its id.
    let other = emulator.add_user("OTHER", ["SYSADMIN"]);
    let other = Client::with(&emulator, None, other.token);
    assert_eq!(other.post(&retry, &body).await.expect(422).code(), "002002");
    assert_eq!(other.status(first.handle()).await.expect(422).code(), "000709", "nor is a handle shared");
}

#[tokio::test]
async fn a_retry_during_execution_attaches() {
    let emulator = Emulator::builder().latency(Duration::from_millis(100)).build();
    let client = Client::operator(&emulator);
    let body = json!({"statement": "CREATE WAREHOUSE W"});
    let retry = format!("?requestId={ID}&retry=true");
    let running = client.post(&format!("{retry}&async=true"), &body).await.expect(202);
    emulator.set_latency(Duration::ZERO);
    let attached = client.post(&retry, &body).await.expect(202);
    assert_eq!(attached.handle(), running.handle());
    emulator.settle().await;
    assert_eq!(client.post(&retry, &body).await.expect(200).handle(), running.handle());
    assert_eq!(emulator.statements(0).iter().filter(|s| s.verb() == "CREATE").count(), 1);
}

#[tokio::test]
async fn many_statements_take_little_time() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    let began = std::time::Instant::now();
    for _ in 0..2_000 {
        client.sql("SELECT CURRENT_ROLE()").await.expect(200);
    }
    // Far above what it takes, far below what an RSA verification or a sleep for each would.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn many_emulators_take_little_time() {
    let began = std::time::Instant::now();
    for _ in 0..500 {
        emulator();
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    println!("an emulator: {:?}", began.elapsed() / 500);
}
