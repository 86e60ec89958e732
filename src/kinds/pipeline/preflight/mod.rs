//! What the role needs for the steps of a plan, and what the edition of the account lacks. Pure: who holds what is
//! read and told by [`crate::engine::privileges`].
//!
//! A row for each privilege ([`table`]). Only what creates, moves or starts something needs one: whoever owns an object
//! may change it.

mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    graph::GRAPH,
    object::{Wanted, recorded},
};
use crate::{
    engine::{
        fault::Fault,
        managed::Plan,
        privileges::{Need, Privilege},
    },
    plan::{Effect, Step, Target},
    values::{full_name::FullName, ident::Ident},
};

use table::{ENTERPRISE, ROWS, When};

/// What something runs on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Compute {
    Warehouse(Ident),
    /// Snowflake's own.
    Managed,
}

impl Compute {
    /// Of a property that names a warehouse, or none.
    pub fn of(warehouse: Option<&Ident>) -> Self {
        warehouse.cloned().map_or(Self::Managed, Self::Warehouse)
    }
}

/// What these run on, of the objects of a spec; a task's compute is also its graph's, which starts it.
fn computes(wanted: &[Wanted<'_>], of: &BTreeSet<&Target>) -> BTreeMap<Target, BTreeSet<Compute>> {
    let mut all: BTreeMap<Target, BTreeSet<Compute>> = BTreeMap::new();
    let graphs = of.iter().any(|on| on.kind == GRAPH);
    for object in wanted {
        let graph = object.object.task().filter(|_| graphs).map(|task| Target::new(GRAPH, task.root.text()));
        let of_it = graph.into_iter().chain(of.contains(&object.on).then(|| object.on.clone()));
        for on in of_it {
            all.entry(on).or_default().extend(object.object.compute());
        }
    }
    all
}

/// What a step does, as far as privileges go.
struct Deed<'a> {
    on: &'a Target,
    name: FullName,
    creates: bool,
    starts: bool,
    runs_on: &'a BTreeSet<Compute>,
    buys: bool,
}

/// Notes in a plan what its steps need. `buyers` are objects whose SQL asks a model.
pub(super) fn needs(plan: &mut Plan, wanted: &[Wanted<'_>], buyers: &BTreeSet<Target>) {
    let writing: BTreeSet<&Target> =
        plan.steps.iter().filter(|step| step.writes()).map(|step| &step.on).collect();
    let computes = if writing.is_empty() { BTreeMap::new() } else { computes(wanted, &writing) };
    for step in plan.steps.iter().filter(|step| step.writes()) {
        let Some(deed) = deed(step, computes.get(&step.on).unwrap_or(NOTHING), buyers) else { continue };
        for row in ROWS.iter().filter(|row| row.kinds.contains(&deed.on.kind)) {
            plan.needs.extend(deed.needs(row.when, row.privilege).map(|need| (need, deed.on.clone())));
        }
    }
}

const NOTHING: &BTreeSet<Compute> = &BTreeSet::new();

fn deed<'a>(step: &'a Step, computes: &'a BTreeSet<Compute>, buyers: &BTreeSet<Target>) -> Option<Deed<'a>> {
    let changes = step.action.changes();
    let is = |path: &str, text: &str| {
        let to = |change: &crate::plan::Change| {
            change.path == path && change.to.as_ref().is_some_and(|to| to.shown.eq_ignore_ascii_case(text))
        };
        changes.iter().any(to)
    };
    let (creates, starts) = (creates(step), is("state", "started"));
    let moves =
        changes.iter().any(|change| change.path == "warehouse" || change.path.starts_with("serverless"));
    Some(Deed {
        on: &step.on,
        name: recorded(&step.on.name)?,
        creates,
        starts,
        runs_on: if creates || starts || moves { computes } else { NOTHING },
        buys: buyers.contains(&step.on),
    })
}

/// Whether a CREATE is sent that makes something: CREATE OR ALTER of what is there takes its ownership alone. One that may have been executed already only learns how it ended.
fn creates(step: &Step) -> bool {
    step.effects.iter().any(|effect| match effect {
        Effect::Sql(sql) => {
            sql.statement.verb() == "CREATE"
                && !sql.statement.as_str().starts_with("CREATE OR ALTER")
                && sql.statement.kind() == step.on.kind
                && sql.intent.is_none_or(|intent| !intent.again)
        }
        Effect::Remember(_) => false,
    })
}

impl Deed<'_> {
    fn needs(&self, when: When, privilege: Privilege) -> impl Iterator<Item = Need> {
        let applies = match when {
            When::Creates => self.creates,
            When::Starts => self.starts,
            When::Managed => self.runs_on.contains(&Compute::Managed),
            When::Buys => self.buys,
            When::Runs => true,
        };
        let name = &self.name;
        let names: Vec<Option<FullName>> = match privilege.on {
            _ if !applies => vec![],
            "DATABASE" => vec![name.database().cloned().map(FullName::top)],
            "SCHEMA" => vec![name.parent()],
            "WAREHOUSE" => {
                let warehouse = |compute: &Compute| match compute {
                    Compute::Warehouse(warehouse) => Some(Some(FullName::top(warehouse.clone()))),
                    Compute::Managed => None,
                };
                self.runs_on.iter().filter_map(warehouse).collect()
            }
            "DATABASE ROLE" => FullName::parse(privilege.name).ok().map(Some).into_iter().collect(),
            _ => vec![None],
        };
        names.into_iter().map(move |name| Need { privilege, name })
    }
}

/// Blocks what the edition does not have. Where it is not known, Snowflake's refusal tells.
pub(super) fn edition(plan: &mut Plan, edition: Option<&str>) {
    if edition.is_none_or(|edition| !edition.eq_ignore_ascii_case("STANDARD")) {
        return;
    }
    let lacks = |step: &&Step| ENTERPRISE.contains(&step.on.kind) && creates(step);
    let blocked: Vec<Target> = plan.steps.iter().filter(lacks).map(|step| step.on.clone()).collect();
    plan.needs.retain(|(_, on)| !blocked.contains(on));
    plan.blocked.extend(blocked.into_iter().map(|on| {
        let message = format!(
            "a {} needs Enterprise Edition, and the account has Standard",
            on.kind.to_ascii_lowercase()
        );
        (on, Fault::Lacking { reason: "EditionMissing", message })
    }));
}
