//! Lives a life, once undisturbed and once for each blow at each effect, and says what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use snowfence::{
    api::{ManagementPolicy, monitor::MonitorSpec},
    engine::session::Policy,
};
use snowfence_emulator::{account::Account, emulator::Emulator};

use super::{
    case::{Event, Life},
    oracle,
};
use crate::support::{
    account::{Thing, look},
    fate::Blow,
    world::{Cr, Store, World},
};

/// How a life ended.
#[derive(Debug)]
pub struct End {
    pub effects: usize,
    pub things: Vec<Thing>,
    pub verdicts: BTreeMap<String, String>,
    pub notifications: usize,
}

type Foreign = BTreeMap<(&'static str, String), Thing>;

struct Liver {
    world: World,
    foreign: Foreign,
    sins: Arc<Mutex<Vec<String>>>,
    /// Grants that others gave, by identity of the object.
    theirs: BTreeMap<(&'static str, String), BTreeSet<String>>,
    seen: u64,
    /// What the account held after so many statements.
    looked: (u64, Vec<Thing>),
}

/// The account before anything happens.
const FOUNDATION: &str = "CREATE ROLE R1; CREATE ROLE R2; CREATE ROLE \"quoted role\"; CREATE DATABASE D; CREATE SCHEMA D.S; \
    CREATE INTERACTIVE TABLE D.S.T1 (A NUMBER(38,0)) CLUSTER BY (A); CREATE INTERACTIVE TABLE D.S.T2 (A NUMBER(38,0)) CLUSTER BY (A); \
    CREATE INTERACTIVE TABLE D.S.\"t 3\" (A NUMBER(38,0)) CLUSTER BY (A); \
    CREATE WAREHOUSE FALLBACK INITIALLY_SUSPENDED = TRUE; CREATE WAREHOUSE \"fall back\" INITIALLY_SUSPENDED = TRUE; \
    CREATE USER ANN EMAIL = 'ann@example.com'; CREATE USER \"b,ob\" EMAIL = 'bob@example.com'; CREATE USER CARL EMAIL = 'carl@example.com'; \
    CREATE RESOURCE MONITOR FOREIGN WITH CREDIT_QUOTA = 1";

/// An emulator whose account begins anew with each life: making one is the dearest part of a life.
pub struct Stage {
    emulator: Emulator,
    account: Account,
}

impl Stage {
    pub fn new() -> Self {
        let emulator = Emulator::builder().build();
        for statement in FOUNDATION.split("; ") {
            let done = emulator.execute_as("ACCOUNTADMIN", statement);
            done.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        // What moves by itself moves: running, queued and their like.
        emulator.account().lock().unwrap().set_restless(true);
        let account = emulator.account().lock().unwrap().clone();
        Self { emulator, account }
    }
    fn set(&self) -> Emulator {
        *self.emulator.account().lock().unwrap() = self.account.clone();
        self.emulator.clone()
    }
}

/// Lives it. `hasty`: the next event does not wait until the disturbed one is settled.
pub async fn live(
    stage: &Stage,
    life: &Life,
    blow: Option<(usize, Blow)>,
    hasty: bool,
) -> Result<End, String> {
    let world = World::over(stage.set(), blow, "ACCOUNTADMIN", Policy::default());
    let sins: Arc<Mutex<Vec<String>>> = Arc::default();
    let (store, record) = (world.store.clone(), sins.clone());
    world.fate.tell(Box::new(move |text, id| witness(&store, text, id, &record)));
    let seen = world.emulator.last_statement();
    let mut liver =
        Liver { world, foreign: Foreign::new(), sins, theirs: BTreeMap::new(), seen, looked: (0, vec![]) };
    let refers = |name: &str| {
        life.events.iter().any(|event| {
            matches!(event, Event::Warehouse(_, spec) if spec.resource_monitor_ref.as_ref().is_some_and(|r| r.name == name))
        })
    };
    for name in ["one", "two"].into_iter().filter(|name| refers(name)) {
        let spec = MonitorSpec { credit_quota: Some(10), ..MonitorSpec::default() };
        liver.world.monitor(name, spec);
    }
    liver.settle().await?;
    let last = life.events.len() - 1;
    for (n, event) in life.events.iter().enumerate() {
        let armed = liver.world.fate.is_armed();
        liver.happen(event);
        if hasty && armed && n < last {
            liver.round().await.map_err(|sin| format!("at event {n}: {sin}"))?;
            if !liver.world.fate.is_armed() {
                // The blow fell: what follows comes at once.
                continue;
            }
        }
        liver.settle().await.map_err(|sin| format!("at event {n}, {event:?}: {sin}"))?;
    }
    let effects = liver.world.fate.effects();
    liver.quiet(if blow.is_none() { 10 } else { 0 }).await?;
    oracle::check(&liver.world)?;
    let verdicts = liver.world.keys().into_iter().map(|key| {
        let (status, reason, _) = liver.world.get(&key).ready();
        (key, format!("{status} {reason}"))
    });
    let notifications = liver.world.emulator.account().lock().unwrap().notifications().len();
    Ok(End { effects, verdicts: verdicts.collect(), things: look(&liver.world.emulator), notifications })
}

/// What must hold of each statement before it is carried out.
fn witness(store: &Mutex<Store>, text: &str, id: &str, sins: &Mutex<Vec<String>>) {
    let store = store.lock().unwrap();
    let sin = |what: &str| sins.lock().unwrap().push(format!("{what}: {text}"));
    let intents = || {
        let records = store.crs.values().map(|(_, cr)| cr.record());
        let entries: Vec<_> = records.flat_map(|record| record.objects).collect();
        entries.into_iter().filter_map(|entry| entry.intent).map(|intent| intent.request_id.to_string())
    };
    if text.starts_with("CREATE") && !intents().any(|intent| intent == id) {
        sin("created without an intent in the record");
    }
    if text.starts_with("CREATE OR REPLACE") && store.crs.values().all(|(_, cr)| cr.record().approvals == 0) {
        sin("replaced without an approval");
    }
    if text.starts_with("DROP") {
        sin("dropped, though no deletion was asked for");
    }
}

impl Liver {
    fn happen(&mut self, event: &Event) {
        match event.clone() {
            Event::Warehouse(name, spec) => self.world.warehouse(name, *spec),
            Event::Monitor(name, spec) => self.world.monitor(name, *spec),
            Event::Restart => self.world.restart(),
            Event::Spend(monitor, credits) => {
                let now = self.world.emulator.now();
                self.world.emulator.account().lock().unwrap().use_credits(monitor, credits, now);
                self.looked.1.clear();
            }
            Event::Approve(key) => {
                self.world.approve(key);
            }
            Event::Hand(role, sql) => {
                let before = look(&self.world.emulator);
                for statement in sql.split("; ") {
                    // What the account refuses is not done.
                    let _ = self.world.emulator.execute_as(role, statement);
                }
                let after = look(&self.world.emulator);
                self.by_hand(&before, &after);
                self.looked.1 = after;
            }
        }
    }

    /// What others give is theirs, what they take is gone, and what they create or change is as they leave it.
    fn by_hand(&mut self, before: &[Thing], after: &[Thing]) {
        let recorded = self.recorded();
        for thing in after {
            let id = (thing.kind, thing.created_on.clone());
            let old = before.iter().find(|old| old.kind == thing.kind && old.created_on == thing.created_on);
            let had: BTreeSet<_> = old.map(|old| old.grants.iter().cloned().collect()).unwrap_or_default();
            let has: BTreeSet<_> = thing.grants.iter().cloned().collect();
            let theirs = self.theirs.entry(id.clone()).or_default();
            let ours = |grant: &String| {
                let key = grant.replacen(" TO ", " TO ROLE ", 1);
                recorded
                    .iter()
                    .any(|(kind, created, grants)| *kind == id.0 && *created == id.1 && grants.contains(&key))
            };
            theirs.extend(has.difference(&had).filter(|grant| !ours(grant)).cloned());
            theirs.retain(|grant| has.contains(grant));
        }
        self.note_foreign(after);
    }

    /// Kind, `created_on` and grants of everything that is recorded.
    fn recorded(&self) -> Vec<(String, String, BTreeSet<String>)> {
        let keys = self.world.keys();
        let entries = keys.iter().flat_map(|key| self.world.get(key).record().objects);
        entries.filter_map(|entry| Some((entry.kind, entry.created_on?, entry.grants))).collect()
    }

    /// Names of what may be ours without the record knowing its identity yet.
    fn pending(&self) -> BTreeSet<String> {
        let keys = self.world.keys();
        let entries = keys.iter().flat_map(|key| self.world.get(key).record().objects);
        entries.filter(|entry| entry.intent.is_some()).map(|entry| entry.name).collect()
    }

    fn note_foreign(&mut self, things: &[Thing]) {
        let (recorded, pending) = (self.recorded(), self.pending());
        let is_ours = |thing: &Thing| {
            recorded.iter().any(|(kind, created, _)| kind == thing.kind && *created == thing.created_on)
                || pending.contains(&thing.name)
        };
        let foreign = things.iter().filter(|thing| !is_ours(thing));
        self.foreign = foreign.map(|thing| ((thing.kind, thing.created_on.clone()), thing.clone())).collect();
    }

    fn look(&mut self) -> Vec<Thing> {
        let writes = self.world.fate.statements() as u64;
        if self.looked.0 != writes || self.looked.1.is_empty() {
            self.looked = (writes, look(&self.world.emulator));
        }
        self.looked.1.clone()
    }

    /// Nothing foreign was touched, and no grant of others was taken.
    fn check(&mut self) -> Result<(), String> {
        let things = self.look();
        let keys = self.world.keys();
        let adopted = |thing: &Thing| {
            keys.iter().map(|key| self.world.get(key)).any(|cr| {
                cr.record().objects.iter().any(|entry| {
                    entry.kind == thing.kind
                        && entry.created_on.as_ref() == Some(&thing.created_on)
                        && entry.adopted
                })
            })
        };
        let attachable = |cells: &BTreeMap<String, Option<String>>| {
            let mut cells = cells.clone();
            // Assigning a monitor to the account changes the level of the one before.
            cells.remove("level");
            cells
        };
        for (id, was) in &self.foreign {
            let Some(is) = things.iter().find(|thing| (thing.kind, &thing.created_on) == (id.0, &id.1))
            else {
                return Err(format!("{} {} was not ours and is gone", was.kind, was.name));
            };
            let same = is.name == was.name
                && is.parameters == was.parameters
                && is.grants == was.grants
                && attachable(&is.cells) == attachable(&was.cells);
            if !same && !adopted(is) {
                return Err(format!("not ours, and changed: {was:?} is now {is:?}"));
            }
        }
        let ours: Vec<_> = things.iter().filter(|thing| adopted(thing)).collect();
        self.foreign
            .retain(|id, _| !ours.iter().any(|thing| (thing.kind, &thing.created_on) == (id.0, &id.1)));
        for thing in &things {
            let theirs = self.theirs.get(&(thing.kind, thing.created_on.clone()));
            if let Some(gone) = theirs.into_iter().flatten().find(|grant| !thing.grants.contains(grant)) {
                return Err(format!("the grant {gone} on {} was not given here and was revoked", thing.name));
            }
        }
        if let Some(sin) = self.sins.lock().unwrap().first() {
            return Err(sin.clone());
        }
        for statement in self.world.emulator.statements(self.seen) {
            self.seen = statement.seq;
            // What exists already, what is absent (a role), and what was in the way.
            // (090269: the account's monitor can't notify users; somebody else made it the account's.)
            let known = ["090001", "002002", "002003", "090269"].contains(&statement.code.as_str());
            if statement.client != "emulator" && !known {
                return Err(format!("Snowflake refused with {}: {}", statement.code, statement.text));
            }
        }
        Ok(())
    }

    async fn round(&mut self) -> Result<(), String> {
        self.world.round().await;
        self.check()
    }

    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..12 {
            let before = (self.world.effects(), self.world.fate.is_armed());
            self.round().await?;
            let after = (self.world.effects(), self.world.fate.is_armed());
            // A pass confirms what it did; only what several do to each other needs another round. That nothing more
            // is written is asked at the end.
            let keys = self.world.keys();
            let alone = matches!(&keys[..], [key] if self.world.get(key).ready().1 == "InSync")
                && before.1 == after.1;
            if before.0 == after.0 || alone {
                let things = self.look();
                self.note_foreign(&things);
                return Ok(());
            }
        }
        let log = self.world.emulator.statements(self.seen.saturating_sub(40));
        let log: Vec<_> = log
            .into_iter()
            .filter(|s| s.client != "emulator")
            .map(|s| format!("{} {}", s.code, s.text))
            .collect();
        Err(format!("not settled after 12 rounds: {}\n{}", self.world.describe(), log.join("\n")))
    }

    /// Ten resyncs, a restart, and a change of leader: nothing is written.
    async fn quiet(&mut self, resyncs: usize) -> Result<(), String> {
        let before = self.world.writes();
        for n in 0..resyncs + 2 {
            self.round().await?;
            if before != self.world.writes() {
                return Err(format!("written at resync {n}: {}", self.world.describe()));
            }
            if n + 1 >= resyncs {
                self.world.restart();
            }
        }
        Ok(())
    }
}

/// Whether a resource may write at all.
pub fn observes(cr: &Cr) -> bool {
    let policy = match cr {
        Cr::Warehouse(cr) => cr.spec.management_policy,
        Cr::Monitor(cr) => cr.spec.management_policy,
        Cr::Pipeline(cr) => cr.spec.management_policy,
    };
    policy == Some(ManagementPolicy::Observe)
}
