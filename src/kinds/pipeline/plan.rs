//! From what is wanted and what is seen to steps. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    KINDS, graph,
    names::Directory,
    object::{Create, Kind, Listing, Replace, There, Update, Wanted, hash, recorded, target},
    observe::Seen,
    order::order,
    preflight,
};
use crate::{
    api::{ManagementPolicy, connection::Adoption, pipeline::PipelineSpec, record::Entry},
    engine::{
        fault::Fault,
        managed::{Plan, Planning},
        ownership::{Claimant, Former, Sighting, Standing},
        reconcile::belongs_to,
    },
    plan::{
        Action, Change, Effect, Note, Risk, Sql, Step, Target,
        step::{Hold, SentIntent},
    },
    snowflake::{Statement, catalog::Found},
    values::canonical::Value,
};

/// All entries of a spec, as objects or as what keeps them from being one.
pub(super) fn listings(spec: &PipelineSpec) -> Result<(Vec<Listing<'_>>, Directory), Fault> {
    let mut directory = Directory::of(spec)?;
    for kind in KINDS {
        (kind.names)(spec, &mut directory);
    }
    let all = KINDS.iter().flat_map(|kind| (kind.wanted)(spec, &directory)).collect();
    Ok((all, directory))
}

/// Objects that can be looked for; and what is wrong with the others.
pub(super) fn sorted(listings: Vec<Listing<'_>>) -> (Vec<Wanted<'_>>, Vec<(Target, Fault)>) {
    let (mut wanted, mut blocked): (Vec<Wanted<'_>>, Vec<(Target, Fault)>) = (vec![], vec![]);
    let mut first: BTreeMap<Target, String> = BTreeMap::new();
    for listing in listings {
        let object = match listing.wanted {
            Ok(object) => object,
            Err(fault) => {
                blocked.push((Target::new("ENTRY", listing.path), fault));
                continue;
            }
        };
        if let Some(other) = first.insert(object.on(), listing.path.clone()) {
            let fault = Fault::Refused(format!(
                "spec.{} and spec.{other} are the same object: remove one of them, or give it another object",
                listing.path
            ));
            blocked.push((Target::new("ENTRY", listing.path), fault));
            continue;
        }
        wanted.push(object);
    }
    (wanted, blocked)
}

/// The whole plan. `kept` are objects that stay although nothing wants them, `buyers` those whose SQL asks a model.
pub(super) fn plan(
    spec: &PipelineSpec,
    kept: &BTreeSet<Target>,
    buyers: &BTreeSet<Target>,
    planning: &Planning<'_>,
    seen: &Seen,
) -> Result<Plan, Fault> {
    let (listings, directory) = listings(spec)?;
    let (wanted, mut blocked) = sorted(listings);
    // What an entry stands for that can't be read is not known: nothing is taken for what has left the spec.
    let unclear = !blocked.is_empty();
    let order = order(&wanted);
    let circles: BTreeMap<usize, Fault> = order.circles.into_iter().collect();
    let driver = Driver { spec, planning, seen };
    let (mut steps, mut last) = (vec![], vec![]);
    for n in order.places {
        let object = &wanted[n];
        let planned = match circles.get(&n).cloned().or_else(|| object.object.waits()) {
            Some(fault) => Err(fault),
            None => driver.steps(object),
        };
        match planned {
            Ok(mut planned) => {
                steps.append(&mut planned.steps);
                last.append(&mut planned.last);
                blocked.extend(planned.fault.map(|fault| (object.on(), fault)));
            }
            Err(fault) => blocked.push((object.on(), fault)),
        }
    }
    let mut known: BTreeSet<Target> = wanted.iter().flat_map(|object| Driver::names_of(object)).collect();
    known.extend(kept.iter().cloned());
    let used: BTreeSet<&Target> = wanted.iter().flat_map(|object| &object.needs).collect();
    let (orphans, spared) = if unclear { Default::default() } else { driver.orphans(&known, &used) };
    blocked.extend(spared);
    let (tasks, orphans): (Vec<Step>, Vec<Step>) =
        orphans.into_iter().partition(|step| step.on.kind == super::task::KIND.word);
    steps.extend(tasks);
    let (steps, faults) = graph::around(&wanted, planning, seen, steps);
    blocked.extend(faults);
    let mut plan = Plan { steps, blocked, ..Plan::default() };
    super::grants::plan(spec, &directory, planning, seen, &mut plan);
    // What waits for approval comes last: what comes after it would have to wait with it. So does what can't be there
    // without an object whose creation waits.
    let creates = |step: &Step| matches!(step.action, Action::Create(_)).then(|| step.on.clone());
    let mut late: BTreeSet<Target> = last.iter().filter_map(creates).collect();
    let mut waits = |step: &Step| {
        let waits = step.on.kind != super::task::KIND.word && step.after.iter().any(|on| late.contains(on));
        late.extend(creates(step).filter(|_| waits));
        waits
    };
    let (mut behind, now): (Vec<Step>, Vec<Step>) = plan.steps.into_iter().partition(|step| waits(step));
    plan.steps = now;
    plan.steps.append(&mut last);
    plan.steps.append(&mut behind);
    plan.steps.extend(orphans);
    used_by(&mut plan.steps, &wanted);
    preflight::needs(&mut plan, &preflight::computes(&wanted), buyers);
    preflight::edition(&mut plan, seen.edition.as_deref());
    Ok(plan)
}

/// Says of what loses something who refers to it.
fn used_by(steps: &mut [Step], wanted: &[Wanted<'_>]) {
    for step in steps.iter_mut().filter(|step| step.action.risk() == Risk::Destructive) {
        let users = wanted.iter().filter(|object| object.needs.contains(&step.on));
        step.used_by = users.map(Wanted::on).collect();
    }
}

pub(super) struct Driver<'a> {
    pub(super) spec: &'a PipelineSpec,
    pub(super) planning: &'a Planning<'a>,
    pub(super) seen: &'a Seen,
}

/// What comes of one object.
#[derive(Default)]
struct Planned {
    steps: Vec<Step>,
    /// What waits for approval.
    last: Vec<Step>,
    fault: Option<Fault>,
}

pub(super) fn sighting(found: &Found) -> Sighting {
    Sighting { created_on: found.created_on().to_owned(), owner: found.owner().map(str::to_owned) }
}

impl Driver<'_> {
    /// Who an object is. Where SHOW names no owner and nothing else was read, whether it is our role Snowflake judges
    /// when it is altered.
    pub(super) fn sighting(&self, kind: &Kind, found: &Found) -> Sighting {
        let role = || self.planning.claimant.role.to_owned();
        let unsaid = found.get("owner").is_none().then(role);
        let sighting = self.seen.sighting(kind, found);
        Sighting { owner: sighting.owner.or(unsaid), ..sighting }
    }

    fn only_looks(&self) -> bool {
        self.planning.claimant.common.management_policy == ManagementPolicy::Observe
    }

    /// The names under which an object of the spec may be recorded.
    fn names_of(object: &Wanted<'_>) -> Vec<Target> {
        let former = object.former.as_ref().map(|name| target(object.kind, name));
        [object.on()].into_iter().chain(former).collect()
    }

    fn steps(&self, object: &Wanted<'_>) -> Result<Planned, Fault> {
        let on = object.on();
        if let Some(rival) = self.planning.rivals.get(&on) {
            return Err(belongs_to(&on, rival));
        }
        let kind = object.kind;
        let found = self.seen.found(kind, &object.name)?;
        let former = object.former.as_ref().map(|name| target(kind, name));
        // Without a record, what our role owns counts as ours.
        let adoption =
            if self.planning.offline { Adoption::OwnedByRole } else { self.planning.claimant.adoption };
        let claimant = Claimant {
            adoption,
            former: former.as_ref().map_or(Former::None, Former::Named),
            ..self.planning.claimant
        };
        let under = |name: &str| {
            let found = self.seen.found(kind, &recorded(name)?).ok()??;
            Some(self.sighting(kind, &found))
        };
        let seen = found.as_ref().map(|found| self.sighting(kind, found));
        match claimant.standing(&on, seen.as_ref(), under)? {
            Standing::Absent { intent, vanished, notes } => {
                let lost = vanished && self.seen.lost.contains(kind.word);
                let hold = match (lost, vanished && kind.holds.is_some()) {
                    (true, _) => Some(Hold::VisibilityLost),
                    (_, true) => Some(Hold::Vanished),
                    _ => None,
                };
                let step = self.creation(object, &on, intent, notes, Create::Plain);
                let step = Step { hold, ..step };
                Ok(if hold.is_some() {
                    Planned { last: vec![step], ..Planned::default() }
                } else {
                    Planned { steps: vec![step], ..Planned::default() }
                })
            }
            Standing::Unsettled { on, intent } => {
                // A replacement was begun, and the one that is ours is still there: whether it is wanted still, and
                // what it loses, is judged anew.
                let entry = self.planning.record.entry(&on);
                let is_it = |found: &&Found| {
                    entry.and_then(|entry| entry.created_on.as_deref()) == Some(found.created_on())
                };
                if let (Some(entry), Some(found)) = (entry, found.as_ref().filter(is_it)) {
                    return self.update(object, found, entry, vec![], Some(intent));
                }
                Ok(Planned {
                    steps: vec![self.creation(object, &on, intent, vec![], Create::Plain)],
                    ..Planned::default()
                })
            }
            Standing::Ours { entry, notes } => match &found {
                Some(found) => self.update(object, found, &entry, notes, None),
                None => Ok(Planned::default()),
            },
            Standing::Misnamed { from, notes, .. } => Ok(Self::rename(object, &from, notes)),
        }
    }

    /// CREATE, once, whatever happens on the way.
    fn creation(
        &self,
        object: &Wanted<'_>,
        on: &Target,
        intent: SentIntent,
        notes: Vec<Note>,
        how: Create,
    ) -> Step {
        let entry = self.planning.record.entry(on);
        let fields = object.object.fields();
        let mut managed: BTreeSet<String> = fields.iter().map(|change| change.path.clone()).collect();
        managed.retain(|path| !self.spec.ignore_fields.contains(path));
        // What an earlier sending set may be more than what the spec says now: it is released afterwards.
        managed.extend(entry.into_iter().flat_map(|entry| entry.managed.iter().cloned()));
        let grants = entry.map(|entry| entry.grants.clone()).unwrap_or_default();
        let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Remember).collect();
        effects.push(Effect::Remember(if intent.again {
            Note::Managed { on: on.clone(), fields: managed }
        } else {
            Note::Intent { on: on.clone(), request_id: intent.request_id, managed, grants }
        }));
        // What another object had does not hang on this one.
        let had = entry.map(|entry| entry.attached.clone());
        let had = had.filter(|_| intent.again || how == Create::Replace).unwrap_or_default();
        let around = object.object.attachments().map(|all| all.around_creation(on, &had, intent.again));
        let (begun, attached) = around.unwrap_or_default();
        effects.extend(begun);
        effects.push(Effect::Sql(Sql { statement: object.object.create(how), intent: Some(intent) }));
        effects.extend(attached);
        effects.extend(object.object.afterwards().into_iter().map(Effect::sql));
        // What was sent under this request before is not known.
        if let Some(text) = object.object.sent().filter(|_| !intent.again) {
            effects.push(Effect::Remember(Note::Sent { on: on.clone(), hash: hash(&text) }));
        }
        Step { after: needs(object), ..Step::new(on.clone(), Action::Create(fields), effects) }
    }

    fn rename(object: &Wanted<'_>, from: &Target, notes: Vec<Note>) -> Planned {
        let on = object.on();
        let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Remember).collect();
        let Some(old) = recorded(&from.name) else { return Planned::default() };
        let (from, to) = (from.clone(), on.clone());
        let value = |text: &str| Some(Value { sql: text.into(), shown: text.into() });
        let change =
            Change { path: "name".into(), from: value(&from.name), to: value(&to.name), risk: Risk::Safe };
        let rename = Statement::new("ALTER").of_kind(object.kind.word).keyword(object.kind.word);
        let rename = rename.full_name(&old).keyword("RENAME TO").full_name(&object.name);
        effects.extend([
            Effect::Remember(Note::Renaming { from: from.clone(), to: to.clone() }),
            Effect::sql(rename),
            Effect::Remember(Note::Renamed { from, to }),
        ]);
        let step = Step { after: needs(object), ..Step::new(on, Action::Update(vec![change]), effects) };
        Planned { steps: vec![step], ..Planned::default() }
    }

    fn update(
        &self,
        object: &Wanted<'_>,
        found: &Found,
        entry: &Entry,
        mut notes: Vec<Note>,
        begun: Option<SentIntent>,
    ) -> Result<Planned, Fault> {
        let on = object.on();
        let there = There {
            kind: object.kind,
            name: &object.name,
            found,
            details: self.seen.details.get(&on).map(|rows| &**rows),
            description: self.seen.descriptions.get(&on).map(|rows| &**rows),
            unrecorded: self.planning.offline || self.only_looks(),
            entry,
            trusted: entry.sent == object.object.sent().map(|text| hash(&text)),
            ignored: &self.spec.ignore_fields,
            seen: self.seen,
        };
        let Update { mut changes, statements, losing, replace, attaching, managed, fault } =
            object.object.compare(&there)?;
        if begun.is_some() && replace.is_none() {
            let Sighting { created_on, owner } = self.sighting(object.kind, found);
            notes.push(Note::Identity { on: on.clone(), created_on, owner, adopted: entry.adopted });
        }
        let destructive =
            |replace: &Replace| replace.changes.iter().any(|change| change.risk == Risk::Destructive);
        // A replacement brings its own along.
        let attaching = attaching.filter(|_| replace.as_ref().is_none_or(destructive));
        let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Remember).collect();
        let fields = |fields: &BTreeSet<String>| {
            Effect::Remember(Note::Managed { on: on.clone(), fields: fields.clone() })
        };
        let before: BTreeSet<String> = entry.managed.union(&managed).cloned().collect();
        // What waits for approval is managed until it is done; what was released is not released again.
        let waiting = losing.iter().flat_map(|(changes, _)| changes);
        let waiting = waiting.chain(replace.iter().flat_map(|replace| &replace.changes));
        let waiting: BTreeSet<&str> = waiting.map(|change| change.path.as_str()).collect();
        let still = entry.managed.iter().filter(|path| waiting.contains(path.as_str())).cloned();
        let after: &BTreeSet<String> = &managed.into_iter().chain(still).collect();
        if before != entry.managed {
            effects.push(fields(&before));
        }
        let writes = !statements.is_empty();
        let attaching =
            attaching.map(|all| all.parts(&on, &entry.attached, &self.planning.claimant)).unwrap_or_default();
        changes.extend(attaching.changes);
        effects.extend(attaching.begun);
        effects.extend(statements.into_iter().map(Effect::sql));
        effects.extend(attaching.effects);
        if before != *after {
            effects.push(fields(after));
        }
        // Compared and found alike, or made so.
        let sent = object.object.sent().map(|text| hash(&text));
        let told = there.details.is_some() || writes;
        if let Some(hash) = sent.filter(|hash| told && entry.sent.as_ref() != Some(hash) && replace.is_none())
        {
            effects.push(Effect::Remember(Note::Sent { on: on.clone(), hash }));
        }
        let mut planned = Planned { fault, ..Planned::default() };
        if !effects.is_empty() {
            let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
            planned.steps.push(Step { after: needs(object), ..Step::new(on.clone(), action, effects) });
        }
        if let Some((changes, effects)) = attaching.rest {
            let action = Action::Update(changes);
            planned.steps.push(Step { after: needs(object), ..Step::new(on.clone(), action, effects) });
        }
        if let Some((changes, statements)) = losing {
            let effects = statements.into_iter().map(Effect::sql).collect();
            let action = Action::Update(changes);
            planned.last.push(Step { after: needs(object), ..Step::new(on.clone(), action, effects) });
        }
        if let Some(replace) = replace {
            let intent = begun.unwrap_or_else(|| self.planning.claimant.fresh_intent(&on));
            let mut step = self.creation(object, &on, intent, vec![], Create::Replace);
            for effect in &mut step.effects {
                if let Effect::Sql(sql) = effect {
                    sql.statement = replace.statement.clone();
                }
            }
            let destructive = destructive(&replace);
            step.action =
                if destructive { Action::Replace(replace.changes) } else { Action::Update(replace.changes) };
            if destructive { &mut planned.last } else { &mut planned.steps }.push(step);
        }
        Ok(planned)
    }
}

/// What comes before an object: what it refers to, and what it lies in.
fn needs(object: &Wanted<'_>) -> Vec<Target> {
    let parent = object.name.parent().and_then(|parent| {
        let kind: &Kind = KINDS.iter().find(|kind| kind.depth == parent.path().len())?;
        Some(target(kind, &parent))
    });
    object.needs.iter().cloned().chain(parent).collect()
}
