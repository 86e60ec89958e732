//! A client of the SQL API that calls the router without a socket.

use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;
use tower::ServiceExt as _;

pub(crate) struct Client {
    pub(crate) emulator: Emulator,
    pub(crate) token: String,
    pub(crate) kind: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn handle(&self) -> &str {
        self.body["statementHandle"].as_str().unwrap_or_default()
    }

    pub(crate) fn cell(&self) -> &str {
        self.body["data"][0][0].as_str().unwrap_or_default()
    }

    /// Fails with the whole answer when the status is another.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:?} {}", self.headers, self.body);
        self
    }
}

impl Client {
    /// OPERATOR with a key-pair token.
    pub(crate) fn operator(emulator: &Emulator) -> Self {
        Self {
            emulator: emulator.clone(),
            token: emulator.key_pair_token("OPERATOR"),
            kind: Some("KEYPAIR_JWT"),
        }
    }

    pub(crate) fn with(emulator: &Emulator, kind: Option<&'static str>, token: impl Into<String>) -> Self {
        Self { emulator: emulator.clone(), token: token.into(), kind }
    }

    pub(crate) fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .header("User-Agent", "door/1.0")
            .header("Authorization", format!("Bearer {}", self.token));
        if let Some(kind) = self.kind {
            request = request.header("X-Snowflake-Authorization-Token-Type", kind);
        }
        request.body(body.into()).unwrap()
    }

    /// Sends a request; an error means that the connection broke.
    pub(crate) async fn try_send(&self, request: Request<Body>) -> Result<Answer, axum::Error> {
        let response = self.emulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.try_send(request).await.unwrap()
    }

    pub(crate) async fn post(&self, query: &str, body: &Value) -> Answer {
        self.send(self.statement(query, body)).await
    }

    pub(crate) fn statement(&self, query: &str, body: &Value) -> Request<Body> {
        self.request(Method::POST, &format!("/api/v2/statements{query}"), body.to_string())
    }

    /// One statement, nothing else.
    pub(crate) async fn sql(&self, statement: &str) -> Answer {
        self.post("", &json!({"statement": statement})).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, Body::empty())).await
    }

    pub(crate) async fn status(&self, handle: &str) -> Answer {
        self.get(&format!("/api/v2/statements/{handle}")).await
    }

    pub(crate) async fn cancel(&self, handle: &str) -> Answer {
        self.send(self.request(Method::POST, &format!("/api/v2/statements/{handle}/cancel"), "")).await
    }
}

pub(crate) fn emulator() -> Emulator {
    Emulator::builder().build()
}

/// How many warehouses there are, seen from behind.
pub(crate) fn warehouses(emulator: &Emulator) -> usize {
    emulator.execute_as("ACCOUNTADMIN", "SHOW WAREHOUSES").unwrap().rows.len()
}
