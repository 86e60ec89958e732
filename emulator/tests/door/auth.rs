//! Tokens: those that hold, and every way in which they do not.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use snowfence_emulator::auth::{IssuerKeys, KeyPair, OAuthClient, key_pair_token};
use snowfence_emulator::emulator::Emulator;

use crate::client::{Client, emulator};

const WHO: &str = "SELECT CURRENT_USER()";

fn now(emulator: &Emulator) -> i64 {
    (emulator.now() / 1_000_000_000) as i64
}

async fn refused(emulator: &Emulator, kind: Option<&'static str>, token: &str, code: &str) {
    let answer = Client::with(emulator, kind, token).sql(WHO).await;
    let reason = answer.headers.get("x-snowfence-reason").cloned();
    assert_eq!((answer.status.as_u16(), answer.code()), (401, code), "{reason:?} {}", answer.body);
    assert!(answer.body["message"].is_string());
    assert!(!answer.body.to_string().contains(token), "the token is not repeated");
}

#[tokio::test]
async fn every_kind_of_token_signs_in_declared_or_not() {
    let emulator = emulator();
    let operator = emulator.operator();
    let jwt = emulator.key_pair_token("OPERATOR");
    let oauth = emulator.oauth_token("OPERATOR", "session:role-any", 60);
    for (kind, token) in [
        (Some("KEYPAIR_JWT"), &jwt),
        (None, &jwt),
        (Some("PROGRAMMATIC_ACCESS_TOKEN"), &operator.token),
        (None, &operator.token),
        (Some("OAUTH"), &oauth),
        (None, &oauth),
    ] {
        let client = Client::with(&emulator, kind, token);
        for _ in 0..2 {
            assert_eq!(client.sql(WHO).await.expect(200).cell(), "OPERATOR", "{kind:?}");
        }
    }
    refused(&emulator, Some("KEYPAIR_JWT"), &operator.token, "390144").await;
    refused(&emulator, Some("OAUTH"), &jwt, "390303").await;
    refused(&emulator, Some("PROGRAMMATIC_ACCESS_TOKEN"), &jwt, "394400").await;
    refused(&emulator, Some("PASSWORD"), &jwt, "390101").await;
    refused(&emulator, None, "hello", "390303").await;
}

#[tokio::test]
async fn without_a_token_there_is_nothing() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    for header in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer  "),
        Some("Basic YTpi"),
        Some("Snowflake Token=\"None\""),
    ] {
        let mut request = client.statement("", &json!({"statement": WHO}));
        match header {
            None => request.headers_mut().remove("Authorization"),
            Some(text) => request.headers_mut().insert("Authorization", text.parse().unwrap()),
        };
        assert_eq!(client.send(request).await.expect(401).code(), "390101", "{header:?}");
    }
    assert!(emulator.statements(0).is_empty());
}

#[tokio::test]
async fn key_pair_tokens_are_checked_in_every_claim() {
    let emulator = emulator();
    let key = emulator.key().clone();
    let at = now(&emulator);
    let kind = Some("KEYPAIR_JWT");
    let account = emulator.identifier().to_owned();
    let locator = emulator.account().lock().unwrap().locator().to_owned();
    for good in [
        key_pair_token(&key, &account, "OPERATOR", at, 3600),
        key_pair_token(&key, &locator, "OPERATOR", at - 3500, 9_999_999),
        key_pair_token(&key, &account, "OPERATOR", at + 50, 100),
    ] {
        Client::with(&emulator, kind, good).sql(WHO).await.expect(200);
    }
    let fingerprint = key.fingerprint();
    let subject = format!("{account}.OPERATOR");
    let issuer = format!("{subject}.{fingerprint}");
    let claims = |changes: Value| {
        let mut claims = json!({"iss": issuer, "sub": subject, "iat": at, "exp": at + 60});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            }
        }
        key.sign(&claims)
    };
    Client::with(&emulator, kind, claims(json!({}))).sql(WHO).await.expect(200);
    for wrong in [
        json!({"exp": at - 1}),
        json!({"exp": null}),
        json!({"iat": null}),
        json!({"iat": at + 3600, "exp": at + 7200}),
        json!({"iat": at - 3601, "exp": at + 3600}),
        json!({"sub": null}),
        json!({"iss": null}),
        json!({"sub": format!("{account}.OTHER")}),
        json!({"iss": subject}),
        json!({"iss": format!("{account}.NOBODY.{fingerprint}"), "sub": format!("{account}.NOBODY")}),
        json!({"iss": format!("OTHER-ACCOUNT.OPERATOR.{fingerprint}"), "sub": "OTHER-ACCOUNT.OPERATOR"}),
        json!({"iss": format!("{subject}.SHA256:AAAA")}),
        json!({"iss": issuer.to_lowercase(), "sub": subject.to_lowercase()}),
    ] {
        refused(&emulator, kind, &claims(wrong), "390144").await;
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let emulator = emulator();
    let token = emulator.key_pair_token("OPERATOR");
    let kind = Some("KEYPAIR_JWT");
    let (head, signature) = token.rsplit_once('.').unwrap();
    let stranger = KeyPair::generate();
    let at = now(&emulator);
    let claims = json!({
        "iss": format!("{}.OPERATOR.{}", emulator.identifier(), emulator.key().fingerprint()),
        "sub": format!("{}.OPERATOR", emulator.identifier()), "iat": at, "exp": at + 60});
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!("{}.{}.", encoded(&json!({"alg": "none", "typ": "JWT"})), encoded(&claims));
    let secret = EncodingKey::from_secret(emulator.key().public_key().as_bytes());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
    for forged in [
        format!("{head}.{}", signature.chars().rev().collect::<String>()),
        format!("{head}."),
        head.to_owned(),
        stranger.sign(&claims),
        key_pair_token(&stranger, emulator.identifier(), "OPERATOR", at, 60),
        none,
        confused,
        "..".into(),
        "a.b.c".into(),
    ] {
        refused(&emulator, kind, &forged, "390144").await;
    }
}

#[tokio::test]
async fn keys_rotate_and_a_removed_key_ends_at_once() {
    let emulator = emulator();
    let old = Client::operator(&emulator);
    old.sql(WHO).await.expect(200);
    let second = KeyPair::generate();
    let alter =
        |set: &str| emulator.execute_as("ACCOUNTADMIN", &format!("ALTER USER OPERATOR {set}")).unwrap();
    alter(&format!("SET RSA_PUBLIC_KEY_2 = '{}'", second.public_key()));
    let token = key_pair_token(&second, emulator.identifier(), "OPERATOR", now(&emulator), 60);
    let new = Client::with(&emulator, Some("KEYPAIR_JWT"), token);
    new.sql(WHO).await.expect(200);
    old.sql(WHO).await.expect(200);
    alter("UNSET RSA_PUBLIC_KEY");
    assert_eq!(old.sql(WHO).await.expect(401).code(), "390144", "verified before, and no longer");
    new.sql(WHO).await.expect(200);
}

#[tokio::test]
async fn what_expires_is_refused_afterwards() {
    let emulator = emulator();
    let jwt = Client::operator(&emulator);
    let oauth =
        Client::with(&emulator, Some("OAUTH"), emulator.oauth_token("OPERATOR", "session:role-any", 600));
    let pat = Client::with(&emulator, Some("PROGRAMMATIC_ACCESS_TOKEN"), emulator.operator().token);
    for client in [&jwt, &oauth, &pat] {
        client.sql(WHO).await.expect(200);
    }
    emulator.advance(Duration::from_secs(3601));
    assert_eq!(jwt.sql(WHO).await.expect(401).code(), "390144");
    assert_eq!(oauth.sql(WHO).await.expect(401).code(), "390318");
    pat.sql(WHO).await.expect(200);
    emulator.advance(Duration::from_secs(366 * 86_400));
    assert_eq!(pat.sql(WHO).await.expect(401).code(), "394400");
}

#[tokio::test]
async fn a_disabled_user_is_out() {
    let emulator = emulator();
    let user = emulator.add_user("WORKER", ["SYSADMIN"]);
    let clients = [
        Client::with(&emulator, None, emulator.key_pair_token("WORKER")),
        Client::with(&emulator, None, user.token),
        Client::with(&emulator, None, emulator.oauth_token("WORKER", "session:role-any", 60)),
    ];
    for client in &clients {
        client.sql(WHO).await.expect(200);
    }
    emulator.execute_as("ACCOUNTADMIN", "ALTER USER WORKER SET DISABLED = TRUE").unwrap();
    for client in &clients {
        client.sql(WHO).await.expect(401);
    }
    emulator.execute_as("ACCOUNTADMIN", "ALTER USER WORKER SET DISABLED = FALSE").unwrap();
    for client in &clients {
        client.sql(WHO).await.expect(200);
    }
    emulator.execute_as("ACCOUNTADMIN", "DROP USER WORKER").unwrap();
    for client in &clients {
        client.sql(WHO).await.expect(401);
    }
}

#[tokio::test]
async fn a_role_must_be_granted_and_allowed() {
    let emulator = emulator();
    emulator.execute_as("ACCOUNTADMIN", "CREATE ROLE READER; CREATE ROLE WRITER").unwrap();
    let user = emulator.add_user("WORKER", ["WRITER", "READER"]);
    let client = Client::with(&emulator, None, user.token);
    let ask = |role: &str| json!({"statement": "SELECT CURRENT_ROLE()", "role": role});
    assert_eq!(client.sql("SELECT CURRENT_ROLE()").await.expect(200).cell(), "READER", "the default role");
    assert_eq!(client.post("", &ask("WRITER")).await.expect(200).cell(), "WRITER");
    assert_eq!(client.post("", &ask("PUBLIC")).await.expect(200).cell(), "PUBLIC");
    for role in ["ACCOUNTADMIN", "reader", "NOBODY", ""] {
        let answer = client.post("", &ask(role)).await.expect(422);
        assert_eq!(answer.code(), "390189");
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.starts_with(&format!(
            "Role '{role}' specified in the connect string does not exist or not authorized."
        )));
    }
    let scoped = Client::with(&emulator, None, emulator.oauth_token("WORKER", "session:role:WRITER", 60));
    assert_eq!(scoped.sql("SELECT CURRENT_ROLE()").await.expect(200).cell(), "WRITER");
    assert_eq!(scoped.post("", &ask("READER")).await.expect(422).code(), "390189");
    let rows = emulator
        .execute_as(
            "ACCOUNTADMIN",
            "ALTER USER WORKER ADD PROGRAMMATIC ACCESS TOKEN LIMITED ROLE_RESTRICTION = 'WRITER'",
        )
        .unwrap();
    let at = rows.columns.iter().position(|column| column.name == "token_secret").unwrap();
    let limited = Client::with(&emulator, None, rows.rows[0][at].clone().unwrap());
    assert_eq!(limited.sql("SELECT CURRENT_ROLE()").await.expect(200).cell(), "WRITER");
    assert_eq!(limited.post("", &ask("READER")).await.expect(422).code(), "390189");
    emulator.execute_as("ACCOUNTADMIN", "REVOKE ROLE READER FROM USER WORKER").unwrap();
    assert_eq!(client.sql("SELECT CURRENT_ROLE()").await.expect(422).code(), "390187");
}

#[tokio::test]
async fn client_credentials_become_a_token() {
    let client = |roles: &[&str]| OAuthClient {
        id: "id".into(),
        secret: "a+b&c:d".into(),
        user: "OPERATOR".into(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        lifetime: 120,
    };
    let emulator = Emulator::builder().oauth_client(client(&[])).build();
    let door = Client::operator(&emulator);
    let ask = async |form: &str, basic: Option<&str>| {
        let mut request = door.request(Method::POST, "/oauth/token-request", form.to_owned());
        request.headers_mut().insert("Content-Type", "application/x-www-form-urlencoded".parse().unwrap());
        request.headers_mut().remove("Authorization");
        if let Some(basic) = basic {
            let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic));
            request.headers_mut().insert("Authorization", value.parse().unwrap());
        }
        door.send(request).await
    };
    let body = "grant_type=client_credentials&client_id=id&client_secret=a%2Bb%26c%3Ad&scope=session%3Arole%3ASYSADMIN";
    let issued = ask(body, None).await.expect(200).body;
    assert_eq!(issued["token_type"], "Bearer");
    assert_eq!(issued["expires_in"], 120);
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(Client::with(&emulator, Some("OAUTH"), token).sql(WHO).await.expect(200).cell(), "OPERATOR");
    ask("grant_type=client_credentials", Some("id:a%2Bb%26c%3Ad")).await.expect(200);
    let wrong = ask("grant_type=client_credentials", Some("id:wrong")).await.expect(401).body;
    assert_eq!(wrong["error"], "invalid_client");
    assert_eq!(ask("grant_type=password", None).await.expect(400).body["error"], "unsupported_grant_type");
    ask("", None).await.expect(400);
    emulator.add_oauth_client(client(&["SYSADMIN"]));
    let any = ask("grant_type=client_credentials", Some("id:a%2Bb%26c%3Ad")).await.expect(400).body;
    assert_eq!(any["error"], "invalid_scope");
    emulator.advance(Duration::from_secs(121));
    refused(&emulator, Some("OAUTH"), token, "390318").await;
    let other = Emulator::builder().account("OTHER").build();
    refused(&other, Some("OAUTH"), &emulator.oauth_token("OPERATOR", "session:role-any", 60), "390303").await;
}

/// An OpenID Connect provider: its key, and the JWK set that it publishes.
struct Issuer {
    key: KeyPair,
    jwks: String,
}

const ISSUER: &str = "https://cluster.example";
const SUBJECT: &str = "system:serviceaccount:snow:operator";

impl Issuer {
    fn new() -> Self {
        let key = KeyPair::shared();
        let encoding = EncodingKey::from_rsa_pem(key.private_key_pem().as_bytes()).unwrap();
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256).unwrap();
        jwk.common.key_id = Some("k1".into());
        Self { key, jwks: serde_json::to_string(&JwkSet { keys: vec![jwk] }).unwrap() }
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(kid.into());
        let key = EncodingKey::from_rsa_pem(self.key.private_key_pem().as_bytes()).unwrap();
        format!("WIF.OIDC.{}", jsonwebtoken::encode(&header, claims, &key).unwrap())
    }
}

fn workload(emulator: &Emulator, audiences: &str) {
    emulator
        .execute_as(
            "ACCOUNTADMIN",
            &format!(
                "CREATE USER WORKER TYPE = SERVICE DEFAULT_ROLE = 'SYSADMIN' WORKLOAD_IDENTITY = (TYPE = OIDC \
                 ISSUER = '{ISSUER}' SUBJECT = '{SUBJECT}' {audiences}); GRANT ROLE SYSADMIN TO USER WORKER"
            ),
        )
        .unwrap();
}

#[tokio::test]
async fn a_workload_signs_in_with_its_issuers_token() {
    let issuer = Issuer::new();
    let emulator = Emulator::builder().issuer(ISSUER, IssuerKeys::Jwks(issuer.jwks.clone())).build();
    workload(&emulator, "OIDC_AUDIENCE_LIST = ('snow.example')");
    let at = now(&emulator);
    let kind = Some("WORKLOAD_IDENTITY_FEDERATION");
    let good = json!({"iss": ISSUER, "sub": SUBJECT, "aud": ["x", "snow.example"], "exp": at + 600});
    for kind in [kind, None] {
        let client = Client::with(&emulator, kind, issuer.token("k1", &good));
        assert_eq!(client.sql(WHO).await.expect(200).cell(), "WORKER");
    }
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        issuer.token("k1", &claims)
    };
    for wrong in [
        changed("aud", json!("snowflakecomputing.com")),
        changed("aud", json!([])),
        changed("sub", json!("system:serviceaccount:snow:other")),
        changed("iss", json!("https://elsewhere.example")),
        changed("exp", json!(at - 61)),
        changed("nbf", json!(at + 120)),
        issuer.token("k2", &good),
        "WIF.OIDC.hello".into(),
        "WIF.attestation".into(),
        "WIF.AWS.eyJhbGciOiJIUzI1NiJ9".into(),
        "WIF.GCP.x".into(),
        issuer.token("k1", &good).replace("WIF.OIDC.", ""),
    ] {
        refused(&emulator, kind, &wrong, "390100").await;
    }
}

#[tokio::test]
async fn an_issuers_keys_are_read_again_when_they_rotate() {
    let issuer = Issuer::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), r#"{"keys": []}"#).unwrap();
    let emulator = Emulator::builder().issuer(ISSUER, IssuerKeys::File(file.path().into())).build();
    workload(&emulator, "");
    let claims =
        json!({"iss": ISSUER, "sub": SUBJECT, "aud": "snowflakecomputing.com", "exp": now(&emulator) + 600});
    let token = issuer.token("k1", &claims);
    refused(&emulator, None, &token, "390100").await;
    std::fs::write(file.path(), &issuer.jwks).unwrap();
    Client::with(&emulator, None, token.clone()).sql(WHO).await.expect(200);
    emulator.register_issuer(ISSUER, IssuerKeys::Url("http://192.0.2.1/keys".into()));
    refused(&emulator, None, &token, "390100").await;
}
