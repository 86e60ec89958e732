//! Refusals that are no statement's outcome: wrong requests, wrong credentials, too much of either.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::auth::Refusal;

/// A refusal with Snowflake's code and message.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    /// For people: what exactly was wrong. In the log and the header `x-snowfence-reason`.
    pub(crate) reason: Option<String>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), reason: None, retry_after: None }
    }

    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// HTTP 400 with code 390142.
    pub(crate) fn payload(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "390142", "Incoming request does not contain a valid payload.")
            .because(reason)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, refusal.code, refusal.message).because(refusal.reason)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        tracing::debug!(status = self.status.as_u16(), code = self.code, reason = self.reason, "refused");
        let body = json!({"code": self.code, "message": self.message});
        let mut response = json_response(self.status, body.to_string());
        let headers = response.headers_mut();
        if let Some(reason) = self.reason {
            let plain: String = reason.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).collect();
            if let Ok(value) = HeaderValue::from_str(plain.trim()) {
                headers.insert("x-snowfence-reason", value);
            }
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Any endpoint that is not there.
pub(crate) async fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}
