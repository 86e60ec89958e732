//! A cluster in memory over an emulator: custom resources with status and resourceVersion, and an operator's process
//! of which nothing survives but the status.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource;
use serde_json::{Value, json};
use snowfence::{
    api::{
        APPROVE, CortexPipeline, Record, Reference, ResourceMonitor, SnowflakeWarehouse, Status,
        monitor::MonitorSpec, pipeline::PipelineSpec, warehouse::WarehouseSpec,
    },
    engine::{
        fault::Fault,
        managed::Managed,
        peers::Index,
        reconcile::{Ledger, Pass, Report, reconcile},
        session::{Account, ConnectionKey, Policy, Session},
        teardown::{self, Wish},
    },
    snowflake::{AccountIdentifier, Client, ClientConfig, Credential, HostPolicy, auth::GivenToken},
    values::ident::Ident,
};
use snowfence_emulator::emulator::Emulator;
use tokio::time::Instant;

use super::fate::{Blow, Fate};

pub const NAMESPACE: &str = "team";

/// A resource as the API server has it.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a few of them, in a map
pub enum Cr {
    Warehouse(SnowflakeWarehouse),
    Monitor(ResourceMonitor),
    Pipeline(CortexPipeline),
}

impl Cr {
    pub fn status(&self) -> Value {
        match self {
            Self::Warehouse(cr) => json!(cr.status),
            Self::Monitor(cr) => json!(cr.status),
            Self::Pipeline(cr) => json!(cr.status),
        }
    }
    fn meta_mut(&mut self) -> &mut kube::core::ObjectMeta {
        match self {
            Self::Warehouse(cr) => cr.meta_mut(),
            Self::Monitor(cr) => cr.meta_mut(),
            Self::Pipeline(cr) => cr.meta_mut(),
        }
    }
    pub fn record(&self) -> Record {
        match self {
            Self::Warehouse(cr) => cr.status.as_ref().map(|status| status.record.clone()),
            Self::Monitor(cr) => cr.status.as_ref().map(|status| status.record.clone()),
            Self::Pipeline(cr) => cr.status.as_ref().map(|status| status.record.clone()),
        }
        .unwrap_or_default()
    }
    /// Reason and message of the condition Ready.
    pub fn ready(&self) -> (String, String, String) {
        let status = self.status();
        let all = status["conditions"].as_array().cloned().unwrap_or_default();
        let ready = all.iter().find(|c| c["type"] == "Ready").cloned().unwrap_or_default();
        let text = |key: &str| ready[key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"), text("message"))
    }
}

/// The resources, each with the number of its last write.
#[derive(Debug, Default)]
pub struct Store {
    pub crs: BTreeMap<String, (u64, Cr)>,
    versions: u64,
    /// Writes of statuses.
    pub writes: usize,
}

pub struct World {
    pub emulator: Emulator,
    pub fate: Arc<Fate>,
    pub store: Arc<Mutex<Store>>,
    session: Arc<Session>,
    role: &'static str,
    pub policy: Policy,
    pub events: Vec<snowfence::engine::reconcile::Event>,
    uids: u64,
    /// Since when the last round read.
    last_round: Option<Instant>,
}

/// How a pass ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Crashed,
}

struct StatusLedger<'a> {
    key: &'a str,
    store: &'a Mutex<Store>,
    fate: &'a Fate,
    version: Mutex<u64>,
}

impl StatusLedger<'_> {
    async fn write_with(&self, change: impl Fn(&mut Cr)) -> Result<(), Fault> {
        let blow = self.fate.effect();
        match blow {
            Some(Blow::CrashBefore) => self.fate.die().await,
            Some(Blow::LostBefore) => return Err(Fault::RecordConflict),
            _ => {}
        }
        {
            let mut store = self.store.lock().unwrap();
            let mut version = self.version.lock().unwrap();
            store.versions += 1;
            let next = store.versions;
            let Some((current, cr)) = store.crs.get_mut(self.key) else { return Err(Fault::RecordConflict) };
            if *current != *version {
                return Err(Fault::RecordConflict);
            }
            change(cr);
            (*current, *version) = (next, next);
            store.writes += 1;
        }
        match blow {
            Some(Blow::CrashAfter) => self.fate.die().await,
            Some(Blow::LostAfter) => Err(Fault::Kubernetes("the answer is lost".into())),
            _ => Ok(()),
        }
    }
}

impl Ledger for StatusLedger<'_> {
    async fn write(&self, record: &Record) -> Result<(), Fault> {
        // As text and back: what is not serialized does not survive.
        let record = json!(record);
        self.write_with(|cr| {
            let record = serde_json::from_value(record.clone()).unwrap();
            match cr {
                Cr::Warehouse(cr) => cr.status.get_or_insert_default().record = record,
                Cr::Monitor(cr) => cr.status.get_or_insert_default().record = record,
                Cr::Pipeline(cr) => cr.status.get_or_insert_default().record = record,
            }
        })
        .await
    }
}

pub fn connection() -> Reference {
    Reference { name: "snow".into(), namespace: None }
}

pub fn session(emulator: &Emulator, fate: &Arc<Fate>, role: &'static str, policy: Policy) -> Session {
    let token = GivenToken::new(&emulator.operator().token.into()).unwrap();
    let account = AccountIdentifier::parse(emulator.identifier()).unwrap();
    let credential = Credential::ProgrammaticAccessToken(token);
    let config = ClientConfig::new(account, None, "operator", credential, &HostPolicy::default()).unwrap();
    let config = config.role(Some(Ident::exact(role).unwrap()));
    let client = Client::new(config, fate.transport(emulator.router()));
    let account = Account { name: emulator.identifier().into(), role: role.into(), ..Account::default() };
    let key = ConnectionKey { namespace: NAMESPACE.into(), name: "snow".into() };
    Session::new(key, client, Duration::ZERO, account, policy)
}

impl World {
    pub fn new(plan: Option<(usize, Blow)>) -> Self {
        Self::with(plan, "ACCOUNTADMIN", Policy::default())
    }
    pub fn with(plan: Option<(usize, Blow)>, role: &'static str, policy: Policy) -> Self {
        Self::over(Emulator::builder().build(), plan, role, policy)
    }
    /// Over an emulator that may have served others: no request of theirs is ever repeated here.
    pub fn over(emulator: Emulator, plan: Option<(usize, Blow)>, role: &'static str, policy: Policy) -> Self {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let fate = Fate::of(plan);
        let session = Arc::new(session(&emulator, &fate, role, policy.clone()));
        let store = Arc::default();
        Self {
            emulator,
            fate,
            store,
            session,
            role,
            policy,
            events: vec![],
            uids: WORLDS.fetch_add(1_000, Ordering::Relaxed),
            last_round: None,
        }
    }

    /// Another process, which knows nothing but the statuses.
    pub fn restart(&mut self) {
        self.fate.revive();
        self.session = Arc::new(session(&self.emulator, &self.fate, self.role, self.policy.clone()));
    }

    pub fn admin(&self, sql: &str) {
        for sql in sql.split("; ") {
            self.emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }

    fn put(&mut self, key: String, make: impl FnOnce(Option<Cr>) -> Cr) {
        let mut store = self.store.lock().unwrap();
        let old = store.crs.get(&key).map(|(_, cr)| cr.clone());
        self.uids += u64::from(old.is_none());
        let mut cr = make(old.clone());
        let meta = cr.meta_mut();
        meta.namespace = Some(NAMESPACE.into());
        if old.is_none() {
            meta.uid = Some(format!("00000000-0000-4000-8000-{:012}", self.uids));
            let created = Timestamp::from_second(1_700_000_000 + i64::try_from(self.uids).unwrap()).unwrap();
            meta.creation_timestamp = Some(Time(created));
        }
        meta.generation = Some(meta.generation.unwrap_or_default() + 1);
        store.versions += 1;
        let version = store.versions;
        store.crs.insert(key, (version, cr));
    }
    pub fn warehouse(&mut self, name: &str, spec: WarehouseSpec) {
        let spec = WarehouseSpec { connection_ref: connection(), ..spec };
        self.put(format!("w/{name}"), |old| match old {
            Some(Cr::Warehouse(cr)) => Cr::Warehouse(SnowflakeWarehouse { spec, ..cr }),
            _ => Cr::Warehouse(SnowflakeWarehouse::new(name, spec)),
        });
    }
    pub fn monitor(&mut self, name: &str, spec: MonitorSpec) {
        let spec = MonitorSpec { connection_ref: connection(), ..spec };
        self.put(format!("m/{name}"), |old| match old {
            Some(Cr::Monitor(cr)) => Cr::Monitor(ResourceMonitor { spec, ..cr }),
            _ => Cr::Monitor(ResourceMonitor::new(name, spec)),
        });
    }
    pub fn pipeline(&mut self, name: &str, spec: PipelineSpec) {
        let spec = PipelineSpec { connection_ref: connection(), ..spec };
        self.put(format!("p/{name}"), |old| match old {
            Some(Cr::Pipeline(cr)) => Cr::Pipeline(CortexPipeline { spec, ..cr }),
            _ => Cr::Pipeline(CortexPipeline::new(name, spec)),
        });
    }
    pub fn get(&self, key: &str) -> Cr {
        self.store.lock().unwrap().crs[key].1.clone()
    }
    pub fn keys(&self) -> Vec<String> {
        // Warehouses sort after monitors; the other order needs fewer rounds.
        self.store.lock().unwrap().crs.keys().rev().cloned().collect()
    }

    /// Writes the approval that the condition asks for. False: it asks for none.
    pub fn approve(&mut self, key: &str) -> bool {
        let message = self.get(key).ready().2;
        let Some((_, hash)) = message.split_once(&format!("{APPROVE}=")) else { return false };
        let hash = hash.split_whitespace().next().unwrap().to_owned();
        let mut store = self.store.lock().unwrap();
        store.versions += 1;
        let version = store.versions;
        let (current, cr) = store.crs.get_mut(key).unwrap();
        *current = version;
        cr.meta_mut().annotations.get_or_insert_default().insert(APPROVE.into(), hash);
        true
    }

    pub fn index(&self) -> Index {
        let index = Index::default();
        for (_, cr) in self.store.lock().unwrap().crs.values() {
            match cr {
                Cr::Warehouse(cr) => {
                    index.put(cr);
                    index.put_warehouse(&Arc::new(cr.clone()));
                }
                Cr::Monitor(cr) => {
                    index.put(cr);
                    index.put_monitor(Arc::new(cr.clone()));
                }
                Cr::Pipeline(cr) => {
                    index.put(cr);
                }
            }
        }
        index.put_account(self.session.key.clone(), self.session.account.name.clone());
        index
    }

    /// One pass over one resource, as of now.
    pub async fn pass(&mut self, key: &str) -> End {
        let as_of = Instant::now();
        self.pass_as_of(key, as_of).await
    }

    /// One pass with reads as old as `as_of`.
    pub async fn pass_as_of(&mut self, key: &str, as_of: Instant) -> End {
        self.pass_between(key, (as_of, as_of)).await
    }

    /// A pass because the spec has changed: what was read in the last round serves for what is left alone.
    pub async fn change(&mut self, key: &str) -> End {
        let now = Instant::now();
        self.pass_between(key, (now, self.last_round.unwrap_or(now))).await
    }

    async fn pass_between(&mut self, key: &str, times: (Instant, Instant)) -> End {
        let (index, session, fate, store) =
            (self.index(), self.session.clone(), self.fate.clone(), self.store.clone());
        let Some((version, cr)) = store.lock().unwrap().crs.get(key).cloned() else { return End::Done };
        let ledger = StatusLedger { key, store: &store, fate: &fate, version: Mutex::new(version) };
        let mut events = vec![];
        let work = async {
            match &cr {
                Cr::Warehouse(cr) => one(cr, &session, &index, &ledger, times, &mut events).await,
                Cr::Monitor(cr) => one(cr, &session, &index, &ledger, times, &mut events).await,
                Cr::Pipeline(cr) => one(cr, &session, &index, &ledger, times, &mut events).await,
            }
        };
        let end = tokio::select! {
            () = work => End::Done,
            () = fate.death() => End::Crashed,
        };
        self.events.append(&mut events);
        fate.revive();
        if end == End::Crashed {
            self.restart();
        }
        end
    }

    /// A pass over every resource: they share what is read as of now.
    pub async fn round(&mut self) {
        let as_of = Instant::now();
        self.last_round = Some(as_of);
        for key in self.keys() {
            self.pass_as_of(&key, as_of).await;
        }
    }

    /// Everything written until now: statements and statuses.
    pub fn writes(&self) -> (usize, usize) {
        (self.fate.statements(), self.store.lock().unwrap().writes)
    }
    /// Everything tried until now: also what came to nothing.
    pub fn effects(&self) -> usize {
        self.fate.effects()
    }

    /// Rounds until nothing is written any more.
    pub async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..12 {
            let before = self.effects();
            self.round().await;
            if before == self.effects() {
                return Ok(());
            }
        }
        Err(format!("after 12 rounds there are writes still: {}", self.describe()))
    }

    pub fn describe(&self) -> String {
        let all: Vec<_> =
            self.keys().iter().map(|key| format!("{key}: {:#}", self.get(key).status())).collect();
        all.join("\n")
    }

    /// Deletes a resource: the finalizer goes, and the resource with it, once this returns true.
    pub async fn delete(&mut self, key: &str, wish: Wish) -> Result<bool, Fault> {
        let (session, fate) = (self.session.clone(), self.fate.clone());
        let record = self.get(key).record();
        let mut events = vec![];
        let work = async {
            match key.split('/').next() {
                Some("w") => tear::<SnowflakeWarehouse>(wish, &record, &session, &mut events).await,
                Some("p") => tear::<CortexPipeline>(wish, &record, &session, &mut events).await,
                _ => tear::<ResourceMonitor>(wish, &record, &session, &mut events).await,
            }
        };
        let result = tokio::select! {
            result = work => Some(result),
            () = fate.death() => None,
        };
        self.events.append(&mut events);
        fate.revive();
        let Some(result) = result else {
            self.restart();
            return Ok(false);
        };
        result?;
        self.store.lock().unwrap().crs.remove(key);
        Ok(true)
    }
}

async fn tear<K: Managed>(
    wish: Wish,
    record: &Record,
    session: &Session,
    events: &mut Vec<snowfence::engine::reconcile::Event>,
) -> Result<(), Fault> {
    let entries = teardown::to_drop(wish, K::holds_data, record);
    teardown::teardown::<K>(&entries, session, "test", || Ok(()), events).await
}

async fn one<K: Managed>(
    cr: &K,
    session: &Session,
    index: &Index,
    ledger: &StatusLedger<'_>,
    (as_of, since): (Instant, Instant),
    events: &mut Vec<snowfence::engine::reconcile::Event>,
) {
    let leading = AtomicBool::new(true);
    let pass = Pass {
        session,
        peers: index,
        ledger,
        as_of,
        since,
        now: Timestamp::now(),
        deadline: Instant::now() + Duration::from_secs(3600),
        leading: &leading,
        news: false,
    };
    let report: Report<K> = reconcile(cr, &pass).await;
    events.extend(report.events);
    let Some(status) = report.status else { return };
    // Compared with what the last write of the record left.
    let record = ledger.store.lock().unwrap().crs[ledger.key].1.record();
    if cr.status().is_some_and(|old| Status { record: record.clone(), ..old.clone() } == status) {
        return;
    }
    // As text and back: what is not serialized does not survive.
    let status = json!(status);
    let _ = ledger
        .write_with(|cr| match cr {
            Cr::Warehouse(cr) => cr.status = Some(serde_json::from_value(status.clone()).unwrap()),
            Cr::Monitor(cr) => cr.status = Some(serde_json::from_value(status.clone()).unwrap()),
            Cr::Pipeline(cr) => cr.status = Some(serde_json::from_value(status.clone()).unwrap()),
        })
        .await;
}
