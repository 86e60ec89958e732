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
    let mut world = world(allow(&["D"], Some(&["TEAM"])));
    world.admin("GRANT ROLE TEAM TO ROLE ACCOUNTADMIN; GRANT USAGE ON DATABASE D TO ROLE TEAM");
    world.admin("GRANT USAGE ON SCHEMA D.S TO ROLE TEAM; GRANT CREATE TABLE ON SCHEMA D.S TO ROLE TEAM");
    world.pipeline("flow", spec(&json!({"ownerRole": "TEAM", "tables": [table("T")]})));
    world.settle().await.unwrap();
    assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
}
