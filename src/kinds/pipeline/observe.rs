//! What is seen of a pipeline: a few shared lists, and for some objects what the lists lack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::{join_all, try_join_all};
use tokio::time::Instant;

use super::{
    KINDS,
    object::{Kind, There, Wanted, hash, recorded},
};
use crate::{
    api::{Record, record::Entry},
    engine::{
        as_of::AsOf, fault::Fault, managed::Peers, ownership::Sighting, record::Index, session::Session,
    },
    plan::Target,
    snowflake::{
        Row, Rows, Statement,
        catalog::{By, Found, Scope, Show, Table},
    },
    values::{full_name::FullName, map::Map},
};

/// `SHOW COLUMNS`: the columns of all tables of a database.
pub(super) const COLUMNS: Show = Show { words: "SHOW COLUMNS", kind: "COLUMN", by: By::Table };

#[derive(Debug, Default)]
pub struct Seen {
    /// The objects of the spec.
    pub wanted: Vec<Target>,
    /// Lists by kind and place: the account (`None`), a database, or a schema where the database has too many.
    pub lists: Map<(&'static str, Option<FullName>), Arc<Table>>,
    /// What was read for one object alone, by its kind and name.
    pub details: BTreeMap<Target, Arc<Rows>>,
    /// The answers of DESCRIBE that tell masking policies, by kind and name of what they are on.
    pub descriptions: BTreeMap<Target, Arc<Rows>>,
    /// Owners that SHOW does not tell (procedures, functions), by kind and name.
    pub owners: BTreeMap<Target, String>,
    /// Kinds of which so many recorded objects are missing that the role has more likely lost sight of them.
    pub lost: BTreeSet<&'static str>,
    /// The privileges that roles have, and those that they will have on what comes: by role, and whether to come.
    pub privileges: BTreeMap<(String, bool), crate::snowflake::catalog::Privileges>,
    /// What lies in a database or schema that nothing wants, where its end is approved.
    pub inside: BTreeMap<Target, Vec<Target>>,
    /// What the account was bought as, where Snowflake tells.
    pub edition: Option<String>,
    /// Roles of grants that are not there, or not visible.
    pub missing_roles: BTreeSet<String>,
    /// Roles, and what grants are on, that the connection does not let this namespace name, and why.
    pub denied: BTreeMap<String, String>,
}

impl Seen {
    /// The row of an object. An absence that can't be proven is an error.
    pub(super) fn found(&self, kind: &Kind, name: &FullName) -> Result<Option<Found>, Fault> {
        self.row(kind.show, &name.text(), name)
    }

    /// The same for an object of the spec.
    pub(super) fn found_of(&self, object: &Wanted<'_>) -> Result<Option<Found>, Fault> {
        self.row(object.kind.show, &object.on.name, &object.name)
    }

    /// Who an object is.
    pub(super) fn sighting(&self, kind: &Kind, found: &Found) -> Sighting {
        let owner = found.owner().map(str::to_owned);
        let owner = owner.or_else(|| self.owners.get(&Target::new(kind.word, found.name())).cloned());
        Sighting { created_on: found.created_on().to_owned(), owner }
    }

    fn row(&self, show: Show, key: &str, name: &FullName) -> Result<Option<Found>, Fault> {
        let mut complete = false;
        for place in places(name) {
            let Some(table) = self.lists.get(&(show.kind, place)) else { continue };
            if let Some(found) = Found::of(table.clone(), key) {
                return Ok(Some(found));
            }
            complete |= table.is_complete();
        }
        if complete {
            return Ok(None);
        }
        Err(Fault::Waiting {
            reason: "TooManyObjects",
            message: format!(
                "whether {} {key} is there can't be told: its schema has more than SHOW gives (10,000); use a role that sees fewer",
                show.kind.to_ascii_lowercase()
            ),
        })
    }

    /// The list that has the rows of a table (columns, keys); `None`: it was not read.
    pub(super) fn of_table(&self, show: Show, table: &There<'_>) -> Option<Arc<Table>> {
        let key = table.found.name();
        let lists = places(table.name).chain([Some(table.name.clone())]);
        let mut lists = lists.filter_map(|place| self.lists.get(&(show.kind, place))).peekable();
        // Where the widest one has all, none was read beside it.
        if let Some(all) = lists.peek().filter(|list| list.is_complete()) {
            return Some(Arc::clone(all));
        }
        let of = |list: &&Arc<Table>| list.is_complete() || list.get(key).is_some();
        // A list that ended early may have the first columns of a table only: the narrowest one counts.
        lists.filter(of).last().cloned()
    }
}

/// Where the row of an object may be listed, the widest first.
fn places(name: &FullName) -> impl Iterator<Item = Option<FullName>> {
    let path = name.path();
    let wide = path.first().filter(|_| path.len() > 1).cloned().map(FullName::top);
    let schema = || name.parent().filter(|parent| parent.path().len() == 2);
    std::iter::once(wide).chain(std::iter::once_with(schema).flatten().map(Some))
}

/// Reads what a plan needs.
pub(super) async fn observe(
    wanted: &[Wanted<'_>],
    record: &Record,
    session: &Session,
    peers: &dyn Peers,
    as_of: &AsOf,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let mut names: BTreeMap<&'static str, BTreeSet<FullName>> = BTreeMap::new();
    for object in wanted {
        let of_kind = names.entry(object.kind.word).or_default();
        of_kind.insert(object.name.clone());
        of_kind.extend(object.former.clone());
    }
    for entry in &record.objects {
        let kind = KINDS.iter().find(|kind| kind.word == entry.kind);
        let both = [Some(&entry.name), entry.renaming.as_ref()].into_iter().flatten();
        for name in both.filter_map(|name| recorded(name)) {
            if let Some(kind) = kind {
                names.entry(kind.word).or_default().insert(name);
            }
        }
    }
    let all = names.clone();
    let mut shows: Vec<(Show, BTreeSet<FullName>, Instant)> = vec![];
    for kind in KINDS {
        let Some(of_kind) = names.remove(kind.word) else { continue };
        shows.push((kind.show, of_kind, as_of.of(kind.word)));
    }
    let index = record.index();
    let (nothing, mut more) = (BTreeSet::new(), BTreeMap::<_, (Show, BTreeSet<FullName>, Instant)>::new());
    for object in wanted {
        let managed = index.get(&object.on).map_or(&nothing, |(_, entry)| &entry.managed);
        for show in object.object.lists(managed) {
            let as_of = as_of.of(object.kind.word);
            let (_, of_list, since) =
                more.entry(show.words).or_insert_with(|| (show, BTreeSet::new(), as_of));
            *since = as_of.max(*since);
            of_list.extend([Some(&object.name), object.former.as_ref()].into_iter().flatten().cloned());
        }
    }
    shows.extend(more.into_values());
    let reads = shows.iter().map(|(show, of_kind, as_of)| list(*show, of_kind, session, *as_of));
    for lists in try_join_all(reads).await? {
        seen.lists.extend(lists);
    }
    owners(&all, &index, session, seen).await?;
    lost(record, session, peers, seen);
    details(wanted, &index, session, seen).await?;
    descriptions(wanted, &index, session, seen).await
}

pub(super) type Lists = Vec<((&'static str, Option<FullName>), Arc<Table>)>;

/// One list for each database; where that ends early, one for each schema, and for what tables have one for each.
pub(super) async fn list(
    show: Show,
    names: &BTreeSet<FullName>,
    session: &Session,
    as_of: Instant,
) -> Result<Lists, Fault> {
    let mut lists: Lists = vec![];
    let mut rest: Vec<&FullName> = names.iter().collect();
    for depth in 0..3 {
        let place = |name: &FullName| match depth {
            0 => name.path().first().filter(|_| name.path().len() > 1).cloned().map(FullName::top),
            1 => name.parent(),
            _ => Some(name.clone()),
        };
        let places: BTreeSet<Option<FullName>> = rest.iter().map(|name| place(name)).collect();
        let reads = places.into_iter().map(|place| async move {
            let scope = place.clone().map_or(Scope::Account, Scope::In);
            let table = session.catalog.show_in(show, scope, as_of).await?;
            Ok::<_, Fault>(((show.kind, place), table))
        });
        let read = try_join_all(reads).await?;
        let ended =
            |name: &&FullName| read.iter().any(|((_, at), table)| *at == place(name) && !table.is_complete());
        rest.retain(ended);
        lists.extend(read);
        let narrower = depth == 0 || (depth == 1 && show.by.is_of_tables());
        rest.retain(|name| name.path().len() == 3);
        if rest.is_empty() || !narrower {
            break;
        }
    }
    Ok(lists)
}

/// SHOW PROCEDURES and SHOW FUNCTIONS do not say who owns what they list
/// (<https://docs.snowflake.com/en/sql-reference/sql/show-procedures>). Of what is recorded under its identity the owner
/// is recorded, too; of the others SHOW GRANTS ON tells.
async fn owners(
    names: &BTreeMap<&'static str, BTreeSet<FullName>>,
    index: &Index<'_>,
    session: &Session,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let mut reads = vec![];
    for kind in KINDS.iter().filter(|kind| kind.show.by == By::Signature) {
        for name in names.get(kind.word).into_iter().flatten() {
            let Ok(Some(found)) = seen.found(kind, name) else { continue };
            let on = Target::new(kind.word, found.name());
            let is = |entry: &&Entry| entry.created_on.as_deref() == Some(found.created_on());
            // What was created a moment ago has the owner that created it.
            let created = |entry: &Entry| entry.intent.as_ref().is_some_and(|intent| intent.done);
            let entry = index.get(&on).map(|(_, entry)| entry);
            if entry.is_some_and(created) {
                continue;
            }
            match entry.filter(is).and_then(|entry| entry.owner.clone()) {
                Some(owner) => drop(seen.owners.insert(on, owner)),
                None => reads.push(owner(kind, name, on, found, session)),
            }
        }
    }
    for read in join_all(reads).await {
        if let (on, Some(owner)) = read? {
            seen.owners.insert(on, owner);
        }
    }
    Ok(())
}

pub(super) async fn owner(
    kind: &'static Kind,
    name: &FullName,
    on: Target,
    found: Found,
    session: &Session,
) -> Result<(Target, Option<String>), Fault> {
    let statement = Statement::new("SHOW GRANTS ON").of_kind("GRANTS").keyword(kind.word).full_name(name);
    let (not_before, keep) = (session.last_effect(kind.word, &on.name), session.policy.deep_resync);
    let key = ("GRANTS", &*on.to_string());
    let rows = session.catalog.details(key, statement, found.created_on(), not_before, keep, false).await;
    match rows {
        Ok(rows) => {
            let owns = |row: &Row<'_>| row.text("privilege") == Some("OWNERSHIP");
            let owner = rows.as_deref().and_then(|rows| rows.iter().find(owns)?.text("grantee_name"));
            Ok((on, owner.map(str::to_owned)))
        }
        // Gone since the list was read: the next look tells.
        Err(error) if error.is_object_missing() => Ok((on, None)),
        Err(error) => Err(error.into()),
    }
}

/// Of which kinds the role has more likely lost sight: at least three, and at least one in four, of the recorded
/// objects of one of this resource's databases are missing.
fn lost(record: &Record, session: &Session, peers: &dyn Peers, seen: &mut Seen) {
    for kind in KINDS {
        let mine =
            record.objects.iter().filter(|entry| entry.kind == kind.word && entry.created_on.is_some());
        let is_missing =
            |name: &str| recorded(name).is_some_and(|name| matches!(seen.found(kind, &name), Ok(None)));
        if !mine.map(|entry| entry.name.as_str()).any(is_missing) {
            continue;
        }
        let all = peers.recorded(kind.word, &session.key);
        let missing = all.iter().filter(|name| is_missing(name)).count();
        if missing >= 3 && missing * 4 >= all.len() {
            seen.lost.insert(kind.word);
        }
    }
}

/// What SHOW lacks. What was sent last and is still the same object is taken for what is there, until it is due.
async fn details(
    wanted: &[Wanted<'_>],
    index: &Index<'_>,
    session: &Session,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let reads = wanted.iter().filter_map(|object| {
        let statement = object.object.details()?;
        let found = seen.found_of(object).ok()??;
        let on = object.on.clone();
        let entry = index.get(&on).map(|(_, entry)| entry);
        let trusted = entry.is_some_and(|entry| {
            entry.created_on.as_deref() == Some(found.created_on())
                && entry.sent.is_some()
                && entry.sent == object.object.sent().map(|text| hash(&text))
        });
        Some(async move {
            let not_before = session.last_effect(on.kind, &on.name);
            let keep = session.policy.deep_resync;
            let (kind, name) = (on.kind, on.name.as_str());
            let catalog = &session.catalog;
            let rows =
                catalog.details((kind, name), statement, found.created_on(), not_before, keep, trusted);
            match rows.await {
                Ok(rows) => Ok((on, rows)),
                // Gone since the list was read: the next look tells.
                Err(error) if error.is_object_missing() => Ok((on, None)),
                Err(error) => Err(Fault::from(error)),
            }
        })
    });
    for read in join_all(reads).await {
        let (on, rows) = read?;
        if let Some(rows) = rows {
            seen.details.insert(on, rows);
        }
    }
    Ok(())
}

/// Which masking policies are on columns. What is recorded is taken for what is there, until it is due.
async fn descriptions(
    wanted: &[Wanted<'_>],
    index: &Index<'_>,
    session: &Session,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let nothing = BTreeSet::new();
    let reads = wanted.iter().filter_map(|object| {
        let on = object.on.clone();
        let entry = index.get(&on).map(|(_, entry)| entry);
        let attached = entry.map_or(&nothing, |entry| &entry.attached);
        let attachments = object.object.attachments()?;
        let statement = attachments.description(attached)?;
        let found = seen.found_of(object).ok()??;
        let is_it = entry.is_some_and(|entry| entry.created_on.as_deref() == Some(found.created_on()));
        let trusted = is_it && attachments.settled(attached);
        Some(async move {
            let not_before = session.last_effect(on.kind, &on.name);
            let keep = session.policy.deep_resync;
            // Beside the other details of the object.
            let key = ("DESCRIPTION", on.name.as_str());
            let catalog = &session.catalog;
            let rows = catalog.details(key, statement, found.created_on(), not_before, keep, trusted);
            match rows.await {
                Ok(rows) => Ok((on, rows)),
                Err(error) if error.is_object_missing() => Ok((on, None)),
                Err(error) => Err(Fault::from(error)),
            }
        })
    });
    for read in join_all(reads).await {
        let (on, rows) = read?;
        if let Some(rows) = rows {
            seen.descriptions.insert(on, rows);
        }
    }
    Ok(())
}
