//! The emulator on a socket, plain and with TLS, with a client that knows nothing of it.

use std::time::Duration;

use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;
use snowfence_emulator::faults::{Action, Fault};
use snowfence_emulator::http::Authority;

use crate::client::{emulator, warehouses};

async fn ask(http: &reqwest::Client, url: &str, token: &str, sql: &str) -> reqwest::Result<(u16, Value)> {
    let answer = http
        .post(format!("{url}/api/v2/statements"))
        .bearer_auth(token)
        .header("Accept", "application/json")
        .json(&json!({"statement": sql}))
        .send()
        .await?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().user_agent("socket/1.0").no_proxy().timeout(Duration::from_secs(30))
}

#[tokio::test]
async fn it_serves_and_stops() {
    let emulator = emulator();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let (url, token) = (server.url(), emulator.operator().token);
    let client = http().build().unwrap();
    assert_eq!(ask(&client, &url, &token, "SELECT CURRENT_ROLE()").await.unwrap().0, 200);
    assert_eq!(client.get(format!("{url}/emulator/healthz")).send().await.unwrap().status(), 200);
    server.stop().await;
    assert!(ask(&client, &url, &token, "SELECT CURRENT_ROLE()").await.is_err());
}

#[tokio::test]
async fn what_is_in_flight_is_answered_before_it_stops() {
    let emulator = Emulator::builder().latency(Duration::from_millis(200)).build();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let (url, token) = (server.url(), emulator.operator().token);
    let client = http().build().unwrap();
    let flying = tokio::spawn(async move { ask(&client, &url, &token, "CREATE WAREHOUSE W").await });
    tokio::time::sleep(Duration::from_millis(80)).await;
    server.stop().await;
    assert_eq!(flying.await.unwrap().unwrap().0, 200);
    assert_eq!(warehouses(&emulator), 1);
}

#[tokio::test]
async fn with_tls_only_its_own_authority_is_trusted() {
    let emulator = emulator();
    let authority = Authority::generate().unwrap();
    let kept = Authority::from_pem(authority.certificate_pem(), &authority.key_pem()).unwrap();
    let server = emulator.listen("127.0.0.1:0", Some(&kept)).await.unwrap();
    let token = emulator.operator().token;
    let trust = reqwest::Certificate::from_pem(authority.certificate_pem().as_bytes()).unwrap();
    let account = "snowfence-emulator.snowflakecomputing.com";
    let client = http().tls_certs_only([trust]).resolve(account, server.address()).build().unwrap();
    let port = server.address().port();
    for url in [server.url(), format!("https://localhost:{port}"), format!("https://{account}:{port}")] {
        assert_eq!(ask(&client, &url, &token, "SELECT CURRENT_ROLE()").await.unwrap().0, 200, "{url}");
    }
    let stranger =
        reqwest::Certificate::from_pem(Authority::generate().unwrap().certificate_pem().as_bytes());
    let wary = http().tls_certs_only([stranger.unwrap()]).build().unwrap();
    assert!(ask(&wary, &server.url(), &token, "SELECT CURRENT_ROLE()").await.is_err());
}

#[tokio::test]
async fn lost_answers_look_like_broken_connections() {
    let emulator = emulator();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let (url, token) = (server.url(), emulator.operator().token);
    for http2 in [false, true] {
        let client =
            if http2 { http().http2_prior_knowledge() } else { http().http1_only() }.build().unwrap();
        for (action, executed) in [
            (Action::LostBefore, 0),
            (Action::AnswerLost { truncated: false }, 1),
            (Action::AnswerLost { truncated: true }, 1),
        ] {
            emulator.inject(Fault::on("create", action.clone())).unwrap();
            let lost = ask(&client, &url, &token, "CREATE WAREHOUSE W").await;
            assert!(lost.is_err(), "{action:?} {lost:?}");
            assert_eq!(warehouses(&emulator), executed, "{action:?}");
            emulator.execute_as("SYSADMIN", "DROP WAREHOUSE IF EXISTS W").unwrap();
        }
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_and_the_next_request_served() {
    let emulator = emulator();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let client = http().build().unwrap();
    let answer = client
        .post(format!("{}/api/v2/statements", server.url()))
        .bearer_auth(emulator.operator().token)
        .header("Accept", "*/*")
        .header("Content-Type", "application/json")
        .body(vec![b'['; 100 << 20])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
    let token = emulator.operator().token;
    assert_eq!(ask(&client, &server.url(), &token, "SELECT CURRENT_ROLE()").await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_at_once_are_all_served() {
    let emulator = emulator();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let (url, token) = (server.url(), emulator.operator().token);
    let clients = (0..64).map(|number| {
        let (url, token) = (url.clone(), token.clone());
        tokio::spawn(async move {
            let client = http().build().unwrap();
            for turn in 0..10 {
                let sql = match turn % 3 {
                    0 => format!("CREATE OR REPLACE WAREHOUSE W{number}"),
                    1 => "SHOW WAREHOUSES".to_owned(),
                    _ => format!("ALTER WAREHOUSE W{number} SET COMMENT = '{turn}'"),
                };
                assert_eq!(ask(&client, &url, &token, &sql).await.unwrap().0, 200, "{sql}");
            }
        })
    });
    for client in futures::future::join_all(clients).await {
        client.unwrap();
    }
    assert_eq!(warehouses(&emulator), 64);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_another_packet() {
    let emulator = emulator();
    let server = emulator.listen("127.0.0.1:0", None).await.unwrap();
    let (url, token) = (server.url(), emulator.operator().token);
    let client = http().http1_only().build().unwrap();
    let began = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(ask(&client, &url, &token, "SELECT CURRENT_ROLE()").await.unwrap().0, 200);
    }
    // Delayed acknowledgements would make it 40 ms for each.
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}
