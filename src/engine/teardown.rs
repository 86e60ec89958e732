//! Deletion. It works from the record alone: also when the spec no longer parses, or Snowflake is gone.

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    fault::Fault,
    managed::Managed,
    ownership::Sighting,
    reconcile::{Event, options},
    session::Session,
};
use crate::{
    api::{DeletionPolicy, ManagementPolicy, Record, record::Entry},
    plan::{Sql, Target, step::SentIntent},
};

/// What decides about a deletion: read leniently from the resource, for the spec may no longer parse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub abandon: bool,
    pub management_policy: ManagementPolicy,
    pub deletion_policy: Option<DeletionPolicy>,
}

/// The entries whose objects are to be dropped, the last first. Empty: nothing is done in Snowflake, and Snowflake
/// is not asked.
pub fn to_drop(wish: Wish, holds_data: impl Fn(&str) -> bool, record: &Record) -> Vec<&Entry> {
    if wish.abandon || wish.management_policy == ManagementPolicy::Observe {
        return vec![];
    }
    let policy = |entry: &Entry| {
        let keep = holds_data(&entry.kind) || entry.adopted;
        wish.deletion_policy.unwrap_or(if keep { DeletionPolicy::Retain } else { DeletionPolicy::Delete })
    };
    let ours = |entry: &&Entry| entry.created_on.is_some() || entry.intent.is_some();
    let (goes, stays): (Vec<&Entry>, Vec<&Entry>) =
        record.objects.iter().rev().filter(ours).partition(|entry| policy(entry) == DeletionPolicy::Delete);
    // A policy that hangs on what stays can't be dropped, and goes on to look after it.
    let hangs = |entry: &Entry| stays.iter().any(|other| other.carries(&entry.kind, &entry.name));
    goes.into_iter().filter(|entry| !hangs(entry)).collect()
}

/// Whether an entry's object goes when its resource, or its place in the spec, goes.
fn target<K: Managed>(entry: &Entry, name: &str) -> Option<Target> {
    // Kinds are words of the program: those that are not come from a newer one, whose objects are not ours to drop.
    let kind = K::kinds().iter().find(|kind| **kind == entry.kind)?;
    Some(Target::new(kind, name))
}

/// Drops what the record says is ours. When it returns, the finalizer may go.
pub async fn teardown<K: Managed>(
    entries: &[&Entry],
    session: &Session,
    tag: &str,
    may_go_on: impl Fn() -> Result<(), Fault>,
    events: &mut Vec<Event>,
) -> Result<(), Fault> {
    let as_of = Instant::now();
    let mut mine = vec![];
    for entry in entries {
        may_go_on()?;
        if let Some(on) = ours::<K>(entry, as_of, session, tag, events).await? {
            mine.push(on);
        }
    }
    mine.sort_by_key(|on| K::drop_rank(on.kind));
    may_go_on()?;
    if let Some(fault) = K::spares(&mine, session, as_of).await? {
        return Err(fault);
    }
    let created: Vec<Target> = mine.iter().rev().cloned().collect();
    for statement in K::before_drop(&created) {
        may_go_on()?;
        run(Sql { statement, intent: None }, session, tag).await?;
    }
    for on in &mine {
        may_go_on()?;
        let Some(statement) = K::drop_statement(on) else { continue };
        run(Sql { statement, intent: None }, session, tag).await?;
        events.push(Event { warning: false, reason: "Deleted", note: format!("dropped {on}") });
    }
    for entry in entries {
        if let Some(on) = target::<K>(entry, &entry.name) {
            session.forget(on.kind, &on.name);
        }
    }
    Ok(())
}

/// The object of an entry, if it is still the one that was created here.
async fn ours<K: Managed>(
    entry: &Entry,
    mut as_of: Instant,
    session: &Session,
    tag: &str,
    events: &mut Vec<Event>,
) -> Result<Option<Target>, Fault> {
    let Some(on) = target::<K>(entry, &entry.name) else { return Ok(None) };
    let created = match &entry.intent {
        Some(intent) if intent.done => true,
        Some(intent) => {
            let created = was_created::<K>(&on, intent.request_id, session, tag).await?;
            as_of = Instant::now();
            created
        }
        None => false,
    };
    // A resource of many objects may create them with a role of its own.
    let by_us = |found: &Sighting| !K::ALONE || found.owner.as_deref() == Some(session.account.role.as_str());
    let is_it = |found: &Sighting| {
        entry.created_on.as_deref() == Some(found.created_on.as_str()) || (created && by_us(found))
    };
    let (mut ours, mut other) = (None, false);
    // While it was being renamed it has the one name or the other.
    for name in [Some(&entry.name), entry.renaming.as_ref()].into_iter().flatten() {
        let Some(on) = target::<K>(entry, name) else { continue };
        match K::find(session, &on, as_of).await? {
            Some(found) if is_it(&found) => ours = ours.or(Some(on)),
            Some(_) => other = true,
            None => {}
        }
    }
    if ours.is_none() {
        events.push(if other {
            let note = format!("{on} is not the one that was created here any more: it is left alone");
            Event { warning: true, reason: "NotOurs", note }
        } else {
            let note = format!("{on} is not there (or not visible to the role): nothing was dropped");
            Event { warning: false, reason: "NothingToDrop", note }
        });
    }
    Ok(ours)
}

async fn run(sql: Sql, session: &Session, tag: &str) -> Result<(), Fault> {
    match session.client.run(&sql.statement, &options(&sql, tag, None)).await {
        Ok(_) => Ok(()),
        // Gone between the look and the drop, with what it was in, or by a statement whose answer was lost.
        Err(error) if error.is_object_missing() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Was it created? The same request, sent again, is executed at most once: it succeeds exactly when it is ours.
async fn was_created<K: Managed>(
    on: &Target,
    request_id: Uuid,
    session: &Session,
    tag: &str,
) -> Result<bool, Fault> {
    let Some(statement) = K::probe(on) else { return Ok(false) };
    let probe = Sql { statement, intent: Some(SentIntent { request_id, again: true }) };
    match session.client.run(&probe.statement, &options(&probe, tag, None)).await {
        Ok(_) => Ok(true),
        // Somebody else has the name, the role may not create, or what it lies in is gone: it never was.
        Err(error) if error.is_object_exists() || error.is_privilege() || error.is_object_missing() => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
