//! SELECT, sessions, the query history.

use super::super::HistoryEntry;
use super::{Session, column};

#[test]
fn context_functions_tell_the_context() {
    let mut session = Session::enterprise();
    session.context.session_id = 42;
    session.ok("CREATE DATABASE d");
    for (expression, expected) in [
        ("CURRENT_USER()", "OPERATOR"),
        ("current_role()", "ACCOUNTADMIN"),
        ("CURRENT_ACCOUNT_NAME()", "MAIN"),
        ("CURRENT_ORGANIZATION_NAME()", "ACME"),
        ("CURRENT_DATABASE()", "D"),
        ("CURRENT_SCHEMA()", "PUBLIC"),
        ("CURRENT_WAREHOUSE()", "NULL"),
        ("CURRENT_SESSION()", "42"),
        ("CURRENT_SECONDARY_ROLES()", r#"{"roles":"","value":""}"#),
        ("IS_ROLE_IN_SESSION('USERADMIN')", "true"),
        ("IS_ROLE_IN_SESSION('ORGADMIN')", "false"),
        ("'it''s'", "it's"),
        ("-1.50", "-1.50"),
        ("NULL", "NULL"),
    ] {
        assert_eq!(session.cell(&format!("SELECT {expression}")), expected, "{expression}");
    }
    session.ok("USE SECONDARY ROLES ALL");
    assert_eq!(
        session.cell("SELECT CURRENT_SECONDARY_ROLES()"),
        r#"{"roles":"ACCOUNTADMIN,SYSADMIN","value":"ALL"}"#
    );
    let rows = session.ok("SELECT CURRENT_ROLE() AS a, CURRENT_USER() \"b c\", 1, CURRENT_VERSION()");
    let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["A", "b c", "1", "CURRENT_VERSION()"]);
}

#[test]
fn the_bootstrap_request_names_the_edition() {
    let mut session = Session::new(super::super::Edition::BusinessCritical);
    let text = session.cell("SELECT SYSTEM$BOOTSTRAP_DATA_REQUEST('ACCOUNT')");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["accountInfo"]["serviceLevelName"], "BUSINESS_CRITICAL");
    assert!(value["serverVersion"].is_string());
    let bundles = session.cell("SELECT SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES()");
    assert!(serde_json::from_str::<serde_json::Value>(&bundles).unwrap().is_array());
}

#[test]
fn sessions_change_their_parameters_and_containers() {
    let mut session = Session::enterprise();
    session.all(
        "ALTER SESSION SET QUERY_TAG = 'x', TIMEZONE = 'UTC' AUTOCOMMIT = false; CREATE DATABASE d; CREATE SCHEMA d.s; \
         USE d; USE d.s; USE SCHEMA public; USE ROLE sysadmin; ALTER SESSION UNSET TIMEZONE",
    );
    assert_eq!(session.context.parameters.get("QUERY_TAG").map(String::as_str), Some("x"));
    assert_eq!(session.context.role.as_deref(), Some("SYSADMIN"));
    assert_eq!(session.row("SHOW PARAMETERS LIKE 'AUTOCOMMIT'", "value level"), "false|SESSION");
    assert_eq!(
        session.row("SHOW PARAMETERS LIKE 'TIMEZONE' IN SESSION", "value level"),
        "America/Los_Angeles|"
    );
    assert!(session.ok("SHOW PARAMETERS IN ACCOUNT").rows.len() > session.ok("SHOW PARAMETERS").rows.len());
    assert_eq!(session.refused("ALTER SESSION SET SHOES = 2").code, 1003);
    assert_eq!(session.refused("ALTER SESSION SET LOCK_TIMEOUT = 'x'").code, 1008);
    assert_eq!(session.refused("ALTER SESSION SET JSON_INDENT = 17").code, 1008);
    session.ok("ALTER SESSION SET JSON_INDENT = 16");
}

#[test]
fn all_columns_together_have_no_name() {
    let mut session = Session::enterprise();
    for wrong in ["SELECT * frm x", "SELECT * AS a", "SELECT * fro"] {
        assert_eq!(session.refused(wrong).code, 1003, "{wrong}");
    }
    assert_eq!(session.refused("SELECT *").code, 904);
}

#[test]
fn the_history_is_read_with_a_warehouse() {
    let mut session = Session::enterprise();
    for n in 0..5_i64 {
        session.account.note(HistoryEntry {
            query_id: format!("q{n}"),
            text: format!("SELECT {n}"),
            query_tag: if n % 2 == 0 { "even".into() } else { String::new() },
            user: "OPERATOR".into(),
            started: n * 1000,
            ended: n * 1000 + 5,
            error: (n == 4).then(|| (1003, "no".into())),
            ..HistoryEntry::default()
        });
    }
    let from = "FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 4))";
    assert_eq!(session.refused(&format!("SELECT * {from}")).code, 606);
    session.ok("CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE");
    let rows = session.ok(&format!("SELECT QUERY_ID, QUERY_TEXT AS T, TOTAL_ELAPSED_TIME {from} WHERE QUERY_TAG = 'even' ORDER BY START_TIME"));
    assert_eq!(column(&rows, "QUERY_ID"), ["q2", "q4"]);
    assert_eq!(column(&rows, "T"), ["SELECT 2", "SELECT 4"]);
    assert_eq!(column(&rows, "TOTAL_ELAPSED_TIME"), ["5", "5"]);
    let rows = session.ok(&format!("SELECT * {from} LIMIT 1"));
    assert_eq!(column(&rows, "ERROR_CODE"), ["001003"]);
    assert_eq!(session.row("SHOW WAREHOUSES", "state"), "STARTED", "it was needed, so it resumed");
    assert_eq!(session.refused(&format!("SELECT SHOES {from}")).code, 904);
    assert_eq!(session.cell("SELECT LAST_QUERY_ID()"), "q4");
}
