//! Database roles: who has them, and what they have.

use super::{Session, short};

fn with_database() -> Session {
    let mut session = Session::enterprise();
    session.all("CREATE ROLE r; CREATE USER u; CREATE DATABASE d; CREATE DATABASE ROLE dr COMMENT = 'x'");
    session
}

#[test]
fn they_come_change_and_go() {
    let mut session = with_database();
    let columns = "name owner comment granted_to_roles granted_to_database_roles granted_database_roles owner_role_type";
    assert_eq!(session.row("SHOW DATABASE ROLES IN DATABASE d", columns), "DR|ACCOUNTADMIN|x|0|0|0|ROLE");
    assert_eq!(
        session.cell("CREATE DATABASE ROLE IF NOT EXISTS d.dr"),
        "DR already exists, statement succeeded."
    );
    session.all(
        "ALTER DATABASE ROLE d.dr SET COMMENT = 'y'; ALTER DATABASE ROLE d.dr RENAME TO d.other; \
         CREATE TAG t; ALTER DATABASE ROLE d.other SET TAG t = 'v'",
    );
    assert_eq!(session.row("SHOW DATABASE ROLES LIKE 'o%' IN DATABASE d", "name comment"), "OTHER|y");
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('d.public.t', 'd.other', 'DATABASE ROLE')"), "v");
    session.ok("ALTER DATABASE ROLE other UNSET COMMENT");
    session.all("CREATE DATABASE ROLE a; CREATE DATABASE ROLE b; CREATE DATABASE ROLE c");
    let paged = "SHOW DATABASE ROLES IN DATABASE d LIMIT 2 FROM 'A'";
    assert_eq!(session.column(paged, "name"), ["B", "C"]);
    assert_eq!(session.cell("DROP DATABASE ROLE d.other"), "OTHER successfully dropped.");
    session.ok("DROP DATABASE ROLE IF EXISTS d.other");
    for (statement, expected) in [
        ("DROP DATABASE ROLE d.x", "002003 02000 Database role 'D.X' does not exist or not authorized."),
        ("DROP DATABASE ROLE IF EXISTS x.y", "002003 02000 Database 'X' does not exist or not authorized."),
        ("CREATE DATABASE ROLE d.a", "002002 42710 Object 'D.A' already exists."),
        ("SHOW DATABASE ROLES IN DATABASE x", "002003 02000 Database 'X' does not exist or not authorized."),
        (
            "ALTER DATABASE ROLE d.a RENAME TO snowflake.a",
            "000002 0A000 Unsupported feature 'RENAME of a database role to another database'.",
        ),
    ] {
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
}

#[test]
fn a_database_role_may_use_its_database_from_the_beginning() {
    let mut session = with_database();
    session.all("GRANT CREATE SCHEMA ON DATABASE d TO DATABASE ROLE d.dr; CREATE SCHEMA s");
    session.ok("GRANT OWNERSHIP ON SCHEMA d.s TO DATABASE ROLE d.dr");
    let grants = "SHOW GRANTS TO DATABASE ROLE d.dr";
    assert_eq!(session.column(grants, "privilege"), ["CREATE SCHEMA", "USAGE", "OWNERSHIP"]);
    assert_eq!(session.column(grants, "granted_to"), ["DATABASE_ROLE"; 3]);
    assert_eq!(session.column(grants, "grantee_name"), ["DR"; 3]);
    assert_eq!(
        session.row("SHOW SCHEMAS LIKE 's' IN DATABASE d", "owner owner_role_type"),
        "DR|DATABASE_ROLE"
    );
    session.ok("DROP DATABASE ROLE d.dr");
    assert_eq!(session.row("SHOW SCHEMAS LIKE 's' IN DATABASE d", "owner"), "ACCOUNTADMIN");
}

#[test]
fn what_they_may_do_their_holders_may() {
    let mut session = with_database();
    session.all(
        "GRANT ROLE r TO USER operator; GRANT DATABASE ROLE d.dr TO ROLE r; \
         GRANT CREATE SCHEMA ON DATABASE d TO DATABASE ROLE d.dr",
    );
    session.as_role("R").ok("CREATE SCHEMA d.made");
    session.as_role("ACCOUNTADMIN").ok("REVOKE DATABASE ROLE d.dr FROM ROLE r");
    assert_eq!(session.as_role("R").refused("CREATE SCHEMA d.more").code, 3001);
}

#[test]
fn they_go_to_roles_users_shares_and_applications() {
    let mut session = with_database();
    session.all(
        "CREATE DATABASE ROLE d.lower; CREATE SHARE sh; GRANT USAGE ON DATABASE d TO SHARE sh; \
         GRANT DATABASE ROLE d.lower TO DATABASE ROLE d.dr; GRANT DATABASE ROLE d.dr TO ROLE r; \
         GRANT DATABASE ROLE d.dr TO USER u; GRANT DATABASE ROLE d.dr TO SHARE sh; \
         GRANT DATABASE ROLE d.dr TO APPLICATION snowflake",
    );
    let of = "SHOW GRANTS OF DATABASE ROLE d.dr";
    assert_eq!(session.column(of, "granted_to"), ["ROLE", "USER", "SHARE", "APPLICATION"]);
    assert_eq!(session.column("SHOW GRANTS OF DATABASE ROLE d.lower", "grantee_name"), ["D.DR"]);
    let counted = "granted_to_roles granted_to_database_roles granted_database_roles";
    assert_eq!(session.row("SHOW DATABASE ROLES LIKE 'dr' IN DATABASE d", counted), "1|0|1");
    assert_eq!(session.row("SHOW DATABASE ROLES LIKE 'lower' IN DATABASE d", counted), "0|1|0");
    assert_eq!(session.row("SHOW ROLES LIKE 'r'", "granted_roles"), "0");
    assert_eq!(session.column("SHOW GRANTS TO USER u", "role"), ["D.DR"]);
    assert_eq!(session.refused("GRANT DATABASE ROLE d.dr TO DATABASE ROLE d.lower").code, 3025);
    session.all("CREATE DATABASE e; CREATE DATABASE ROLE e.far");
    assert_eq!(session.refused("GRANT DATABASE ROLE d.dr TO DATABASE ROLE e.far").code, 2);
    session.ok("DROP DATABASE d");
    assert!(session.ok("SHOW GRANTS TO USER u").rows.is_empty());
}

#[test]
fn future_grants_reach_them() {
    let mut session = with_database();
    session.all(
        "GRANT SELECT ON FUTURE TABLES IN DATABASE d TO DATABASE ROLE d.dr; \
         GRANT OWNERSHIP ON FUTURE VIEWS IN SCHEMA d.public TO DATABASE ROLE d.dr; CREATE TABLE d.public.t (a INT)",
    );
    let future = "SHOW FUTURE GRANTS TO DATABASE ROLE d.dr";
    assert_eq!(session.column(future, "grant_to"), ["DATABASE_ROLE"; 2]);
    assert_eq!(session.column(future, "name"), ["D.<TABLE>", "D.PUBLIC.<VIEW>"]);
    assert_eq!(session.column("SHOW GRANTS ON TABLE d.public.t", "grantee_name"), ["ACCOUNTADMIN", "DR"]);
    session.ok("REVOKE OWNERSHIP ON FUTURE VIEWS IN SCHEMA d.public FROM DATABASE ROLE d.dr RESTRICT");
    session.ok("DROP DATABASE ROLE d.dr");
    assert!(session.ok("SHOW FUTURE GRANTS IN DATABASE d").rows.is_empty());
}
