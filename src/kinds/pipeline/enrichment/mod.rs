//! `enrichments`: each becomes entries of the other lists, which then are compared and made as all others. Pure.
//!
//! An enrichment NAME is, in its schema: the tables NAME_RESULT, NAME_QUEUE, NAME_OUTCOME and NAME_SPEND; the streams
//! NAME_CHANGES on the source (unless the spec names one), NAME_WAITING on the queue, and NAME_EXISTING for rows that are
//! there already; the tasks NAME_FILL, which the source's stream triggers, and NAME_BUY; the views NAME_NEWEST and
//! NAME_BACKLOG. With `engine: DynamicTable` it is the dynamic table NAME_OUTCOME and the view NAME_NEWEST.
//!
//! Their SQL is that of `sql/enrichment/`, whose README says how it works ([`template`] fills it, [`call`] has the
//! functions, [`source`] the rows, [`entries`] makes the entries, [`price`] says what it may cost).

mod call;
mod entries;
mod price;
mod source;
mod template;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::{KINDS, names::Directory, object::name};
use crate::{
    api::pipeline::{Listed, PipelineSpec, enrichments::Enrichment},
    engine::fault::Fault,
    plan::Target,
    values::{full_name::FullName, ident::Ident},
};

use entries::Entries;
pub(super) use price::{lasting, prices};

/// A spec with what its enrichments come to.
pub(super) struct Expanded<'a> {
    pub spec: Cow<'a, PipelineSpec>,
    /// Enrichments that can't be, and why.
    pub blocked: Vec<(Target, Fault)>,
    /// Objects that a blocked enrichment may have: they stay as they are until it can be again.
    pub kept: BTreeSet<Target>,
    /// What the others may cost.
    priced: Vec<price::Priced>,
}

impl Expanded<'_> {
    /// The objects whose SQL asks a model.
    pub fn buyers(&self) -> BTreeSet<Target> {
        self.priced.iter().map(|priced| priced.buyer.clone()).collect()
    }
}

/// The parts of an object's name behind that of the enrichment.
const TABLES: [&str; 4] = ["RESULT", "QUEUE", "OUTCOME", "SPEND"];

/// The spec with more entries in its lists. `resource` is namespace and name of the CortexPipeline.
pub(super) fn expanded<'a>(spec: &'a PipelineSpec, resource: (&str, &str)) -> Expanded<'a> {
    let mut all =
        Expanded { spec: Cow::Borrowed(spec), blocked: vec![], kept: BTreeSet::new(), priced: vec![] };
    if spec.enrichments.is_empty() {
        return all;
    }
    // What keeps a directory from being made keeps everything else from it, too, and is told there.
    let Ok(mut directory) = Directory::of(spec) else { return all };
    for kind in KINDS {
        (kind.names)(spec, &mut directory);
    }
    let mut taken = Taken::of(spec, &directory);
    for entry in &spec.enrichments {
        let path = ["enrichments.", &entry.name].concat();
        let made = Names::of(entry, &directory, &path).and_then(|names| {
            let (entries, priced) = entries::of(spec, entry, &names, &directory, resource)?;
            taken.take(&entries, &directory, &path)?;
            Ok((entries, priced))
        });
        match made {
            Ok((entries, priced)) => {
                entries.push(all.spec.to_mut());
                all.priced.push(priced);
            }
            Err(fault) => {
                all.kept.extend(Names::of(entry, &directory, &path).iter().flat_map(Names::all));
                all.blocked.push((Target::new(Target::ENTRY, path), fault));
            }
        }
    }
    all
}

/// The names of what an enrichment comes to.
struct Names {
    place: FullName,
    own: Ident,
}

impl Names {
    fn of(entry: &Enrichment, directory: &Directory, path: &str) -> Result<Self, Fault> {
        let own = name(format_args!("{path}.name"), entry.in_snowflake())?;
        let place = directory.schema_of(path, entry)?;
        // The longest of them: what it is too long for, the whole is too long for.
        let names = Self { place, own };
        names.part("EXISTING_00000000").map(|_| names)
    }
    /// `NAME_PART`.
    fn part(&self, part: &str) -> Result<FullName, Fault> {
        let name = format!("{}_{part}", self.own.as_str());
        let name = Ident::exact(&name).map_err(|why| {
            Fault::Refused(format!("spec.enrichments.{}: {name}: {why}", self.own.to_spec()))
        })?;
        Ok(self.place.join(name))
    }
    /// All that it may have, but for what was made for an earlier fingerprint.
    fn all(&self) -> Vec<Target> {
        let tables = TABLES.into_iter().map(|part| ("TABLE", part));
        let more = [
            ("STREAM", "CHANGES"),
            ("STREAM", "WAITING"),
            ("STREAM", "EXISTING"),
            ("TASK", "FILL"),
            ("TASK", "BUY"),
            ("VIEW", "NEWEST"),
            ("VIEW", "BACKLOG"),
            ("DYNAMIC TABLE", "OUTCOME"),
        ];
        let named = |(kind, part)| Some(Target::new(kind, self.part(part).ok()?.to_string()));
        tables.chain(more).filter_map(named).collect()
    }
}

/// Names that something has already: in Snowflake, and in the lists of the spec.
struct Taken {
    objects: BTreeMap<(&'static str, FullName), String>,
    local: BTreeMap<(&'static str, String), String>,
}

/// Folded, as names of entries compare.
fn folded(name: &str) -> String {
    Ident::from_spec(name).map_or_else(|_| name.to_owned(), |name| name.as_str().to_owned())
}

impl Taken {
    fn of(spec: &PipelineSpec, directory: &Directory) -> Self {
        let mut taken = Self { objects: BTreeMap::new(), local: BTreeMap::new() };
        for (list, space, name, full) in named(spec, directory) {
            let path = format!("spec.{list}.{name}");
            taken.local.insert((list, folded(&name)), path.clone());
            if let Some(full) = full {
                taken.objects.insert((space, full), path);
            }
        }
        taken
    }

    /// Takes the names of an enrichment's entries, all or none.
    fn take(&mut self, entries: &Entries, directory: &Directory, path: &str) -> Result<(), Fault> {
        let mut alone = PipelineSpec::default();
        entries.clone().push(&mut alone);
        let all = named(&alone, directory);
        for (list, space, name, full) in &all {
            let object = full.as_ref().and_then(|full| self.objects.get(&(*space, full.clone())));
            if let Some(other) = object.or_else(|| self.local.get(&(*list, folded(name)))) {
                return Err(Fault::Refused(format!(
                    "spec.{path}: it makes {name}, and so does {other}: give the enrichment another object, or that one another name"
                )));
            }
        }
        for (list, space, name, full) in all {
            self.local.insert((list, folded(&name)), format!("spec.{path}"));
            if let Some(full) = full {
                self.objects.insert((space, full), format!("spec.{path}"));
            }
        }
        Ok(())
    }
}

type Named = (&'static str, &'static str, String, Option<FullName>);

/// The entries of the lists that enrichments add to: list, space of names, local name, full name.
fn named(spec: &PipelineSpec, directory: &Directory) -> Vec<Named> {
    fn one(list: &'static str, space: &'static str, entry: &impl Listed, directory: &Directory) -> Named {
        (list, space, entry.name().to_owned(), directory.full_name(3, "", entry).ok())
    }
    let mut all: Vec<Named> = vec![];
    // These share one space of names in a schema.
    all.extend(spec.tables.iter().map(|entry| one("tables", "TABLE", entry, directory)));
    all.extend(spec.views.iter().map(|entry| one("views", "TABLE", entry, directory)));
    all.extend(
        spec.materialized_views.iter().map(|entry| one("materializedViews", "TABLE", entry, directory)),
    );
    all.extend(spec.dynamic_tables.iter().map(|entry| one("dynamicTables", "TABLE", entry, directory)));
    all.extend(spec.streams.iter().map(|entry| one("streams", "STREAM", entry, directory)));
    for graph in &spec.task_graphs {
        all.push(("taskGraphs", "TASK GRAPH", graph.name.to_string(), None));
        let place = directory.schema_of("", graph).ok();
        all.extend(graph.tasks.iter().chain(&graph.finalizer).map(|task| {
            let own = Ident::from_spec(task.in_snowflake()).ok();
            let full = place.as_ref().zip(own).map(|(place, own)| place.join(own));
            ("taskGraphs.tasks", "TASK", task.name.to_string(), full)
        }));
    }
    all
}
