//! What may run: suspended? observed only? approved?

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::execute::Verdict;
use crate::{
    api::{APPROVE, Common, ManagementPolicy, Record},
    plan::{Action, Risk, Step, Target, step::Hold},
    values::literal::hexadecimal,
};

/// What the gate decides with.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    pub common: Common<'a>,
    pub uid: &'a str,
    pub record: &'a Record,
    /// The value of the approval annotation.
    pub approved: Option<&'a str>,
    /// `kind/name` for the command that is printed.
    pub resource: &'a str,
    pub namespace: &'a str,
}

/// Verdicts, one for each step; and the approvals that are asked for, or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdicts: Vec<Verdict>,
    /// What keeps the resource from being in sync until it is approved.
    pub waiting: Option<Waiting>,
    /// What is kept although nobody wants it any more, until its end is approved.
    pub orphans: Option<Waiting>,
    /// An approval was used: it must be recorded before anything runs.
    pub used: bool,
}

/// What waits for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub hash: String,
    /// What would be done, and the command that approves it.
    pub message: String,
    pub visibility_lost: bool,
}

/// How many steps that wait are named.
const NAMED: usize = 6;

impl Gate<'_> {
    /// Decides for each step. `blocked` are objects that no step can help.
    pub fn decide(&self, steps: &[Step], blocked: &HashSet<&Target>) -> Decision {
        if self.common.management_policy == ManagementPolicy::Observe {
            let held = |step: &Step| match step.action {
                // Not even the record changes: what is only observed is never ours.
                Action::Note => Verdict::Held(String::new()),
                _ => Verdict::Held("only observed".into()),
            };
            let verdicts = steps.iter().map(held).collect();
            return Decision { verdicts, waiting: None, orphans: None, used: false };
        }
        let is_orphan = |step: &Step| step.hold == Some(Hold::Orphaned);
        let waits = |step: &Step| step.action.risk() == Risk::Destructive || step.hold.is_some();
        let (orphans, waiting): (Vec<&Step>, Vec<&Step>) =
            steps.iter().filter(|step| waits(step)).partition(|step| is_orphan(step));
        let approved =
            |hash: &str| self.approved.is_some_and(|all| all.split(',').any(|one| one.trim() == hash));
        let [waiting, orphans] = [waiting, orphans].map(|group| {
            let hash = (!group.is_empty()).then(|| self.hash(&group));
            hash.map(|hash| (approved(&hash), self.waiting(&group, hash)))
        });
        let used = [&waiting, &orphans].into_iter().flatten().any(|(approved, _)| *approved);
        let open = |group: Option<(bool, Waiting)>| group.filter(|(yes, _)| !yes).map(|(_, waiting)| waiting);
        let (waiting, orphans) = (open(waiting), open(orphans));
        // What comes after a step that waits is not executed either.
        let mut held: HashSet<&Target> = blocked.clone();
        let mut verdicts = Vec::with_capacity(steps.len());
        for step in steps {
            let group = if is_orphan(step) { &orphans } else { &waiting };
            let hash = group.as_ref().filter(|_| waits(step)).map(|waiting| &waiting.hash);
            let after = step.after.iter().chain([&step.on]).find(|target| held.contains(*target));
            verdicts.push(match (hash, after) {
                (Some(hash), _) => Verdict::Held(format!("waits for approval {hash}")),
                (None, Some(target)) => match &waiting {
                    Some(waiting) if !blocked.contains(target) => {
                        Verdict::Held(format!("waits for approval {}", waiting.hash))
                    }
                    _ => Verdict::Held(format!("{target} comes first")),
                },
                (None, None) => Verdict::Run,
            });
            if verdicts.last() != Some(&Verdict::Run) {
                held.insert(&step.on);
            }
        }
        around(steps, &mut verdicts);
        Decision { verdicts, waiting, orphans, used }
    }

    fn waiting(&self, steps: &[&Step], hash: String) -> Waiting {
        // The command must not be cut off: not all of many are named.
        let mut what: Vec<_> = steps.iter().take(NAMED).map(|step| describe(step)).collect();
        if steps.len() > NAMED {
            what.push(format!("and {} more", steps.len() - NAMED));
        }
        let message = format!(
            "{}; to approve: kubectl -n {} annotate --overwrite {} {APPROVE}={hash}",
            what.join("; "),
            self.namespace,
            self.resource
        );
        let visibility_lost = steps.iter().any(|step| step.hold == Some(Hold::VisibilityLost));
        Waiting { hash, message, visibility_lost }
    }

    /// Covers exactly the steps that wait: resource, identities, from, to, and how many approvals were used before,
    /// so that none serves twice.
    fn hash(&self, waiting: &[&Step]) -> String {
        let mut sha = Sha256::new();
        let mut add = |text: &str| {
            sha.update((text.len() as u64).to_be_bytes());
            sha.update(text);
        };
        add(self.uid);
        add(&self.record.approvals.to_string());
        for step in waiting {
            add(step.on.kind);
            add(&step.on.name);
            let entry = self.record.entry(&step.on);
            add(entry.and_then(|entry| entry.created_on.as_deref()).unwrap_or_default());
            add(match step.action {
                Action::Create(_) => "create",
                Action::Update(_) => "update",
                Action::Replace(_) => "replace",
                Action::Delete(_) => "delete",
                Action::Note => "note",
            });
            for change in step.action.changes() {
                add(&change.path);
                add(change.from.as_ref().map_or("", |value| &value.sql));
                add(change.to.as_ref().map_or("", |value| &value.sql));
            }
        }
        short(sha)
    }
}

/// Nothing is stopped for the sake of steps that wait.
fn around(steps: &[Step], verdicts: &mut [Verdict]) {
    let running: HashSet<&Target> = steps
        .iter()
        .zip(verdicts.iter())
        .filter(|(step, verdict)| step.around.between().is_none() && **verdict == Verdict::Run)
        .map(|(step, _)| &step.on)
        .collect();
    for (step, verdict) in steps.iter().zip(verdicts) {
        let idle = |between: &[Target]| !between.is_empty() && !between.iter().any(|on| running.contains(on));
        if *verdict == Verdict::Run && step.around.between().is_some_and(idle) {
            *verdict = Verdict::Held("nothing between that could run".into());
        }
    }
}

/// The first eight bytes of a digest, in hexadecimal.
pub(super) fn short(sha: Sha256) -> String {
    hexadecimal(&sha.finalize()[..8])
}

fn describe(step: &Step) -> String {
    let fields: Vec<_> = step.action.changes().iter().map(|change| change.path.as_str()).collect();
    match (&step.action, step.hold) {
        (_, Some(Hold::VisibilityLost)) => format!(
            "{} and many others are not to be seen any more: the role may have lost its privileges; nothing is created anew",
            step.on
        ),
        (_, Some(Hold::Orphaned)) => {
            format!(
                "{} is no longer in the spec, and is kept, for it holds data or hangs on what does",
                step.on
            )
        }
        (_, Some(Hold::Vanished)) => format!(
            "{} held data and is gone: it may still be had back (UNDROP), which an empty one in its place would bar",
            step.on
        ),
        (Action::Replace(_), _) => {
            format!("{} must be dropped and created anew for {}", step.on, fields.join(", "))
        }
        (Action::Delete(_), _) => format!("{} is to be dropped", step.on),
        _ => format!("{}: a change of {} loses data", step.on, fields.join(", ")),
    }
}
