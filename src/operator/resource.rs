//! One pass over one resource, and what surrounds it: finalizer, session, status, events, metrics, delay.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::{
    Api, Resource, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
    core::DeserializeGuard,
    runtime::controller::Action,
};
use serde_json::json;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    config_maps,
    context::Context,
    controller::{Operated, Watched, key},
    deletion,
    ledger::{StatusWriter, dynamic, kubernetes},
    wake::Key,
};
use crate::{
    api::{AllowedNamespaces, FINALIZER, ManagementPolicy, Status},
    engine::{
        conditions::{READY, Verdict},
        fault::{Again, Fault, Shown, backoff},
        peers::connection_of,
        reconcile::{Pass, Report, is_settled, reconcile, verdict_of},
        session::Session,
    },
    kinds::config_maps::fill,
};

/// What a pass gives the queue: when again, and the result as controller-runtime calls it.
pub(super) type Done = (Action, &'static str);

/// The span of one pass, which names the resource in every line of the log.
pub(super) fn span(kind: &str, (namespace, name): &Key) -> tracing::Span {
    let span = tracing::info_span!("reconcile", kind, namespace, name = tracing::field::Empty);
    // Recorded afterwards: the JSON of a new span has its own name in this place.
    span.record("name", name.as_str());
    span
}

pub(super) async fn pass<K: Operated>(
    cr: Arc<DeserializeGuard<K>>,
    context: Arc<Context>,
    watched: Arc<Watched>,
) -> Done {
    let key = key(&*cr);
    let span = span(&K::kind(&()), &key);
    async move {
        let again = match one(cr, &context, &watched, &key).await {
            Ok(again) => again,
            Err(fault) => {
                let (reason, _, again) = fault.row();
                tracing::debug!(reason, "{fault}");
                again
            }
        };
        match again {
            Again::Resync => {
                watched.succeeded(&key);
                (Action::await_change(), "success")
            }
            Again::Now => {
                context.wake.touch(K::OBJECT, &key, Instant::now());
                let delay = if watched.tried(&key) < 5 { 50 } else { 1_000 };
                (Action::requeue(Duration::from_millis(delay)), "requeue")
            }
            Again::Backoff => {
                context.wake.touch(K::OBJECT, &key, Instant::now());
                (Action::requeue(backoff(watched.tried(&key))), "error")
            }
        }
    }
    .instrument(span)
    .await
}

async fn one<K: Operated>(
    mut cr: Arc<DeserializeGuard<K>>,
    context: &Context,
    watched: &Watched,
    key: &Key,
) -> Result<Again, Fault> {
    context.listed.all().await;
    if !watched.is_current(key) {
        // The watch is behind our own last write: what it shows could be acted on twice.
        let live: Api<DeserializeGuard<K>> = Api::namespaced(context.client.clone(), &key.0);
        match live.get_opt(&key.1).await.map_err(kubernetes)? {
            Some(now) => cr = Arc::new(now),
            None => return Ok(Again::Resync),
        }
        watched.current(key);
    }
    if cr.meta().deletion_timestamp.is_some() {
        return deletion::delete::<K>(&cr, context, watched, key).await;
    }
    match &cr.0 {
        Ok(decoded) => decoded_pass(decoded, context, watched, key).await,
        Err(invalid) => undecodable::<K>(&invalid.error, context, watched, key).await,
    }
}

async fn decoded_pass<K: Operated>(
    cr: &K,
    context: &Context,
    watched: &Watched,
    key: &Key,
) -> Result<Again, Fault> {
    let common = cr.common();
    let mut cr = std::borrow::Cow::Borrowed(cr);
    let writes = common.management_policy != ManagementPolicy::Observe && !common.suspend;
    if writes && !has_finalizer(cr.meta()) {
        let api = dynamic::<K>(&context.client, &key.0);
        let version = set_finalizer(&api, key, cr.meta(), true).await?;
        watched.wrote(key, version.clone());
        cr.to_mut().meta_mut().resource_version = version;
    }
    let texts = config_maps::of(&*cr, context, key).await?;
    if let Some((found, _)) = &texts {
        fill(cr.to_mut(), found);
    }
    let versions = texts.map(|(_, versions)| versions);
    let news = versions.as_ref().is_some_and(|versions| context.config_maps.differ(key, versions));
    let cr = &*cr;
    context.sessions.first_tried(&connection_of(cr), context.patience).await;
    let ledger = StatusWriter::of(&context.client, cr);
    let report = match session_of(cr, context, key) {
        Ok(session) => {
            let (as_of, since) = context.wake.as_of(K::OBJECT, key);
            let pass = Pass {
                session: &session,
                peers: &context.index,
                ledger: &ledger,
                as_of,
                since,
                now: Timestamp::now(),
                deadline: Instant::now() + context.settings.deadline,
                leading: &context.leading,
                news,
            };
            reconcile(cr, &pass).await
        }
        Err(fault) => without_session(cr, fault),
    };
    let Report { status, again, events, drift, executed, figures, fault } = report;
    context.events.tell(cr, events);
    if drift > 0 {
        context.metrics.drifted(&K::kind(&()), drift);
    }
    context.metrics.credits(&key.0, &key.1, &figures);
    if let Some(fault) = &fault {
        let (reason, shown, _) = fault.row();
        if shown != Shown::Quiet {
            tracing::warn!(reason, "{fault}");
        }
        if reason == "InsufficientPrivileges" {
            super::connections::lacks(context, &connection_of(cr));
        }
        if fault.is_of_connection() && !matches!(fault, Fault::Waiting { .. }) {
            super::connections::suspect(context, &connection_of(cr), fault);
        }
    }
    if let Some(status) = &status {
        let version = ledger.finish(status).await?;
        watched.wrote(key, version);
        count(cr, status, context, watched, key);
    }
    if let (Some(versions), Some(_)) = (versions, &status) {
        context.config_maps.compared(key, versions);
    }
    if executed {
        let now = Instant::now();
        for (kind, other) in K::neighbours(cr, context) {
            context.wake.wake(kind, other, now);
        }
    }
    Ok(again)
}

/// The open connection that a resource refers to, if it may.
pub(super) fn session_of<K: Operated>(cr: &K, context: &Context, key: &Key) -> Result<Arc<Session>, Fault> {
    let connection = connection_of(cr);
    let session = context.sessions.get(&connection)?;
    if !AllowedNamespaces::admits(session.policy.allowed_namespaces.as_ref(), &connection.namespace, &key.0) {
        return Err(Fault::NotAllowed(format!(
            "SnowflakeConnection {connection} does not allow namespace {}: add it to its spec.allowedNamespaces",
            key.0
        )));
    }
    Ok(session)
}

fn without_session<K: Operated>(cr: &K, fault: Fault) -> Report<K> {
    let old = cr.status().cloned().unwrap_or_default();
    let quiet = fault.is_of_connection() && is_settled(cr);
    let status = (!quiet).then(|| {
        let conditions = verdict_of(&fault).write(&old.conditions, cr.meta().generation, Timestamp::now());
        Status { observed_generation: cr.meta().generation, conditions, ..old }
    });
    Report {
        status,
        // The connection wakes it.
        again: Again::Resync,
        events: vec![],
        drift: 0,
        executed: false,
        figures: vec![],
        fault: Some(fault),
    }
}

fn count<K: Operated>(cr: &K, status: &Status<K::Summary>, context: &Context, watched: &Watched, key: &Key) {
    let ready = status.conditions.iter().find(|c| c.type_ == READY);
    if let Some(reason) = ready.map(|c| c.reason.clone()) {
        let before = watched.reason(key, Some(reason.clone()));
        if before.as_deref() != Some(&reason) {
            context.metrics.moved(&K::kind(&()), before.as_deref(), Some(&reason));
        }
    }
    let _ = cr;
}

/// A resource that does not decode is told so; all others go on.
async fn undecodable<K: Operated>(
    error: &str,
    context: &Context,
    watched: &Watched,
    key: &Key,
) -> Result<Again, Fault> {
    let version = tell_undecodable(error, dynamic::<K>(&context.client, &key.0), key).await?;
    watched.wrote(key, version);
    Ok(Again::Resync)
}

/// Says in the status that a resource can't be read; the resourceVersion afterwards.
pub(super) async fn tell_undecodable(
    error: &str,
    api: Api<DynamicObject>,
    key: &Key,
) -> Result<Option<String>, Fault> {
    let Some(live) = api.get_opt(&key.1).await.map_err(kubernetes)? else { return Ok(None) };
    let fault =
        Fault::Refused(format!("this resource can't be read: {error}; apply it again as the schema says"));
    tracing::warn!(reason = "Undecodable", "{fault}");
    let mut verdict = verdict_of(&fault);
    verdict.reason = "Undecodable".into();
    say(&live, &verdict, api, key).await
}

/// Writes conditions to a resource that may not decode, and leaves the rest of its status.
pub(super) async fn say(
    live: &DynamicObject,
    verdict: &Verdict,
    api: Api<DynamicObject>,
    key: &Key,
) -> Result<Option<String>, Fault> {
    let old =
        live.data.get("status").filter(|status| status.is_object()).cloned().unwrap_or_else(|| json!({}));
    let conditions = serde_json::from_value::<Vec<_>>(old["conditions"].clone()).unwrap_or_default();
    let conditions = verdict.write(&conditions, live.metadata.generation, Timestamp::now());
    let mut new = old.clone();
    new["observedGeneration"] = json!(live.metadata.generation);
    new["conditions"] = json!(conditions);
    StatusWriter::new(api, &key.1, live.resource_version(), old).finish(&new).await
}

pub(super) fn has_finalizer(meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> bool {
    meta.finalizers.iter().flatten().any(|name| name == FINALIZER)
}

/// Sets or removes our finalizer; the resourceVersion afterwards.
pub(super) async fn set_finalizer(
    api: &Api<DynamicObject>,
    key: &Key,
    meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    on: bool,
) -> Result<Option<String>, Fault> {
    let mut finalizers: Vec<String> = meta.finalizers.clone().unwrap_or_default();
    finalizers.retain(|name| name != FINALIZER);
    if on {
        finalizers.push(FINALIZER.to_owned());
    }
    let patch = json!({"metadata": {"resourceVersion": meta.resource_version, "finalizers": finalizers}});
    match api.patch_metadata(&key.1, &PatchParams::default(), &Patch::Merge(&patch)).await {
        Ok(written) => Ok(written.metadata.resource_version),
        Err(kube::Error::Api(error)) if error.code == 409 => Err(Fault::RecordConflict),
        Err(kube::Error::Api(error)) if error.code == 404 => Err(Fault::RecordConflict),
        Err(error) => Err(kubernetes(error)),
    }
}
