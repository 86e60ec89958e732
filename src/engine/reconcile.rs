//! One way through: observe, plan, gate, execute, confirm, report.

use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    as_of::AsOf,
    conditions::{self, Verdict},
    execute::{Hands, Outcome, Verdict as Gated, execute},
    fault::{Again, Fault, Shown},
    gate::{Decision, Gate, Waiting, short},
    managed::{Claim, Managed, Peers, Plan, Planning, Tally, Trouble, What, key_of},
    ownership::{Claimant, Former, resolved_name},
    privileges,
    session::Session,
};
use crate::{
    api::{APPROVE, Common, ManagementPolicy, Record, Status, record::Unconverged},
    plan::{Action, Change, Sql, Step, Target, step::Hold},
    snowflake::{ClientError, RunOptions},
    values::ident::Ident,
};

/// How often the same change is executed before the engine gives up on it.
const MAX_TRIES: i32 = 3;
/// How many different plans one pass executes.
pub(crate) const MAX_ROUNDS: usize = 8;
/// The event of a step that failed.
const FAILED: &str = "Failed";

/// Where the record is kept.
pub trait Ledger: Send + Sync {
    /// Writes the record, unless somebody else has written it since it was read.
    fn write(&self, record: &Record) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// What one pass works with.
#[allow(missing_debug_implementations)] // references to what has none
pub struct Pass<'a, L> {
    pub session: &'a Session,
    pub peers: &'a dyn Peers,
    pub ledger: &'a L,
    /// Nothing is done by what was read before.
    pub as_of: Instant,
    /// Nothing that was read before serves for anything. Earlier than `as_of`: since then only the spec has changed.
    pub since: Instant,
    pub now: Timestamp,
    pub deadline: Instant,
    /// False as soon as another operator may lead.
    pub leading: &'a AtomicBool,
    /// What it refers to has changed: a difference is no drift.
    pub news: bool,
}

/// Something that a person wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub warning: bool,
    /// CamelCase.
    pub reason: &'static str,
    pub note: String,
}

/// What came of a pass.
#[derive(Debug)]
pub struct Report<K: Managed> {
    /// `None`: nothing is to be written, whatever it says now.
    pub status: Option<Status<K::Summary>>,
    pub again: Again,
    pub events: Vec<Event>,
    /// Fields that had drifted.
    pub drift: usize,
    /// Whether something was executed.
    pub executed: bool,
    pub figures: Vec<(&'static str, f64)>,
    pub fault: Option<Fault>,
}

struct Through<S> {
    seen: S,
    verdict: Verdict,
    tally: Tally,
    /// What some of the objects met; the others were looked after.
    fault: Option<Fault>,
}

/// One pass over one resource that is not being deleted.
pub async fn reconcile<K: Managed, L: Ledger>(cr: &K, pass: &Pass<'_, L>) -> Report<K> {
    let old = cr.status().cloned().unwrap_or_default();
    let mut report = Report {
        status: None,
        again: Again::Resync,
        events: vec![],
        drift: 0,
        executed: false,
        figures: vec![],
        fault: None,
    };
    let mut record = old.record.clone();
    let result = if cr.common().suspend {
        Err(None)
    } else {
        through(cr, pass, &mut record, &mut report).await.map_err(Some)
    };
    let (verdict, summary, fault) = match result {
        Ok(Through { seen, verdict, tally, fault }) => {
            report.figures = cr.figures(&seen);
            let summary =
                if fault.is_some() && K::ALONE { old.summary.clone() } else { cr.summary(&seen, &tally) };
            (verdict, summary, fault)
        }
        Err(None) => (suspended(&old), old.summary.clone(), None),
        Err(Some(fault)) => (verdict_of(&fault), old.summary.clone(), Some(fault)),
    };
    if let Some(fault) = fault {
        let (_, shown, again) = fault.row();
        report.again = again;
        let quiet = shown == Shown::Quiet
            || (fault.is_of_connection() && is_settled::<K>(cr) && record == old.record);
        report.fault = Some(fault);
        if quiet {
            return report;
        }
    }
    report.status = Some(written(cr, &old, &verdict, record, summary, pass.now));
    report
}

/// The status that a verdict gives.
fn written<K: Managed>(
    cr: &K,
    old: &Status<K::Summary>,
    verdict: &Verdict,
    record: Record,
    summary: K::Summary,
    now: Timestamp,
) -> Status<K::Summary> {
    let generation = cr.meta().generation;
    let conditions = verdict.write(&old.conditions, generation, now);
    Status { observed_generation: generation, conditions, record, summary }
}

/// How a fault reads in the conditions.
pub fn verdict_of(fault: &Fault) -> Verdict {
    match fault.row() {
        (reason, Shown::Stalled, _) => Verdict::stalled(reason, fault.to_string()),
        (reason, ..) => Verdict::reconciling(reason, fault.to_string()),
    }
}

fn suspended<T>(old: &Status<T>) -> Verdict {
    let before = old.conditions.iter().find(|c| c.type_ == conditions::READY);
    let ready = before.and_then(|c| match c.status.as_str() {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    });
    Verdict { ready, ..Verdict::ready("Suspended", "spec.suspend is true: nothing is read or changed") }
}

/// Whether the last pass found this very generation in sync.
pub fn is_settled<K: Managed>(cr: &K) -> bool {
    cr.status().is_some_and(|status| {
        status.observed_generation == cr.meta().generation
            && conditions::is_true(&status.conditions, conditions::READY)
    })
}

async fn through<K: Managed, L: Ledger>(
    cr: &K,
    pass: &Pass<'_, L>,
    record: &mut Record,
    report: &mut Report<K>,
) -> Result<Through<K::Seen>, Fault> {
    let common = cr.common();
    let (namespace, metadata_name) = key_of(cr);
    let uid = cr.meta().uid.as_deref().unwrap_or_default();
    let name = resolved_name(&common, metadata_name)?;
    let target = Target::new(K::OBJECT, name.as_str());
    let rivals = rivals(cr, pass.session, pass.peers)?;
    if let Some((target, rival)) = rivals.iter().next().filter(|_| K::ALONE) {
        return Err(belongs_to(target, rival));
    }
    let resource = format!("{}/{metadata_name}", K::plural(&()));
    let annotations = cr.meta().annotations.as_ref();
    let hands = RealHands {
        pass,
        role: None,
        tag: format!("snowfence {}/{namespace}/{metadata_name}", K::kind(&())),
    };
    let mut written = record.clone();
    let role = cr.role();
    let hands = RealHands { role: role.as_ref(), ..hands };
    let fresh = pass.session.floor(K::OBJECT, name.as_str(), pass.as_of);
    let mut as_of = AsOf::change::<K>(pass.since.min(fresh), fresh, pass.session);
    let mut before = None;
    for round in 0..MAX_ROUNDS {
        let on = Subject { target: &target, name: &name, role: role.as_ref(), rivals: &rivals };
        let (seen, mut plan) = loop {
            let seen = cr.observe(record, pass.session, pass.peers, &as_of).await?;
            let plan = cr.plan(&planning(common, uid, record, &on, pass.session), &seen)?;
            // Each time there is one kind less of which something old is known.
            if !as_of.asks_for::<K>(&plan) {
                break (seen, plan);
            }
        };
        if common.management_policy != ManagementPolicy::Observe {
            privileges::tell(&mut plan, role.as_ref(), pass.session, pass.peers, as_of.fresh()).await;
        }
        let Plan { steps, blocked, .. } = &plan;
        if round == 0 {
            if !pass.news {
                tell_drift(cr, &target, record, steps, report);
            }
            tell_lacking(cr, &plan, report);
        }
        let gate = Gate {
            common,
            uid,
            record,
            approved: annotations.and_then(|all| all.get(APPROVE)).map(String::as_str),
            resource: &resource,
            namespace,
        };
        let none: HashSet<&Target> = blocked.iter().map(|(on, _)| on).collect();
        let decision = gate.decide(steps, &none);
        let hash = plan_hash(steps, &decision.verdicts);
        let Some(hash) = hash else {
            return Ok(settle(cr, record, seen, &plan, &decision, report));
        };
        let tries = record.unconverged.as_ref().filter(|last| last.hash == hash).map_or(0, |last| last.times);
        if tries >= MAX_TRIES {
            return Err(not_converging(steps));
        }
        if decision.used {
            record.approvals += 1;
        }
        for note in cr.foresee(&running(steps, &decision.verdicts), pass.session).await {
            report.events.push(Event { warning: false, reason: "UnderWay", note });
        }
        let mut told = vec![];
        let mut stuck: HashSet<Target> = none.into_iter().cloned().collect();
        let done =
            execute(steps, &decision.verdicts, record, &mut written, &hands, &mut stuck, |step, outcome| {
                if matches!(outcome, Outcome::Done) {
                    told.extend(step.effects.iter().filter_map(adoption_of));
                }
                told.extend(event_of(step, outcome));
            });
        let outcomes = done.await;
        for on in steps.iter().map(|step| &step.on).chain([&target]) {
            pass.session.touched(on.kind, &on.name);
        }
        as_of.touched::<K>(steps);
        report.executed = true;
        report.events.append(&mut told);
        let outcomes = outcomes?;
        let tally = tally(&plan, &decision, &outcomes);
        if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed(_))) {
            let other = before.as_ref() != Some(&hash) && round + 1 < MAX_ROUNDS;
            if other && came_too_early(steps, &outcomes) {
                // What still fails is told then.
                report.events.retain(|event| event.reason != FAILED);
                before = Some(hash);
                continue;
            }
            let Some(fault) = worst(&tally) else { continue };
            let verdict = parts::<K>(&fault, &tally);
            return Ok(Through { seen, verdict, tally, fault: Some(fault) });
        }
        record.unconverged = Some(Unconverged { hash, times: tries + 1 });
    }
    Err(Fault::NotConverging(format!(
        "{target}: plan after plan was executed, and the next one differed again"
    )))
}

/// The steps that are carried out.
pub fn running<'a>(steps: &'a [Step], verdicts: &[Gated]) -> Vec<&'a Step> {
    let both = steps.iter().zip(verdicts);
    both.filter(|(_, verdict)| matches!(verdict, Gated::Run)).map(|(step, _)| step).collect()
}

/// Whether a step failed only because it came too early: it misses an object, and another step of the same plan was
/// carried out, which may have been the one that makes it. Nothing else may have failed that another try can hurt.
pub fn came_too_early(steps: &[Step], outcomes: &[Outcome]) -> bool {
    let faults = || {
        outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Failed(fault) => Some(fault),
            _ => None,
        })
    };
    let done = steps.iter().zip(outcomes).any(|(step, outcome)| {
        step.writes() && step.around.between().is_none() && matches!(outcome, Outcome::Done)
    });
    done && faults().any(Fault::misses_object)
        && !faults().any(|fault| fault.is_of_connection() || matches!(fault, Fault::Deadline))
}

/// What a plan is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub target: &'a Target,
    pub name: &'a Ident,
    /// Instead of the connection's.
    pub role: Option<&'a Ident>,
    pub rivals: &'a BTreeMap<Target, String>,
}

/// What a plan is made with.
pub fn planning<'a>(
    common: Common<'a>,
    uid: &'a str,
    record: &'a Record,
    on: &Subject<'a>,
    session: &'a Session,
) -> Planning<'a> {
    let role = on.role.map_or(session.account.role.as_str(), Ident::as_str);
    let adoption = session.policy.adoption;
    let claimant = Claimant { uid, common, adoption, role, record, former: Former::Any };
    Planning { claimant, record, target: on.target, name: on.name, rivals: on.rivals, offline: false }
}

/// The objects that others have the better claim to.
pub fn rivals<K: Managed>(
    cr: &K,
    session: &Session,
    peers: &dyn Peers,
) -> Result<BTreeMap<Target, String>, Fault> {
    if cr.common().management_policy == ManagementPolicy::Observe {
        return Ok(BTreeMap::new());
    }
    let (account, by) = (session.account.name.as_str(), key_of(cr));
    let rival = |object: Target| {
        let rival = peers.rival(&Claim { object: &object, account, by })?;
        Some((object, rival))
    };
    Ok(cr.targets()?.into_iter().filter_map(rival).collect())
}

/// What is told to the one with the worse claim.
pub fn belongs_to(target: &Target, rival: &str) -> Fault {
    Fault::Conflict(format!(
        "{target} belongs to {rival}: two resources can't have one object; delete this one or give it another name"
    ))
}

/// The one of several faults by which the resource goes on: one that is tried again soon, for the others are then tried
/// with it; else one that waits for a person.
fn worst(tally: &Tally) -> Option<Fault> {
    let faults = tally.troubles.iter().filter_map(|trouble| trouble.fault.as_ref());
    let rank = |fault: &&Fault| match fault.row() {
        (_, _, Again::Now | Again::Backoff) => 0,
        (_, Shown::Stalled, _) => 1,
        _ => 2,
    };
    faults.min_by_key(rank).cloned()
}

/// What the conditions say of a resource, some of whose objects failed.
fn parts<K: Managed>(fault: &Fault, tally: &Tally) -> Verdict {
    let verdict = verdict_of(fault);
    if K::ALONE {
        return verdict;
    }
    let failed = tally.troubles.iter().filter(|trouble| trouble.what == What::Failed);
    let all = failed.clone().count();
    let mut told: Vec<_> = failed.take(NAMED).map(|trouble| trouble.on.says(&trouble.why)).collect();
    if all > NAMED {
        told.push(format!("and {} more", all - NAMED));
    }
    let told = format!("{} not in sync: {}", count(all), told.join("; "));
    // What helps all of them comes first: what is too long is cut off at its end.
    let message = privileges::sentence(&tally.grants).into_iter().chain([told]).collect::<Vec<_>>().join(" ");
    Verdict { message, ..verdict }
}

/// How many objects that failed are named in the condition; the status names more.
const NAMED: usize = 6;

fn count(n: usize) -> String {
    if n == 1 { "1 object is".into() } else { format!("{n} objects are") }
}

/// What is not in sync.
fn tally(plan: &Plan, decision: &Decision, outcomes: &[Outcome]) -> Tally {
    let failed =
        |on, fault: Fault| Trouble { on, what: What::Failed, why: fault.to_string(), fault: Some(fault) };
    let mut tally = Tally {
        troubles: plan.blocked.iter().map(|(on, fault)| failed(on.clone(), fault.clone())).collect(),
        orphans: decision.orphans.as_ref().map(|waiting| waiting.message.clone()),
        grants: plan.grants.clone(),
    };
    let blocked: HashSet<&Target> = plan.blocked.iter().map(|(on, _)| on).collect();
    for (n, step) in plan.steps.iter().enumerate().filter(|(_, step)| step.action != Action::Note) {
        let (what, why) = match (outcomes.get(n), decision.verdicts.get(n)) {
            (Some(Outcome::Failed(fault)), _) => {
                tally.troubles.push(failed(step.on.clone(), fault.clone()));
                continue;
            }
            // Why is said already.
            _ if blocked.contains(&step.on) => continue,
            (Some(Outcome::Skipped(target)), _) => (What::Skipped, format!("{target} comes first")),
            (_, Some(Gated::Held(_))) if step.hold == Some(Hold::Orphaned) => (What::Orphaned, String::new()),
            (_, Some(Gated::Held(_))) if step.around.between().is_some() => continue,
            (_, Some(Gated::Held(why))) => (What::Held, why.clone()),
            _ => continue,
        };
        tally.troubles.push(Trouble { on: step.on.clone(), what, why, fault: None });
    }
    tally
}

/// Nothing is left to execute: notes are taken, and what is held is told.
fn settle<K: Managed>(
    cr: &K,
    record: &mut Record,
    seen: K::Seen,
    plan: &Plan,
    decision: &Decision,
    report: &mut Report<K>,
) -> Through<K::Seen> {
    record.unconverged = None;
    let steps = &plan.steps;
    for (step, verdict) in steps.iter().zip(&decision.verdicts) {
        if *verdict == Gated::Run {
            report.events.extend(step.effects.iter().filter_map(adoption_of));
            for effect in &step.effects {
                if let crate::plan::Effect::Remember(note) = effect {
                    record.apply(note);
                }
            }
        }
    }
    let observed = cr.common().management_policy == ManagementPolicy::Observe;
    let wanted = |step: &&Step| step.writes() && step.hold != Some(Hold::Orphaned);
    let differs: Vec<_> = steps.iter().filter(wanted).map(differences).collect();
    let differs = (!differs.is_empty()).then(|| differs.join("; "));
    let tally = tally(plan, decision, &[]);
    if let Some(waiting) = &decision.waiting {
        tell_waiting(cr, waiting, report);
    }
    let verdict = match (worst(&tally), &decision.waiting, observed) {
        (Some(fault), waiting, _) => {
            let mut verdict = parts::<K>(&fault, &tally);
            if let Some(waiting) = waiting {
                // The command first: what is too long is cut off at its end.
                verdict.message = format!("{}; and {}", waiting.message, verdict.message);
            }
            return Through { seen, verdict, tally, fault: Some(fault) };
        }
        (None, Some(waiting), _) => Verdict { drifted: differs, ..verdict_of(&fault_of(waiting)) },
        (None, None, true) if K::ALONE && K::sighting(&seen).is_none() => {
            verdict_of(&Fault::NotFound("only observed, and not there (or not visible to the role)".into()))
        }
        (None, None, true) => Verdict { drifted: differs, ..Verdict::ready("Observed", "") },
        (None, None, false) => match cr.pending(&seen) {
            Some(fault) => verdict_of(&fault),
            None => Verdict::ready("InSync", tally.orphans.clone().unwrap_or_default()),
        },
    };
    Through { seen, verdict, tally, fault: None }
}

fn fault_of(waiting: &Waiting) -> Fault {
    if waiting.visibility_lost {
        Fault::VisibilityLost(waiting.message.clone())
    } else {
        Fault::ApprovalRequired(waiting.message.clone())
    }
}

/// Before the first statement, unless it has been told.
fn tell_lacking<K: Managed>(cr: &K, plan: &Plan, report: &mut Report<K>) {
    let Some(note) = privileges::sentence(&plan.grants) else { return };
    let beginning: String = note.chars().take(500).collect();
    let conditions = cr.status().map(|status| status.conditions.as_slice()).unwrap_or_default();
    if !conditions.iter().any(|c| c.type_ == conditions::READY && c.message.contains(&beginning)) {
        report.events.push(Event { warning: true, reason: "PrivilegeMissing", note });
    }
}

fn tell_waiting<K: Managed>(cr: &K, waiting: &Waiting, report: &mut Report<K>) {
    let fault = fault_of(waiting);
    if !already_says(cr, &waiting.message) {
        report.events.push(Event { warning: true, reason: fault.reason(), note: waiting.message.clone() });
    }
}

/// Whether Ready says this, alone or before what else is wrong.
fn already_says<K: Managed>(cr: &K, message: &str) -> bool {
    let conditions = cr.status().map(|status| status.conditions.as_slice()).unwrap_or_default();
    conditions.iter().any(|c| c.type_ == conditions::READY && c.message.starts_with(message))
}

/// A settled resource that differs now has drifted: somebody else changed it.
fn tell_drift<K: Managed>(cr: &K, target: &Target, record: &Record, steps: &[Step], report: &mut Report<K>) {
    if !is_settled(cr)
        || conditions::is_true(&cr.status().map_or(vec![], |s| s.conditions.clone()), conditions::DRIFTED)
    {
        return;
    }
    // What it does to others follows from their specs, but for what it had done before.
    let attached = record.entry(target).map(|entry| &entry.attached);
    let gives = |step: &Step| step.action.changes().iter().all(|change| change.to.is_some());
    let own = |step: &&Step| {
        !K::ALONE
            || step.on == *target
            || (attached.is_some_and(|names| names.contains(&step.on.name)) && gives(step))
    };
    let wanted = |step: &&Step| step.writes() && step.hold != Some(Hold::Orphaned);
    for step in steps.iter().filter(wanted).filter(own) {
        report.drift += step.action.changes().len().max(1);
        let note = match &step.action {
            Action::Create(_) => format!("{} is gone", step.on),
            _ => differences(step),
        };
        report.events.push(Event { warning: true, reason: "Drift", note });
    }
}

/// `warehouse W: size is LARGE, not MEDIUM`.
fn differences(step: &Step) -> String {
    let fields: Vec<_> = step.action.changes().iter().map(is_not).collect();
    match &step.action {
        Action::Create(_) => format!("{} is not there", step.on),
        Action::Delete(_) => format!("{} is still there", step.on),
        _ => format!("{}: {}", step.on, fields.join(", ")),
    }
}

fn is_not(change: &Change) -> String {
    let show = |value: &Option<_>| {
        value.as_ref().map_or("unset".to_owned(), |v: &crate::values::canonical::Value| v.to_string())
    };
    format!("{} is {}, not {}", change.path, show(&change.from), show(&change.to))
}

fn event_of(step: &Step, outcome: &Outcome) -> Option<Event> {
    let (reason, note) = match (&step.action, outcome) {
        (_, Outcome::Failed(fault)) => {
            return Some(Event { warning: true, reason: FAILED, note: format!("{}: {fault}", step.on) });
        }
        (_, Outcome::Held(_) | Outcome::Skipped(_)) | (Action::Note, _) => return None,
        (Action::Create(_), Outcome::Done) => ("Created", format!("created {}", step.on)),
        (Action::Delete(_), Outcome::Done) => ("Deleted", format!("dropped {}", step.on)),
        (Action::Update(changes) | Action::Replace(changes), Outcome::Done) => {
            let fields: Vec<_> = changes.iter().map(to).collect();
            ("Changed", format!("{}: {}", step.on, fields.join(", ")))
        }
    };
    Some(Event { warning: false, reason, note })
}

fn to(change: &Change) -> String {
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{} {from} → {to}", change.path),
        (None, Some(to)) => format!("{} → {to}", change.path),
        (_, None) => format!("{} released", change.path),
    }
}

fn adoption_of(effect: &crate::plan::Effect) -> Option<Event> {
    match effect {
        crate::plan::Effect::Remember(crate::plan::Note::Identity { on, adopted: true, .. }) => {
            Some(Event { warning: false, reason: "Adopted", note: format!("took over {on}") })
        }
        _ => None,
    }
}

fn not_converging(steps: &[Step]) -> Fault {
    let all: Vec<_> = steps.iter().filter(|step| step.writes()).map(differences).collect();
    let sent: Vec<_> = steps.iter().flat_map(Step::statements).map(ToString::to_string).collect();
    Fault::NotConverging(format!(
        "executed {MAX_TRIES} times, and still {}; sent: {}; add the field to ignoreFields, or find out who changes it back",
        all.join("; "),
        sent.join("; ")
    ))
}

/// Names what would be executed; `None` when nothing would.
pub fn plan_hash(steps: &[Step], verdicts: &[Gated]) -> Option<String> {
    let mut sha = Sha256::new();
    let mut any = false;
    for (step, verdict) in steps.iter().zip(verdicts) {
        if *verdict != Gated::Run {
            continue;
        }
        for statement in step.statements() {
            any = true;
            sha.update(statement.as_str());
            sha.update([0]);
        }
    }
    any.then(|| short(sha))
}

struct RealHands<'a, L> {
    pass: &'a Pass<'a, L>,
    role: Option<&'a Ident>,
    tag: String,
}

impl<L: Ledger> Hands for RealHands<'_, L> {
    async fn sql(&self, sql: &Sql) -> Result<(), ClientError> {
        let options = options(sql, &self.tag, self.role);
        self.pass.session.client.run(&sql.statement, &options).await.map(drop)
    }
    async fn remember(&self, record: &Record) -> Result<(), Fault> {
        self.pass.ledger.write(record).await
    }
    fn may_go_on(&self) -> Result<(), Fault> {
        if !self.pass.leading.load(Ordering::SeqCst) {
            return Err(Fault::NotLeading);
        }
        if Instant::now() >= self.pass.deadline { Err(Fault::Deadline) } else { Ok(()) }
    }
}

/// How a statement of a plan is sent. `role` is another one than the connection's.
pub fn options(sql: &Sql, tag: &str, role: Option<&Ident>) -> RunOptions {
    RunOptions {
        role: role.cloned(),
        query_tag: Some(tag.to_owned()),
        request_id: sql.intent.map(|intent| intent.request_id),
        retry: sql.intent.is_some_and(|intent| intent.again),
        ..RunOptions::default()
    }
}
