//! Names and texts that try to get out of their quotes, wherever a pipeline takes one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Map, Value, json};
use snowfence::{api::DeletionPolicy, engine::teardown::Wish, values::ident::Ident};
use snowfence_emulator::emulator::Emulator;

use super::{KEY, apply, run, world};
use crate::{
    hostile::{hostile, name},
    support::kinds,
};

/// The names of the pipeline with every kind, but for TEXT: Snowflake takes plain names alone for what is searched.
const NAMES: &[&str] = &[
    "D",
    "S",
    "SIDE",
    "SENSITIVITY",
    "HIDE",
    "V",
    "REGIONAL",
    "R",
    "LINES",
    "FILES",
    "NUMBERS",
    "CALLS",
    "LANDED",
    "ID",
    "EMAIL",
    "REGION",
    "LENGTH",
    "OLD",
    "TWICE",
    "N",
    "LONG_ONES",
    "LANDED_VIEW",
    "LANDED_IDS",
    "FINDER",
    "NEW_CALLS",
    "TIDY",
    "LOAD_LANDED",
    "LOAD",
    "SCORE",
    "REPORT",
    "SILENCE",
    "READER",
    "WH",
    "MOOD",
];

/// A text with its words that are names replaced by others.
fn renamed(text: &str, names: &BTreeMap<&str, Ident>) -> String {
    let (mut out, mut word) = (String::new(), String::new());
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        match names.get(word.as_str()) {
            Some(name) => out.push_str(&name.to_spec()),
            None => out.push_str(&word),
        }
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

fn with(value: &Value, names: &BTreeMap<&str, Ident>, comment: &str) -> Value {
    match value {
        Value::String(text) if text == "one" => json!(comment),
        Value::String(text) => json!(renamed(text, names)),
        Value::Array(all) => all.iter().map(|value| with(value, names, comment)).collect(),
        Value::Object(fields) => {
            let renamed =
                |(key, value): (&String, &Value)| (renamed(key, names), with(value, names, comment));
            Value::Object(fields.iter().map(renamed).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn all_of(emulator: &Emulator, show: &str) -> BTreeSet<String> {
    let rows = emulator.execute_as("ACCOUNTADMIN", show).unwrap_or_else(|error| panic!("{show}: {error}"));
    let at = rows.columns.iter().position(|column| column.name == "name").unwrap();
    rows.rows.iter().filter_map(|row| row[at].clone()).collect()
}

const SAFE: [&str; 4] = [
    "CREATE DATABASE SAFE",
    "CREATE TABLE SAFE.PUBLIC.SAFE (A INT)",
    "CREATE WAREHOUSE SAFE INITIALLY_SUSPENDED = TRUE",
    "CREATE ROLE SAFE",
];

#[test]
fn names_of_pipelines_stay_in_their_quotes() {
    let config = ProptestConfig {
        cases: crate::property::number("HOSTILE_CASES", 20),
        failure_persistence: None,
        max_shrink_iters: 0,
        rng_seed: crate::property::seed(),
        ..ProptestConfig::default()
    };
    let words = prop::collection::btree_set(name(1..8), NAMES.len());
    let comment = hostile(0..12).prop_map(|text| text.replace('\0', ""));
    TestRunner::new(config)
        .run(&(words, comment), |(words, comment)| {
            let short = |name: &Ident| name.as_str().len() <= 200 && name.as_str() != "SAFE";
            prop_assume!(words.iter().all(short));
            let names: BTreeMap<&str, Ident> = NAMES.iter().copied().zip(words).collect();
            run(async {
                let mut world = world(SAFE);
                for kind in ["WAREHOUSE", "ROLE"] {
                    let name = &names[if kind == "ROLE" { "READER" } else { "WH" }];
                    kinds::by_hand(&world.emulator, &format!("CREATE {kind} {name}"));
                }
                let mut spec = with(&kinds::spec(), &names, &comment);
                let database = json!({"name": names["D"].to_spec()});
                spec["databases"].as_array_mut().unwrap().push(database);
                apply(&mut world, "flow", &spec);
                let settled = world.settle().await;
                let status = world.get(KEY).status();
                let refused = world
                    .emulator
                    .statements(0)
                    .into_iter()
                    .filter(|sent| !sent.succeeded() || std::env::var_os("ALL").is_some());
                let refused: Vec<_> = refused.map(|sent| sent.text).collect();
                assert!(settled.is_ok(), "{:#}\n{refused:#?}", status["notInSync"]);
                assert_eq!(world.get(KEY).ready().1, "InSync", "{:#}\n{refused:#?}", status["notInSync"]);
                let is = |show: &str, wanted: &[&str]| {
                    let show = show.replace("{D}", &names["D"].to_string());
                    let wanted: BTreeSet<_> =
                        wanted.iter().map(|name| names[name].as_str().to_owned()).collect();
                    let all = all_of(&world.emulator, &show);
                    assert!(wanted.is_subset(&all), "{show}: {all:?}, not {wanted:?}");
                };
                is("SHOW DATABASES", &["D", "SIDE"]);
                is("SHOW SCHEMAS IN DATABASE {D}", &["S"]);
                is("SHOW TABLES IN DATABASE {D}", &["CALLS", "LANDED"]);
                is("SHOW TASKS IN DATABASE {D}", &["LOAD", "SCORE", "REPORT"]);
                is("SHOW STREAMS IN DATABASE {D}", &["NEW_CALLS"]);
                is("SHOW ALERTS IN DATABASE {D}", &["SILENCE"]);
                is("SHOW VIEWS IN DATABASE {D}", &["LANDED_VIEW", "LANDED_IDS"]);
                let wish = Wish { deletion_policy: Some(DeletionPolicy::Delete), ..Wish::default() };
                assert!(world.delete(KEY, wish).await.unwrap_or_else(|fault| panic!("{fault}\n{names:?}")));
                let left = all_of(&world.emulator, "SHOW DATABASES");
                assert!(left.contains("SAFE") && !left.contains(names["D"].as_str()), "{left:?}");
                assert!(all_of(&world.emulator, "SHOW TABLES IN DATABASE SAFE").contains("SAFE"));
                assert!(all_of(&world.emulator, "SHOW ROLES").contains("SAFE"));
            });
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
