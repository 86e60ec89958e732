//! Deletion. It works from the record alone: also when the spec no longer parses, or Snowflake is gone.

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    fault::Fault,
    managed::Managed,
    reconcile::{Event, options},
    session::Session,
};
use crate::{
    api::{DeletionPolicy, ManagementPolicy, Record, record::Entry},
    plan::{Sql, Target, step::SentIntent},
    snowflake::catalog::Found,
    values::ident::Ident,
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
pub fn to_drop(wish: Wish, holds_data: bool, record: &Record) -> Vec<&Entry> {
    if wish.abandon || wish.management_policy == ManagementPolicy::Observe {
        return vec![];
    }
    let policy = |entry: &Entry| {
        let keep = holds_data || entry.adopted;
        wish.deletion_policy.unwrap_or(if keep { DeletionPolicy::Retain } else { DeletionPolicy::Delete })
    };
    let ours = |entry: &&Entry| entry.created_on.is_some() || entry.intent.is_some();
    record.objects.iter().rev().filter(ours).filter(|entry| policy(entry) == DeletionPolicy::Delete).collect()
}

/// Drops what the record says is ours. When it returns, the finalizer may go.
pub async fn teardown<K: Managed>(
    entries: &[&Entry],
    session: &Session,
    tag: &str,
    may_go_on: impl Fn() -> Result<(), Fault>,
    events: &mut Vec<Event>,
) -> Result<(), Fault> {
    for entry in entries {
        may_go_on()?;
        drop_one::<K>(entry, session, tag, events).await?;
        session.forget(K::OBJECT, &entry.name);
    }
    Ok(())
}

async fn drop_one<K: Managed>(
    entry: &Entry,
    session: &Session,
    tag: &str,
    events: &mut Vec<Event>,
) -> Result<(), Fault> {
    let on = Target::new(K::OBJECT, entry.name.clone());
    let created = match &entry.intent {
        Some(intent) => intent.done || was_created::<K>(entry, intent.request_id, session, tag).await?,
        None => false,
    };
    let as_of = Instant::now();
    let is_it = |found: &Found| {
        entry.created_on.as_deref() == Some(found.created_on())
            || (created && found.owner() == Some(session.account.role.as_str()))
    };
    let (mut ours, mut other) = (None, false);
    // While it was being renamed it has the one name or the other.
    for name in [Some(&entry.name), entry.renaming.as_ref()].into_iter().flatten() {
        let Ok(name) = Ident::exact(name) else { continue };
        match K::find(session, &name, as_of).await? {
            Some(found) if is_it(&found) => ours = ours.or(Some(name)),
            Some(_) => other = true,
            None => {}
        }
    }
    let Some(name) = ours else {
        events.push(if other {
            let note = format!("{on} is not the one that was created here any more: it is left alone");
            Event { warning: true, reason: "NotOurs", note }
        } else {
            let note = format!("{on} is not there (or not visible to the role): nothing was dropped");
            Event { warning: false, reason: "NothingToDrop", note }
        });
        return Ok(());
    };
    let sql = Sql { statement: K::drop_statement(&name), intent: None };
    match session.client.run(&sql.statement, &options(&sql, tag)).await {
        Ok(_) => {}
        // Gone between the look and the drop, or dropped by a statement whose answer was lost.
        Err(error) if error.is_object_missing() => {}
        Err(error) => return Err(error.into()),
    }
    events.push(Event { warning: false, reason: "Deleted", note: format!("dropped {on}") });
    Ok(())
}

/// Was it created? The same request, sent again, is executed at most once: it succeeds exactly when it is ours.
async fn was_created<K: Managed>(
    entry: &Entry,
    request_id: Uuid,
    session: &Session,
    tag: &str,
) -> Result<bool, Fault> {
    let Ok(name) = Ident::exact(&entry.name) else { return Ok(false) };
    let probe = Sql { statement: K::probe(&name), intent: Some(SentIntent { request_id, again: true }) };
    match session.client.run(&probe.statement, &options(&probe, tag)).await {
        Ok(_) => Ok(true),
        // Somebody else has the name, or the role may not create: it never was.
        Err(error) if error.is_object_exists() || error.is_privilege() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
