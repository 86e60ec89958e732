//! The drivers' door, whatever comes in: HTTP 200 with a code, never a panic, nothing that makes a client try again
//! and again.

use std::io::Write as _;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use http::Method;
use proptest::prelude::*;
use serde_json::json;

use crate::client::{emulator, warehouses};
use crate::driver::Driver;

const DOORS: [&str; 6] = [
    "/session/v1/login-request",
    "/session/token-request",
    "/session/heartbeat",
    "/session?delete=true",
    "/queries/v1/query-request?requestId=x",
    "/queries/v1/abort-request",
];
/// The codes that make a driver ask again: a session that can be renewed, a statement in progress.
const AGAIN: [&str; 3] = ["390112", "333333", "333334"];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in ["", "{", "[]", "1", "null", "\u{0}", "{\"sqlText\": 1}", "{\"data\": []}", deep.as_str()] {
        for door in [
            "/session/v1/login-request",
            "/session/token-request",
            "/queries/v1/query-request",
            "/queries/v1/abort-request",
        ] {
            let said = driver.post(door, body.to_owned()).await;
            assert!(!said.success(), "{door} {body:.40} {said:?}");
            assert!(!said.code().is_empty() && !AGAIN.contains(&said.code()), "{door} {body:.40} {said:?}");
        }
    }
    driver.sql("SELECT 1").await.ok();
}

#[tokio::test]
async fn packed_bodies_are_read_and_broken_ones_refused() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    let whole = gzip(json!({"sqlText": "CREATE WAREHOUSE W"}).to_string().as_bytes());
    let packed = |body: Vec<u8>| {
        let mut request = driver.request(Method::POST, "/queries/v1/query-request", body);
        request.headers_mut().insert("Content-Encoding", "gzip".parse().unwrap());
        request
    };
    let half = driver.send(packed(whole[..whole.len() / 2].to_vec())).await;
    assert_eq!((half.success(), half.code()), (false, "390142"));
    assert_eq!(warehouses(&emulator), 0);
    driver.send(packed(whole)).await.ok();
    assert_eq!(warehouses(&emulator), 1);
    // A bomb: 100 MB of spaces in 100 KB.
    let bomb = driver.send(packed(gzip(&vec![b' '; 100 << 20]))).await;
    assert_eq!((bomb.success(), bomb.code()), (false, "390142"));
}

#[tokio::test]
async fn a_body_of_100_mb_is_refused_by_every_door() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    let piece = axum::body::Bytes::from(vec![b' '; 1 << 20]);
    for door in DOORS {
        let pieces = stream::iter((0..100).map({
            let piece = piece.clone();
            move |_| Ok::<_, std::io::Error>(piece.clone())
        }));
        let said = driver.send(driver.request(Method::POST, door, Body::from_stream(pieces))).await;
        assert_eq!((said.success(), said.code()), (false, "390142"), "{door}");
    }
    driver.sql("SELECT 1").await.ok();
}

#[tokio::test]
async fn long_and_deep_statements_have_an_answer() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    for statement in [
        format!("SELECT {}1{}", "(".repeat(400_000), ")".repeat(400_000)),
        format!("CREATE WAREHOUSE \"{}\"", "x".repeat(1_000_000)),
        format!("SELECT '{}", "'".repeat(999_998)),
        "/*".repeat(500_000),
        "\u{0}".repeat(1_000),
    ] {
        let said = driver.sql(&statement).await;
        assert!(!said.success() && said.code() != "000603", "{statement:.20} {}", said.code());
    }
}

#[tokio::test]
async fn forged_and_expired_tokens_open_nothing() {
    let emulator = emulator();
    let mut driver = Driver::operator(&emulator).await;
    let good = driver.token.clone();
    let forged =
        [String::new(), "None".into(), "x".into(), good[..good.len() - 1].into(), driver.master.clone()];
    for token in forged {
        driver.token = token.clone();
        let said = driver.sql("CREATE WAREHOUSE W").await;
        assert_eq!((said.success(), said.code()), (false, "390111"), "{token}");
        assert!(!driver.post("/session/heartbeat", "").await.success());
        assert!(!driver.get("/queries/x/result").await.success());
        assert!(!driver.get("/monitoring/queries/x").await.success());
    }
    driver.token = good;
    emulator.advance(std::time::Duration::from_secs(3601));
    assert_eq!(driver.sql("CREATE WAREHOUSE W").await.code(), "390112", "expired: the driver renews it");
    let renewed = driver.renew().await.ok();
    driver.token = renewed.0["data"]["sessionToken"].as_str().unwrap().to_owned();
    driver.master = renewed.0["data"]["masterToken"].as_str().unwrap().to_owned();
    driver.sql("SELECT 1").await.ok();
    assert_eq!(warehouses(&emulator), 0);
    emulator.advance(std::time::Duration::from_secs(14_401));
    assert_eq!(driver.renew().await.code(), "390114", "the user must sign in again");
    driver.master = "ver:3-hint:1-forged".into();
    assert_eq!(driver.renew().await.code(), "390115");
}

#[tokio::test]
async fn nobody_touches_the_statements_of_another() {
    let emulator = emulator();
    let other = emulator.add_user("OTHER", ["SYSADMIN"]);
    let driver = Driver::operator(&emulator).await;
    let stranger = Driver::login(&emulator, "", &other.name, &other.password).await.ok();
    let stranger = Driver::of(&emulator, &stranger);
    let said = driver.query(&json!({"sqlText": "SELECT SYSTEM$WAIT(5)", "asyncExec": true})).await;
    let id = said.0["data"]["queryId"].as_str().unwrap().to_owned();
    assert_eq!(stranger.get(&format!("/queries/{id}/result")).await.code(), "000709");
    assert_eq!(stranger.get(&format!("/monitoring/queries/{id}")).await.0["data"]["queries"], json!([]));
    assert_eq!(stranger.post(&format!("/queries/{id}/abort-request"), "{}").await.code(), "000709");
    driver.post(&format!("/queries/{id}/abort-request"), "{}").await.ok();
    assert_eq!(driver.get(&format!("/queries/{id}/result")).await.code(), "000604");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let emulator = emulator();
    let driver = Driver::operator(&emulator).await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::POST, "/session/v2/login-request"),
        (Method::GET, "/queries/v1/query-request"),
        (Method::PUT, "/session/heartbeat"),
        (Method::POST, "/queries/x/result"),
        (Method::GET, "/../etc/passwd"),
        (Method::GET, "/api/v2/databases"),
    ] {
        // Drivers give up at 404, and repeat 400, 403, 405 and 5xx.
        let request = driver.request(method.clone(), path, "{}");
        let status = tower::ServiceExt::oneshot(emulator.router(), request).await.unwrap().status();
        assert_eq!(status, 404, "{method} {path}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_to_any_door(
        body in prop::collection::vec(any::<u8>(), 0..200),
        door in prop::sample::select(DOORS.to_vec()),
        packed in any::<bool>(),
        signed_in in any::<bool>(),
    ) {
        runtime().block_on(async {
            let emulator = emulator();
            let mut driver = Driver::operator(&emulator).await;
            if !signed_in {
                driver.token = String::from("None");
            }
            let mut request = driver.request(Method::POST, door, body);
            if packed {
                request.headers_mut().insert("Content-Encoding", "gzip".parse().unwrap());
            }
            // `send` fails on any status but 200.
            let said = driver.send(request).await;
            prop_assert!(said.success() || !AGAIN.contains(&said.code()), "{said:?}");
            Ok(())
        })?;
    }

    #[test]
    fn any_request_is_answered(
        text in "\\PC{0,60}",
        kind in "(TEXT|FIXED|REAL|BOOLEAN|DATE|TIMESTAMP_TZ|BINARY|ANY|X)",
        value in prop::sample::select(vec![json!(null), json!(1), json!(["a"]), json!({}), json!("x'"), json!(true)]),
        count in prop::sample::select(vec![json!(0), json!("2"), json!(-1), json!(null), json!([]), json!("x")]),
        describe in any::<bool>(),
    ) {
        runtime().block_on(async {
            let emulator = emulator();
            let driver = Driver::operator(&emulator).await;
            let said = driver.query(&json!({"sqlText": format!("{text} ?"), "describeOnly": describe,
                "bindings": {"1": {"type": kind, "value": value}},
                "parameters": {"MULTI_STATEMENT_COUNT": count, "STATEMENT_TIMEOUT_IN_SECONDS": count, "x": {}}})).await;
            prop_assert_ne!(said.code(), "000603");
            prop_assert!(said.success() || !AGAIN.contains(&said.code()), "{said:?}");
            Ok(())
        })?;
    }
}
