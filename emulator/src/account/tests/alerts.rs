//! Alerts.

use super::{Session, short};

fn with_schema() -> Session {
    let mut session = Session::enterprise();
    session.all("CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE; CREATE DATABASE d; CREATE SCHEMA d.s");
    session
}

#[test]
fn an_alert_comes_changes_and_goes() {
    let mut session = with_schema();
    session.ok("CREATE ALERT a WAREHOUSE = w SCHEDULE = 'USING CRON * * * * TUE,THU UTC' COMMENT = 'x'
         IF (EXISTS (SELECT (1) FROM t))THEN \n  BEGIN SELECT 1; SELECT 2; END;");
    let columns = "name database_name schema_name owner comment warehouse schedule state condition action owner_role_type";
    let shown = "A|D|S|ACCOUNTADMIN|x|W|USING CRON * * * * TUE,THU UTC|suspended|SELECT (1) FROM t|BEGIN SELECT 1; SELECT 2; END|ROLE";
    assert_eq!(session.row("SHOW ALERTS", columns), shown);
    assert_eq!(session.row("DESC ALERT d.s.a", columns), shown);
    session.all(
        "ALTER ALERT a RESUME; ALTER ALERT a SET SCHEDULE = '10 MINUTE' COMMENT = 'y'; ALTER ALERT a UNSET WAREHOUSE;
         ALTER ALERT a MODIFY CONDITION EXISTS (SELECT 2); ALTER ALERT a MODIFY ACTION CALL p(); EXECUTE ALERT a",
    );
    assert_eq!(
        session.row("SHOW ALERTS", "comment warehouse schedule state condition action"),
        "y||10 MINUTE|started|SELECT 2|CALL p()"
    );
    session.all("CREATE ALERT b CLONE a; CREATE OR ALTER ALERT a SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 3)) THEN SELECT 4");
    assert_eq!(session.column("SHOW ALERTS", "state"), ["started", "suspended"]);
    assert_eq!(session.column("SHOW ALERTS", "action"), ["SELECT 4", "CALL p()"]);
    assert_eq!(session.cell("DROP ALERT a"), "A successfully dropped.");
}

#[test]
fn the_owner_needs_privileges_to_create_and_to_run() {
    let mut session = with_schema();
    session.all(
        "CREATE ROLE r; GRANT ROLE r TO USER operator; GRANT USAGE ON DATABASE d TO ROLE r;
         GRANT USAGE, CREATE ALERT ON SCHEMA d.s TO ROLE r; GRANT MONITOR ON WAREHOUSE w TO ROLE r",
    );
    let (own, less) = (
        "CREATE ALERT d.s.own WAREHOUSE = w SCHEDULE = '5 MINUTE' IF (EXISTS (SELECT 1)) THEN SELECT 1",
        "CREATE ALERT d.s.less SCHEDULE = '5 MINUTE' IF (EXISTS (SELECT 1)) THEN SELECT 1",
    );
    for (lacks, statement) in [
        ("USAGE ON WAREHOUSE w", own),
        ("EXECUTE MANAGED ALERT ON ACCOUNT", less),
        ("EXECUTE ALERT ON ACCOUNT", "ALTER ALERT d.s.own RESUME"),
    ] {
        let code = if statement.starts_with("ALTER") { 91_089 } else { 3001 };
        assert_eq!(session.as_role("R").refused(statement).code, code, "{statement}");
        session.as_role("ACCOUNTADMIN").ok(&format!("GRANT {lacks} TO ROLE r"));
        session.as_role("R").ok(statement);
    }
}

#[test]
fn what_no_alert_can_be() {
    let mut session = with_schema();
    session.all(
        "CREATE ALERT new IF (EXISTS (SELECT 1)) THEN SELECT 1;
         CREATE ALERT old SCHEDULE = '5 MINUTES' WAREHOUSE = w IF (EXISTS (SELECT 1)) THEN SELECT 1",
    );
    let converted = "091084 42601 An alert on new data and an alert on a schedule are not converted.";
    for (statement, expected) in [
        ("ALTER ALERT new SET SCHEDULE = '5 MINUTES'", converted),
        ("ALTER ALERT old UNSET SCHEDULE", converted),
        (
            "ALTER ALERT old SET SCHEDULE = '11521 MINUTES'",
            "001008 22023 invalid value [11521 MINUTES] for parameter 'SCHEDULE'",
        ),
        (
            "ALTER ALERT old SET WAREHOUSE = nope",
            "002003 02000 Warehouse 'NOPE' does not exist or not authorized.",
        ),
        (
            "CREATE ALERT old IF (EXISTS (SELECT 1)) THEN SELECT 1",
            "002002 42710 Object 'OLD' already exists.",
        ),
        ("DROP ALERT nope", "002003 02000 Alert 'NOPE' does not exist or not authorized."),
        (
            "CREATE ALERT x IF (EXISTS (SELEC 1)) THEN SELECT 1",
            "001003 42000 syntax error line 1 at position 27 unexpected 'SELEC'.",
        ),
    ] {
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
}

#[test]
fn the_owner_needs_privileges_to_run() {
    let mut session = with_schema();
    session.all(
        "CREATE ROLE r; GRANT ROLE r TO USER operator; GRANT USAGE ON DATABASE d TO ROLE r;
         GRANT USAGE, CREATE ALERT ON SCHEMA d.s TO ROLE r; GRANT USAGE ON WAREHOUSE w TO ROLE r",
    );
    session.as_role("R").ok("CREATE ALERT d.s.a WAREHOUSE = w IF (EXISTS (SELECT 1)) THEN SELECT 1");
    let resume = "ALTER ALERT d.s.a RESUME";
    assert_eq!(session.refused(resume).code, 91_089);
    session.as_role("ACCOUNTADMIN").ok("GRANT EXECUTE ALERT ON ACCOUNT TO ROLE r");
    session.as_role("R").ok(resume);
    session.ok("ALTER ALERT d.s.a UNSET WAREHOUSE");
    assert!(session.refused(resume).message.contains("EXECUTE MANAGED ALERT"));
}
