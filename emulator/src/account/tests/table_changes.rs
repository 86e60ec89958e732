//! ALTER TABLE: what it changes, and what Snowflake refuses to change in place.

use super::{Session, column, short};

fn session() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE WAREHOUSE w; CREATE DATABASE d; CREATE SCHEMA d.s; \
         CREATE TABLE t (id NUMBER(10,2) NOT NULL, name VARCHAR(10) DEFAULT 'x', b BINARY(8), v VARCHAR COLLATE 'en', k INT) \
         CLUSTER BY (k, SUBSTRING(name, 1, 3)) DATA_RETENTION_TIME_IN_DAYS = 3 COMMENT = 'first'",
    );
    session
}

#[test]
fn a_table_shows_what_was_said_of_it() {
    let mut session = session();
    let shown = "kind comment cluster_by rows retention_time automatic_clustering change_tracking enable_schema_evolution";
    assert_eq!(
        session.row("SHOW TABLES LIKE 't'", shown),
        "TABLE|first|LINEAR(k, SUBSTRING(name, 1, 3))|0|3|ON|OFF|N"
    );
    session.all(
        "ALTER TABLE t SET COMMENT = 'second', CHANGE_TRACKING = TRUE ENABLE_SCHEMA_EVOLUTION = TRUE; \
         ALTER TABLE t SUSPEND RECLUSTER; ALTER TABLE t ADD SEARCH OPTIMIZATION ON EQUALITY(name)",
    );
    assert_eq!(
        session.row("SHOW TABLES LIKE 't'", shown),
        "TABLE|second|LINEAR(k, SUBSTRING(name, 1, 3))|0|3|OFF|ON|Y"
    );
    assert_eq!(
        session.row("SHOW TABLES LIKE 't'", "search_optimization search_optimization_progress"),
        "ON|100"
    );
    session
        .all("ALTER TABLE t UNSET COMMENT, DATA_RETENTION_TIME_IN_DAYS; ALTER TABLE t DROP CLUSTERING KEY");
    assert_eq!(session.row("SHOW TABLES LIKE 't'", shown), "TABLE||| 0|1|OFF|ON|Y".replace(' ', "").as_str());
    session.all("CREATE TRANSIENT TABLE tr (a INT); CREATE TEMP TABLE te (a INT)");
    assert_eq!(session.column("SHOW TERSE TABLES", "kind"), ["TABLE", "TEMPORARY", "TRANSIENT"]);
    let rows = session.ok("SHOW TERSE TABLES LIKE 't'");
    let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["created_on", "name", "kind", "database_name", "schema_name"]);
    session.ok("ALTER TABLE t SET MAX_DATA_EXTENSION_TIME_IN_DAYS = 20");
    let parameters = session.ok("SHOW PARAMETERS LIKE 'max%' IN TABLE t");
    assert_eq!(
        (column(&parameters, "value"), column(&parameters, "level")),
        (vec!["20".into()], vec!["TABLE".into()])
    );
}

#[test]
fn columns_come_change_and_go() {
    let mut session = session();
    session.all(
        "ALTER TABLE t ADD COLUMN a INT DEFAULT 1, x TEXT COMMENT 'why'; ALTER TABLE t ADD COLUMN IF NOT EXISTS a TEXT; \
         ALTER TABLE t RENAME COLUMN k TO kk; ALTER TABLE t DROP COLUMN x, b; ALTER TABLE t DROP COLUMN IF EXISTS x; \
         ALTER TABLE t ALTER name SET DATA TYPE VARCHAR(20), COLUMN id DROP NOT NULL; \
         ALTER TABLE t MODIFY COLUMN name DROP DEFAULT, kk COMMENT 'key', a NOT NULL; ALTER TABLE t ALTER id TYPE NUMBER(12,2)",
    );
    let rows = session.ok("DESC TABLE t");
    assert_eq!(column(&rows, "name"), ["ID", "NAME", "V", "KK", "A"]);
    assert_eq!(column(&rows, "type")[..2], ["NUMBER(12,2)", "VARCHAR(20)"]);
    assert_eq!(column(&rows, "null?"), ["Y", "Y", "Y", "Y", "N"]);
    assert_eq!(column(&rows, "default"), ["NULL", "NULL", "NULL", "NULL", "1"]);
    assert_eq!(column(&rows, "comment")[3], "key");
    assert_eq!(session.row("SHOW TABLES", "cluster_by"), "LINEAR(KK, SUBSTRING(name, 1, 3))");
    session.ok("ALTER TABLE t RENAME TO d.public.u");
    assert_eq!(session.row("SHOW TABLES IN DATABASE d", "name schema_name"), "U|PUBLIC");
    session.all("CREATE TABLE d.public.w (only_here INT); ALTER TABLE d.public.u SWAP WITH d.public.w");
    assert_eq!(session.column("DESC TABLE d.public.u", "name"), ["ONLY_HERE"]);
    session.ok("ALTER TABLE IF EXISTS nope ADD COLUMN a INT");
}

#[test]
fn what_is_not_done_in_place_is_refused() {
    let mut session = session();
    session.all("USE WAREHOUSE w; INSERT INTO t VALUES (123456.5, NULL, NULL, 'a', 1)");
    for (statement, refusal) in [
        (
            "ALTER TABLE t ALTER name SET DATA TYPE VARCHAR(5)",
            "040050 22000 cannot change column NAME from type VARCHAR(10) to VARCHAR(5) because reducing the byte-length of varchar is not supported.",
        ),
        (
            "ALTER TABLE t ALTER id SET DATA TYPE NUMBER(10,3)",
            "040052 22000 cannot change column ID from type NUMBER(10,2) to NUMBER(10,3) because changing the scale of a number is not supported.",
        ),
        (
            "ALTER TABLE t ALTER id SET DATA TYPE VARCHAR",
            "002108 22000 cannot change column ID from type NUMBER(10,2) to VARCHAR(16777216)",
        ),
        (
            "ALTER TABLE t ALTER id SET DATA TYPE NUMBER(7,2)",
            "040053 22000 cannot change column ID from type NUMBER(10,2) to NUMBER(7,2) because the new precision does not hold all values.",
        ),
        (
            "ALTER TABLE t ALTER b SET DATA TYPE BINARY(9)",
            "040051 22000 cannot change column B from type BINARY(8) to BINARY(9) because changing the byte-length of binary is not supported.",
        ),
        (
            "ALTER TABLE t ALTER v SET DATA TYPE VARCHAR COLLATE 'de'",
            "002108 22000 cannot change the collation of column V",
        ),
        (
            "ALTER TABLE t ALTER name SET NOT NULL",
            "001471 42601 Column 'NAME' contains null values. Not null constraint cannot be added.",
        ),
        (
            "ALTER TABLE t ADD PRIMARY KEY (name)",
            "001471 42601 Column 'NAME' contains null values. Not null constraint cannot be added.",
        ),
        (
            "ALTER TABLE t ADD COLUMN n INT NOT NULL",
            "002264 22000 Non-nullable column 'N' cannot be added to non-empty table 'T' unless it has a non-null default value.",
        ),
        ("ALTER TABLE t ADD COLUMN v INT", "001430 42601 column 'V' already exists"),
        ("ALTER TABLE t RENAME COLUMN v TO k", "001430 42601 column 'K' already exists"),
        (
            "ALTER TABLE t DROP COLUMN k",
            "002262 22000 Cannot drop column 'K' which belongs to a clustering key",
        ),
        (
            "ALTER TABLE t DROP COLUMN name",
            "002262 22000 Cannot drop column 'NAME' which belongs to a clustering key",
        ),
        ("ALTER TABLE t DROP COLUMN nope", "000904 42000 invalid identifier 'NOPE'"),
        ("ALTER TABLE t CLUSTER BY (nope)", "000904 42000 invalid identifier 'NOPE'"),
        (
            "ALTER TABLE t ALTER name SET DEFAULT nope.NEXTVAL",
            "002003 02000 Sequence 'NOPE' does not exist or not authorized.",
        ),
        (
            "ALTER TABLE t ALTER k SET MASKING POLICY nope",
            "002003 02000 Masking policy 'NOPE' does not exist or not authorized.",
        ),
        (
            "ALTER TABLE t SET DATA_RETENTION_TIME_IN_DAYS = 91",
            "001008 22023 invalid value [91] for parameter 'DATA_RETENTION_TIME_IN_DAYS'",
        ),
        ("ALTER TABLE nope ADD COLUMN a INT", "002003 02000 Table 'NOPE' does not exist or not authorized."),
        ("ALTER TABLE t", "001003 42000 syntax error line 1 at position 13 unexpected '<EOF>'."),
        ("ALTER TABLE t SET NOPE = 1", "001003 42000 syntax error line 1 at position 18 unexpected 'NOPE'."),
    ] {
        assert_eq!(short(&session.refused(statement)), refusal, "{statement}");
    }
    // What fits is done.
    session.ok("ALTER TABLE t ALTER id SET DATA TYPE NUMBER(8,2)");
    session.ok("ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT 7");
    assert_eq!(session.cell("SELECT n FROM t"), "7");
}

#[test]
fn keys_are_added_renamed_and_dropped() {
    let mut session = session();
    session.all(
        "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (id, k); ALTER TABLE t ADD UNIQUE (name); \
         CREATE TABLE child (a NUMBER(10,2), b INT); ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES t; \
         ALTER TABLE t RENAME CONSTRAINT pk TO pk2; ALTER TABLE t ALTER CONSTRAINT pk2 NOT ENFORCED",
    );
    assert_eq!(session.column("SHOW PRIMARY KEYS IN TABLE t", "constraint_name"), ["PK2", "PK2"]);
    assert_eq!(session.column("SHOW UNIQUE KEYS IN SCHEMA d.s", "column_name"), ["NAME"]);
    assert_eq!(session.column("SHOW IMPORTED KEYS IN ACCOUNT", "pk_column_name"), ["ID", "K"]);
    assert_eq!(session.column("DESC TABLE t", "null?")[4], "N");
    assert_eq!(session.refused("ALTER TABLE t ADD PRIMARY KEY (name)").code, 2034);
    assert_eq!(session.refused("ALTER TABLE t DROP CONSTRAINT nope").code, 2003);
    session.all("ALTER TABLE t DROP PRIMARY KEY; ALTER TABLE t DROP UNIQUE (name)");
    assert!(session.column("SHOW PRIMARY KEYS IN TABLE t", "constraint_name").is_empty());
}

#[test]
fn replacing_a_table_loses_grants_unless_they_are_copied() {
    let mut session = session();
    session.all("CREATE ROLE r; GRANT SELECT ON TABLE t TO ROLE r");
    let before = session.row("SHOW TABLES", "created_on");
    let held = |session: &mut Session| session.column("SHOW GRANTS TO ROLE r", "privilege");
    session.ok("CREATE OR REPLACE TABLE t (a INT) COPY GRANTS");
    assert_eq!(held(&mut session), ["SELECT"]);
    assert_ne!(session.row("SHOW TABLES", "created_on"), before);
    session.ok("CREATE OR REPLACE TABLE t (a INT)");
    assert!(held(&mut session).is_empty());
    session.all("CREATE TABLE l LIKE t; CREATE TABLE c CLONE t AT (OFFSET => 0)");
    assert_eq!(session.column("DESC TABLE l", "name"), ["A"]);
    assert_eq!(session.refused("CREATE TABLE t (a INT)").code, 2002);
    session.ok("CREATE TABLE IF NOT EXISTS t (b INT)");
    assert_eq!(session.refused("CREATE OR REPLACE TABLE IF NOT EXISTS t (b INT)").code, 1003);
    session.all("GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE ON SCHEMA d.s TO ROLE r; GRANT SELECT ON TABLE t TO ROLE r; GRANT ROLE r TO USER OPERATOR");
    session.as_role("R");
    assert_eq!(session.refused("ALTER TABLE t ADD COLUMN b INT").code, 3001);
    assert_eq!(session.refused("CREATE OR REPLACE TABLE t (b INT)").code, 3001);
    assert_eq!(
        session.refused("ALTER TABLE l ADD COLUMN b INT").code,
        2003,
        "what it does not see is not there"
    );
}

#[test]
fn policies_hang_on_tables_and_columns_and_stay_while_they_do() {
    let mut session = session();
    session.all(
        "CREATE MASKING POLICY m AS (v TEXT, w TEXT) RETURNS TEXT -> v; CREATE MASKING POLICY n AS (v TEXT) RETURNS TEXT -> v; \
         CREATE ROW ACCESS POLICY r AS (v TEXT) RETURNS BOOLEAN -> TRUE; CREATE VIEW pv AS SELECT 'x' AS x",
    );
    session.all("CREATE TABLE p (a TEXT WITH MASKING POLICY m USING (a, b), b TEXT, c TEXT) WITH ROW ACCESS POLICY r ON (c)");
    assert_eq!(session.column("DESC TABLE p", "policy name"), ["D.S.M", "NULL", "NULL"]);
    for (statement, code) in [
        ("ALTER TABLE p ALTER a SET MASKING POLICY n", 3529),
        ("ALTER TABLE p ALTER b UNSET MASKING POLICY", 3549),
        ("ALTER TABLE p ALTER b SET MASKING POLICY n USING (b, nope)", 904),
        ("ALTER TABLE p ADD ROW ACCESS POLICY r ON (a)", 3558),
        ("ALTER TABLE p DROP COLUMN c", 2266),
        ("DROP MASKING POLICY m", 3536),
        ("DROP ROW ACCESS POLICY r", 3536),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.ok("ALTER VIEW pv ADD ROW ACCESS POLICY r ON (x)");
    let uses = "SELECT REF_ENTITY_NAME FROM TABLE(d.INFORMATION_SCHEMA.POLICY_REFERENCES(POLICY_NAME => 'd.s.r')) ORDER BY REF_ENTITY_NAME";
    assert_eq!(session.column(uses, "REF_ENTITY_NAME"), ["P", "PV"], "tables and views are counted");
    session.ok("ALTER VIEW pv DROP ALL ROW ACCESS POLICIES");
    session.all(
        "ALTER TABLE p ALTER COLUMN a SET MASKING POLICY n FORCE; ALTER TABLE p RENAME COLUMN a TO aa; \
         ALTER TABLE p DROP ROW ACCESS POLICY r, ADD ROW ACCESS POLICY r ON (b)",
    );
    assert_eq!(session.column("DESC TABLE p", "policy name"), ["D.S.N", "NULL", "NULL"]);
    session.all(
        "ALTER TABLE p MODIFY aa UNSET MASKING POLICY; ALTER TABLE p DROP ALL ROW ACCESS POLICIES; \
         DROP MASKING POLICY n; DROP ROW ACCESS POLICY r; ALTER TABLE p DROP COLUMN c",
    );
}

#[test]
fn tags_hang_on_tables_columns_and_streams() {
    let mut session = session();
    session.all(
        "CREATE TAG g; CREATE TABLE p (a TEXT WITH TAG (g = 'column')) WITH TAG (g = 'table'); \
         CREATE STREAM st TAG (g = 'stream') ON TABLE p; ALTER TABLE p ALTER a SET TAG g = 'x'; ALTER TABLE p ALTER a UNSET TAG g",
    );
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('g', 'p', 'table')"), "table");
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('g', 'st', 'stream')"), "stream");
    session.all("ALTER TABLE p UNSET TAG g; ALTER STREAM st SET TAG g = 'y'");
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('g', 'p', 'table')"), "NULL");
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('g', 'st', 'stream')"), "y");
}
