//! Sequences, and the values that they give.

use super::Session;

#[test]
fn a_sequence_counts_for_queries_and_defaults() {
    let mut session = Session::enterprise();
    session.all("CREATE WAREHOUSE w; CREATE DATABASE d; CREATE SEQUENCE q START = 5 INCREMENT BY 2 ORDER COMMENT = 'c'");
    let shown = "next_value interval ordered comment owner";
    assert_eq!(session.row("SHOW SEQUENCES", shown), "5|2|Y|c|ACCOUNTADMIN");
    let rows = session.ok("SELECT q.NEXTVAL, d.public.q.NEXTVAL AS other");
    assert_eq!(rows.rows, [[Some("5".to_owned()), Some("7".to_owned())]]);
    session.all("CREATE TABLE t (id INT DEFAULT q.NEXTVAL, a TEXT); INSERT INTO t (a) VALUES ('x'), ('y')");
    assert_eq!(session.column("SELECT id FROM t ORDER BY id", "ID"), ["9", "11"]);
    assert_eq!(session.column("DESC TABLE t", "default")[0], "D.PUBLIC.Q.NEXTVAL");
    session.refused("INSERT INTO t (id, a) SELECT q.NEXTVAL, 1, 2");
    assert_eq!(session.row("DESCRIBE SEQUENCE q", "next_value"), "13", "a failed statement takes none");
    session.all("ALTER SEQUENCE q SET INCREMENT = 10; ALTER SEQUENCE q SET NOORDER COMMENT = 'd'; ALTER SEQUENCE q RENAME TO r");
    assert_eq!(session.row("SHOW SEQUENCES LIKE 'r'", shown), "13|10|N|d|ACCOUNTADMIN");
    for (statement, code) in [
        ("CREATE SEQUENCE r", 2002),
        ("CREATE SEQUENCE x INCREMENT 0", 1008),
        ("ALTER SEQUENCE r SET START = 1", 1003),
        ("SELECT q.NEXTVAL", 2003),
        ("DESC SEQUENCE q", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.all("CREATE ROLE o; GRANT ROLE o TO USER OPERATOR; GRANT USAGE ON DATABASE d TO ROLE o; GRANT USAGE ON SCHEMA d.public TO ROLE o; \
                 GRANT USAGE ON SEQUENCE r TO ROLE o");
    session.as_role("O").ok("SELECT r.NEXTVAL");
    assert_eq!(session.refused("ALTER SEQUENCE r UNSET COMMENT").code, 3001);
    session
        .as_role("ACCOUNTADMIN")
        .all("CREATE OR REPLACE SEQUENCE r; DROP SEQUENCE r; DROP SEQUENCE IF EXISTS r");
}
