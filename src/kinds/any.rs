//! A manifest whose kind is known only at run time, for the command line.
//!
//! The same reader, the same plan and the same interpreter as in the operator; only the record is another: without a
//! cluster, an object with our name that our role owns counts as adopted, and nothing is dropped or released.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::future::BoxFuture;
use serde_json::Value as Json;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    api::{CortexPipeline, ManagementPolicy, Record, ResourceMonitor, SnowflakeWarehouse},
    engine::{
        as_of::AsOf,
        execute::{Hands, Outcome, Verdict, execute},
        fault::Fault,
        gate::Gate,
        managed::{Managed, Plan, key_of},
        ownership::resolved_name,
        peers::{Index, connection_of},
        privileges,
        reconcile::{MAX_ROUNDS, Subject, belongs_to, came_too_early, options, planning, rivals, running},
        session::{ConnectionKey, Session},
    },
    plan::{Effect, Note, Sql, Step, Target},
    snowflake::{ClientError, Statement},
    values::ident::Ident,
};

/// What one manifest comes to.
#[derive(Debug)]
pub struct Planned {
    pub target: Target,
    pub steps: Vec<Step>,
    /// One for each step.
    pub verdicts: Vec<Verdict>,
    /// Objects for which there is no plan, and why.
    pub blocked: Vec<(Target, Fault)>,
    /// What a person should know before it is carried out.
    pub warnings: Vec<String>,
    /// What gives the role the privileges that it lacks.
    pub grants: Vec<Statement>,
    /// The role that the statements run with, instead of the connection's.
    pub role: Option<Ident>,
    /// What it waits for, besides: a role or a monitor that is not there.
    pub pending: Option<Fault>,
    pub record: Record,
}

/// A resource of any kind with objects in Snowflake.
pub trait AnyKind: Send + Sync {
    /// `SnowflakeWarehouse`.
    fn kind(&self) -> String;
    /// Snowflake's word for the kind of the object.
    fn object_kind(&self) -> &'static str;
    /// Namespace and name.
    fn key(&self) -> (String, String);
    fn connection(&self) -> ConnectionKey;
    /// The object in Snowflake.
    fn target(&self) -> Result<Target, Fault>;
    /// Tells the others that it is there.
    fn index(&self, index: &Index);
    /// Compares with Snowflake. `record` is what the cluster knows, where there is one.
    fn plan<'a>(
        &'a self,
        session: &'a Session,
        peers: &'a Index,
        as_of: Instant,
        offline: bool,
    ) -> BoxFuture<'a, Result<Planned, Fault>>;
}

/// Whatever is decoded from a manifest, as a kind.
pub fn any<K: Managed>(cr: K, indexed: fn(&K, &Index)) -> Arc<dyn AnyKind> {
    Arc::new(Any { cr, indexed })
}

/// A warehouse among manifests.
pub fn warehouse(cr: SnowflakeWarehouse) -> Arc<dyn AnyKind> {
    any(cr, |cr, index| {
        index.put(cr);
        index.put_warehouse(&Arc::new(cr.clone()));
    })
}

/// A monitor among manifests.
pub fn monitor(cr: ResourceMonitor) -> Arc<dyn AnyKind> {
    any(cr, |cr, index| {
        index.put(cr);
        index.put_monitor(Arc::new(cr.clone()));
    })
}

/// A pipeline among manifests.
pub fn pipeline(cr: CortexPipeline) -> Arc<dyn AnyKind> {
    any(cr, |cr, index| {
        index.put(cr);
    })
}

struct Any<K> {
    cr: K,
    indexed: fn(&K, &Index),
}

impl<K: Managed> AnyKind for Any<K> {
    fn kind(&self) -> String {
        K::kind(&()).into_owned()
    }
    fn object_kind(&self) -> &'static str {
        K::OBJECT
    }
    fn key(&self) -> (String, String) {
        let (namespace, name) = key_of(&self.cr);
        (namespace.to_owned(), name.to_owned())
    }
    fn connection(&self) -> ConnectionKey {
        connection_of(&self.cr)
    }
    fn target(&self) -> Result<Target, Fault> {
        Ok(Target::new(K::OBJECT, resolved_name(&self.cr.common(), key_of(&self.cr).1)?.as_str()))
    }
    fn index(&self, index: &Index) {
        (self.indexed)(&self.cr, index);
    }
    fn plan<'a>(
        &'a self,
        session: &'a Session,
        peers: &'a Index,
        as_of: Instant,
        offline: bool,
    ) -> BoxFuture<'a, Result<Planned, Fault>> {
        Box::pin(plan(&self.cr, session, peers, as_of, offline))
    }
}

async fn plan<K: Managed>(
    cr: &K,
    session: &Session,
    peers: &Index,
    as_of: Instant,
    offline: bool,
) -> Result<Planned, Fault> {
    let common = cr.common();
    let (namespace, metadata_name) = key_of(cr);
    let name = resolved_name(&common, metadata_name)?;
    let target = Target::new(K::OBJECT, name.as_str());
    if common.suspend {
        return Ok(Planned {
            target,
            steps: vec![],
            verdicts: vec![],
            blocked: vec![],
            warnings: vec![],
            grants: vec![],
            role: None,
            pending: None,
            record: Record::default(),
        });
    }
    // Without a cluster there is no uid: every run has one of its own, so no request id repeats.
    let fresh = Uuid::new_v4().to_string();
    let uid = cr.meta().uid.as_deref().unwrap_or(&fresh);
    let rivals = rivals(cr, session, peers)?;
    if let Some((target, rival)) = rivals.iter().next().filter(|_| K::ALONE) {
        return Err(belongs_to(target, rival));
    }
    let mut record = cr.status().map(|status| status.record.clone()).unwrap_or_default();
    let as_of = session.floor(K::OBJECT, name.as_str(), as_of);
    let seen = cr.observe(&record, session, peers, &AsOf::moment(as_of)).await?;
    if offline
        && let Some(sighting) = K::sighting(&seen)
        && sighting.owner.as_deref() == Some(session.account.role.as_str())
    {
        record.apply(&Note::Identity {
            on: target.clone(),
            created_on: sighting.created_on,
            owner: sighting.owner,
            adopted: true,
        });
    }
    let role = cr.role();
    let on = Subject { target: &target, name: &name, role: role.as_ref(), rivals: &rivals };
    let planning =
        crate::engine::managed::Planning { offline, ..planning(common, uid, &record, &on, session) };
    let mut plan = cr.plan(&planning, &seen)?;
    if common.management_policy != ManagementPolicy::Observe {
        privileges::tell(&mut plan, role.as_ref(), session, peers, as_of).await;
    }
    let Plan { steps, blocked, mut warnings, grants, .. } = plan;
    let annotations = cr.meta().annotations.as_ref();
    let gate = Gate {
        common,
        // An approval must fit the next run, too.
        uid: cr.meta().uid.as_deref().unwrap_or_default(),
        record: &record,
        approved: annotations.and_then(|all| all.get(crate::api::APPROVE)).map(String::as_str),
        resource: &format!("{}/{metadata_name}", K::plural(&())),
        namespace,
    };
    let none = blocked.iter().map(|(on, _)| on).collect();
    let mut verdicts = gate.decide(&steps, &none).verdicts;
    let why: HashMap<&Target, &Fault> = blocked.iter().map(|(on, fault)| (on, fault)).collect();
    for (step, verdict) in steps.iter().zip(&mut verdicts) {
        if let (Verdict::Held(held), Some(fault)) = (verdict, why.get(&step.on)) {
            *held = fault.to_string();
        }
    }
    warnings.extend(cr.foresee(&running(&steps, &verdicts), session).await);
    if K::ALONE && common.management_policy == ManagementPolicy::Observe && K::sighting(&seen).is_none() {
        return Err(Fault::NotFound(format!("{target} is only observed, and not there")));
    }
    let pending = cr.pending(&seen);
    Ok(Planned { target, steps, verdicts, blocked, warnings, grants, role, pending, record })
}

impl Planned {
    /// Executes what was planned; `stuck` names objects that are held or failed. What came too early, for its SQL names
    /// an object that another step was to make, is tried again. `report` is told how each step ended, by its number.
    pub async fn execute(
        &mut self,
        session: &Session,
        tag: &str,
        stuck: &mut HashSet<Target>,
        mut report: impl FnMut(usize, &Step, &Outcome),
    ) -> Result<(), Fault> {
        let hands = Offline { session, tag, role: self.role.as_ref() };
        stuck.extend(self.blocked.iter().map(|(on, _)| on.clone()));
        let before = stuck.clone();
        let mut left: Vec<usize> = (0..self.steps.len()).collect();
        for round in 1..=MAX_ROUNDS {
            let steps: Vec<Step> = left.iter().filter_map(|n| self.steps.get(*n).cloned()).collect();
            let verdicts: Vec<Verdict> = left.iter().filter_map(|n| self.verdicts.get(*n).cloned()).collect();
            let mut written = self.record.clone();
            let record = &mut self.record;
            let mut at = left.iter();
            // What may be tried again is told when it has come to its end.
            let told = |step: &Step, outcome: &Outcome| {
                if let Some(n) = at.next().filter(|_| is_settled(outcome)) {
                    report(*n, step, outcome);
                }
            };
            let outcomes = execute(&steps, &verdicts, record, &mut written, &hands, stuck, told).await;
            for step in &steps {
                session.touched(step.on.kind, &step.on.name);
            }
            let outcomes = outcomes?;
            let open = || left.iter().zip(&steps).zip(&outcomes).filter(|(_, outcome)| !is_settled(outcome));
            if round == MAX_ROUNDS || !came_too_early(&steps, &outcomes) {
                open().for_each(|((n, step), outcome)| report(*n, step, outcome));
                break;
            }
            // What failed otherwise, or waits, still bars what comes after it.
            let settled = steps.iter().zip(&outcomes).filter(|(_, outcome)| is_settled(outcome));
            let bars = settled.filter(|(_, outcome)| !matches!(outcome, Outcome::Done));
            stuck.clone_from(&before);
            stuck.extend(bars.map(|(step, _)| step.on.clone()));
            left = open().map(|((n, _), _)| *n).collect();
            for n in &left {
                self.steps.get_mut(*n).into_iter().for_each(renew);
            }
        }
        Ok(())
    }
}

/// Whether another round can't end it otherwise.
fn is_settled(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done | Outcome::Held(_) => true,
        Outcome::Failed(fault) => !fault.misses_object(),
        Outcome::Skipped(_) => false,
    }
}

/// A creation that was refused is another request the next time.
fn renew(step: &mut Step) {
    for effect in &mut step.effects {
        if let Effect::Sql(Sql { intent: Some(intent), .. }) = effect {
            intent.request_id = Uuid::new_v4();
        }
    }
}

/// Statements only: without a cluster there is no record to write.
struct Offline<'a> {
    session: &'a Session,
    tag: &'a str,
    role: Option<&'a Ident>,
}

impl Hands for Offline<'_> {
    async fn sql(&self, sql: &Sql) -> Result<(), ClientError> {
        self.session.client.run(&sql.statement, &options(sql, self.tag, self.role)).await.map(drop)
    }
    async fn remember(&self, _: &Record) -> Result<(), Fault> {
        Ok(())
    }
}

/// Decodes a manifest of any kind with objects. `None`: it is none of ours.
pub fn decode(kind: &str, manifest: Json) -> Option<Result<Arc<dyn AnyKind>, serde_json::Error>> {
    match kind {
        "SnowflakeWarehouse" => Some(serde_json::from_value(manifest).map(warehouse)),
        "ResourceMonitor" => Some(serde_json::from_value(manifest).map(monitor)),
        "CortexPipeline" => Some(serde_json::from_value(manifest).map(pipeline)),
        _ => None,
    }
}
