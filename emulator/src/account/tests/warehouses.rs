//! Warehouses.

use super::super::Edition;
use super::{Session, column, short};

const SHAPE: &str = "type size min_cluster_count max_cluster_count scaling_policy auto_suspend auto_resume \
                     enable_query_acceleration query_acceleration_max_scale_factor resource_constraint generation \
                     max_query_performance_level query_throughput_multiplier state";

/// (statements, SHOW WAREHOUSES LIKE 'w')
const CREATED: &[(&str, &str)] = &[
    ("CREATE WAREHOUSE w", "STANDARD|X-Small|1|1|STANDARD|600|true|true|2|NULL|2|NULL|NULL|STARTED"),
    (
        "CREATE WAREHOUSE w WITH WAREHOUSE_SIZE = 'xxlarge' INITIALLY_SUSPENDED = TRUE AUTO_SUSPEND = NULL \
         AUTO_RESUME = FALSE GENERATION = '1' ENABLE_QUERY_ACCELERATION = FALSE",
        "STANDARD|2X-Large|1|1|STANDARD|NULL|false|false|2|NULL|1|NULL|NULL|SUSPENDED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = X6LARGE MAX_CLUSTER_COUNT = 10 MIN_CLUSTER_COUNT = 2 \
         SCALING_POLICY = 'ECONOMY' AUTO_SUSPEND = 0 INITIALLY_SUSPENDED = TRUE",
        "STANDARD|6X-Large|2|10|ECONOMY|0|true|true|2|NULL|1|NULL|NULL|SUSPENDED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED' INITIALLY_SUSPENDED = TRUE",
        "SNOWPARK-OPTIMIZED|Medium|1|1|STANDARD|600|true|true|2|MEMORY_16X|NULL|NULL|NULL|SUSPENDED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED' WAREHOUSE_SIZE = LARGE \
         RESOURCE_CONSTRAINT = 'memory_64x_X86'",
        "SNOWPARK-OPTIMIZED|Large|1|1|STANDARD|600|true|true|2|MEMORY_64X_x86|NULL|NULL|NULL|STARTED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = 'ADAPTIVE'",
        "ADAPTIVE|NULL|NULL|NULL|NULL|NULL|true|NULL|NULL|NULL|NULL|X-Large|2|ENABLED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = ADAPTIVE MAX_QUERY_PERFORMANCE_LEVEL = 'XSMALL' \
         QUERY_THROUGHPUT_MULTIPLIER = 0",
        "ADAPTIVE|NULL|NULL|NULL|NULL|NULL|true|NULL|NULL|NULL|NULL|X-Small|0|ENABLED",
    ),
    (
        "CREATE INTERACTIVE WAREHOUSE w",
        "INTERACTIVE|X-Small|1|1|STANDARD|86400|true|false|8|NULL|NULL|NULL|NULL|STARTED",
    ),
    (
        "CREATE WAREHOUSE w AUTO_SUSPEND = 60; ALTER WAREHOUSE w UNSET AUTO_SUSPEND",
        "STANDARD|X-Small|1|1|STANDARD|NULL|true|true|2|NULL|2|NULL|NULL|STARTED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = MEDIUM; ALTER WAREHOUSE w SUSPEND; \
         ALTER WAREHOUSE w SET WAREHOUSE_TYPE = 'ADAPTIVE'",
        "ADAPTIVE|NULL|NULL|NULL|NULL|NULL|true|NULL|NULL|NULL|NULL|Large|2|DISABLED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = MEDIUM INITIALLY_SUSPENDED = TRUE; \
         ALTER WAREHOUSE w SET WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED'; ALTER WAREHOUSE w RESUME; \
         ALTER WAREHOUSE w UNSET WAREHOUSE_TYPE",
        "STANDARD|Medium|1|1|STANDARD|600|true|true|2|NULL|2|NULL|NULL|STARTED",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = LARGE AUTO_SUSPEND = 60 COMMENT = 'x' INITIALLY_SUSPENDED = TRUE; \
         CREATE OR ALTER WAREHOUSE w AUTO_RESUME = FALSE",
        "STANDARD|Large|1|1|STANDARD|600|false|true|2|NULL|2|NULL|NULL|SUSPENDED",
    ),
    (
        "CREATE WAREHOUSE w MAX_CLUSTER_COUNT = 4 MIN_CLUSTER_COUNT = 2; \
         ALTER WAREHOUSE w SET WAREHOUSE_SIZE = 'X-LARGE' WAIT_FOR_COMPLETION = TRUE, MAX_CLUSTER_COUNT = 3; \
         ALTER WAREHOUSE w UNSET MIN_CLUSTER_COUNT, SCALING_POLICY",
        "STANDARD|X-Large|1|3|STANDARD|600|true|true|2|NULL|2|NULL|NULL|STARTED",
    ),
];

#[test]
fn what_is_set_and_what_is_default_shows() {
    for (statements, expected) in CREATED {
        let mut session = Session::enterprise();
        session.all(statements);
        assert_eq!(session.row("SHOW WAREHOUSES LIKE 'w'", SHAPE), *expected, "{statements}");
    }
}

/// (statements before, statement, error)
const REFUSED: &[(&str, &str, &str)] = &[
    ("CREATE WAREHOUSE w", "CREATE WAREHOUSE w", "002002 42710 Object 'W' already exists."),
    ("", "ALTER WAREHOUSE w SUSPEND", "002003 02000 Warehouse 'W' does not exist or not authorized."),
    ("", "DROP WAREHOUSE \"w\"", "002003 02000 Warehouse '\"w\"' does not exist or not authorized."),
    ("", "DESC WAREHOUSE w", "002003 02000 Warehouse 'W' does not exist or not authorized."),
    ("", "USE WAREHOUSE w", "002043 02000 Object does not exist, or operation cannot be performed."),
    (
        "CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE",
        "ALTER WAREHOUSE w SUSPEND",
        "090064 22000 Invalid state. Warehouse 'W' cannot be suspended.",
    ),
    (
        "CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w RESUME",
        "090063 22000 Invalid state. Warehouse 'W' cannot be resumed.",
    ),
    (
        "CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w SET WAREHOUSE_TYPE = 'ADAPTIVE'",
        "090064 22000 Invalid state. Warehouse 'W' must be suspended first.",
    ),
    (
        "CREATE INTERACTIVE WAREHOUSE w",
        "ALTER WAREHOUSE w SET WAREHOUSE_SIZE = SMALL",
        "090064 22000 Invalid state. Warehouse 'W' must be suspended first.",
    ),
    (
        "CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w UNSET WAREHOUSE_SIZE",
        "000002 0A000 Unsupported feature 'UNSET WAREHOUSE_SIZE'.",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED' WAREHOUSE_SIZE = XSMALL",
        "001425 22023 invalid property combination 'RESOURCE_CONSTRAINT'='MEMORY_16X' and 'WAREHOUSE_SIZE'='X-Small'",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED' WAREHOUSE_SIZE = MEDIUM RESOURCE_CONSTRAINT = MEMORY_64X",
        "001425 22023 invalid property combination 'RESOURCE_CONSTRAINT'='MEMORY_64X' and 'WAREHOUSE_SIZE'='Medium'",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = ADAPTIVE WAREHOUSE_SIZE = SMALL",
        "001425 22023 invalid property combination 'WAREHOUSE_SIZE'='Small' and 'WAREHOUSE_TYPE'='ADAPTIVE'",
    ),
    (
        "",
        "CREATE WAREHOUSE w MAX_QUERY_PERFORMANCE_LEVEL = SMALL",
        "001425 22023 invalid property combination 'MAX_QUERY_PERFORMANCE_LEVEL'='Small' and 'WAREHOUSE_TYPE'='STANDARD'",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = X5LARGE GENERATION = '2'",
        "001425 22023 invalid property combination 'GENERATION'='2' and 'WAREHOUSE_SIZE'='5X-Large'",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = X4LARGE MAX_CLUSTER_COUNT = 11",
        "001425 22023 invalid property combination 'MAX_CLUSTER_COUNT'='11' and 'WAREHOUSE_SIZE'='4X-Large'",
    ),
    (
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = MEDIUM MAX_CLUSTER_COUNT = 300",
        "ALTER WAREHOUSE w SET WAREHOUSE_SIZE = LARGE",
        "001425 22023 invalid property combination 'MAX_CLUSTER_COUNT'='300' and 'WAREHOUSE_SIZE'='Large'",
    ),
    (
        "",
        "CREATE WAREHOUSE w MIN_CLUSTER_COUNT = 2",
        "001008 22023 invalid value [2] for parameter 'MIN_CLUSTER_COUNT'",
    ),
    (
        "",
        "CREATE WAREHOUSE w MAX_CLUSTER_COUNT = 0",
        "001008 22023 invalid value [0] for parameter 'MAX_CLUSTER_COUNT'",
    ),
    (
        "",
        "CREATE WAREHOUSE w AUTO_SUSPEND = -1",
        "001008 22023 invalid value [-1] for parameter 'AUTO_SUSPEND'",
    ),
    (
        "",
        "CREATE WAREHOUSE w AUTO_SUSPEND = 1.5",
        "001008 22023 invalid value [1.5] for parameter 'AUTO_SUSPEND'",
    ),
    (
        "",
        "CREATE WAREHOUSE w AUTO_SUSPEND = 99999999999999999999",
        "001008 22023 invalid value [99999999999999999999] for parameter 'AUTO_SUSPEND'",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_SIZE = HUGE",
        "001008 22023 invalid value [HUGE] for parameter 'WAREHOUSE_SIZE'",
    ),
    (
        "",
        "CREATE WAREHOUSE w AUTO_RESUME = 'yes'",
        "001008 22023 invalid value [yes] for parameter 'AUTO_RESUME'",
    ),
    ("", "CREATE WAREHOUSE w GENERATION = 2", "001008 22023 invalid value [2] for parameter 'GENERATION'"),
    (
        "",
        "CREATE WAREHOUSE w RESOURCE_CONSTRAINT = STANDARD_GEN_2",
        "001008 22023 invalid value [STANDARD_GEN_2] for parameter 'RESOURCE_CONSTRAINT'",
    ),
    (
        "",
        "CREATE WAREHOUSE w WAREHOUSE_TYPE = ADAPTIVE QUERY_THROUGHPUT_MULTIPLIER = 1",
        "001008 22023 invalid value [1] for parameter 'QUERY_THROUGHPUT_MULTIPLIER'",
    ),
    (
        "",
        "CREATE WAREHOUSE w STATEMENT_TIMEOUT_IN_SECONDS = 604801",
        "001008 22023 invalid value [604801] for parameter 'STATEMENT_TIMEOUT_IN_SECONDS'",
    ),
    (
        "",
        "CREATE WAREHOUSE w COLOUR = RED",
        "001003 42000 syntax error line 1 at position 19 unexpected 'COLOUR'.",
    ),
    (
        "",
        "CREATE WAREHOUSE w\n  AUTO_SUSPEND = 1\n  AUTO_SUSPEND = 2",
        "001003 42000 syntax error line 3 at position 2 unexpected 'AUTO_SUSPEND'.",
    ),
    ("", "CREATE WAREHOUSE", "001003 42000 syntax error line 1 at position 16 unexpected '<EOF>'."),
    (
        "CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w SET",
        "001003 42000 syntax error line 1 at position 21 unexpected '<EOF>'.",
    ),
    (
        "CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w SET INITIALLY_SUSPENDED = TRUE",
        "001003 42000 syntax error line 1 at position 22 unexpected 'INITIALLY_SUSPENDED'.",
    ),
    (
        "CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w SET WAIT_FOR_COMPLETION = TRUE",
        "001420 22023 invalid property 'WAIT_FOR_COMPLETION' for 'WAREHOUSE'",
    ),
    (
        "",
        "CREATE OR REPLACE WAREHOUSE IF NOT EXISTS w",
        "001003 42000 options IF NOT EXISTS and OR REPLACE are incompatible.",
    ),
    (
        "",
        "CREATE WAREHOUSE w RESOURCE_MONITOR = m",
        "002003 02000 Resource monitor 'M' does not exist or not authorized.",
    ),
    (
        "",
        "CREATE INTERACTIVE WAREHOUSE w TABLES (d.s.t)",
        "002003 42S02 Table 'D.S.T' does not exist or not authorized.",
    ),
    (
        "CREATE WAREHOUSE v; CREATE WAREHOUSE w",
        "ALTER WAREHOUSE w RENAME TO v",
        "002002 42710 Object 'V' already exists.",
    ),
];

#[test]
fn what_cannot_be_is_refused_and_nothing_changes() {
    for (before, statement, expected) in REFUSED {
        let mut session = Session::enterprise();
        session.all(before);
        assert_eq!(short(&session.refused(statement)), *expected, "{statement}");
    }
}

/// (statement, code): a Standard account lacks the feature.
#[test]
fn the_standard_edition_lacks_clusters_acceleration_and_adaptive() {
    for property in [
        "MAX_CLUSTER_COUNT = 1",
        "MIN_CLUSTER_COUNT = 1",
        "SCALING_POLICY = STANDARD",
        "ENABLE_QUERY_ACCELERATION = FALSE",
        "QUERY_ACCELERATION_MAX_SCALE_FACTOR = 0",
        "WAREHOUSE_TYPE = ADAPTIVE",
    ] {
        let mut session = Session::new(Edition::Standard);
        let error = session.refused(&format!("CREATE WAREHOUSE w {property}"));
        assert_eq!((error.code, error.sql_state), (1423, "22023"), "{property}: {error}");
        session.ok("CREATE WAREHOUSE w");
        let rows = session.ok("SHOW WAREHOUSES");
        assert!(!rows.columns.iter().any(|column| column.name.ends_with("cluster_count")));
        assert!(rows.rows.iter().all(|row| row.len() == rows.columns.len()));
    }
}

#[test]
fn statements_answer_in_snowflakes_words() {
    let mut session = Session::enterprise();
    for (statement, answer) in [
        ("CREATE WAREHOUSE w", "Warehouse W successfully created."),
        ("CREATE WAREHOUSE IF NOT EXISTS w", "W already exists, statement succeeded."),
        ("CREATE OR REPLACE WAREHOUSE w", "Warehouse W successfully created."),
        ("ALTER WAREHOUSE w SET COMMENT = 'x'", "Statement executed successfully."),
        ("ALTER WAREHOUSE IF EXISTS nope SUSPEND", "Statement executed successfully."),
        ("ALTER WAREHOUSE SUSPEND", "Statement executed successfully."),
        ("ALTER WAREHOUSE RESUME IF SUSPENDED", "Statement executed successfully."),
        ("ALTER WAREHOUSE w RESUME IF SUSPENDED", "Statement executed successfully."),
        ("DROP WAREHOUSE w", "W successfully dropped."),
        ("DROP WAREHOUSE IF EXISTS w;", "Drop statement executed successfully (W already dropped)."),
    ] {
        assert_eq!(session.cell(statement), answer, "{statement}");
    }
}

#[test]
fn a_warehouse_stops_by_itself_and_moves_updated_on() {
    let mut session = Session::enterprise();
    session.all("CREATE WAREHOUSE w AUTO_SUSPEND = 60; CREATE WAREHOUSE forever AUTO_SUSPEND = 0");
    let created = session.row("SHOW WAREHOUSES LIKE 'w'", "updated_on");
    session.pass(59);
    assert_eq!(
        session.row("SHOW WAREHOUSES LIKE 'w'", "state started_clusters updated_on"),
        format!("STARTED|1|{created}")
    );
    session.pass(2);
    let stopped = session.row("SHOW WAREHOUSES LIKE 'w'", "updated_on");
    assert_ne!(stopped, created);
    assert_eq!(session.row("SHOW WAREHOUSES LIKE 'w'", "state started_clusters"), "SUSPENDED|0");
    assert_eq!(session.row("SHOW WAREHOUSES LIKE 'forever'", "state"), "STARTED");
    session.ok("ALTER WAREHOUSE w RESUME");
    let resumed = session.row("SHOW WAREHOUSES LIKE 'w'", "resumed_on updated_on");
    assert!(!resumed.contains(&stopped) && !resumed.contains(&created), "{resumed}");
}

#[test]
fn statements_run_on_a_warehouse_until_they_end_or_are_aborted() {
    let mut session = Session::enterprise();
    session.ok("CREATE WAREHOUSE w AUTO_SUSPEND = 60");
    session.account.started("q1", "W", session.now);
    session.account.started("q2", "W", session.now);
    session.pass(100);
    assert_eq!(session.row("SHOW WAREHOUSES", "state running"), "STARTED|2");
    session.account.ended("q1", session.now);
    session.ok("ALTER WAREHOUSE w ABORT ALL QUERIES");
    assert_eq!(session.account.take_aborted(), ["q2"]);
    assert_eq!(session.row("SHOW WAREHOUSES", "running"), "0");
}

#[test]
fn parameters_say_where_they_were_set() {
    let mut session = Session::enterprise();
    session.all("CREATE WAREHOUSE w STATEMENT_TIMEOUT_IN_SECONDS = 60; ALTER ACCOUNT SET STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = 7");
    let rows = session.ok("SHOW PARAMETERS IN WAREHOUSE w");
    let line =
        |at: usize| rows.rows[at][..4].iter().map(|cell| cell.clone().unwrap()).collect::<Vec<_>>().join("|");
    assert_eq!(line(0), "MAX_CONCURRENCY_LEVEL|8|8|");
    assert_eq!(line(1), "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS|7|0|ACCOUNT");
    assert_eq!(line(2), "STATEMENT_TIMEOUT_IN_SECONDS|60|172800|WAREHOUSE");
    session.ok("ALTER WAREHOUSE w UNSET STATEMENT_TIMEOUT_IN_SECONDS");
    let level = session.column("SHOW PARAMETERS LIKE 'statement\\_timeout%' IN WAREHOUSE w", "level");
    assert_eq!(level, [""]);
    session.all(
        "CREATE WAREHOUSE a WAREHOUSE_TYPE = ADAPTIVE; CREATE INTERACTIVE WAREHOUSE i FALLBACK_WAREHOUSE = w",
    );
    assert_eq!(session.ok("SHOW PARAMETERS IN WAREHOUSE a").rows.len(), 2);
    let fallback = session.row("SHOW PARAMETERS LIKE 'FALLBACK_WAREHOUSE' IN WAREHOUSE i", "value level");
    assert_eq!(fallback, "W|WAREHOUSE");
}

#[test]
fn interactive_warehouses_name_their_tables() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE INTERACTIVE TABLE t1 (a NUMBER(38,0), b VARCHAR NOT NULL) CLUSTER BY (a); \
         CREATE INTERACTIVE TABLE d.public.t2 (a INT); CREATE TABLE plain (a INT); \
         CREATE INTERACTIVE WAREHOUSE w TABLES (t1)",
    );
    assert_eq!(session.row("SHOW WAREHOUSES", "tables"), "D.PUBLIC.T1");
    session.ok("ALTER WAREHOUSE w ADD TABLES (d.public.t2)");
    assert_eq!(session.row("SHOW WAREHOUSES", "tables"), "D.PUBLIC.T1, D.PUBLIC.T2");
    session.ok("ALTER WAREHOUSE w DROP TABLES (t1)");
    assert_eq!(session.row("SHOW WAREHOUSES", "tables"), "D.PUBLIC.T2");
    assert_eq!(session.refused("ALTER WAREHOUSE w ADD TABLES (plain)").code, 1008);
}

#[test]
fn or_replace_is_another_object() {
    let mut session = Session::enterprise();
    session.all("CREATE ROLE r; CREATE WAREHOUSE w; GRANT USAGE ON WAREHOUSE w TO ROLE r");
    let before = session.row("SHOW WAREHOUSES", "created_on uuid");
    assert_eq!(session.ok("SHOW GRANTS ON WAREHOUSE w").rows.len(), 2);
    session.ok("CREATE OR REPLACE WAREHOUSE w");
    assert_ne!(session.row("SHOW WAREHOUSES", "created_on uuid"), before);
    assert_eq!(session.ok("SHOW GRANTS ON WAREHOUSE w").rows.len(), 1);
    assert!(session.ok("SHOW GRANTS TO ROLE r").rows.is_empty());
}

#[test]
fn creating_switches_the_sessions_warehouse_and_renaming_follows() {
    let mut session = Session::enterprise();
    session.all("CREATE WAREHOUSE a; CREATE WAREHOUSE \"b c\"");
    assert_eq!(session.cell("SELECT CURRENT_WAREHOUSE()"), "b c");
    session.ok("ALTER WAREHOUSE \"b c\" RENAME TO d");
    assert_eq!(session.cell("SELECT CURRENT_WAREHOUSE()"), "D");
    assert_eq!(session.column("SHOW WAREHOUSES", "is_current"), ["N", "Y"]);
    session.ok("DROP WAREHOUSE d");
    assert_eq!(session.cell("SELECT CURRENT_WAREHOUSE()"), "NULL");
}

#[test]
fn ten_thousand_warehouses_are_no_burden() {
    let mut account = super::super::Account::new("a", "b", Edition::Enterprise);
    let mut session = Session::enterprise();
    let start = std::time::Instant::now();
    for n in 0..10_000 {
        account.execute(&mut session.context, &format!("CREATE WAREHOUSE w{n}"), super::NOON).unwrap();
    }
    let rows = account.execute(&mut session.context, "SHOW WAREHOUSES", super::NOON).unwrap();
    assert_eq!(rows.rows.len(), 10_000);
    account.execute(&mut session.context, "CREATE WAREHOUSE w", super::NOON).unwrap();
    // Quadratic work would take minutes; a slow machine must not fail here.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let mut created = column(&rows, "created_on");
    created.sort();
    created.dedup();
    assert_eq!(created.len(), 10_000, "created_on is unique");
}
