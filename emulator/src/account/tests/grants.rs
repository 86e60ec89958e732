//! Privileges: who sees, who may, who gives.

use super::{Session, column, short};

/// A session with the role R, granted to OPERATOR, and a warehouse of SYSADMIN's.
fn with_role() -> Session {
    let mut session = Session::enterprise();
    session.all("CREATE ROLE r; GRANT ROLE r TO USER operator");
    session.as_role("SYSADMIN").ok("CREATE WAREHOUSE w INITIALLY_SUSPENDED = TRUE");
    session.as_role("ACCOUNTADMIN");
    session
}

/// (grants to R, statement as R, outcome: `ok` or the code)
const ENFORCED: &[(&str, &str, &str)] = &[
    ("", "ALTER WAREHOUSE w RESUME", "002003"),
    ("", "DESC WAREHOUSE w", "002003"),
    ("", "DROP WAREHOUSE w", "002003"),
    ("", "SHOW GRANTS ON WAREHOUSE w", "002003"),
    ("GRANT USAGE ON WAREHOUSE w TO ROLE r", "DESC WAREHOUSE w", "ok"),
    ("GRANT USAGE ON WAREHOUSE w TO ROLE r", "USE WAREHOUSE w", "ok"),
    ("GRANT USAGE ON WAREHOUSE w TO ROLE r", "SHOW PARAMETERS IN WAREHOUSE w", "ok"),
    ("GRANT USAGE ON WAREHOUSE w TO ROLE r", "ALTER WAREHOUSE w RESUME", "003001"),
    ("GRANT USAGE ON WAREHOUSE w TO ROLE r", "ALTER WAREHOUSE w SET COMMENT = 'x'", "003001"),
    ("GRANT OPERATE ON WAREHOUSE w TO ROLE r", "ALTER WAREHOUSE w RESUME", "ok"),
    ("GRANT OPERATE ON WAREHOUSE w TO ROLE r", "ALTER WAREHOUSE w SET COMMENT = 'x'", "003001"),
    ("GRANT MODIFY ON WAREHOUSE w TO ROLE r", "ALTER WAREHOUSE w SET COMMENT = 'x'", "ok"),
    ("GRANT MODIFY ON WAREHOUSE w TO ROLE r", "COMMENT ON WAREHOUSE w IS 'x'", "ok"),
    ("GRANT MODIFY ON WAREHOUSE w TO ROLE r", "ALTER WAREHOUSE w RENAME TO v", "003001"),
    ("GRANT MODIFY ON WAREHOUSE w TO ROLE r", "DROP WAREHOUSE w", "003001"),
    ("GRANT ALL ON WAREHOUSE w TO ROLE r", "DROP WAREHOUSE w", "003001"),
    ("GRANT ALL ON WAREHOUSE w TO ROLE r", "GRANT USAGE ON WAREHOUSE w TO ROLE public", "003001"),
    (
        "GRANT USAGE ON WAREHOUSE w TO ROLE r WITH GRANT OPTION",
        "GRANT USAGE ON WAREHOUSE w TO ROLE public",
        "ok",
    ),
    (
        "GRANT USAGE ON WAREHOUSE w TO ROLE r WITH GRANT OPTION",
        "GRANT MODIFY ON WAREHOUSE w TO ROLE public",
        "003001",
    ),
    ("GRANT OWNERSHIP ON WAREHOUSE w TO ROLE r", "DROP WAREHOUSE w", "ok"),
    ("GRANT OWNERSHIP ON WAREHOUSE w TO ROLE r", "CREATE OR REPLACE WAREHOUSE w", "003001"),
    (
        "GRANT OWNERSHIP ON WAREHOUSE w TO ROLE r; GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE r",
        "CREATE OR REPLACE WAREHOUSE w",
        "ok",
    ),
    ("GRANT MANAGE WAREHOUSES ON ACCOUNT TO ROLE r", "ALTER WAREHOUSE w SET COMMENT = 'x'", "ok"),
    ("GRANT MANAGE WAREHOUSES ON ACCOUNT TO ROLE r", "DROP WAREHOUSE w", "003001"),
    ("GRANT MANAGE GRANTS ON ACCOUNT TO ROLE r", "GRANT USAGE ON WAREHOUSE w TO ROLE public", "ok"),
    ("", "CREATE WAREHOUSE x", "003001"),
    ("", "CREATE WAREHOUSE w", "002002"),
    ("", "CREATE DATABASE x", "003001"),
    ("", "CREATE ROLE x", "003001"),
    ("", "CREATE USER x", "003001"),
    ("", "DROP ROLE sysadmin", "003001"),
    ("", "ALTER ACCOUNT SET TIMEZONE = 'UTC'", "003001"),
    ("GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE r", "CREATE WAREHOUSE x", "ok"),
    ("GRANT CREATE ROLE ON ACCOUNT TO ROLE r", "CREATE ROLE x", "ok"),
    ("GRANT ROLE sysadmin TO ROLE r", "DROP WAREHOUSE w", "ok"),
    ("GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE public", "CREATE WAREHOUSE x", "ok"),
    ("", "ALTER WAREHOUSE IF EXISTS w RESUME", "ok"),
    ("", "SHOW PARAMETERS IN WAREHOUSE w", "002003"),
    ("", "USE ROLE securityadmin", "ok"),
    ("", "USE ROLE orgadmin", "003013"),
    ("", "USE ROLE nope", "002043"),
];

#[test]
fn privileges_are_enforced() {
    for (grants, statement, expected) in ENFORCED {
        let mut session = with_role();
        session.all(grants);
        session.as_role("R");
        let outcome = match session.send(statement) {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{:06}", error.code),
        };
        assert_eq!(outcome, *expected, "{grants} / {statement}");
    }
}

#[test]
fn show_lists_what_the_role_has_some_privilege_on() {
    let mut session = with_role();
    session.ok("CREATE WAREHOUSE v");
    assert_eq!(session.column("SHOW WAREHOUSES", "name"), ["V", "W"]);
    session.as_role("SYSADMIN");
    assert_eq!(session.column("SHOW WAREHOUSES", "name"), ["W"]);
    session.as_role("R");
    assert!(session.ok("SHOW WAREHOUSES").rows.is_empty());
    session.as_role("ACCOUNTADMIN").ok("GRANT MONITOR ON WAREHOUSE v TO ROLE public");
    session.as_role("R");
    assert_eq!(session.column("SHOW WAREHOUSES", "name"), ["V"]);
    assert!(session.ok("SHOW WAREHOUSES WITH PRIVILEGES USAGE").rows.is_empty());
    session.ok("USE SECONDARY ROLES ALL");
    assert_eq!(session.column("SHOW WAREHOUSES", "name"), ["V", "W"]);
    assert_eq!(session.refused("CREATE WAREHOUSE x").code, 3001, "CREATE looks at the primary role alone");
}

#[test]
fn grants_show_in_both_directions() {
    let mut session = with_role();
    session.all(
        "GRANT USAGE, OPERATE ON WAREHOUSE w TO ROLE r WITH GRANT OPTION; GRANT CREATE DATABASE ON ACCOUNT TO ROLE r; \
         CREATE ROLE \"child role\"; GRANT ROLE \"child role\" TO ROLE r",
    );
    let rows = session.ok("SHOW GRANTS ON WAREHOUSE w");
    assert_eq!(column(&rows, "privilege"), ["OWNERSHIP", "OPERATE", "USAGE"]);
    assert_eq!(column(&rows, "granted_on"), ["WAREHOUSE"; 3]);
    assert_eq!(column(&rows, "grantee_name"), ["SYSADMIN", "R", "R"]);
    assert_eq!(column(&rows, "grant_option"), ["true"; 3]);
    assert_eq!(column(&rows, "granted_by"), ["SYSADMIN"; 3]);
    let rows = session.ok("SHOW GRANTS TO ROLE r");
    assert_eq!(column(&rows, "privilege"), ["CREATE DATABASE", "OPERATE", "USAGE", "USAGE"]);
    assert_eq!(column(&rows, "granted_on"), ["ACCOUNT", "WAREHOUSE", "WAREHOUSE", "ROLE"]);
    assert_eq!(column(&rows, "name")[3], "\"child role\"");
    assert_eq!(session.column("SHOW GRANTS OF ROLE r", "grantee_name"), ["OPERATOR"]);
    let mut roles = session.column("SHOW GRANTS TO USER operator", "role");
    roles.sort();
    assert_eq!(roles, ["ACCOUNTADMIN", "R", "SYSADMIN"]);
    assert_eq!(session.ok("SHOW GRANTS").rows.len(), 3);
    assert!(session.column("SHOW GRANTS ON ACCOUNT", "grantee_name").contains(&"R".to_owned()));
}

#[test]
fn revoking_takes_back() {
    let mut session = with_role();
    session.all("CREATE ROLE q; GRANT USAGE, MODIFY ON WAREHOUSE w TO ROLE r WITH GRANT OPTION");
    session.as_role("R").ok("GRANT USAGE ON WAREHOUSE w TO ROLE q");
    session.as_role("ACCOUNTADMIN");
    assert_eq!(session.refused("REVOKE USAGE ON WAREHOUSE w FROM ROLE r RESTRICT").code, 3012);
    session.ok("REVOKE GRANT OPTION FOR MODIFY ON WAREHOUSE w FROM ROLE r");
    assert_eq!(session.column("SHOW GRANTS TO ROLE r", "grant_option"), ["false", "true"]);
    session.ok("REVOKE USAGE ON WAREHOUSE w FROM ROLE r CASCADE");
    assert!(session.ok("SHOW GRANTS TO ROLE q").rows.is_empty());
    session.all("REVOKE OPERATE ON WAREHOUSE w FROM ROLE r; REVOKE ALL ON WAREHOUSE w FROM ROLE r");
    assert!(session.ok("SHOW GRANTS TO ROLE r").rows.is_empty());
}

#[test]
fn ownership_moves_with_or_without_the_grants() {
    let mut session = with_role();
    session.ok("GRANT USAGE ON WAREHOUSE w TO ROLE public");
    let error = session.refused("GRANT OWNERSHIP ON WAREHOUSE w TO ROLE r");
    assert_eq!((error.code, error.sql_state), (3036, "23001"));
    let expected = "Dependent grant of privilege 'USAGE' on securable 'W' to role 'PUBLIC' exists.";
    assert!(error.message.contains(expected), "{error}");
    session.ok("GRANT OWNERSHIP ON WAREHOUSE w TO ROLE r COPY CURRENT GRANTS");
    assert_eq!(session.column("SHOW GRANTS ON WAREHOUSE w", "granted_by"), ["R", "R"]);
    session.ok("GRANT OWNERSHIP ON WAREHOUSE w TO ROLE sysadmin REVOKE CURRENT GRANTS");
    assert_eq!(session.column("SHOW GRANTS ON WAREHOUSE w", "grantee_name"), ["SYSADMIN"]);
}

#[test]
fn wrong_grants_are_refused() {
    for (statement, expected) in [
        (
            "GRANT FLY ON WAREHOUSE w TO ROLE r",
            "001003 42000 syntax error line 1 at position 6 unexpected 'FLY'.",
        ),
        (
            "GRANT CREATE SCHEMA ON WAREHOUSE w TO ROLE r",
            "003008 42601 Invalid object type 'WAREHOUSE' for privilege 'CREATE SCHEMA'",
        ),
        (
            "GRANT USAGE ON WAREHOUSE x TO ROLE r",
            "002003 02000 Warehouse 'X' does not exist or not authorized.",
        ),
        ("GRANT USAGE ON WAREHOUSE w TO ROLE x", "002003 02000 Role 'X' does not exist or not authorized."),
        ("GRANT ROLE x TO USER operator", "002003 02000 Role 'X' does not exist or not authorized."),
        ("GRANT ROLE r TO USER x", "002003 02000 User 'X' does not exist or not authorized."),
        (
            "GRANT ROLE accountadmin TO ROLE sysadmin",
            "003025 42601 Granting role 'ACCOUNTADMIN' to 'SYSADMIN' would create a cycle in the role hierarchy.",
        ),
        (
            "GRANT ROLE r TO ROLE r",
            "003025 42601 Granting role 'R' to 'R' would create a cycle in the role hierarchy.",
        ),
        (
            "GRANT USAGE ON WAREHOUSE w TO DATABASE ROLE d.r",
            "002003 02000 Database 'D' does not exist or not authorized.",
        ),
        (
            "GRANT USAGE ON WAREHOUSE w TO DATABASE ROLE here.dr",
            "003086 42601 Database role 'DR' cannot be granted privileges on WAREHOUSE 'W', which is not in its database.",
        ),
        (
            "GRANT INSERT ON ALL SCHEMAS IN DATABASE here TO ROLE r",
            "003008 42601 Invalid object type 'SCHEMA' for privilege 'INSERT'",
        ),
        // What is not there is said before what cannot be.
        (
            "REVOKE SELECT ON STREAMLIT x.y.z FROM ROLE r",
            "002003 02000 Database 'X' does not exist or not authorized.",
        ),
        (
            "REVOKE USAGE ON INTEGRATION i FROM ROLE r",
            "002003 02000 Integration 'I' does not exist or not authorized.",
        ),
        (
            "GRANT USAGE ON FUTURE EXPERIMENTS IN DATABASE here TO ROLE r",
            "000002 0A000 Unsupported feature 'EXPERIMENT'.",
        ),
        (
            "GRANT USAGE ON ALL EXPERIMENTS IN DATABASE here TO ROLE r",
            "000002 0A000 Unsupported feature 'GRANT on all objects of type EXPERIMENT'.",
        ),
        (
            "GRANT USAGE ON FUTURE WAREHOUSES IN DATABASE here TO ROLE r",
            "001003 42000 syntax error line 1 at position 33 unexpected 'IN'.",
        ),
        (
            "REVOKE OWNERSHIP ON WAREHOUSE w FROM ROLE r",
            "001003 42000 syntax error line 1 at position 7 unexpected 'OWNERSHIP'.",
        ),
        (
            "GRANT USAGE ON WAREHOUSE w TO ROLE r WITH",
            "001003 42000 syntax error line 1 at position 41 unexpected '<EOF>'.",
        ),
    ] {
        let mut session = with_role();
        session.all("CREATE DATABASE here; CREATE DATABASE ROLE dr");
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
}

#[test]
fn future_grants_reach_new_objects() {
    let mut session = with_role();
    session.all(
        "CREATE DATABASE d; GRANT USAGE ON FUTURE SCHEMAS IN DATABASE d TO ROLE r; \
         GRANT SELECT, INSERT ON FUTURE TABLES IN SCHEMA d.public TO ROLE r; CREATE SCHEMA d.s; \
         CREATE TABLE d.public.t (a INT); GRANT USAGE ON ALL SCHEMAS IN DATABASE d TO ROLE public",
    );
    assert_eq!(session.column("SHOW GRANTS ON SCHEMA d.s", "grantee_name"), ["ACCOUNTADMIN", "PUBLIC", "R"]);
    assert_eq!(
        session.column("SHOW GRANTS ON TABLE d.public.t", "privilege"),
        ["OWNERSHIP", "INSERT", "SELECT"]
    );
    assert_eq!(session.column("SHOW FUTURE GRANTS IN DATABASE d", "name"), ["D.<SCHEMA>"]);
    assert_eq!(session.column("SHOW FUTURE GRANTS IN SCHEMA d.public", "grant_on"), ["TABLE", "TABLE"]);
    assert_eq!(session.ok("SHOW FUTURE GRANTS TO ROLE r").rows.len(), 3);
    session.ok("REVOKE SELECT ON FUTURE TABLES IN SCHEMA d.public FROM ROLE r");
    assert_eq!(session.column("SHOW FUTURE GRANTS IN SCHEMA d.public", "privilege"), ["INSERT"]);
}

#[test]
fn a_privilege_can_be_taken_by_force() {
    use super::super::ObjectKind;
    let mut session = with_role();
    session.ok("GRANT MODIFY ON WAREHOUSE w TO ROLE r");
    assert!(session.account.revoke_by_force(ObjectKind::Warehouse, &["W"], "MODIFY", "R"));
    assert!(!session.account.revoke_by_force(ObjectKind::Warehouse, &["W"], "MODIFY", "R"));
    assert_eq!(session.as_role("R").refused("ALTER WAREHOUSE w SET COMMENT = ''").code, 2003);
}
