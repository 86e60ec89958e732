//! A stream keeps what it has not given yet, whatever happens while it is changed.

use serde_json::{Value, json};

use super::{apply, in_sync, run, shown, world};
use crate::support::{
    fate::Blow,
    kinds::{Cell, FOUNDATION, by_hand, cell, set},
    world::World,
};

fn spec() -> Value {
    json!({
        "warehouse": "WH", "database": "D", "schema": "S", "schemas": [{"name": "S"}],
        "tables": [{"name": "T", "columns": [{"name": "A", "type": "VARCHAR(16)"}], "comment": "one"}],
        "streams": [{"name": "CHANGES", "onTable": "T", "comment": "one"}],
        "views": [{"name": "V", "query": "SELECT A FROM D.S.T", "changeTracking": true}],
        "taskGraphs": [{
            "name": "graph", "state": "Started", "trigger": {"stream": "CHANGES"},
            "tasks": [{"name": "K0", "body": "INSERT INTO D.S.T (A) SELECT A FROM D.S.CHANGES"}],
        }],
    })
}

/// Three rows that the stream has not given yet, and one that it has.
async fn filled() -> World {
    let mut world = world(FOUNDATION);
    apply(&mut world, "flow", &spec());
    in_sync(&mut world, "made").await;
    by_hand(&world.emulator, "CREATE TABLE D.S.READ (A VARCHAR)");
    for sql in [
        "INSERT INTO D.S.T (A) VALUES ('old')",
        "INSERT INTO D.S.READ (A) SELECT A FROM D.S.CHANGES",
        "INSERT INTO D.S.T (A) VALUES ('x'), ('y'), ('z')",
    ] {
        by_hand(&world.emulator, &format!("USE WAREHOUSE WH; {sql}"));
    }
    world
}

fn unread(world: &World) -> String {
    cell(&world.emulator, Cell("USE WAREHOUSE WH; SELECT COUNT(*) AS N FROM D.S.CHANGES", None, "N"))
}

#[test]
fn a_stream_keeps_its_offset_under_every_blow() {
    run(async {
        let changes: [(&str, &[(&str, Value)]); 3] = [
            ("its mode", &[("streams/CHANGES/appendOnly", json!(true))]),
            (
                "its table",
                &[
                    (
                        "tables/T/columns",
                        json!([{"name": "A", "type": "VARCHAR(64)"}, {"name": "B", "type": "INT"}]),
                    ),
                    ("tables/T/clusterBy", json!(["A"])),
                ],
            ),
            (
                "what reads it",
                &[
                    ("taskGraphs/graph/tasks/K0/body", json!("SELECT 1")),
                    ("streams/CHANGES/appendOnly", json!(true)),
                ],
            ),
        ];
        for (what, edits) in changes {
            let mut changed = spec();
            for (path, value) in edits {
                set(&mut changed, path, value.clone());
            }
            let mut n = 0;
            loop {
                let mut over = true;
                for blow in Blow::ALL {
                    let mut world = filled().await;
                    assert_eq!(unread(&world), "3");
                    world.fate.arm(n, blow);
                    apply(&mut world, "flow", &changed);
                    let at = format!("{what}: {blow:?} at effect {n}");
                    in_sync(&mut world, &at).await;
                    assert_eq!(unread(&world), "3", "{at}");
                    assert_eq!(
                        shown(&world, "SHOW STREAMS IN DATABASE D", "CHANGES", "stale"),
                        "false",
                        "{at}"
                    );
                    over &= world.fate.is_armed();
                }
                n += 1;
                if over {
                    break;
                }
            }
            assert!(n >= 3, "{what}: blows fell on {n} effects");
        }
    });
}

#[test]
fn a_stream_on_another_table_waits_for_approval() {
    run(async {
        let mut world = filled().await;
        let mut moved = spec();
        moved["tables"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "U", "columns": [{"name": "A", "type": "INT"}]}));
        set(&mut moved, "streams/CHANGES/onTable", json!("U"));
        apply(&mut world, "flow", &moved);
        let (reason, message) = super::settle(&mut world, "moved").await;
        assert_eq!(reason, "ApprovalRequired", "{message}");
        assert!(message.contains("stream D.S.CHANGES"), "{message}");
        assert_eq!(unread(&world), "3");
        assert!(world.approve(super::KEY));
        in_sync(&mut world, "approved").await;
        assert_eq!(unread(&world), "0");
        assert_eq!(shown(&world, "SHOW STREAMS IN DATABASE D", "CHANGES", "table_name"), "D.S.U");
    });
}
