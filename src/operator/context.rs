//! What all parts of the operator share.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use kube::Client;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::task::TaskTracker;

use super::{
    config_maps::ConfigMaps,
    events::{self, Events},
    leader::LeaderElection,
    listed::Listed,
    metrics::Metrics,
    secrets::KubeSecrets,
    sessions::Sessions,
    wake::Wake,
};
use crate::{engine::peers::Index, kinds::connection::Reach};

/// How long resources wait at the start for their connections. Without it, each would be told first that its connection
/// is not open yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the operator is started with.
#[derive(Clone)]
pub struct Settings {
    pub client: Client,
    pub reach: Reach,
    pub metrics: Arc<Metrics>,
    pub metrics_address: Option<SocketAddr>,
    pub leader_election: Option<LeaderElection>,
    /// Only these namespaces; all when empty.
    pub namespaces: Vec<String>,
    /// How long one pass over one resource may take.
    pub deadline: Duration,
    /// How many passes run at once for each kind. Statements have their own limit, for each connection.
    pub passes: u16,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("metrics_address", &self.metrics_address).finish_non_exhaustive()
    }
}

/// What all parts of the operator share.
pub(super) struct Context {
    pub settings: Settings,
    pub client: Client,
    pub secrets: KubeSecrets,
    pub config_maps: ConfigMaps,
    pub sessions: Sessions,
    pub index: Index,
    pub listed: Listed,
    pub wake: Wake,
    pub events: Events,
    pub event_queue: std::sync::Mutex<Option<mpsc::Receiver<events::Told>>>,
    pub metrics: Arc<Metrics>,
    pub leading: Arc<AtomicBool>,
    /// Until then passes wait for connections that are being opened; later they say so.
    pub patience: Instant,
    /// Passes that run: they are never dropped half-way.
    pub passes: TaskTracker,
}

impl Context {
    pub(super) fn new(settings: Settings, leading: Arc<AtomicBool>) -> Self {
        let (events, queue) = Events::new();
        Self {
            client: settings.client.clone(),
            secrets: KubeSecrets::new(settings.client.clone()),
            config_maps: ConfigMaps::default(),
            sessions: Sessions::default(),
            index: Index::default(),
            listed: Listed::default(),
            wake: Wake::default(),
            events,
            event_queue: std::sync::Mutex::new(Some(queue)),
            metrics: settings.metrics.clone(),
            leading,
            patience: Instant::now() + PATIENCE,
            passes: TaskTracker::new(),
            settings,
        }
    }

    /// Whether a namespace is one of those that this operator looks after.
    pub(super) fn of_interest(&self) -> impl Fn(&str) -> bool + Send + 'static {
        let namespaces = self.settings.namespaces.clone();
        move |namespace| namespaces.is_empty() || namespaces.iter().any(|name| name == namespace)
    }
}
