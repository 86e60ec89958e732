//! Tables of a pipeline, changed in place on an emulator.

use serde_json::{Value, json};
use snowfence::api::pipeline::PipelineSpec;

use crate::support::world::World;

fn spec(tables: Value) -> PipelineSpec {
    serde_json::from_value(json!({
        "connectionRef": {"name": "snow"}, "database": "D", "schema": "S", "tables": tables,
    }))
    .unwrap()
}

fn altered(world: &World, since: u64) -> Vec<String> {
    let all = world.emulator.statements(since).into_iter().map(|statement| statement.text);
    all.filter(|text| !text.starts_with("SHOW") && !text.starts_with("DESCRIBE")).collect()
}

#[tokio::test(start_paused = true)]
async fn keys_change_in_place() {
    let mut world = World::new(None);
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S");
    let columns = json!([
        {"name": "A", "type": "INT", "nullable": false}, {"name": "B", "type": "INT"}, {"name": "C", "type": "INT"},
    ]);
    let tables = |keys: Value| {
        let mut table = json!({"name": "T", "columns": columns});
        table.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        spec(
            json!([table, {"name": "FAR", "columns": columns, "primaryKey": ["A"], "uniqueKeys": [["B", "C"]]}]),
        )
    };
    world.pipeline("flow", tables(json!({"primaryKey": ["A"]})));
    world.settle().await.unwrap();
    let (far, t) = ("\"D\".\"S\".\"FAR\"", "ALTER TABLE \"D\".\"S\".\"T\"");
    for (keys, sent) in [
        // Nothing that needs a list of its own is read, and nothing is changed.
        (json!({"primaryKey": ["A"]}), vec![]),
        (
            json!({
                "primaryKey": ["A"], "uniqueKeys": [["B"], ["C", "B"]],
                "foreignKeys": [{"columns": ["B"], "references": "FAR"}],
            }),
            vec![
                format!("{t} ADD UNIQUE (\"B\")"),
                format!("{t} ADD UNIQUE (\"C\", \"B\")"),
                format!("{t} ADD FOREIGN KEY (\"B\") REFERENCES {far}"),
            ],
        ),
        (
            json!({
                "primaryKey": ["B", "A"], "uniqueKeys": [["C", "B"]],
                "foreignKeys": [
                    {"columns": ["B"], "references": "FAR", "referencedColumns": ["A"]},
                    {"columns": ["B", "C"], "references": "D.S.FAR", "referencedColumns": ["B", "C"]},
                ],
            }),
            vec![
                format!("{t} DROP PRIMARY KEY"),
                format!("{t} ADD PRIMARY KEY (\"B\", \"A\")"),
                format!("{t} DROP UNIQUE (\"B\")"),
                format!("{t} ADD FOREIGN KEY (\"B\", \"C\") REFERENCES {far} (\"B\", \"C\")"),
            ],
        ),
        (
            json!({"primaryKey": ["B", "A"]}),
            vec![
                format!("{t} DROP UNIQUE (\"C\", \"B\")"),
                format!("{t} DROP FOREIGN KEY (\"B\")"),
                format!("{t} DROP FOREIGN KEY (\"B\", \"C\")"),
            ],
        ),
    ] {
        let since = world.emulator.last_statement();
        world.pipeline("flow", tables(keys.clone()));
        world.settle().await.unwrap();
        let (mut altered, mut sent) = (altered(&world, since), sent);
        altered.sort();
        sent.sort();
        assert_eq!(altered, sent, "{keys}");
        assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
    }
    // What somebody takes away comes back.
    let since = world.emulator.last_statement();
    world.admin("ALTER TABLE D.S.FAR DROP UNIQUE (B, C)");
    world.settle().await.unwrap();
    assert!(altered(&world, since).contains(&format!("ALTER TABLE {far} ADD UNIQUE (\"B\", \"C\")")));
}

#[tokio::test(start_paused = true)]
async fn a_table_keeps_a_column_whatever_is_approved() {
    let mut world = World::new(None);
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S");
    let table = |columns: Value| spec(json!([{"name": "T", "columns": columns}]));
    world.pipeline("flow", table(json!([{"name": "A", "type": "INT"}, {"name": "B", "type": "INT"}])));
    world.settle().await.unwrap();
    let since = world.emulator.last_statement();
    world.pipeline("flow", table(json!([{"name": "A", "type": "DATE"}])));
    world.settle().await.unwrap();
    let (ready, reason, message) = world.get("p/flow").ready();
    assert_eq!((ready.as_str(), reason.as_str()), ("False", "InvalidSpec"), "{message}");
    assert!(message.contains("no column of D.S.T would stay"), "{message}");
    assert_eq!(altered(&world, since), Vec::<String>::new());
    // With one that stays all of it can be done; what left the spec meanwhile is not forgotten.
    world.pipeline("flow", table(json!([{"name": "A", "type": "DATE"}, {"name": "C", "type": "INT"}])));
    world.settle().await.unwrap();
    assert!(world.approve("p/flow"));
    world.settle().await.unwrap();
    assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
    let t = "ALTER TABLE \"D\".\"S\".\"T\"";
    assert_eq!(
        altered(&world, since),
        [
            format!("{t} ADD COLUMN \"C\" NUMBER(38,0)"),
            format!("{t} DROP COLUMN \"B\", \"A\""),
            format!("{t} ADD COLUMN \"A\" DATE"),
        ]
    );
}

/// Which of these statements about the column were sent, and in which order.
fn about(all: &[String]) -> Vec<&str> {
    let words = ["UNSET MASKING", "SET MASKING", "DROP COLUMN", "ADD COLUMN"];
    all.iter().filter_map(|text| words.into_iter().find(|word| text.contains(word))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_column_keeps_its_masking_policy_until_it_goes() {
    let mask = |name: &str, of: &str| {
        let body = if of == "DATE" { "NULL::DATE" } else { "'***'" };
        json!({"name": name, "arguments": [{"name": "V", "type": of}], "returns": of, "body": body})
    };
    let column = |of: &str, policy: Option<&str>| {
        let mut column = json!({"name": "B", "type": of});
        if let Some(policy) = policy {
            column["maskingPolicy"] = json!({"name": policy});
        }
        column
    };
    // What becomes of the column; what is sent while it waits, and once it may go.
    for (becomes, waiting, going) in [
        (None, vec![], vec!["UNSET MASKING", "DROP COLUMN"]),
        (Some(column("VARCHAR(10)", Some("M"))), vec![], vec!["UNSET MASKING", "DROP COLUMN", "ADD COLUMN"]),
        (
            Some(column("VARCHAR(10)", Some("OTHER"))),
            vec!["SET MASKING"],
            vec!["UNSET MASKING", "DROP COLUMN", "ADD COLUMN"],
        ),
        (Some(column("VARCHAR(10)", None)), vec!["UNSET MASKING"], vec!["DROP COLUMN", "ADD COLUMN"]),
        // A policy for dates can't hang on a text: it comes with the new column.
        (Some(column("DATE", Some("DATES"))), vec![], vec!["UNSET MASKING", "DROP COLUMN", "ADD COLUMN"]),
        (Some(column("DATE", None)), vec![], vec!["UNSET MASKING", "DROP COLUMN", "ADD COLUMN"]),
    ] {
        let mut world = World::new(None);
        world.admin("CREATE DATABASE D; CREATE SCHEMA D.S");
        let with = |column: Option<Value>| {
            let columns: Vec<Value> =
                [json!({"name": "A", "type": "INT"})].into_iter().chain(column).collect();
            let mut spec = spec(json!([{"name": "T", "columns": columns}]));
            let policies = [mask("M", "VARCHAR"), mask("OTHER", "VARCHAR"), mask("DATES", "DATE")];
            spec.masking_policies = serde_json::from_value(json!(policies)).unwrap();
            spec
        };
        world.pipeline("flow", with(Some(column("VARCHAR(20)", Some("M")))));
        world.settle().await.unwrap();
        let since = world.emulator.last_statement();
        world.pipeline("flow", with(becomes.clone()));
        world.settle().await.unwrap();
        assert_eq!(world.get("p/flow").ready().1, "ApprovalRequired", "{}", world.describe());
        assert_eq!(about(&altered(&world, since)), waiting, "{becomes:?}");
        let since = world.emulator.last_statement();
        assert!(world.approve("p/flow"));
        world.settle().await.unwrap();
        assert_eq!(about(&altered(&world, since)), going, "{becomes:?}: {:#?}", altered(&world, since));
        assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
        // And then nothing more.
        let since = world.emulator.last_statement();
        world.settle().await.unwrap();
        assert_eq!(altered(&world, since), Vec::<String>::new(), "{becomes:?}");
    }
}

/// The policy that hangs on a column, as DESCRIBE tells.
fn hidden(world: &World, column: &str) -> Option<String> {
    let rows = world.emulator.execute_as("ACCOUNTADMIN", "DESCRIBE TABLE D.S.T").unwrap();
    let at = |name: &str| rows.columns.iter().position(|column| column.name == name).unwrap();
    let row = rows.rows.iter().find(|row| row[at("name")].as_deref() == Some(column)).unwrap();
    row[at("policy name")].clone().filter(|name| !name.is_empty())
}

#[tokio::test(start_paused = true)]
async fn a_column_that_could_not_be_dropped_is_hidden_again() {
    let mut world = World::new(None);
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S");
    let with = |columns: Value, cluster: &str| {
        let mut spec = spec(json!([{"name": "T", "columns": columns, "clusterBy": [cluster]}]));
        let policy = json!([{
            "name": "M", "arguments": [{"name": "V", "type": "VARCHAR"}], "returns": "VARCHAR", "body": "'***'",
        }]);
        spec.masking_policies = serde_json::from_value(policy).unwrap();
        spec
    };
    let a = json!({"name": "A", "type": "INT"});
    let b = json!({"name": "B", "type": "VARCHAR", "maskingPolicy": {"name": "M"}});
    world.pipeline("flow", with(json!([a, b]), "B"));
    world.settle().await.unwrap();
    // Snowflake drops no column that a clustering key has.
    for _ in 0..2 {
        let since = world.emulator.last_statement();
        world.pipeline("flow", with(json!([a]), "B"));
        world.settle().await.unwrap();
        assert!(world.approve("p/flow"));
        world.settle().await.unwrap();
        let sent = altered(&world, since);
        assert_eq!(about(&sent), ["UNSET MASKING", "DROP COLUMN", "SET MASKING"], "{sent:#?}");
        assert!(hidden(&world, "B").is_some());
        assert_eq!(world.get("p/flow").ready().1, "ApprovalRequired", "{}", world.describe());
    }
    // Back again, and nothing is missing.
    world.pipeline("flow", with(json!([a, b]), "B"));
    world.settle().await.unwrap();
    assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
    assert!(hidden(&world, "B").is_some());
    // And so that it can be done.
    world.pipeline("flow", with(json!([a]), "A"));
    world.settle().await.unwrap();
    assert!(world.approve("p/flow"));
    world.settle().await.unwrap();
    assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
}

#[tokio::test(start_paused = true)]
async fn a_policy_follows_its_column_also_when_the_record_missed_the_renaming() {
    let mut world = World::new(None);
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S");
    let with = |column: Value| {
        let mut spec = spec(json!([{"name": "T", "columns": [{"name": "A", "type": "INT"}, column]}]));
        let policy = json!([{
            "name": "M", "arguments": [{"name": "V", "type": "VARCHAR"}], "returns": "VARCHAR", "body": "'***'",
        }]);
        spec.masking_policies = serde_json::from_value(policy).unwrap();
        spec
    };
    world.pipeline("flow", with(json!({"name": "B", "type": "VARCHAR", "maskingPolicy": {"name": "M"}})));
    world.settle().await.unwrap();
    // As if the program had ended right after this.
    world.admin("ALTER TABLE D.S.T RENAME COLUMN B TO C");
    let since = world.emulator.last_statement();
    world.pipeline("flow", with(json!({"name": "C", "renamedFrom": "B", "type": "VARCHAR"})));
    world.settle().await.unwrap();
    let sent = altered(&world, since);
    assert_eq!(about(&sent), ["UNSET MASKING"], "{sent:#?}");
    assert_eq!(hidden(&world, "C"), None);
    assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_given_a_column_waits_for_that() {
    let mut world = World::new(None);
    world.admin("CREATE DATABASE D; CREATE SCHEMA D.S");
    let with = |masked: Value, other: &str| {
        // A name that could end the list that it stands in.
        let columns = json!([{"name": "ID", "type": "INT"}, masked, {"name": "\"C, \"\"\"", "type": other}]);
        let mut spec = spec(json!([{"name": "T", "columns": columns}]));
        let policy = json!([{
            "name": "P", "returns": "VARCHAR", "body": "IFF(D IS NULL, V, '***')",
            "arguments": [{"name": "V", "type": "VARCHAR"}, {"name": "D", "type": "DATE"}],
        }]);
        spec.masking_policies = serde_json::from_value(policy).unwrap();
        spec
    };
    world.pipeline("flow", with(json!({"name": "A", "type": "VARCHAR"}), "VARCHAR"));
    world.settle().await.unwrap();
    let since = world.emulator.last_statement();
    let policy = json!({"name": "P", "using": ["A", "\"C, \"\"\""]});
    let masked = json!({"name": "A", "type": "VARCHAR", "maskingPolicy": policy});
    world.pipeline("flow", with(masked, "DATE"));
    world.settle().await.unwrap();
    assert_eq!(world.get("p/flow").ready().1, "ApprovalRequired", "{}", world.describe());
    assert_eq!(about(&altered(&world, since)), Vec::<&str>::new());
    assert!(world.approve("p/flow"));
    world.settle().await.unwrap();
    let sent = altered(&world, since);
    assert_eq!(about(&sent), ["DROP COLUMN", "ADD COLUMN", "SET MASKING"], "{sent:#?}");
    assert!(hidden(&world, "A").is_some());
    assert_eq!(world.get("p/flow").ready().0, "True", "{}", world.describe());
}
