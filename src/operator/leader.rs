//! Leader election by a Lease, with a watchdog of our own: when the lease was not seen to be renewed in time, whatever
//! the reason, the process stops leading before another may begin.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use kube_lease_manager::LeaseManagerBuilder;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{OperatorError, context::Settings};

/// How the leader is elected.
#[derive(Clone, Debug)]
pub struct LeaderElection {
    pub namespace: String,
    pub name: String,
    pub identity: String,
    /// How long a lease holds without being renewed.
    pub duration: Duration,
}

/// This process leads.
#[derive(Debug)]
pub(super) struct Leader {
    lost: CancellationToken,
    end: Option<End>,
}

#[derive(Debug)]
struct End {
    state: watch::Receiver<bool>,
    manager: JoinHandle<()>,
    watchdog: JoinHandle<()>,
}

impl Leader {
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives the lease back, so that a successor need not wait.
    pub(super) async fn release(self) {
        if let Some(End { state, manager, watchdog }) = self.end {
            // The manager gives the lease back when nobody listens any more.
            watchdog.abort();
            let _ = watchdog.await;
            drop(state);
            let _ = tokio::time::timeout(Duration::from_secs(5), manager).await;
        }
    }
}

/// Waits until this process leads. `None`: it was stopped before.
pub(super) async fn acquire(
    settings: &Settings,
    leading: Arc<AtomicBool>,
    stop: CancellationToken,
) -> Result<Option<Leader>, OperatorError> {
    let lost = CancellationToken::new();
    let Some(election) = settings.leader_election.clone() else {
        leading.store(true, Ordering::SeqCst);
        settings.metrics.leads(true);
        return Ok(Some(Leader { lost, end: None }));
    };
    let seconds = election.duration.as_secs().max(3);
    let manager = LeaseManagerBuilder::new(settings.client.clone(), &election.name)
        .with_namespace(&election.namespace)
        .with_identity(&election.identity)
        .with_duration(seconds)
        // Renewed when a third of its time is over.
        .with_grace(seconds - (seconds / 3).max(1))
        .build()
        .await
        .map_err(|error| OperatorError::Lease(error.to_string()))?;
    let (mut state, manager) = manager.watch().await;
    let task = tokio::spawn(async move {
        if let Ok(Err(error)) = manager.await {
            tracing::warn!(%error, "the lease was not given back");
        }
    });
    tracing::info!(identity = election.identity, lease = election.name, "waiting to lead");
    while !*state.borrow_and_update() {
        tokio::select! {
            () = stop.cancelled() => {
                drop(state);
                let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
                return Ok(None);
            }
            changed = state.changed() => {
                changed.map_err(|_| OperatorError::Lease("the lease is no longer looked after".into()))?;
            }
        }
    }
    tracing::info!(identity = election.identity, "leading");
    leading.store(true, Ordering::SeqCst);
    settings.metrics.leads(true);
    let watchdog = Watchdog { client: settings.client.clone(), election, leading, lost: lost.clone() };
    let watchdog = tokio::spawn(watchdog.watch(state.clone()));
    Ok(Some(Leader { lost, end: Some(End { state, manager: task, watchdog }) }))
}

struct Watchdog {
    client: Client,
    election: LeaderElection,
    leading: Arc<AtomicBool>,
    lost: CancellationToken,
}

impl Watchdog {
    /// Looks at the lease itself. The moment before a look that found it ours and renewed is the last that is certain.
    async fn watch(self, mut state: watch::Receiver<bool>) {
        let lease: Api<Lease> = Api::namespaced(self.client.clone(), &self.election.namespace);
        let every = self.election.duration / 5;
        // Another may begin when the lease has run out; this one ends some time before.
        let patience = self.election.duration * 3 / 4;
        let mut renewed = None;
        let mut certain = Instant::now();
        loop {
            let asked = Instant::now();
            let look = tokio::time::timeout(every, lease.get(&self.election.name));
            if let Ok(Ok(lease)) = look.await {
                let spec = lease.spec.unwrap_or_default();
                let ours = spec.holder_identity.as_deref() == Some(self.election.identity.as_str());
                if !ours {
                    tracing::error!(holder = spec.holder_identity, "another operator holds the lease");
                    return self.end();
                }
                if renewed != spec.renew_time {
                    renewed = spec.renew_time;
                    certain = asked;
                }
            }
            if certain.elapsed() >= patience {
                tracing::error!("the lease was not renewed in time");
                return self.end();
            }
            let wake = (certain + patience).min(asked + every);
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                changed = state.changed() => {
                    if changed.is_err() || !*state.borrow_and_update() {
                        return self.end();
                    }
                }
            }
        }
    }

    fn end(self) {
        self.leading.store(false, Ordering::SeqCst);
        self.lost.cancel();
    }
}
