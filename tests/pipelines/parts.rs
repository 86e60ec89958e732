//! One part of a pipeline goes wrong; the others go on.

use serde_json::{Value, json};

use super::{KEY, apply, in_sync, run, settle, shown, world};
use crate::support::{
    fate::Blow,
    kinds::{FOUNDATION, by_hand, set},
    world::World,
};

fn table(name: &str) -> Value {
    json!({"name": name, "columns": [{"name": "A", "type": "VARCHAR(16)"}], "comment": "one"})
}

/// Two tables, a view, and a graph that runs.
fn spec() -> Value {
    json!({
        "warehouse": "WH", "database": "D", "schema": "S", "schemas": [{"name": "S"}],
        "tables": [table("T1"), table("T2")],
        "views": [{"name": "V", "query": "SELECT A FROM D.S.T1"}],
        "streams": [{"name": "CHANGES", "onTable": "T1"}],
        "functions": [{"name": "F", "arguments": [{"name": "N", "type": "INT"}], "returns": "INT", "language": "SQL", "body": "N"}],
        "taskGraphs": [{
            "name": "graph", "state": "Started", "trigger": {"every": "5m"},
            "tasks": [{"name": "K0", "body": "SELECT 0"}, {"name": "K1", "after": ["K0"], "body": "SELECT 1"}],
        }],
    })
}

async fn made(spec: &Value) -> World {
    let mut world = world(FOUNDATION);
    apply(&mut world, "flow", spec);
    in_sync(&mut world, "made").await;
    world
}

fn comment(world: &World, name: &'static str) -> String {
    shown(world, "SHOW TABLES IN DATABASE D", name, "comment")
}

fn sent(world: &World, text: &str) -> usize {
    world.emulator.statements(0).iter().filter(|statement| statement.text.contains(text)).count()
}

#[test]
fn of_two_pipelines_that_claim_one_table_the_owner_keeps_it_and_the_rest_is_in_sync() {
    run(async {
        let mut world = made(&spec()).await;
        let mut other = json!({"database": "D", "schema": "S", "tables": [table("T1"), table("T3")]});
        set(&mut other, "tables/T1/comment", json!("theirs"));
        apply(&mut world, "other", &other);
        in_sync(&mut world, "the owner").await;
        let status = world.get("p/other").status();
        assert_eq!(world.get("p/other").ready().1, "Conflict", "{status:#}");
        let objects = json!({"total": 2, "inSync": 1, "failed": 1, "held": 0, "orphaned": 0});
        assert_eq!(status["objects"], objects, "{status:#}");
        assert_eq!(status["notInSync"][0]["object"], "D.S.T1", "{status:#}");
        assert!(status["notInSync"][0]["message"].as_str().unwrap().contains("team/flow"), "{status:#}");
        assert_eq!([comment(&world, "T1"), comment(&world, "T3")], ["one", "one"]);
        // Nor do they fight over what somebody else does.
        by_hand(
            &world.emulator,
            "ALTER TABLE D.S.T1 SET COMMENT = 'by hand'; ALTER TABLE D.S.T3 SET COMMENT = 'by hand'",
        );
        in_sync(&mut world, "drift").await;
        assert_eq!([comment(&world, "T1"), comment(&world, "T3")], ["one", "one"]);
        // With the owner's claim it is there for the other, but not unasked.
        let mut without = spec();
        without["tables"].as_array_mut().unwrap().remove(0);
        for list in ["views", "streams"] {
            without[list] = json!([]);
        }
        without["deletionPolicy"] = json!("Retain");
        apply(&mut world, "flow", &without);
        in_sync(&mut world, "let go").await;
        assert_eq!([comment(&world, "T1").as_str(), &world.get("p/other").ready().1], ["one", "Conflict"]);
        other["adopt"] = json!(true);
        apply(&mut world, "other", &other);
        settle(&mut world, "adopted").await;
        assert_eq!(world.get("p/other").ready().1, "InSync", "{}", world.describe());
        assert_eq!(comment(&world, "T1"), "theirs");
    });
}

#[test]
fn a_mistake_in_an_entry_drops_nothing_and_holds_up_nothing_else() {
    run(async {
        for (path, value, told) in [
            ("tables/T2/columns/A/type", json!("VARCHER(16)"), "spec.tables.T2.columns.A"),
            ("tables/T2/object", json!("T1"), "the same object"),
            (
                "tables/T2/columns/A/maskingPolicy",
                json!({"name": "A.B.C.D"}),
                "spec.tables.T2.columns.A.maskingPolicy",
            ),
            ("tables/T2/rowAccessPolicy", json!({"name": "P", "columns": ["NOPE"]}), "no column NOPE"),
            ("streams/CHANGES/onTable", json!("no name"), "spec.streams.CHANGES.onTable"),
            (
                "functions/F/arguments",
                json!([{"name": "N", "type": "INTEGRE"}]),
                "spec.functions.F.arguments",
            ),
            ("taskGraphs/graph/tasks/K1/after", json!(["NOPE"]), "NOPE"),
            (
                "taskGraphs/graph/tasks/K1/body",
                json!("SELECT 1; DROP TABLE D.S.T1"),
                "spec.taskGraphs.graph.tasks.K1",
            ),
        ] {
            let mut world = made(&spec()).await;
            let mut wrong = spec();
            set(&mut wrong, path, value);
            set(&mut wrong, "tables/T1/comment", json!("two"));
            wrong["views"] = json!([]);
            let before = sent(&world, "DROP ");
            apply(&mut world, "flow", &wrong);
            let (reason, message) = settle(&mut world, path).await;
            assert_ne!(reason, "InSync", "{path}");
            assert!(message.contains(told), "{path}: {message}");
            assert_eq!(sent(&world, "DROP "), before, "{path}");
            assert_eq!(comment(&world, "T1"), "two", "{path}: the rest goes on");
            assert_eq!(shown(&world, "SHOW TASKS IN DATABASE D", "K1", "state"), "started", "{path}");
            // Mended, what left goes.
            let mut mended = spec();
            mended["views"] = json!([]);
            apply(&mut world, "flow", &mended);
            in_sync(&mut world, path).await;
            assert_eq!(shown(&world, "SHOW VIEWS IN DATABASE D", "V", "name"), "", "{path}");
        }
    });
}

#[test]
fn a_change_that_is_refused_leaves_its_graph_running_and_is_not_tried_again_as_it_is() {
    run(async {
        let mut world = made(&spec()).await;
        let mut wrong = spec();
        // One statement, and none that Snowflake knows.
        set(&mut wrong, "taskGraphs/graph/tasks/K1/body", json!("SELECT FROM WHERE"));
        apply(&mut world, "flow", &wrong);
        let (_, message) = settle(&mut world, "refused").await;
        assert!(message.contains("D.S.K1"), "{message}");
        let state = |world: &World, name| shown(world, "SHOW TASKS IN DATABASE D", name, "state");
        assert_eq!([state(&world, "K0"), state(&world, "K1")], ["started", "started"]);
        let (suspended, tried) = (sent(&world, "K0\" SUSPEND"), sent(&world, "SELECT FROM WHERE"));
        assert_eq!(
            [suspended, tried],
            [1, 1],
            "{:#?}",
            world.emulator.statements(0).iter().map(|s| s.text.clone()).collect::<Vec<_>>()
        );
        for _ in 0..3 {
            world.restart();
            super::much_later().await;
            settle(&mut world, "again").await;
        }
        assert_eq!([sent(&world, "K0\" SUSPEND"), sent(&world, "SELECT FROM WHERE")], [1, 1]);
        // Another change of the graph is carried out, and the refused one stays told.
        set(&mut wrong, "taskGraphs/graph/tasks/K0/body", json!("SELECT 7"));
        apply(&mut world, "flow", &wrong);
        let (_, message) = settle(&mut world, "another").await;
        assert!(message.contains("D.S.K1"), "{message}");
        assert_eq!(shown(&world, "SHOW TASKS IN DATABASE D", "K0", "definition"), "SELECT 7");
        assert_eq!([sent(&world, "K0\" SUSPEND"), sent(&world, "SELECT FROM WHERE")], [2, 1]);
        set(&mut wrong, "taskGraphs/graph/tasks/K1/body", json!("SELECT 8"));
        apply(&mut world, "flow", &wrong);
        in_sync(&mut world, "mended").await;
        assert_eq!([state(&world, "K0"), state(&world, "K1")], ["started", "started"]);
    });
}

#[test]
fn a_table_that_vanished_waits_for_a_person() {
    run(async {
        let mut world = made(&spec()).await;
        by_hand(&world.emulator, "DROP TABLE D.S.T2");
        let mut changed = spec();
        set(&mut changed, "tables/T1/comment", json!("two"));
        apply(&mut world, "flow", &changed);
        let creates = sent(&world, "CREATE ");
        let (reason, message) = settle(&mut world, "vanished").await;
        assert_eq!(reason, "ApprovalRequired", "{message}");
        assert!(
            message.contains("table D.S.T2 held data and is gone") && message.contains("UNDROP"),
            "{message}"
        );
        assert_eq!([comment(&world, "T1"), comment(&world, "T2")], ["two", ""]);
        assert_eq!(sent(&world, "CREATE "), creates);
        assert!(world.approve(KEY));
        in_sync(&mut world, "approved").await;
        assert_eq!(comment(&world, "T2"), "one");
        // Without data in it, it comes back by itself.
        by_hand(&world.emulator, "DROP VIEW D.S.V");
        in_sync(&mut world, "a view").await;
        assert_eq!(shown(&world, "SHOW VIEWS IN DATABASE D", "V", "name"), "V");
    });
}

#[test]
fn what_is_created_belongs_to_the_role_that_the_spec_names() {
    run(async {
        let grants = [
            "CREATE ROLE PIPELINES",
            "GRANT ROLE PIPELINES TO ROLE SYSADMIN",
            "GRANT USAGE ON WAREHOUSE WH TO ROLE PIPELINES",
            "GRANT USAGE, CREATE SCHEMA ON DATABASE D TO ROLE PIPELINES",
            "GRANT EXECUTE TASK, EXECUTE ALERT ON ACCOUNT TO ROLE PIPELINES",
        ];
        let mut world = world(FOUNDATION.into_iter().chain(grants));
        let mut owned = spec();
        owned["ownerRole"] = json!("PIPELINES");
        apply(&mut world, "flow", &owned);
        in_sync(&mut world, "made").await;
        for (sql, name) in [
            ("SHOW SCHEMAS IN DATABASE D", "S"),
            ("SHOW TABLES IN DATABASE D", "T1"),
            ("SHOW VIEWS IN DATABASE D", "V"),
            ("SHOW STREAMS IN DATABASE D", "CHANGES"),
            ("SHOW TASKS IN DATABASE D", "K1"),
        ] {
            assert_eq!(shown(&world, sql, name, "owner"), "PIPELINES", "{name}");
        }
        set(&mut owned, "tables/T1/comment", json!("two"));
        set(&mut owned, "taskGraphs/graph/tasks/K1/body", json!("SELECT 7"));
        owned["views"] = json!([]);
        apply(&mut world, "flow", &owned);
        in_sync(&mut world, "changed").await;
        let wrong: Vec<_> = world
            .emulator
            .statements(0)
            .into_iter()
            .filter(|statement| ["CREATE", "ALTER"].iter().any(|verb| statement.text.starts_with(verb)))
            .filter(|statement| statement.tag.is_some() && statement.role.as_deref() != Some("PIPELINES"))
            .map(|statement| statement.text)
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    });
}

#[test]
fn what_is_replaced_as_soon_as_it_was_created_stays_ours() {
    run(async {
        for blow in [Blow::CrashAfter, Blow::LostAfter] {
            for n in 0.. {
                let mut world = world(FOUNDATION);
                apply(&mut world, "flow", &spec());
                world.fate.arm(n, blow);
                world.pass(KEY).await;
                let over = world.fate.is_armed();
                // Another query and another argument: both take another object in its place.
                let mut changed = spec();
                set(&mut changed, "views/V/query", json!("SELECT A AS B FROM D.S.T1"));
                set(&mut changed, "functions/F/arguments", json!([{"name": "M", "type": "INT"}]));
                set(&mut changed, "functions/F/body", json!("M"));
                apply(&mut world, "flow", &changed);
                in_sync(&mut world, &format!("{blow:?} at effect {n}")).await;
                if over {
                    break;
                }
            }
        }
    });
}
