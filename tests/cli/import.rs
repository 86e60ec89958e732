//! `snowfence import` of whole schemas: what it writes plans empty, and applying it sends nothing.

use super::world::{MARK, World, said};

/// The manifests of places. They are true as they are: nothing is planned, and applying them writes nothing.
#[track_caller]
fn imported(world: &World, places: &[&str]) -> (String, String) {
    let since = world.emulator.last_statement();
    let args: Vec<&str> = ["import", "--connection-ref", "prod"].iter().chain(places).copied().collect();
    let said = world.run(&args).ends(0);
    // The check at the end reads nothing again.
    let sent: Vec<String> = world.emulator.statements(since).into_iter().map(|sent| sent.text).collect();
    let twice: Vec<_> = sent.iter().enumerate().filter(|(n, text)| sent[..*n].contains(text)).collect();
    assert!(twice.is_empty(), "{twice:#?}");
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
            "CREATE VIEW DB.S.MASKED (\"n\" WITH MASKING POLICY DB.GOVERNANCE.HIDE) AS SELECT CODE FROM DB.S.PARENT",
            "CREATE VIEW DB.S.UNNAMED AS SELECT CODE FROM DB.S.PARENT",
            "ALTER VIEW DB.S.UNNAMED ALTER COLUMN CODE SET MASKING POLICY DB.S.MASK",
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

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_texts_survive() {
    let world = World::new().await;
    let texts = [
        "---\nkind: Secret\n...\n",
        "a: b # c\n  - d\n\ttab",
        "\n\n  leading and trailing  \n\n",
        "%YAML 1.2\n--- |\n",
        "'\"`$$ \\n {{ x }} ${y} &a *b !!c",
        "null",
        "line\r\nend \u{85}\u{2028}\u{feff}é🦀",
        "",
    ];
    let names = [
        "lower",
        "Odd name.x",
        "a\"\"b",
        "---",
        "y",
        "semi;colon--",
        "new\nline",
        "é🦀",
        "# not a comment: x",
    ];
    all_sql(
        &world,
        &["CREATE WAREHOUSE WH", "CREATE DATABASE \"d.b\"", "CREATE SCHEMA \"d.b\".\"s \"\"x\"\"\""],
    );
    let place = "\"d.b\".\"s \"\"x\"\"\"";
    for (n, name) in names.iter().enumerate() {
        let comment = texts[n % texts.len()].replace('\\', "\\\\").replace('\'', "''");
        let own = format!("{place}.\"{name}\"");
        all_sql(
            &world,
            &[
                &format!(
                    "CREATE TABLE {own} (\"{name}\" VARCHAR COMMENT '{comment}', N INT DEFAULT 1, PRIMARY KEY (\"{name}\")) COMMENT = '{comment}'"
                ),
                &format!("CREATE STREAM {own} ON TABLE {own} COMMENT = '{comment}'"),
                &format!("CREATE SEQUENCE {own} COMMENT = '{comment}'"),
                &format!(
                    "CREATE VIEW {place}.\"view {name}\" (\"{name}\" COMMENT '{comment}') AS SELECT \"{name}\"\n--- '\nFROM {own}"
                ),
                &format!("CREATE TASK {own} WAREHOUSE = WH COMMENT = '{comment}' AS SELECT '{comment}'"),
                &format!("CREATE TASK {place}.\"child of {name}\" WAREHOUSE = WH AFTER {own} AS SELECT 1"),
                &format!(
                    "CREATE PROCEDURE {own}(\"{name}\" VARCHAR) RETURNS VARCHAR LANGUAGE SQL COMMENT = '{comment}' AS 'BEGIN\n---\n  RETURN ''{name}'';\nEND'"
                ),
            ],
        );
    }
    let (out, err) = imported(&world, &["--schema", place]);
    assert!(!err.contains("left out"), "{err}\n{out}");
    assert!(out.contains("  name: d-b-s--x\n"), "{out}");
    // Whoever reads it, and be it line by line, finds one document.
    assert_eq!(out.lines().filter(|line| line.starts_with("---")).count(), 0, "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_manifest_cannot_say_is_left_out_with_the_reason() {
    let world = World::new().await;
    all_sql(
        &world,
        &[
            "CREATE WAREHOUSE WH",
            "CREATE DATABASE DB",
            "CREATE SCHEMA DB.S",
            &format!(
                "CREATE STAGE DB.S.SECRET URL = 's3://bucket/path' CREDENTIALS = (AWS_KEY_ID = 'a' AWS_SECRET_KEY = '{MARK}')"
            ),
            &format!("CREATE STAGE DB.S.TOKEN URL = 'azure://a.blob.core.windows.net/c?sig={MARK}'"),
            &format!(
                "CREATE TASK DB.S.COPIES WAREHOUSE = WH AS COPY INTO 's3://b' FROM DB.S.T CREDENTIALS = (AWS_KEY_ID = 'a' AWS_SECRET_KEY = '{MARK}')"
            ),
            "CREATE FUNCTION DB.S.JAVA(A VARCHAR) RETURNS VARCHAR LANGUAGE JAVA HANDLER = 'A.f' AS 'class A { static String f(String a) { return a; } }'",
            "CREATE PROCEDURE DB.S.DEFAULTS(A NUMBER DEFAULT 1) RETURNS VARCHAR LANGUAGE SQL AS 'BEGIN RETURN 1; END'",
            "CREATE TABLE DB.S.T (A INT)",
            "CREATE STREAM DB.S.LOST ON TABLE DB.S.T",
            "CREATE TABLE DB.S.KEPT (A INT)",
            "DROP TABLE DB.S.T",
        ],
    );
    let (out, err) = imported(&world, &["--schema", "DB.S"]);
    for why in [
        "left out: stage DB.S.SECRET: it has credentials",
        "left out: stage DB.S.TOKEN: its address has more in it than a place",
        "left out: task DB.S.COPIES: its SQL has a credential in it",
        "left out: function DB.S.JAVA(VARCHAR): it is in JAVA",
        "left out: procedure DB.S.DEFAULTS(NUMBER): its arguments have defaults",
        "left out: stream DB.S.LOST: what it is on is gone, or not visible",
    ] {
        assert!(err.contains(why), "{why}\n{err}");
        assert!(out.contains(&format!("# {why}")), "{why}\n{out}");
    }
    assert!(out.contains("- name: KEPT\n"), "{out}");
    assert!(!out.contains(MARK) && !err.contains(MARK));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_empty_missing_or_not_visible_is_told() {
    let world = World::new().await;
    all_sql(
        &world,
        &[
            "CREATE WAREHOUSE WH",
            "CREATE DATABASE DB",
            "CREATE SCHEMA DB.S",
            "CREATE SCHEMA DB.HIDDEN",
            "CREATE TABLE DB.S.T (A INT)",
            "CREATE ROLE NOBODY",
            "CREATE ROLE GUEST",
            "GRANT USAGE ON DATABASE DB TO ROLE GUEST",
            "GRANT USAGE ON SCHEMA DB.S TO ROLE GUEST",
            "GRANT ROLE NOBODY TO USER OPERATOR",
            "GRANT ROLE GUEST TO USER OPERATOR",
        ],
    );
    let (out, _) = imported(&world, &["--schema", "DB.HIDDEN"]);
    assert!(out.ends_with("  schemas:\n  - name: HIDDEN\n"), "{out}");
    for (place, says) in [
        (["--schema", "DB.NONE"], "there is no schema DB.NONE, or the role ACCOUNTADMIN may not see it"),
        (["--schema", "NONE.S"], "there is no database NONE, or the role ACCOUNTADMIN may not see it"),
        (["--database", "NONE"], "there is no database NONE"),
        (["--schema", "S"], "\"S\" is not DATABASE.SCHEMA"),
        (["--schema", "DB.S.T"], "\"DB.S.T\" is not DATABASE.SCHEMA"),
        (["--database", "a b"], "--database:"),
    ] {
        let refused = world.run(&["import", place[0], place[1]]).ends(1);
        assert!(refused.err.contains(says) && refused.out.is_empty(), "{}", refused.err);
    }
    let as_role = |role: &str, place: &str| {
        said(world.command(&["import", "--schema", place]).env("SNOWFLAKE_ROLE", role))
    };
    assert!(as_role("NOBODY", "DB.S").ends(1).err.contains("the role NOBODY may not see it"));
    assert!(as_role("GUEST", "DB.HIDDEN").ends(1).err.contains("the role GUEST may not see it"));
    // Nothing of what is in it is visible: the schema alone is written, and that is said.
    let guest = as_role("GUEST", "DB.S").ends(0);
    assert!(!guest.out.contains("tables:"), "{}", guest.out);
    assert!(guest.err.contains("DB.S: 0 objects"), "{}", guest.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_or_owned_otherwise_is_not_asked_for() {
    let world = World::new().await;
    all_sql(
        &world,
        &[
            "CREATE WAREHOUSE WH",
            "CREATE DATABASE DB",
            "CREATE SCHEMA DB.S",
            "CREATE ROLE TEAM",
            "CREATE TABLE DB.S.STG_A (A INT)",
            "CREATE TABLE DB.S.B (A INT)",
            "CREATE PROCEDURE DB.S.STG_P() RETURNS VARCHAR LANGUAGE SQL AS 'BEGIN RETURN 1; END'",
            "CREATE PROCEDURE DB.S.STG_Q() RETURNS VARCHAR LANGUAGE SQL AS 'BEGIN RETURN 1; END'",
            "GRANT OWNERSHIP ON TABLE DB.S.STG_A TO ROLE TEAM",
            "GRANT OWNERSHIP ON PROCEDURE DB.S.STG_Q() TO ROLE TEAM",
            "GRANT ROLE TEAM TO ROLE ACCOUNTADMIN",
        ],
    );
    let (out, _) = imported(&world, &["--schema", "DB.S", "--like", "stg\\_%"]);
    assert!(out.contains("STG_A") && out.contains("STG_P") && !out.contains("- name: B"), "{out}");
    let (out, _) = imported(&world, &["--schema", "DB.S", "--owner", "TEAM"]);
    assert!(out.contains("STG_A") && out.contains("STG_Q") && !out.contains("STG_P"), "{out}");
    assert!(!out.contains("schemas:"), "{out}");
    let both = world.run(&["import", "--schema", "DB.S", "--kind", "warehouse"]).ends(0).out;
    assert!(both.contains("kind: SnowflakeWarehouse") && both.contains("kind: CortexPipeline"), "{both}");
}
