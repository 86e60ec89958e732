//! Pipelines on the command line: what a plan tells before it is carried out.

use std::time::Duration;

use super::world::{World, said};

fn pipeline(body: &str, columns: &str) -> String {
    format!(
        "apiVersion: snowfence.dev/v1alpha1
kind: CortexPipeline
metadata: {{name: flow}}
spec:
  connectionRef: {{name: prod}}
  warehouse: WH
  database: D
  schema: S
  tables:
    - {{name: T, columns: [{{name: A, type: INT}}{columns}]}}
  streams:
    - {{name: NEW, onTable: T}}
  taskGraphs:
    - name: REFRESH
      state: Started
      trigger: {{every: 5m}}
      tasks: [{{name: LOAD, body: \"{body}\"}}, {{name: SCORE, after: [LOAD], body: SELECT 1}}]
"
    )
}

async fn world() -> World {
    let world = World::new().await;
    for sql in ["CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE", "CREATE DATABASE D", "CREATE SCHEMA D.S"] {
        world.sql(sql);
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_is_told_before_its_graph_changes() {
    let world = world().await;
    world.file("flow.yaml", &pipeline("SELECT 1", ""));
    world.run(&["apply", "--yes", "-f", "flow.yaml"]).ends(0);
    assert!(world.emulator.run_task("D.S.LOAD", Duration::from_secs(600)));
    world.file("flow.yaml", &pipeline("SELECT 2", ""));
    let plan = ["plan", "-f", "flow.yaml"];
    // Which runs there are only a statement tells that needs a warehouse.
    let told = said(world.command(&plan).env("SNOWFLAKE_WAREHOUSE", "WH")).ends(0);
    assert!(told.out.contains("task graph D.S.LOAD has a run under way"), "{}", told.out);
    let told = world.run(&plan).ends(0);
    assert!(!told.out.contains("under way"), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_loses_data_is_told_with_what_refers_to_it() {
    let world = world().await;
    world.file("flow.yaml", &pipeline("SELECT 1", ", {name: B, type: VARCHAR(20)}"));
    world.run(&["apply", "--yes", "-f", "flow.yaml"]).ends(0);
    world.file("flow.yaml", &pipeline("SELECT 1", ", {name: B, type: VARCHAR(10)}"));
    let plan = ["plan", "-f", "flow.yaml"];
    let told = world.run(&plan).ends(0);
    assert!(
        told.out.contains("# destructive") && told.out.contains("used by: stream D.S.NEW"),
        "{}",
        told.out
    );
    let json = world.run(&[&plan[..], &["-o", "json"]].concat()).ends(0).json();
    let changes = json["changes"].as_array().unwrap();
    let narrowed = changes.iter().find(|change| change["risk"] == "destructive").unwrap();
    assert_eq!(narrowed["usedBy"], serde_json::json!(["stream D.S.NEW"]), "{json:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_in_a_pipeline_is_told_at_once_and_the_rest_is_planned() {
    let world = world().await;
    let wrong = pipeline("SELECT 1", "")
        .replace("type: INT", "type: STRNG")
        .replace("after: [LOAD]", "after: [LODA]");
    world.file("flow.yaml", &wrong);
    let told = world.run(&["plan", "-f", "flow.yaml"]).ends(1);
    let wanted = "CortexPipeline default/flow can't be planned in part
      spec.tables.T.columns.A.type: Snowflake has no data type STRNG: did you mean STRING?
      spec.taskGraphs.REFRESH.tasks.SCORE.after: there is no task LODA in this graph; there are LOAD, SCORE
";
    assert!(told.out.contains(wanted), "{}", told.out);
    assert!(told.out.contains("task D.S.LOAD will be created"), "{}", told.out);
}
