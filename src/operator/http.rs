//! `/healthz`, `/readyz`, `/metrics`.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{OperatorError, metrics::Metrics};

/// Whether the operator does its work: the CRDs are there, and it leads. Independent of Snowflake.
#[derive(Clone, Debug, Default)]
pub(super) struct Readiness(Arc<AtomicBool>);

impl Readiness {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
    pub(super) fn unset(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Serves until `stop`; nothing, without an address.
pub(super) async fn serve(
    address: Option<SocketAddr>,
    metrics: Arc<Metrics>,
    ready: Readiness,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, OperatorError> {
    let Some(address) = address else { return Ok(tokio::spawn(async {})) };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| OperatorError::Listen(address, error))?;
    if let Ok(bound) = listener.local_addr() {
        tracing::info!(address = %bound, "serving /healthz, /readyz, /metrics");
    }
    let readyz = move || async move {
        if ready.0.load(Ordering::SeqCst) {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "this operator does not lead, or starts still")
        }
    };
    let exposition = move || async move {
        ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.text())
            .into_response()
    };
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(exposition));
    Ok(tokio::spawn(async move {
        let served =
            axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "the metrics are no longer served");
        }
    }))
}
