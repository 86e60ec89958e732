//! Streams: what they hold, when they move, when they are stale.

use super::{Session, column, short};

fn session() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE WAREHOUSE w; CREATE DATABASE d; CREATE SCHEMA d.s; CREATE TABLE t (id INT, name TEXT); \
         CREATE TABLE target (id INT, action TEXT)",
    );
    session
}

const DRAIN: &str = "INSERT INTO target SELECT id, METADATA$ACTION FROM s";

fn changes(session: &mut Session, stream: &str) -> Vec<String> {
    let rows = session
        .ok(&format!("SELECT id, METADATA$ACTION a, METADATA$ISUPDATE u FROM {stream} ORDER BY id, a DESC"));
    let joined = |row: &Vec<Option<String>>| {
        row.iter().map(|cell| cell.clone().unwrap_or_default()).collect::<Vec<_>>().join(" ")
    };
    rows.rows.iter().map(joined).collect()
}

#[test]
fn a_stream_holds_the_net_change_and_moves_with_the_statement_that_writes_it_somewhere() {
    let mut session = session();
    session.all("INSERT INTO t VALUES (1, 'a'), (2, 'b'); CREATE STREAM s ON TABLE t; CREATE STREAM a ON TABLE t APPEND_ONLY = TRUE");
    assert_eq!(session.row("SHOW TABLES LIKE 't'", "change_tracking"), "ON");
    assert!(changes(&mut session, "s").is_empty());
    assert_eq!(session.cell("SELECT SYSTEM$STREAM_HAS_DATA('s')"), "false");
    session.all(
        "INSERT INTO t VALUES (3, 'c'), (4, 'd'); UPDATE t SET name = 'A' WHERE id = 1; DELETE FROM t WHERE id = 2; \
         UPDATE t SET name = 'C' WHERE id = 3; DELETE FROM t WHERE id = 4",
    );
    assert_eq!(session.cell("SELECT SYSTEM$STREAM_HAS_DATA('D.S.S')"), "true");
    let net = ["1 INSERT true", "1 DELETE true", "2 DELETE false", "3 INSERT false"];
    assert_eq!(changes(&mut session, "s"), net);
    assert_eq!(changes(&mut session, "s"), net, "looking does not move it");
    assert_eq!(changes(&mut session, "a"), ["3 INSERT false", "4 INSERT false"]);
    let same = session.column("SELECT METADATA$ROW_ID FROM s WHERE id = 1", "METADATA$ROW_ID");
    assert!(same[0] == same[1] && same[0].len() == 40, "an update keeps the row's number: {same:?}");
    // A condition that holds for no row moves it all the same.
    session.ok("INSERT INTO target SELECT id, METADATA$ACTION FROM s WHERE id = 3");
    assert!(changes(&mut session, "s").is_empty());
    assert_eq!(session.cell("SELECT COUNT(*) FROM target"), "1");
    assert_eq!(changes(&mut session, "a").len(), 2, "each has its own place");
}

#[test]
fn a_statement_that_fails_leaves_the_stream_where_it_was() {
    let mut session = session();
    session.all("CREATE STREAM s ON TABLE t; INSERT INTO t VALUES (1, 'a')");
    session.refused("INSERT INTO target SELECT id FROM s");
    session.refused("INSERT INTO target SELECT name, METADATA$ACTION FROM s");
    assert_eq!(changes(&mut session, "s"), ["1 INSERT false"]);
    session.ok(DRAIN);
    assert!(changes(&mut session, "s").is_empty());
    session.ok("INSERT INTO t VALUES (2, 'b')");
    session.ok("CREATE TABLE taken AS SELECT id FROM s");
    assert_eq!((session.cell("SELECT id FROM taken"), changes(&mut session, "s").len()), ("2".into(), 0));
}

#[test]
fn a_replaced_or_dropped_source_makes_it_stale() {
    let mut session = session();
    session.all("CREATE STREAM s ON TABLE t COMMENT = 'why'");
    let shown = "table_name source_type type stale mode comment invalid_reason base_tables";
    assert_eq!(session.row("SHOW STREAMS", shown), "D.S.T|Table|DELTA|false|DEFAULT|why|N/A|D.S.T");
    session.ok("CREATE OR REPLACE TABLE t (id INT, name TEXT)");
    assert_eq!(session.row("SHOW STREAMS", "table_name stale"), "D.S.T|true");
    assert_eq!(session.refused("SELECT * FROM s").code, 91901);
    assert_eq!(session.refused(DRAIN).code, 91901);
    session.all("CREATE OR REPLACE STREAM s ON TABLE t; DROP TABLE t");
    assert_eq!(session.row("DESC STREAM s", "table_name stale"), "No privilege or table dropped|true");
    assert_eq!(
        short(&session.refused("SELECT * FROM s")),
        "091902 55000 Base table 'D.S.T' dropped, cannot read from stream 'D.S.S'"
    );
}

#[test]
fn it_becomes_stale_with_time_unless_it_is_consumed() {
    let mut session = session();
    session.all("CREATE STREAM s ON TABLE t; INSERT INTO t VALUES (1, 'a')");
    session.pass(10 * 86_400);
    session.ok(DRAIN);
    session.pass(13 * 86_400);
    assert_eq!(session.row("SHOW STREAMS", "stale"), "false");
    session.pass(2 * 86_400);
    assert_eq!(session.row("SHOW STREAMS", "stale"), "true");
    session.ok("ALTER TABLE t SET MAX_DATA_EXTENSION_TIME_IN_DAYS = 20");
    assert_eq!(session.row("SHOW STREAMS", "stale"), "false");
}

#[test]
fn it_begins_where_it_is_told_to() {
    let mut session = session();
    session.context.query_id = "q-1".into();
    session.ok("INSERT INTO t VALUES (1, 'a')");
    session.context.query_id = "q-2".into();
    session.pass(60);
    session.ok("INSERT INTO t VALUES (2, 'b')");
    session.pass(60);
    session.all("ALTER TABLE t SET CHANGE_TRACKING = TRUE; CREATE STREAM s ON TABLE t AT (OFFSET => -90)");
    assert_eq!(changes(&mut session, "s"), ["2 INSERT false"]);
    session.ok("CREATE OR REPLACE STREAM s ON TABLE t AT (STREAM => 's')");
    assert_eq!(changes(&mut session, "s"), ["2 INSERT false"], "the place is kept");
    session.ok("CREATE OR REPLACE STREAM s ON TABLE t BEFORE (STATEMENT => 'q-1')");
    assert_eq!(changes(&mut session, "s").len(), 2);
    session.ok("CREATE OR REPLACE STREAM s ON TABLE t AT (STATEMENT => 'q-1')");
    assert_eq!(changes(&mut session, "s"), ["2 INSERT false"]);
    session.ok("CREATE OR REPLACE STREAM s ON TABLE t SHOW_INITIAL_ROWS = TRUE");
    session.ok("INSERT INTO t VALUES (3, 'c')");
    assert_eq!(changes(&mut session, "s"), ["1 INSERT false", "2 INSERT false"]);
    session.ok(DRAIN);
    assert_eq!(changes(&mut session, "s"), ["3 INSERT false"], "then what came after it was made");
    session.all("CREATE STREAM c CLONE s");
    assert_eq!(changes(&mut session, "c"), ["3 INSERT false"]);
    for (statement, code) in [
        ("CREATE OR REPLACE STREAM s ON TABLE t AT (OFFSET => -9000)", 707),
        ("CREATE OR REPLACE STREAM s ON TABLE t AT (TIMESTAMP => '2020-01-01'::TIMESTAMP_LTZ)", 707),
        ("CREATE OR REPLACE STREAM s ON TABLE t AT (STATEMENT => 'nope')", 709),
        ("CREATE OR REPLACE STREAM s ON TABLE target AT (STREAM => 's')", 707),
        ("CREATE STREAM s ON TABLE t", 2002),
        ("CREATE STREAM x ON TABLE nope", 2003),
        ("CREATE STREAM x ON TABLE t INSERT_ONLY = TRUE", 1003),
        ("CREATE STREAM x", 1003),
        ("ALTER STREAM s SET APPEND_ONLY = TRUE", 1003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
}

#[test]
fn the_first_stream_needs_the_owner_or_tracked_changes() {
    let mut session = session();
    session.all(
        "CREATE ROLE r; GRANT ROLE r TO USER OPERATOR; GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE, CREATE STREAM ON SCHEMA d.s TO ROLE r; \
         GRANT SELECT ON TABLE t TO ROLE r; GRANT SELECT ON FUTURE STREAMS IN SCHEMA d.s TO ROLE r; GRANT USAGE ON WAREHOUSE w TO ROLE r",
    );
    session.as_role("R");
    assert_eq!(
        short(&session.refused("CREATE STREAM s ON TABLE t")),
        "003001 42501 Insufficient privileges to operate on stream source without CHANGE_TRACKING enabled 'T'"
    );
    session.as_role("ACCOUNTADMIN").all("CREATE STREAM o ON TABLE t");
    session.as_role("R").all("CREATE STREAM s ON TABLE t");
    let rows = session.ok("SHOW STREAMS");
    assert_eq!(column(&rows, "name"), ["O", "S"], "the future grant shows the other's");
    assert_eq!(session.refused("ALTER STREAM o SET COMMENT = 'x'").code, 3001);
    session.ok("SELECT * FROM o");
    session.as_role("ACCOUNTADMIN").all(
        "REVOKE SELECT ON STREAM o FROM ROLE r; ALTER STREAM o SET COMMENT = 'x'; DROP STREAM IF EXISTS nope",
    );
    session.as_role("R");
    assert_eq!(session.refused("SELECT * FROM o").code, 2003);
}
