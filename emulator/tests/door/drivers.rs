//! The drivers' door, where clients showed that it answered wrongly.

use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;
use snowfence_emulator::faults::{Action, Effect, Fault, Request as On};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use crate::client::{emulator, warehouses};
use crate::driver::Driver;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_answer_that_is_lost_has_no_first_byte() {
    let emulator = emulator();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let driver = Driver::operator(&emulator).await;
    let body = json!({"sqlText": "CREATE WAREHOUSE W"}).to_string();
    for (action, executed) in [(Action::LostBefore, 0), (Action::AnswerLost { truncated: false }, 1)] {
        emulator.inject(Fault::next(action.clone())).unwrap();
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        let head = format!(
            "POST /queries/v1/query-request?requestId=1 HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\
             Authorization: Snowflake Token=\"{}\"\r\n\r\n{body}",
            body.len(),
            driver.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        // The connection ends, be it with a reset.
        let _ = stream.read_to_end(&mut read).await;
        assert!(read.is_empty(), "{action:?} {}", String::from_utf8_lossy(&read));
        assert_eq!(warehouses(&emulator), executed, "{action:?}");
    }
    // The connector sends it again, with the same number.
    let again = driver.post("/queries/v1/query-request?requestId=1&retryCount=1", body).await.ok();
    assert_eq!(again.0["data"]["rowset"], json!([["Warehouse W successfully created."]]));
    assert_eq!(warehouses(&emulator), 1);
}

#[tokio::test]
async fn questions_about_a_hidden_statement_are_answered_at_once() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    for effect in [Effect::First, Effect::Last] {
        emulator.inject(Fault::next(Action::InProgress { polls: 2, effect })).unwrap();
        let began = Instant::now();
        let said = driver.sql("CREATE OR REPLACE WAREHOUSE W").await.ok();
        assert_eq!(said.code(), "333333");
        let url = said.0["data"]["getResultUrl"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            assert_eq!(driver.get(&url).await.ok().code(), "333333");
        }
        let said = driver.get(&url).await.ok();
        assert_eq!(said.0["data"]["rowset"][0][0], "Warehouse W successfully created.");
        assert!(began.elapsed() < Duration::from_secs(10), "the emulator's patience is 45 s");
    }
}

#[tokio::test]
async fn several_threads_renew_at_once() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    emulator.advance(HOUR + Duration::from_secs(1));
    assert_eq!(driver.sql("SELECT 1").await.code(), "390112");
    let first = driver.renew().await.ok();
    let second = driver.renew().await.ok();
    for said in [&first, &second] {
        let token = said.0["data"]["sessionToken"].as_str().unwrap().to_owned();
        let renewed = Driver { emulator: emulator.clone(), token, master: String::new() };
        renewed.sql("SELECT 1").await.ok();
    }
    // Who still has the old token is told to renew, and not that there is no such session.
    assert_eq!(driver.sql("SELECT 1").await.code(), "390112");
    emulator.advance(Duration::from_secs(61));
    assert_eq!(driver.renew().await.code(), "390114", "the old master token has had its time");
}

#[tokio::test]
async fn a_session_whose_token_expires_for_good_is_told_so() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    emulator.inject(Fault::next(Action::ExpiredToken)).unwrap();
    assert_eq!(driver.sql("CREATE WAREHOUSE W").await.code(), "390114");
    emulator.inject(Fault::next(Action::ExpiredToken).of(On::Poll)).unwrap();
    let id = driver.sql("SELECT 1").await.ok().0["data"]["queryId"].as_str().unwrap().to_owned();
    assert_eq!(driver.get(&format!("/queries/{id}/result")).await.code(), "390114");
    assert_eq!(warehouses(&emulator), 0);
}

#[tokio::test]
async fn what_was_executed_is_listed() {
    let emulator = emulator();
    emulator.add_user("OTHER", ["PUBLIC"]);
    let other = emulator.credentials("OTHER").unwrap();
    let other = Driver::of(&emulator, &Driver::login(&emulator, "", "OTHER", &other.password).await.ok());
    other.sql("SELECT 'secret'").await.ok();
    let driver = Driver::operator(&emulator).await;
    driver.sql("CREATE WAREHOUSE W").await.ok();
    driver.sql("DROP WAREHOUSE NOPE").await;
    driver.sql("SELECT 1").await.ok();
    let texts = |said: crate::driver::Said| -> Vec<String> {
        let queries = said.ok().0["data"]["queries"].as_array().unwrap().clone();
        queries.iter().map(|query| query["sqlText"].as_str().unwrap().to_owned()).collect()
    };
    let list = |query: &str| {
        let path = format!("/monitoring/queries?{query}");
        let driver = &driver;
        async move { driver.get(&path).await }
    };
    assert_eq!(texts(list("max=2").await), ["SELECT 1", "DROP WAREHOUSE NOPE"], "the latest first");
    assert_eq!(texts(list("subset=FAILED").await), ["DROP WAREHOUSE NOPE"]);
    assert_eq!(texts(list("stmt_type=CREATE&user=operator").await), ["CREATE WAREHOUSE W"]);
    assert_eq!(texts(list("wh=W").await), ["SELECT 1", "DROP WAREHOUSE NOPE"]);
    assert!(texts(list("user=OTHER").await).is_empty(), "SYSADMIN sees what is its user's");
    driver.sql("USE ROLE ACCOUNTADMIN").await.ok();
    assert_eq!(texts(list("user=OTHER").await), ["SELECT 'secret'"]);
    assert_eq!(list("max=many").await.code(), "390142");
    let failed = list("subset=FAILED").await.ok().0["data"]["queries"][0].clone();
    assert_eq!((&failed["errorCode"], &failed["state"]), (&json!("002003"), &json!("FAILED")));
    assert!(failed["totalDuration"].is_u64());
}

#[tokio::test]
async fn times_are_bound_as_statements_write_them() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    driver.sql("USE ROLE ACCOUNTADMIN").await.ok();
    let bound = |text: &str, kind: &str, value: &str| json!({"sqlText": text, "bindings": {"1": {"type": kind, "value": value}}});
    let text = "CREATE RESOURCE MONITOR M FREQUENCY = DAILY START_TIMESTAMP = ?";
    driver.query(&bound(text, "TIMESTAMP_TZ", "2082848400000000000 1500")).await.ok();
    let said = driver.sql("SHOW RESOURCE MONITORS").await.ok();
    let columns = said.0["data"]["rowtype"].as_array().unwrap();
    let at = columns.iter().position(|column| column["name"] == "start_time").unwrap();
    assert_eq!(said.0["data"]["rowset"][0][at], "2082848400.000000000");
    for (kind, value) in [("DATE", "1577923200000"), ("TIMESTAMP_NTZ", "1"), ("BINARY", "00")] {
        let said = driver.query(&bound("SELECT ?", kind, value)).await;
        assert_eq!(said.code(), "000002", "{kind}");
    }
}

async fn ask(emulator: &Emulator, method: Method, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri("/emulator/clock").body(Body::from(body.to_owned()));
    let response = emulator.router().oneshot(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn a_test_says_that_tasks_run_or_fail() {
    let emulator = emulator();
    for sql in [
        "CREATE DATABASE D",
        "CREATE TASK D.PUBLIC.T SCHEDULE = '1 HOUR' AS SELECT 1",
        "ALTER TASK D.PUBLIC.T RESUME",
    ] {
        emulator.execute_as("ACCOUNTADMIN", sql).unwrap();
    }
    let say = async |body: &str| {
        let request = Request::builder().method(Method::POST).uri("/emulator/tasks");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        emulator.router().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(say(r#"{"task": "D.PUBLIC.T", "running": "90s"}"#).await, 200);
    assert_eq!(say(r#"{"task": "D.PUBLIC.T", "failures": 10, "message": "m"}"#).await, 200);
    let rows = emulator.execute_as("ACCOUNTADMIN", "SHOW TASKS IN ACCOUNT").unwrap();
    assert!(rows.rows[0].contains(&Some("SUSPENDED_DUE_TO_ERRORS".into())));
    for wrong in [r#"{"task": "D.PUBLIC.NOPE", "failures": 1}"#, r#"{"task": "D.PUBLIC.T"}"#, "{}"] {
        assert_eq!(say(wrong).await, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_clock_is_put_forward_and_never_back() {
    let emulator = emulator();
    let before = emulator.now();
    let (status, said) = ask(&emulator, Method::POST, r#"{"advance": "1h 30m"}"#).await;
    assert_eq!(status, 200, "{said}");
    assert!(emulator.now() - before >= 5_400_000_000_000);
    let (_, now) = ask(&emulator, Method::GET, "").await;
    let now: jiff::Timestamp = now["now"].as_str().unwrap().parse().unwrap();
    assert!((now.as_nanosecond() - emulator.now()).abs() < 5_000_000_000);
    for wrong in [
        "",
        "{}",
        r#"{"advance": "-1h"}"#,
        r#"{"advance": 5}"#,
        r#"{"advance": "2000000h"}"#,
        r#"{"advance": "1h", "x": 1}"#,
    ] {
        assert_eq!(ask(&emulator, Method::POST, wrong).await.0, 400, "{wrong}");
    }
    assert!(emulator.now() - before < 5_500_000_000_000);
}

#[tokio::test]
async fn a_credential_for_one_role_takes_no_other() {
    let emulator = emulator();
    let behind = |sql: &str| emulator.execute_as("ACCOUNTADMIN", sql).unwrap();
    behind("CREATE ROLE READER");
    behind("GRANT ROLE READER TO USER OPERATOR");
    let add = "ALTER USER OPERATOR ADD PROGRAMMATIC ACCESS TOKEN LIMITED ROLE_RESTRICTION = 'READER'";
    let token = behind(add).rows[0][1].clone().unwrap();

    let said = Driver::login(&emulator, "?roleName=ACCOUNTADMIN", "OPERATOR", &token).await;
    assert_eq!(said.code(), "390189", "{said:?}");
    let said = Driver::login(&emulator, "", "OPERATOR", &token).await.ok();
    assert_eq!(said.0["data"]["sessionInfo"]["roleName"], "READER");
    let limited = Driver::of(&emulator, &said);
    for statement in ["USE ROLE ACCOUNTADMIN", "USE ROLE PUBLIC", "CREATE WAREHOUSE W"] {
        assert!(!limited.sql(statement).await.success(), "{statement}");
    }
    limited.sql("USE ROLE READER").await.ok();
    limited.sql("USE SECONDARY ROLES ALL").await.ok();
    assert!(!limited.sql("CREATE WAREHOUSE W").await.success(), "secondary roles do not count");

    // Nor by the other door, in a request of several statements.
    let client = crate::client::Client::with(&emulator, Some("PROGRAMMATIC_ACCESS_TOKEN"), token);
    let body = json!({"statement": "USE ROLE ACCOUNTADMIN; CREATE WAREHOUSE W",
        "parameters": {"MULTI_STATEMENT_COUNT": "2"}});
    client.post("", &body).await.expect(422);
    assert_eq!(warehouses(&emulator), 0);
}

#[tokio::test]
async fn a_role_that_is_revoked_is_of_no_use_to_a_session() {
    let emulator = emulator();
    let user = emulator.add_user("WORKER", ["SYSADMIN"]);
    let worker = Driver::login(&emulator, "?roleName=SYSADMIN", &user.name, &user.password).await.ok();
    let worker = Driver::of(&emulator, &worker);
    worker.sql("CREATE WAREHOUSE A").await.ok();
    emulator.execute_as("ACCOUNTADMIN", "REVOKE ROLE SYSADMIN FROM USER WORKER").unwrap();
    let said = worker.sql("CREATE WAREHOUSE B").await;
    assert!(!said.success(), "{said:?}");
    assert_eq!(warehouses(&emulator), 1);
    emulator.execute_as("ACCOUNTADMIN", "DROP USER WORKER").unwrap();
    assert_eq!(worker.sql("SELECT 1").await.code(), "390111");
}
