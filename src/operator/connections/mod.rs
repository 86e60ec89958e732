//! The controller of connections: opens them, verifies them, re-reads their Secrets, ticks the resync.

mod opening;
#[cfg(test)]
mod property;
mod users;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Resource, ResourceExt,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::{
        Controller, WatchStreamExt,
        controller::{Action, Config, Error},
        reflector::{self, ObjectRef},
        watcher,
    },
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    context::Context,
    controller::{self, key},
    ledger::{StatusWriter, dynamic, kubernetes},
    resource::{self, has_finalizer, set_finalizer},
    wake::Key,
};
use crate::{
    api::{
        REQUESTED_AT, SnowflakeConnection, Status,
        connection::{ConnectionSpec, ConnectionSummary},
    },
    engine::{
        conditions::{READY, Verdict},
        fault::{Again, Fault, backoff},
        reconcile::{Event, verdict_of},
        session::{ConnectionKey, Session},
    },
    kinds::connection::{Needs, open, policy, summary},
    snowflake::ClientError,
};

/// The name of this queue among those of the kinds.
pub(super) const KIND: &str = "CONNECTION";

/// What is kept of each connection between passes.
#[derive(Debug, Default)]
struct Kept {
    spec: Option<ConnectionSpec>,
    /// Marks what was read of the Secrets: another mark, another credential.
    secrets: Option<String>,
    verified: Option<Instant>,
    needs: Needs,
    missing: Vec<String>,
    request: Option<String>,
    tries: u32,
    ticker: Option<JoinHandle<()>>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
    }
}

/// The connections of the operator.
struct Connections {
    context: Arc<Context>,
    kept: Mutex<HashMap<Key, Kept>>,
    /// Which connections read a Secret: namespace and name of the Secret.
    readers: Mutex<HashMap<Key, Vec<Key>>>,
}

/// A resource could not use its connection: it is verified, and nobody else tries meanwhile.
pub(super) fn suspect(context: &Context, connection: &ConnectionKey, fault: &Fault) {
    if matches!(fault, Fault::Kubernetes(_) | Fault::NotLeading) {
        return;
    }
    if context.sessions.fails(connection, fault.to_string()) {
        tracing::warn!(%connection, "{fault}");
        context.wake.wake(KIND, (connection.namespace.clone(), connection.name.clone()), Instant::now());
    }
}

/// A resource was refused for want of a privilege: the connection is to list what the role lacks.
pub(super) fn lacks(context: &Context, connection: &ConnectionKey) {
    if context.sessions.lacks(connection) {
        context.wake.wake(KIND, (connection.namespace.clone(), connection.name.clone()), Instant::now());
    }
}

type Guarded = DeserializeGuard<SnowflakeConnection>;

pub(super) async fn run(context: Arc<Context>, stop: CancellationToken) {
    let all =
        Arc::new(Connections { context: context.clone(), kept: Mutex::default(), readers: Mutex::default() });
    let (reader, writer) = reflector::store();
    let events = controller::watch::<SnowflakeConnection>(&context).reflect(writer);
    let marks: Mutex<HashMap<Key, Mark>> = Mutex::default();
    let (deleted, found) = (all.clone(), context.clone());
    let news = events.filter_map(move |event| {
        let news = match event {
            Err(error) => Some(Err(error)),
            Ok(watcher::Event::Apply(cr) | watcher::Event::InitApply(cr)) => {
                found.sessions.found(connection_key(&key(&cr)));
                let mark = mark_of(&cr);
                let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
                (marks.insert(key(&cr), mark.clone()) != Some(mark)).then_some(Ok(cr))
            }
            Ok(watcher::Event::Delete(cr)) => {
                marks.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(&cr));
                deleted.close(&key(&cr));
                None
            }
            Ok(watcher::Event::Init) => None,
            Ok(watcher::Event::InitDone) => {
                found.sessions.listed();
                None
            }
        };
        async move { news }
    });
    let object = |(namespace, name): Key| ObjectRef::<Guarded>::new(&name).within(&namespace);
    let woken = UnboundedReceiverStream::new(context.wake.queue(KIND)).map(object);
    let readers = all.clone();
    let secrets: Api<PartialObjectMeta<Secret>> = Api::all(context.client.clone());
    let secrets = watcher(secrets, watcher::Config::default()).default_backoff().touched_objects();
    let changed = secrets.filter_map(move |secret| {
        let concerned = secret.map(|secret| readers.readers_of(&key(&secret))).unwrap_or_default();
        async move { Some(futures::stream::iter(concerned.into_iter().map(object))) }
    });
    Controller::for_stream(news, reader)
        .with_config(Config::default().concurrency(16))
        .reconcile_on(woken)
        .reconcile_on(changed.flatten())
        .graceful_shutdown_on(async move { stop.cancelled().await })
        .run(
            |cr, all: Arc<Connections>| async move {
                let context = all.context.clone();
                let (began, connection) = (Instant::now(), connection_key(&key(&*cr)));
                context.metrics.begun("SnowflakeConnection", 0);
                let task = context.passes.spawn(async move { all.pass(&cr).await });
                let (action, result) =
                    task.await.unwrap_or((Action::requeue(Duration::from_secs(60)), "error"));
                context.sessions.tried(&connection);
                context.metrics.ended("SnowflakeConnection", result, began.elapsed().as_secs_f64());
                Ok::<_, std::convert::Infallible>(action)
            },
            |_, _, _| Action::requeue(Duration::from_secs(60)),
            all,
        )
        .for_each(|result| async {
            if let Err(error) = result
                && !matches!(error, Error::ObjectNotFound(_))
            {
                tracing::warn!(kind = "SnowflakeConnection", %error, "watch");
            }
        })
        .await;
}

type Mark = (Option<String>, Option<i64>, bool, Option<String>);

/// What a change of which is news.
fn mark_of(cr: &Guarded) -> Mark {
    let requested = cr.annotations().get(REQUESTED_AT).cloned();
    (cr.uid(), cr.meta().generation, cr.meta().deletion_timestamp.is_some(), requested)
}

impl Connections {
    fn readers_of(&self, secret: &Key) -> Vec<Key> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).get(secret).cloned().unwrap_or_default()
    }

    fn close(&self, key: &Key) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.context.sessions.close(&connection_key(key));
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        for connections in readers.values_mut() {
            connections.retain(|connection| connection != key);
        }
    }

    /// Changes what is kept of a connection.
    fn with<T>(&self, key: &Key, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        change(kept.entry(key.clone()).or_default())
    }

    async fn pass(self: Arc<Self>, cr: &Guarded) -> (Action, &'static str) {
        let key = key(cr);
        let span = resource::span("SnowflakeConnection", &key);
        let result = async {
            let api = dynamic::<SnowflakeConnection>(&self.context.client, &key.0);
            // Read anew: the status that is compared must be the last one.
            let live: Api<Guarded> = Api::namespaced(self.context.client.clone(), &key.0);
            let Some(cr) = live.get_opt(&key.1).await.map_err(kubernetes)? else {
                return Ok((Action::await_change(), "success"));
            };
            if cr.meta().deletion_timestamp.is_some() {
                return self.delete(&cr, &api, &key).await;
            }
            match &cr.0 {
                Ok(cr) => self.look(cr, &key).await,
                Err(invalid) => {
                    // What is open stays open: its users go on.
                    tracing::warn!(
                        reason = "Undecodable",
                        error = invalid.error,
                        "this connection can't be read"
                    );
                    self.tell_undecodable(&invalid.error, &api, &key).await?;
                    Ok((Action::await_change(), "success"))
                }
            }
        };
        match result.instrument(span).await {
            Ok(done) => done,
            Err(fault) => {
                let tries = self.with(&key, |kept| {
                    kept.tries += 1;
                    kept.tries - 1
                });
                tracing::warn!(reason = fault.reason(), "{fault}");
                let delay = if matches!(fault, Fault::RecordConflict) {
                    Duration::from_millis(100)
                } else {
                    backoff(tries)
                };
                (Action::requeue(delay), "error")
            }
        }
    }

    async fn look(
        self: &Arc<Self>,
        cr: &SnowflakeConnection,
        key: &Key,
    ) -> Result<(Action, &'static str), Fault> {
        let mut version = cr.meta().resource_version.clone();
        if !has_finalizer(cr.meta()) {
            let api = dynamic::<SnowflakeConnection>(&self.context.client, &key.0);
            version = set_finalizer(&api, key, cr.meta(), true).await?;
        }
        let requested = cr.annotations().get(REQUESTED_AT).cloned();
        let opened = self.opened(cr, key).await;
        let (verdict, summary, delay) = match opened {
            Ok(session) => {
                let missing = self.with(key, |kept| {
                    kept.tries = 0;
                    kept.missing.clone()
                });
                let summary = summary(&session, &cr.spec, missing, requested.clone());
                (ready(&session, &summary), summary, None)
            }
            Err(fault) => {
                let tries = self.with(key, |kept| {
                    kept.tries += 1;
                    kept.tries - 1
                });
                let connection = connection_key(key);
                // With another credential that works still, its users go on.
                let works_still = matches!(
                    fault,
                    Fault::Refused(_)
                        | Fault::Waiting { .. }
                        | Fault::Snowflake(ClientError::Unauthorized { .. })
                ) && self.still_works(&connection).await;
                if !works_still {
                    self.context.sessions.fails(&connection, fault.to_string());
                }
                let old = cr.status.clone().unwrap_or_default().summary;
                let (reason, _, again) = fault.row();
                // A credential that is refused is tried seldom: accounts lock users who knock too often.
                let floor = if reason == "CredentialRefused" { 30 } else { 1 };
                let delay = backoff(tries).max(Duration::from_secs(floor));
                let delay = (again != Again::Resync || reason == "CredentialRefused").then_some(delay);
                let old = ConnectionSummary { last_handled_request: requested.clone(), ..old };
                let mut verdict = verdict_of(&fault);
                if matches!(fault, Fault::Snowflake(ClientError::Unauthorized { .. })) {
                    verdict.message =
                        format!("{}; {}", verdict.message, super::advice::on_refusal(&cr.spec, &key.0));
                }
                (verdict, old, delay.or(Some(Duration::from_secs(60))))
            }
        };
        self.write(cr, version, &verdict, summary).await?;
        let handled = self.with(key, |kept| std::mem::replace(&mut kept.request, requested.clone()));
        if requested.is_some() && handled != requested {
            self.tick(&connection_key(key), Instant::now());
        }
        match delay {
            None => Ok((Action::await_change(), "success")),
            Some(delay) => Ok((Action::requeue(delay), "error")),
        }
    }

    /// Wakes everything on the connection at once, so that the reads are shared.
    fn tick(&self, connection: &ConnectionKey, at: Instant) {
        for (kind, key) in self.context.index.users_of(connection) {
            self.context.wake.wake(kind, key, at);
        }
    }

    fn restart_ticker(self: &Arc<Self>, key: &Key, every: Duration) {
        let (weak, connection) = (Arc::downgrade(self), connection_key(key));
        let own = key.clone();
        let ticker = tokio::spawn(async move {
            let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                let now = ticks.tick().await;
                let Some(all) = weak.upgrade() else { return };
                // While it does not work, only the connection itself is tried.
                if all.context.sessions.get(&connection).is_ok() {
                    all.tick(&connection, now);
                }
                // What the role lacks is read with each resync until it lacks nothing.
                let due = all.with(&own, |kept| {
                    let deep = kept.spec.as_ref().map_or(Duration::MAX, |spec| policy(spec).deep_resync);
                    !kept.missing.is_empty() || kept.verified.is_none_or(|at| at.elapsed() >= deep)
                });
                if due {
                    all.context.wake.wake(KIND, own.clone(), now);
                }
            }
        });
        if let Some(old) = self.with(key, |kept| kept.ticker.replace(ticker)) {
            old.abort();
        }
    }

    async fn write(
        &self,
        cr: &SnowflakeConnection,
        version: Option<String>,
        verdict: &Verdict,
        summary: ConnectionSummary,
    ) -> Result<(), Fault> {
        let old = cr.status.clone().unwrap_or_default();
        let generation = cr.meta().generation;
        let conditions = verdict.write(&old.conditions, generation, Timestamp::now());
        let was = old.conditions.iter().find(|c| c.type_ == READY).map(|c| c.reason.clone());
        if was.as_deref() != Some(&verdict.reason) {
            self.context.metrics.moved("SnowflakeConnection", was.as_deref(), Some(&verdict.reason));
            if verdict.ready == Some(false) {
                self.event(cr, true, "NotReady", format!("{}: {}", verdict.reason, verdict.message));
            }
        }
        let new = Status { observed_generation: generation, conditions, record: old.record.clone(), summary };
        let (namespace, name) = (cr.namespace().unwrap_or_default(), cr.name_any());
        let before = serde_json::to_value(&old).unwrap_or_default();
        let writer = StatusWriter::new(
            dynamic::<SnowflakeConnection>(&self.context.client, &namespace),
            &name,
            version,
            before,
        );
        writer.finish(&new).await.map(drop)
    }

    async fn tell_undecodable(
        &self,
        error: &str,
        api: &Api<kube::api::DynamicObject>,
        key: &Key,
    ) -> Result<(), Fault> {
        super::resource::tell_undecodable(error, api.clone(), key).await.map(drop)
    }

    fn event(&self, cr: &SnowflakeConnection, warning: bool, reason: &'static str, note: String) {
        self.context.events.tell(cr, vec![Event { warning, reason, note }]);
    }

    /// A connection stays while something refers to it.
    async fn delete(
        &self,
        cr: &Guarded,
        api: &Api<kube::api::DynamicObject>,
        key: &Key,
    ) -> Result<(Action, &'static str), Fault> {
        if !has_finalizer(cr.meta()) {
            return Ok((Action::await_change(), "success"));
        }
        self.context.listed.all().await;
        let mut users = self.context.index.users_of(&connection_key(key));
        if users.is_empty() {
            users = users::stored(&self.context, &connection_key(key)).await?;
        }
        if users.is_empty() {
            set_finalizer(api, key, cr.meta(), false).await?;
            return Ok((Action::await_change(), "success"));
        }
        if let Ok(cr) = &cr.0 {
            let named: Vec<_> = users
                .iter()
                .take(3)
                .map(|(kind, (ns, name))| format!("{} {ns}/{name}", kind.to_ascii_lowercase()))
                .collect();
            let message = format!(
                "{} resource{} refer to this connection ({}{}): it goes when they are gone",
                users.len(),
                if users.len() == 1 { "" } else { "s" },
                named.join(", "),
                if users.len() > 3 { ", …" } else { "" }
            );
            let verdict = Verdict::reconciling("InUse", message);
            let summary = cr.status.clone().unwrap_or_default().summary;
            self.write(cr, cr.meta().resource_version.clone(), &verdict, summary).await?;
            // Those who refer to it need it open, also after a restart.
            if self.context.sessions.any(&connection_key(key)).is_none() {
                self.with(key, |kept| kept.spec = None);
                let connection = connection_key(key);
                let session =
                    open(connection.clone(), &cr.spec, &self.context.secrets, &self.context.settings.reach)
                        .await?;
                self.context.index.put_account(connection.clone(), session.account.name.clone());
                if self.context.sessions.works(&connection, Arc::new(session)) {
                    self.tick(&connection, Instant::now());
                }
            }
        }
        Ok((Action::requeue(Duration::from_secs(30)), "requeue"))
    }
}

fn connection_key(key: &Key) -> ConnectionKey {
    ConnectionKey { namespace: key.0.clone(), name: key.1.clone() }
}

/// Ready, and what a person should know all the same.
fn ready(session: &Session, summary: &ConnectionSummary) -> Verdict {
    if !summary.missing_grants.is_empty() {
        let all = summary.missing_grants.join("; ");
        return Verdict::ready("MissingGrants", format!("signed in, but the role lacks privileges: {all};"));
    }
    let soon = Timestamp::now() + jiff::SignedDuration::from_hours(14 * 24);
    if let Some(at) = summary.credential_expires_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok())
        && at < soon
    {
        return Verdict::ready("CredentialExpires", format!("the credential expires at {at}: rotate it"));
    }
    if session.account.secondary_roles {
        let user = &session.account.user;
        return Verdict::ready(
            "SecondaryRoles",
            format!(
                "the user's secondary roles are active, so more than the role's privileges count; ALTER USER \"{user}\" SET DEFAULT_SECONDARY_ROLES = ()"
            ),
        );
    }
    Verdict::ready("Connected", "")
}
