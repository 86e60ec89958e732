//! `snowfence operator`.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{args, cluster, error::Error, sessions};
use crate::operator::{self, LeaderElection, Metrics, Settings};

/// One pass over one resource; what is left then goes on in the next.
const DEADLINE: Duration = Duration::from_secs(300);

pub(super) async fn run(args: &args::Operator) -> Result<ExitCode, Error> {
    let metrics = Arc::new(Metrics::default());
    let mut reach = sessions::reach(&args.network)?;
    reach.observer = Some(metrics.clone());
    let (client, namespace) = cluster::client(args.context.as_deref()).await?;
    let leader_election = args.leader_election.then(|| LeaderElection {
        namespace: args.lease_namespace.clone().unwrap_or(namespace),
        name: args.lease_name.clone(),
        identity: identity(),
        duration: Duration::from_secs(args.lease_duration),
    });
    let settings = Settings {
        client,
        reach,
        metrics,
        metrics_address: Some(args.metrics_addr),
        leader_election,
        namespaces: args.watch_namespaces.clone(),
        deadline: DEADLINE,
        passes: args.concurrency,
    };
    let stop = CancellationToken::new();
    let on_signal = stop.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping: passes under way end first");
        on_signal.cancel();
        // Who asks twice is in a hurry: intents are recorded.
        signal().await;
        std::process::exit(130);
    });
    operator::run(settings, stop).await?;
    Ok(ExitCode::SUCCESS)
}

/// The pod's name, or one that no other process has.
fn identity() -> String {
    let pod = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    format!("{}-{}", pod.as_deref().unwrap_or("snowfence"), &uuid::Uuid::new_v4().simple().to_string()[..8])
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
