//! What lies in a database or schema: its DROP would take all of it along.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use tokio::time::Instant;

use super::{KINDS, kind_of, object::recorded};
use crate::{
    api::Record,
    engine::{fault::Fault, session::Session},
    plan::Target,
    snowflake::{ClientError, catalog::Scope},
    values::{full_name::FullName, ident::Ident},
};

/// How many objects are named.
const NAMED: usize = 6;

/// The databases and schemas of a record that nothing wants.
pub(super) fn unwanted(record: &Record, known: &BTreeSet<Target>) -> Vec<Target> {
    let entries = record.objects.iter().filter(|entry| entry.created_on.is_some() || entry.intent.is_some());
    let targets = entries.filter_map(|entry| {
        let kind = kind_of(&entry.kind).filter(|kind| kind.depth < 3)?;
        Some(Target::new(kind.word, entry.name.clone()))
    });
    targets.filter(|on| !known.contains(on)).collect()
}

/// All objects in a database or schema that the role can see; of other kinds nothing lies in it.
pub(super) async fn contents(on: &Target, session: &Session, as_of: Instant) -> Result<Vec<Target>, Fault> {
    let place = kind_of(on.kind).filter(|kind| kind.depth < 3).and_then(|_| recorded(&on.name));
    let Some(place) = place else { return Ok(vec![]) };
    let place = &place;
    let reads = KINDS.iter().filter(|kind| kind.depth > place.path().len()).map(|kind| async move {
        match session.catalog.show_in(kind.show, Scope::In(place.clone()), as_of).await {
            Ok(table) => Ok(table.keys().filter_map(recorded).map(|name| (kind.word, name)).collect()),
            // A kind that the edition or the region lacks, of which there are none.
            Err(ClientError::Snowflake(_)) if kind.holds.is_none() => Ok(vec![]),
            Err(error) => Err(Fault::from(error)),
        }
    });
    let lists = try_join_all(reads).await?;
    let within = |name: &FullName| name.path().starts_with(place.path()) && !is_snowflakes(name);
    let listed = lists.into_iter().flatten().filter(|(_, name)| within(name));
    let mut all: BTreeSet<Target> = listed.map(|(word, name)| Target::new(word, name.to_string())).collect();
    for (word, among) in LISTED_TWICE {
        let twice: Vec<_> = all.iter().filter(|on| on.kind == word).map(|on| on.name.clone()).collect();
        for name in twice {
            all.remove(&Target::new(among, name));
        }
    }
    Ok(all.into_iter().collect())
}

/// What is listed among others, too.
const LISTED_TWICE: [(&str, &str); 2] = [("DYNAMIC TABLE", "TABLE"), ("MATERIALIZED VIEW", "VIEW")];

/// What Snowflake puts into every database.
fn is_snowflakes(name: &FullName) -> bool {
    let schema = name.path().get(1).map(Ident::as_str);
    schema == Some("INFORMATION_SCHEMA") || (schema == Some("PUBLIC") && name.path().len() == 2)
}

/// Why a database or schema is not dropped: what is in it and does not go with it on its own account.
pub(super) fn spares(on: &Target, inside: &[Target], dropped: &[Target]) -> Option<Fault> {
    let others: Vec<&Target> = inside.iter().filter(|on| !dropped.contains(on)).collect();
    let (first, rest) = others.split_at(others.len().min(NAMED));
    if first.is_empty() {
        return None;
    }
    let mut names: Vec<String> = first.iter().map(ToString::to_string).collect();
    if !rest.is_empty() {
        names.push(format!("and {} more", rest.len()));
    }
    Some(Fault::Conflict(format!(
        "{on} is not dropped, for what is not of this resource would go with it: {}; drop these or move them elsewhere first",
        names.join(", ")
    )))
}
