//! `snowfence import` of whole schemas: what it writes plans empty, and applying it sends nothing.

use super::world::World;

/// The manifests of places. They are true as they are: nothing is planned, and applying them writes nothing.
#[track_caller]
fn imported(world: &World, places: &[&str]) -> (String, String) {
    let since = world.emulator.last_statement();
    let args: Vec<&str> = ["import", "--connection-ref", "prod"].iter().chain(places).copied().collect();
    let said = world.run(&args).ends(0);
    let file = world.file("imported.yaml", &said.out);
    let planned = world.run(&["plan", "-f", &file, "--detailed-exitcode"]);
    assert_eq!(planned.code, 0, "{}\n{}\n{}", planned.out, planned.err, said.out);
    assert_eq!(planned.out, "No changes. Snowflake matches the manifests.\n");
    assert!(!said.err.contains("a plan would"), "{}\n{}", said.err, said.out);
    world.run(&["apply", "-f", &file, "--yes"]).ends(0);
    assert_eq!(world.writes(since), Vec::<String>::new(), "{}", said.out);
    (said.out, said.err)
}

fn all_sql(world: &World, statements: &[&str]) {
    for sql in statements {
        world.sql(sql);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_written_back_as_they_are() {
    let world = World::new().await;
    let example = |path: &str| format!("{}/examples/{path}", env!("CARGO_MANIFEST_DIR"));
    for files in [
        &["quickstart/monitor.yaml", "quickstart/warehouses.yaml"][..],
        &["pipelines/call-intelligence.yaml", "pipelines/customer-360.yaml"],
        &["pipelines"],
    ] {
        let files: Vec<String> = files.iter().flat_map(|file| ["-f".to_owned(), example(file)]).collect();
        let args: Vec<&str> =
            ["apply", "--yes"].into_iter().chain(files.iter().map(String::as_str)).collect();
        world.run(&args).ends(0);
    }
    let databases =
        ["ANALYTICS", "CONVERSATIONS", "CRM", "CUSTOMERS", "GOVERNANCE", "REPORTS", "SALES", "SUPPORT"];
    let args: Vec<&str> = databases.iter().flat_map(|name| ["--database", name]).collect();
    let (out, err) = imported(&world, &args);
    assert!(!err.contains("left out"), "{err}");
    let has = |text: &str| assert!(out.contains(text), "{text}\n{out}");
    has("stream: TICKET_STREAM");
    has("  name: conversations-call-intelligence\n");
    // What leaves no trace in SHOW is told.
    has("# Snowflake shows only with a warehouse which row access policies and tags");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_written_with_what_somebody_set() {
    let world = World::new().await;
    all_sql(
        &world,
        &[
            "CREATE WAREHOUSE WH",
            "CREATE WAREHOUSE \"other wh\"",
            "CREATE DATABASE DB DATA_RETENTION_TIME_IN_DAYS = 7 COMMENT = 'the data'",
            "CREATE SCHEMA DB.S WITH MANAGED ACCESS MAX_DATA_EXTENSION_TIME_IN_DAYS = 20",
            "CREATE SCHEMA DB.GOVERNANCE",
            "CREATE TAG DB.S.COST ALLOWED_VALUES 'a', 'b' COMMENT = 'who pays'",
            "CREATE MASKING POLICY DB.GOVERNANCE.HIDE AS (V VARCHAR) RETURNS VARCHAR -> CASE WHEN TRUE THEN V ELSE '*' END",
            "CREATE MASKING POLICY DB.S.MASK AS (V VARCHAR) RETURNS VARCHAR -> '*' EXEMPT_OTHER_POLICIES = TRUE",
            "CREATE ROW ACCESS POLICY DB.S.ROWS_OF AS (R VARCHAR, N NUMBER) RETURNS BOOLEAN -> R = CURRENT_ROLE() AND N > 0",
            "CREATE FILE FORMAT DB.S.PIPED TYPE = CSV FIELD_DELIMITER = '|' SKIP_HEADER = 1 NULL_IF = ('', 'NULL')",
            "CREATE FILE FORMAT DB.S.PLAIN_JSON TYPE = JSON COMMENT = 'as it comes'",
            "CREATE STAGE DB.S.FILES DIRECTORY = (ENABLE = TRUE) FILE_FORMAT = (FORMAT_NAME = 'DB.S.PIPED')",
            "CREATE STAGE DB.S.RAW FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 2)",
            "CREATE STAGE DB.S.BARE COMMENT = 'nothing set'",
            "CREATE SEQUENCE DB.S.IDS START = 5 INCREMENT = 10 ORDER",
            "CREATE TABLE DB.S.PARENT (ID NUMBER(10,0) NOT NULL PRIMARY KEY, CODE VARCHAR(16) UNIQUE)",
            "CREATE TABLE DB.S.T (ID NUMBER AUTOINCREMENT START 10 INCREMENT 2 ORDER, PARENT NUMBER(10,0), NAME VARCHAR WITH MASKING POLICY DB.GOVERNANCE.HIDE, AT TIMESTAMP_NTZ DEFAULT CURRENT_TIMESTAMP(), DOC VARIANT, STATE VARCHAR(8) DEFAULT 'new' COMMENT 'it''s', PRIMARY KEY (ID, NAME), FOREIGN KEY (PARENT) REFERENCES DB.S.PARENT (ID)) CLUSTER BY (TO_DATE(AT), NAME) DATA_RETENTION_TIME_IN_DAYS = 3 CHANGE_TRACKING = TRUE COMMENT = 'all of it'",
            "CREATE TRANSIENT TABLE DB.S.SHORT (A INT)",
            "CREATE VIEW DB.S.V (A COMMENT 'first', B) CHANGE_TRACKING = TRUE COMMENT = 'seen' AS SELECT ID, NAME FROM DB.S.T -- all",
            "CREATE SECURE VIEW DB.S.HIDDEN AS SELECT ID FROM DB.S.PARENT",
            "CREATE MATERIALIZED VIEW DB.S.M COMMENT = 'm' AS SELECT ID, CODE FROM DB.S.PARENT",
            "CREATE DYNAMIC TABLE DB.S.D TARGET_LAG = '90 seconds' WAREHOUSE = WH REFRESH_MODE = FULL COMMENT = 'd' AS SELECT ID FROM DB.S.T",
            "ALTER DYNAMIC TABLE DB.S.D SUSPEND",
            "CREATE STREAM DB.S.CHANGES ON TABLE DB.S.T APPEND_ONLY = TRUE COMMENT = 'new ones'",
            "CREATE STREAM DB.S.SEEN ON VIEW DB.S.V",
            "CREATE STREAM DB.S.UPLOADS ON STAGE DB.S.FILES",
            "CREATE FUNCTION DB.S.TWICE(N NUMBER) RETURNS NUMBER AS 'N * 2'",
            "CREATE FUNCTION DB.S.TWICE(\"the text\" VARCHAR) RETURNS VARCHAR COMMENT = 'of a text' AS $$\"the text\" || \"the text\"$$",
            "CREATE SECURE FUNCTION DB.S.PAIRS() RETURNS TABLE (A NUMBER, B VARCHAR) AS 'SELECT 1, ''x'''",
            "CREATE FUNCTION DB.S.PY(A VARIANT) RETURNS VARCHAR LANGUAGE PYTHON IMMUTABLE RUNTIME_VERSION = '3.11' PACKAGES = ('numpy', 'pandas==2.2') HANDLER = 'f' AS $$def f(a):\n    return 'a: ' + str(a)\n$$",
            "CREATE PROCEDURE DB.S.LOAD(A VARCHAR, B NUMBER) RETURNS VARCHAR LANGUAGE SQL EXECUTE AS CALLER AS $$BEGIN\n  -- it's here;\n  RETURN 'x';\nEND$$",
            "CREATE PROCEDURE DB.S.JS() RETURNS VARIANT LANGUAGE JAVASCRIPT STRICT COMMENT = 'js' AS 'return 1;'",
            "CREATE TASK DB.S.ROOT WAREHOUSE = WH SCHEDULE = 'USING CRON 0 2 * * MON UTC' CONFIG = '{\"b\": 1,  \"a\": \"x\"}' TIMEZONE = 'UTC' SUSPEND_TASK_AFTER_NUM_FAILURES = 3 ALLOW_OVERLAPPING_EXECUTION = TRUE COMMENT = 'starts' AS CALL DB.S.JS()",
            "CREATE TASK DB.S.CHILD WAREHOUSE = \"other wh\" USER_TASK_TIMEOUT_MS = 60000 AFTER DB.S.ROOT WHEN SYSTEM$GET_PREDECESSOR_RETURN_VALUE('ROOT') = 'x' AS BEGIN\n  CALL DB.S.JS();\nEND",
            "CREATE TASK DB.S.SMALL USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE = 'SMALL' AFTER DB.S.ROOT, DB.S.CHILD AS SELECT 1",
            "CREATE TASK DB.S.LAST WAREHOUSE = WH FINALIZE = DB.S.ROOT AS SELECT 'end'",
            "ALTER TASK DB.S.LAST RESUME",
            "ALTER TASK DB.S.SMALL RESUME",
            "ALTER TASK DB.S.CHILD RESUME",
            "ALTER TASK DB.S.ROOT RESUME",
            "CREATE TASK DB.S.ALONE SCHEDULE = '5 MINUTE' AS SELECT 1",
            "CREATE ALERT DB.S.LATE WAREHOUSE = WH SCHEDULE = '60 MINUTE' COMMENT = 'wakes' IF (EXISTS (SELECT 1 FROM DB.S.T WHERE STATE = 'late')) THEN CALL DB.S.JS()",
            "ALTER ALERT DB.S.LATE RESUME",
            "CREATE PIPE DB.S.LOADS COMMENT = 'p' AS COPY INTO DB.S.SHORT FROM @DB.S.RAW",
            "CREATE CORTEX SEARCH SERVICE DB.S.FIND ON NAME ATTRIBUTES STATE WAREHOUSE = WH TARGET_LAG = '1 hour' AS SELECT NAME, STATE FROM DB.S.T",
        ],
    );
    let (out, err) = imported(&world, &["--database", "db"]);
    assert!(!err.contains("left out") && !err.contains("refused"), "{err}\n{out}");
    insta::assert_snapshot!(out);
}
