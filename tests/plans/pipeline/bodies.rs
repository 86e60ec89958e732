//! Bodies that stand in ConfigMaps.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use snowfence::{
    api::{CortexPipeline, Record},
    engine::managed::Managed as _,
    kinds::config_maps::fill,
};

use super::{cr, needs::nothing};
use crate::plans::plan;

/// A procedure, a function and a graph, with these bodies.
fn lists(body: impl Fn(&str) -> Value) -> Value {
    let with = |mut entry: Value, text: &str| {
        entry.as_object_mut().unwrap().extend(body(text).as_object().unwrap().clone());
        entry
    };
    json!({
        "tables": [{"name": "T", "columns": [{"name": "A", "type": "VARCHAR"}]}],
        "procedures": [with(json!({"name": "P", "language": "SQL", "returns": "VARCHAR"}), "BEGIN RETURN 1; END")],
        "functions": [with(json!({"name": "F", "language": "SQL", "returns": "VARCHAR",
                                  "arguments": [{"name": "X", "type": "VARCHAR(16)"}]}), "X")],
        "taskGraphs": [{
            "name": "g", "state": "Started", "trigger": {"every": "5m"},
            "tasks": [with(json!({"name": "A"}), "INSERT INTO T SELECT 1"),
                      {"name": "B", "after": ["A"], "body": "SELECT 1"}],
            "finalizer": with(json!({"name": "C"}), "SELECT 2"),
        }],
    })
}

fn key(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn referring() -> CortexPipeline {
    cr(lists(|text| json!({"bodyFrom": {"configMapKeyRef": {"name": "sql", "key": key(text)}}})))
}

fn map(texts: &[&str]) -> ConfigMap {
    let data: BTreeMap<_, _> = texts.iter().map(|text| (key(text), (*text).to_owned())).collect();
    ConfigMap { data: Some(data), ..ConfigMap::default() }
}

const TEXTS: [&str; 4] = ["BEGIN RETURN 1; END", "X", "INSERT INTO T SELECT 1", "SELECT 2"];

#[test]
fn a_text_of_a_config_map_is_as_one_in_the_manifest() {
    let inline = cr(lists(|text| json!({"body": text})));
    let mut from = referring();
    assert_eq!(from.config_maps(), ["sql".to_owned()].into());
    fill(&mut from, &[("sql".to_owned(), Ok(map(&TEXTS)))].into());
    let seen = nothing();
    assert_eq!(plan(&from, &Record::default(), &seen), plan(&inline, &Record::default(), &seen));
    assert_eq!(from.targets().unwrap(), inline.targets().unwrap());
}

#[test]
fn an_object_without_its_text_waits_alone() {
    let mut from = referring();
    fill(&mut from, &[("sql".to_owned(), Ok(map(&TEXTS[..2])))].into());
    // The claim stands.
    assert_eq!(from.targets().unwrap(), cr(lists(|text| json!({"body": text}))).targets().unwrap());
    insta::assert_snapshot!(plan(&from, &Record::default(), &nothing()));
    for (found, told) in [
        (
            Err("there is no ConfigMap n/sql".to_owned()),
            "ConfigMapNotFound: spec.procedures.P.bodyFrom: there is no ConfigMap n/sql",
        ),
        (
            Ok(map(&["X"])),
            "ConfigMapNotFound: spec.procedures.P.bodyFrom: ConfigMap sql has no key BEGINRETURN1END; it has X",
        ),
        (
            Ok(ConfigMap {
                data: Some([("BEGINRETURN1END".to_owned(), String::new())].into()),
                ..ConfigMap::default()
            }),
            "InvalidSpec: spec.procedures.P.bodyFrom: key BEGINRETURN1END of ConfigMap sql is empty",
        ),
    ] {
        fill(&mut from, &[("sql".to_owned(), found)].into());
        let text = plan(&from, &Record::default(), &nothing());
        assert!(text.contains(told) && text.contains(r#"CREATE TABLE "DB"."S"."T""#), "{text}");
    }
}

#[test]
fn bad_sql_of_a_config_map_is_told_with_its_place() {
    let mut from = referring();
    let mut bad = map(&TEXTS);
    bad.data.as_mut().unwrap().insert("SELECT2".into(), "SELECT 2; SELECT 3".into());
    fill(&mut from, &[("sql".to_owned(), Ok(bad))].into());
    let text = plan(&from, &Record::default(), &nothing());
    assert!(text.contains("spec.taskGraphs.g.tasks.C.bodyFrom: "), "{text}");
}
