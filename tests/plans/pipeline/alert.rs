//! Plans of alerts.

use serde_json::{Value, json};
use snowfence::{api::Record, plan::Target, snowflake::catalog::By};

use super::{cr, made, rows, seen};
use crate::plans::{BORN, ROLE, plan, record, table};

fn late(more: &Value) -> snowfence::api::CortexPipeline {
    let mut late = json!({
        "name": "LATE", "schedule": {"every": "1h"},
        "condition": "SELECT 1 FROM calls WHERE late;", "action": "CALL tell()",
    });
    late.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    late.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    cr(json!({"alerts": [late]}))
}

/// What comes of an alert that was created as `before` says and is wanted as `after` says now.
fn change(before: &Value, after: &Value, cells: &[(&str, Option<&str>)]) -> String {
    let mut all = vec![
        ("created_on", Some(BORN)),
        ("name", Some("LATE")),
        ("database_name", Some("DB")),
        ("schema_name", Some("S")),
        ("owner", Some(ROLE)),
        ("comment", Some("")),
        ("warehouse", Some("WH")),
        ("schedule", Some("60 MINUTE")),
        ("state", Some("suspended")),
        ("condition", Some("SELECT 1 FROM calls WHERE late")),
        ("action", Some("CALL tell()")),
    ];
    for (column, cell) in cells {
        all.retain(|(known, _)| known != column);
        all.push((column, *cell));
    }
    let absent = seen(&[("ALERT", By::Path, rows(&[]))]);
    let entry = made(&late(before), &absent, &Target::new("ALERT", "DB.S.LATE"));
    plan(&late(after), &record([entry]), &seen(&[("ALERT", By::Path, rows(&[&all]))]))
}

#[test]
fn creation() {
    let new = Record::default();
    let plan = |more| plan(&late(&more), &new, &seen(&[("ALERT", By::Path, rows(&[]))]));
    insta::assert_snapshot!(table([
        ("with a schedule: it stays suspended", plan(json!({}))),
        (
            "on new data, without a warehouse, started",
            plan(
                json!({"schedule": null, "serverless": true, "state": "Started", "config": {"a": "it's"}, "comment": "c"})
            )
        ),
        (
            "by cron",
            plan(json!({"schedule": {"cron": "0 9 * * mon", "timezone": "UTC"}, "warehouse": "\"w h\""}))
        ),
        ("not in whole minutes", plan(json!({"schedule": {"every": "90s"}}))),
        ("a condition that is two statements", plan(json!({"condition": "SELECT 1; DROP TABLE t"}))),
        (
            "a condition that closes what it did not open",
            plan(json!({"condition": "SELECT 1)) THEN DROP TABLE t --"}))
        ),
    ]));
}

#[test]
fn alerts_change_in_place_and_keep_running() {
    let none = json!({});
    let started = json!({"state": "Started"});
    let runs = &[("state", Some("started"))];
    let new_data = json!({"schedule": null});
    let config = json!({"config": {"most": 5}});
    insta::assert_snapshot!(table([
        ("in sync", change(&none, &none, &[])),
        ("its state is nobody's here", change(&none, &none, runs)),
        ("in sync and started", change(&started, &started, runs)),
        ("the start did not happen", change(&started, &started, &[])),
        ("it is to rest", change(&started, &json!({"state": "Suspended"}), runs)),
        (
            "condition and action of one that runs",
            change(
                &started,
                &json!({"state": "Started", "condition": "SHOW TABLES", "action": "BEGIN CALL tell(); END"}),
                runs
            )
        ),
        ("its schedule", change(&none, &json!({"schedule": {"every": "5m"}}), &[])),
        ("without a warehouse now", change(&none, &json!({"serverless": true}), &[])),
        ("configuration, which is shown nowhere: in sync", change(&config, &config, &[])),
        ("configuration, which is shown nowhere: another one", change(&none, &config, &[])),
        ("from a schedule to new data", change(&none, &new_data, &[])),
        ("from new data to a schedule", change(&new_data, &none, &[("schedule", None)])),
    ]));
}
