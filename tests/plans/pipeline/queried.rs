//! Plans of what is made of a query: views, materialized views, dynamic tables, search services.

use serde_json::{Value, json};
use snowfence::kinds::pipeline::Seen;

use super::{cr, lists::shown};
use crate::plans::{ours, plan, record, table};

/// The plan of one list, of which the record has one object with these paths.
fn of(kind: &str, name: &str, managed: &[&str], lists: Value, seen: &Seen) -> String {
    let record = if managed.is_empty() { record([]) } else { record([ours(kind, name, managed)]) };
    plan(&cr(lists), &record, seen)
}

#[test]
fn views() {
    let seen = |more: &[(&str, &str)], streams: &[&[(&str, &str)]]| {
        let mut row = vec![
            ("name", "V"),
            ("text", "CREATE VIEW \"DB\".\"S\".\"V\" COMMENT = 'c' AS SELECT A FROM T;"),
            ("comment", "c"),
            ("is_secure", "false"),
            ("change_tracking", "OFF"),
        ];
        row.retain(|(column, _)| !more.iter().any(|(other, _)| other == column));
        row.extend(more);
        shown(&[("VIEW", &[&row]), ("STREAM", streams)])
    };
    let stream: &[(&str, &str)] = &[("name", "THEIRS"), ("table_name", "DB.S.V")];
    let managed = &["comment", "query"][..];
    let view = |more: Value| {
        let mut view = json!({"name": "V", "query": "SELECT A FROM T", "comment": "c"});
        view.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "views": [view] })
    };
    let case = |more: Value, row: &[(&str, &str)], streams| {
        of("VIEW", "DB.S.V", managed, view(more), &seen(row, streams))
    };
    let policies = json!({
        "query": "SELECT A, B FROM T",
        "columns": [{"name": "A", "comment": "first", "maskingPolicy": {"name": "MASK", "using": ["A", "B"]}}, {"name": "b"}],
        "rowAccessPolicy": {"name": "OTHER.ROWS_OF", "columns": ["A"]},
        "tags": {"PII": "no"},
    });
    let absent = shown(&[("VIEW", &[]), ("TABLE", &[])]);
    let chain = json!({
        "views": [
            {"name": "LAST", "query": "SELECT * FROM MIDDLE"},
            {"name": "MIDDLE", "query": "WITH t AS (SELECT 1 AS last) SELECT last FROM t JOIN S.FIRST ON TRUE"},
            {"name": "FIRST", "query": "SELECT 1 AS A", "secure": true, "changeTracking": true},
        ],
    });
    insta::assert_snapshot!(table([
        ("after what they read", of("VIEW", "", &[], chain, &absent)),
        ("nothing differs", case(json!({}), &[], &[])),
        (
            "comment, secure and change tracking",
            case(json!({"comment": "d", "secure": true, "changeTracking": true}), &[], &[])
        ),
        ("another query", case(json!({"query": "SELECT A, B FROM T"}), &[], &[])),
        ("another query and another comment", case(json!({"query": "SELECT 1", "comment": "d"}), &[], &[])),
        ("another query, with a stream on it", case(json!({"query": "SELECT 1"}), &[], &[stream])),
        ("with what COPY GRANTS does not copy", case(policies, &[], &[])),
        (
            "columns with comments",
            case(
                json!({"columns": [{"name": "X", "comment": "one"}]}),
                &[("text", "CREATE VIEW V(X COMMENT 'two') AS SELECT A FROM T")],
                &[]
            )
        ),
        ("the text is hidden", case(json!({}), &[("text", "")], &[])),
    ]));
}

#[test]
fn dynamic_tables() {
    let text = "CREATE DYNAMIC TABLE D lag = '5 minutes' refresh_mode = 'INCREMENTAL' initialize = 'ON_CREATE' warehouse = WH AS SELECT A FROM T";
    let seen = |more: &[(&str, &str)], streams: &[&[(&str, &str)]]| {
        let mut row = vec![
            ("name", "D"),
            ("text", text),
            ("comment", "theirs"),
            ("cluster_by", "LINEAR(A, B)"),
            ("target_lag", "5 minutes"),
            ("warehouse", "WH"),
            ("refresh_mode", "INCREMENTAL"),
            ("scheduling_state", "ACTIVE"),
        ];
        row.retain(|(column, _)| !more.iter().any(|(other, _)| other == column));
        row.extend(more);
        shown(&[("DYNAMIC TABLE", &[&row]), ("STREAM", streams)])
    };
    let stream: &[(&str, &str)] = &[("name", "THEIRS"), ("table_name", "DB.S.D")];
    let case = |more: Value, row: &[(&str, &str)], streams| {
        let mut entry =
            json!({"name": "D", "query": "SELECT A FROM T", "targetLag": "5m", "refreshMode": "Auto"});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let managed = &["query", "refreshMode", "targetLag", "warehouse"];
        of("DYNAMIC TABLE", "DB.S.D", managed, json!({"dynamicTables": [entry]}), &seen(row, streams))
    };
    let made = json!({"dynamicTables": [
        {"name": "OVER", "query": "SELECT * FROM D", "targetLag": "Downstream", "warehouse": "OWN", "transient": true, "state": "Suspended"},
        {"name": "D", "query": "SELECT A FROM T", "targetLag": "5m", "initialize": "OnSchedule", "clusterBy": ["A"], "dataRetentionTimeInDays": 2, "comment": "c"},
    ]});
    insta::assert_snapshot!(table([
        ("made", of("", "", &[], made, &shown(&[("DYNAMIC TABLE", &[])]))),
        ("AUTO is resolved", case(json!({}), &[], &[])),
        (
            "lag, warehouse, comment, key and state",
            case(
                json!({"targetLag": "1h", "warehouse": "W2", "comment": "c", "clusterBy": ["B"], "state": "Suspended"}),
                &[],
                &[]
            )
        ),
        (
            "another query keeps what the spec does not say",
            case(json!({"query": "SELECT B FROM T"}), &[], &[stream])
        ),
        (
            "another query and another lag",
            case(json!({"query": "SELECT B FROM T", "targetLag": "1h"}), &[], &[])
        ),
        ("another refresh mode", case(json!({"refreshMode": "Full", "comment": "c"}), &[], &[])),
        ("another refresh mode, with a stream on it", case(json!({"refreshMode": "Full"}), &[], &[stream])),
        ("transient can't be changed", case(json!({"transient": true}), &[], &[])),
    ]));
}

#[test]
fn materialized_views() {
    let case = |more: Value, row: &[(&str, &str)]| {
        let mut cells = vec![
            ("name", "M"),
            ("text", "CREATE MATERIALIZED VIEW M AS SELECT A FROM T"),
            ("comment", ""),
            ("cluster_by", ""),
            ("invalid", "false"),
            ("invalid_reason", ""),
            ("is_secure", "false"),
        ];
        cells.retain(|(column, _)| !row.iter().any(|(other, _)| other == column));
        cells.extend(row);
        let mut entry = json!({"name": "M", "query": "SELECT A FROM T"});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let seen = shown(&[("MATERIALIZED VIEW", &[&cells])]);
        of("MATERIALIZED VIEW", "DB.S.M", &["query"], json!({"materializedViews": [entry]}), &seen)
    };
    let suspended =
        &[("invalid", "true"), ("invalid_reason", "Marked Materialized View as invalid manually.")];
    let broken = &[("invalid", "true"), ("invalid_reason", "Base table dropped.")];
    insta::assert_snapshot!(table([
        ("nothing differs", case(json!({}), &[])),
        (
            "comment, key, secure, suspended",
            case(json!({"comment": "c", "clusterBy": ["A"], "secure": true, "state": "Suspended"}), &[])
        ),
        ("resumed", case(json!({"state": "Started"}), suspended)),
        ("it is broken", case(json!({"state": "Started"}), broken)),
        ("another query mends it", case(json!({"query": "SELECT B FROM T", "clusterBy": ["B"]}), broken)),
    ]));
}

#[test]
fn search_services() {
    let case = |more: Value, managed: &[&str], rows: &[&[(&str, &str)]]| {
        let mut entry = json!({
            "name": "FIND", "column": "BODY", "attributes": ["KIND", "lang"], "targetLag": "1h",
            "query": "SELECT BODY, KIND, LANG FROM T", "embeddingModel": "snowflake-arctic-embed-m-v1.5",
        });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let seen = shown(&[("CORTEX SEARCH SERVICE", rows)]);
        of("CORTEX SEARCH SERVICE", "DB.S.FIND", managed, json!({"searchServices": [entry]}), &seen)
    };
    let row: &[(&str, &str)] = &[
        ("name", "FIND"),
        ("definition", "SELECT BODY, KIND, LANG FROM T"),
        ("search_column", "BODY"),
        ("attribute_columns", "KIND,LANG"),
        ("warehouse", "WH"),
        ("target_lag", "1 hour"),
        ("comment", ""),
    ];
    let managed = &["attributes", "column", "embeddingModel", "query", "targetLag", "warehouse"];
    insta::assert_snapshot!(table([
        ("made", case(json!({}), &[], &[])),
        ("nothing differs", case(json!({}), managed, &[row])),
        (
            "lag, warehouse and comment",
            case(json!({"targetLag": "1d", "warehouse": "W2", "comment": "c"}), managed, &[row])
        ),
        (
            "another column, other attributes and another query wait",
            case(json!({"column": "KIND", "attributes": ["LANG"], "query": "SELECT 1"}), managed, &[row])
        ),
        ("nothing is downstream of it", case(json!({"targetLag": "Downstream"}), &[], &[row])),
    ]));
}
