//! What a pipeline never does to an account: each case by itself, on an emulator, without a cluster.

use serde_json::{Value, json};
use snowfence::{
    api::{DeletionPolicy, connection::Allow, pipeline::PipelineSpec},
    engine::{session::Policy, teardown::Wish},
};

use crate::support::{
    fate::Blow,
    world::{End, World},
};

const KEY: &str = "p/flow";

fn spec(value: &Value) -> PipelineSpec {
    let mut all = json!({"connectionRef": {"name": "snow"}, "database": "D", "schema": "S"});
    all.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn table(name: &str) -> Value {
    json!({"name": name, "columns": [{"name": "A", "type": "INT"}]})
}

fn world(policy: Policy) -> World {
    let world = World::with(None, "ACCOUNTADMIN", policy);
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S; CREATE ROLE TEAM");
    world
}

/// The statements that changed something, from a moment on.
fn writes(world: &World, since: u64) -> Vec<String> {
    let all = world.emulator.statements(since).into_iter().map(|statement| statement.text);
    all.filter(|text| !text.starts_with("SHOW") && !text.starts_with("DESC")).collect()
}

fn there(world: &World, sql: &str, name: &str) -> bool {
    let rows = world.emulator.execute_as("ACCOUNTADMIN", sql).unwrap();
    format!("{rows:?}").contains(&format!("\"{name}\""))
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_was_begun_is_not_carried_out_when_nobody_wants_it_any_more() {
    let stream = |append: bool| {
        spec(&json!({
            "tables": [table("T")],
            "streams": [{"name": "NEW", "onTable": "T", "appendOnly": append}],
        }))
    };
    let mut struck = 0;
    for n in 0..6 {
        let mut world = world(Policy::default());
        world.pipeline("flow", stream(false));
        world.settle().await.unwrap();
        world.pipeline("flow", stream(true));
        world.fate.arm(n, Blow::CrashBefore);
        let since = world.emulator.last_statement();
        let end = world.pass(KEY).await;
        let record = world.get(KEY).record();
        let begun =
            record.objects.iter().any(|entry| entry.intent.as_ref().is_some_and(|intent| !intent.done));
        if end != End::Crashed || !begun || writes(&world, since).iter().any(|text| text.contains("REPLACE"))
        {
            continue;
        }
        struck += 1;
        // It is taken back before the process comes up again.
        world.pipeline("flow", stream(false));
        let since = world.emulator.last_statement();
        world.settle().await.unwrap();
        assert_eq!(writes(&world, since), Vec::<String>::new());
        assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
        // And asked for again: it keeps its offset.
        world.pipeline("flow", stream(true));
        world.settle().await.unwrap();
        let replaced = writes(&world, since);
        assert!(
            replaced.len() == 1 && replaced[0].contains("AT (STREAM => 'D.S.NEW')")
                || replaced[0].contains("AT (STREAM =>"),
            "{replaced:?}"
        );
    }
    assert!(struck > 0, "no crash came between the intent and its statement");
}

#[tokio::test(start_paused = true)]
async fn a_schema_is_not_dropped_while_something_of_others_is_in_it() {
    let own = spec(&json!({"schemas": [{"name": "OWN"}], "schema": "OWN", "tables": [table("T")]}));
    let wish = Wish { deletion_policy: Some(DeletionPolicy::Delete), ..Wish::default() };
    for (mine, sql, name) in [
        ("CREATE TABLE D.OWN.THEIRS (A INT)", "SHOW TABLES IN DATABASE D", "THEIRS"),
        ("CREATE VIEW D.OWN.THEIRS AS SELECT 1 AS A", "SHOW VIEWS IN DATABASE D", "THEIRS"),
        ("CREATE SEQUENCE D.OWN.THEIRS", "SHOW SEQUENCES IN DATABASE D", "THEIRS"),
        // Of the same name as ours, and another kind.
        ("CREATE SEQUENCE D.OWN.T", "SHOW SEQUENCES IN DATABASE D", "T"),
    ] {
        let mut world = world(Policy::default());
        world.pipeline("flow", own.clone());
        world.settle().await.unwrap();
        world.admin(mine);
        let since = world.emulator.last_statement();
        let fault = world.delete(KEY, wish).await.unwrap_err().to_string();
        assert!(
            fault.contains("schema D.OWN is not dropped") && fault.contains(&format!("D.OWN.{name}")),
            "{fault}"
        );
        assert_eq!(writes(&world, since), Vec::<String>::new());
        assert!(there(&world, sql, name));
        world.admin(&format!("DROP {} D.OWN.{name}", mine.split(' ').nth(1).unwrap()));
        assert!(world.delete(KEY, wish).await.unwrap());
        assert!(!there(&world, "SHOW SCHEMAS IN DATABASE D", "OWN"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_orphaned_schema_is_not_dropped_while_something_of_others_is_in_it() {
    let mut world = world(Policy::default());
    world.pipeline("flow", spec(&json!({"schemas": [{"name": "OWN"}]})));
    // Another resource has a table there.
    world.pipeline("other", spec(&json!({"schema": "OWN", "tables": [table("T")]})));
    world.settle().await.unwrap();
    world.pipeline("flow", spec(&json!({})));
    world.settle().await.unwrap();
    assert_eq!(world.get(KEY).status()["orphaned"], json!(["schema D.OWN"]), "{}", world.describe());
    let command = world.events.iter().rev().find(|event| event.note.contains("approve=")).cloned();
    let message = world.get(KEY).ready().2;
    assert!(world.approve(KEY), "{message:?} {command:?}");
    world.settle().await.unwrap();
    let (ready, reason, message) = world.get(KEY).ready();
    assert_eq!((ready.as_str(), reason.as_str()), ("False", "Conflict"));
    assert!(message.contains("table D.OWN.T"), "{message}");
    assert!(there(&world, "SHOW TABLES IN DATABASE D", "T"));
    // Once it is empty, the approval holds.
    world
        .delete("p/other", Wish { deletion_policy: Some(DeletionPolicy::Delete), ..Wish::default() })
        .await
        .unwrap();
    world.settle().await.unwrap();
    assert!(!there(&world, "SHOW SCHEMAS IN DATABASE D", "OWN"), "{}", world.describe());
    assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_reaches_no_further_than_its_connection_allows() {
    let allow = |databases: &[&str], roles: Option<&[&str]>| Policy {
        allow: vec![Allow {
            namespaces: vec!["team".into()],
            databases: Some(databases.iter().map(ToString::to_string).collect()),
            roles: roles.map(|roles| roles.iter().map(ToString::to_string).collect()),
            ..Allow::default()
        }],
        ..Policy::default()
    };
    let grant = |target: Value| json!({"grants": [{"name": "g", "privileges": ["USAGE"], "target": target, "to": {"role": "TEAM"}}]});
    let select = |target: Value| json!({"grants": [{"name": "g", "privileges": ["SELECT"], "target": target, "to": {"role": "TEAM"}}]});
    for (policy, fields) in [
        (allow(&["D"], None), json!({"database": "OTHER", "tables": [table("T")]})),
        (allow(&["D"], None), json!({"streams": [{"name": "S1", "onTable": "OTHER.S.SECRET"}]})),
        (allow(&["D"], None), grant(json!({"database": "OTHER"}))),
        (allow(&["D"], None), select(json!({"future": {"kind": "TABLES", "database": "OTHER"}}))),
        (allow(&["D"], None), select(json!({"all": {"kind": "TABLES", "schema": "OTHER.S"}}))),
        (
            allow(&["D"], None),
            json!({"grants": [{
                "name": "g", "privileges": ["USAGE"], "target": {"database": "D"}, "to": {"databaseRole": "OTHER.R"},
            }]}),
        ),
        // Code has the rights of its owner: not those of the connection.
        (allow(&["D"], Some(&["TEAM"])), json!({"tables": [table("T")]})),
        (allow(&["D"], Some(&["TEAM"])), json!({"ownerRole": "SYSADMIN", "tables": [table("T")]})),
    ] {
        let mut world = world(policy);
        world.admin("CREATE DATABASE OTHER; CREATE SCHEMA OTHER.S; CREATE TABLE OTHER.S.SECRET (A INT)");
        world.admin("CREATE DATABASE ROLE OTHER.R");
        let since = world.emulator.last_statement();
        world.pipeline("flow", spec(&fields));
        world.settle().await.unwrap();
        let (ready, reason, message) = world.get(KEY).ready();
        assert_eq!((ready.as_str(), reason.as_str()), ("False", "NotAllowed"), "{fields}: {message}");
        assert_eq!(writes(&world, since), Vec::<String>::new(), "{fields}");
    }
    // Whatever runs on a warehouse, whether it names one or takes that of all.
    let only_wh = Policy {
        allow: vec![Allow {
            namespaces: vec!["team".into()],
            warehouses: Some(vec!["WH".into()]),
            ..Allow::default()
        }],
        ..Policy::default()
    };
    let task = json!({"name": "A", "body": "SELECT 1"});
    let graph = |warehouse: &str| json!({"taskGraphs": [{"name": "g", "warehouse": warehouse, "trigger": {"every": "5m"}, "tasks": [task]}]});
    for (fields, allowed) in [
        (graph("WH"), true),
        (graph("OTHER_WH"), false),
        (
            json!({
                "tables": [table("T")],
                "dynamicTables": [
                    {"name": "N", "query": "SELECT A FROM T", "targetLag": "1h", "warehouse": "OTHER_WH"},
                ],
            }),
            false,
        ),
        (
            json!({"warehouse": "OTHER_WH", "alerts": [
                {"name": "N", "schedule": {"every": "5m"}, "condition": "SELECT 1", "action": "SELECT 1"},
            ]}),
            false,
        ),
        // Nothing runs on it.
        (json!({"warehouse": "OTHER_WH", "tables": [table("T")]}), true),
    ] {
        let mut world = world(only_wh.clone());
        for name in ["WH", "OTHER_WH"] {
            world.admin(&format!("CREATE WAREHOUSE {name} INITIALLY_SUSPENDED = TRUE"));
        }
        world.pipeline("flow", spec(&fields));
        world.settle().await.unwrap();
        let (ready, reason, message) = world.get(KEY).ready();
        let reads = if allowed { ("True", "InSync") } else { ("False", "NotAllowed") };
        assert_eq!((ready.as_str(), reason.as_str()), reads, "{fields}: {message}");
    }
    let mut world = world(allow(&["D"], Some(&["TEAM"])));
    world.admin("GRANT ROLE TEAM TO ROLE ACCOUNTADMIN; GRANT USAGE ON DATABASE D TO ROLE TEAM");
    world.admin("GRANT USAGE ON SCHEMA D.S TO ROLE TEAM; GRANT CREATE TABLE ON SCHEMA D.S TO ROLE TEAM");
    world.pipeline("flow", spec(&json!({"ownerRole": "TEAM", "tables": [table("T")]})));
    world.settle().await.unwrap();
    assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
}

#[tokio::test(start_paused = true)]
async fn a_deletion_comes_to_its_end_after_any_blow_and_takes_what_is_owned_alone() {
    let own = spec(&json!({
        "warehouse": "WH", "schema": "OWN", "schemas": [{"name": "OWN"}], "tables": [table("T")],
        "streams": [{"name": "NEW", "onTable": "T"}],
        "views": [{"name": "V", "query": "SELECT A FROM T"}],
        "taskGraphs": [{
            "name": "g", "state": "Started", "trigger": {"every": "5m"},
            "tasks": [{"name": "ROOT", "body": "SELECT 1"}, {"name": "LEAF", "after": ["ROOT"], "body": "SELECT 2"}],
        }],
    }));
    // What of the code and of the data is there afterwards, and how many effects a deletion has at least.
    for (policy, code, data, effects) in [
        (None, false, true, 5),
        (Some(DeletionPolicy::Retain), true, true, 0),
        (Some(DeletionPolicy::Delete), false, false, 8),
    ] {
        let wish = Wish { deletion_policy: policy, ..Wish::default() };
        let mut struck = 0;
        for (n, blow) in (0..9).flat_map(|n| Blow::ALL.map(|blow| (n, blow))) {
            let case = format!("{policy:?}, {blow:?} at effect {n}");
            let mut world = world(Policy::default());
            world.admin("CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE; CREATE TABLE D.S.T (A INT)");
            world.pipeline("flow", own.clone());
            world.settle().await.unwrap();
            world.fate.arm(n, blow);
            let mut ended = false;
            for _ in 0..4 {
                // After a lost answer it is tried again.
                ended = ended || world.delete(KEY, wish).await.unwrap_or_default();
            }
            assert!(ended, "{case}");
            struck += usize::from(!world.fate.is_armed());
            let here = |show: &str, name| there(&world, &format!("SHOW {show} IN DATABASE D"), name);
            assert_eq!(
                [here("TASKS", "ROOT"), here("TASKS", "LEAF"), here("VIEWS", "V")],
                [code; 3],
                "{case}"
            );
            assert_eq!([here("STREAMS", "NEW"), here("SCHEMAS", "OWN")], [data; 2], "{case}");
            assert!(here("TABLES", "T") && here("SCHEMAS", "S"), "{case}");
        }
        assert!(struck >= effects * Blow::ALL.len(), "{policy:?}: {struck}");
    }
}
