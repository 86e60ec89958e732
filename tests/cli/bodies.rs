//! Bodies in ConfigMaps among the manifests.

use super::world::World;

const PIPELINE: &str = "apiVersion: snowfence.dev/v1alpha1
kind: CortexPipeline
metadata: {name: flow}
spec:
  connectionRef: {name: prod}
  database: D
  schema: S
  databases: [{name: D}]
  schemas: [{name: S}]
  procedures:
    - name: P
      language: SQL
      returns: VARCHAR
      bodyFrom: {configMapKeyRef: {name: sql, key: p.sql}}
---
";

fn map(name: &str, text: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  p.sql: {text:?}\n---\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_comes_from_a_config_map_of_the_manifests_and_changes_with_it() {
    let world = World::new().await;
    let both = world.file("both.yaml", &(map("sql", "BEGIN RETURN 1; END") + PIPELINE));
    world.run(&["apply", "--yes", "-f", &both]).ends(0);
    let planned = world.run(&["plan", "-f", &both]).ends(0);
    assert_eq!(planned.out, "No changes. Snowflake matches the manifests.\n");

    world.file("both.yaml", &(PIPELINE.to_owned() + &map("sql", "BEGIN RETURN 2; END")));
    let planned = world.run(&["plan", "-f", &both, "--show-sql"]).ends(0);
    assert!(planned.out.contains("RETURN 1") && planned.out.contains("RETURN 2"), "{}", planned.out);
    world.run(&["apply", "--yes", "-f", &both]).ends(0);
    let planned = world.run(&["plan", "-f", &both]).ends(0);
    assert_eq!(planned.out, "No changes. Snowflake matches the manifests.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_among_the_manifests_is_told_and_the_rest_is_done() {
    let world = World::new().await;
    let alone = world.file("alone.yaml", &(map("other", "x") + PIPELINE));
    let applied = world.run(&["apply", "--yes", "-f", &alone]).ends(1);
    let why = "spec.procedures.P.bodyFrom: the ConfigMap default/sql is not among the manifests: name its file with -f, too";
    assert!(applied.out.contains(why), "{}", applied.out);
    let writes = world.writes(0);
    assert!(writes.iter().any(|sql| sql.starts_with("CREATE SCHEMA")), "{writes:?}");
    assert!(!writes.iter().any(|sql| sql.contains("PROCEDURE")), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_map_that_is_none_is_refused_with_its_place() {
    let world = World::new().await;
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sql}\ndata: {p.sql: 5}\n---\n";
    let number = world.file("number.yaml", &(text.to_owned() + PIPELINE));
    let said = world.run(&["plan", "-f", &number]).ends(1);
    assert!(said.err.contains("ConfigMap default/sql") && said.err.contains("texts"), "{}", said.err);
    let twice = world.file("twice.yaml", &(map("sql", "x") + &map("sql", "y") + PIPELINE));
    let said = world.run(&["plan", "-f", &twice]).ends(1);
    assert!(said.err.contains("another ConfigMap of this name"), "{}", said.err);
}
