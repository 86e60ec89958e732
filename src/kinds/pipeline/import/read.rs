//! What is read of a place: a list for each kind, shared by all schemas of a database, and what lists lack for each
//! object alone. A plan that follows reads none of it again.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt as _, future::try_join_all, stream};
use tokio::time::Instant;

use super::{
    INVERSES, Imported, Inverse, container,
    written::{List, Written},
};
use crate::{
    api::{
        pipeline::{PipelineSpec, text::Name},
        record::Entry,
    },
    engine::{fault::Fault, session::Session},
    kinds::pipeline::{
        database, masking_policy,
        object::{Kind, There, Types, recorded, target},
        observe::{self, COLUMNS, Seen},
        row_access_policy, schema,
        table::{self, keys},
        tag, view,
    },
    plan::Target,
    snowflake::{
        Rows, Statement,
        catalog::{By, Found, Scope, Show},
    },
    values::{canonical::Canonical as _, full_name::FullName, ident::Ident},
};

/// How many objects are read at once; statements have a limit of their own.
const AT_ONCE: usize = 64;

/// Where is looked, and for what.
pub struct Asked<'a> {
    pub session: &'a Session,
    /// As of when.
    pub as_of: Instant,
    /// Which objects, by name.
    pub like: &'a (dyn Fn(&str) -> bool + Sync),
    /// Only what this role owns.
    pub owner: Option<&'a Ident>,
    /// Told what is being read.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// The schemas of a database; `None`: there is no such database, or it is not visible.
pub async fn schemas(asked: &Asked<'_>, name: &Ident) -> Result<Option<Vec<Ident>>, Fault> {
    let place = FullName::top(name.clone());
    let catalog = &asked.session.catalog;
    let databases = catalog.show(database::KIND.show, asked.as_of).await?;
    if databases.is_complete()
        && databases.get(&place.to_string()).is_none()
        && databases.get(name.as_str()).is_none()
    {
        return Ok(None);
    }
    let all = catalog.show_in(schema::KIND.show, Scope::In(place.clone()), asked.as_of).await?;
    let mut names: Vec<Ident> = all
        .keys()
        .filter_map(recorded)
        .filter(|full| full.parent().as_ref() == Some(&place))
        .map(|full| full.name().clone())
        // It is Snowflake's own.
        .filter(|name| name.as_str() != "INFORMATION_SCHEMA")
        .collect();
    names.sort();
    Ok(Some(names))
}

/// The database itself.
pub async fn database(asked: &Asked<'_>, name: &Ident) -> Result<Imported, Fault> {
    let kind = &database::KIND;
    let place = FullName::top(name.clone());
    let mut reading = Reading::default();
    reading.list(asked, kind.show, &place).await?;
    let found = reading.seen.lists.values().next().cloned();
    let found = found.and_then(|table| {
        Found::of(table.clone(), &place.to_string()).or_else(|| Found::of(table, name.as_str()))
    });
    let describe = Statement::new("SHOW PARAMETERS IN DATABASE").of_kind("PARAMETERS").full_name(&place);
    let one = found.map(|found| Object::new(place.clone(), found));
    let objects = reading.details(asked, kind, one.into_iter().collect(), |_| Some(describe.clone())).await?;
    let mut written = Written::new(PipelineSpec::default());
    let list = List { field: "databases", of: |spec| &mut spec.databases };
    written.each(&reading.there(kind, &objects, &Types::default()), &list, container::database);
    Ok(reading.finish(written))
}

/// A schema with what is in it.
pub async fn schema(asked: &Asked<'_>, of: &Ident, name: &Ident) -> Result<Imported, Fault> {
    let place = FullName::top(of.clone()).join(name.clone());
    let mut reading = Reading::default();
    let blank = PipelineSpec {
        database: Some(Name(of.to_spec())),
        schema: Some(Name(name.to_spec())),
        ..PipelineSpec::default()
    };
    let mut written = Written::new(blank);
    let kind = &schema::KIND;
    reading.list(asked, kind.show, &place).await?;
    let own = reading.seen.found(kind, &place)?.filter(|found| owned(asked, found.owner()));
    let own = own.map(|found| Object::new(place.clone(), found));
    let statement = Statement::new("SHOW PARAMETERS IN SCHEMA").of_kind("PARAMETERS").full_name(&place);
    let own = reading.details(asked, kind, own.into_iter().collect(), |_| Some(statement.clone())).await?;
    let list = List { field: "schemas", of: |spec| &mut spec.schemas };
    written.each(&reading.there(kind, &own, &Types::default()), &list, container::schema);
    let mut all: Vec<(&Inverse, Vec<Object>)> = vec![];
    for inverse in INVERSES {
        all.push((inverse, reading.objects(asked, inverse, &place).await?));
    }
    reading.of_tables(asked, &all).await?;
    let masks = reading.masks(asked).await?;
    let count: usize = all.iter().map(|(_, objects)| objects.len()).sum();
    (asked.progress)(&format!("{place}: {count} objects; what the lists lack is read object by object"));
    let holds = |(inverse, objects): &(&Inverse, Vec<Object>)| {
        let words = [table::KIND.word, view::KIND.word];
        words.contains(&inverse.kind.word) && !objects.is_empty()
    };
    let holds = all.iter().any(holds);
    for (inverse, objects) in all {
        let objects = reading.details(asked, inverse.kind, objects, inverse.details).await?;
        let objects = if masks { reading.descriptions(asked, inverse.kind, objects).await? } else { objects };
        (inverse.write)(&reading.there(inverse.kind, &objects, &Types::default()), &mut written);
    }
    if holds && reading.has_unseen(&place) {
        written.note(
            "Snowflake shows only with a warehouse which row access policies and tags are on tables and views: add rowAccessPolicy and tags where you want them managed".into(),
        );
    }
    Ok(Imported { is_empty: count == 0, ..reading.finish(written) })
}

fn owned(asked: &Asked<'_>, owner: Option<&str>) -> bool {
    asked.owner.is_none_or(|wanted| owner == Some(wanted.as_str()))
}

/// One object, with what was read of it alone.
struct Object {
    name: FullName,
    found: Found,
    details: Option<Arc<Rows>>,
    description: Option<Arc<Rows>>,
}

impl Object {
    const fn new(name: FullName, found: Found) -> Self {
        Self { name, found, details: None, description: None }
    }
}

#[derive(Default)]
struct Reading {
    seen: Seen,
    /// In the place of what a record would say.
    entry: Entry,
    left_out: Vec<(Target, String)>,
    notes: Vec<String>,
}

impl Reading {
    fn finish(self, written: Written) -> Imported {
        let mut made = written.finish();
        made.left_out.splice(0..0, self.left_out);
        made.notes.splice(0..0, self.notes);
        made
    }

    /// The list that an object would be in. A kind whose list is refused has none.
    async fn list(&mut self, asked: &Asked<'_>, show: Show, name: &FullName) -> Result<(), Fault> {
        match observe::list(show, &BTreeSet::from([name.clone()]), asked.session, asked.as_of).await {
            Ok(lists) => self.seen.lists.extend(lists),
            Err(fault) if fault.is_of_connection() => return Err(fault),
            Err(fault) => self.notes.push(format!("{} was refused: {fault}", show.words)),
        }
        Ok(())
    }

    /// The objects of a kind in a schema, by name.
    async fn objects(
        &mut self,
        asked: &Asked<'_>,
        inverse: &Inverse,
        place: &FullName,
    ) -> Result<Vec<Object>, Fault> {
        let kind = inverse.kind;
        // Any name in it leads to its list.
        self.list(asked, kind.show, &place.join(place.name().clone())).await?;
        let database = place.parent();
        let narrow = self.seen.lists.get(&(kind.show.kind, Some(place.clone())));
        let Some(table) = narrow.or_else(|| self.seen.lists.get(&(kind.show.kind, database))) else {
            return Ok(vec![]);
        };
        if !table.is_complete() {
            self.notes.push(format!(
                "{place} has more of a kind than {} lists (10,000): those that it leaves out are missing here",
                kind.show.words
            ));
        }
        let mut all = vec![];
        let listed = table.keys().filter_map(|key| Some((recorded(key)?, Found::of(table.clone(), key)?)));
        for (name, found) in listed {
            let elsewhere = inverse.elsewhere.and_then(|column| bool::read(found.text(column)));
            let here = name.parent().as_ref() == Some(place) && elsewhere != Some(true);
            if here && (asked.like)(name.name().as_str()) {
                all.push(Object::new(name, found));
            }
        }
        if asked.owner.is_some() {
            all = Self::of_owner(asked, kind, all).await?;
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn of_owner(
        asked: &Asked<'_>,
        kind: &'static Kind,
        all: Vec<Object>,
    ) -> Result<Vec<Object>, Fault> {
        if kind.show.by != By::Signature {
            return Ok(all.into_iter().filter(|object| owned(asked, object.found.owner())).collect());
        }
        let mut mine = vec![];
        for object in all {
            let on = target(kind, &object.name);
            let (_, owner) =
                observe::owner(kind, &object.name, on, object.found.clone(), asked.session).await?;
            mine.extend(owned(asked, owner.as_deref()).then_some(object));
        }
        Ok(mine)
    }

    /// Columns and keys.
    async fn of_tables(&mut self, asked: &Asked<'_>, all: &[(&Inverse, Vec<Object>)]) -> Result<(), Fault> {
        let tables = all.iter().filter(|(inverse, _)| inverse.kind.word == table::KIND.word);
        let names: BTreeSet<FullName> =
            tables.flat_map(|(_, objects)| objects).map(|object| object.name.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let reads = [COLUMNS, keys::PRIMARY, keys::UNIQUE, keys::FOREIGN];
        let reads = reads.map(|show| observe::list(show, &names, asked.session, asked.as_of));
        for lists in try_join_all(reads).await? {
            self.seen.lists.extend(lists);
        }
        Ok(())
    }

    /// Whether there is any masking policy, wherever it lies.
    async fn masks(&mut self, asked: &Asked<'_>) -> Result<bool, Fault> {
        let catalog = &asked.session.catalog;
        match catalog.show(masking_policy::KIND.show, asked.as_of).await.map_err(Fault::from) {
            Ok(all) => Ok(!all.rows().is_empty()),
            Err(fault) if fault.is_of_connection() => Err(fault),
            Err(_) => Ok(false),
        }
    }

    async fn details(
        &mut self,
        asked: &Asked<'_>,
        kind: &'static Kind,
        objects: Vec<Object>,
        statement: impl Fn(&FullName) -> Option<Statement>,
    ) -> Result<Vec<Object>, Fault> {
        let set = |object: &mut Object, rows| object.details = Some(rows);
        self.alone(asked, kind, kind.word, objects, statement, set).await
    }

    /// What DESCRIBE says of columns, for their masking policies.
    async fn descriptions(
        &mut self,
        asked: &Asked<'_>,
        kind: &'static Kind,
        objects: Vec<Object>,
    ) -> Result<Vec<Object>, Fault> {
        let words = match kind.word {
            word if word == table::KIND.word => "DESCRIBE TABLE",
            word if word == view::KIND.word => "DESCRIBE VIEW",
            _ => return Ok(objects),
        };
        let statement = |name: &FullName| Some(Statement::new(words).of_kind(kind.word).full_name(name));
        let set = |object: &mut Object, rows| object.description = Some(rows);
        self.alone(asked, kind, "DESCRIPTION", objects, statement, set).await
    }

    /// What is read of each object alone; one of which it is refused is left out.
    async fn alone(
        &mut self,
        asked: &Asked<'_>,
        kind: &'static Kind,
        key: &'static str,
        objects: Vec<Object>,
        statement: impl Fn(&FullName) -> Option<Statement>,
        set: impl Fn(&mut Object, Arc<Rows>),
    ) -> Result<Vec<Object>, Fault> {
        let session = asked.session;
        let reads = objects.into_iter().map(|object| {
            let statement = statement(&object.name);
            async move {
                let Some(statement) = statement else { return (object, Ok(None)) };
                let on = target(kind, &object.name);
                let not_before = session.last_effect(kind.word, &on.name);
                let (keep, born) = (session.policy.deep_resync, object.found.created_on().to_owned());
                let key = (key, on.name.as_str());
                let rows = session.catalog.details(key, statement, &born, not_before, keep, false).await;
                (object, rows.map_err(Fault::from))
            }
        });
        let read: Vec<_> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        let mut all = vec![];
        for (mut object, rows) in read {
            match rows {
                Ok(rows) => {
                    if let Some(rows) = rows {
                        set(&mut object, rows);
                    }
                    all.push(object);
                }
                Err(fault) if fault.is_of_connection() => return Err(fault),
                // Not visible that closely. Who can't do without it, says so.
                Err(fault) if fault.misses_object() => all.push(object),
                Err(fault) => self.left_out.push((target(kind, &object.name), fault.to_string())),
            }
        }
        Ok(all)
    }

    fn there<'a>(&'a self, kind: &'static Kind, objects: &'a [Object], types: &'a Types) -> Vec<There<'a>> {
        let there = |object: &'a Object| There {
            kind,
            name: &object.name,
            found: &object.found,
            details: object.details.as_deref(),
            description: object.description.as_deref(),
            unrecorded: true,
            entry: &self.entry,
            trusted: false,
            ignored: &[],
            seen: &self.seen,
            types,
        };
        objects.iter().map(there).collect()
    }

    /// Whether there are attachments that no list shows.
    fn has_unseen(&self, place: &FullName) -> bool {
        let shown = |kind: &Kind| {
            let lists =
                [place.parent(), Some(place.clone())].map(|at| self.seen.lists.get(&(kind.show.kind, at)));
            lists.into_iter().flatten().any(|table| !table.rows().is_empty())
        };
        shown(&row_access_policy::KIND) || shown(&tag::KIND)
    }
}
