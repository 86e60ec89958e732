//! What has left a spec: what holds nothing goes, what holds data is kept until its end is approved.

use std::collections::BTreeMap;

use super::{
    KINDS, contents, kind_of,
    object::{Wanted, recorded, target},
    plan::Driver,
};
use crate::{
    api::{DeletionPolicy, record::Entry},
    engine::fault::Fault,
    plan::{
        Action, Effect, Note, Risk, Sql, Step, Target,
        step::{Hold, SentIntent},
    },
    snowflake::catalog::Found,
};

/// What is dropped after all others: policies after what they hang on, places after what lies in them.
pub(super) fn rank(kind: &str) -> u8 {
    match kind_of(kind).map(|kind| kind.depth) {
        Some(1) => 3,
        Some(2) => 2,
        _ if kind.ends_with(" POLICY") => 1,
        _ => 0,
    }
}

impl Driver<'_> {
    /// What is recorded and no longer wanted, the last first. `known` are the entries that something stands for.
    pub(super) fn orphans(&self, wanted: &[Wanted<'_>], known: &[bool]) -> (Vec<Step>, Vec<(Target, Fault)>) {
        if self.planning.offline {
            return (vec![], vec![]);
        }
        let entries = self.planning.record.objects.iter().zip(known).rev().filter(|(_, known)| !**known);
        let mut steps: Vec<Step> = entries.filter_map(|(entry, _)| self.orphan(entry, wanted)).collect();
        self.attached(&mut steps, wanted);
        steps.sort_by_key(|step| rank(step.on.kind));
        let goes = |step: &&Step| matches!(step.action, Action::Delete(_));
        let dropped: Vec<Target> = steps.iter().filter(goes).map(|step| step.on.clone()).collect();
        let mut blocked = vec![];
        let left = |step: &Step| {
            let inside = self.seen.inside.get(&step.on).filter(|_| goes(&step));
            let fault = inside.and_then(|inside| contents::spares(&step.on, inside, &dropped));
            let stays = fault.is_some();
            blocked.extend(fault.map(|fault| (step.on.clone(), fault)));
            !stays
        };
        (steps.into_iter().filter(left).collect(), blocked)
    }

    /// A policy can't be dropped while it hangs on something: it stays with what stays, and is dropped once it has been
    /// taken off what is wanted.
    fn attached(&self, steps: &mut [Step], wanted: &[Wanted<'_>]) {
        let state = |step: &Step| (step.on.clone(), (step.hold, step.writes()));
        let states: BTreeMap<Target, _> = steps.iter().map(state).collect();
        let dropped = |step: &&mut Step| matches!(step.action, Action::Delete(_)) && step.hold.is_none();
        for step in steps.iter_mut().filter(dropped) {
            let carries = |entry: &&Entry| entry.carries(step.on.kind, &step.on.name);
            let carriers = self.planning.record.objects.iter().filter(carries);
            // On what is gone, although the record does not know it yet, nothing hangs. What is wanted may come back.
            let there = |entry: &Entry| {
                let kind = kind_of(&entry.kind)?;
                let on = Target::new(kind.word, entry.name.clone());
                let names = [Some(&entry.name), entry.renaming.as_ref()].into_iter().flatten();
                let mut found = names.filter_map(|name| Some(self.seen.found(kind, &recorded(name)?)));
                let gone = found.all(|found| matches!(found, Ok(None)))
                    && !self.seen.lost.contains(kind.word)
                    && !wanted.iter().any(|object| object.on == on);
                (!gone).then_some(on)
            };
            let carriers: Vec<Target> = carriers.filter_map(there).collect();
            let is = |state: (Option<Hold>, bool)| carriers.iter().any(|on| states.get(on) == Some(&state));
            if is((None, false)) {
                // What it hangs on is let go, and so is it.
                *step = Step::note(step.on.clone(), Note::Forget { on: step.on.clone() });
            } else if is((Some(Hold::Orphaned), true))
                || wanted.iter().any(|object| object.needs.contains(&step.on))
            {
                step.hold = Some(Hold::Orphaned);
            }
            let stays = |on: &Target| wanted.iter().any(|object| object.on == *on);
            step.after.extend(carriers.into_iter().filter(stays));
        }
    }

    fn orphan(&self, entry: &Entry, wanted: &[Wanted<'_>]) -> Option<Step> {
        let kind = KINDS.iter().find(|kind| kind.word == entry.kind)?;
        let name = recorded(&entry.name)?;
        let on = target(kind, &name);
        // A record that writes a name otherwise than this version does.
        if on.name != entry.name && wanted.iter().any(|object| object.on == on) {
            return None;
        }
        let forget = || Some(Step::note(on.clone(), Note::Forget { on: on.clone() }));
        if let Some(intent) = entry.intent.as_ref().filter(|intent| !intent.done) {
            // Whether it was created: the same request, sent again, is executed at most once.
            let intent = SentIntent { request_id: intent.request_id, again: true };
            let sql = Effect::Sql(Sql { statement: (kind.least)(&name), intent: Some(intent) });
            return Some(Step::new(on, Action::Create(vec![]), vec![sql]));
        }
        let by_us = entry.intent.is_some();
        if entry.created_on.is_none() && !by_us {
            return forget();
        }
        let found = self.seen.found(kind, &name).ok()?;
        let is_it = |found: &Found| {
            entry.created_on.as_deref() == Some(found.created_on())
                || (by_us && self.sighting(kind, found).owner.as_deref() == Some(self.planning.claimant.role))
        };
        let keep = entry.adopted && self.spec.deletion_policy.is_none();
        let goes = found.as_ref().is_some_and(is_it)
            && !keep
            && self.spec.deletion_policy != Some(DeletionPolicy::Retain);
        if !goes {
            return forget();
        }
        let effects =
            vec![Effect::sql((kind.drop)(&name)), Effect::Remember(Note::Forget { on: on.clone() })];
        let (risk, hold) = match kind.holds {
            Some(_) => (Risk::Destructive, Some(Hold::Orphaned)),
            None => (Risk::Safe, None),
        };
        Some(Step { hold, ..Step::new(on, Action::Delete(risk), effects) })
    }
}
