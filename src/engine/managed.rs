//! What a kind supplies to be run by the engine: one reader, and pure functions.

use std::{collections::BTreeSet, fmt::Debug, future::Future, sync::Arc};

use kube::{CustomResourceExt, Resource, core::NamespaceResourceScope};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::{
    fault::Fault,
    ownership::{Claimant, Sighting},
    session::{ConnectionKey, Session},
};
use crate::{
    api::{Common, Record, ResourceMonitor, SnowflakeWarehouse, Status},
    plan::{Step, Target},
    snowflake::{Statement, catalog::Found},
    values::ident::Ident,
};

/// A kind with objects in Snowflake.
pub trait Managed:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + CustomResourceExt
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Snowflake's word for the kind (`WAREHOUSE`).
    const OBJECT: &'static str;
    /// Whether dropping the object loses data: such objects are retained by default, and not created anew unasked.
    const HOLDS_DATA: bool;
    /// What observing gives.
    type Seen: Send + Sync;
    /// The kind's own part of the status.
    type Summary: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync;

    fn common(&self) -> Common<'_>;
    fn status(&self) -> Option<&Status<Self::Summary>>;

    /// Reads Snowflake and the neighbours. Writes nothing. No answer is older than `as_of`.
    fn observe(
        &self,
        record: &Record,
        session: &Session,
        peers: &dyn Peers,
        as_of: Instant,
    ) -> impl Future<Output = Result<Self::Seen, Fault>> + Send;
    /// Steps from what is seen to what is wanted, in order of dependence; empty is in sync. Pure.
    fn plan(&self, planning: &Planning<'_>, seen: &Self::Seen) -> Result<Vec<Step>, Fault>;
    /// What it waits for although its own object is in sync.
    fn pending(&self, _seen: &Self::Seen) -> Option<Fault> {
        None
    }
    /// This kind's own status fields. The engine writes the rest.
    fn summary(&self, seen: &Self::Seen) -> Self::Summary;
    /// The identity of the object under the resolved name: what a plan without a record takes as its own.
    fn sighting(seen: &Self::Seen) -> Option<Sighting>;
    /// Figures that move by themselves and so are metrics: name to value.
    fn figures(&self, _seen: &Self::Seen) -> Vec<(&'static str, f64)> {
        vec![]
    }

    /// Looks for the object, for its deletion: works although the spec no longer parses.
    fn find(
        session: &Session,
        name: &Ident,
        as_of: Instant,
    ) -> impl Future<Output = Result<Option<Found>, Fault>> + Send;
    /// The least creation: sent again under an intent's request, it tells whether that intent was carried out.
    fn probe(name: &Ident) -> Statement;
    /// The DROP of an object that is proven ours.
    fn drop_statement(name: &Ident) -> Statement;
}

/// What a plan is made with, besides what is seen.
#[derive(Clone, Copy, Debug)]
pub struct Planning<'a> {
    pub claimant: Claimant<'a>,
    pub record: &'a Record,
    pub target: &'a Target,
    pub name: &'a Ident,
    /// No cluster: nothing is dropped or released, and other manifests' objects may be about to be created.
    pub offline: bool,
}

/// The other custom resources, as the watches (or the manifests) have them.
pub trait Peers: Send + Sync {
    /// The monitor that a reference names.
    fn monitor(&self, namespace: &str, name: &str) -> Option<Arc<ResourceMonitor>>;
    /// The resource that is to be the monitor of an account, of several the oldest: namespace and name.
    fn account_monitor(&self, account: &str) -> Option<(String, String)>;
    /// The warehouses whose `resourceMonitorRef` names this monitor, also those that are being deleted.
    fn warehouses_of(&self, namespace: &str, name: &str) -> Vec<Arc<SnowflakeWarehouse>>;
    /// The key of the connection that a reference of this namespace names.
    fn account_of(&self, connection: &ConnectionKey) -> Option<String>;
    /// `created_on` of the object that a resource of the account has recorded as its own under its present name.
    fn identity(&self, object: &Target, account: &str) -> Option<String>;
    /// Another resource that has the better claim to the same object: `namespace/name`.
    fn rival(&self, claim: &Claim<'_>) -> Option<String>;
    /// The names of all objects of a kind that are recorded as ours on this connection.
    fn recorded(&self, kind: &'static str, connection: &ConnectionKey) -> Vec<String>;
}

/// One resource's claim to an object.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub object: &'a Target,
    pub account: &'a str,
    /// Namespace and name of the resource.
    pub by: (&'a str, &'a str),
}

/// Sets of grants, as the record keeps them.
pub type Grants = BTreeSet<String>;

/// Namespace and name of a resource.
pub fn key_of<K: Resource>(resource: &K) -> (&str, &str) {
    let meta = resource.meta();
    (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default())
}
