//! What the record means: how notes change it, and how its entries are found.

use std::collections::BTreeSet;

use crate::{
    api::record::{Entry, Intent, Record},
    plan::{Note, Target},
    values::map::Map,
};

/// Before the name of something that is being attached, and may not have been.
pub const BEGUN: &str = "? ";
/// Between such a name and the request under which the statement is sent.
pub const UNDER: &str = " UNDER ";

/// The entries of a record by kind and name, where many are looked for.
#[derive(Debug)]
pub struct Index<'a>(Map<(&'a str, &'a str), (usize, &'a Entry)>);

impl<'a> Index<'a> {
    /// An entry and its place in the record.
    pub fn get(&self, on: &Target) -> Option<(usize, &'a Entry)> {
        self.0.get(&(on.kind, on.name.as_str())).copied()
    }
}

impl Entry {
    /// Whether this policy hangs on it, or may: what is being attached counts, too.
    pub fn carries(&self, kind: &str, name: &str) -> bool {
        let begins = format!("{kind} {name} ON ");
        self.attached.iter().any(|attached| attached.trim_start_matches(BEGUN).starts_with(&begins))
    }
}

impl Record {
    pub fn index(&self) -> Index<'_> {
        // Of two of one name the first counts, as in [`Self::entry`].
        let all = self.objects.iter().enumerate().rev();
        Index(all.map(|(n, entry)| ((entry.kind.as_str(), entry.name.as_str()), (n, entry))).collect())
    }

    pub fn entry(&self, on: &Target) -> Option<&Entry> {
        self.objects.iter().find(|entry| entry.kind == on.kind && entry.name == on.name)
    }

    fn entry_mut(&mut self, on: &Target) -> &mut Entry {
        let known = self.objects.iter().position(|entry| entry.kind == on.kind && entry.name == on.name);
        let n = known.unwrap_or_else(|| {
            self.objects.push(Entry { kind: on.kind.into(), name: on.name.clone(), ..Entry::default() });
            self.objects.len() - 1
        });
        &mut self.objects[n]
    }

    /// Applies a note.
    pub fn apply(&mut self, note: &Note) {
        match note {
            Note::Intent { on, request_id, managed, grants } => {
                self.attempts += 1;
                let entry = self.entry_mut(on);
                entry.intent = Some(Intent { request_id: *request_id, done: false });
                entry.managed.clone_from(managed);
                entry.grants.clone_from(grants);
                // What is created anew was not suspended here.
                entry.resume = false;
            }
            Note::Created { on } => {
                if let Some(intent) = &mut self.entry_mut(on).intent {
                    intent.done = true;
                }
            }
            Note::NotCreated { on } => {
                let entry = self.entry_mut(on);
                entry.intent = None;
                // Nothing of what it was to bring along hangs there.
                entry.attached.retain(|name| !name.starts_with(BEGUN));
                // A refused replacement leaves what is ours; a refused creation leaves nothing.
                if entry.created_on.is_none() {
                    self.apply(&Note::Forget { on: on.clone() });
                }
            }
            Note::Identity { on, created_on, owner, adopted } => {
                let entry = self.entry_mut(on);
                entry.created_on = Some(created_on.clone());
                entry.owner.clone_from(owner);
                entry.adopted = *adopted;
                entry.intent = None;
            }
            Note::Managed { on, fields } => self.entry_mut(on).managed.clone_from(fields),
            Note::Grants { on, grants } => self.entry_mut(on).grants.clone_from(grants),
            Note::Attached { on, names } => {
                let entry = self.entry_mut(on);
                // What is begun under a request of its own uses up its number.
                let requests = |names: &BTreeSet<String>| {
                    names.iter().filter(|name| name.starts_with(BEGUN) && name.contains(UNDER)).count()
                };
                let begins = names != &entry.attached && requests(names) > 0;
                entry.attached.clone_from(names);
                self.attempts += i64::from(begins);
            }
            Note::Renaming { from, to } => {
                if self.entry(from).is_some() {
                    self.entry_mut(from).renaming = Some(to.name.clone());
                }
            }
            Note::Renamed { from, to } => {
                if self.entry(from).is_some() {
                    let entry = self.entry_mut(from);
                    entry.name.clone_from(&to.name);
                    entry.renaming = None;
                }
            }
            Note::Resume { on, wanted } => self.entry_mut(on).resume = *wanted,
            Note::Sent { on, hash } => self.entry_mut(on).sent = Some(hash.clone()),
            Note::Refused { on, steps } => {
                if self.entry(on).is_some() {
                    self.entry_mut(on).refused.clone_from(steps);
                }
            }
            Note::Forget { on } => {
                self.objects.retain(|entry| entry.kind != on.kind || entry.name != on.name);
            }
        }
    }

    /// Whether nothing in Snowflake is, or may be, ours.
    pub fn owns_nothing(&self) -> bool {
        self.objects.iter().all(|entry| entry.created_on.is_none() && entry.intent.is_none())
    }
}

/// A grant as the record keeps it.
pub fn grant_key(privilege: &str, role: &str) -> String {
    format!("{privilege} TO ROLE {role}")
}

/// Grants that a spec asks for, as the record keeps them, with the role and the privilege of each.
pub fn split_grant(key: &str) -> Option<(&str, &str)> {
    key.split_once(" TO ROLE ")
}

/// An empty set, where there is no entry.
pub fn managed(entry: Option<&Entry>) -> BTreeSet<String> {
    entry.map(|entry| entry.managed.clone()).unwrap_or_default()
}
