//! The status of one resource in the cluster: the one place that writes it.

use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::patch::difference;
use crate::{
    api::Record,
    engine::{fault::Fault, managed::Managed, reconcile::Ledger},
};

/// The status of one resource, as it was last read or written.
#[derive(Debug)]
pub(super) struct StatusWriter {
    api: Api<DynamicObject>,
    name: String,
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    version: Option<String>,
    status: Value,
}

/// An API for resources of a kind that also serves those that do not decode.
pub(super) fn dynamic<K: kube::Resource<DynamicType = ()>>(
    client: &Client,
    namespace: &str,
) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<K>(&()))
}

impl StatusWriter {
    pub(super) fn new(api: Api<DynamicObject>, name: &str, version: Option<String>, status: Value) -> Self {
        Self { api, name: name.to_owned(), last: Mutex::new(Last { version, status }) }
    }

    /// For a resource that decodes.
    pub(super) fn of<K: Managed>(client: &Client, cr: &K) -> Self {
        let (namespace, name) = crate::engine::managed::key_of(cr);
        let status =
            cr.status().and_then(|status| serde_json::to_value(status).ok()).unwrap_or_else(|| json!({}));
        Self::new(dynamic::<K>(client, namespace), name, cr.meta().resource_version.clone(), status)
    }

    /// Writes what differs. With `once`, a resource that has changed meanwhile is not written; otherwise it is, as
    /// long as nobody else has written the record. The resourceVersion after a write; `None`: nothing differed.
    async fn write(&self, new: Value, once: bool) -> Result<Option<String>, Fault> {
        let mut last = self.last.lock().await;
        for _ in 0..5 {
            let Some(status) = difference(&last.status, &new) else { return Ok(None) };
            let patch = json!({"metadata": {"resourceVersion": last.version}, "status": status});
            match self.api.patch_status(&self.name, &PatchParams::default(), &Patch::Merge(&patch)).await {
                Ok(written) => {
                    let version = written.resource_version();
                    *last = Last { version: version.clone(), status: new };
                    return Ok(version);
                }
                Err(kube::Error::Api(error)) if error.code == 409 && !once => {
                    let live = self.api.get(&self.name).await.map_err(kubernetes)?;
                    let status = live.data.get("status").cloned().unwrap_or_else(|| json!({}));
                    if record_of(&status) != record_of(&last.status) {
                        return Err(Fault::RecordConflict);
                    }
                    *last = Last { version: live.resource_version(), status };
                }
                Err(kube::Error::Api(error)) if error.code == 409 => return Err(Fault::RecordConflict),
                // It is gone, and its status with it: what could not be recorded must not be begun.
                Err(kube::Error::Api(error)) if error.code == 404 && once => {
                    return Err(Fault::RecordConflict);
                }
                Err(kube::Error::Api(error)) if error.code == 404 => return Ok(None),
                Err(error) => return Err(kubernetes(error)),
            }
        }
        Err(Fault::RecordConflict)
    }

    /// Writes the whole status.
    pub(super) async fn finish(&self, status: &impl serde::Serialize) -> Result<Option<String>, Fault> {
        let status = serde_json::to_value(status).map_err(|error| Fault::Kubernetes(error.to_string()))?;
        self.write(status, false).await
    }
}

/// The record as it is compared: read and written again, so that what is left out equals what is empty.
fn record_of(status: &Value) -> Option<Record> {
    serde_json::from_value(status.get("record").cloned().unwrap_or_else(|| json!({}))).ok()
}

impl Ledger for StatusWriter {
    async fn write(&self, record: &Record) -> Result<(), Fault> {
        let record = serde_json::to_value(record).map_err(|error| Fault::Kubernetes(error.to_string()))?;
        let mut status = self.last.lock().await.status.clone();
        if !status.is_object() {
            status = json!({});
        }
        status["record"] = record;
        // A conflict aborts before any statement: what was planned may not hold any more.
        StatusWriter::write(self, status, true).await.map(drop)
    }
}

pub(super) fn kubernetes(error: kube::Error) -> Fault {
    Fault::Kubernetes(error.to_string())
}
