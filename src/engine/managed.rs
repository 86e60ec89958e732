//! What a kind supplies to be run by the engine: one reader, and pure functions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    future::Future,
    sync::Arc,
};

use kube::{CustomResourceExt, Resource, core::NamespaceResourceScope};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::{
    as_of::AsOf,
    fault::Fault,
    ownership::{Claimant, Sighting, resolved_name},
    privileges::Need,
    session::{ConnectionKey, Session},
};
use crate::{
    api::{Common, Record, ResourceMonitor, SnowflakeWarehouse, Status, pipeline::shared::BodyFrom},
    plan::{Step, Target},
    snowflake::Statement,
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
    /// Snowflake's word for the kind (`WAREHOUSE`); for a resource with many objects a word of ours.
    const OBJECT: &'static str;
    /// Whether the resource is one object of that kind; otherwise it has many, each of a kind of its own.
    const ALONE: bool = true;
    /// What observing gives.
    type Seen: Send + Sync;
    /// The kind's own part of the status.
    type Summary: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync;

    /// The kinds of its objects, in Snowflake's words.
    fn kinds() -> &'static [&'static str] {
        const { &[Self::OBJECT] }
    }
    /// Whether dropping an object of a kind loses data or an offset: such objects are retained by default, and not
    /// created anew unasked.
    fn holds_data(kind: &str) -> bool;
    fn common(&self) -> Common<'_>;
    /// The objects that it claims.
    fn targets(&self) -> Result<Vec<Target>, Fault> {
        let name = resolved_name(&self.common(), key_of(self).1)?;
        Ok(vec![Target::new(Self::OBJECT, name.as_str())])
    }
    /// The ConfigMaps of its namespace that it takes texts from.
    fn config_maps(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
    /// Where those texts belong: they are filled in before it is observed.
    fn texts(&mut self) -> Vec<&mut BodyFrom> {
        vec![]
    }
    /// The role that its statements run with, instead of the connection's.
    fn role(&self) -> Option<Ident> {
        None
    }
    fn status(&self) -> Option<&Status<Self::Summary>>;

    /// The kind with whose list an object is read.
    fn listed_as(kind: &'static str) -> &'static str {
        kind
    }
    /// Other kinds whose lists decide what a change of an object does.
    fn judged_by(_kind: &str) -> &'static [&'static str] {
        &[]
    }
    /// Whether objects of other kinds lie in one.
    fn is_place(_kind: &str) -> bool {
        false
    }
    /// Reads Snowflake and the neighbours. Writes nothing. No answer is older than `as_of` says.
    fn observe(
        &self,
        record: &Record,
        session: &Session,
        peers: &dyn Peers,
        as_of: &AsOf,
    ) -> impl Future<Output = Result<Self::Seen, Fault>> + Send;
    /// Steps from what is seen to what is wanted, in order of dependence; empty is in sync. Pure.
    fn plan(&self, planning: &Planning<'_>, seen: &Self::Seen) -> Result<Plan, Fault>;
    /// What a person should know before these steps are carried out, and only Snowflake can tell.
    fn foresee(&self, _steps: &[&Step], _session: &Session) -> impl Future<Output = Vec<String>> + Send {
        async { vec![] }
    }
    /// What it waits for although its own object is in sync.
    fn pending(&self, _seen: &Self::Seen) -> Option<Fault> {
        None
    }
    /// This kind's own status fields. The engine writes the rest. `tally` is what is not in sync.
    fn summary(&self, seen: &Self::Seen, tally: &Tally) -> Self::Summary;
    /// The identity of the object under the resolved name: what a plan without a record takes as its own.
    fn sighting(seen: &Self::Seen) -> Option<Sighting>;
    /// Figures that move by themselves and so are metrics: name to value.
    fn figures(&self, _seen: &Self::Seen) -> Vec<(&'static str, f64)> {
        vec![]
    }

    /// Looks for an object, for its deletion: works although the spec no longer parses.
    fn find(
        session: &Session,
        on: &Target,
        as_of: Instant,
    ) -> impl Future<Output = Result<Option<Sighting>, Fault>> + Send;
    /// The least creation: sent again under an intent's request, it tells whether that intent was carried out. `None`:
    /// the kind has none, or the name is not one of Snowflake's.
    fn probe(on: &Target) -> Option<Statement>;
    /// What must stop before the first of these is dropped. They are in the order of their creation.
    fn before_drop(_on: &[Target]) -> Vec<Statement> {
        vec![]
    }
    /// Why none of these may be dropped: what is of somebody else would go with one.
    fn spares(
        _on: &[Target],
        _session: &Session,
        _as_of: Instant,
    ) -> impl Future<Output = Result<Option<Fault>, Fault>> + Send {
        async { Ok(None) }
    }
    /// Objects of a higher rank are dropped after those of a lower one; otherwise the last first.
    fn drop_rank(_kind: &str) -> u8 {
        0
    }
    /// The DROP of an object that is proven ours. `None`: the name is not one of Snowflake's.
    fn drop_statement(on: &Target) -> Option<Statement>;
}

/// What is to be done, and what can't be.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Objects for which there is no step that could help. What comes after them waits; all others go on.
    pub blocked: Vec<(Target, Fault)>,
    /// What a person should know before it is carried out: what it may cost.
    pub warnings: Vec<String>,
    /// The privileges that the steps need, with what they are needed for.
    pub needs: Vec<(Need, Target)>,
    /// What gives the role the privileges that it lacks.
    pub grants: Vec<Statement>,
}

impl From<Vec<Step>> for Plan {
    fn from(steps: Vec<Step>) -> Self {
        Self { steps, ..Self::default() }
    }
}

/// What is not in sync after a pass.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub troubles: Vec<Trouble>,
    /// The command that lets what is orphaned be dropped.
    pub orphans: Option<String>,
    /// What gives the role the privileges that it lacks.
    pub grants: Vec<Statement>,
}

/// One object that is not in sync.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub on: Target,
    pub what: What,
    /// Why; for what is skipped, what it comes after.
    pub why: String,
    pub fault: Option<Fault>,
}

/// How an object is not in sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Snowflake refused a statement, or there is no plan for it.
    Failed,
    /// It comes after one that failed or waits.
    Skipped,
    /// It waits for approval.
    Held,
    /// It is no longer wanted, and is kept.
    Orphaned,
}

/// What a plan is made with, besides what is seen.
#[derive(Clone, Copy, Debug)]
pub struct Planning<'a> {
    pub claimant: Claimant<'a>,
    pub record: &'a Record,
    pub target: &'a Target,
    pub name: &'a Ident,
    /// Objects that other resources have the better claim to, and which.
    pub rivals: &'a BTreeMap<Target, String>,
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
    /// Whether a resource of the account wants the object, be it there or not.
    fn wanted(&self, object: &Target, account: &str) -> bool;
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
