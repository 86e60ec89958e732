//! Procedures and functions.

use super::{Session, short};

fn with_schema() -> Session {
    let mut session = Session::enterprise();
    session.all("CREATE DATABASE d; CREATE SCHEMA d.s");
    session
}

fn described(session: &mut Session, what: &str) -> String {
    let rows = session.ok(&format!("DESCRIBE {what}"));
    let values = super::column(&rows, "value");
    super::column(&rows, "property")
        .iter()
        .zip(values)
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("|")
}

#[test]
fn overloads_differ_in_the_types_of_their_arguments() {
    let mut session = with_schema();
    session.all(
        "CREATE PROCEDURE p(a VARCHAR(20), b INT DEFAULT 1 + 1) RETURNS STRING NOT NULL LANGUAGE SQL EXECUTE AS CALLER AS $$BEGIN RETURN 'x'; END$$;
         CREATE PROCEDURE p(a FLOAT) RETURNS TABLE (id INT, price DOUBLE) AS BEGIN RETURN 1; END;
         CREATE PROCEDURE p() RETURNS INT COMMENT = 'none' AS 'BEGIN RETURN ''x''; END'",
    );
    assert_eq!(
        session.column("SHOW PROCEDURES LIKE 'p' IN SCHEMA d.s", "arguments"),
        [
            "P() RETURN NUMBER",
            "P(FLOAT) RETURN TABLE (ID NUMBER, PRICE FLOAT)",
            "P(VARCHAR, DEFAULT NUMBER) RETURN VARCHAR"
        ]
    );
    assert_eq!(
        session.column("SHOW USER PROCEDURES", "description"),
        ["none", "user-defined procedure", "user-defined procedure"]
    );
    assert_eq!(session.column("SHOW PROCEDURES", "min_num_arguments"), ["0", "1", "1"]);
    assert_eq!(
        described(&mut session, "PROCEDURE p(STRING, NUMBER(10,2))"),
        "signature=(A VARCHAR, B NUMBER)|returns=VARCHAR(16777216) NOT NULL|language=SQL|execute as=CALLER|body=BEGIN RETURN 'x'; END"
    );
    assert!(described(&mut session, "PROCEDURE d.s.p()").ends_with("body=BEGIN RETURN 'x'; END"));
    assert_eq!(session.cell("CALL p('a')"), "NULL");
    assert_eq!(session.refused("CALL p('a', 2, 3)").code, 2140);
    session.ok("DROP PROCEDURE p(FLOAT)");
    assert_eq!(session.ok("SHOW PROCEDURES").rows.len(), 2);
    assert_eq!(
        short(&session.refused("DROP PROCEDURE p(FLOAT)")),
        "002003 02000 Procedure 'P(FLOAT)' does not exist or not authorized."
    );
}

#[test]
fn code_in_other_languages_says_more() {
    let mut session = with_schema();
    session.ok(
        "CREATE OR REPLACE SECURE FUNCTION f(\"x\" NUMBER(36,2)) COPY GRANTS RETURNS NUMBER(36,2) NOT NULL
         LANGUAGE PYTHON RETURNS NULL ON NULL INPUT IMMUTABLE RUNTIME_VERSION = '3.12' COMMENT = 'c'
         IMPORTS = ('@~/a.py') PACKAGES = ('absl-py==0.12.0','about-time==4.2.1') HANDLER = 'dump'
         EXTERNAL_ACCESS_INTEGRATIONS = (e) AS $$def dump(x): return x$$",
    );
    assert_eq!(
        described(&mut session, "FUNCTION f(NUMBER)"),
        "signature=(x NUMBER)|returns=NUMBER(36,2) NOT NULL|language=PYTHON|null handling=RETURNS NULL ON NULL INPUT|\
         volatility=IMMUTABLE|body=def dump(x): return x|external_access_integrations=[E]|imports=[@~/a.py]|\
         handler=dump|runtime_version=3.12|packages=['absl-py==0.12.0','about-time==4.2.1']|\
         installed_packages=['absl-py==0.12.0','about-time==4.2.1']|is_aggregate=false"
    );
    assert_eq!(
        session.row(
            "SHOW USER FUNCTIONS",
            "name language is_secure is_builtin catalog_name external_access_integrations description"
        ),
        "F|PYTHON|Y|N|D|[E]|c"
    );
    session.all(
        "ALTER FUNCTION f(NUMBER) SET LOG_LEVEL = 'WARN'; ALTER FUNCTION f(NUMBER) UNSET SECURE; ALTER FUNCTION f(NUMBER) UNSET COMMENT;
         ALTER FUNCTION f(NUMBER) RENAME TO g; GRANT USAGE ON FUNCTION g(NUMBER) TO ROLE sysadmin",
    );
    assert_eq!(session.row("SHOW FUNCTIONS", "name is_secure description"), "G|N|user-defined function");
    assert_eq!(
        session.row("SHOW PARAMETERS LIKE 'LOG_LEVEL' IN FUNCTION g(NUMBER)", "value level"),
        "WARN|FUNCTION"
    );
    assert_eq!(session.column("SHOW GRANTS ON FUNCTION g(NUMBER)", "privilege"), ["OWNERSHIP", "USAGE"]);
}

#[test]
fn create_or_alter_keeps_what_it_cannot_change() {
    let mut session = with_schema();
    let make = |how: &str, rest: &str| format!("CREATE {how} PROCEDURE p(a INT) RETURNS INT {rest}");
    session.ok(&make("", "LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('a') HANDLER = 'h' AS 'x'"));
    let created = session.row("SHOW PROCEDURES", "created_on");
    session.ok(&make(
        "OR ALTER",
        "LANGUAGE PYTHON RUNTIME_VERSION = '3.12' PACKAGES = ('b') HANDLER = 'h' COMMENT = 'c' AS 'y'",
    ));
    assert_eq!(session.row("SHOW PROCEDURES", "created_on description"), format!("{created}|c"));
    assert!(
        described(&mut session, "PROCEDURE p(INT)")
            .contains("body=y|imports=[]|handler=h|runtime_version=3.12|packages=['b']")
    );
    for rest in [
        "LANGUAGE JAVASCRIPT AS 'y'",
        "LANGUAGE PYTHON RUNTIME_VERSION = '3.12' PACKAGES = ('b') HANDLER = 'i' AS 'y'",
        "LANGUAGE PYTHON RUNTIME_VERSION = '3.12' PACKAGES = ('b') HANDLER = 'h' STRICT AS 'y'",
        "LANGUAGE PYTHON RUNTIME_VERSION = '3.12' PACKAGES = ('b') HANDLER = 'h' IMMUTABLE AS 'y'",
    ] {
        assert_eq!(session.refused(&make("OR ALTER", rest)).code, 2, "{rest}");
    }
    assert_eq!(session.refused(&make("", "AS 'z'")).code, 2002);
    for wrong in ["LANGUAGE COBOL AS 'y'", "LANGUAGE SQL", "AS SELEC 1"] {
        assert_eq!(session.refused(&make("OR REPLACE", wrong)).code, 1003, "{wrong}");
    }
}

#[test]
fn who_may_call_sees_it() {
    let mut session = with_schema();
    session.all(
        "CREATE PROCEDURE p() RETURNS INT AS 'x'; CREATE ROLE r; GRANT ROLE r TO USER operator;
         GRANT USAGE ON DATABASE d TO ROLE r; GRANT USAGE ON SCHEMA d.s TO ROLE r",
    );
    session.as_role("R");
    assert_eq!(session.refused("CALL d.s.p()").code, 2140);
    assert_eq!(session.refused("DESC PROCEDURE d.s.p()").code, 2003);
    session.as_role("ACCOUNTADMIN").ok("GRANT USAGE ON PROCEDURE d.s.p() TO ROLE r");
    session.as_role("R").ok("CALL d.s.p()");
    assert_eq!(
        session.refused("DROP PROCEDURE d.s.p()").message.lines().last(),
        Some("Insufficient privileges to operate on procedure 'D.S.P()'")
    );
    assert_eq!(session.refused("CREATE FUNCTION d.s.f() RETURNS INT AS '1'").code, 3001);
}
