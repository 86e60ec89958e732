//! Credentials: rotated, lost, refused; and hosts that may not or do not answer.

use serde_json::{Value, json};
use snowfence_emulator::{
    auth::{IssuerKeys, KeyPair},
    emulator::Emulator,
};

use super::{
    kubectl::{condition, reason},
    world::{World, secret},
};

const MAIN: &str = "snowflakeconnection/main";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_rotated_without_a_restart_and_without_a_failed_statement() {
    let world = World::connected("rotation", Emulator::builder()).await;
    world.connect(json!({"resync": "1s"})).await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&[MAIN, "snowwh/w"]).await;

    // As Snowflake's guide says: the second slot, then the Secret, then the first slot is emptied.
    let new = KeyPair::generate();
    world.sql(&format!("ALTER USER OPERATOR SET RSA_PUBLIC_KEY_2 = '{}'", new.public_key()));
    world.kubectl.apply(&secret("key", &json!({"privateKey": new.private_key_pem()}))).await;
    world.kubectl.event("CredentialRotated", "main", "new credential").await;
    world.sql("ALTER USER OPERATOR UNSET RSA_PUBLIC_KEY");

    world.warehouse("after", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/after"]).await;
    world.resync().await;
    assert_eq!(condition(&world.kubectl.get(MAIN).await, "Ready").0, "True");
    // Refused tokens are no statements to Snowflake, but they are to the operator.
    let (_, metrics) = world.operator().page("/metrics").await;
    let outcomes = metrics.lines().filter(|line| line.starts_with("snowfence_statements_total{"));
    let (good, bad): (Vec<_>, Vec<_>) = outcomes.partition(|line| line.contains("outcome=\"ok\""));
    assert!(!good.is_empty() && bad.is_empty(), "{bad:#?}");
    let failed: Vec<_> = world.statements(0).into_iter().filter(|s| !s.succeeded()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_vanishes_is_told_while_the_session_goes_on() {
    let world = World::new("vanished").await;
    world.warehouse("w", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/w"]).await;
    world.kubectl.run(&["delete", "secret", "key"]).await;
    let seen = world.kubectl.until(MAIN, "SecretNotFound", |o| reason(o) == "SecretNotFound").await;
    assert_eq!(condition(&seen, "Ready").0, "False");
    assert_eq!(condition(&seen, "Reconciling").0, "True");
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("there is no Secret vanished/key"), "{message}");

    world.warehouse("w", json!({"size": "MEDIUM"})).await;
    world.warehouse("new", json!({"size": "SMALL"})).await;
    world.kubectl.ready(&["snowwh/w", "snowwh/new"]).await;

    let key = world.emulator.operator().private_key_pem;
    world.kubectl.apply(&secret("key", &json!({"privateKey": key}))).await;
    world.kubectl.ready(&[MAIN]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_can_not_work_says_why_and_the_others_serve_on() {
    let world = World::new("refused").await;
    // Takes connections, and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let stranger = KeyPair::generate();
    let keys = json!({
        "stranger": stranger.private_key_pem(),
        "noPem": "c2VjcmV0IGJ5dGVz",
        "public": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    });
    world.kubectl.apply(&secret("others", &keys)).await;
    let key = |key: &str| json!({"keyPair": {"privateKey": {"name": "others", "key": key}}});
    let cases: [(&str, Value, &str, &[&str]); 7] = [
        (
            "no-such-key",
            json!({"authentication": key("stranger")}),
            "CredentialRefused",
            &["user OPERATOR", "Secret refused/others"],
        ),
        (
            "no-pem",
            json!({"authentication": key("noPem")}),
            "InvalidSpec",
            &["refused/others", "noPem", "not PEM"],
        ),
        ("public-key", json!({"authentication": key("public")}), "InvalidSpec", &["give the private one"]),
        ("no-key", json!({"authentication": key("absent")}), "SecretNotFound", &["has no key absent"]),
        (
            "not-allowed",
            json!({"url": "https://snowflake.example.com"}),
            "HostNotAllowed",
            &["snowflake.example.com", "allow this host"],
        ),
        ("nobody", json!({"url": "http://127.0.0.1:1"}), "SnowflakeUnavailable", &["127.0.0.1:1"]),
        ("silent", json!({"url": silent_url, "statementTimeout": "2s"}), "StatementTimedOut", &["2 s"]),
    ];
    for (name, spec, ..) in &cases {
        world.kubectl.apply(&world.connection(name, spec.clone())).await;
    }
    for (name, _, wanted, texts) in &cases {
        let object = format!("snowflakeconnection/{name}");
        let seen = world.kubectl.until(&object, wanted, |o| reason(o) == *wanted).await;
        let (ready, _, message) = condition(&seen, "Ready");
        assert_eq!(ready, "False");
        for text in *texts {
            assert!(message.contains(text), "{name}: {message}");
        }
        assert!(!message.contains("c2VjcmV0"), "{message}");
        world.kubectl.event("NotReady", name, wanted).await;
    }
    world.warehouse("w", json!({})).await;
    world.kubectl.ready(&["snowwh/w"]).await;

    // What refers to one that does not work says so, and goes on with it by itself.
    let mut waiting = super::world::warehouse("waiting", json!({}));
    waiting["spec"]["connectionRef"]["name"] = json!("no-pem");
    world.kubectl.apply(&waiting).await;
    let seen = world.kubectl.until("snowwh/waiting", "waiting", |o| reason(o) == "ConnectionNotReady").await;
    assert!(condition(&seen, "Ready").2.contains("not PEM"), "{seen:#}");
    let mut good = keys.clone();
    good["noPem"] = json!(world.emulator.operator().private_key_pem);
    world.kubectl.apply(&secret("others", &good)).await;
    world.kubectl.ready(&["snowflakeconnection/no-pem", "snowwh/waiting"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_signs_in_without_any_secret() {
    let mut world = World::bare("workload", Emulator::builder()).await;
    let jwks = world.cluster.service_account_jwks().await.unwrap().to_string();
    let issuer = world.cluster.service_account_issuer();
    world.emulator.register_issuer(issuer, IssuerKeys::Jwks(jwks));
    world.sql(&format!(
        "CREATE USER WORKLOAD TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '{issuer}' \
         SUBJECT = 'system:serviceaccount:workload:signs-in'); GRANT ROLE ACCOUNTADMIN TO USER WORKLOAD"
    ));
    for name in ["signs-in", "other"] {
        world.kubectl.run(&["create", "serviceaccount", name]).await;
    }
    world.start_operator(&[]).await;
    let identity = |name: &str| {
        let authentication = json!({"workloadIdentity": {"serviceAccountRef": {"name": name}}});
        json!({"user": "WORKLOAD", "authentication": authentication})
    };
    world.kubectl.apply(&world.connection("main", identity("signs-in"))).await;
    world.kubectl.apply(&world.connection("other", identity("other"))).await;
    world.warehouse("w", json!({})).await;
    world.kubectl.ready(&[MAIN, "snowwh/w"]).await;
    assert!(world.statements(0).iter().all(|statement| statement.user == "WORKLOAD"));

    // Another ServiceAccount is another subject.
    let refused = |o: &Value| reason(o) == "CredentialRefused";
    let seen = world.kubectl.until("snowflakeconnection/other", "refused", refused).await;
    let message = condition(&seen, "Ready").2;
    assert!(message.contains("system:serviceaccount:workload:other"), "{message}");
}
