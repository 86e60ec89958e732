//! Views, materialized views and dynamic tables.

use super::{Edition, Session, short};

fn prepared() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE WAREHOUSE w; CREATE TABLE t (id INT NOT NULL, name VARCHAR(20), at DATE); \
         CREATE TABLE u (id INT, \"low\" VARIANT)",
    );
    session
}

#[test]
fn a_view_keeps_its_text_and_has_the_columns_of_its_query() {
    let mut session = prepared();
    let text = "CREATE VIEW v COMMENT = 'c' AS\n  SELECT id, name AS n, COUNT(*) AS c, 'x' AS x, id::VARCHAR(3) AS s, 1.5 AS d, NULL AS z FROM t";
    session.ok(&format!("{text} -- tail\n;"));
    let row = "name database_name schema_name owner comment text is_secure is_materialized change_tracking";
    let shown = session.row("SHOW VIEWS", row);
    assert_eq!(shown, format!("V|D|PUBLIC|ACCOUNTADMIN|c|{text}|false|false|OFF"));
    assert_eq!(session.column("DESC VIEW v", "name"), ["ID", "N", "C", "X", "S", "D", "Z"]);
    assert_eq!(
        session.column("DESC VIEW v", "type"),
        [
            "NUMBER(38,0)",
            "VARCHAR(20)",
            "NUMBER(18,0)",
            "VARCHAR(1)",
            "VARCHAR(3)",
            "NUMBER(2,1)",
            "VARCHAR(16777216)"
        ]
    );
    assert_eq!(session.column("DESC TABLE v", "null?")[..2], ["N", "Y"]);
    assert_eq!(session.column("SHOW COLUMNS LIKE 'n' IN VIEW v", "column_name"), ["N"]);
    session.ok("USE WAREHOUSE w");
    let listed = "SELECT TABLE_NAME, VIEW_DEFINITION, IS_SECURE FROM d.INFORMATION_SCHEMA.VIEWS";
    assert_eq!(session.row(listed, "TABLE_NAME VIEW_DEFINITION IS_SECURE"), format!("V|{text}|NO"));
    let terse = session.row("SHOW TERSE VIEWS", "name kind database_name schema_name");
    assert_eq!(terse, "V|VIEW|D|PUBLIC");
}

#[test]
fn a_star_is_frozen_and_reaches_through_with_and_joins() {
    let mut session = prepared();
    session.all(
        "CREATE VIEW a AS SELECT * FROM t; \
         CREATE VIEW b AS WITH c AS (SELECT id, name FROM t) SELECT c.*, u.\"low\":x::INT AS l FROM c JOIN u ON c.id = u.id; \
         CREATE VIEW e AS SELECT * EXCLUDE (at) RENAME (id AS key) FROM a; \
         CREATE VIEW f (x, y COMMENT 'why') AS SELECT id, id + 1 FROM t UNION ALL SELECT 1, 2",
    );
    assert_eq!(session.column("DESC VIEW a", "name"), ["ID", "NAME", "AT"]);
    assert_eq!(session.column("DESC VIEW b", "name"), ["ID", "NAME", "L"]);
    assert_eq!(session.column("DESC VIEW e", "name"), ["KEY", "NAME"]);
    assert_eq!(session.column("DESC VIEW f", "comment"), ["NULL", "why"]);
}

#[test]
fn what_a_view_cannot_be_is_refused() {
    let mut session = prepared();
    session.ok("CREATE VIEW v AS SELECT id FROM t");
    for (statement, code) in [
        ("CREATE VIEW v AS SELECT id FROM t", 2002),
        ("CREATE VIEW t AS SELECT 1 AS a", 2002),
        ("CREATE VIEW x AS SELECT id FROM nope", 2003),
        ("CREATE VIEW x AS SELECT id FROM d.nope.t", 2003),
        ("CREATE VIEW x AS SELECT nope FROM t", 904),
        ("CREATE VIEW x AS SELECT id + 1 FROM t", 2022),
        ("CREATE VIEW x AS SELECT id, id FROM t", 2025),
        ("CREATE VIEW x (a, b) AS SELECT id FROM t", 2026),
        ("CREATE VIEW x AS SELECT id FROM t WHERE", 1003),
        ("CREATE VIEW x AS DELETE FROM t", 1003),
        ("CREATE VIEW x", 1003),
        ("CREATE TRANSIENT VIEW x AS SELECT 1 AS a", 1003),
        ("CREATE OR REPLACE VIEW IF NOT EXISTS x AS SELECT 1 AS a", 1003),
        ("CREATE VIEW x CLUSTER BY (id) AS SELECT id FROM t", 1003),
        ("ALTER VIEW v SUSPEND", 1003),
        ("ALTER VIEW nope SET COMMENT = 'x'", 2003),
        ("DESC VIEW nope", 2003),
        ("DROP VIEW nope", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    assert_eq!(
        short(&session.refused("CREATE VIEW x AS SELECT\n  nope FROM t")),
        "000904 42000 invalid identifier 'NOPE'"
    );
}

#[test]
fn a_view_reads_only_what_its_maker_may_read() {
    let mut session = prepared();
    session.all(
        "CREATE ROLE r; GRANT ROLE r TO USER operator; GRANT USAGE ON DATABASE d TO ROLE r; \
         GRANT USAGE, CREATE VIEW ON SCHEMA d.public TO ROLE r; GRANT REFERENCES ON TABLE t TO ROLE r; \
         CREATE VIEW mine AS SELECT id FROM t; GRANT SELECT ON FUTURE VIEWS IN SCHEMA d.public TO ROLE r",
    );
    session.as_role("R");
    let error = session.refused("CREATE VIEW x AS SELECT id FROM d.public.t");
    assert_eq!(short(&error), "002003 42S02 Object 'D.PUBLIC.T' does not exist or not authorized.");
    assert_eq!(session.refused("DESC VIEW mine").code, 2003);
    session
        .as_role("ACCOUNTADMIN")
        .all("GRANT SELECT ON TABLE t TO ROLE r; CREATE VIEW later AS SELECT id FROM t");
    session.as_role("R").all("CREATE VIEW x AS SELECT id FROM d.public.t; DESC VIEW later");
    assert_eq!(session.column("SHOW VIEWS", "name"), ["LATER", "X"]);
    assert_eq!(session.refused("DROP VIEW later").code, 3001);
}

#[test]
fn or_replace_is_another_view_and_or_alter_the_same() {
    let mut session = prepared();
    session.all(
        "CREATE ROLE r; CREATE VIEW v COMMENT = 'c' AS SELECT id FROM t; GRANT SELECT ON VIEW v TO ROLE r",
    );
    let created = |session: &mut Session| session.row("SHOW VIEWS", "created_on");
    let first = created(&mut session);
    session.ok("CREATE OR ALTER VIEW v AS SELECT id, name FROM t");
    assert_eq!(created(&mut session), first);
    assert_eq!(session.row("SHOW VIEWS", "comment"), "");
    session.ok("CREATE OR REPLACE VIEW v COPY GRANTS AS SELECT name FROM t");
    assert!(created(&mut session) > first);
    assert_eq!(session.column("SHOW GRANTS ON VIEW v", "privilege"), ["OWNERSHIP", "SELECT"]);
    session.ok("CREATE OR REPLACE VIEW v AS SELECT name FROM t");
    assert_eq!(session.column("SHOW GRANTS ON VIEW v", "privilege"), ["OWNERSHIP"]);
    session.all("CREATE VIEW IF NOT EXISTS v AS SELECT at FROM t; CREATE SCHEMA s; USE SCHEMA public");
    assert_eq!(session.column("DESC VIEW v", "name"), ["NAME"]);
    session.all("ALTER VIEW v RENAME TO s.z; ALTER VIEW IF EXISTS v SET SECURE; ALTER VIEW s.z SET SECURE");
    assert_eq!(session.row("SHOW VIEWS IN SCHEMA s", "name is_secure"), "Z|true");
    session.all(
        "ALTER VIEW s.z UNSET SECURE; ALTER VIEW s.z SET CHANGE_TRACKING = TRUE; COMMENT ON VIEW s.z IS 'k'",
    );
    assert_eq!(session.row("SHOW VIEWS", "is_secure change_tracking comment"), "false|ON|k");
    session.all("ALTER VIEW s.z UNSET COMMENT; DROP VIEW s.z; DROP VIEW IF EXISTS s.z");
}

#[test]
fn materialized_views_have_rules_of_their_own() {
    let mut session = prepared();
    session.ok("CREATE VIEW v AS SELECT id FROM t");
    session.ok("CREATE SECURE MATERIALIZED VIEW m CLUSTER BY (id) COMMENT = 'c' AS SELECT id, name FROM t");
    let row = "name cluster_by source_database_name source_table_name invalid behind_by is_secure automatic_clustering";
    assert_eq!(session.row("SHOW MATERIALIZED VIEWS", row), "M|LINEAR(id)|D|T|false|0s|true|ON");
    assert_eq!(session.column("SHOW VIEWS", "is_materialized"), ["true", "false"]);
    for query in [
        "SELECT t.id FROM t JOIN u ON t.id = u.id",
        "SELECT id FROM t ORDER BY id",
        "SELECT id FROM t LIMIT 3",
        "SELECT COUNT(DISTINCT id) AS c FROM t",
        "SELECT id FROM v",
        "SELECT id FROM t UNION ALL SELECT id FROM t",
        "SELECT id FROM (SELECT id FROM t)",
        "SELECT ROW_NUMBER() OVER (ORDER BY id) AS n FROM t",
        "SELECT 1 AS a",
    ] {
        let error = session.refused(&format!("CREATE MATERIALIZED VIEW x AS {query}"));
        assert_eq!(error.code, 2212, "{query}");
    }
    session.all(
        "ALTER MATERIALIZED VIEW m SUSPEND; ALTER MATERIALIZED VIEW m SUSPEND RECLUSTER; \
         ALTER MATERIALIZED VIEW m UNSET SECURE",
    );
    let state = "invalid invalid_reason automatic_clustering is_secure";
    let suspended = "true|Materialized view is suspended.|OFF|false";
    assert_eq!(session.row("SHOW MATERIALIZED VIEWS", state), suspended);
    session.all(
        "ALTER MATERIALIZED VIEW m RESUME; ALTER MATERIALIZED VIEW m DROP CLUSTERING KEY; \
         ALTER MATERIALIZED VIEW m RENAME TO n; DROP TABLE t",
    );
    let gone = "N||true|Table D.PUBLIC.T does not exist or not authorized.";
    assert_eq!(session.row("SHOW MATERIALIZED VIEWS", "name cluster_by invalid invalid_reason"), gone);
    assert_eq!(session.column("DESC MATERIALIZED VIEW n", "name"), ["ID", "NAME"]);
    session.ok("DROP MATERIALIZED VIEW n");
    let mut standard = Session::new(Edition::Standard);
    standard.all("CREATE DATABASE d; CREATE TABLE t (id INT)");
    assert_eq!(standard.refused("CREATE MATERIALIZED VIEW m AS SELECT id FROM t").code, 2);
}

#[test]
fn dynamic_tables_decide_how_they_are_refreshed() {
    let mut session = prepared();
    session.ok("CREATE DYNAMIC TABLE dt TARGET_LAG = '2 minutes' WAREHOUSE = w AS SELECT id FROM t");
    let row = "name target_lag refresh_mode warehouse scheduling_state text";
    assert_eq!(
        session.row("SHOW DYNAMIC TABLES", row),
        "DT|2 minutes|INCREMENTAL|W|ACTIVE|CREATE DYNAMIC TABLE dt lag = '2 minutes' refresh_mode = 'AUTO' \
         initialize = 'ON_CREATE' warehouse = \"W\" AS SELECT id FROM t"
    );
    session.ok(
        "CREATE OR REPLACE DYNAMIC TABLE dt (id NUMBER(10,0)) TARGET_LAG = downstream WAREHOUSE = w \
         REFRESH_MODE = FULL INITIALIZE = ON_SCHEDULE CLUSTER BY (id) COMMENT = 'c' AS SELECT id FROM t ORDER BY 1",
    );
    assert_eq!(
        session.row("SHOW DYNAMIC TABLES", "target_lag refresh_mode cluster_by comment"),
        "DOWNSTREAM|FULL|LINEAR(id)|c"
    );
    assert_eq!(session.row("DESC DYNAMIC TABLE dt", "name type"), "ID|NUMBER(10,0)");
    let create = |rest: &str| format!("CREATE DYNAMIC TABLE x {rest} AS SELECT id FROM t ORDER BY id");
    for (rest, code) in [
        ("TARGET_LAG = '59 seconds' WAREHOUSE = w", 1008),
        ("TARGET_LAG = 'soon' WAREHOUSE = w", 1008),
        ("WAREHOUSE = w", 2029),
        ("TARGET_LAG = '1 minute'", 2029),
        ("TARGET_LAG = '1 minute' WAREHOUSE = nope", 2003),
        ("TARGET_LAG = '1 minute' WAREHOUSE = w REFRESH_MODE = INCREMENTAL", 2717),
        ("TARGET_LAG = '1 minute' WAREHOUSE = w REFRESH_MODE = SOMETIMES", 1008),
    ] {
        assert_eq!(session.refused(&create(rest)).code, code, "{rest}");
    }
    session.all(
        "ALTER DYNAMIC TABLE dt SUSPEND; ALTER DYNAMIC TABLE dt SET TARGET_LAG = '1 hour' COMMENT = 'd'",
    );
    assert_eq!(
        session.row("SHOW DYNAMIC TABLES", "scheduling_state target_lag comment"),
        "SUSPENDED|1 hour|d"
    );
    session.all(
        "ALTER DYNAMIC TABLE dt RESUME; ALTER DYNAMIC TABLE dt REFRESH; ALTER DYNAMIC TABLE dt RENAME TO e; \
         CREATE DYNAMIC TABLE f TARGET_LAG = DOWNSTREAM WAREHOUSE = w AS SELECT id, 'f' AS f FROM e; \
         ALTER DYNAMIC TABLE e SWAP WITH f",
    );
    assert_eq!(session.column("DESC DYNAMIC TABLE e", "name"), ["ID", "F"]);
    assert_eq!(session.refused("ALTER DYNAMIC TABLE e UNSET WAREHOUSE").code, 1420);
    session.all("DROP DYNAMIC TABLE e; DROP DYNAMIC TABLE f");
}

#[test]
fn policies_hang_on_views_and_their_columns() {
    let mut session = prepared();
    session.all(
        "CREATE MASKING POLICY m AS (v VARCHAR) RETURNS VARCHAR -> CASE WHEN CURRENT_ROLE() = 'A' THEN v ELSE '*' END; \
         CREATE MASKING POLICY n AS (v VARCHAR, i NUMBER) RETURNS VARCHAR -> '*'; \
         CREATE ROW ACCESS POLICY r AS (i NUMBER) RETURNS BOOLEAN -> TRUE; CREATE TAG g; \
         CREATE VIEW v (i, n WITH MASKING POLICY m WITH TAG (g = 'x')) WITH ROW ACCESS POLICY r ON (i) AS SELECT id, name FROM t",
    );
    let of = |argument: &str| {
        format!(
            "SELECT * FROM TABLE(d.INFORMATION_SCHEMA.POLICY_REFERENCES({argument})) ORDER BY POLICY_NAME"
        )
    };
    let on_view = of("REF_ENTITY_NAME => 'd.public.v', REF_ENTITY_DOMAIN => 'view'");
    assert_eq!(session.column(&on_view, "POLICY_NAME"), ["M", "R"]);
    assert_eq!(session.column(&on_view, "REF_COLUMN_NAME"), ["N", "NULL"]);
    assert_eq!(session.column(&on_view, "REF_ARG_COLUMN_NAMES"), ["NULL", "[ \"I\" ]"]);
    let of_policy = of("POLICY_NAME => 'd.public.r'");
    assert_eq!(
        session.row(&of_policy, "POLICY_KIND REF_ENTITY_NAME REF_ENTITY_DOMAIN"),
        "ROW_ACCESS_POLICY|V|VIEW"
    );
    assert_eq!(session.column("DESC VIEW v", "policy name"), ["NULL", "D.PUBLIC.M"]);
    for (statement, code) in [
        ("DROP MASKING POLICY m", 3536),
        ("CREATE OR REPLACE ROW ACCESS POLICY r AS (i NUMBER) RETURNS BOOLEAN -> FALSE", 3536),
        ("ALTER VIEW v ALTER COLUMN n SET MASKING POLICY n USING (n, i)", 3529),
        ("ALTER VIEW v ALTER COLUMN x SET MASKING POLICY n", 904),
        ("ALTER VIEW v ADD ROW ACCESS POLICY r ON (i)", 3558),
        ("ALTER VIEW v DROP ROW ACCESS POLICY nope", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.all(
        "ALTER VIEW v MODIFY COLUMN n SET MASKING POLICY n USING (n, i) FORCE; ALTER VIEW v DROP ALL ROW ACCESS POLICIES",
    );
    assert_eq!(session.row(&on_view, "POLICY_NAME REF_ARG_COLUMN_NAMES"), "N|[ \"I\" ]");
    session.all(
        "DROP ROW ACCESS POLICY r; DROP MASKING POLICY m; ALTER VIEW v MODIFY n UNSET MASKING POLICY; DROP MASKING POLICY n",
    );
    session.context.warehouse = None;
    assert_eq!(session.refused(&on_view).code, 606);
}

#[test]
fn who_asks_a_model_needs_a_privilege_and_a_role_that_public_has() {
    let mut session = Session::enterprise();
    session
        .all("CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE; CREATE DATABASE d; CREATE TABLE t (a VARCHAR)");
    let create = |name: &str, function: &str| {
        format!(
            "CREATE DYNAMIC TABLE {name} TARGET_LAG = '1 hour' WAREHOUSE = w AS SELECT {function}(a) AS b FROM t"
        )
    };
    session.ok(&create("one", "AI_SENTIMENT"));
    session.ok("REVOKE DATABASE ROLE SNOWFLAKE.CORTEX_USER FROM ROLE PUBLIC");
    assert_eq!(
        short(&session.refused(&create("two", "SNOWFLAKE.CORTEX.SENTIMENT"))),
        "002141 42601 Unknown user-defined function SNOWFLAKE.CORTEX.SENTIMENT"
    );
    session.all("GRANT DATABASE ROLE SNOWFLAKE.AI_FUNCTIONS_USER TO ROLE ACCOUNTADMIN");
    session.ok(&create("two", "AI_SENTIMENT"));
    session.all("REVOKE USE AI FUNCTIONS ON ACCOUNT FROM ROLE PUBLIC");
    session.all("REVOKE USE AI FUNCTIONS ON ACCOUNT FROM ROLE ACCOUNTADMIN");
    assert_eq!(session.refused(&create("three", "AI_SENTIMENT")).code, 3001);
    session.ok(&create("three", "UPPER"));
}
