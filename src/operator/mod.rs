//! The operator: watches, queue, leader, status, events, metrics. The only place that speaks to a Kubernetes API server.
//!
//! `watch ─► queue ─► engine::reconcile`. Everything that decides is in `engine` and `kinds`; here is what surrounds it.

mod advice;
mod config_maps;
mod connections;
mod context;
mod controller;
mod deletion;
mod events;
mod http;
mod leader;
mod ledger;
mod listed;
mod metrics;
mod operated;
mod patch;
mod resource;
mod secrets;
mod sessions;
mod wake;

pub(crate) use config_maps::read as read_config_maps;
pub use context::Settings;
pub use leader::LeaderElection;
pub use metrics::Metrics;
pub use secrets::KubeSecrets;

use std::sync::{Arc, atomic::AtomicBool};

use tokio_util::sync::CancellationToken;

use crate::api::{CortexPipeline, ResourceMonitor, SnowflakeWarehouse};
use context::Context;

/// Why the operator ended.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("the Kubernetes API: {0}")]
    Kubernetes(#[from] Box<kube::Error>),
    #[error("the custom resource {0} is not installed: apply the manifests of `snowfence crds` first")]
    CrdMissing(String),
    #[error("{0} can't be listened on: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    #[error("leader election: {0}")]
    Lease(String),
    #[error("the lease was not renewed in time: another operator may lead now")]
    LeaseLost,
    #[error("the metrics were registered twice")]
    Metrics,
}

impl From<kube::Error> for OperatorError {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

/// Runs until `stop` is cancelled: then no pass begins, those under way end, and the lease is released.
pub async fn run(settings: Settings, stop: CancellationToken) -> Result<(), OperatorError> {
    let client = settings.client.clone();
    let leading = Arc::new(AtomicBool::new(false));
    let metrics = settings.metrics.clone();
    let ready = http::Readiness::default();
    let server = http::serve(settings.metrics_address, metrics.clone(), ready.clone(), stop.clone()).await?;
    let leader = leader::acquire(&settings, leading.clone(), stop.clone()).await?;
    let Some(leader) = leader else { return Ok(()) };
    controller::check_crds(&client).await?;
    let ending = stop.child_token();
    let context = Arc::new(Context::new(settings, leading));
    let tasks = [
        tokio::spawn(events::publish(context.clone())),
        tokio::spawn(config_maps::watch(context.clone(), ending.clone())),
        tokio::spawn(connections::run(context.clone(), ending.clone())),
        tokio::spawn(controller::run::<SnowflakeWarehouse>(context.clone(), ending.clone())),
        tokio::spawn(controller::run::<ResourceMonitor>(context.clone(), ending.clone())),
        tokio::spawn(controller::run::<CortexPipeline>(context.clone(), ending.clone())),
    ];
    ready.set();
    let lost = tokio::select! {
        () = stop.cancelled() => false,
        () = leader.lost() => true,
    };
    ready.unset();
    ending.cancel();
    if lost {
        // Nothing more is begun; what was sent is recorded as an intent, and the successor settles it.
        return Err(OperatorError::LeaseLost);
    }
    context.passes.close();
    let grace = std::time::Duration::from_secs(25);
    if tokio::time::timeout(grace, context.passes.wait()).await.is_err() {
        tracing::warn!("some passes did not end in time; their intents are recorded");
    }
    leader.release().await;
    for task in tasks {
        task.abort();
    }
    server.abort();
    Ok(())
}
