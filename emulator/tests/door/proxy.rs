//! The proxy for tools that take no host.

use std::time::Duration;

use serde_json::{Value, json};
use snowfence_emulator::http::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{emulator, warehouses};

fn http(proxy: &str, authority: Option<&Authority>) -> reqwest::Client {
    let mut builder = reqwest::Client::builder()
        .user_agent("proxy/1.0")
        .proxy(reqwest::Proxy::all(proxy).unwrap())
        .timeout(Duration::from_secs(30));
    if let Some(authority) = authority {
        let root = reqwest::Certificate::from_pem(authority.certificate_pem().as_bytes()).unwrap();
        builder = builder.add_root_certificate(root);
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn every_account_leads_to_the_emulator() {
    let emulator = emulator();
    let authority = Authority::generate().unwrap();
    let proxy = emulator.proxy("127.0.0.1:0", &authority).await.unwrap();
    let client = http(&proxy.url(), Some(&authority));
    for (host, name) in [
        ("snowfence-emulator.snowflakecomputing.com", "A"),
        ("xy12345.eu-west-1.aws.snowflakecomputing.com", "B"),
    ] {
        let answer = client
            .post(format!("https://{host}/api/v2/statements"))
            .bearer_auth(emulator.operator().token)
            .header("Accept", "application/json")
            .json(&json!({"statement": format!("CREATE WAREHOUSE {name}"), "role": "SYSADMIN"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{host}");
    }
    assert_eq!(warehouses(&emulator), 2);
    proxy.stop().await;
    assert!(client.get("https://a.snowflakecomputing.com/emulator/healthz").send().await.is_err());
}

#[tokio::test]
async fn without_its_authority_nobody_speaks() {
    let emulator = emulator();
    let authority = Authority::generate().unwrap();
    let proxy = emulator.proxy("127.0.0.1:0", &authority).await.unwrap();
    let stranger = http(&proxy.url(), None);
    let refused = stranger.get("https://a.snowflakecomputing.com/emulator/healthz").send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
}

#[tokio::test]
async fn nothing_is_forwarded() {
    let emulator = emulator();
    let authority = Authority::generate().unwrap();
    let proxy = emulator.proxy("127.0.0.1:0", &authority).await.unwrap();
    for (asked, status) in [
        ("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", "403"),
        ("CONNECT a.snowflakecomputing.com:22 HTTP/1.1\r\nHost: a\r\n\r\n", "403"),
        ("GET http://ocsp.snowflakecomputing.com/x HTTP/1.1\r\nHost: a\r\n\r\n", "403"),
        ("\u{16}\u{3}\u{1} no HTTP at all\r\n\r\n", "400"),
    ] {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = vec![0; 64];
        let read = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{asked:?}: {answer}");
    }
}

#[tokio::test]
async fn a_tunnel_that_nobody_uses_does_not_hold_up_the_end() {
    let emulator = emulator();
    let authority = Authority::generate().unwrap();
    let proxy = emulator.proxy("127.0.0.1:0", &authority).await.unwrap();
    let client = http(&proxy.url(), Some(&authority));
    let url = "https://a.snowflakecomputing.com/emulator/statements";
    let seen: Value = client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(seen, json!([]));
    // The client keeps its connection open; the server closes it.
    tokio::time::timeout(Duration::from_secs(5), proxy.stop()).await.expect("it stops");
}
