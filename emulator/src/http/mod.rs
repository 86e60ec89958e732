//! The doors: the SQL API, the drivers' protocol, the authorization server, and the emulator's own controls.

mod body;
mod control;
mod drivers;
mod jobs;
mod oauth;
mod problem;
mod proxy;
mod serve;
mod sql_api;
mod tls;

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use tower::ServiceExt as _;

use crate::emulator::Emulator;
use crate::error::SqlError;

pub(crate) use jobs::Job;
pub use serve::{ListenError, Server};
pub use tls::{Authority, TlsError};

pub(crate) fn router(emulator: Emulator) -> Router {
    let doors = Router::new()
        .route("/api/v2/statements", post(sql_api::submit))
        .route("/api/v2/statements/{handle}", get(sql_api::status))
        .route("/api/v2/statements/{handle}/cancel", post(sql_api::cancel))
        .route("/oauth/token-request", post(oauth::token_request))
        .route("/emulator/healthz", get(control::healthz))
        .route("/emulator/statements", get(control::statements))
        .route("/emulator/faults", get(control::faults).post(control::inject).delete(control::clear))
        .route("/emulator/tasks", post(control::tasks))
        .route("/emulator/clock", get(control::clock).post(control::advance))
        .merge(drivers::routes())
        .fallback(problem::not_found)
        .with_state(emulator);
    // Some drivers put two slashes where one belongs.
    Router::new().fallback_service(doors.map_request(squeezed))
}

/// The same request, its path without empty parts.
fn squeezed(mut request: Request) -> Request {
    let path = request.uri().path();
    if !path.contains("//") {
        return request;
    }
    let mut plain = String::with_capacity(path.len());
    for char in path.chars() {
        if !(char == '/' && plain.ends_with('/')) {
            plain.push(char);
        }
    }
    if let Some(query) = request.uri().query() {
        plain = format!("{plain}?{query}");
    }
    if let Ok(uri) = plain.parse() {
        *request.uri_mut() = uri;
    }
    request
}

/// Runs a statement; a defect of the emulator becomes the error that Snowflake has for its own.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, SqlError>) -> Result<T, SqlError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown");
        tracing::error!(panic = text, "a statement met a defect of the emulator");
        Err(SqlError::new(
            603,
            "XX000",
            "SQL execution internal error:\nProcessing aborted by error 300010:1.",
        ))
    })
}
