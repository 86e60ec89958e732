//! From what is wanted and what is seen to steps. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    graph,
    listings::{listings, sorted},
    names::Directory,
    object::{Create, Kind, Losing, Replace, There, Types, Update, Wanted, hash, recorded, target},
    observe::Seen,
    order::{named, order},
    preflight,
};
use crate::{
    api::{ManagementPolicy, connection::Adoption, pipeline::PipelineSpec, record::Entry},
    engine::{
        fault::Fault,
        managed::{Plan, Planning},
        ownership::{Claimant, Former, Sighting, Standing},
        reconcile::belongs_to,
        record::Index,
    },
    plan::{
        Action, Change, Effect, Note, Risk, Sql, Step, Target,
        step::{Hold, SentIntent},
    },
    snowflake::{Statement, catalog::Found},
    values::canonical::Value,
};

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
    let driver = Driver { spec, planning, seen, index: planning.record.index(), types: Types::default() };
    let mut known = vec![false; planning.record.objects.len()];
    let mut know = |place: Option<(usize, &Entry)>| place.into_iter().for_each(|(n, _)| known[n] = true);
    let mut planned: BTreeMap<usize, Result<Planned, Fault>> = BTreeMap::new();
    for (n, object) in wanted.iter().enumerate() {
        let former = object.former.as_ref().map(|name| target(object.kind, name));
        let (own, moved) =
            (driver.index.get(&object.on), former.as_ref().and_then(|on| driver.index.get(on)));
        know(own);
        know(moved);
        let entries = (own.map(|own| own.1), own.or(moved).map(|known| known.1));
        let of_it = match object.object.waits() {
            Some(fault) => Err(fault),
            None => driver.steps(object, former.as_ref(), entries),
        };
        if !of_it.as_ref().is_ok_and(Planned::is_empty) {
            planned.insert(n, of_it);
        }
    }
    for on in kept {
        know(driver.index.get(on));
    }
    let order = order(&wanted, &directory, planned.keys().copied());
    let mut circles: BTreeMap<usize, Fault> = order.circles.into_iter().collect();
    let (mut steps, mut last) = (vec![], vec![]);
    for (n, needs) in order.places {
        let object = &wanted[n];
        let of_it = circles.remove(&n).map(Err).or_else(|| planned.remove(&n));
        match of_it {
            Some(Ok(of_it)) => {
                let after = |step| Step { after: needs.clone(), ..step };
                steps.extend(of_it.steps.into_iter().map(after));
                last.extend(of_it.last.into_iter().map(after));
                blocked.extend(of_it.fault.map(|fault| (object.on.clone(), fault)));
            }
            Some(Err(fault)) => blocked.push((object.on.clone(), fault)),
            None => {}
        }
    }
    let (orphans, spared) = if unclear { Default::default() } else { driver.orphans(&wanted, &known) };
    blocked.extend(spared);
    let (tasks, orphans): (Vec<Step>, Vec<Step>) =
        orphans.into_iter().partition(|step| step.on.kind == super::task::KIND.word);
    steps.extend(tasks);
    let (steps, faults) = graph::around(&wanted, &driver.index, seen, steps);
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
    used_by(&mut plan.steps, &wanted, &directory);
    preflight::needs(&mut plan, &wanted, buyers);
    preflight::edition(&mut plan, seen.edition.as_deref());
    Ok(plan)
}

/// Says of what loses something who refers to it.
fn used_by(steps: &mut [Step], wanted: &[Wanted<'_>], directory: &Directory) {
    let lose = |step: &&mut Step| step.action.risk() == Risk::Destructive;
    let mut needs: Option<Vec<Vec<Target>>> = None;
    for step in steps.iter_mut().filter(lose) {
        let needs =
            needs.get_or_insert_with(|| wanted.iter().map(|object| named(object, directory)).collect());
        let users = wanted.iter().zip(needs).filter(|(_, needs)| needs.contains(&step.on));
        step.used_by = users.map(|(object, _)| object.on.clone()).collect();
    }
}

pub(super) struct Driver<'a> {
    pub(super) spec: &'a PipelineSpec,
    pub(super) planning: &'a Planning<'a>,
    pub(super) seen: &'a Seen,
    pub(super) index: Index<'a>,
    types: Types,
}

/// What comes of one object.
#[derive(Default)]
struct Planned {
    steps: Vec<Step>,
    /// What waits for approval.
    last: Vec<Step>,
    fault: Option<Fault>,
}

impl Planned {
    fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.last.is_empty() && self.fault.is_none()
    }
}

pub(super) fn sighting(found: &Found) -> Sighting {
    Sighting { created_on: found.created_on().to_owned(), owner: found.owner().map(str::to_owned) }
}

impl<'a> Driver<'a> {
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

    /// What comes of an object. `entries`: what is recorded under its name, and under that one or its former one.
    fn steps(
        &self,
        object: &Wanted<'_>,
        former: Option<&Target>,
        (own, known): (Option<&'a Entry>, Option<&'a Entry>),
    ) -> Result<Planned, Fault> {
        let on = &object.on;
        if let Some(rival) = self.planning.rivals.get(on) {
            return Err(belongs_to(on, rival));
        }
        let kind = object.kind;
        let found = self.seen.found_of(object)?;
        // Without a record, what our role owns counts as ours.
        let adoption =
            if self.planning.offline { Adoption::OwnedByRole } else { self.planning.claimant.adoption };
        let claimant = Claimant {
            adoption,
            former: former.map_or(Former::None, Former::Named),
            ..self.planning.claimant
        };
        let under = |name: &str| {
            let found = self.seen.found(kind, &recorded(name)?).ok()??;
            Some(self.sighting(kind, &found))
        };
        let seen = found.as_ref().map(|found| self.sighting(kind, found));
        match claimant.standing_of(on, own, known, seen.as_ref(), under)? {
            Standing::Absent { intent, vanished, notes } => {
                let lost = vanished && self.seen.lost.contains(kind.word);
                let hold = match (lost, vanished && kind.holds.is_some()) {
                    (true, _) => Some(Hold::VisibilityLost),
                    (_, true) => Some(Hold::Vanished),
                    _ => None,
                };
                let step = self.creation(object, on, intent, notes, Create::Plain);
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
                let entry = self.index.get(&on).map(|(_, entry)| entry);
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
        let entry = self.index.get(on).map(|(_, entry)| entry);
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
        Step::new(on.clone(), Action::Create(fields), effects)
    }

    fn rename(object: &Wanted<'_>, from: &Target, notes: Vec<Note>) -> Planned {
        let on = object.on.clone();
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
        let step = Step::new(on, Action::Update(vec![change]), effects);
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
        let on = object.on.clone();
        let sent = object.object.sent().map(|text| hash(&text));
        let there = There {
            kind: object.kind,
            name: &object.name,
            found,
            details: self.seen.details.get(&on).map(|rows| &**rows),
            description: self.seen.descriptions.get(&on).map(|rows| &**rows),
            unrecorded: self.planning.offline || self.only_looks(),
            entry,
            trusted: entry.sent == sent,
            ignored: &self.spec.ignore_fields,
            seen: self.seen,
            types: &self.types,
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
        let fields = |fields: BTreeSet<String>| Effect::Remember(Note::Managed { on: on.clone(), fields });
        let (before, after) = if losing.is_none() && replace.is_none() && managed.is(&entry.managed) {
            (None, None)
        } else {
            let managed = managed.into_set();
            let before: BTreeSet<String> = entry.managed.union(&managed).cloned().collect();
            // What waits for approval is managed until it is done; what was released is not released again.
            let waiting = losing.iter().flat_map(|losing| &losing.changes);
            let waiting = waiting.chain(replace.iter().flat_map(|replace| &replace.changes));
            let waiting: BTreeSet<&str> = waiting.map(|change| change.path.as_str()).collect();
            let still = entry.managed.iter().filter(|path| waiting.contains(path.as_str())).cloned();
            let after: BTreeSet<String> = managed.into_iter().chain(still).collect();
            let after = (before != after).then(|| fields(after));
            ((before != entry.managed).then(|| fields(before)), after)
        };
        effects.extend(before);
        let writes = !statements.is_empty();
        let attaching =
            attaching.map(|all| all.parts(&on, &entry.attached, &self.planning.claimant)).unwrap_or_default();
        changes.extend(attaching.changes);
        effects.extend(attaching.begun);
        effects.extend(statements.into_iter().map(Effect::sql));
        effects.extend(attaching.effects);
        effects.extend(after);
        // Compared and found alike, or made so.
        let told = there.details.is_some() || writes;
        if let Some(hash) = sent.filter(|hash| told && entry.sent.as_ref() != Some(hash) && replace.is_none())
        {
            effects.push(Effect::Remember(Note::Sent { on: on.clone(), hash }));
        }
        let mut planned = Planned { fault, ..Planned::default() };
        if !effects.is_empty() {
            let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
            planned.steps.push(Step::new(on.clone(), action, effects));
        }
        if let Some((changes, effects)) = attaching.rest {
            let action = Action::Update(changes);
            planned.steps.push(Step::new(on.clone(), action, effects));
        }
        if let Some(Losing { changes, statements, attached }) = losing {
            let note = |names| Effect::Remember(Note::Attached { on: on.clone(), names });
            let (begun, done) = attached.map(|notes| notes.map(note).into()).unzip();
            let sql = statements.into_iter().map(Effect::sql);
            let effects = begun.into_iter().chain(sql).chain(done).collect();
            planned.last.push(Step::new(on.clone(), Action::Update(changes), effects));
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
