//! The account as it is kept in a file.

use super::super::Account;
use super::Session;

#[test]
fn a_round_trip_is_identical() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE ROLE r; CREATE USER u PASSWORD = 'long enough' EMAIL = 'a@b.c'; GRANT ROLE r TO USER u; \
         CREATE DATABASE d; CREATE SCHEMA s; CREATE TAG t; CREATE INTERACTIVE TABLE x (a INT); \
         CREATE RESOURCE MONITOR m CREDIT_QUOTA = 3 NOTIFY_USERS = (u) TRIGGERS ON 50 PERCENT DO NOTIFY; \
         CREATE INTERACTIVE WAREHOUSE w TABLES (x) RESOURCE_MONITOR = m WITH TAG (t = 'v'); \
         CREATE WAREHOUSE a WAREHOUSE_TYPE = ADAPTIVE; GRANT ALL ON WAREHOUSE w TO ROLE r WITH GRANT OPTION; \
         GRANT SELECT ON FUTURE TABLES IN SCHEMA s TO ROLE r; DROP SCHEMA d.public; CREATE DATABASE e; DROP DATABASE e; \
         ALTER USER u ADD PAT p; ALTER ACCOUNT SET TIMEZONE = 'UTC'; \
         CREATE DATABASE ROLE d.dr; GRANT DATABASE ROLE d.dr TO ROLE r; CREATE SHARE sh; GRANT USAGE ON DATABASE d TO SHARE sh; \
         CREATE STAGE d.s.st; CREATE PASSWORD POLICY d.s.pp; ALTER USER u SET PASSWORD POLICY d.s.pp; \
         GRANT INHERITED SELECT ON ALL TABLES IN DATABASE d TO ROLE r; CREATE WAREHOUSE std; USE SCHEMA d.s; \
         CREATE SEQUENCE d.s.q; CREATE TABLE d.s.rows (i INT AUTOINCREMENT, v VARIANT, c NUMBER DEFAULT d.s.q.NEXTVAL) \
         CLUSTER BY (c) CHANGE_TRACKING = TRUE TAG (t = 'x'); CREATE STREAM d.s.str ON TABLE d.s.rows; \
         INSERT INTO d.s.rows (v) SELECT PARSE_JSON('{\"a\": 1}'); INSERT INTO d.s.rows (v) VALUES (NULL); DELETE FROM d.s.rows WHERE i = 1; \
         CREATE TABLE d.s.base (a INT); CREATE MASKING POLICY d.s.mp AS (v INT) RETURNS INT -> v; \
         CREATE VIEW d.s.v (a WITH MASKING POLICY d.s.mp) WITH TAG (d.s.t = 'v') AS SELECT a FROM base; ALTER TAG d.s.t SET MASKING POLICY d.s.mp; \
         CREATE FILE FORMAT d.s.ff; CREATE PIPE d.s.p AS COPY INTO base FROM @st; CREATE TAG d.s.gone; DROP TAG d.s.gone",
    );
    session.account.use_credits("M", 1.7, session.now);
    session.account.started("q", "W", session.now);
    let text = serde_json::to_string(&session.account).unwrap();
    let mut back: Account = serde_json::from_str(&text).unwrap();
    assert_eq!(back, session.account);
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    let now = session.now + 1;
    let mut context = session.context.clone();
    for statement in [
        "SHOW WAREHOUSES",
        "SHOW GRANTS TO ROLE r",
        "SHOW RESOURCE MONITORS",
        "SELECT * FROM d.s.str",
        "SHOW STREAMS",
        "INSERT INTO d.s.rows (v) VALUES (NULL)",
        "SELECT i, c FROM d.s.rows ORDER BY i",
        "UNDROP DATABASE e",
        "CREATE WAREHOUSE next",
    ] {
        let here = session.account.execute(&mut session.context, statement, now);
        assert_eq!(back.execute(&mut context, statement, now), here, "{statement}");
    }
}

#[test]
fn created_on_is_unique_and_grows_even_when_the_clock_stands() {
    let mut session = Session::enterprise();
    let mut last = String::new();
    for statement in ["CREATE WAREHOUSE w", "CREATE OR REPLACE WAREHOUSE w", "CREATE OR REPLACE WAREHOUSE w"]
    {
        session.account.execute(&mut session.context, statement, super::NOON).unwrap();
        let created = session.row("SHOW WAREHOUSES", "created_on");
        assert!(created > last, "{created} after {last}");
        last = created;
    }
    session
        .account
        .execute(&mut session.context, "CREATE OR REPLACE WAREHOUSE w", super::NOON - super::SECOND * 60)
        .unwrap();
    assert!(session.row("SHOW WAREHOUSES", "created_on") > last, "a clock that goes back changes nothing");
}
