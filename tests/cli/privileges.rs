//! A role that lacks privileges: what it lacks is told before the first statement, and what is told suffices.

use super::world::{Said, World, said};

const PIPELINE: &str = r#"apiVersion: snowfence.dev/v1alpha1
kind: CortexPipeline
metadata:
  name: calls
spec:
  connectionRef: {name: prod}
  warehouse: WH
  database: D
  schema: '"s s"'
  tables:
    - {name: CALL, columns: [{name: ID, type: VARCHAR, nullable: false}, {name: TEXT, type: VARCHAR}]}
  streams: [{name: CHANGES, onTable: CALL}]
  views: [{name: NEWEST, query: 'SELECT ID FROM D."s s".CALL'}]
  taskGraphs:
    - name: load
      state: Started
      trigger: {every: 5m}
      tasks:
        - {name: LOAD, body: SELECT 1}
        - {name: OWN, after: [LOAD], serverless: {}, body: SELECT 1}
  alerts:
    - {name: STALE, state: Started, serverless: true, schedule: {every: 5m}, condition: SELECT 1, action: SELECT 1}
  enrichments:
    - {name: MOOD, from: {table: CALL}, key: [ID], input: TEXT, function: Sentiment}
"#;

/// A role that its user has, a database with a schema, a warehouse; the role may use none of them.
async fn limited() -> (World, String) {
    let world = World::new().await;
    for sql in [
        "CREATE ROLE \"may not\"",
        "GRANT ROLE \"may not\" TO USER OPERATOR",
        "CREATE DATABASE D",
        "CREATE SCHEMA D.\"s s\"",
        "CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE",
    ] {
        world.sql(sql);
    }
    let file = world.file("calls.yaml", PIPELINE);
    (world, file)
}

fn run(world: &World, words: &[&str]) -> Said {
    said(world.command(words).env("SNOWFLAKE_ROLE", "\"may not\""))
}

/// The statements of a plan's text that are to be pasted.
fn pasted(said: &Said) -> Vec<String> {
    let lines = said.out.lines().filter(|line| line.starts_with("GRANT "));
    lines.map(|line| line.strip_suffix(';').expect("a statement ends").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grants_that_a_plan_prints_are_those_that_apply_needs() {
    let (world, file) = limited().await;
    for sql in [
        "REVOKE USE AI FUNCTIONS ON ACCOUNT FROM ROLE PUBLIC",
        "REVOKE DATABASE ROLE SNOWFLAKE.CORTEX_USER FROM ROLE PUBLIC",
    ] {
        world.sql(sql);
    }
    let planned = run(&world, &["plan", "-f", &file]).ends(0);
    let grants = pasted(&planned);
    insta::assert_snapshot!(grants.join("\n"));
    // All is still shown.
    assert!(
        planned.out.contains("CREATE TABLE") && planned.out.contains("table D.\"s s\".CALL"),
        "{}",
        planned.out
    );
    let json = run(&world, &["plan", "-f", &file, "--output", "json"]).ends(0).json();
    assert_eq!(json["missingGrants"], serde_json::json!(grants));

    for grant in &grants {
        world.sql(grant);
    }
    let planned = run(&world, &["plan", "-f", &file]).ends(0);
    assert_eq!(pasted(&planned), [""; 0], "{}", planned.out);
    run(&world, &["apply", "--yes", "-f", &file]).ends(0);
    let settled = run(&world, &["plan", "-f", &file]).ends(0);
    assert_eq!(settled.out, "No changes. Snowflake matches the manifests.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_a_privilege_is_not_tried_and_the_rest_is_done() {
    let (world, file) = limited().await;
    for sql in [
        "GRANT USAGE ON DATABASE D TO ROLE \"may not\"",
        "GRANT ALL ON SCHEMA D.\"s s\" TO ROLE \"may not\"",
        "REVOKE CREATE VIEW ON SCHEMA D.\"s s\" FROM ROLE \"may not\"",
        // By another role, which it has.
        "CREATE ROLE FRIEND",
        "GRANT ROLE FRIEND TO ROLE \"may not\"",
        "GRANT USAGE ON WAREHOUSE WH TO ROLE FRIEND",
        "GRANT EXECUTE MANAGED TASK ON ACCOUNT TO ROLE FRIEND",
        "GRANT EXECUTE ALERT, EXECUTE MANAGED ALERT ON ACCOUNT TO ROLE FRIEND",
    ] {
        world.sql(sql);
    }
    let since = world.emulator.statements(0).len() as u64;
    let applied = run(&world, &["apply", "--yes", "-f", &file]).ends(1);
    assert_eq!(
        pasted(&applied),
        [
            r#"GRANT EXECUTE TASK ON ACCOUNT TO ROLE "may not""#,
            r#"GRANT CREATE VIEW ON SCHEMA "D"."s s" TO ROLE "may not""#,
        ]
    );
    let statements = world.emulator.statements(since);
    let failed: Vec<_> = statements.iter().filter(|statement| !statement.succeeded()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let writes = world.writes(since);
    assert!(writes.iter().any(|sql| sql.starts_with("CREATE TASK")), "{writes:?}");
    assert!(
        !writes.iter().any(|sql| sql.starts_with("CREATE VIEW") || sql.ends_with("\"LOAD\" RESUME")),
        "{writes:?}"
    );

    for grant in pasted(&applied) {
        world.sql(&grant);
    }
    run(&world, &["apply", "--yes", "-f", &file]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_all_is_told_nothing_and_asked_nothing_more() {
    let (world, file) = limited().await;
    let planned = world.run(&["plan", "-f", &file]).ends(0);
    assert_eq!(pasted(&planned), [""; 0], "{}", planned.out);
    let bare = world.file("bare.yaml", PIPELINE.split("  enrichments:").next().unwrap());
    world.run(&["apply", "--yes", "-f", &bare]).ends(0);
    let since = world.emulator.statements(0).len() as u64;
    world.run(&["plan", "-f", &bare]).ends(0);
    let reads = world.emulator.statements(since);
    assert!(!reads.iter().any(|statement| statement.text.starts_with("SHOW GRANTS")), "{reads:?}");
}
