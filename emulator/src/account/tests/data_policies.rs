//! Masking and row access policies.

use super::{Edition, Session, short};

#[test]
fn a_policy_shows_its_signature_and_keeps_its_body() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE MASKING POLICY m AS (v VARCHAR(10), \"low\" NUMBER(2,0)) RETURNS VARCHAR(10) ->\n  \
         case when v like '%)' then v else '*' end COMMENT = 'c' EXEMPT_OTHER_POLICIES = TRUE; \
         CREATE ROW ACCESS POLICY r AS (a TIMESTAMP_LTZ) RETURNS BOOLEAN -> EXISTS (SELECT 1 FROM x WHERE y = a)",
    );
    let described = session.row("DESC MASKING POLICY m", "name signature return_type body");
    assert_eq!(described, "M|(V VARCHAR, low NUMBER)|VARCHAR(10)|case when v like '%)' then v else '*' end");
    assert_eq!(
        session.row("SHOW MASKING POLICIES", "name kind owner comment options"),
        "M|MASKING_POLICY|ACCOUNTADMIN|c|{\"EXEMPT_OTHER_POLICIES\":true}"
    );
    assert_eq!(
        session.row("DESC ROW ACCESS POLICY r", "signature return_type body"),
        "(A TIMESTAMP_LTZ)|BOOLEAN|EXISTS (SELECT 1 FROM x WHERE y = a)"
    );
    session.all(
        "ALTER MASKING POLICY m SET BODY -> '**'; ALTER MASKING POLICY m RENAME TO n; \
         ALTER MASKING POLICY IF EXISTS m SET COMMENT = 'x'; ALTER MASKING POLICY n UNSET COMMENT; \
         CREATE OR REPLACE MASKING POLICY n AS (v VARCHAR) RETURNS VARCHAR -> v; \
         CREATE OR ALTER MASKING POLICY n AS (v VARCHAR) RETURNS VARCHAR -> 'x' COMMENT = 'k'; \
         CREATE MASKING POLICY IF NOT EXISTS n AS (v INT) RETURNS INT -> v",
    );
    assert_eq!(session.row("DESC MASKING POLICY n", "body"), "'x'");
    assert_eq!(session.row("SHOW MASKING POLICIES", "comment options"), "k|");
    session.all("DROP MASKING POLICY n; DROP ROW ACCESS POLICY r");
}

#[test]
fn what_is_no_policy_is_refused() {
    let mut session = Session::enterprise();
    session.all("CREATE DATABASE d; CREATE MASKING POLICY m AS (v INT) RETURNS INT -> v");
    for (statement, code) in [
        ("CREATE MASKING POLICY m AS (v INT) RETURNS INT -> v", 2002),
        ("CREATE OR ALTER MASKING POLICY m AS (v VARCHAR) RETURNS VARCHAR -> v", 2),
        ("CREATE MASKING POLICY x AS () RETURNS INT -> 1", 1003),
        ("CREATE MASKING POLICY x AS (v INT) RETURNS INT ->", 1003),
        ("CREATE MASKING POLICY x AS (v INT) RETURNS INT -> 1 +", 1003),
        ("CREATE MASKING POLICY x AS (v INT) RETURNS INT -> v)", 1003),
        ("CREATE ROW ACCESS POLICY x AS (v INT) RETURNS INT -> TRUE", 1003),
        ("CREATE ROW ACCESS POLICY x AS (v INT) RETURNS BOOLEAN -> TRUE EXEMPT_OTHER_POLICIES = TRUE", 1003),
        ("ALTER MASKING POLICY m SET EXEMPT_OTHER_POLICIES = TRUE", 1003),
        ("ALTER MASKING POLICY nope SET BODY -> 1", 2003),
        ("DESC ROW ACCESS POLICY m", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    let mut standard = Session::new(Edition::Standard);
    standard.ok("CREATE DATABASE d");
    let error = standard.refused("CREATE MASKING POLICY m AS (v INT) RETURNS INT -> v");
    assert_eq!(short(&error), "000002 0A000 Unsupported feature 'MASKING POLICY'.");
}

#[test]
fn a_policy_is_put_by_who_may_apply_it() {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE TABLE t (id INT); CREATE ROLE r; GRANT ROLE r TO USER operator; \
         GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE, CREATE VIEW ON SCHEMA d.public TO ROLE r; \
         GRANT SELECT ON TABLE t TO ROLE r; CREATE ROW ACCESS POLICY p AS (i INT) RETURNS BOOLEAN -> TRUE",
    );
    session.as_role("R").ok("CREATE VIEW v AS SELECT id FROM d.public.t");
    let add = "ALTER VIEW v ADD ROW ACCESS POLICY p ON (id)";
    assert_eq!(session.refused(add).code, 2003, "it does not see the policy");
    session.as_role("ACCOUNTADMIN").ok("GRANT APPLY ON ROW ACCESS POLICY p TO ROLE r");
    session.as_role("R").ok(add);
    assert_eq!(session.refused("ALTER ROW ACCESS POLICY p SET BODY -> FALSE").code, 3001);
}
