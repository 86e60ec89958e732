//! The privileges that steps need.

use std::sync::Arc;

use serde_json::json;
use snowfence::{
    api::{CortexPipeline, Record, record::Entry},
    engine::{managed::Managed as _, privileges::Need},
    kinds::pipeline::Seen,
    plan::{Effect, Note, Target},
    snowflake::{
        Rows,
        catalog::{By, Table},
    },
};

use super::{cr, lists::listed, made, seen};
use crate::plans::{planned, record};

/// Nothing is there.
pub fn nothing() -> Seen {
    let kinds = CortexPipeline::kinds().iter().map(|kind| (*kind, By::Path, Rows::default()));
    let mut seen = seen(&kinds.collect::<Vec<_>>());
    let databases = Arc::new(Table::by(By::Path, Rows::default()));
    seen.lists.insert(("DATABASE", None), databases);
    seen
}

/// A line for each need of a plan.
fn needs(lists: serde_json::Value, entries: Vec<Entry>, seen: &Seen) -> String {
    let plan = planned(&cr(lists), &record(entries), seen).unwrap();
    let line = |(need, on): &(Need, Target)| {
        let name = need.name.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{on}: {} on {} {name}", need.privilege.name, need.privilege.on).trim_end().to_owned() + "\n"
    };
    let blocked = plan.blocked.iter().map(|(on, fault)| format!("{on}: {}: {fault}\n", fault.reason()));
    plan.needs.iter().map(line).chain(blocked).collect()
}

#[test]
fn each_step_needs_what_its_kind_says() {
    let empty = nothing();
    let lists = json!({
        "databases": [{"name": "NEW"}],
        "schemas": [{"name": "S2"}],
        "tables": [{"name": "T", "columns": [{"name": "A", "type": "VARCHAR"}]}],
        "dynamicTables": [{"name": "DT", "query": "SELECT A FROM T", "targetLag": "1h", "warehouse": "WH_DT"}],
        "taskGraphs": [
            {"name": "idle", "trigger": {"every": "5m"}, "tasks": [{"name": "A", "body": "SELECT 1"}]},
            {"name": "runs", "state": "Started", "trigger": {"every": "5m"}, "serverless": {},
             "tasks": [{"name": "B", "body": "SELECT 1"},
                       {"name": "C", "after": ["B"], "warehouse": "\"other wh\"", "body": "SELECT 1"}]},
        ],
        "alerts": [
            {"name": "idle", "schedule": {"every": "5m"}, "condition": "SELECT 1", "action": "SELECT 1"},
            {"name": "runs", "state": "Started", "serverless": true, "condition": "SELECT 1", "action": "SELECT 1",
             "schedule": {"every": "5m"}},
        ],
        "enrichments": [{"name": "mood", "from": {"table": "T"}, "key": ["A"], "input": "A", "function": "Sentiment"}],
    });
    insta::assert_snapshot!(needs(lists, vec![], &empty));
}

#[test]
fn what_is_there_needs_nothing_to_change_and_a_creation_that_may_be_done_nothing_to_settle() {
    let lists = |comment: &str| json!({"sequences": [{"name": "Q", "comment": comment}]});
    let on = Target::new("SEQUENCE", "DB.S.Q");
    let empty = nothing();
    let entry = made(&cr(lists("a")), &empty, &on);
    let mut there = nothing();
    listed(&mut there, "SEQUENCE", &["Q"], &[("comment", "a"), ("interval", "1"), ("ordered", "Y")]);
    assert_eq!(needs(lists("b"), vec![entry], &there), "");

    let plan = planned(&cr(lists("a")), &Record::default(), &empty).unwrap();
    let mut begun = Record::default();
    for effect in plan.steps.iter().flat_map(|step| &step.effects) {
        if let Effect::Remember(note @ Note::Intent { .. }) = effect {
            begun.apply(note);
        }
    }
    assert_eq!(needs(lists("a"), begun.objects, &empty), "");
}

#[test]
fn what_only_enterprise_edition_has_is_not_tried_on_standard() {
    let lists = json!({
        "tables": [{"name": "T", "columns": [{"name": "A", "type": "VARCHAR"}]}],
        "materializedViews": [{"name": "MV", "query": "SELECT A FROM T"}],
        "views": [{"name": "V", "query": "SELECT A FROM T"}],
    });
    let mut seen = nothing();
    seen.edition = Some("STANDARD".into());
    let told = needs(lists.clone(), vec![], &seen);
    let refused = "materialized view DB.S.MV: EditionMissing: a materialized view needs Enterprise Edition, and the account has Standard\n";
    assert!(told.ends_with(refused), "{told}");
    assert!(!told.contains("CREATE MATERIALIZED VIEW") && told.contains("CREATE VIEW"), "{told}");
    for edition in [None, Some("ENTERPRISE".to_owned()), Some("BUSINESS_CRITICAL".to_owned())] {
        seen.edition = edition;
        assert!(!needs(lists.clone(), vec![], &seen).contains("EditionMissing"));
    }
}
