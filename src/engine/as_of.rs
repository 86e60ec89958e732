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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        api::{CortexPipeline, SnowflakeWarehouse},
        engine::fault::Fault,
        plan::{Action, Effect, Target},
        snowflake::Statement,
    };

    /// Read an hour ago, changed now.
    fn change() -> (AsOf, Instant, Instant) {
        let since = Instant::now();
        let fresh = since + Duration::from_secs(3_600);
        (AsOf { since, ..AsOf::moment(fresh) }, since, fresh)
    }

    fn step(kind: &'static str, words: &'static str) -> Step {
        Step::new(
            Target::new(kind, "D.S.O"),
            Action::Update(vec![]),
            vec![Effect::sql(Statement::new(words))],
        )
    }

    fn plan(kind: &'static str) -> Plan {
        Plan { steps: vec![step(kind, "ALTER")], ..Plan::default() }
    }

    #[test]
    fn what_a_plan_changes_is_read_anew_and_nothing_else() {
        for (kind, anew) in [
            ("TABLE", &["TABLE"][..]),
            // Its steps are on the graph, its rows are tasks.
            ("TASK GRAPH", &["TASK"]),
            // In whose place another one comes decides which streams become stale.
            ("VIEW", &["VIEW", "STREAM"]),
            // What is done to a place is done to all in it.
            ("SCHEMA", &["SCHEMA", "TABLE", "TASK", "VIEW", "STREAM"]),
        ] {
            let (mut as_of, since, fresh) = change();
            assert!(as_of.asks_for::<CortexPipeline>(&plan(kind)), "{kind}");
            for other in ["TABLE", "TASK", "VIEW", "STREAM", "SCHEMA"] {
                let wanted = if anew.contains(&other) { fresh } else { since };
                assert_eq!(as_of.of(other), wanted, "{kind}: {other}");
            }
            // Once it is read, the same plan can be carried out.
            assert!(!as_of.asks_for::<CortexPipeline>(&plan(kind)), "{kind}");
        }
    }

    #[test]
    fn what_is_blocked_is_read_anew_too() {
        let (mut as_of, _, fresh) = change();
        let blocked = vec![(Target::new("TABLE", "D.S.O"), Fault::Deadline)];
        assert!(as_of.asks_for::<CortexPipeline>(&Plan { blocked, ..Plan::default() }));
        assert_eq!(as_of.of("TABLE"), fresh);
        let (mut as_of, since, _) = change();
        assert!(!as_of.asks_for::<CortexPipeline>(&Plan::default()));
        assert_eq!(as_of.of("TABLE"), since);
    }

    #[test]
    fn what_was_done_is_read_after_it() {
        let (mut as_of, since, fresh) = change();
        std::thread::sleep(Duration::from_millis(2));
        as_of.touched::<CortexPipeline>(&[step("TABLE", "ALTER TABLE")]);
        // The clock of this test has not reached the moment of the change.
        assert!(as_of.fresh() > since && as_of.fresh() < fresh);
        assert_eq!((as_of.of("TABLE"), as_of.of("VIEW")), (as_of.fresh(), since));
        // What is created, replaced or dropped takes grants and streams along.
        for words in ["CREATE OR REPLACE VIEW", "DROP TABLE"] {
            let (mut as_of, _, _) = change();
            as_of.touched::<CortexPipeline>(&[step("TABLE", "ALTER TABLE"), step("VIEW", words)]);
            assert_eq!((as_of.of("TABLE"), as_of.of("TASK")), (as_of.fresh(), as_of.fresh()), "{words}");
        }
        let (mut as_of, _, _) = change();
        as_of.touched::<SnowflakeWarehouse>(&[step("WAREHOUSE", "ALTER WAREHOUSE")]);
        assert_eq!(as_of.of("WAREHOUSE"), as_of.fresh());
    }
}
