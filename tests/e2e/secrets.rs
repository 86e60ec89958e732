//! What is secret is in no log, event, status, metric or statement.

use serde_json::{Value, json};
use snowfence_emulator::{auth::OAuthClient, emulator::Emulator};

use super::{
    kubectl::reason,
    world::{World, secret},
};

const ENCRYPTED: &str = include_str!("../../src/snowflake/auth/fixtures/pkcs8-aes.pem");
const PLAIN: &str = include_str!("../../src/snowflake/auth/fixtures/pkcs8.pem");
const PUBLIC: &str = include_str!("../../src/snowflake/auth/fixtures/public.pem");
const PASSPHRASE: &str = "open-sesame";
const MARK: &str = "MARKED-SECRET";

/// The lines between BEGIN and END.
fn body(pem: &str) -> Vec<&str> {
    pem.lines().filter(|line| !line.starts_with('-') && !line.is_empty()).collect()
}

fn at(key: &str) -> Value {
    json!({"name": "secrets", "key": key})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_log_event_status_metric_or_statement() {
    let mut world = World::bare("secrets", Emulator::builder()).await;
    world.level = "debug,hyper=trace,reqwest=trace,snowfence=trace";
    world.emulator.add_oauth_client(OAuthClient {
        id: "robot".into(),
        secret: "WORKING-CLIENT-KEY".into(),
        user: "OPERATOR".into(),
        roles: vec!["ACCOUNTADMIN".into()],
        lifetime: 600,
    });
    world.sql(&format!("ALTER USER OPERATOR SET RSA_PUBLIC_KEY_2 = '{}'", body(PUBLIC).concat()));
    let token = world.emulator.operator().token;
    let own = world.emulator.operator().private_key_pem;
    let data = json!({
        "encrypted": ENCRYPTED,
        "passphrase": PASSPHRASE,
        "wrongPassphrase": format!("{MARK}-passphrase"),
        "noKey": format!("{MARK}-key that is no PEM"),
        "cutKey": format!("-----BEGIN PRIVATE KEY-----\n{MARK}\n{}", body(PLAIN)[1]),
        "attributes": format!("Bag Attributes\n  friendlyName: {MARK}-attribute\n{own}"),
        "token": &token,
        "strangeToken": format!("{MARK}-token"),
        "brokenToken": format!("{MARK} of two\nlines"),
        "clientId": "robot",
        "clientKey": "WORKING-CLIENT-KEY",
        "strangeClientKey": format!("{MARK}-client"),
    });
    world.kubectl.apply(&secret("secrets", &data)).await;
    let key = |key: &str| json!({"keyPair": {"privateKey": at(key)}});
    let opened =
        |passphrase: &str| json!({"keyPair": {"privateKey": at("encrypted"), "passphrase": at(passphrase)}});
    let pat = |key: &str| json!({"programmaticAccessToken": {"token": at(key)}});
    let url = format!("{}/oauth/token-request", world.url());
    let oauth = |key: &str| {
        let scope = "session:role:ACCOUNTADMIN";
        json!({"oauth": {"clientCredentials":
            {"tokenUrl": url, "clientId": at("clientId"), "clientSecret": at(key), "scope": scope}}})
    };
    let cases = [
        ("main", opened("passphrase"), "Connected"),
        ("attributes", key("attributes"), "Connected"),
        ("pat", pat("token"), "Connected"),
        ("oauth", oauth("clientKey"), "Connected"),
        ("wrong-passphrase", opened("wrongPassphrase"), "InvalidSpec"),
        ("no-key", key("noKey"), "InvalidSpec"),
        ("cut-key", key("cutKey"), "InvalidSpec"),
        ("strange-token", pat("strangeToken"), "CredentialRefused"),
        ("broken-token", pat("brokenToken"), "InvalidSpec"),
        ("strange-client", oauth("strangeClientKey"), "CredentialRefused"),
    ];
    world.start_operator(&[]).await;
    for (name, authentication, _) in &cases {
        world.kubectl.apply(&world.connection(name, json!({"authentication": authentication}))).await;
    }
    for (name, _, wanted) in &cases {
        let object = format!("snowflakeconnection/{name}");
        world.kubectl.until(&object, wanted, |o| reason(o) == *wanted).await;
    }
    for name in ["main", "pat", "oauth"] {
        let mut warehouse = super::world::warehouse(&format!("of-{name}"), json!({"size": "SMALL"}));
        warehouse["spec"]["connectionRef"]["name"] = json!(name);
        world.kubectl.apply(&warehouse).await;
        world.kubectl.ready(&[&format!("snowwh/of-{name}")]).await;
    }
    world.kubectl.event("NotReady", "strange-token", "").await;

    let statements = serde_json::to_string(&world.statements(0)).unwrap();
    let places = [
        ("the log", "CREATE", world.logs()),
        ("the events", "NotReady", world.kubectl.run(&["get", "events", "-o", "json"]).await),
        ("the resources", "CredentialRefused", world.kubectl.run(&["get", "snow", "-o", "json"]).await),
        ("the metrics", "unauthorized", world.operator().page("/metrics").await.1),
        ("the statements", "CREATE WAREHOUSE", statements),
    ];
    let mut secrets = vec![MARK, PASSPHRASE, &token, "WORKING-CLIENT-KEY", "eyJ"];
    secrets.extend([ENCRYPTED, PLAIN, &own].into_iter().flat_map(body).filter(|line| line.len() > 20));
    for (place, known, text) in &places {
        assert!(text.contains(known), "{place} has no {known}");
        for secret in &secrets {
            if let Some(found) = text.find(secret) {
                let line = text[..found].rfind('\n').map_or(0, |start| start + 1);
                panic!("{secret:.20} is in {place}: {:.2000}", &text[line..]);
            }
        }
    }
}
