//! Pipelines with any of the kinds of objects: after any blow they are as without it, and then nothing is written.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::pipelines::{Event, Stage, lives};
use crate::support::kinds::{self, Case, FOUNDATION, OBJECTS};

/// Entries, and those that they can't be without.
const NEEDS: &[(&str, &str, &[&str])] = &[
    ("dynamicTables", "LONG_ONES", &["LANDED", "LANDED_VIEW"]),
    ("views", "LANDED_VIEW", &["LANDED"]),
    ("materializedViews", "LANDED_IDS", &["LANDED"]),
    ("searchServices", "FINDER", &["LANDED"]),
    ("streams", "NEW_CALLS", &["CALLS"]),
    ("pipes", "LOAD_LANDED", &["LANDED", "FILES"]),
    ("alerts", "SILENCE", &["LANDED", "TIDY"]),
    ("grants", "readers", &["CALLS"]),
    ("enrichments", "MOOD", &["CALLS"]),
];

/// What others do besides what each kind's case has.
const BY_HAND: [&str; 8] = [
    "DROP VIEW D.S.LANDED_VIEW",
    "DROP PROCEDURE D.S.TIDY()",
    "DROP FUNCTION D.S.TWICE(NUMBER)",
    "DROP FILE FORMAT D.S.LINES",
    "DROP DYNAMIC TABLE D.S.LONG_ONES",
    "ALTER TABLE D.S.CALLS MODIFY COLUMN EMAIL UNSET MASKING POLICY",
    "CREATE OR REPLACE VIEW D.S.LANDED_VIEW AS SELECT 1 AS ID, 2 AS LENGTH",
    "DROP TABLE D.S.CALLS",
];

fn entries(spec: &Value) -> Vec<(String, String)> {
    let lists = spec.as_object().unwrap().iter().filter_map(|(list, all)| Some((list, all.as_array()?)));
    let named = lists.flat_map(|(list, all)| {
        all.iter().map(|entry| (list.clone(), entry["name"].as_str().unwrap().to_owned()))
    });
    // What all lies in stays: without it, everything would fail alike.
    named.filter(|(list, _)| list != "schemas").collect()
}

/// The spec with some of the changes, without what is absent and what refers to it.
fn some(cases: &[Case], mut absent: Vec<String>) -> Value {
    let mut spec = kinds::changed(cases);
    // Who is granted what comes depends on when it comes: lost answers change that.
    absent.push("later".into());
    for _ in 0..2 {
        for (_, name, needs) in NEEDS {
            if needs.iter().any(|need| absent.iter().any(|absent| absent == need)) {
                absent.push((*name).to_owned());
            }
        }
    }
    let gone = |name: &str| absent.iter().any(|absent| absent == name);
    for list in spec.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut) {
        list.retain(|entry| entry["name"].as_str().is_none_or(|name| name == "S" || !gone(name)));
    }
    for table in spec["tables"].as_array_mut().unwrap() {
        for (policy, field) in [("REGIONAL", "rowAccessPolicy"), ("SENSITIVITY", "tags")] {
            if gone(policy) {
                table.as_object_mut().unwrap().remove(field);
            }
        }
        for column in table["columns"].as_array_mut().unwrap() {
            if gone("HIDE") {
                column.as_object_mut().unwrap().remove("maskingPolicy");
            }
        }
    }
    for graph in spec["taskGraphs"].as_array_mut().unwrap() {
        if gone("NEW_CALLS") {
            graph["trigger"].as_object_mut().unwrap().remove("stream");
        }
    }
    spec["connectionRef"] = json!({"name": "snow"});
    spec
}

fn spec() -> impl Strategy<Value = Value> {
    let (entries, cases) = (entries(&kinds::spec()), kinds::cases());
    // An enrichment is many objects: seldom.
    let there: Vec<_> = entries
        .iter()
        .map(|(list, _)| prop::bool::weighted(if list == "enrichments" { 0.05 } else { 0.4 }))
        .collect();
    (there, vec(prop::bool::weighted(0.25), cases.len())).prop_map(move |(there, changed)| {
        let cases: Vec<_> =
            cases.iter().zip(changed).filter(|(_, yes)| *yes).map(|(case, _)| case.clone()).collect();
        let absent = entries.iter().zip(there).filter(|(_, there)| !there).map(|((_, name), _)| name.clone());
        some(&cases, absent.collect())
    })
}

fn life() -> impl Strategy<Value = Vec<Event>> {
    let by_hand: Vec<_> = kinds::cases().iter().map(|case| case.drift).chain(BY_HAND).collect();
    let event = prop_oneof![
        3 => spec().prop_map(Event::Edit),
        3 => prop::sample::select(by_hand).prop_map(Event::ByHand),
        1 => Just(Event::Approve),
    ];
    (spec(), vec(event, 0..4))
        .prop_map(|(first, more)| [Event::Edit(first)].into_iter().chain(more).collect())
}

#[test]
fn kinds_converge_after_any_blow() {
    let mut shows: Vec<_> = OBJECTS.iter().map(|(show, ..)| *show).collect();
    shows.extend(kinds::cases().iter().map(|case| case.cell.0));
    shows.push("SHOW COLUMNS IN DATABASE D");
    shows.sort_unstable();
    shows.dedup();
    lives("kinds", &Stage::new(&FOUNDATION, shows), life(), 40);
}
