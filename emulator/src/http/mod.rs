//! The doors: the SQL API, the authorization server, and the emulator's own controls.

mod body;
mod control;
mod oauth;
mod problem;
mod serve;
mod sql_api;
mod tls;

use axum::Router;
use axum::routing::{get, post};

use crate::emulator::Emulator;
use crate::error::SqlError;

pub use serve::{ListenError, Server};
pub(crate) use sql_api::Job;
pub use tls::{Authority, TlsError};

pub(crate) fn router(emulator: Emulator) -> Router {
    Router::new()
        .route("/api/v2/statements", post(sql_api::submit))
        .route("/api/v2/statements/{handle}", get(sql_api::status))
        .route("/api/v2/statements/{handle}/cancel", post(sql_api::cancel))
        .route("/oauth/token-request", post(oauth::token_request))
        .route("/emulator/healthz", get(control::healthz))
        .route("/emulator/statements", get(control::statements))
        .route("/emulator/faults", get(control::faults).post(control::inject).delete(control::clear))
        .fallback(problem::not_found)
        .with_state(emulator)
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
