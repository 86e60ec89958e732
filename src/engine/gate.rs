//! What may run: suspended? observed only? approved?

use std::collections::HashSet;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::execute::Verdict;
use crate::{
    api::{APPROVE, Common, ManagementPolicy, Record},
    plan::{Action, Risk, Step, Target, step::Hold},
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

/// Verdicts, one for each step; and the approval that is asked for, or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdicts: Vec<Verdict>,
    /// The hash of the steps that wait.
    pub waiting: Option<Waiting>,
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

impl Gate<'_> {
    /// Decides for each step.
    pub fn decide(&self, steps: &[Step]) -> Decision {
        if self.common.management_policy == ManagementPolicy::Observe {
            let held = |step: &Step| match step.action {
                // Not even the record changes: what is only observed is never ours.
                Action::Note => Verdict::Held(String::new()),
                _ => Verdict::Held("only observed".into()),
            };
            return Decision { verdicts: steps.iter().map(held).collect(), waiting: None, used: false };
        }
        let waits = |step: &&Step| step.action.risk() == Risk::Destructive || step.hold.is_some();
        let waiting: Vec<&Step> = steps.iter().filter(waits).collect();
        if waiting.is_empty() {
            return Decision { verdicts: vec![Verdict::Run; steps.len()], waiting: None, used: false };
        }
        let hash = self.hash(&waiting);
        if self.approved == Some(hash.as_str()) {
            return Decision { verdicts: vec![Verdict::Run; steps.len()], waiting: None, used: true };
        }
        // What comes after a step that waits is not executed either.
        let mut held: HashSet<&Target> = HashSet::new();
        let mut verdicts = Vec::with_capacity(steps.len());
        for step in steps {
            let after = step.after.iter().chain([&step.on]).any(|target| held.contains(target));
            verdicts.push(if waits(&step) || after {
                held.insert(&step.on);
                Verdict::Held(format!("waits for approval {hash}"))
            } else {
                Verdict::Run
            });
        }
        let what: Vec<_> = waiting.iter().map(|step| describe(step)).collect();
        let message = format!(
            "{}; to approve: kubectl -n {} annotate --overwrite {} {APPROVE}={hash}",
            what.join("; "),
            self.namespace,
            self.resource
        );
        let visibility_lost = waiting.iter().any(|step| step.hold == Some(Hold::VisibilityLost));
        Decision { verdicts, waiting: Some(Waiting { hash, message, visibility_lost }), used: false }
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

/// The first eight bytes of a digest, in hexadecimal.
pub(super) fn short(sha: Sha256) -> String {
    let mut text = String::with_capacity(16);
    for byte in &sha.finalize()[..8] {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn describe(step: &Step) -> String {
    let fields: Vec<_> = step.action.changes().iter().map(|change| change.path.as_str()).collect();
    match (&step.action, step.hold) {
        (_, Some(Hold::VisibilityLost)) => format!(
            "{} and many others are not to be seen any more: the role may have lost its privileges; nothing is created anew",
            step.on
        ),
        (Action::Replace(_), _) => {
            format!("{} must be dropped and created anew for {}", step.on, fields.join(", "))
        }
        (Action::Delete(_), _) => format!("{} is to be dropped", step.on),
        _ => format!("{}: a change of {} loses data", step.on, fields.join(", ")),
    }
}
