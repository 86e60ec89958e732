//! `CortexPipeline`: many objects as one resource. A file per kind of object, all with the same headings: rows, names,
//! create, compare. Adding a kind is adding its file and its line in [`KINDS`].
//!
//! What all kinds share: [`object`] is what a kind says of itself, [`names`] which object a name stands for, [`order`]
//! what comes first, [`observe`] what is read, [`plan`] what follows from it, [`graph`] what task graphs need around it.

mod alert;
mod attach;
mod bodies;
mod contents;
mod database;
mod definition;
mod dynamic_table;
mod enrichment;
mod file_format;
mod file_options;
mod function;
mod grants;
mod graph;
pub mod import;
mod listings;
mod masking_policy;
mod materialized_view;
mod names;
mod object;
mod observe;
mod order;
mod orphans;
mod pipe;
mod plan;
mod policy;
mod preflight;
mod procedure;
mod queries;
mod routine;
mod row_access_policy;
mod runs;
mod schema;
mod search_service;
mod sequence;
mod stage;
mod stream;
mod table;
mod tag;
mod task;
mod view;

use std::collections::BTreeSet;

use kube::ResourceExt as _;
use tokio::time::Instant;

use object::{Kind, recorded};
pub use observe::Seen;
use preflight::Compute;

use crate::{
    api::{
        APPROVE, Common, CortexPipeline, Record, Status,
        pipeline::{NotInSync, ObjectCounts, PipelineSpec, PipelineSummary, shared::BodyFrom},
    },
    engine::{
        as_of::AsOf,
        fault::Fault,
        managed::{Managed, Peers, Plan, Planning, Tally, What, key_of},
        ownership::Sighting,
        session::{Named, Session},
    },
    plan::{Step, Target},
    snowflake::{ClientError, Statement, catalog::Scope},
    values::{full_name::FullName, ident::Ident},
};

/// The kinds of objects, in the order in which they are made where nothing else decides.
const KINDS: &[Kind] = &[
    database::KIND,
    schema::KIND,
    tag::KIND,
    masking_policy::KIND,
    row_access_policy::KIND,
    file_format::KIND,
    stage::KIND,
    sequence::KIND,
    table::KIND,
    function::KIND,
    dynamic_table::KIND,
    view::KIND,
    materialized_view::KIND,
    search_service::KIND,
    stream::KIND,
    procedure::KIND,
    pipe::KIND,
    task::KIND,
    alert::KIND,
];

/// How many objects the status names.
const NAMED: usize = 50;

fn kind_of(word: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.word == word)
}

impl Managed for CortexPipeline {
    const OBJECT: &'static str = "PIPELINE";
    const ALONE: bool = false;
    type Seen = Seen;
    type Summary = PipelineSummary;

    fn kinds() -> &'static [&'static str] {
        static WORDS: std::sync::LazyLock<Vec<&'static str>> =
            std::sync::LazyLock::new(|| KINDS.iter().map(|kind| kind.word).collect());
        &WORDS
    }
    fn holds_data(kind: &str) -> bool {
        kind_of(kind).is_none_or(|kind| kind.holds.is_some())
    }
    fn common(&self) -> Common<'_> {
        self.spec.common()
    }
    fn targets(&self) -> Result<Vec<Target>, Fault> {
        let all = enrichment::expanded(&self.spec, key_of(self));
        let (listings, _) = listings::listings(&all.spec)?;
        let wanted = listings::sorted(listings).0;
        Ok(wanted.into_iter().map(|object| object.on).collect())
    }
    fn config_maps(&self) -> BTreeSet<String> {
        bodies::all(&self.spec).map(|from| from.config_map_key_ref.name.clone()).collect()
    }
    fn texts(&mut self) -> Vec<&mut BodyFrom> {
        bodies::all_mut(&mut self.spec).collect()
    }
    fn role(&self) -> Option<Ident> {
        self.spec.owner_role.as_deref().and_then(|role| Ident::from_spec(role).ok())
    }
    fn status(&self) -> Option<&Status<PipelineSummary>> {
        self.status.as_ref()
    }

    fn listed_as(kind: &'static str) -> &'static str {
        if kind == graph::GRAPH { task::KIND.word } else { kind }
    }
    fn judged_by(kind: &str) -> &'static [&'static str] {
        // A replacement makes the streams on it stale.
        let replaced = [view::KIND, materialized_view::KIND, dynamic_table::KIND];
        if replaced.iter().any(|other| other.word == kind) { &[stream::KIND.word] } else { &[] }
    }
    fn is_place(kind: &str) -> bool {
        kind_of(kind).is_some_and(|kind| kind.depth < 3)
    }
    async fn observe(
        &self,
        record: &Record,
        session: &Session,
        peers: &dyn Peers,
        as_of: &AsOf,
    ) -> Result<Seen, Fault> {
        let all = enrichment::expanded(&self.spec, key_of(self));
        let (listings, directory) = listings::listings(&all.spec)?;
        let wanted = listings::sorted(listings).0;
        let edition = session.account.edition.clone();
        let on = wanted.iter().map(|object| object.on.clone()).collect();
        let mut seen = Seen { edition, wanted: on, ..Seen::default() };
        permitted(&all.spec, &wanted, session, key_of(self).0)?;
        observe::observe(&wanted, record, session, peers, as_of, &mut seen).await?;
        // What is in an orphan counts once somebody lets it be dropped.
        if self.annotations().contains_key(APPROVE) {
            let known = wanted.iter().map(|object| object.on.clone()).collect();
            for on in contents::unwanted(record, &known) {
                let inside = contents::contents(&on, session, as_of.fresh()).await?;
                seen.inside.insert(on, inside);
            }
        }
        let namespace = key_of(self).0;
        grants::observe(&all.spec, &directory, record, session, namespace, as_of, &mut seen).await?;
        Ok(seen)
    }

    fn plan(&self, planning: &Planning<'_>, seen: &Seen) -> Result<Plan, Fault> {
        if let Some(role) = &self.spec.owner_role {
            object::name("ownerRole", role)?;
        }
        let all = enrichment::expanded(&self.spec, key_of(self));
        let mut plan = plan::plan(&all.spec, &all.kept, &all.buyers(), planning, seen)?;
        plan.warnings = enrichment::prices(&all, &plan.steps, seen);
        plan.blocked.extend(all.blocked);
        Ok(plan)
    }

    async fn foresee(&self, steps: &[&Step], session: &Session) -> Vec<String> {
        runs::under_way(steps, session, self.role()).await
    }

    fn summary(&self, seen: &Seen, tally: &Tally) -> PipelineSummary {
        let troubled = tally.troubles.iter().filter(|trouble| trouble.what != What::Orphaned);
        let troubled: BTreeSet<_> = troubled.map(|trouble| &trouble.on).collect();
        // Graphs and grants may fail, too, and are no objects.
        let in_sync = seen.wanted.iter().filter(|on| !troubled.contains(on)).count();
        let count = |is: &dyn Fn(What) -> bool| {
            let objects: BTreeSet<_> =
                tally.troubles.iter().filter(|trouble| is(trouble.what)).map(|trouble| &trouble.on).collect();
            i32::try_from(objects.len()).unwrap_or(i32::MAX)
        };
        let failed = count(&|what| what == What::Failed);
        let held = count(&|what| matches!(what, What::Held | What::Skipped));
        let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let objects = ObjectCounts {
            total: number(seen.wanted.len()),
            in_sync: number(in_sync),
            failed,
            held,
            orphaned: count(&|what| what == What::Orphaned),
        };
        let named = tally.troubles.iter().filter(|trouble| trouble.what != What::Orphaned);
        let orphans = tally.troubles.iter().filter(|trouble| trouble.what == What::Orphaned);
        PipelineSummary {
            objects: Some(objects),
            not_in_sync: named.take(NAMED).map(not_in_sync).collect(),
            orphaned: orphans.take(NAMED).map(|trouble| trouble.on.to_string()).collect(),
            warnings: enrichment::lasting(&self.spec),
            missing_grants: tally.grants.iter().take(NAMED).map(ToString::to_string).collect(),
        }
    }
    fn sighting(_: &Seen) -> Option<Sighting> {
        None
    }

    async fn find(session: &Session, on: &Target, as_of: Instant) -> Result<Option<Sighting>, Fault> {
        let (Some(kind), Some(name)) = (kind_of(on.kind), recorded(&on.name)) else { return Ok(None) };
        for place in [name.path().first().cloned().map(FullName::top), name.parent()] {
            let scope = place.filter(|_| kind.depth > 1).map_or(Scope::Account, Scope::In);
            let table = session.catalog.show_in(kind.show, scope, as_of).await?;
            let found = crate::snowflake::catalog::Found::of(table.clone(), &on.name);
            if found.is_some() || table.is_complete() {
                return Ok(found.as_ref().map(plan::sighting));
            }
        }
        Err(ClientError::BadAnswer(format!("whether {on} is there can't be told: there are too many")).into())
    }
    fn probe(on: &Target) -> Option<Statement> {
        Some((kind_of(on.kind)?.least)(&recorded(&on.name)?))
    }
    fn before_drop(on: &[Target]) -> Vec<Statement> {
        // Roots come before what runs after them; nothing of a running graph can be dropped.
        let tasks = on.iter().filter(|on| on.kind == task::KIND.word);
        let names = tasks.filter_map(|on| recorded(&on.name));
        names
            .map(|name| Statement::new("ALTER TASK").of_kind("TASK").full_name(&name).keyword("SUSPEND"))
            .collect()
    }
    async fn spares(on: &[Target], session: &Session, as_of: Instant) -> Result<Option<Fault>, Fault> {
        for place in on {
            let inside = contents::contents(place, session, as_of).await?;
            if let Some(fault) = contents::spares(place, &inside, on) {
                return Ok(Some(fault));
            }
        }
        Ok(None)
    }
    fn drop_rank(kind: &str) -> u8 {
        orphans::rank(kind)
    }
    fn drop_statement(on: &Target) -> Option<Statement> {
        Some((kind_of(on.kind)?.drop)(&recorded(&on.name)?))
    }
}

/// Whether the connection lets the namespace name these databases, warehouses and roles.
fn permitted(
    spec: &PipelineSpec,
    wanted: &[object::Wanted<'_>],
    session: &Session,
    namespace: &str,
) -> Result<(), Fault> {
    let owned = wanted.iter().map(|object| object.name.clone());
    // What streams are on, policies and tags: all that stands in a schema. What SQL reads is its owner's business.
    let needs = wanted.iter().flat_map(|object| &object.needs).filter(|on| kind_of(on.kind).is_some());
    let names = owned.chain(needs.filter_map(|on| recorded(&on.name)));
    let databases: BTreeSet<Ident> = names.filter_map(|name| name.database().cloned()).collect();
    for name in &databases {
        session.permits(namespace, Named::Database(name.as_str()))?;
    }
    let warehouses: BTreeSet<Ident> = wanted
        .iter()
        .filter_map(|object| match object.object.compute() {
            Some(Compute::Warehouse(warehouse)) => Some(warehouse),
            _ => None,
        })
        .collect();
    for warehouse in &warehouses {
        session.permits(namespace, Named::Warehouse(warehouse.as_str()))?;
    }
    match spec.owner_role.as_deref().map(Ident::from_spec) {
        Some(Ok(role)) => session.permits(namespace, Named::Role(role.as_str())),
        Some(Err(_)) => Ok(()),
        // Its code runs with the rights of the role that owns it: without one of its own, the connection's.
        None => session.permits(namespace, Named::Role(&session.account.role)).map_err(|fault| match fault {
            Fault::NotAllowed(why) => Fault::NotAllowed(format!("{why}; set spec.ownerRole to one of these")),
            fault => fault,
        }),
    }
}

fn not_in_sync(trouble: &crate::engine::managed::Trouble) -> NotInSync {
    let error = trouble.fault.as_ref().and_then(Fault::snowflake);
    NotInSync {
        kind: trouble.on.kind.to_owned(),
        object: trouble.on.name.clone(),
        state: match trouble.what {
            What::Failed => "Failed",
            What::Skipped => "Skipped",
            What::Held => "Held",
            What::Orphaned => "Orphaned",
        }
        .to_owned(),
        reason: trouble.fault.as_ref().map_or("Waits", |fault| fault.reason()).to_owned(),
        code: error.map(|error| error.code.clone()),
        message: trouble.why.clone(),
        query_id: error.and_then(|error| error.query_id.clone()),
    }
}
