//! A client of the drivers' protocol that calls the router without a socket.

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use snowfence_emulator::emulator::Emulator;
use tower::ServiceExt as _;
use uuid::Uuid;

pub(crate) struct Driver {
    pub(crate) emulator: Emulator,
    pub(crate) token: String,
    pub(crate) master: String,
}

/// The body of an answer, which is HTTP 200 whatever it says.
#[derive(Debug)]
pub(crate) struct Said(pub(crate) Value);

impl Said {
    pub(crate) fn code(&self) -> &str {
        self.0["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn success(&self) -> bool {
        self.0["success"] == true
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.success(), "{}", self.0);
        self
    }
}

impl Driver {
    /// OPERATOR, signed in with a password.
    pub(crate) async fn operator(emulator: &Emulator) -> Self {
        let operator = emulator.operator();
        let said = Self::login(emulator, "", &operator.name, &operator.password).await.ok();
        Self::of(emulator, &said)
    }

    pub(crate) fn of(emulator: &Emulator, said: &Said) -> Self {
        let text = |name: &str| said.0["data"][name].as_str().unwrap_or_default().to_owned();
        Self { emulator: emulator.clone(), token: text("token"), master: text("masterToken") }
    }

    pub(crate) async fn login(emulator: &Emulator, query: &str, name: &str, password: &str) -> Said {
        let body =
            json!({"data": {"LOGIN_NAME": name, "PASSWORD": password, "CLIENT_ENVIRONMENT": {"OS": "x"}}});
        let nobody = Self { emulator: emulator.clone(), token: "None".into(), master: String::new() };
        nobody.post(&format!("/session/v1/login-request{query}"), body.to_string()).await
    }

    pub(crate) fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("Content-Type", "application/json")
            .header("User-Agent", "driver/1.0")
            .header("Authorization", format!("Snowflake Token=\"{}\"", self.token))
            .body(body.into())
            .unwrap()
    }

    /// Fails on any status but 200: drivers repeat what is answered with another.
    pub(crate) async fn send(&self, request: Request<Body>) -> Said {
        let response = self.emulator.router().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
        Said(serde_json::from_slice(&bytes).unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Said {
        self.send(self.request(Method::POST, path, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Said {
        self.send(self.request(Method::GET, path, Body::empty())).await
    }

    pub(crate) async fn query(&self, body: &Value) -> Said {
        let path = format!("/queries/v1/query-request?requestId={}", Uuid::new_v4());
        self.post(&path, body.to_string()).await
    }

    pub(crate) async fn sql(&self, text: &str) -> Said {
        self.query(&json!({"sqlText": text})).await
    }

    /// The same, with the master token instead of the session token.
    pub(crate) async fn renew(&self) -> Said {
        let master =
            Self { emulator: self.emulator.clone(), token: self.master.clone(), master: String::new() };
        let body = json!({"oldSessionToken": self.token, "requestType": "RENEW"});
        master.post("/session/token-request", body.to_string()).await
    }
}
