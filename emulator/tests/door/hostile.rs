//! Whatever comes in: an error as Snowflake gives it, never a panic, never a 5xx.

use http::{Method, Request};
use proptest::prelude::*;
use serde_json::json;

use crate::client::{Client, emulator};

const STATEMENTS: [&str; 8] = [
    "CREATE OR REPLACE WAREHOUSE \"a\"\"b\" WITH WAREHOUSE_SIZE = 'X-LARGE' AUTO_SUSPEND = 60 COMMENT = $$x'y$$",
    "ALTER RESOURCE MONITOR M SET CREDIT_QUOTA = 10 TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
    "SHOW WAREHOUSES LIKE 'a\\_%' STARTS WITH 'a' LIMIT 10 FROM 'b'",
    "GRANT USAGE, OPERATE ON WAREHOUSE W TO ROLE R WITH GRANT OPTION",
    "SHOW PARAMETERS LIKE '%' IN WAREHOUSE W; DESC USER OPERATOR; USE ROLE PUBLIC; SELECT CURRENT_ROLE()",
    "/* a /* b */ CREATE USER U RSA_PUBLIC_KEY = 'x' WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'i' SUBJECT = 's')",
    "SELECT CURRENT_USER(), CURRENT_ACCOUNT(), SYSTEM$WAIT(0), 'ü☃', 1.5e3, NULL -- x",
    "CREATE DATABASE IF NOT EXISTS D DATA_RETENTION_TIME_IN_DAYS = 1; CREATE SCHEMA D.S; DROP DATABASE D CASCADE",
];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[tokio::test]
async fn every_prefix_of_a_statement_has_an_answer() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    for statement in STATEMENTS {
        for (end, _) in statement.char_indices() {
            let body = json!({"statement": &statement[..end], "parameters": {"multi_statement_count": "0"},
                "bindings": {"1": {"type": "TEXT", "value": "v"}}});
            let answer = client.post("", &body).await;
            assert!(matches!(answer.status.as_u16(), 200 | 422), "{:?} {answer:?}", &statement[..end]);
            assert_ne!(answer.code(), "000603", "a defect: {:?}", &statement[..end]);
        }
    }
}

#[tokio::test]
async fn deep_and_long_statements_have_an_answer() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    for statement in [
        format!("SELECT {}1{}", "(".repeat(400_000), ")".repeat(400_000)),
        format!("SELECT {}", "-".repeat(1_000_000)),
        format!("SHOW WAREHOUSES LIKE '{}'", "%".repeat(1_000_000)),
        format!("CREATE WAREHOUSE \"{}\"", "x".repeat(1_000_000)),
        format!("SELECT '{}", "'".repeat(999_999)),
        "/*".repeat(500_000),
        format!("ALTER WAREHOUSE W SET COMMENT = $${}", "$".repeat(1_000_000)),
        "USE ROLE PUBLIC;".repeat(20_000),
    ] {
        let body = json!({"statement": statement, "parameters": {"multi_statement_count": "0"}});
        let answer = client.post("", &body).await;
        assert!(matches!(answer.status.as_u16(), 200 | 422), "{}", &statement[..20]);
        assert_ne!(answer.code(), "000603", "a defect: {}", &statement[..20]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_to_any_endpoint(
        body in prop::collection::vec(any::<u8>(), 0..200),
        query in "[ -~]{0,40}",
        path in prop::sample::select(vec![
            "/api/v2/statements", "/api/v2/statements/x", "/api/v2/statements/%ff/cancel", "/oauth/token-request",
            "/emulator/faults", "/emulator/statements", "/emulator/healthz", "//", "/session/v1/login-request",
        ]),
        method in prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD]),
        gzip in any::<bool>(),
        authorized in any::<bool>(),
    ) {
        let query: String = query.chars().filter(|c| c.is_ascii_alphanumeric() || "=&%+-".contains(*c)).collect();
        runtime().block_on(async {
            let emulator = emulator();
            let client = Client::operator(&emulator);
            let mut request = client.request(method.clone(), &format!("{path}?{query}"), body.clone());
            if gzip {
                request.headers_mut().insert("Content-Encoding", "gzip".parse().unwrap());
            }
            if !authorized {
                request.headers_mut().remove("Authorization");
            }
            let answer = client.send(request).await;
            prop_assert!(answer.status.as_u16() < 500, "{method} {path}?{query} {answer:?}");
            Ok(())
        })?;
    }

    #[test]
    fn any_token_is_refused(token in "[!-~]{1,80}", kind in prop::sample::select(vec![
        None, Some("KEYPAIR_JWT"), Some("OAUTH"), Some("PROGRAMMATIC_ACCESS_TOKEN"), Some("WORKLOAD_IDENTITY_FEDERATION"),
    ])) {
        runtime().block_on(async {
            let emulator = emulator();
            let answer = Client::with(&emulator, kind, token).sql("SHOW ROLES").await;
            prop_assert_eq!(answer.status.as_u16(), 401);
            prop_assert!(answer.body["code"].is_string() && answer.body["message"].is_string());
            Ok(())
        })?;
    }

    #[test]
    fn any_json_is_answered(statement in "\\PC{0,60}", role in prop::option::of("\\PC{0,12}"), timeout in any::<i64>(),
        binding in "\\PC{0,20}", kind in "(TEXT|FIXED|REAL|BOOLEAN|DATE|BINARY|X)") {
        runtime().block_on(async {
            let emulator = emulator();
            let client = Client::operator(&emulator);
            let body = json!({"statement": format!("{statement} ?"), "role": role, "timeout": timeout,
                "bindings": {"1": {"type": kind, "value": binding}}});
            let answer = client.post("", &body).await;
            prop_assert!(matches!(answer.status.as_u16(), 200 | 400 | 422), "{answer:?}");
            prop_assert_ne!(answer.code(), "000603");
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn headers_that_are_no_text_are_refused() {
    let emulator = emulator();
    let client = Client::operator(&emulator);
    for name in ["Authorization", "Accept", "Content-Type", "X-Snowflake-Authorization-Token-Type"] {
        let mut request: Request<_> = client.statement("", &json!({"statement": "SHOW ROLES"}));
        request.headers_mut().insert(name, http::HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        let status = client.send(request).await.status.as_u16();
        assert!(matches!(status, 400 | 401 | 415), "{name} {status}");
    }
}
