//! Databases, schemas, and what is in them.

use super::super::Edition;
use super::{Session, short};

#[test]
fn a_database_comes_with_two_schemas_and_becomes_current() {
    let mut session = Session::enterprise();
    assert_eq!(session.cell("CREATE DATABASE d COMMENT = 'x'"), "Database D successfully created.");
    assert_eq!(
        session.row(
            "SHOW DATABASES LIKE 'd'",
            "name is_current owner comment options retention_time kind owner_role_type"
        ),
        "D|Y|ACCOUNTADMIN|x||1|STANDARD|ROLE"
    );
    assert_eq!(session.column("SHOW SCHEMAS IN DATABASE d", "name"), ["INFORMATION_SCHEMA", "PUBLIC"]);
    assert_eq!(session.column("SHOW SCHEMAS IN DATABASE d", "owner"), ["", "ACCOUNTADMIN"]);
    assert_eq!(session.cell("SELECT CURRENT_SCHEMA()"), "PUBLIC");
    assert_eq!(
        session.cell("CREATE TRANSIENT SCHEMA s WITH MANAGED ACCESS"),
        "Schema S successfully created."
    );
    assert_eq!(
        session.row("SHOW SCHEMAS LIKE 's'", "name is_current database_name options retention_time"),
        "S|Y|D|TRANSIENT, MANAGED ACCESS|1"
    );
    session.ok("ALTER SCHEMA d.s DISABLE MANAGED ACCESS");
    assert_eq!(session.row("SHOW SCHEMAS LIKE 's'", "options"), "TRANSIENT");
    assert_eq!(session.column("DESC DATABASE d", "kind"), ["SCHEMA", "SCHEMA", "SCHEMA"]);
    assert!(session.ok("DESC SCHEMA d.s").rows.is_empty());
}

#[test]
fn retention_follows_edition_transience_and_level() {
    for (edition, statement, works) in [
        (Edition::Enterprise, "CREATE DATABASE d DATA_RETENTION_TIME_IN_DAYS = 90", true),
        (Edition::Enterprise, "CREATE DATABASE d DATA_RETENTION_TIME_IN_DAYS = 91", false),
        (Edition::Enterprise, "CREATE TRANSIENT DATABASE d DATA_RETENTION_TIME_IN_DAYS = 2", false),
        (Edition::Standard, "CREATE DATABASE d DATA_RETENTION_TIME_IN_DAYS = 1", true),
        (Edition::Standard, "CREATE DATABASE d DATA_RETENTION_TIME_IN_DAYS = 2", false),
    ] {
        assert_eq!(Session::new(edition).send(statement).is_ok(), works, "{statement}");
    }
    let mut session = Session::enterprise();
    session.all("CREATE DATABASE d DATA_RETENTION_TIME_IN_DAYS = 5; CREATE SCHEMA s");
    assert_eq!(session.row("SHOW SCHEMAS LIKE 's'", "retention_time"), "5");
    let like = "SHOW PARAMETERS LIKE 'data_retention%' IN SCHEMA d.s";
    assert_eq!(session.row(like, "value default level type"), "5|1|DATABASE|NUMBER");
    session.ok("ALTER SCHEMA s SET DATA_RETENTION_TIME_IN_DAYS = 7");
    assert_eq!(session.row(like, "value level"), "7|SCHEMA");
    session.ok("ALTER SCHEMA s UNSET DATA_RETENTION_TIME_IN_DAYS");
    assert_eq!(session.row(like, "value level"), "5|DATABASE");
}

#[test]
fn what_is_dropped_comes_back_within_its_retention() {
    let mut session = Session::enterprise();
    session.all("CREATE ROLE r; CREATE DATABASE d; GRANT USAGE ON DATABASE d TO ROLE r; CREATE SCHEMA s");
    let before = session.row("SHOW DATABASES LIKE 'd'", "created_on");
    assert_eq!(session.cell("DROP DATABASE d"), "D successfully dropped.");
    assert!(session.ok("SHOW GRANTS TO ROLE r").rows.is_empty());
    assert_eq!(session.ok("SHOW DATABASES HISTORY LIKE 'd'").rows.len(), 1);
    assert_eq!(session.cell("UNDROP DATABASE d"), "Database D successfully restored.");
    assert_eq!(session.row("SHOW DATABASES LIKE 'd'", "created_on"), before);
    assert_eq!(session.ok("SHOW GRANTS TO ROLE r").rows.len(), 1);
    session.all("DROP SCHEMA d.s; CREATE SCHEMA d.s");
    assert_eq!(session.refused("UNDROP SCHEMA d.s").code, 2002);
    session.all("DROP SCHEMA d.s; UNDROP SCHEMA d.s; DROP SCHEMA d.s");
    session.pass(86_401);
    let error = session.refused("UNDROP SCHEMA d.s");
    assert!(error.message.ends_with("Schema D.S did not exist or was purged."), "{error}");
}

#[test]
fn what_cannot_be_is_refused() {
    for (statement, expected) in [
        ("CREATE DATABASE d", "002002 42710 Object 'D' already exists."),
        ("CREATE SCHEMA d.public", "002002 42710 Object 'D.PUBLIC' already exists."),
        ("CREATE SCHEMA x.s", "002003 02000 Database 'X' does not exist or not authorized."),
        ("DROP SCHEMA d.x", "002003 02000 Schema 'D.X' does not exist or not authorized."),
        (
            "DROP SCHEMA d.information_schema",
            "003001 42501 Insufficient privileges to operate on schema 'D.INFORMATION_SCHEMA'",
        ),
        (
            "DROP DATABASE snowflake",
            "003001 42501 Insufficient privileges to operate on database 'SNOWFLAKE'",
        ),
        ("USE DATABASE x", "002043 02000 Object does not exist, or operation cannot be performed."),
        ("USE SCHEMA d.x", "002043 02000 Object does not exist, or operation cannot be performed."),
        (
            "SHOW SCHEMAS IN DATABASE x",
            "002043 02000 Object does not exist, or operation cannot be performed.",
        ),
        (
            "CREATE DATABASE d2 FROM SHARE a.b",
            "000002 0A000 Unsupported feature 'databases from shares, listings and replicas'.",
        ),
        ("CREATE TABLE t (a)", "001003 42000 syntax error line 1 at position 17 unexpected ')'."),
        ("ALTER DATABASE d RENAME TO snowflake", "002002 42710 Object 'SNOWFLAKE' already exists."),
    ] {
        let mut session = Session::enterprise();
        session.ok("CREATE DATABASE d");
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
    let error = Session::enterprise().refused("CREATE SCHEMA s");
    assert_eq!((error.code, error.sql_state), (90105, "22000"));
}

#[test]
fn names_are_swapped_renamed_and_cloned() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE a COMMENT = 'a'; CREATE DATABASE b COMMENT = 'b'; ALTER DATABASE a SWAP WITH b",
    );
    assert_eq!(session.row("SHOW DATABASES LIKE 'a'", "comment"), "b");
    session.all("ALTER DATABASE a RENAME TO c; CREATE SCHEMA c.s COMMENT = 's'; CREATE DATABASE d CLONE c");
    assert_eq!(session.column("SHOW SCHEMAS IN DATABASE d", "name"), ["INFORMATION_SCHEMA", "PUBLIC", "S"]);
    session.all("ALTER SCHEMA c.s RENAME TO b.t; CREATE SCHEMA d.u CLONE b.t");
    assert_eq!(session.row("SHOW SCHEMAS LIKE 'u' IN DATABASE d", "comment"), "s");
    assert_eq!(session.column("SHOW SCHEMAS LIKE 't' IN ACCOUNT", "database_name"), ["B"]);
    assert_eq!(session.ok("SHOW TERSE SCHEMAS IN DATABASE d").columns.len(), 5);
}

#[test]
fn a_schema_takes_its_grants_to_another_database() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE ROLE r; CREATE USER u; CREATE DATABASE a; CREATE DATABASE b; CREATE SCHEMA a.s; CREATE TABLE a.s.t (x INT); \
         CREATE SESSION POLICY a.s.p; ALTER USER u SET SESSION POLICY a.s.p; GRANT SELECT ON TABLE a.s.t TO ROLE r; \
         GRANT SELECT ON FUTURE VIEWS IN SCHEMA a.s TO ROLE r; ALTER SCHEMA a.s RENAME TO b.s",
    );
    assert_eq!(session.column("SHOW GRANTS TO ROLE r", "name"), ["B.S.T"]);
    assert_eq!(session.column("SHOW FUTURE GRANTS TO ROLE r", "name"), ["B.S.<VIEW>"]);
    assert_eq!(session.refused("DROP SESSION POLICY b.s.p").code, 1492);
}

#[test]
fn tags_are_set_and_read() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE TAG cost ALLOWED_VALUES 'a', 'b'; \
         CREATE WAREHOUSE w WITH TAG (d.public.cost = 'a'); CREATE ROLE r WITH TAG (cost = 'b')",
    );
    let get = |object: &str, domain: &str| {
        format!("SELECT SYSTEM$GET_TAG('D.PUBLIC.COST', '{object}', '{domain}') AS T")
    };
    assert_eq!(session.cell(&get("W", "WAREHOUSE")), "a");
    assert_eq!(session.cell(&get("R", "role")), "b");
    session.ok("ALTER WAREHOUSE w SET TAG cost = 'b'");
    assert_eq!(session.cell(&get("W", "WAREHOUSE")), "b");
    session.ok("ALTER WAREHOUSE w UNSET TAG cost");
    assert_eq!(session.cell(&get("W", "WAREHOUSE")), "NULL");
    assert_eq!(session.refused("ALTER WAREHOUSE w SET TAG cost = 'c'").code, 1008);
    assert_eq!(session.refused("ALTER WAREHOUSE w SET TAG nope = 'c'").code, 2003);
}
