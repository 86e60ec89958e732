//! Plans of pipelines, a module per kind of object.

mod alert;
mod bodies;
mod lists;
mod needs;
mod policies;
mod queried;
mod routine;

use std::sync::Arc;

use serde_json::{Value, json};
use snowfence::{
    api::{CortexPipeline, Record, record::Entry},
    kinds::pipeline::Seen,
    plan::{Effect, Note, Target},
    snowflake::{
        Rows,
        catalog::{By, Table},
    },
    values::full_name::FullName,
};

use super::BORN;

/// A pipeline in DB.S with these lists.
pub fn cr(lists: Value) -> CortexPipeline {
    let mut spec =
        json!({"connectionRef": {"name": "prod"}, "database": "DB", "schema": "S", "warehouse": "WH"});
    for (list, entries) in lists.as_object().unwrap() {
        spec[list] = entries.clone();
    }
    CortexPipeline::new("calls", serde_json::from_value(spec).unwrap())
}

pub fn rows(all: &[&[(&str, Option<&str>)]]) -> Rows {
    let mut rows = Rows::new(all.first().into_iter().flat_map(|row| row.iter().map(|(column, _)| *column)));
    for row in all {
        rows.push(row.iter().map(|(_, cell)| *cell)).unwrap();
    }
    rows
}

/// The lists of a database: each kind with its rows; DB and DB.S are there.
pub fn seen(lists: &[(&'static str, By, Rows)]) -> Seen {
    let mut seen = Seen::default();
    let database = FullName::parse("DB").unwrap();
    for (kind, by, rows) in lists {
        let table = Arc::new(Table::by(*by, rows.clone()));
        seen.lists.insert((*kind, Some(database.clone())), table);
    }
    seen
}

/// Properties, as DESCRIBE has them.
pub fn described(seen: &mut Seen, on: Target, properties: &[(&str, Option<&str>)]) {
    let all: Vec<[(&str, Option<&str>); 2]> =
        properties.iter().map(|(name, value)| [("property", Some(*name)), ("value", *value)]).collect();
    let all: Vec<&[(&str, Option<&str>)]> = all.iter().map(<[_; 2]>::as_slice).collect();
    seen.details.insert(on, Arc::new(rows(&all)));
}

/// The hash that is recorded when an object is created as this pipeline wants it.
pub fn sent(cr: &CortexPipeline, seen: &Seen, on: &Target) -> Option<String> {
    let plan = super::planned(cr, &Record::default(), seen).unwrap();
    let effects = plan.steps.iter().filter(|step| step.on == *on).flat_map(|step| &step.effects);
    effects.into_iter().find_map(|effect| match effect {
        Effect::Remember(Note::Sent { hash, .. }) => Some(hash.clone()),
        _ => None,
    })
}

/// A recorded object, as it is after its creation by this pipeline.
pub fn made(cr: &CortexPipeline, absent: &Seen, on: &Target) -> Entry {
    let plan = super::planned(cr, &Record::default(), absent).unwrap();
    let step = plan.steps.iter().find(|step| step.on == *on).unwrap();
    let managed = step.action.changes().iter().map(|change| change.path.clone()).collect();
    Entry {
        kind: on.kind.into(),
        name: on.name.clone(),
        created_on: Some(BORN.into()),
        owner: Some(super::ROLE.into()),
        managed,
        sent: sent(cr, absent, on),
        ..Entry::default()
    }
}
