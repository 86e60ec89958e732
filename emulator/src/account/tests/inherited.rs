//! Inherited grants: privileges on all that a container holds, now and later.

use super::Session;

fn with_role() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE ROLE r; GRANT ROLE r TO USER operator; CREATE DATABASE d; CREATE TABLE t (a INT); CREATE WAREHOUSE w",
    );
    session
}

#[test]
fn they_hold_for_what_is_there_and_for_what_comes() {
    let mut session = with_role();
    session.all(
        "GRANT INHERITED USAGE ON ALL WAREHOUSES IN ACCOUNT TO ROLE r; \
         GRANT INHERITED SELECT, INSERT ON ALL TABLES IN DATABASE d TO ROLE r; GRANT USAGE ON DATABASE d TO ROLE r; CREATE WAREHOUSE later",
    );
    assert!(session.ok("SHOW GRANTS ON WAREHOUSE w").rows.len() == 1, "the object itself lists only its own");
    session.as_role("R");
    assert_eq!(session.column("SHOW WAREHOUSES", "name"), ["LATER", "W"]);
    session.ok("USE WAREHOUSE later");
    assert_eq!(session.column("SHOW TABLES IN ACCOUNT", "name"), ["T"]);
    session.as_role("ACCOUNTADMIN").ok("REVOKE INHERITED USAGE ON ALL WAREHOUSES IN ACCOUNT FROM ROLE r");
    assert!(session.as_role("R").ok("SHOW WAREHOUSES").rows.is_empty());
}

#[test]
fn lists_say_where_they_come_from() {
    let mut session = with_role();
    session.all(
        "GRANT INHERITED USAGE ON ALL WAREHOUSES IN ACCOUNT TO ROLE r; \
         GRANT INHERITED SELECT ON ALL TABLES IN DATABASE d TO ROLE r; \
         GRANT INHERITED SELECT ON ALL TABLES IN SCHEMA d.public TO ROLE r; GRANT USAGE ON WAREHOUSE w TO ROLE r",
    );
    let to = "SHOW GRANTS TO ROLE r";
    assert_eq!(session.column(to, "is_inherited"), ["false", "true", "true", "true"]);
    assert_eq!(session.column(to, "inherited_from"), ["NULL", "ACCOUNT", "DATABASE", "SCHEMA"]);
    assert_eq!(session.column(to, "inherited_from_database"), ["NULL", "NULL", "D", "D"]);
    assert_eq!(session.column(to, "inherited_from_schema"), ["NULL", "NULL", "NULL", "PUBLIC"]);
    assert_eq!(session.column(to, "name"), ["W", "", "", ""]);
    let here = session.ok("SHOW INHERITED GRANTS IN DATABASE d");
    assert_eq!(here.rows.len(), 1);
    assert!(!here.columns.iter().any(|column| column.name == "is_inherited"));
    assert_eq!(session.refused("SHOW INHERITED GRANTS IN DATABASE x").code, 2003);
    session.ok("DROP ROLE r");
    assert!(session.ok("SHOW INHERITED GRANTS IN ACCOUNT").rows.is_empty());
}

#[test]
fn a_role_without_the_container_cannot_give_them() {
    let mut session = with_role();
    session.all("GRANT USAGE ON DATABASE d TO ROLE r; CREATE ROLE other");
    let grant = "GRANT INHERITED SELECT ON ALL TABLES IN DATABASE d TO ROLE other";
    assert_eq!(session.as_role("R").refused(grant).code, 3001);
    assert_eq!(session.refused("GRANT INHERITED SELECT ON TABLE t TO ROLE other").code, 1003);
}
