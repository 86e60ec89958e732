//! Conditions, in the one place where they are written.
//!
//! Rules of kstatus: Reconciling and Stalled are never both true; the transition time changes only with the status;
//! every condition carries the generation that it speaks of.

use std::{borrow::Cow, sync::LazyLock};

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::Timestamp,
};
use regex::Regex;

pub const READY: &str = "Ready";
pub const RECONCILING: &str = "Reconciling";
pub const STALLED: &str = "Stalled";
pub const DRIFTED: &str = "Drifted";

/// The longest message that is written, in characters.
const MAX_MESSAGE: usize = 2_000;

/// What the conditions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub ready: Option<bool>,
    pub reason: String,
    pub message: String,
    pub reconciling: bool,
    pub stalled: bool,
    /// What differs and is not mended.
    pub drifted: Option<String>,
}

impl Verdict {
    pub fn ready(reason: &str, message: impl Into<String>) -> Self {
        Self {
            ready: Some(true),
            reason: reason.into(),
            message: message.into(),
            reconciling: false,
            stalled: false,
            drifted: None,
        }
    }
    pub fn stalled(reason: &str, message: impl Into<String>) -> Self {
        Self { ready: Some(false), stalled: true, ..Self::ready(reason, message) }
    }
    pub fn reconciling(reason: &str, message: impl Into<String>) -> Self {
        Self { ready: Some(false), reconciling: true, ..Self::ready(reason, message) }
    }

    /// The conditions that say it, keeping transition times and conditions of others.
    pub fn write(&self, old: &[Condition], generation: Option<i64>, now: Timestamp) -> Vec<Condition> {
        let because = |on: bool, otherwise: &str| {
            if on {
                (self.reason.clone(), self.message.clone())
            } else {
                (otherwise.to_owned(), String::new())
            }
        };
        let ready = match self.ready {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let truth = |on| if on { "True" } else { "False" };
        let (reconciling, stalled) = (because(self.reconciling, "Idle"), because(self.stalled, "NotStalled"));
        let drifted = match &self.drifted {
            Some(what) => ("Different".to_owned(), what.clone()),
            None => ("InSync".to_owned(), String::new()),
        };
        let four = [
            (READY, ready, (self.reason.clone(), self.message.clone())),
            (RECONCILING, truth(self.reconciling), reconciling),
            (STALLED, truth(self.stalled), stalled),
            (DRIFTED, truth(self.drifted.is_some()), drifted),
        ];
        let mut all: Vec<Condition> =
            old.iter().filter(|c| four.iter().all(|(name, ..)| c.type_ != *name)).cloned().collect();
        for (name, status, (reason, message)) in four {
            let before = old.iter().find(|c| c.type_ == name).filter(|c| c.status == status);
            let message = cut(&message);
            // Snowflake numbers its refusals: the same one again is no news, and the first number can be looked up.
            let same =
                before.filter(|c| c.reason == reason && without_ids(&c.message) == without_ids(&message));
            all.push(Condition {
                type_: name.into(),
                status: status.into(),
                reason,
                message: same.map_or(message, |c| c.message.clone()),
                observed_generation: generation,
                last_transition_time: before.map_or(Time(now), |c| c.last_transition_time.clone()),
            });
        }
        all.sort_by_key(|c| order(&c.type_));
        all
    }
}

fn order(name: &str) -> usize {
    [READY, RECONCILING, STALLED, DRIFTED].iter().position(|known| *known == name).unwrap_or(9)
}

/// A message without the UUIDs in it.
fn without_ids(message: &str) -> Cow<'_, str> {
    static ID: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").ok());
    ID.as_ref().map_or(Cow::Borrowed(message), |id| id.replace_all(message, ""))
}

fn cut(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(MAX_MESSAGE - 1).chain(['…']).collect()
}

/// Whether a condition is true.
pub fn is_true(conditions: &[Condition], name: &str) -> bool {
    conditions.iter().any(|c| c.type_ == name && c.status == "True")
}
