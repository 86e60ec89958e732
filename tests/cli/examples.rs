//! The examples work.

use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_pipelines_apply_as_they_are() {
    let world = World::new().await;
    let example = |path: &str| format!("{}/examples/{path}", env!("CARGO_MANIFEST_DIR"));
    let quickstart = ["quickstart/monitor.yaml", "quickstart/warehouses.yaml"];
    // Others lie in the schemas of these.
    let first = ["pipelines/call-intelligence.yaml", "pipelines/customer-360.yaml"];
    let with = |words: &[&str], files: &[&str]| {
        let files: Vec<String> = files.iter().flat_map(|file| ["-f".to_owned(), example(file)]).collect();
        let args: Vec<&str> = words.iter().copied().chain(files.iter().map(String::as_str)).collect();
        world.run(&args)
    };
    with(&["apply", "--yes"], &quickstart).ends(0);
    with(&["apply", "--yes"], &first).ends(0);
    with(&["apply", "--yes"], &["pipelines"]).ends(0);
    let planned = with(&["plan"], &[quickstart[0], quickstart[1], "pipelines"]).ends(0);
    assert_eq!(planned.out, "No changes. Snowflake matches the manifests.\n");
}
