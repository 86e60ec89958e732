//! Whose object it is. Pure: from what is recorded and what is seen, what may be done.

use uuid::Uuid;

use super::fault::Fault;
use crate::{
    api::{Common, Record, connection::Adoption, record::Entry},
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
pub enum Standing {
    /// It is not there: create it under this request.
    Absent { intent: SentIntent, vanished: bool },
    /// A creation was begun and its outcome is unknown: send the same request again before anything else.
    Unsettled { intent: SentIntent },
    /// It is ours, and `notes` bring the record up to date. `entry` is as it is after the notes.
    Ours { entry: Entry, notes: Vec<Note> },
    /// It is ours under another name: rename it.
    Misnamed { from: Target, entry: Entry },
}

/// What decides beside the object itself.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    pub uid: &'a str,
    pub common: Common<'a>,
    pub adoption: Adoption,
    /// The role that the connection's statements run with.
    pub role: &'a str,
    pub record: &'a Record,
}

impl Claimant<'_> {
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
    ) -> Result<Standing, Fault> {
        let entry = self.record.entry(on);
        if let Some(misnamed) = self.misnamed(on, seen, entry, under)? {
            return Ok(misnamed);
        }
        let pending = entry.and_then(|entry| entry.intent.as_ref());
        if let Some(intent) = pending.filter(|intent| !intent.done) {
            return Ok(Standing::Unsettled { intent: SentIntent { request_id: intent.request_id, again: true } });
        }
        let Some(seen) = seen else {
            let vanished = entry.is_some_and(|entry| entry.created_on.is_some());
            return Ok(Standing::Absent { intent: self.fresh_intent(on), vanished });
        };
        let known = entry.and_then(|entry| entry.created_on.as_deref());
        if pending.is_some() || known == Some(seen.created_on.as_str()) {
            // Ours: created under our request a moment ago, or the very object that is recorded.
            let created = pending.is_some();
            if created && seen.owner.as_deref() != Some(self.role) {
                return Err(self.conflict(on, seen));
            }
            let adopted = !created && entry.is_some_and(|entry| entry.adopted);
            return Ok(self.ours(on, seen, entry.cloned(), adopted));
        }
        let by_role = self.adoption == Adoption::OwnedByRole && seen.owner.as_deref() == Some(self.role);
        if self.common.adopt || by_role {
            return Ok(self.ours(on, seen, None, true));
        }
        Err(if known.is_some() {
            Fault::Conflict(format!(
                "{on} is not the one that was created here: it was dropped and created anew by somebody else (created_on {}); set spec.adopt: true to take it over, or remove it",
                seen.created_on
            ))
        } else {
            self.conflict(on, seen)
        })
    }

    fn conflict(&self, on: &Target, seen: &Sighting) -> Fault {
        let owner = seen.owner.as_deref().unwrap_or("nobody");
        Fault::Conflict(format!(
            "{on} exists already and was not created here (owned by {owner}); set spec.adopt: true to take it over, or choose another spec.name"
        ))
    }

    fn ours(&self, on: &Target, seen: &Sighting, entry: Option<Entry>, adopted: bool) -> Standing {
        let mut entry =
            entry.unwrap_or_else(|| Entry { kind: on.kind.into(), name: on.name.clone(), ..Entry::default() });
        let same = entry.created_on.as_deref() == Some(&seen.created_on)
            && entry.owner == seen.owner
            && entry.intent.is_none();
        let mut notes = vec![];
        if !same {
            entry.created_on = Some(seen.created_on.clone());
            entry.owner.clone_from(&seen.owner);
            entry.intent = None;
            entry.adopted = adopted;
            notes.push(Note::Identity {
                on: on.clone(),
                created_on: seen.created_on.clone(),
                owner: seen.owner.clone(),
                adopted,
            });
        }
        Standing::Ours { entry, notes }
    }

    /// An entry under another name: a rename that is asked for, under way, or done.
    fn misnamed(
        &self,
        on: &Target,
        seen: Option<&Sighting>,
        entry: Option<&Entry>,
        under: impl Fn(&str) -> Option<Sighting>,
    ) -> Result<Option<Standing>, Fault> {
        if entry.is_some() {
            return Ok(None);
        }
        let Some(other) = self.record.objects.iter().find(|other| other.kind == on.kind) else {
            return Ok(None);
        };
        let from = Target::new(on.kind, other.name.clone());
        if other.created_on.is_none() {
            return Err(Fault::Refused(format!(
                "the creation of {from} is not settled yet; set spec.name back until it is Ready, and rename it then"
            )));
        }
        if seen.is_some_and(|seen| Some(&seen.created_on) == other.created_on.as_ref()) {
            // The rename was executed, and its answer did not get into the record.
            let mut entry = other.clone();
            entry.name.clone_from(&on.name);
            return Ok(Some(Standing::Ours { entry, notes: vec![Note::Renamed { from, to: on.clone() }] }));
        }
        let asked = self.common.renamed_from.map(Ident::from_spec).transpose().map_err(bad_name("renamedFrom"))?;
        if asked.is_none_or(|name| name.as_str() != other.name) {
            return Err(Fault::Refused(format!(
                "this resource has {from} until now; to rename it to {}, set spec.renamedFrom: {}",
                on.name, other.name
            )));
        }
        let old = under(&other.name).filter(|old| Some(&old.created_on) == other.created_on.as_ref());
        match (old, seen) {
            (Some(_), None) => Ok(Some(Standing::Misnamed { from, entry: other.clone() })),
            (Some(_), Some(seen)) => Err(self.conflict(on, seen)),
            (None, _) => Err(Fault::NotFound(format!("{from}, which is to be renamed, is not there any more"))),
        }
    }
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
