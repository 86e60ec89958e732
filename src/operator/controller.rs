//! Watch and queue of one kind.

use std::{
    collections::{HashMap, HashSet},
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, CustomResourceExt, Resource, ResourceExt,
    core::{DeserializeGuard, NamespaceResourceScope},
    runtime::{
        Controller, WatchStreamExt,
        controller::{self, Action},
        reflector::{self, ObjectRef},
        watcher,
    },
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;

use super::{OperatorError, context::Context, resource, wake::Key};
use crate::{
    api::{
        ABANDON, APPROVE, CortexPipeline, FINALIZER, REQUESTED_AT, ResourceMonitor, SnowflakeConnection,
        SnowflakeWarehouse,
    },
    engine::managed::Managed,
};

/// Fails when a custom resource is not installed, by name.
pub(super) async fn check_crds(client: &Client) -> Result<(), OperatorError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let kinds = [
        SnowflakeConnection::crd_name(),
        SnowflakeWarehouse::crd_name(),
        ResourceMonitor::crd_name(),
        CortexPipeline::crd_name(),
    ];
    for name in kinds {
        if api.get_metadata_opt(name).await?.is_none() {
            return Err(OperatorError::CrdMissing(name.into()));
        }
    }
    Ok(())
}

/// A kind that the operator runs: how it stands in the index, and whom it wakes.
pub(super) trait Operated: Managed {
    /// It is there, or has changed. Returns others that this concerns.
    fn indexed(cr: &Arc<Self>, context: &Context) -> Vec<(&'static str, Key)>;
    /// It is gone.
    fn removed(key: &Key, context: &Context) -> Vec<(&'static str, Key)>;
    /// Those to look at again after something was executed for it.
    fn neighbours(cr: &Self, context: &Context) -> Vec<(&'static str, Key)>;
}

/// What the controllers keep of a kind between events.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// By namespace and name: what a change of which wakes the resource.
    marks: Mutex<HashMap<Key, Mark>>,
    /// Own writes that the watch has not shown yet, by resourceVersion: what is read here may be older.
    unseen: Mutex<HashMap<Key, String>>,
    tries: Mutex<HashMap<Key, u32>>,
    /// The reason of the Ready condition, for the metric.
    reasons: Mutex<HashMap<Key, String>>,
    /// What the watch has shown since it began to list anew.
    listing: Mutex<HashSet<Key>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Mark {
    uid: Option<String>,
    generation: Option<i64>,
    deleting: bool,
    annotations: [Option<String>; 3],
    finalizer: bool,
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// The spec alone.
    Spec,
    Other,
}

impl Mark {
    fn of(meta: &impl ResourceExt) -> Self {
        let annotation = |name| meta.annotations().get(name).cloned();
        Self {
            uid: meta.uid(),
            generation: meta.meta().generation,
            deleting: meta.meta().deletion_timestamp.is_some(),
            annotations: [annotation(APPROVE), annotation(ABANDON), annotation(REQUESTED_AT)],
            finalizer: meta.finalizers().iter().any(|name| name == FINALIZER),
        }
    }
    /// Our own finalizer's coming is no news.
    fn is_news(&self, old: &Self) -> bool {
        let unlike = Self { finalizer: self.finalizer, ..old.clone() } != *self;
        unlike || (old.finalizer && !self.finalizer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    /// An own write: what the watch shows before it is older.
    pub(super) fn wrote(&self, key: &Key, version: Option<String>) {
        if let Some(version) = version {
            lock(&self.unseen).insert(key.clone(), version);
        }
    }
    /// Whether the watch has shown all own writes.
    pub(super) fn is_current(&self, key: &Key) -> bool {
        !lock(&self.unseen).contains_key(key)
    }
    pub(super) fn current(&self, key: &Key) {
        lock(&self.unseen).remove(key);
    }
    /// How often it was tried in vain until now; counts this one.
    pub(super) fn tried(&self, key: &Key) -> u32 {
        let mut tries = lock(&self.tries);
        let count = tries.entry(key.clone()).or_default();
        *count += 1;
        *count - 1
    }
    pub(super) fn succeeded(&self, key: &Key) {
        lock(&self.tries).remove(key);
    }
    /// The reason of the Ready condition; returns the one before.
    pub(super) fn reason(&self, key: &Key, reason: Option<String>) -> Option<String> {
        let mut reasons = lock(&self.reasons);
        match reason {
            Some(reason) => reasons.insert(key.clone(), reason),
            None => reasons.remove(key),
        }
    }

    fn shown(&self, key: &Key, version: Option<&str>) {
        let mut unseen = lock(&self.unseen);
        if unseen.get(key).is_some_and(|mine| version.is_some_and(|version| is_at_least(version, mine))) {
            unseen.remove(key);
        }
    }
    /// Whether it has news.
    fn marked(&self, key: &Key, mark: Mark) -> Option<News> {
        let mut marks = lock(&self.marks);
        match marks.insert(key.clone(), mark.clone()) {
            Some(old) if !mark.is_news(&old) => None,
            Some(old) if !(Mark { generation: mark.generation, ..old.clone() }).is_news(&mark) => {
                Some(News::Spec)
            }
            _ => Some(News::Other),
        }
    }
    /// What was there and was not in the list that has just been read: it went while nobody watched.
    fn vanished(&self) -> Vec<Key> {
        let listing = std::mem::take(&mut *lock(&self.listing));
        lock(&self.marks).keys().filter(|key| !listing.contains(*key)).cloned().collect()
    }
    fn forget(&self, key: &Key) {
        lock(&self.marks).remove(key);
        lock(&self.unseen).remove(key);
        lock(&self.tries).remove(key);
    }
}

/// Versions of one resource compare as numbers; where they are none, only equality counts.
fn is_at_least(version: &str, mine: &str) -> bool {
    match (version.parse::<u64>(), mine.parse::<u64>()) {
        (Ok(version), Ok(mine)) => version >= mine,
        _ => version == mine,
    }
}

pub(super) fn key<K: ResourceExt>(resource: &K) -> Key {
    (resource.namespace().unwrap_or_default(), resource.name_any())
}

type Guarded<K> = DeserializeGuard<K>;

/// Runs the controller of a kind until `stop`.
pub(super) async fn run<K: Operated>(context: Arc<Context>, stop: CancellationToken) {
    let watched = Arc::new(Watched::default());
    let (reader, writer) = reflector::store();
    let (ours, other) = (context.clone(), watched.clone());
    let events = watch::<K>(&context).reflect(writer);
    let news = events.filter_map(move |event| {
        let news = digest(event, &ours, &other);
        async move { news }
    });
    let woken = UnboundedReceiverStream::new(context.wake.queue(K::OBJECT));
    let woken = woken.map(|(namespace, name)| ObjectRef::<Guarded<K>>::new(&name).within(&namespace));
    let config = controller::Config::default().concurrency(context.settings.passes);
    let passes = context.clone();
    Controller::for_stream(news, reader)
        .with_config(config)
        .reconcile_on(woken)
        .graceful_shutdown_on(async move { stop.cancelled().await })
        .run(
            move |cr, context| pass(cr, context, watched.clone()),
            |_, _: &std::convert::Infallible, _| Action::requeue(Duration::from_secs(60)),
            passes,
        )
        .for_each(|result| async {
            // Passes never fail; a watch does, and tries again by itself.
            if let Err(error) = result
                && !matches!(error, controller::Error::ObjectNotFound(_))
            {
                tracing::warn!(kind = %K::kind(&()), %error, "watch");
            }
        })
        .await;
}

type Watch<K> = futures::stream::BoxStream<'static, Result<watcher::Event<Guarded<K>>, watcher::Error>>;

/// The watch over all namespaces, or over those that were named; without the fields that nobody reads here.
pub(super) fn watch<K>(context: &Context) -> Watch<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    let strip = |resource: &mut Guarded<K>| {
        resource.meta_mut().managed_fields = None;
        if let Some(annotations) = &mut resource.meta_mut().annotations {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    };
    let of_interest = context.of_interest();
    let events = watcher(Api::<Guarded<K>>::all(context.client.clone()), watcher::Config::default());
    let events = events.default_backoff().modify(strip).filter(move |event| {
        let keep = match event {
            Ok(watcher::Event::Apply(cr) | watcher::Event::InitApply(cr) | watcher::Event::Delete(cr)) => {
                of_interest(cr.namespace().as_deref().unwrap_or_default())
            }
            _ => true,
        };
        async move { keep }
    });
    events.boxed()
}

/// Feeds the index, before anything is reconciled; passes on what has news.
fn digest<K: Operated>(
    event: Result<watcher::Event<Guarded<K>>, watcher::Error>,
    context: &Context,
    watched: &Watched,
) -> Option<Result<Guarded<K>, watcher::Error>> {
    let now = Instant::now();
    if let Ok(watcher::Event::InitApply(cr)) = &event {
        lock(&watched.listing).insert(key(cr));
    }
    match event {
        Err(error) => Some(Err(error)),
        Ok(watcher::Event::Apply(cr) | watcher::Event::InitApply(cr)) => {
            let key = key(&cr);
            watched.shown(&key, cr.meta().resource_version.as_deref());
            let news = watched.marked(&key, Mark::of(&cr));
            // It may give up what others claim, too.
            let mut concerned = vec![];
            if news.is_some() {
                let rivals = context.index.rivals::<K>(&key.0, &key.1);
                concerned.extend(rivals);
                // What it refers to is known before what it claims.
                let indexed = cr.0.iter().flat_map(|cr| K::indexed(&Arc::new(cr.clone()), context));
                concerned.extend(indexed);
            }
            let another = cr.0.as_ref().is_ok_and(|decoded| context.index.put(decoded));
            let Some(news) = news else {
                // Those who act on what is recorded as its own can do so now.
                let neighbours = cr.0.iter().filter(|_| another).flat_map(|cr| K::neighbours(cr, context));
                neighbours.for_each(|(kind, key)| context.wake.wake(kind, key, now));
                return None;
            };
            match news {
                News::Spec => context.wake.changed(K::OBJECT, &key, now),
                News::Other => context.wake.touch(K::OBJECT, &key, now),
            }
            for (kind, key) in concerned {
                context.wake.wake(kind, key, now);
            }
            Some(Ok(cr))
        }
        Ok(watcher::Event::Delete(cr)) => {
            gone::<K>(&key(&cr), context, watched);
            None
        }
        Ok(watcher::Event::Init) => {
            lock(&watched.listing).clear();
            None
        }
        Ok(watcher::Event::InitDone) => {
            for key in watched.vanished() {
                gone::<K>(&key, context, watched);
            }
            context.listed.done(K::OBJECT);
            None
        }
    }
}

/// It is deleted, or was while nobody watched.
fn gone<K: Operated>(key: &Key, context: &Context, watched: &Watched) {
    let now = Instant::now();
    let rivals = context.index.rivals::<K>(&key.0, &key.1);
    let connection = context.index.connection_of::<K>(&key.0, &key.1);
    context.index.remove::<K>(&key.0, &key.1);
    let before = watched.reason(key, None);
    context.metrics.moved(&K::kind(&()), before.as_deref(), None);
    watched.forget(key);
    context.wake.forget(K::OBJECT, key);
    for (kind, rival) in rivals {
        context.wake.wake(kind, rival, now);
    }
    for (kind, key) in K::removed(key, context) {
        context.wake.wake(kind, key, now);
    }
    // A connection that is being deleted waits for those that refer to it.
    if let Some(connection) = connection {
        context.wake.wake(super::connections::KIND, (connection.namespace, connection.name), now);
    }
}

async fn pass<K: Operated>(
    cr: Arc<Guarded<K>>,
    context: Arc<Context>,
    watched: Arc<Watched>,
) -> Result<Action, std::convert::Infallible> {
    let kind = K::kind(&()).into_owned();
    let began = Instant::now();
    context.metrics.queued(&kind, 0);
    context.metrics.begun(&kind, 0);
    let metrics = context.metrics.clone();
    // A pass is never dropped half-way: it runs in a task of its own.
    let task = context.passes.spawn(resource::pass(cr, context.clone(), watched));
    let (action, result) = match task.await {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(kind, %error, "a pass ended early");
            (Action::requeue(Duration::from_secs(60)), "error")
        }
    };
    metrics.ended(&kind, result, began.elapsed().as_secs_f64());
    Ok(action)
}
