//! Deletion of one resource: from the record, whatever has become of its spec.

use kube::{Resource, ResourceExt, api::DynamicObject, core::DeserializeGuard};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    context::Context,
    controller::{Operated, Watched},
    ledger::{dynamic, kubernetes},
    resource::{has_finalizer, say, set_finalizer},
    wake::Key,
};
use crate::{
    api::{ABANDON, Record},
    engine::{
        fault::{Again, Fault},
        reconcile::verdict_of,
        session::ConnectionKey,
        teardown::{Wish, teardown, to_drop},
    },
};

pub(super) async fn delete<K: Operated>(
    cr: &DeserializeGuard<K>,
    context: &Context,
    watched: &Watched,
    key: &Key,
) -> Result<Again, Fault> {
    if !has_finalizer(cr.meta()) {
        return Ok(Again::Resync);
    }
    let api = dynamic::<K>(&context.client, &key.0);
    // Read anew: the record decides, and it must be the last one.
    let Some(live) = api.get_opt(&key.1).await.map_err(kubernetes)? else { return Ok(Again::Resync) };
    if live.metadata.deletion_timestamp.is_none() {
        return Ok(Again::Now);
    }
    let record = record(&live)?;
    let entries = to_drop(wish(&live), K::holds_data, &record);
    let mut events = vec![];
    let result = if entries.is_empty() {
        Ok(())
    } else {
        let connection = connection_of(&live, key);
        let tag = format!("snowfence {}/{}/{}", K::kind(&()), key.0, key.1);
        let deadline = Instant::now() + context.settings.deadline;
        let may_go_on = || {
            if !context.leading.load(std::sync::atomic::Ordering::SeqCst) {
                Err(Fault::NotLeading)
            } else if Instant::now() >= deadline {
                Err(Fault::Deadline)
            } else {
                Ok(())
            }
        };
        match context.sessions.get(&connection) {
            Ok(session) => {
                let done = teardown::<K>(&entries, &session, &tag, may_go_on, &mut events).await;
                if let Err(fault) = &done
                    && fault.is_of_connection()
                {
                    super::connections::suspect(context, &connection, fault);
                }
                done
            }
            Err(fault) => Err(fault),
        }
    };
    context.events.tell(cr, events);
    match result {
        Ok(()) => {
            set_finalizer(&api, key, &live.metadata, false).await?;
            // It may wait for this one, which the index does not know if it does not decode.
            let ConnectionKey { namespace, name } = connection_of(&live, key);
            context.wake.wake(super::connections::KIND, (namespace, name), Instant::now());
            if let Some(session) = context.sessions.any(&connection_of(&live, key)) {
                for entry in &record.objects {
                    if let Some(kind) = K::kinds().iter().find(|kind| **kind == entry.kind) {
                        session.forget(kind, &entry.name);
                    }
                }
            }
            Ok(Again::Resync)
        }
        Err(fault) => {
            tracing::warn!(reason = fault.reason(), "deletion waits: {fault}");
            let mut verdict = verdict_of(&fault);
            verdict.message = format!(
                "the object in Snowflake is not dropped yet: {fault}; to let go of it, annotate {ABANDON}=true"
            );
            watched.wrote(key, say(&live, &verdict, api, key).await?);
            let (_, _, again) = fault.row();
            // What waits for a connection is woken by it; everything else is tried again.
            Ok(if again == Again::Resync && !fault.is_of_connection() { Again::Backoff } else { again })
        }
    }
}

/// The record of a resource that may not decode as a whole. A record that is there and can't be read is no licence to
/// forget what it says.
fn record(live: &DynamicObject) -> Result<Record, Fault> {
    match live.data.get("status").and_then(|status| status.get("record")) {
        None | Some(Value::Null) => Ok(Record::default()),
        Some(record) => serde_json::from_value(record.clone()).map_err(|error| {
            Fault::Refused(format!("status.record can't be read ({error}): nothing is dropped"))
        }),
    }
}

/// What the spec says about deletion, as far as it can be read.
fn wish(live: &DynamicObject) -> Wish {
    fn read<T: serde::de::DeserializeOwned>(spec: &Value, field: &str) -> Option<T> {
        serde_json::from_value(spec.get(field)?.clone()).ok()
    }
    let spec = live.data.get("spec").cloned().unwrap_or_default();
    Wish {
        abandon: live.annotations().get(ABANDON).is_some_and(|value| value == "true"),
        management_policy: read(&spec, "managementPolicy").unwrap_or_default(),
        deletion_policy: read(&spec, "deletionPolicy"),
    }
}

/// The connection that a resource names, whether it decodes or not.
pub(super) fn connection_of(live: &DynamicObject, key: &Key) -> ConnectionKey {
    let reference = &live.data["spec"]["connectionRef"];
    let text = |field: &str| reference[field].as_str().map(str::to_owned);
    ConnectionKey {
        namespace: text("namespace").unwrap_or_else(|| key.0.clone()),
        name: text("name").unwrap_or_default(),
    }
}
