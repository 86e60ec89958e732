//! How old what is read may be, kind by kind (docs/adr/0014).
//!
//! When nothing but the spec has changed, what was read at the last resync serves for a first plan. What that plan would
//! change, create, drop or refuse is read anew before anything is done, and planned anew; so is, afterwards, what was
//! done. What the plan leaves alone is as fresh as it was at the resync.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{
    managed::{Managed, Plan},
    session::Session,
};
use crate::plan::Step;

/// Since when answers serve.
#[derive(Clone, Debug)]
pub struct AsOf {
    since: Instant,
    fresh: Instant,
    /// Kinds of which something later is known.
    kinds: BTreeMap<&'static str, Instant>,
}

impl AsOf {
    /// No answer is older.
    pub fn moment(fresh: Instant) -> Self {
        Self { since: fresh, fresh, kinds: BTreeMap::new() }
    }

    /// Answers from `since` on serve, but for kinds of which something was changed here later.
    pub fn change<K: Managed>(since: Instant, fresh: Instant, session: &Session) -> Self {
        let mut all = Self { since, ..Self::moment(fresh) };
        if K::ALONE || since >= fresh {
            return Self::moment(fresh);
        }
        for (kind, at) in session.effects() {
            all.raise::<K>([kind].into_iter(), at.min(fresh));
        }
        all
    }

    /// Since when answers about a kind serve.
    pub fn of(&self, kind: &str) -> Instant {
        self.kinds.get(kind).map_or(self.since, |at| self.since.max(*at))
    }

    /// Since when answers serve for what something is done by.
    pub fn fresh(&self) -> Instant {
        self.fresh
    }

    /// Whether a plan is about something that must be read anew before it can be carried out, or told.
    pub fn asks_for<K: Managed>(&mut self, plan: &Plan) -> bool {
        let blocked = plan.blocked.iter().map(|(on, _)| on.kind);
        let kinds = plan.steps.iter().map(|step| step.on.kind).chain(blocked);
        self.raise::<K>(kinds, self.fresh)
    }

    /// These were carried out, until now. Only ALTER leaves what other lists show as it was: what is created, replaced
    /// or dropped takes grants and streams along.
    pub fn touched<K: Managed>(&mut self, steps: &[Step]) {
        self.fresh = Instant::now();
        if K::ALONE || steps.iter().flat_map(Step::statements).any(|statement| statement.verb() != "ALTER") {
            self.since = self.fresh;
        }
        self.raise::<K>(steps.iter().map(|step| step.on.kind), self.fresh);
    }

    fn raise<K: Managed>(&mut self, kinds: impl Iterator<Item = &'static str>, to: Instant) -> bool {
        let mut raised = false;
        for kind in kinds {
            // What is done to a place is done to all that lies in it.
            if K::is_place(kind) && self.since < to {
                (self.since, raised) = (to, true);
            }
            for kind in [K::listed_as(kind)].iter().chain(K::judged_by(kind)) {
                if self.of(kind) < to {
                    self.kinds.insert(kind, to);
                    raised = true;
                }
            }
        }
        raised
    }
}
