//! Plans as people and programs read them: [`terminal`], [`json`], [`markdown`].
//!
//! Everything here is pure: a [`Report`] in, a text out. Names, values and comments come from manifests and from
//! Snowflake and are not trusted: each form has one place where they are made harmless.

pub mod json;
pub mod markdown;
pub mod terminal;
pub mod text;

use std::fmt::{self, Display};

use super::{Action, Change, Effect, Note, Risk, Step, Target};

/// Above the statements that give roles what they lack.
const LACKING: &str =
    "privileges are missing; who may grant them runs (what a role can't see may also not be there yet):";

/// What a run would do, resource by resource, in the order of the manifests.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub entries: Vec<Entry>,
    /// What gives the roles the privileges that they lack: statements to be run by who may.
    pub grants: Vec<String>,
}

/// One resource, and its part of the plan.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The kind of the resource (`SnowflakeWarehouse`).
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// The name in Snowflake, as SHOW prints it; empty where none could be made.
    pub object: String,
    /// The steps, in the order of their dependence.
    pub steps: Vec<Step>,
    /// Steps that wait, by their places, and why.
    pub held: Vec<(usize, String)>,
    /// Why there is no plan for this resource, or only a part of one.
    pub fault: Option<String>,
    /// Objects of it for which there is no plan, and why; the rest goes on.
    pub blocked: Vec<String>,
    /// What a person should know before the plan is carried out.
    pub warnings: Vec<String>,
    /// What it waits for, besides: a role that is not there yet.
    pub waiting: Option<String>,
    /// What became of each step, once they were carried out; empty before.
    pub ended: Vec<Ended>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    Held,
    /// What it comes after was held or failed.
    Skipped(String),
    Failed(String),
}

impl Ended {
    /// The word in the JSON form.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Held => "held",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "failed",
        }
    }
    /// Why it was not done.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Done | Self::Held => None,
            Self::Skipped(why) | Self::Failed(why) => Some(why),
        }
    }
}

impl Display for Entry {
    /// `SnowflakeWarehouse team-a/wh`, as it came in: for logs and errors, not for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// What is shown of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Create,
    Update,
    Replace,
    Delete,
    Adopt,
}

impl Verb {
    /// The word in the JSON form.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
        }
    }
    /// The sign that users of Terraform and diff know.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Replace => "-/+",
            Self::Delete => "-",
            Self::Adopt => "=",
        }
    }
    /// What a step does; `None` for one that changes the record alone.
    pub fn of(action: &Action) -> Option<Self> {
        match action {
            Action::Create(_) => Some(Self::Create),
            Action::Update(_) => Some(Self::Update),
            Action::Replace(_) => Some(Self::Replace),
            Action::Delete(_) => Some(Self::Delete),
            Action::Note => None,
        }
    }
    /// The word for what was done.
    pub fn was(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "changed",
            Self::Replace => "dropped and created anew",
            Self::Delete => "deleted",
            Self::Adopt => "adopted",
        }
    }
    fn will_be(self) -> &'static str {
        match self {
            Self::Create => "will be created",
            Self::Update => "will be changed",
            Self::Replace => "will be dropped and created anew",
            Self::Delete => "will be deleted",
            Self::Adopt => "exists and is adopted",
        }
    }
}

/// One step that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub entry: &'a Entry,
    pub step: &'a Step,
    pub verb: Verb,
    /// Why it waits.
    pub held: Option<&'a str>,
    /// The object existed before and becomes ours with this step.
    pub adopted: bool,
    /// What became of it.
    pub ended: Option<&'a Ended>,
}

/// From how many on the objects of one resource that are only adopted are told together: what changes would drown.
const TOGETHER: usize = 4;

/// Those of a resource that are only adopted, when they are many, and the others.
fn adopted_together(all: Vec<Row<'_>>) -> (Vec<&Target>, Vec<Row<'_>>) {
    let only = |row: &Row<'_>| row.verb == Verb::Adopt && row.held.is_none();
    if all.iter().filter(|row| only(row)).count() < TOGETHER {
        return (vec![], all);
    }
    let (adopted, others): (Vec<_>, Vec<_>) = all.into_iter().partition(only);
    (adopted.into_iter().map(|row| &row.step.on).collect(), others)
}

impl<'a> Row<'a> {
    pub fn changes(&self) -> &'a [Change] {
        self.step.action.changes()
    }
    pub fn risk(&self) -> Risk {
        self.step.action.risk()
    }
    /// The statements, exactly as apply sends them.
    pub fn statements(&self) -> impl Iterator<Item = &'a str> {
        let step: &'a Step = self.step;
        step.statements().map(crate::snowflake::Statement::as_str)
    }
}

/// How many of what. What is held is in `held` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub create: usize,
    pub update: usize,
    pub replace: usize,
    pub delete: usize,
    /// Objects that existed before and become ours; by itself that changes nothing in Snowflake.
    pub adopt: usize,
    /// Steps that wait.
    pub held: usize,
    /// Resources that could not be planned.
    pub failed: usize,
    /// Resources that are as their manifests say.
    pub unchanged: usize,
}

impl Summary {
    /// Whether an apply would change Snowflake.
    pub fn has_changes(&self) -> bool {
        self.create + self.update + self.replace + self.delete > 0
    }
    /// Neither changes, nor anything that keeps them from being made.
    pub fn is_settled(&self) -> bool {
        !self.has_changes() && self.held == 0 && self.failed == 0
    }
}

impl Display for Summary {
    /// `Plan: 2 to create, 1 to change, 0 to delete.`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_settled() {
            f.write_str("No changes. Snowflake matches the manifests.")?;
        } else {
            write!(
                f,
                "Plan: {} to create, {} to change, {} to delete",
                self.create, self.update, self.delete
            )?;
            if self.replace > 0 {
                write!(f, ", {} to replace", self.replace)?;
            }
            f.write_str(".")?;
        }
        for (count, what) in [(self.adopt, "adopted"), (self.held, "held"), (self.failed, "failed")] {
            if count > 0 {
                write!(f, " {count} {what}.")?;
            }
        }
        Ok(())
    }
}

impl Entry {
    /// The steps that are shown, in order. Notes are not, but for an adoption that nothing else tells.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let adopted = |on: &Target| self.steps.iter().any(|step| step.on == *on && adopts(step));
        let mut rows: Vec<Row<'_>> = vec![];
        for (n, step) in self.steps.iter().enumerate() {
            let verb = match Verb::of(&step.action) {
                Some(Verb::Update) if step.action.changes().is_empty() && !step.writes() => continue,
                Some(verb) => verb,
                None if adopts(step) && !self.changes_also(&step.on) => Verb::Adopt,
                None => continue,
            };
            let held = self.held.iter().find(|(at, _)| *at == n).map(|(_, why)| why.as_str());
            // The adoption itself is told by its own sign.
            let adopted = verb != Verb::Adopt && adopted(&step.on);
            rows.push(Row { entry: self, step, verb, held, adopted, ended: self.ended.get(n) });
        }
        rows
    }

    fn changes_also(&self, on: &Target) -> bool {
        self.steps.iter().any(|step| step.on == *on && (step.writes() || !step.action.changes().is_empty()))
    }
}

impl Report {
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.entries.iter().flat_map(Entry::rows)
    }

    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for entry in &self.entries {
            let rows = entry.rows();
            summary.failed += usize::from(entry.fault.is_some()) + entry.blocked.len();
            summary.unchanged +=
                usize::from(entry.fault.is_none() && entry.blocked.is_empty() && rows.is_empty());
            for row in rows {
                let count = match row.verb {
                    _ if row.held.is_some() => &mut summary.held,
                    Verb::Create => &mut summary.create,
                    Verb::Update => &mut summary.update,
                    Verb::Replace => &mut summary.replace,
                    Verb::Delete => &mut summary.delete,
                    Verb::Adopt => &mut summary.adopt,
                };
                *count += 1;
                summary.adopt += usize::from(row.adopted);
            }
        }
        summary
    }
}

fn adopts(step: &Step) -> bool {
    step.effects.iter().any(|effect| matches!(effect, Effect::Remember(Note::Identity { adopted: true, .. })))
}

#[cfg(test)]
mod tests;
