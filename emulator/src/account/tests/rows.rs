//! Rows: what lands in tables, and what is read of them.

use super::{Session, short};
use crate::rows::ColumnType;

fn session() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE; CREATE DATABASE d; ALTER ACCOUNT SET TIMEZONE = 'UTC'; \
         CREATE TABLE t (id INT AUTOINCREMENT, name VARCHAR(5) NOT NULL DEFAULT 'none', n NUMBER(6,2), at TIMESTAMP_LTZ, v VARIANT, ok BOOLEAN)",
    );
    session
}

fn all(session: &mut Session, sql: &str) -> Vec<String> {
    let rows = session.ok(sql);
    let row = |row: &Vec<Option<String>>| {
        row.iter().map(|cell| cell.clone().unwrap_or_else(|| "NULL".into())).collect::<Vec<_>>().join("|")
    };
    rows.rows.iter().map(row).collect()
}

#[test]
fn rows_land_and_are_found() {
    let mut session = session();
    session
        .ok("INSERT INTO t (name, n, ok) VALUES ('a', 1.005, TRUE), (DEFAULT, '2', 'no'), ('c', NULL, NULL)");
    let rows = session.ok("INSERT INTO t (name, v, at) SELECT 'd', PARSE_JSON('{\"calls\": [{\"id\": \"x\"}], \"n\": 3}'), '2026-01-02 03:04:05'");
    assert_eq!(
        (rows.columns[0].name.as_str(), rows.rows[0][0].as_deref()),
        ("number of rows inserted", Some("1"))
    );
    assert_eq!(session.row("SHOW WAREHOUSES", "state"), "STARTED");
    for (query, found) in [
        (
            "SELECT id, name, n, ok FROM t ORDER BY id",
            &["1|a|1.01|true", "2|none|2.00|false", "3|c|NULL|NULL", "4|d|NULL|NULL"][..],
        ),
        ("SELECT v:calls[0].id::STRING, v:n + 1, v:nope FROM t WHERE v IS NOT NULL", &["x|4|NULL"]),
        ("SELECT COUNT(*), COUNT(n), MAX(n), SUM(id) FROM t", &["4|2|2.00|10"]),
        ("SELECT name FROM t WHERE n > 1.5 OR name IN ('c', 'x') ORDER BY 1 DESC", &["none", "c"]),
        (
            "SELECT name FROM t WHERE NOT (name LIKE '%n%') AND id BETWEEN 1 AND 3 ORDER BY name LIMIT 1 OFFSET 1",
            &["c"],
        ),
        ("SELECT x.name || '!' AS loud FROM d.public.t x WHERE x.id = 1", &["a!"]),
        ("SELECT id FROM t WHERE n = NULL", &[]),
        ("SELECT id FROM t ORDER BY n NULLS FIRST, id DESC LIMIT 2", &["4", "3"]),
        ("SELECT id FROM t ORDER BY n, id LIMIT 3", &["1", "2", "3"]),
        (
            "SELECT IFF(ok, 'y', 'n'), COALESCE(n, 0), CASE WHEN id = 1 THEN 'one' ELSE 'more' END FROM t WHERE id < 3 ORDER BY id",
            &["y|1.01|one", "n|2.00|more"],
        ),
        ("SELECT at::TEXT, at > '2026-01-01' FROM t WHERE id = 4", &["2026-01-02 03:04:05.000 +0000|true"]),
        ("SELECT n / 2, n * 2, -n FROM t WHERE id = 1", &["0.50500000|2.02|-1.01"]),
    ] {
        assert_eq!(all(&mut session, query), found, "{query}");
    }
    let kinds: Vec<ColumnType> =
        session.ok("SELECT * FROM t LIMIT 0").columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnType::Fixed,
            ColumnType::Text,
            ColumnType::Decimal(2),
            ColumnType::TimestampLtz,
            ColumnType::Variant,
            ColumnType::Boolean
        ]
    );
    assert_eq!(session.row("SHOW TABLES", "rows"), "4");
}

#[test]
fn rows_change_and_go() {
    let mut session = session();
    session.all("INSERT INTO t (name, n) VALUES ('a', 1), ('b', 2), ('c', 3)");
    assert_eq!(all(&mut session, "UPDATE t SET n = n + 1, name = UPPER(name) WHERE n >= 2"), ["2|0"]);
    assert_eq!(all(&mut session, "SELECT name, n FROM t ORDER BY n"), ["a|1.00", "B|3.00", "C|4.00"]);
    assert_eq!(all(&mut session, "DELETE FROM t WHERE name = 'B'"), ["1"]);
    session.ok("INSERT OVERWRITE INTO t (name) SELECT name FROM t WHERE n = 4");
    assert_eq!(all(&mut session, "SELECT id, name FROM t"), ["4|C"]);
    session.ok("TRUNCATE TABLE t");
    session.ok("TRUNCATE TABLE IF EXISTS nope");
    assert_eq!(session.cell("SELECT COUNT(*) FROM t"), "0");
    session.ok("CREATE TABLE made AS SELECT 1 AS one, 'x' AS two");
    assert_eq!(session.column("DESC TABLE made", "type"), ["NUMBER(38,0)", "VARCHAR(1)"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut session = session();
    session.ok("INSERT INTO t (name) VALUES ('a')");
    for (statement, refusal) in [
        ("INSERT INTO t (name) VALUES (NULL)", "100072 22000 NULL result in a non-nullable column"),
        (
            "INSERT INTO t (name) VALUES ('abcdef')",
            "100078 22000 String 'abcdef' is too long and would be truncated",
        ),
        ("INSERT INTO t (n) VALUES (12345)", "100039 22003 Numeric value '12345' is out of range"),
        ("INSERT INTO t (n) VALUES ('x')", "100038 22018 Numeric value 'x' is not recognized"),
        ("INSERT INTO t (ok) VALUES ('maybe')", "100037 22018 Boolean value 'maybe' is not recognized"),
        ("INSERT INTO t (at) VALUES ('soon')", "100035 22007 Timestamp 'soon' is not recognized"),
        (
            "INSERT INTO t (name, n) VALUES ('a')",
            "002020 21S01 Insert value list does not match column list expecting 2 but got 1",
        ),
        (
            "INSERT INTO t (v) VALUES ('a')",
            "002023 22000 Expression type does not match column data type, expecting VARIANT but got VARCHAR(1) for column V",
        ),
        (
            "INSERT INTO t (v) VALUES (PARSE_JSON('1'))",
            "002014 22000 Invalid expression [PARSE_JSON(...)] in VALUES clause",
        ),
        (
            "INSERT INTO t (v) SELECT PARSE_JSON('{')",
            "100069 22P02 Error parsing JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("INSERT INTO nope VALUES (1)", "002003 42S02 Table 'NOPE' does not exist or not authorized."),
        ("INSERT INTO t (nope) VALUES (1)", "000904 42000 invalid identifier 'NOPE'"),
        ("SELECT nope FROM t", "000904 42000 invalid identifier 'NOPE'"),
        ("SELECT id FROM t WHERE nope = 1", "000904 42000 invalid identifier 'NOPE'"),
        ("SELECT x.id FROM t", "000904 42000 invalid identifier 'X.ID'"),
        ("SELECT * FROM nope", "002003 42S02 Object 'NOPE' does not exist or not authorized."),
        ("SELECT 1 / 0 FROM t", "100051 22012 Division by zero"),
        ("SELECT nope(id) FROM t", "002140 42601 Unknown function NOPE"),
        ("SELECT id FROM t GROUP BY id", "000002 0A000 Unsupported feature 'GROUP BY'."),
        ("SELECT id FROM t JOIN t u ON t.id = u.id", "000002 0A000 Unsupported feature 'joins'."),
        ("SELECT DISTINCT id FROM t", "000002 0A000 Unsupported feature 'here: DISTINCT id FROM t'."),
        ("SELECT id FROM (SELECT 1)", "000002 0A000 Unsupported feature 'FROM (SELECT 1)'."),
        ("SELECT id FROM t WHERE", "001003 42000 syntax error line 1 at position 22 unexpected '<EOF>'."),
        (
            "SELECT id FROM t\nWHERE id = = 1",
            "001003 42000 syntax error line 2 at position 11 unexpected '='.",
        ),
        ("UPDATE t SET name = NULL", "100072 22000 NULL result in a non-nullable column"),
        (
            "DELETE FROM t USING u WHERE 1 = 1",
            "000002 0A000 Unsupported feature 'here: USING u WHERE 1 = 1'.",
        ),
        ("MERGE INTO t USING u ON 1 = 1", "000002 0A000 Unsupported feature 'MERGE'."),
    ] {
        assert_eq!(short(&session.refused(statement)), refusal, "{statement}");
    }
    session.ok("BEGIN");
    session.ok("INSERT INTO t (name) VALUES ('b')");
    assert_eq!(session.refused("ROLLBACK").code, 2, "what it cannot undo it does not pretend to");
    session.ok("COMMIT");
    session.context.warehouse = None;
    assert_eq!(session.refused("SELECT * FROM t").code, 606);
    assert_eq!(session.refused("INSERT INTO t (name) VALUES ('b')").code, 606);
    session.ok("TRUNCATE t");
}

#[test]
fn every_change_has_its_privilege() {
    let mut session = session();
    session.all(
        "CREATE ROLE r; GRANT ROLE r TO USER OPERATOR; GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE ON SCHEMA d.public TO ROLE r; \
         GRANT USAGE ON WAREHOUSE w TO ROLE r; GRANT REFERENCES ON TABLE t TO ROLE r",
    );
    for (privilege, statement) in [
        ("SELECT", "SELECT * FROM t"),
        ("INSERT", "INSERT INTO t (name) VALUES ('a')"),
        ("UPDATE", "UPDATE t SET n = 1"),
        ("DELETE", "DELETE FROM t"),
        ("TRUNCATE", "TRUNCATE TABLE t"),
    ] {
        session.as_role("R");
        assert_eq!(session.refused(statement).code, 3001, "{statement}");
        session.as_role("ACCOUNTADMIN").ok(&format!("GRANT {privilege} ON TABLE t TO ROLE r"));
        session.as_role("R").ok(statement);
    }
}

#[test]
fn a_table_holds_no_more_than_its_limit() {
    let mut session = session();
    session.ok("CREATE TABLE big (a INT)");
    session.ok(&format!("INSERT INTO big VALUES {}", vec!["(1)"; 25_000].join(",")));
    session.all("INSERT INTO big SELECT a FROM big; INSERT INTO big SELECT a FROM big");
    let refused = session.refused("INSERT INTO big VALUES (2)");
    assert_eq!(
        short(&refused),
        "000002 0A000 Unsupported feature 'tables of more than 100000 rows or 64 MiB'."
    );
}

#[test]
fn no_expression_is_too_deep() {
    let mut session = session();
    for (deep, code) in [
        (format!("SELECT 1{} FROM t", " + 1".repeat(100_000)), 2),
        (format!("SELECT {}1{} FROM t", "(".repeat(100_000), ")".repeat(100_000)), 2),
        (format!("SELECT {} TRUE FROM t", "NOT ".repeat(100_000)), 2),
        (format!("SELECT {}1{} FROM t", "(".repeat(90), ")".repeat(90)), 1003),
        (format!("DELETE FROM t WHERE {}", vec!["id = 1"; 50_000].join(" OR ")), 2),
        (format!("SELECT v{} FROM t", "[0]".repeat(50_000)), 2),
        ("SELECT ) FROM t".to_owned(), 1003),
    ] {
        assert_eq!(session.refused(&deep).code, code, "{}", &deep[..40.min(deep.len())]);
    }
    let fifty = vec!["id = 1"; 50].join(" OR ");
    session.ok(&format!("SELECT id FROM t WHERE {fifty}"));
}
