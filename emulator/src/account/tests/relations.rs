//! Tables, views and dynamic tables together: their names, their lists, streams on them.

use super::{Session, short};

fn session() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE WAREHOUSE w; CREATE DATABASE d; CREATE SCHEMA d.s; CREATE TABLE t (id INT, name TEXT); \
         CREATE VIEW v AS SELECT id FROM t; \
         CREATE DYNAMIC TABLE dt TARGET_LAG = DOWNSTREAM WAREHOUSE = w AS SELECT id AS key FROM t",
    );
    session
}

#[test]
fn relations_share_their_names() {
    let mut session = session();
    for (statement, held) in [
        ("CREATE TABLE v (a INT)", "'V' already exists as VIEW"),
        ("CREATE OR REPLACE TABLE dt (a INT)", "'DT' already exists as DYNAMIC TABLE"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1 AS a", "'T' already exists as TABLE"),
        ("CREATE EVENT TABLE t", "'T' already exists as TABLE"),
    ] {
        let refused = short(&session.refused(statement));
        assert!(refused.starts_with("002002 42710") && refused.contains(held), "{statement}: {refused}");
    }
    session.ok("CREATE TABLE IF NOT EXISTS v (a INT)");
    assert!(session.refused("ALTER TABLE t RENAME TO v").message.contains("already exists"));
}

#[test]
fn dynamic_tables_are_listed_with_the_tables_and_columns_of_all_of_them() {
    let mut session = session();
    assert_eq!(session.column("SHOW TABLES IN SCHEMA d.s", "name"), ["DT", "T"]);
    assert_eq!(session.column("SHOW TABLES IN SCHEMA d.s", "is_dynamic"), ["Y", "N"]);
    assert_eq!(session.row("SHOW TERSE TABLES LIKE 'dt'", "name kind schema_name"), "DT|TABLE|S");
    assert_eq!(session.column("SHOW COLUMNS IN SCHEMA d.s", "table_name"), ["DT", "T", "T", "V"]);
    assert_eq!(session.column("SHOW COLUMNS IN DATABASE d", "column_name"), ["KEY", "ID", "NAME", "ID"]);
    assert_eq!(session.column("SHOW COLUMNS LIKE 'k%' IN DATABASE d", "table_name"), ["DT"]);
}

#[test]
fn a_stream_on_a_view_has_data_when_its_table_changes_and_goes_stale_with_it() {
    let mut session = session();
    session.all("CREATE STREAM sv ON VIEW v; CREATE STREAM sd ON DYNAMIC TABLE dt");
    assert_eq!(session.row("SHOW STREAMS LIKE 'sv'", "table_name source_type stale"), "D.S.V|View|false");
    assert_eq!(
        session.row("SHOW STREAMS LIKE 'sd'", "table_name source_type stale"),
        "D.S.DT|Dynamic Table|false"
    );
    assert_eq!(session.cell("SELECT SYSTEM$STREAM_HAS_DATA('sv')"), "false");
    session.ok("INSERT INTO t VALUES (1, 'a')");
    assert_eq!(session.cell("SELECT SYSTEM$STREAM_HAS_DATA('sv')"), "true");
    assert_eq!(session.cell("SELECT SYSTEM$STREAM_HAS_DATA('sd')"), "true");
    session.ok("ALTER VIEW v RENAME TO w");
    assert_eq!(session.row("SHOW STREAMS LIKE 'sv'", "table_name stale"), "D.S.W|false");
    session.all("CREATE OR REPLACE VIEW w AS SELECT name FROM t; CREATE STREAM s2 ON VIEW w");
    assert_eq!(session.row("SHOW STREAMS LIKE 'sv'", "stale"), "true", "the view is another");
    session.ok("CREATE OR REPLACE TABLE t (id INT, name TEXT)");
    assert_eq!(session.row("SHOW STREAMS LIKE 's2'", "stale"), "true", "the table below is another");
    assert_eq!(session.row("SHOW STREAMS LIKE 'sd'", "stale"), "false");
}

#[test]
fn a_task_whose_condition_does_not_hold_is_skipped() {
    let mut session = session();
    session.all(
        "CREATE STREAM st ON TABLE t; \
         CREATE TASK k WAREHOUSE = w SCHEDULE = '5 M' WHEN SYSTEM$STREAM_HAS_DATA('st') AND NOT FALSE AS SELECT 1; \
         EXECUTE TASK k",
    );
    let history = "SELECT STATE, ERROR_MESSAGE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'K'))";
    let skipped = "SKIPPED|Conditional expression for task evaluated to false.";
    assert_eq!(session.row(history, "STATE ERROR_MESSAGE"), skipped);
    session.all("INSERT INTO t VALUES (1, 'a'); EXECUTE TASK k");
    assert_eq!(session.column(history, "STATE"), ["SUCCEEDED", "SKIPPED"]);
}

#[test]
fn a_password_policy_says_what_it_asks() {
    let mut session = session();
    session.ok("CREATE PASSWORD POLICY pp PASSWORD_MIN_LENGTH = 20 COMMENT = 'c'");
    let rows = session.ok("DESCRIBE PASSWORD POLICY pp");
    let row =
        |name: &str| rows.rows.iter().find(|row| row[0].as_deref() == Some(name)).unwrap()[..3].to_vec();
    let cells = |cells: [&str; 3]| cells.map(|cell| Some(cell.to_owned())).to_vec();
    assert_eq!(row("PASSWORD_MIN_LENGTH"), cells(["PASSWORD_MIN_LENGTH", "20", "14"]));
    assert_eq!(row("PASSWORD_MAX_LENGTH"), cells(["PASSWORD_MAX_LENGTH", "256", "256"]));
    assert_eq!(session.refused("DESCRIBE PASSWORD POLICY nope").code, 2003);
}
