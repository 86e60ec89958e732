//! Resource monitors.

use super::{Session, short};

const SHAPE: &str = "credit_quota used_credits remaining_credits level frequency notify_at suspend_at \
                     suspend_immediately_at notify_users";

#[test]
fn what_is_set_shows() {
    for (statements, expected) in [
        ("CREATE RESOURCE MONITOR m", "NULL|0.00|NULL|NULL|MONTHLY|NULL|NULL|NULL|NULL"),
        (
            "CREATE RESOURCE MONITOR m WITH CREDIT_QUOTA = 100 FREQUENCY = DAILY START_TIMESTAMP = IMMEDIATELY \
             TRIGGERS ON 75 PERCENT DO NOTIFY ON 50 PERCENT DO NOTIFY ON 95 PERCENT DO SUSPEND ON 110 PERCENT DO \
             SUSPEND_IMMEDIATE",
            "100.00|0.00|100.00|NULL|DAILY|50%,75%|95%|110%|NULL",
        ),
        (
            "CREATE RESOURCE MONITOR m CREDIT_QUOTA = 10; CREATE WAREHOUSE w RESOURCE_MONITOR = m",
            "10.00|0.00|10.00|WAREHOUSE|MONTHLY|NULL|NULL|NULL|NULL",
        ),
        (
            "CREATE RESOURCE MONITOR m CREDIT_QUOTA = 10; ALTER ACCOUNT SET RESOURCE_MONITOR = m",
            "10.00|0.00|10.00|ACCOUNT|MONTHLY|NULL|NULL|NULL|NULL",
        ),
        (
            "CREATE RESOURCE MONITOR m CREDIT_QUOTA = 10; ALTER ACCOUNT SET RESOURCE_MONITOR = m; \
             ALTER ACCOUNT UNSET RESOURCE_MONITOR; ALTER RESOURCE MONITOR m SET CREDIT_QUOTA = null",
            "NULL|0.00|NULL|NULL|MONTHLY|NULL|NULL|NULL|NULL",
        ),
        (
            "CREATE USER u EMAIL = 'u@example.com'; CREATE RESOURCE MONITOR m CREDIT_QUOTA = 1 NOTIFY_USERS = (u)",
            "1.00|0.00|1.00|NULL|MONTHLY|NULL|NULL|NULL|U",
        ),
        (
            "CREATE USER u EMAIL = 'u@example.com'; CREATE RESOURCE MONITOR m CREDIT_QUOTA = 1 NOTIFY_USERS = (u); \
             ALTER RESOURCE MONITOR m SET NOTIFY_USERS = () TRIGGERS ON 5 PERCENT DO NOTIFY",
            "1.00|0.00|1.00|NULL|MONTHLY|5%|NULL|NULL|NULL",
        ),
    ] {
        let mut session = Session::enterprise();
        session.all(statements);
        assert_eq!(session.row("SHOW RESOURCE MONITORS", SHAPE), expected, "{statements}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let before = "CREATE RESOURCE MONITOR m WITH CREDIT_QUOTA = 10";
    for (statement, expected) in [
        ("CREATE RESOURCE MONITOR m", "002002 42710 Object 'M' already exists."),
        (
            "ALTER RESOURCE MONITOR x SET CREDIT_QUOTA = 1",
            "002003 02000 Resource monitor 'X' does not exist or not authorized.",
        ),
        (
            "ALTER RESOURCE MONITOR m SET",
            "001003 42000 syntax error line 1 at position 28 unexpected '<EOF>'.",
        ),
        ("ALTER RESOURCE MONITOR m", "001003 42000 syntax error line 1 at position 24 unexpected '<EOF>'."),
        (
            "ALTER RESOURCE MONITOR m SET TRIGGERS ON 1 PERCENT DO NOTIFY",
            "001003 42000 syntax error line 1 at position 29 unexpected 'TRIGGERS'.",
        ),
        (
            "CREATE RESOURCE MONITOR n WITH TRIGGERS ON 1 PERCENT DO NOTIFY",
            "001003 42000 syntax error line 1 at position 31 unexpected 'TRIGGERS'.",
        ),
        (
            "CREATE RESOURCE MONITOR n CREDIT_QUOTA = 1 COMMENT = 'x'",
            "001003 42000 syntax error line 1 at position 43 unexpected 'COMMENT'.",
        ),
        (
            "CREATE RESOURCE MONITOR n CREDIT_QUOTA = 1 TRIGGERS ON 1 PERCENT DO SUSPEND ON 2 PERCENT DO SUSPEND",
            "090262 42601 A resource monitor can have at most one suspend trigger.",
        ),
        (
            "ALTER RESOURCE MONITOR m TRIGGERS ON 1 PERCENT DO SUSPEND_IMMEDIATE ON 2 PERCENT DO SUSPEND_IMMEDIATE",
            "090262 42601 A resource monitor can have at most one suspend_immediate trigger.",
        ),
        (
            "ALTER RESOURCE MONITOR m TRIGGERS ON 1 PERCENT DO NOTIFY ON 2 PERCENT DO NOTIFY ON 3 PERCENT DO NOTIFY \
             ON 4 PERCENT DO NOTIFY ON 5 PERCENT DO NOTIFY ON 6 PERCENT DO NOTIFY",
            "090262 42601 A resource monitor can have at most five notify triggers.",
        ),
        (
            "ALTER RESOURCE MONITOR m SET FREQUENCY = DAILY",
            "090261 42601 Must specify frequency and start time together.",
        ),
        (
            "ALTER RESOURCE MONITOR m SET FREQUENCY = DAILY START_TIMESTAMP = '2020-01-01 00:00'",
            "090263 42601 The specified Start time has already passed.",
        ),
        (
            "ALTER RESOURCE MONITOR m SET FREQUENCY = DAILY START_TIMESTAMP = 'soon'",
            "001008 22023 invalid value [soon] for parameter 'START_TIMESTAMP'",
        ),
        (
            "ALTER RESOURCE MONITOR m SET NOTIFY_USERS = (nobody)",
            "002003 02000 User 'NOBODY' does not exist or not authorized.",
        ),
        (
            "ALTER RESOURCE MONITOR m SET NOTIFY_USERS = (operator)",
            "090268 22023 User 'OPERATOR' cannot be notified: the email address is not verified.",
        ),
        (
            "CREATE OR ALTER RESOURCE MONITOR m",
            "000002 0A000 Unsupported feature 'CREATE OR ALTER RESOURCE MONITOR'.",
        ),
        (
            "ALTER RESOURCE MONITOR m SET FREQUENCY = HOURLY",
            "001008 22023 invalid value [HOURLY] for parameter 'FREQUENCY'",
        ),
    ] {
        let mut session = Session::enterprise();
        session.ok(before);
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
}

#[test]
fn credits_pass_triggers_and_stop_warehouses() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE RESOURCE MONITOR m CREDIT_QUOTA = 100 FREQUENCY = DAILY START_TIMESTAMP = IMMEDIATELY \
         TRIGGERS ON 50 PERCENT DO NOTIFY ON 90 PERCENT DO SUSPEND; \
         CREATE WAREHOUSE w RESOURCE_MONITOR = m AUTO_SUSPEND = 0; CREATE WAREHOUSE free AUTO_SUSPEND = 0",
    );
    let fired = |session: &Session| -> Vec<u32> {
        session.account.notifications().iter().map(|notification| notification.percent).collect()
    };
    assert!(session.account.use_credits("M", 50.0, session.now));
    assert_eq!(fired(&session), [50]);
    session.account.use_credits("M", 1.0, session.now);
    assert_eq!(fired(&session), [50], "a trigger fires once in a period");
    session.ok("ALTER RESOURCE MONITOR m SET CREDIT_QUOTA = 101");
    assert_eq!(fired(&session), [50]);
    session.ok("ALTER RESOURCE MONITOR m TRIGGERS ON 50 PERCENT DO NOTIFY ON 90 PERCENT DO SUSPEND");
    assert_eq!(fired(&session), [50, 50], "TRIGGERS notifies again of what was passed");
    session.account.use_credits("M", 49.0, session.now);
    assert_eq!(fired(&session), [50, 50, 90]);
    assert_eq!(session.row("SHOW WAREHOUSES LIKE 'w'", "state"), "SUSPENDED");
    assert_eq!(session.row("SHOW WAREHOUSES LIKE 'free'", "state"), "STARTED");
    assert_eq!(session.row("SHOW RESOURCE MONITORS", "used_credits remaining_credits"), "100.00|1.00");
    assert_eq!(session.refused("ALTER WAREHOUSE w RESUME").code, 90073);
    session.pass(86_400);
    assert_eq!(session.row("SHOW RESOURCE MONITORS", "used_credits"), "0.00", "a new day");
    session.ok("ALTER WAREHOUSE w RESUME");
    assert!(!session.account.use_credits("NOPE", 1.0, session.now));
}

#[test]
fn replacing_resets_and_detaches() {
    let mut session = Session::enterprise();
    session.all("CREATE RESOURCE MONITOR m CREDIT_QUOTA = 5; CREATE WAREHOUSE w RESOURCE_MONITOR = m");
    session.account.use_credits("M", 3.0, session.now);
    assert_eq!(session.row("SHOW WAREHOUSES", "resource_monitor"), "M");
    session.ok("CREATE OR REPLACE RESOURCE MONITOR m CREDIT_QUOTA = 5");
    assert_eq!(session.row("SHOW WAREHOUSES", "resource_monitor"), "null");
    assert_eq!(session.row("SHOW RESOURCE MONITORS", "used_credits level"), "0.00|NULL");
    session.all("ALTER WAREHOUSE w SET RESOURCE_MONITOR = m; DROP RESOURCE MONITOR m");
    assert_eq!(session.row("SHOW WAREHOUSES", "resource_monitor"), "null");
}

#[test]
fn only_accountadmin_creates_and_assigns() {
    let mut session = Session::enterprise();
    session.all("CREATE RESOURCE MONITOR m; GRANT MODIFY, MONITOR ON RESOURCE MONITOR m TO ROLE SYSADMIN");
    session.as_role("SYSADMIN");
    assert_eq!(session.refused("CREATE RESOURCE MONITOR n").code, 3001);
    assert_eq!(session.refused("CREATE WAREHOUSE w RESOURCE_MONITOR = m").code, 3001);
    session.ok("CREATE WAREHOUSE w");
    assert_eq!(session.refused("ALTER WAREHOUSE w SET RESOURCE_MONITOR = m").code, 3001);
    assert_eq!(session.refused("ALTER ACCOUNT SET RESOURCE_MONITOR = m").code, 3001);
    session.ok("ALTER RESOURCE MONITOR m SET CREDIT_QUOTA = 5");
    let error = session.refused("DROP RESOURCE MONITOR m");
    assert_eq!(short(&error), "003001 42501 Insufficient privileges to operate on resource_monitor 'M'");
    session.as_role("PUBLIC");
    assert!(session.ok("SHOW RESOURCE MONITORS").rows.is_empty());
}

#[test]
fn the_accounts_monitor_notifies_nobody() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE USER u EMAIL = 'u@example.com'; CREATE RESOURCE MONITOR m CREDIT_QUOTA = 1 NOTIFY_USERS = (u); \
         CREATE RESOURCE MONITOR n CREDIT_QUOTA = 1",
    );
    assert_eq!(session.refused("ALTER ACCOUNT SET RESOURCE_MONITOR = m").code, 90269);
    session.ok("ALTER ACCOUNT SET RESOURCE_MONITOR = n");
    assert_eq!(session.refused("ALTER RESOURCE MONITOR n SET NOTIFY_USERS = (u)").code, 90269);
}
