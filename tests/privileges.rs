//! What the role of a pipeline lacks, as its status tells it: on an emulator, without a cluster.

use serde_json::{Value, json};
use snowfence::{api::pipeline::PipelineSpec, engine::session::Policy};

use crate::support::world::World;

const KEY: &str = "p/flow";

/// A table, a view of it, and a graph that runs by itself.
fn spec(body: &str) -> PipelineSpec {
    let spec = json!({
        "connectionRef": {"name": "snow"},
        "database": "D",
        "schema": "S",
        "ownerRole": "PIPE",
        "tables": [{"name": "T", "columns": [{"name": "A", "type": "INT"}]}],
        "views": [{"name": "V", "query": "SELECT A FROM T"}],
        "taskGraphs": [{"name": "g", "state": "Started", "serverless": {}, "trigger": {"every": "5m"},
                        "tasks": [{"name": "ROOT", "body": body}]}],
    });
    serde_json::from_value(spec).unwrap()
}

/// PIPE sees D.S and may create tables there.
fn world() -> World {
    let mut world = World::with(None, "ACCOUNTADMIN", Policy::default());
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S; CREATE ROLE PIPE; GRANT ROLE PIPE TO USER OPERATOR");
    world.admin(
        "GRANT USAGE ON DATABASE D TO ROLE PIPE; GRANT USAGE, CREATE TABLE ON SCHEMA D.S TO ROLE PIPE",
    );
    world.pipeline("flow", spec("SELECT 1"));
    world
}

fn writes(world: &World, since: u64) -> Vec<String> {
    let all = world.emulator.statements(since).into_iter().map(|statement| statement.text);
    all.filter(|text| ["CREATE", "ALTER", "DROP", "GRANT"].iter().any(|verb| text.starts_with(verb)))
        .collect()
}

fn missing(world: &World) -> Vec<String> {
    let status = world.get(KEY).status();
    let all = status["missingGrants"].as_array().cloned().unwrap_or_default();
    all.iter().map(|grant| grant.as_str().unwrap().to_owned()).collect()
}

fn told(world: &World) -> usize {
    world.events.iter().filter(|event| event.reason == "PrivilegeMissing").count()
}

#[tokio::test(start_paused = true)]
async fn what_the_owner_role_lacks_is_told_once_and_the_rest_is_done() {
    let mut world = world();
    let since = world.emulator.last_statement();
    world.settle().await.unwrap();
    assert!(matches!(writes(&world, since).as_slice(), [one] if one.starts_with("CREATE TABLE")));
    let grants = missing(&world);
    assert_eq!(
        grants,
        [
            r#"GRANT ROLE "PIPE" TO ROLE "ACCOUNTADMIN""#,
            r#"GRANT EXECUTE MANAGED TASK ON ACCOUNT TO ROLE "PIPE""#,
            r#"GRANT EXECUTE TASK ON ACCOUNT TO ROLE "PIPE""#,
            r#"GRANT CREATE TASK ON SCHEMA "D"."S" TO ROLE "PIPE""#,
            r#"GRANT CREATE VIEW ON SCHEMA "D"."S" TO ROLE "PIPE""#,
        ]
    );
    let (ready, reason, message) = world.get(KEY).ready();
    assert_eq!((ready.as_str(), reason.as_str()), ("False", "PrivilegeMissing"), "{message}");
    let block = format!("{};", grants.join("; "));
    assert!(message.contains(&block), "{message}");
    assert!(message.contains("view D.S.V: role PIPE lacks CREATE VIEW on schema D.S"), "{message}");
    let status = world.get(KEY).status();
    assert_eq!(
        status["objects"],
        json!({"total": 3, "inSync": 1, "failed": 3, "held": 0, "orphaned": 0}),
        "{status:#}"
    );
    assert_eq!(told(&world), 1);

    // Nothing more comes of looking again.
    let before = world.effects();
    world.round().await;
    assert_eq!((world.effects(), told(&world)), (before, 1));

    for grant in &grants {
        world.admin(grant);
    }
    world.settle().await.unwrap();
    let status = world.get(KEY).status();
    assert_eq!(world.get(KEY).ready().0, "True", "{status:#}");
    assert_eq!((missing(&world), &status["missingGrants"]), (vec![], &Value::Null));
    // A steady pipeline asks for no grants.
    let since = world.emulator.last_statement();
    world.round().await;
    let reads = world.emulator.statements(since);
    assert!(!reads.iter().any(|statement| statement.text.starts_with("SHOW GRANTS TO")), "{reads:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_role_owns_it_may_change_without_the_privilege_to_create() {
    let with = |body: &str| {
        let mut spec = spec("SELECT 1");
        let function = json!([{"name": "F", "language": "SQL", "returns": "VARCHAR", "body": body}]);
        spec.functions = serde_json::from_value(function).unwrap();
        spec
    };
    let mut world = world();
    world.admin("GRANT ALL ON SCHEMA D.S TO ROLE PIPE; GRANT EXECUTE TASK, EXECUTE MANAGED TASK ON ACCOUNT TO ROLE PIPE");
    world.pipeline("flow", with("'a'"));
    world.settle().await.unwrap();
    world.admin("REVOKE CREATE FUNCTION ON SCHEMA D.S FROM ROLE PIPE");
    world.pipeline("flow", with("'b'"));
    let since = world.emulator.last_statement();
    world.settle().await.unwrap();
    let changed = writes(&world, since);
    assert!(
        matches!(changed.as_slice(), [one] if one.starts_with("CREATE OR ALTER FUNCTION")),
        "{changed:?}"
    );
    assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
}

#[tokio::test(start_paused = true)]
async fn a_graph_that_could_not_be_resumed_is_not_stopped_for_a_change() {
    let mut world = world();
    world.admin("GRANT ALL ON SCHEMA D.S TO ROLE PIPE; GRANT EXECUTE TASK, EXECUTE MANAGED TASK ON ACCOUNT TO ROLE PIPE");
    world.settle().await.unwrap();
    assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
    world.admin("REVOKE EXECUTE TASK ON ACCOUNT FROM ROLE PIPE");
    world.pipeline("flow", spec("SELECT 2"));
    let since = world.emulator.last_statement();
    world.settle().await.unwrap();
    assert_eq!(writes(&world, since), [""; 0]);
    let (_, reason, message) = world.get(KEY).ready();
    assert_eq!(reason, "PrivilegeMissing");
    assert!(message.contains(r#"GRANT EXECUTE TASK ON ACCOUNT TO ROLE "PIPE";"#), "{message}");

    world.admin("GRANT EXECUTE TASK ON ACCOUNT TO ROLE PIPE");
    world.settle().await.unwrap();
    assert_eq!(world.get(KEY).ready().0, "True", "{}", world.describe());
    let changed = writes(&world, since);
    assert_eq!(changed.iter().filter(|sql| sql.contains("MODIFY AS SELECT 2")).count(), 1, "{changed:?}");
}
