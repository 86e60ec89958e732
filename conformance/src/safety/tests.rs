//! What is allowed, and what is refused.

use super::{check, made};
use crate::names::{Names, Prefix};

fn names() -> Names {
    let prefix = Prefix::parse("SNOWFENCE_0123456789ABCDEF").unwrap();
    Names { prefix, user: "ME".into(), role: "SYSADMIN".into() }
}

fn is_allowed(text: &str) -> bool {
    let names = names();
    check(&names, &names.statement(text), false).is_ok()
}

#[test]
fn what_reads_or_is_ours_is_allowed() {
    for text in [
        "SHOW WAREHOUSES LIKE 'x'",
        "DESC USER other",
        "SELECT CURRENT_ROLE(), SYSTEM$TYPEOF(1), {prefix}_F()",
        "USE ROLE SYSADMIN",
        "ALTER SESSION SET TIMEZONE = 'UTC'",
        "CREATE WAREHOUSE {prefix}_W INITIALLY_SUSPENDED = TRUE",
        "CREATE OR REPLACE WAREHOUSE IF NOT EXISTS \"{prefix}_w x\" INITIALLY_SUSPENDED = TRUE",
        "CREATE WAREHOUSE {prefix}_W WAREHOUSE_TYPE = ADAPTIVE",
        "CREATE WAREHOUSE",
        "ALTER USER {prefix}_U UNSET PASSWORD",
        "ALTER WAREHOUSE IF EXISTS {prefix}_W RENAME TO {prefix}_V",
        "DROP RESOURCE MONITOR IF EXISTS {prefix}_M",
        "COMMENT IF EXISTS ON WAREHOUSE {prefix}_W IS 'x'",
        "CREATE TRANSIENT SCHEMA {database}.S",
        "CREATE DATABASE ROLE {database}.R",
        "GRANT USAGE ON WAREHOUSE {prefix}_W TO ROLE PUBLIC",
        "GRANT ROLE {prefix}_R TO USER {user}",
        "GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE {prefix}_R WITH GRANT OPTION",
        "GRANT OWNERSHIP ON RESOURCE MONITOR {prefix}_M TO ROLE {prefix}_R COPY CURRENT GRANTS",
        "GRANT OWNERSHIP ON WAREHOUSE {prefix}_W TO ROLE {role}",
        "GRANT USAGE ON FUTURE SCHEMAS IN DATABASE {database} TO ROLE {prefix}_R",
        "REVOKE GRANT OPTION FOR USAGE ON WAREHOUSE {prefix}_W FROM ROLE {prefix}_R CASCADE",
        "CREATE RESOURCE MONITOR {prefix}_M NOTIFY_USERS = ({prefix}_U, \"{prefix}_v\")",
    ] {
        let names = names();
        assert_eq!(check(&names, &names.statement(text), false), Ok(()), "{text}");
    }
}

#[test]
fn what_could_touch_anything_else_is_refused() {
    for text in [
        "DROP WAREHOUSE PROD",
        "DROP WAREHOUSE \"{prefix}\"",
        "DROP WAREHOUSE IDENTIFIER('PROD')",
        "DROP DATABASE {database}",
        "CREATE OR REPLACE DATABASE {database}",
        "ALTER DATABASE {database} RENAME TO {prefix}_D",
        "ALTER DATABASE {prefix}_D SWAP WITH PROD",
        "ALTER WAREHOUSE {prefix}_W RENAME TO PROD",
        "CREATE DATABASE {prefix}_D CLONE PROD",
        "ALTER WAREHOUSE SUSPEND",
        "ALTER WAREHOUSE {prefix}_W SET RESOURCE_MONITOR = PROD",
        "ALTER ACCOUNT SET RESOURCE_MONITOR = {prefix}_M",
        "ALTER ACCOUNT SET TIMEZONE = 'UTC'",
        "ALTER USER {user} SET COMMENT = 'x'",
        "CREATE RESOURCE MONITOR {prefix}_M NOTIFY_USERS = ({prefix}_U, BOSS)",
        "CREATE INTEGRATION {prefix}_I",
        "SHOW ROLES; DROP ROLE X",
        "SHOW ROLES -- {prefix}_",
        "SELECT SYSTEM$CANCEL_ALL_QUERIES(1)",
        "SELECT \"SYSTEM$CANCEL_ALL_QUERIES\"(1)",
        "SELECT SNOWFLAKE.CORTEX.COMPLETE('model', 'x')",
        "DROP WAREHOUSE {prefix}_W, PROD",
        "GRANT ROLE {prefix}_R, SYSADMIN TO ROLE {prefix}_Q",
        "GRANT ROLE PUBLIC, SYSADMIN TO ROLE {prefix}_Q",
        "GRANT USAGE ON WAREHOUSE {prefix}_W, PROD TO ROLE {prefix}_R",
        "CALL ANYTHING()",
        "INSERT INTO {database}.PUBLIC.T VALUES (1)",
        "GRANT ROLE ACCOUNTADMIN TO ROLE {prefix}_R",
        "GRANT ROLE PUBLIC TO ROLE SYSADMIN",
        "GRANT ROLE SYSADMIN TO USER BOSS",
        "GRANT USAGE ON WAREHOUSE PROD TO ROLE {prefix}_R",
        "GRANT OWNERSHIP ON WAREHOUSE PROD TO ROLE {prefix}_R",
        "GRANT OWNERSHIP ON WAREHOUSE {prefix}_W TO ROLE PUBLIC",
        "GRANT OWNERSHIP ON ALL SCHEMAS IN DATABASE {database} TO ROLE {prefix}_R",
        "GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE PUBLIC",
        "GRANT USAGE ON FUTURE SCHEMAS IN DATABASE PROD TO ROLE {prefix}_R",
        "REVOKE ROLE SYSADMIN FROM USER {user}",
        "CREATE WAREHOUSE {prefix}_W",
        "ALTER WAREHOUSE {prefix}_W RESUME",
        "CREATE USER {prefix}_U PASSWORD = 'everybody knows'",
        "ALTER USER {prefix}_U SET PASSWORD = 'everybody knows'",
        "SHOW ROLES ->> DROP ROLE X",
        "GRANT USAGE ON DATABASE {prefix}_D TO SHARE PARTNER",
    ] {
        assert!(!is_allowed(text), "{text}");
    }
    let names = names();
    check(&names, &names.statement("CREATE WAREHOUSE {prefix}_W"), true).unwrap();
}

#[test]
fn what_is_made_is_dropped_roles_first_and_databases_last() {
    let text = "CREATE DATABASE {prefix}_D; CREATE SCHEMA {prefix}_D.S; CREATE OR REPLACE WAREHOUSE {prefix}_W; \
                CREATE ROLE IF NOT EXISTS \"{prefix}_r\"; ALTER WAREHOUSE {prefix}_W RENAME TO {prefix}_V; SHOW ROLES";
    let mut all = made(&text.replace("{prefix}", "P"));
    all.sort();
    let drops: Vec<_> = all.iter().map(super::Made::drop).collect();
    assert_eq!(
        drops,
        [
            "DROP ROLE IF EXISTS \"P_r\"",
            "DROP SCHEMA IF EXISTS \"P_D\".\"S\"",
            "DROP WAREHOUSE IF EXISTS \"P_V\"",
            "DROP WAREHOUSE IF EXISTS \"P_W\"",
            "DROP DATABASE IF EXISTS \"P_D\"",
        ]
    );
}
