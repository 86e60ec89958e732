//! Columns, keys, and what tools read of them.

use super::{Session, column, short};

fn session() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE WAREHOUSE w; CREATE DATABASE d; CREATE SCHEMA d.s; \
         CREATE TABLE d.s.parent (id INT AUTOINCREMENT PRIMARY KEY, \"Name\" VARCHAR(10) NOT NULL DEFAULT 'x' \
         COMMENT 'who', n NUMBER(5,2) DEFAULT 0 UNIQUE, at TIMESTAMP_LTZ(3)); \
         CREATE TABLE d.s.child (a INT, b INT, p INT, CONSTRAINT k PRIMARY KEY (b, a), \
         CONSTRAINT f FOREIGN KEY (p) REFERENCES parent) COMMENT = 'the child'",
    );
    session
}

#[test]
fn a_table_is_described() {
    let mut session = session();
    let rows = session.ok("DESC TABLE d.s.parent TYPE = COLUMNS");
    assert_eq!(column(&rows, "name"), ["ID", "Name", "N", "AT"]);
    assert_eq!(column(&rows, "type"), ["NUMBER(38,0)", "VARCHAR(10)", "NUMBER(5,2)", "TIMESTAMP_LTZ(3)"]);
    assert_eq!(column(&rows, "null?"), ["N", "N", "Y", "Y"]);
    assert_eq!(column(&rows, "default"), ["IDENTITY START 1 INCREMENT 1 NOORDER", "'x'", "0", "NULL"]);
    assert_eq!(column(&rows, "primary key"), ["Y", "N", "N", "N"]);
    assert_eq!(column(&rows, "unique key"), ["N", "N", "Y", "N"]);
    assert_eq!(column(&rows, "comment"), ["NULL", "who", "NULL", "NULL"]);
    assert_eq!(
        short(&session.refused("DESCRIBE TABLE d.s.nope")),
        "002003 02000 Table 'D.S.NOPE' does not exist or not authorized."
    );
    session
        .all("COMMENT ON COLUMN d.s.parent.n IS 'how much'; COMMENT IF EXISTS ON COLUMN d.s.nope.n IS 'x'");
    assert_eq!(session.column("DESC TABLE d.s.parent", "comment")[2], "how much");
    assert_eq!(session.refused("COMMENT ON COLUMN d.s.parent.nope IS 'x'").code, 904);
}

#[test]
fn columns_are_shown_where_they_are_looked_for() {
    let mut session = session();
    session.all("CREATE TABLE d.public.other (x BOOLEAN)");
    let names =
        |session: &mut Session, rest: &str| session.column(&format!("SHOW COLUMNS {rest}"), "column_name");
    assert_eq!(names(&mut session, "IN TABLE d.s.child"), ["A", "B", "P"]);
    assert_eq!(names(&mut session, "IN d.s.child"), ["A", "B", "P"]);
    assert_eq!(names(&mut session, "IN SCHEMA d.public"), ["X"]);
    assert_eq!(names(&mut session, "LIKE 'n%' IN DATABASE d"), ["Name", "N"]);
    assert_eq!(names(&mut session, "IN ACCOUNT").len(), 8);
    let rows = session.ok("SHOW COLUMNS LIKE 'n' IN ACCOUNT");
    assert_eq!(column(&rows, "data_type"), [r#"{"nullable":true,"precision":5,"scale":2,"type":"FIXED"}"#]);
    assert_eq!(session.refused("SHOW COLUMNS IN SCHEMA d.nope").code, 2043);
    assert_eq!(session.refused("SHOW COLUMNS IN TABLE d.s.nope").code, 2003);
}

#[test]
fn keys_are_shown_in_their_order() {
    let mut session = session();
    assert_eq!(session.column("SHOW PRIMARY KEYS IN TABLE d.s.child", "column_name"), ["B", "A"]);
    assert_eq!(session.column("SHOW PRIMARY KEYS IN TABLE d.s.child", "key_sequence"), ["1", "2"]);
    assert_eq!(session.column("SHOW TERSE PRIMARY KEYS IN SCHEMA d.s", "constraint_name")[0], "K");
    assert!(
        session.column("SHOW UNIQUE KEYS IN d.s.parent", "constraint_name")[0].starts_with("SYS_CONSTRAINT_")
    );
    let foreign =
        "pk_database_name pk_schema_name pk_table_name pk_column_name fk_table_name fk_column_name fk_name";
    assert_eq!(session.row("SHOW IMPORTED KEYS IN TABLE d.s.child", foreign), "D|S|PARENT|ID|CHILD|P|F");
    assert_eq!(session.row("SHOW EXPORTED KEYS IN TABLE d.s.parent", foreign), "D|S|PARENT|ID|CHILD|P|F");
    assert!(session.ok("SHOW EXPORTED KEYS IN TABLE d.s.child").rows.is_empty());
    assert!(session.ok("SHOW INDEXES IN SCHEMA d.s").rows.is_empty());
    session.ok("DROP TABLE d.s.parent");
    assert!(session.ok("SHOW IMPORTED KEYS IN TABLE d.s.child").rows.is_empty(), "it went with its table");
}

#[test]
fn a_foreign_key_needs_its_table_and_columns() {
    let mut session = session();
    for (statement, code) in [
        ("CREATE TABLE d.s.x (a INT REFERENCES d.s.nope)", 2003),
        ("CREATE TABLE d.s.x (a INT REFERENCES d.s.parent (nope))", 2043),
        ("CREATE TABLE d.s.x (a INT REFERENCES d.s.child)", 2043),
        ("CREATE TABLE d.s.x (a INT, A INT)", 2025),
        ("CREATE TABLE d.s.x (a NOTHING)", 2040),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.ok("CREATE TABLE d.s.tree (id INT PRIMARY KEY, up INT REFERENCES tree)");
    assert_eq!(
        session.row("SHOW IMPORTED KEYS IN TABLE d.s.tree", "pk_table_name fk_column_name"),
        "TREE|UP"
    );
}

#[test]
fn a_role_sees_the_columns_of_its_tables_alone() {
    let mut session = session();
    session.all("CREATE ROLE r; GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE ON SCHEMA d.s TO ROLE r");
    session.all("GRANT USAGE ON WAREHOUSE w TO ROLE r; CREATE TABLE d.s.open (x INT); USE WAREHOUSE w");
    session.ok("GRANT SELECT ON TABLE d.s.open TO ROLE r");
    let session = session.as_role("R");
    assert_eq!(session.column("SHOW COLUMNS IN SCHEMA d.s", "column_name"), ["X"]);
    let select = "SELECT table_name FROM d.information_schema.tables";
    assert_eq!(session.column(select, "TABLE_NAME"), ["OPEN"]);
    assert_eq!(session.refused("DESC TABLE d.s.child").code, 2003);
}

#[test]
fn the_information_schema_is_asked() {
    let mut session = session();
    session.ok("USE DATABASE d");
    for (select, found) in [
        ("SELECT column_name AS c FROM information_schema.columns WHERE table_name = 'CHILD'", "A B P"),
        (
            "SELECT ic.column_name c FROM d.information_schema.columns ic WHERE ic.table_name IN ('CHILD', 'X') ORDER BY ic.ordinal_position DESC",
            "P B A",
        ),
        (
            "SELECT column_name c FROM INFORMATION_SCHEMA.COLUMNS WHERE numeric_precision > 9 AND NOT (table_name = 'CHILD')",
            "ID",
        ),
        (
            "SELECT column_name c FROM INFORMATION_SCHEMA.COLUMNS WHERE comment IS NOT NULL OR column_name LIKE 'A_'",
            "Name AT",
        ),
        ("SELECT column_name c FROM INFORMATION_SCHEMA.COLUMNS WHERE column_name LIKE 'n%'", ""),
        (
            "SELECT column_name c FROM INFORMATION_SCHEMA.COLUMNS WHERE column_name ILIKE 'n%' ORDER BY column_name",
            "N Name",
        ),
        (
            "SELECT data_type c FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = UPPER('parent') AND table_schema <> current_schema()",
            "NUMBER TEXT NUMBER TIMESTAMP_LTZ",
        ),
        (
            "SELECT DISTINCT data_type c FROM INFORMATION_SCHEMA.COLUMNS ORDER BY data_type LIMIT 2",
            "NUMBER TEXT",
        ),
        ("SELECT COUNT(*) c FROM INFORMATION_SCHEMA.COLUMNS WHERE column_default != 'x'", "2"),
        ("SELECT table_name c FROM INFORMATION_SCHEMA.TABLES WHERE comment = 'the child'", "CHILD"),
        (
            "SELECT schema_name c FROM INFORMATION_SCHEMA.SCHEMATA ORDER BY schema_name",
            "INFORMATION_SCHEMA PUBLIC S",
        ),
        ("SELECT database_name c FROM snowflake.information_schema.databases", "D SNOWFLAKE"),
        (
            "SELECT constraint_type c FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS WHERE constraint_name = 'F'",
            "FOREIGN KEY",
        ),
        ("SELECT table_name c FROM INFORMATION_SCHEMA.VIEWS", ""),
    ] {
        assert_eq!(session.column(select, "C").join(" "), found, "{select}");
    }
    assert_eq!(session.ok("SELECT * FROM INFORMATION_SCHEMA.COLUMNS").columns.len(), 23);
    let rows = session.ok("SELECT LOWER(table_name), 'a', c.* FROM INFORMATION_SCHEMA.COLUMNS c LIMIT 1");
    let labels: Vec<_> = rows.columns.iter().take(3).map(|column| column.name.as_str()).collect();
    assert_eq!(labels, ["LOWER(TABLE_NAME)", "'A'", "TABLE_CATALOG"]);
    for (select, code) in [
        ("SELECT nope FROM information_schema.columns", 904),
        ("SELECT column_name FROM information_schema.columns WHERE nope = 1", 904),
        ("SELECT x.column_name FROM information_schema.columns c", 904),
        ("SELECT column_name FROM information_schema.nope", 2003),
        ("SELECT column_name FROM nope.information_schema.columns", 2003),
        ("SELECT column_name, COUNT(*) FROM information_schema.columns", 2),
        ("SELECT column_name FROM information_schema.columns WHERE", 1003),
        ("SELECT column_name FROM information_schema.columns GROUP BY column_name", 1003),
        ("SELECT column_name FROM information_schema.columns WHERE column_name IN ()", 1003),
    ] {
        assert_eq!(session.refused(select).code, code, "{select}");
    }
    session.context.warehouse = None;
    assert_eq!(session.refused("SELECT table_name FROM information_schema.tables").code, 606);
}

#[test]
fn nesting_has_an_end() {
    let mut session = session();
    session.ok("USE DATABASE d");
    let deep = format!("SELECT table_name FROM information_schema.tables WHERE {} x", "(".repeat(100_000));
    assert_eq!(session.refused(&deep).code, 1003);
    let deep =
        format!("SELECT table_name FROM information_schema.tables WHERE {} x = 1", "NOT ".repeat(100_000));
    assert_eq!(session.refused(&deep).code, 1003);
}
