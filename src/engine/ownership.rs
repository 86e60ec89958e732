//! Whose object it is. Pure: from what is recorded and what is seen, what may be done.

use std::borrow::Cow;

use uuid::Uuid;

use super::fault::Fault;
use crate::{
    api::{Common, ManagementPolicy, Record, connection::Adoption, record::Entry},
    plan::{Note, Target, step::SentIntent},
    values::ident::{BadIdent, Ident},
};

/// What is seen of an object: the part of its row that says who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub created_on: String,
    pub owner: Option<String>,
}

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It is not there: create it under this request. `notes` come before.
    Absent { intent: SentIntent, vanished: bool, notes: Vec<Note> },
    /// A creation was begun and its outcome is unknown: send the same request again before anything else. `on` has
    /// another name when the resource was renamed meanwhile.
    Unsettled { on: Target, intent: SentIntent },
    /// It is ours, and `notes` bring the record up to date. `entry` is as it is after the notes.
    Ours { entry: Cow<'a, Entry>, notes: Vec<Note> },
    /// It is ours under another name: rename it. `notes` come before.
    Misnamed { from: Target, entry: Cow<'a, Entry>, notes: Vec<Note> },
}

/// What decides beside the object itself.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    pub uid: &'a str,
    pub common: Common<'a>,
    pub adoption: Adoption,
    /// The role that creates, and so owns.
    pub role: &'a str,
    pub record: &'a Record,
    pub former: Former<'a>,
}

/// Under which other name the record may know an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Former<'a> {
    /// Under any: the resource has one object of the kind.
    #[default]
    Any,
    /// Under this one (`renamedFrom`).
    Named(&'a Target),
    /// Under none.
    None,
}

impl<'a> Claimant<'a> {
    /// A request id that was never used: it names the resource, the object and the attempt.
    pub fn fresh_intent(&self, on: &Target) -> SentIntent {
        let name = format!("{}/{}/{}/{}", self.uid, on.kind, on.name, self.record.attempts + 1);
        SentIntent { request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()), again: false }
    }

    /// Where the object stands. `seen` is its row, `under` looks up the row of another name of the same kind.
    pub fn standing(
        &self,
        on: &Target,
        seen: Option<&Sighting>,
        under: impl Fn(&str) -> Option<Sighting>,
    ) -> Result<Standing<'a>, Fault> {
        let entry = self.record.entry(on);
        self.standing_of(on, entry, entry_of(self.record, on, self.former), seen, under)
    }

    /// The same for one of many, whose entry is known: the one under this name, and the one under this name or the
    /// former one.
    pub fn standing_of(
        &self,
        on: &Target,
        entry: Option<&'a Entry>,
        known_as: Option<&'a Entry>,
        seen: Option<&Sighting>,
        under: impl Fn(&str) -> Option<Sighting>,
    ) -> Result<Standing<'a>, Fault> {
        if self.common.management_policy == ManagementPolicy::Observe {
            return Ok(self.only_observed(on, seen));
        }
        if let Some(elsewhere) = self.elsewhere(on, known_as, seen, under)? {
            return Ok(elsewhere);
        }
        let pending = entry.and_then(|entry| entry.intent.as_ref());
        if let Some(intent) = pending.filter(|intent| !intent.done) {
            return Ok(unsettled(on.clone(), intent.request_id));
        }
        let Some(seen) = seen else {
            let vanished = entry.is_some_and(|entry| entry.created_on.is_some());
            return Ok(Standing::Absent { intent: self.fresh_intent(on), vanished, notes: vec![] });
        };
        if let Some(entry) = entry.filter(|entry| self.is_it(entry, seen)) {
            return Ok(known(on, seen, Cow::Borrowed(entry)));
        }
        let by_role = self.adoption == Adoption::OwnedByRole && seen.owner.as_deref() == Some(self.role);
        if self.common.adopt || by_role {
            return Ok(adopted(on, seen, entry.is_some()));
        }
        Err(if entry.is_some_and(|entry| entry.created_on.is_some()) {
            Fault::Conflict(format!(
                "{on} is not the one that was created here: it was dropped and created anew by somebody else (created_on {}); set spec.adopt: true to take it over, or remove it",
                seen.created_on
            ))
        } else {
            conflict(on, seen)
        })
    }

    /// What is only observed is neither created nor taken over, and nothing of it is released.
    fn only_observed(&self, on: &Target, seen: Option<&Sighting>) -> Standing<'a> {
        match seen {
            Some(_) => Standing::Ours { entry: Cow::Owned(blank(on)), notes: vec![] },
            None => Standing::Absent { intent: self.fresh_intent(on), vanished: false, notes: vec![] },
        }
    }

    /// Whether what is seen is what an entry speaks of: the very object that is recorded, or the one that was created
    /// under our request a moment ago.
    fn is_it(&self, entry: &Entry, seen: &Sighting) -> bool {
        let created = entry.intent.as_ref().is_some_and(|intent| intent.done);
        entry.created_on.as_ref() == Some(&seen.created_on)
            || (created && seen.owner.as_deref() == Some(self.role))
    }

    /// An object of ours under another name: a rename that is asked for, under way, done, or taken back.
    ///
    /// That a name does not change unasked is the API server's rule (`renamedFrom`). It is not asked for again here: a
    /// second edit may have come before the rename was carried out.
    fn elsewhere(
        &self,
        on: &Target,
        entry: Option<&Entry>,
        seen: Option<&Sighting>,
        under: impl Fn(&str) -> Option<Sighting>,
    ) -> Result<Option<Standing<'a>>, Fault> {
        let Some(entry) = entry else { return Ok(None) };
        if entry.name == on.name && entry.renaming.is_none() {
            return Ok(None);
        }
        let recorded = Target::new(on.kind, entry.name.clone());
        if let Some(intent) = entry.intent.as_ref().filter(|intent| !intent.done) {
            return Ok((recorded != *on).then(|| unsettled(recorded, intent.request_id)));
        }
        if let Some(seen) = seen.filter(|seen| self.is_it(entry, seen)) {
            if recorded == *on && entry.renaming.is_none() {
                return Ok(None);
            }
            // Renamed, and the answer did not get into the record; or never renamed, and not wanted any more.
            let mut entry = entry.clone();
            (entry.name, entry.renaming) = (on.name.clone(), None);
            let Standing::Ours { entry, notes } = known(on, seen, Cow::Owned(entry)) else { return Ok(None) };
            let renamed = Note::Renamed { from: recorded, to: on.clone() };
            return Ok(Some(Standing::Ours { entry, notes: [renamed].into_iter().chain(notes).collect() }));
        }
        let names = [Some(&entry.name), entry.renaming.as_ref()]
            .into_iter()
            .flatten()
            .filter(|name| **name != on.name);
        let mut there = names.filter_map(|name| Some((name, under(name)?)));
        if let Some((name, sighting)) = there.find(|(_, sighting)| self.is_it(entry, sighting)) {
            let from = Target::new(on.kind, name.clone());
            if let Some(seen) = seen {
                return Err(occupied(&from, on, seen));
            }
            let mut notes = vec![];
            let mut moved = entry.clone();
            if from != recorded {
                notes.push(Note::Renamed { from: recorded, to: from.clone() });
                (moved.name, moved.renaming) = (from.name.clone(), None);
            }
            let Standing::Ours { entry, notes: more } = known(&from, &sighting, Cow::Owned(moved)) else {
                return Ok(None);
            };
            notes.extend(more);
            return Ok(Some(Standing::Misnamed { from, entry, notes }));
        }
        if recorded == *on {
            return Ok(None);
        }
        // It is gone under every name that it can have: the new name starts afresh.
        match seen {
            Some(seen) if self.common.adopt => {
                let Standing::Ours { entry, mut notes } = adopted(on, seen, false) else { return Ok(None) };
                notes.insert(0, Note::Forget { on: recorded });
                Ok(Some(Standing::Ours { entry, notes }))
            }
            Some(seen) => Err(conflict(on, seen)),
            None => Ok(Some(Standing::Absent {
                intent: self.fresh_intent(on),
                vanished: entry.created_on.is_some(),
                notes: vec![Note::Renamed { from: recorded, to: on.clone() }],
            })),
        }
    }
}

/// The entry of an object: under its present name, or under the one that it had.
fn entry_of<'a>(record: &'a Record, on: &Target, former: Former<'_>) -> Option<&'a Entry> {
    record.entry(on).or_else(|| match former {
        Former::Any => record.objects.iter().find(|other| other.kind == on.kind),
        Former::Named(other) => record.entry(other),
        Former::None => None,
    })
}

/// Other names under which an object of ours may be: what the record has, and what it was being renamed to.
pub fn other_names<'a>(record: &'a Record, on: &Target) -> impl Iterator<Item = &'a str> + use<'a> {
    let entry = entry_of(record, on, Former::Any);
    let own = on.name.clone();
    let names = entry.into_iter().flat_map(|entry| [Some(entry.name.as_str()), entry.renaming.as_deref()]);
    names.flatten().filter(move |name| *name != own)
}

fn conflict(on: &Target, seen: &Sighting) -> Fault {
    let owner = seen.owner.as_deref().unwrap_or("nobody");
    Fault::Conflict(format!(
        "{on} exists already and was not created here (owned by {owner}); set spec.adopt: true to take it over, or give it another name"
    ))
}

/// Ours can't take a name that another object has. That one is not adopted either: ours would have nobody then.
fn occupied(from: &Target, on: &Target, seen: &Sighting) -> Fault {
    let (owner, name) = (seen.owner.as_deref().unwrap_or("nobody"), &from.name);
    Fault::Conflict(format!(
        "{on} exists already and was not created here (owned by {owner}), so {name}, which is ours, can't be renamed to it: rename or drop that one, or go back to {name}"
    ))
}

fn blank(on: &Target) -> Entry {
    Entry { kind: on.kind.into(), name: on.name.clone(), ..Entry::default() }
}

fn unsettled<'a>(on: Target, request_id: Uuid) -> Standing<'a> {
    Standing::Unsettled { on, intent: SentIntent { request_id, again: true } }
}

/// It is what the entry speaks of. The note is left out when the record says so already.
fn known<'a>(on: &Target, seen: &Sighting, entry: Cow<'a, Entry>) -> Standing<'a> {
    let created = entry.intent.is_some();
    if !created && entry.created_on.as_ref() == Some(&seen.created_on) && entry.owner == seen.owner {
        return Standing::Ours { entry, notes: vec![] };
    }
    let adopted = entry.adopted && !created;
    let note = identity(on, seen, adopted);
    let mut entry = entry.into_owned();
    (entry.created_on, entry.owner) = (Some(seen.created_on.clone()), seen.owner.clone());
    (entry.intent, entry.adopted) = (None, adopted);
    Standing::Ours { entry: Cow::Owned(entry), notes: vec![note] }
}

/// It is taken over. What an entry knew of another object does not hold for this one.
fn adopted<'a>(on: &Target, seen: &Sighting, forget: bool) -> Standing<'a> {
    let forget = forget.then(|| Note::Forget { on: on.clone() });
    let notes = forget.into_iter().chain([identity(on, seen, true)]).collect();
    let (created_on, owner) = (Some(seen.created_on.clone()), seen.owner.clone());
    let entry = Entry { created_on, owner, adopted: true, ..blank(on) };
    Standing::Ours { entry: Cow::Owned(entry), notes }
}

fn identity(on: &Target, seen: &Sighting, adopted: bool) -> Note {
    Note::Identity { on: on.clone(), created_on: seen.created_on.clone(), owner: seen.owner.clone(), adopted }
}

/// The name in Snowflake that a resource resolves to.
pub fn resolved_name(common: &Common<'_>, metadata_name: &str) -> Result<Ident, Fault> {
    match common.name {
        Some(name) => Ident::from_spec(name).map_err(bad_name("name")),
        None => Ident::from_spec(&metadata_name.to_ascii_uppercase().replace('-', "_")).map_err(|_| {
            Fault::Refused(format!(
                "metadata.name {metadata_name:?} gives no plain name of Snowflake: set spec.name"
            ))
        }),
    }
}

/// A name in a spec that is none.
pub fn bad_name(path: &'static str) -> impl Fn(BadIdent) -> Fault {
    move |error| Fault::Refused(format!("spec.{path}: {error}"))
}
