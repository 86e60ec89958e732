//! Who may run tasks, whose they are, and what becomes of their runs.

use super::short;
use super::tasks::{with_graph, with_schema};

#[test]
fn the_owner_needs_privileges_to_run() {
    let mut session = with_schema();
    session.all(
        "CREATE ROLE r; CREATE ROLE op; GRANT ROLE r TO USER operator; GRANT ROLE op TO USER operator;
         GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE, CREATE TASK ON SCHEMA d.s TO ROLE r;
         GRANT USAGE ON DATABASE d TO ROLE op; GRANT USAGE ON SCHEMA d.s TO ROLE op; GRANT MONITOR ON WAREHOUSE w TO ROLE r",
    );
    session.as_role("R");
    let (own, less) = (
        "CREATE TASK d.s.t WAREHOUSE = w SCHEDULE = '5 MINUTE' AS SELECT 1",
        "CREATE TASK d.s.less SCHEDULE = '5 MINUTE' AS SELECT 1",
    );
    assert_eq!(
        short(&session.refused(own)),
        "003001 42501 Insufficient privileges to operate on warehouse 'W'"
    );
    assert!(
        short(&session.refused(less))
            .starts_with("003001 42501 Insufficient privileges to operate on account")
    );
    session.as_role("ACCOUNTADMIN");
    session.all("GRANT USAGE ON WAREHOUSE w TO ROLE r; GRANT EXECUTE MANAGED TASK ON ACCOUNT TO ROLE r");
    session.as_role("R").all(&format!("{own}; {less}"));
    session.as_role("ACCOUNTADMIN");
    session
        .all("REVOKE USAGE ON WAREHOUSE w FROM ROLE r; REVOKE EXECUTE MANAGED TASK ON ACCOUNT FROM ROLE r");
    session.as_role("R");
    let resume = "ALTER TASK d.s.t RESUME";
    let refused =
        |what: &str| format!("091089 23001 Cannot execute task , {what} must be granted to owner role");
    assert_eq!(short(&session.refused(resume)), refused("EXECUTE TASK privilege"));
    session.as_role("ACCOUNTADMIN").ok("GRANT EXECUTE TASK ON ACCOUNT TO ROLE r");
    session.as_role("R");
    assert_eq!(short(&session.refused(resume)), refused("USAGE privilege on the task's warehouse"));
    assert_eq!(
        short(&session.refused("ALTER TASK d.s.less RESUME")),
        refused("EXECUTE MANAGED TASK privilege")
    );
    session.as_role("OP");
    assert_eq!(
        short(&session.refused(resume)),
        "002003 02000 Task 'D.S.T' does not exist or not authorized."
    );
    session.as_role("ACCOUNTADMIN");
    session.all("GRANT USAGE ON WAREHOUSE w TO ROLE r; GRANT MONITOR ON TASK d.s.t TO ROLE op");
    session.as_role("OP");
    assert_eq!(session.column("SHOW TASKS IN SCHEMA d.s", "name"), ["T"]);
    assert_eq!(
        short(&session.refused(resume)),
        "003001 42501 Insufficient privileges to operate on task 'D.S.T'"
    );
    session.as_role("ACCOUNTADMIN").ok("GRANT OPERATE ON TASK d.s.t TO ROLE op");
    session.as_role("OP").ok(resume);
    session.ok("ALTER TASK d.s.t SUSPEND");
    assert_eq!(
        short(&session.refused("ALTER TASK d.s.t SET COMMENT = 'x'")),
        "003001 42501 Insufficient privileges to operate on task 'D.S.T'"
    );
}

#[test]
fn ownership_that_goes_to_one_task_cuts_it_off() {
    let mut session = with_graph();
    session.ok("CREATE ROLE r");
    session.ok("ALTER TASK a RESUME");
    session.ok("GRANT OWNERSHIP ON TASK a TO ROLE r");
    assert_eq!(
        session.row("SHOW TASKS LIKE 'a'", "owner state last_suspended_reason task_relations"),
        "R|suspended|GRANT_OWNERSHIP|{\"Predecessors\":[]}"
    );
    assert_eq!(session.row("SHOW TASKS LIKE 'c'", "task_relations"), "{\"Predecessors\":[\"D.S.B\"]}");
    session.ok("ALTER TASK root RESUME");
    session.ok("GRANT OWNERSHIP ON ALL TASKS IN SCHEMA d.s TO ROLE r");
    assert_eq!(session.row("SHOW TASKS LIKE 'root'", "state"), "suspended");
    assert_eq!(
        session.row("SHOW TASKS LIKE 'c'", "owner task_relations"),
        "R|{\"Predecessors\":[\"D.S.B\"]}"
    );
    assert_eq!(
        session.row("SHOW TASKS LIKE 'fin'", "owner task_relations"),
        "R|{\"FinalizedRootTask\":\"D.S.ROOT\",\"Predecessors\":[]}"
    );
}

#[test]
fn runs_fail_and_last_when_a_test_says_so() {
    let mut session = with_graph();
    session.ok("SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('d.s.root')");
    assert_eq!(session.cell("EXECUTE TASK root"), "Task ROOT is scheduled to run immediately.");
    let retry = session.refused("EXECUTE TASK root RETRY LAST").message;
    assert_eq!(retry, "Cannot perform retry: graph with root task ROOT had no failures.");
    session.ok("USE WAREHOUSE w");
    let history = "SELECT NAME, STATE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'ROOT'))";
    assert_eq!(session.column(history, "STATE"), ["SUCCEEDED"]);
    assert!(session.account.task_runs("d.s.c", 90_000, session.now));
    assert_eq!(session.column(history, "STATE"), ["EXECUTING", "SUCCEEDED"]);
    let graphs = "SELECT * FROM TABLE(d.INFORMATION_SCHEMA.CURRENT_TASK_GRAPHS())";
    assert_eq!(session.column(graphs, "ROOT_TASK_NAME"), ["ROOT"]);
    session.pass(90);
    assert_eq!(session.column(history, "STATE"), ["SUCCEEDED", "SUCCEEDED"]);
    assert!(session.column(graphs, "ROOT_TASK_NAME").is_empty());
    assert!(session.account.task_fails("d.s.c", 9, "boom", session.now));
    assert_eq!(session.row("SHOW TASKS LIKE 'root'", "state"), "started");
    assert!(session.account.task_fails("d.s.root", 1, "boom", session.now));
    assert_eq!(
        session.row("SHOW TASKS LIKE 'root'", "state last_suspended_reason"),
        "suspended|SUSPENDED_DUE_TO_ERRORS"
    );
    assert_eq!(session.row("SHOW TASKS LIKE 'c'", "state"), "started");
    let failed = "SELECT * FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(RESULT_LIMIT => 1))";
    assert_eq!(session.row(failed, "STATE ERROR_MESSAGE"), "FAILED|boom");
    session.ok("EXECUTE TASK root RETRY LAST");
    assert!(!session.account.task_fails("d.s.nope", 1, "", session.now));
    session.all("ALTER TASK root SET SUSPEND_TASK_AFTER_NUM_FAILURES = 0; ALTER TASK root RESUME");
    session.account.task_fails("d.s.root", 50, "boom", session.now);
    assert_eq!(session.row("SHOW TASKS LIKE 'root'", "state"), "started");
}

#[test]
fn too_many_tasks_are_refused_and_not_cut() {
    let mut session = with_graph();
    session.account.set_row_limit(crate::account::ObjectKind::Task, 4);
    assert_eq!(session.refused("SHOW TASKS IN SCHEMA d.s").code, 90_153);
    assert_eq!(session.column("SHOW TASKS IN SCHEMA d.s LIMIT 4", "name").len(), 4);
    session.ok("SHOW TASKS LIKE 'r%'");
}
