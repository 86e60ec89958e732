//! Tasks and task graphs.

use super::{Session, short};

pub(super) fn with_schema() -> Session {
    let mut session = Session::enterprise();
    session.all("CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE; CREATE DATABASE d; CREATE SCHEMA d.s");
    session
}

/// A root, two children of it, one child of both, and a finalizer.
pub(super) fn with_graph() -> Session {
    let mut session = with_schema();
    session.all(
        "CREATE TASK root WAREHOUSE = w SCHEDULE = '60 MINUTES' AS SELECT 1;
         CREATE TASK a WAREHOUSE = w AFTER root AS SELECT 1;
         CREATE TASK b WAREHOUSE = w AFTER root AS SELECT 1;
         CREATE TASK c WAREHOUSE = w AFTER a, b AS SELECT 1;
         CREATE TASK fin WAREHOUSE = w FINALIZE = root AS SELECT 1",
    );
    session
}

fn states(session: &mut Session) -> String {
    let rows = session.ok("SHOW TASKS IN SCHEMA d.s");
    let names = super::column(&rows, "name");
    let states = super::column(&rows, "state");
    names.iter().zip(states).map(|(name, state)| format!("{name} {state}")).collect::<Vec<_>>().join(", ")
}

const NOT_SUSPENDED: &str =
    "091421 22000 Unable to update graph with root task D.S.ROOT since that root task is not suspended.";

#[test]
fn a_task_is_shown_as_it_was_made() {
    let mut session = with_schema();
    session.ok(
        "CREATE TASK t WITH TAG () WAREHOUSE = w SCHEDULE = 'USING CRON 0 9-17 * * SUN America/Los_Angeles'
         CONFIG = $${\"a\": 1}$$ OVERLAP_POLICY = ALLOW_CHILD_OVERLAP TIMEZONE = 'UTC', USER_TASK_TIMEOUT_MS = 500
         COMMENT = 'x' WHEN SYSTEM$STREAM_HAS_DATA('S') AS\n  SELECT 1,\n    2 -- why\n",
    );
    assert_eq!(
        session.row(
            "DESCRIBE TASK t",
            "name database_name schema_name owner comment warehouse schedule predecessors state definition condition"
        ),
        "T|D|S|ACCOUNTADMIN|x|W|USING CRON 0 9-17 * * SUN America/Los_Angeles|[]|suspended|SELECT 1,\n    2 -- why|SYSTEM$STREAM_HAS_DATA('S')"
    );
    assert_eq!(
        session.row("SHOW TASKS LIKE 't'", "allow_overlapping_execution overlap_policy error_integration config last_committed_on last_suspended_reason task_relations execute_as_user"),
        "true|ALLOW_CHILD_OVERLAP|null|{\"a\": 1}|NULL|NULL|{\"Predecessors\":[]}|NULL"
    );
    let parameters = "SHOW PARAMETERS LIKE '%TIME%' IN TASK d.s.t";
    let rows = session.ok(parameters);
    let at = |key: &str| {
        let place = super::column(&rows, "key").iter().position(|name| name == key).unwrap();
        format!("{} {}", super::column(&rows, "value")[place], super::column(&rows, "level")[place])
    };
    assert_eq!(at("USER_TASK_TIMEOUT_MS"), "500 TASK");
    assert_eq!(at("TIMEZONE"), "UTC TASK");
    assert_eq!(at("TIME_INPUT_FORMAT"), "AUTO ");
    assert_eq!(session.ok("SHOW TERSE TASKS").columns.len(), 6);
    assert_eq!(session.column("SHOW TERSE TASKS", "kind"), ["NULL"]);
}

#[test]
fn a_body_may_be_a_block() {
    let mut session = with_schema();
    let block = "BEGIN\n  ALTER SESSION SET TIMEZONE = 'UTC';\n  SELECT CURRENT_TIMESTAMP;\nEND";
    session.ok(&format!("CREATE TASK t SCHEDULE = '15 SECONDS' AS {block};"));
    assert_eq!(
        session.row("SHOW TASKS", "definition warehouse scheduling_mode"),
        format!("{block}|null|FIXED")
    );
    session.ok("ALTER TASK t MODIFY AS CALL p()");
    assert_eq!(session.row("SHOW TASKS", "definition"), "CALL p()");
}

#[test]
fn replaced_cloned_and_altered_tasks() {
    let mut session = with_schema();
    session.all(
        "CREATE TASK t WAREHOUSE = w SCHEDULE = '5 MINUTE' COMMENT = 'x' AS SELECT 1; ALTER TASK t RESUME",
    );
    let id = session.row("SHOW TASKS", "id created_on");
    assert_eq!(
        session.cell("CREATE TASK IF NOT EXISTS t AS SELECT 2"),
        "T already exists, statement succeeded."
    );
    assert_eq!(short(&session.refused("CREATE OR ALTER TASK t AS SELECT 2"))[..6], *"091421");
    session.all("ALTER TASK t SUSPEND; CREATE OR ALTER TASK t SCHEDULE = '6 MINUTE' AS SELECT 2");
    assert_eq!(session.row("SHOW TASKS", "id created_on"), id, "altered, not replaced");
    assert_eq!(session.row("SHOW TASKS", "comment warehouse schedule definition"), "|null|6 MINUTE|SELECT 2");
    session.ok("ALTER TASK t RESUME");
    // A started task that stands alone may be replaced; the new one is suspended.
    session.ok("CREATE OR REPLACE TASK t WAREHOUSE = w SCHEDULE = '5 MINUTE' AS SELECT 3");
    assert_ne!(session.row("SHOW TASKS", "id created_on"), id);
    assert_eq!(session.row("SHOW TASKS", "state"), "suspended");
    session.ok("CREATE TASK u CLONE t");
    assert_eq!(
        session.row("SHOW TASKS LIKE 'u'", "definition schedule warehouse state"),
        "SELECT 3|5 MINUTE|W|suspended"
    );
}

#[test]
fn a_graph_shows_its_relations() {
    let mut session = with_graph();
    let relations = |session: &mut Session, name: &str| {
        session.row(&format!("SHOW TASKS LIKE '{name}'"), "task_relations schedule config overlap_policy")
    };
    assert_eq!(
        relations(&mut session, "root"),
        "{\"Predecessors\":[],\"FinalizerTask\":\"D.S.FIN\"}|60 MINUTES|NULL|NO_OVERLAP"
    );
    assert_eq!(relations(&mut session, "c"), "{\"Predecessors\":[\"D.S.A\",\"D.S.B\"]}|NULL|NULL|NULL");
    assert_eq!(
        relations(&mut session, "fin"),
        "{\"FinalizedRootTask\":\"D.S.ROOT\",\"Predecessors\":[]}|NULL|NULL|NULL"
    );
    assert_eq!(session.row("SHOW TASKS LIKE 'c'", "predecessors"), "[\n  \"D.S.A\",\n  \"D.S.B\"\n]");
    assert_eq!(session.column("SHOW TASKS ROOT ONLY", "name"), ["ROOT"]);
    assert_eq!(session.column("SHOW TASKS IN SCHEMA d.s STARTS WITH 'A' LIMIT 5", "name"), ["A"]);
}

#[test]
fn nothing_in_a_graph_changes_while_its_root_is_started() {
    let mut session = with_graph();
    assert_eq!(session.cell("SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('d.s.root')"), "true");
    assert_eq!(states(&mut session), "A started, B started, C started, FIN started, ROOT started");
    for statement in [
        "ALTER TASK root SET COMMENT = 'x'",
        "ALTER TASK c SET COMMENT = 'x'",
        "ALTER TASK a SUSPEND",
        "ALTER TASK a RESUME",
        "ALTER TASK c REMOVE AFTER a",
        "ALTER TASK c MODIFY AS SELECT 2",
        "ALTER TASK c MODIFY WHEN TRUE",
        "ALTER TASK fin UNSET FINALIZE",
        "CREATE TASK e WAREHOUSE = w AFTER c AS SELECT 1",
        "CREATE OR REPLACE TASK c WAREHOUSE = w AFTER a AS SELECT 1",
        "CREATE OR ALTER TASK c WAREHOUSE = w AFTER a AS SELECT 1",
        "CREATE TASK e CLONE c",
        "DROP TASK c",
        "DROP TASK root",
        "GRANT OWNERSHIP ON TASK c TO ROLE sysadmin",
    ] {
        assert_eq!(short(&session.refused(statement)), NOT_SUSPENDED, "{statement}");
    }
    // Tags are no part of it.
    session.all("CREATE TAG g; ALTER TASK c SET TAG g = 'v'");
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('d.s.g', 'd.s.c', 'TASK')"), "v");
    session.all("ALTER TASK root SUSPEND; ALTER TASK c SET COMMENT = 'x'; ALTER TASK a SUSPEND; DROP TASK a");
    assert_eq!(states(&mut session), "B started, C started, FIN started, ROOT suspended");
    assert_eq!(session.row("SHOW TASKS LIKE 'root'", "last_suspended_reason"), "USER_SUSPENDED");
}

#[test]
fn who_loses_all_predecessors_becomes_a_root_and_stops() {
    let mut session = with_graph();
    session.all("ALTER TASK a RESUME; ALTER TASK c RESUME; ALTER TASK fin RESUME; DROP TASK root");
    assert_eq!(states(&mut session), "A suspended, B suspended, C started, FIN suspended");
    let reason = |session: &mut Session, name: &str| {
        session.row(&format!("SHOW TASKS LIKE '{name}'"), "last_suspended_reason")
    };
    assert_eq!(reason(&mut session, "a"), "CHILD_BECAME_ROOT");
    assert_eq!(reason(&mut session, "b"), "NULL");
    assert_eq!(reason(&mut session, "fin"), "FINALIZER_BECAME_ROOT");
    session.ok("ALTER TASK c REMOVE AFTER a, b");
    assert_eq!(reason(&mut session, "c"), "CHILD_BECAME_ROOT");
}

#[test]
fn a_replaced_predecessor_keeps_its_children() {
    let mut session = with_graph();
    session.ok("CREATE OR REPLACE TASK a WAREHOUSE = w AFTER root AS SELECT 2");
    assert_eq!(
        session.row("SHOW TASKS LIKE 'c'", "task_relations"),
        "{\"Predecessors\":[\"D.S.A\",\"D.S.B\"]}"
    );
    session.ok("CREATE OR REPLACE TASK root WAREHOUSE = w SCHEDULE = '5 MINUTE' AS SELECT 2");
    assert!(session.row("SHOW TASKS LIKE 'root'", "task_relations").contains("FinalizerTask"));
}

/// The words are those that Snowflake gives (some of the codes are guesses).
#[test]
fn what_no_graph_can_be() {
    let mut session = with_graph();
    session.all("CREATE SCHEMA s2; CREATE TASK s2.r9 SCHEDULE = '60 MINUTE' AS SELECT 1; USE SCHEMA d.s");
    session.all("CREATE TASK r2 SCHEDULE = '60 MINUTE' AS SELECT 1; CREATE TASK r3 AS SELECT 1");
    for (statement, words) in [
        ("CREATE TASK x AFTER nope AS SELECT 1", "Invalid predecessor NOPE was specified."),
        ("ALTER TASK a ADD AFTER s2.r9", "Cannot have predecessor R9 from a different schema."),
        ("ALTER TASK a ADD AFTER a", "Task A cannot use itself as its predecessor."),
        ("ALTER TASK a ADD AFTER fin", "Task D.S.FIN cannot have children as a finalizer task."),
        ("ALTER TASK r2 ADD AFTER r3", "Task R2 cannot have both a schedule and a predecessor."),
        ("ALTER TASK a SET SCHEDULE = '5 MINUTE'", "Task A cannot have both a schedule and a predecessor."),
        (
            "CREATE TASK x SCHEDULE = '5 MINUTE' AFTER r2 AS SELECT 1",
            "Task X cannot have both a schedule and a predecessor.",
        ),
        ("ALTER TASK a REMOVE AFTER c", "Task A does not have predecessor C."),
        ("ALTER TASK a REMOVE AFTER root, nope", "Invalid predecessor NOPE was specified."),
        (
            "ALTER TASK root ADD AFTER r2",
            "This task has a finalizer and cannot be made a child task. Please remove the finalizer before adding a predecessor.",
        ),
        ("CREATE TASK x FINALIZE = nope AS SELECT 1", "Invalid finalized root task NOPE was specified."),
        ("CREATE TASK x FINALIZE = s2.r9 AS SELECT 1", "Cannot finalize graph S2.R9 in a different schema."),
        ("CREATE TASK x FINALIZE = a AS SELECT 1", "Task D.S.X cannot finalize a non-root task D.S.A."),
        ("CREATE TASK x FINALIZE = root AS SELECT 1", "Finalize target ROOT already have finalizer."),
        (
            "CREATE TASK x FINALIZE = r2 SCHEDULE = '5 MINUTE' AS SELECT 1",
            "Task X cannot have a schedule and be a finalizer task.",
        ),
        (
            "CREATE TASK x FINALIZE = r2 AFTER r3 AS SELECT 1",
            "Task D.S.X cannot have predecessors as a finalizer task.",
        ),
        ("ALTER TASK r3 SET FINALIZE = r3", "Task R3 cannot finalize itself."),
        (
            "CREATE OR REPLACE TASK root AFTER r2 AS SELECT 1",
            "Cannot replace task D.S.ROOT with a non-root task because it has a finalizer task. Please remove the finalizer task first.",
        ),
        ("ALTER TASK a SET CONFIG = '{}'", "Task D.S.A cannot both be a non-root task and have a config."),
        ("ALTER TASK a SET OVERLAP_POLICY = NO_OVERLAP", "Cannot set overlap policy on non-root task D.S.A."),
        (
            "ALTER TASK a SET ALLOW_OVERLAPPING_EXECUTION = TRUE",
            "Cannot set allow_overlapping_execution on non-root task D.S.A.",
        ),
        (
            "ALTER TASK a SET TASK_AUTO_RETRY_ATTEMPTS = 2",
            "Cannot set parameter TASK_AUTO_RETRY_ATTEMPTS on non-root task A. Non-root tasks use the parameter setting from their root task. Please set this on the root task for this task instead.",
        ),
        (
            "EXECUTE TASK a",
            "Execute task cannot be called on non-root task D.S.A. Call EXECUTE TASK on the root task of its graph instead.",
        ),
    ] {
        assert_eq!(session.refused(statement).message, words, "{statement}");
    }
    session.ok("ALTER TASK a SET ALLOW_OVERLAPPING_EXECUTION = FALSE");
}

#[test]
fn cycles_and_second_roots_are_found_when_the_root_starts() {
    let mut session = with_graph();
    session.ok("ALTER TASK a ADD AFTER c");
    let error = session.refused("ALTER TASK root RESUME").message;
    assert!(error.starts_with("Graph has at least one cycle containing task D.S."), "{error}");
    session.all("ALTER TASK a REMOVE AFTER c; CREATE TASK r2 WAREHOUSE = w SCHEDULE = '1 HOUR' AS SELECT 1; ALTER TASK a ADD AFTER r2");
    for root in ["root", "r2"] {
        let error = session.refused(&format!("ALTER TASK {root} RESUME"));
        assert_eq!(error.message, "The graph has more than one root task (one without predecessors).");
    }
}

#[test]
fn properties_have_their_values() {
    let mut session = with_schema();
    session.ok("CREATE TASK t WAREHOUSE = w SCHEDULE = '5 MINUTE' AS SELECT 1");
    for (set, expected) in [
        ("SCHEDULE = '5 DAYS'", "001008 22023 invalid value [5 DAYS] for parameter 'SCHEDULE'"),
        ("SCHEDULE = '5 SECONDS'", "001008 22023 invalid value [5 SECONDS] for parameter 'SCHEDULE'"),
        (
            "SCHEDULE = 'USING CRON 61 * * * * UTC'",
            "001008 22023 invalid value [USING CRON 61 * * * * UTC] for parameter 'SCHEDULE'",
        ),
        ("WAREHOUSE = nope", "091083 42601 Nonexistent warehouse NOPE was specified."),
        ("ERROR_INTEGRATION = nope", "002003 02000 Integration 'NOPE' does not exist or not authorized."),
        (
            "CONFIG = '[1]'",
            "091084 42601 Invalid config. Must be a string representation of a valid JSON Object.",
        ),
        (
            "TASK_AUTO_RETRY_ATTEMPTS = 31",
            "001008 22023 invalid value [31] for parameter 'TASK_AUTO_RETRY_ATTEMPTS'",
        ),
        (
            "USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS = 9",
            "001008 22023 invalid value [9] for parameter 'USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS'",
        ),
        (
            "AUTOCOMMIT = FALSE",
            "091084 42601 The parameter AUTOCOMMIT = false is not supported with Tasks. Remove the parameter and try again.",
        ),
        ("NOT_A_PARAM = 1", "001420 22023 invalid property 'NOT_A_PARAM' for 'TASK'"),
        (
            "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE = 'SMALL' TARGET_COMPLETION_INTERVAL = '10 MINUTES'",
            "091084 42601 Cannot set USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE on a non-serverless task.",
        ),
        (
            "TARGET_COMPLETION_INTERVAL = '10 MINUTES'",
            "091857 42601 TARGET_COMPLETION_INTERVAL is only allowed for serverless Tasks.",
        ),
        (
            "OVERLAP_POLICY = NO_OVERLAP ALLOW_OVERLAPPING_EXECUTION = TRUE",
            "091084 42601 Cannot specify ALLOW_OVERLAPPING_EXECUTION and OVERLAP_POLICY to different values in the same command.",
        ),
    ] {
        assert_eq!(short(&session.refused(&format!("ALTER TASK t SET {set}"))), expected, "{set}");
    }
    session.ok("ALTER TASK t UNSET WAREHOUSE");
    let sizes = "SERVERLESS_TASK_MIN_STATEMENT_SIZE = 'LARGE' SERVERLESS_TASK_MAX_STATEMENT_SIZE = 'SMALL'";
    assert_eq!(
        session.refused(&format!("ALTER TASK t SET {sizes}")).message,
        "SERVERLESS_TASK_MIN_STATEMENT_SIZE (LARGE) cannot be greater than SERVERLESS_TASK_MAX_STATEMENT_SIZE (SMALL)."
    );
    // A serverless triggered task says when it must be done.
    let triggered = "CREATE TASK g WHEN SYSTEM$STREAM_HAS_DATA('S') AS SELECT 1";
    assert_eq!(session.refused(triggered).code, 91_084);
    session.all(
        "CREATE TASK g TARGET_COMPLETION_INTERVAL = '15 M' WHEN SYSTEM$STREAM_HAS_DATA('S') AS SELECT 1; \
         CREATE TASK h WAREHOUSE = w WHEN SYSTEM$STREAM_HAS_DATA('S') AS SELECT 1; ALTER TASK h RESUME",
    );
    session.all("CREATE NOTIFICATION INTEGRATION n TYPE = EMAIL ENABLED = TRUE; ALTER TASK t SET ERROR_INTEGRATION = n");
    assert_eq!(session.row("SHOW TASKS LIKE 't'", "error_integration"), "N");
}
