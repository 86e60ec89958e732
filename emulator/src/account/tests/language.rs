//! The language: places of errors, splitting, and any input at all.

use proptest::prelude::*;

use super::super::{Account, ObjectKind, Verb};
use super::{Session, short};

#[test]
fn errors_name_line_and_position() {
    let mut session = Session::enterprise();
    for (statement, expected) in [
        ("", "000900 42601 Empty SQL statement."),
        (" ; -- nothing\n", "000900 42601 Empty SQL statement."),
        ("SELEC 1", "001003 42000 syntax error line 1 at position 0 unexpected 'SELEC'."),
        ("show\n  warehousez", "001003 42000 syntax error line 2 at position 2 unexpected 'warehousez'."),
        ("SHOW WAREHOUSES IN ACCOUNT", "001003 42000 syntax error line 1 at position 16 unexpected 'IN'."),
        ("DROP WAREHOUSE 'w'", "001003 42000 syntax error line 1 at position 15 unexpected ''w''."),
        ("DROP WAREHOUSE \"\"", "001003 42000 syntax error line 1 at position 15 unexpected '\"\"'."),
        (
            "ALTER WAREHOUSE w SET COMMENT = 'x",
            "001003 42000 parse error line 1 at position 32 near '<EOF>'.",
        ),
        ("USE ROLE a, b", "001003 42000 syntax error line 1 at position 10 unexpected ','."),
        ("DROP TABLE \"é\" ü", "001003 42000 syntax error line 1 at position 15 unexpected 'ü'."),
        (
            "SHOW ROLES; SHOW ROLES",
            "000008 0A000 Actual statement count 2 did not match the desired statement count 1.",
        ),
        ("MERGE INTO t USING u ON 1 = 1", "000002 0A000 Unsupported feature 'MERGE'."),
        (
            "SELECT 1 FROM d.s.t",
            "000606 57P03 No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.",
        ),
        ("SELECT NOW()", "002140 42601 Unknown function NOW"),
        ("SELECT nothing", "000904 42000 invalid identifier 'NOTHING'"),
    ] {
        assert_eq!(short(&session.refused(statement)), expected, "{statement}");
    }
}

#[test]
fn names_fold_unless_they_are_quoted() {
    let mut session = Session::enterprise();
    for name in [
        "plain",
        "\"plain\"",
        "\"with \"\"quotes\"\"\"",
        "\"semi;colon\"",
        "\"'; DROP--\"",
        "_x$1",
        "\"\u{2603}\"",
    ] {
        session.ok(&format!("CREATE WAREHOUSE {name}"));
    }
    let names = session.column("SHOW WAREHOUSES", "name");
    assert_eq!(names, ["'; DROP--", "PLAIN", "_X$1", "plain", "semi;colon", "with \"quotes\"", "\u{2603}"]);
    assert_eq!(session.cell("SELECT CURRENT_WAREHOUSE() AS \"x y\""), "\u{2603}");
    session.ok("DROP WAREHOUSE IDENTIFIER('\"plain\"')");
    let long = "x".repeat(256);
    let error = session.refused(&format!("CREATE WAREHOUSE {long}"));
    assert!(error.message.ends_with("exceeds maximum length limit of 255 characters"), "{error}");
    session.ok(&format!("CREATE WAREHOUSE \"{}\"", "é".repeat(255)));
}

#[test]
fn texts_honour_their_quotes() {
    let mut session = Session::enterprise();
    session.ok("CREATE WAREHOUSE w");
    for (written, kept) in [
        ("'it''s'", "it's"),
        (r"'a\'b'", "a'b"),
        (r"'a\\b'", r"a\b"),
        (r"'a\nb'", "a\nb"),
        ("$$it's; -- \"so\"$$", "it's; -- \"so\""),
        ("''", ""),
        ("'\u{1F600}'", "\u{1F600}"),
    ] {
        session.ok(&format!("ALTER WAREHOUSE w SET COMMENT = {written}"));
        assert_eq!(session.row("SHOW WAREHOUSES", "comment"), kept, "{written}");
    }
}

#[test]
fn texts_of_several_statements_are_split() {
    for (text, expected) in [
        ("", vec![]),
        (";;", vec![]),
        ("a", vec!["a"]),
        ("a; b ;\n c;", vec!["a", "b", "c"]),
        ("a ';' ; b \";\" ; c $$;$$ ; d", vec!["a ';'", "b \";\"", "c $$;$$", "d"]),
        ("a -- ; no\n; /* ; */ b; // ; c\nd", vec!["a -- ; no", "/* ; */ b", "// ; c\nd"]),
        ("é; ü", vec!["é", "ü"]),
    ] {
        assert_eq!(Account::split(text).unwrap(), expected, "{text}");
    }
    assert_eq!(Account::split("a 'b").unwrap_err().code, 1003);
}

#[test]
fn a_door_knows_what_a_statement_is() {
    for (statement, verb, object, reads, seconds) in [
        ("SHOW WAREHOUSES", Verb::Show, Some(ObjectKind::Warehouse), true, None),
        ("DESC USER u", Verb::Describe, Some(ObjectKind::User), true, None),
        ("CREATE WAREHOUSE w", Verb::Create, Some(ObjectKind::Warehouse), false, None),
        ("GRANT MODIFY ON ACCOUNT TO ROLE r", Verb::Grant, Some(ObjectKind::Account), false, None),
        ("USE ROLE r", Verb::Use, Some(ObjectKind::Session), true, None),
        ("BEGIN WORK", Verb::Begin, Some(ObjectKind::Session), true, None),
        ("UNSET (a, b)", Verb::Unset, Some(ObjectKind::Session), true, None),
        ("GRANT DATABASE ROLE d.r TO ROLE s", Verb::Grant, Some(ObjectKind::Role), false, None),
        ("ALTER SESSION SET TIMEZONE = 'UTC'", Verb::Alter, Some(ObjectKind::Session), true, None),
        ("CALL SYSTEM$WAIT(5)", Verb::Call, None, true, Some(5)),
        ("SELECT SYSTEM$WAIT(2, 'MINUTES')", Verb::Select, None, true, Some(120)),
    ] {
        let kind = Account::inspect(statement).unwrap();
        let wait = kind.wait.map(|wait| wait.as_secs());
        assert_eq!(
            (kind.verb, kind.object, kind.is_read_only(), wait),
            (verb, object, reads, seconds),
            "{statement}"
        );
    }
}

#[test]
fn one_megabyte_and_deep_nesting_are_only_refused() {
    let mut session = Session::enterprise();
    for text in [
        "(".repeat(1 << 20),
        format!("SELECT {}1{}", "f(".repeat(200_000), ")".repeat(200_000)),
        format!("SELECT {}", "IDENTIFIER(".repeat(100_000)),
        "IDENTIFIER('".repeat(50_000),
        "/*".repeat(500_000),
        "a ".repeat(500_000),
        ";".repeat(1 << 20),
        format!("CREATE WAREHOUSE {}", "é".repeat(1 << 19)),
        "GRANT ".repeat(100_000),
        format!("GRANT {} ON ACCOUNT TO ROLE r", "MODIFY, ".repeat(50_000)),
    ] {
        session.refused(&text);
    }
    session.ok("CREATE WAREHOUSE w");
    let comment = "x".repeat(1 << 20);
    session.ok(&format!("ALTER WAREHOUSE w SET COMMENT = '{comment}'"));
}

/// One of every statement.
const STATEMENTS: &[&str] = &[
    "CREATE OR REPLACE WAREHOUSE IF w WITH WAREHOUSE_SIZE = 'X-LARGE' AUTO_SUSPEND = NULL WITH TAG (d.s.t = 'v')",
    "CREATE INTERACTIVE WAREHOUSE IF NOT EXISTS w TABLES (a.b.c, d) MAX_CLUSTER_COUNT = 2 FALLBACK_WAREHOUSE = x",
    "CREATE OR ALTER WAREHOUSE w RESOURCE_MONITOR = \"m\" COMMENT = $$x$$ STATEMENT_TIMEOUT_IN_SECONDS = 5",
    "ALTER WAREHOUSE IF EXISTS w SET WAREHOUSE_SIZE = SMALL, WAIT_FOR_COMPLETION = TRUE",
    "ALTER WAREHOUSE w UNSET AUTO_SUSPEND, COMMENT",
    "ALTER WAREHOUSE w RENAME TO \"v\"; ",
    "ALTER WAREHOUSE w SET TAG t = 'v', u = 'w'",
    "ALTER WAREHOUSE RESUME IF SUSPENDED",
    "ALTER WAREHOUSE w ADD TABLES (t)",
    "CREATE RESOURCE MONITOR m WITH CREDIT_QUOTA = 1 FREQUENCY = DAILY START_TIMESTAMP = '2030-01-01 00:00' \
     END_TIMESTAMP = '2031-01-01' NOTIFY_USERS = (a, \"b\") TRIGGERS ON 10 PERCENT DO NOTIFY ON 20 PERCENT DO SUSPEND",
    "ALTER RESOURCE MONITOR m SET CREDIT_QUOTA = null TRIGGERS ON 1 PERCENT DO SUSPEND_IMMEDIATE",
    "CREATE TRANSIENT DATABASE d DATA_RETENTION_TIME_IN_DAYS = 0 COMMENT = 'x'",
    "CREATE DATABASE d CLONE e",
    "CREATE SCHEMA d.s WITH MANAGED ACCESS LOG_LEVEL = 'INFO'",
    "ALTER SCHEMA IF EXISTS d.s ENABLE MANAGED ACCESS",
    "ALTER DATABASE d SWAP WITH e",
    "CREATE INTERACTIVE TABLE d.s.t (a NUMBER(38, 0) NOT NULL, b VARCHAR) CLUSTER BY (a)",
    "CREATE TAG d.s.t ALLOWED_VALUES 'a', 'b' COMMENT = 'x'",
    "DROP SCHEMA IF EXISTS d.s CASCADE",
    "UNDROP DATABASE d",
    "COMMENT IF EXISTS ON WAREHOUSE w IS 'x'",
    "CREATE ROLE r COMMENT = 'x'",
    "ALTER ROLE r RENAME TO q",
    "CREATE USER u PASSWORD = 'secret1234' TYPE = SERVICE DEFAULT_ROLE = \"R\" DEFAULT_SECONDARY_ROLES = ('ALL') \
     WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'https://x' SUBJECT = 's' OIDC_AUDIENCE_LIST = ('a', 'b')) TIMEZONE = 'UTC'",
    "ALTER USER u ADD PROGRAMMATIC ACCESS TOKEN t ROLE_RESTRICTION = 'R' DAYS_TO_EXPIRY = 3",
    "ALTER USER u ROTATE PAT t EXPIRE_ROTATED_TOKEN_AFTER_HOURS = 0",
    "ALTER USER u MODIFY PROGRAMMATIC ACCESS TOKEN t SET DISABLED = TRUE",
    "GRANT CREATE WAREHOUSE, MODIFY ON ACCOUNT TO ROLE r WITH GRANT OPTION",
    "GRANT ALL PRIVILEGES ON WAREHOUSE w TO r",
    "GRANT OWNERSHIP ON SCHEMA d.s TO ROLE r REVOKE CURRENT GRANTS",
    "GRANT SELECT ON FUTURE TABLES IN SCHEMA d.s TO ROLE r",
    "GRANT USAGE ON ALL SCHEMAS IN DATABASE d TO ROLE r",
    "GRANT ROLE r TO USER u",
    "REVOKE GRANT OPTION FOR USAGE ON WAREHOUSE w FROM ROLE r CASCADE",
    "REVOKE ROLE r FROM ROLE q",
    "USE SECONDARY ROLES ALL",
    "USE SCHEMA d.s",
    "ALTER SESSION SET QUERY_TAG = 'x', TIMEZONE = 'UTC'",
    "ALTER ACCOUNT SET RESOURCE_MONITOR = m TIMEZONE = 'UTC'",
    "DESCRIBE WAREHOUSE w",
    "SHOW TERSE SCHEMAS HISTORY LIKE 'x%' IN DATABASE d STARTS WITH 'x' LIMIT 5 FROM 'y'",
    "SHOW PARAMETERS LIKE 'x' IN WAREHOUSE w",
    "SHOW GRANTS ON RESOURCE MONITOR m",
    "SHOW FUTURE GRANTS IN DATABASE d",
    "SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER u",
    "SELECT CURRENT_ROLE() AS \"r\", 'x', -1.5, TRUE, NULL, SYSTEM$WAIT(1, 'SECONDS')",
    "SELECT QUERY_ID, * FROM TABLE(d.INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 5)) WHERE QUERY_TAG = 'x' \
     ORDER BY START_TIME DESC LIMIT 3",
    "CALL SYSTEM$WAIT(5)",
    "CREATE OR REPLACE DATABASE ROLE IF NOT EXISTS d.r COMMENT = 'x'",
    "ALTER DATABASE ROLE IF EXISTS d.r RENAME TO d.q",
    "ALTER DATABASE ROLE d.r SET COMMENT = 'x'",
    "DROP DATABASE ROLE IF EXISTS d.r",
    "GRANT DATABASE ROLE d.r TO DATABASE ROLE d.q",
    "REVOKE DATABASE ROLE d.r FROM SHARE h",
    "GRANT SELECT ON TABLE d.s.t TO DATABASE ROLE d.r",
    "GRANT INHERITED SELECT, INSERT ON ALL TABLES IN DATABASE d TO ROLE r",
    "REVOKE INHERITED USAGE ON ALL SCHEMAS IN DATABASE d FROM DATABASE ROLE d.r",
    "CREATE NETWORK POLICY n ALLOWED_NETWORK_RULE_LIST = (d.s.a, 'b') ALLOWED_IP_LIST = ('10.0.0.0/8') COMMENT = 'x'",
    "CREATE EXTERNAL VOLUME v STORAGE_LOCATIONS = ((NAME = 'a' STORAGE_PROVIDER = 'S3' ENCRYPTION = (TYPE = 'NONE')))",
    "CREATE OR REPLACE STAGE d.s.g FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1) DIRECTORY = (ENABLE = TRUE)",
    "CREATE SHARE h COMMENT = 'x'",
    "CREATE AUTHENTICATION POLICY d.s.p AUTHENTICATION_METHODS = ('PASSWORD') MFA_ENROLLMENT = OPTIONAL",
    "ALTER NETWORK POLICY IF EXISTS n RENAME TO m",
    "ALTER NETWORK POLICY n UNSET COMMENT",
    "ALTER USER u SET AUTHENTICATION POLICY d.s.p FORCE",
    "ALTER USER u UNSET AUTHENTICATION POLICY",
    "ALTER ACCOUNT SET PASSWORD POLICY d.s.p",
    "ALTER ACCOUNT SET SESSION POLICY d.s.p FOR ALL PERSON USERS FORCE",
    "ALTER ACCOUNT UNSET FEATURE POLICY FOR ALL APPLICATIONS",
    "ALTER ACCOUNT UNSET TIMEZONE, QUERY_TAG",
    "CREATE PACKAGES POLICY d.s.k LANGUAGE PYTHON ALLOWLIST = ('a')",
    "SHOW SESSION POLICIES LIKE 'x' ON USER u",
    "BEGIN TRANSACTION NAME x",
    "COMMIT WORK",
    "SET (a, b) = (1, 'x')",
    "SET c = $a",
    "UNSET (a, c)",
    "SHOW VARIABLES LIKE 'x'",
    "SHOW INHERITED GRANTS IN DATABASE d",
    "SHOW GRANTS OF DATABASE ROLE d.r",
    "SHOW GRANTS TO DATABASE ROLE d.r",
    "SHOW DATABASE ROLES LIKE 'x' IN DATABASE d LIMIT 5 FROM 'y'",
    "SHOW USER WORKLOAD IDENTITY AUTHENTICATION METHODS FOR USER u",
    "SHOW TASKS IN SCHEMA d.s",
    "DROP PROCEDURE IF EXISTS d.s.p(INT, VARCHAR)",
    "CREATE DATABASE d CLONE e AT (OFFSET => 0) COMMENT = 'x'",
    "SELECT * FROM TABLE(d.INFORMATION_SCHEMA.POLICY_REFERENCES(REF_ENTITY_NAME => 'u', REF_ENTITY_DOMAIN => 'user'))",
    "SELECT LAST_QUERY_ID(-2), CURRENT_TRANSACTION(), IS_ROLE_IN_SESSION('R'), $a",
    "CREATE TABLE d.s.t (a INT IDENTITY (1, 2) ORDER, \"b\" VARCHAR(5) COLLATE 'en' NOT NULL DEFAULT f('x', -1) COMMENT 'y', \
     c TIMESTAMP(3) WITH TIME ZONE UNIQUE, CONSTRAINT k PRIMARY KEY (a), FOREIGN KEY (c) REFERENCES d.s.u (v) NOT ENFORCED)",
    "COMMENT IF EXISTS ON COLUMN d.s.t.a IS 'x'",
    "DESC TABLE d.s.t TYPE = COLUMNS",
    "SHOW TERSE IMPORTED KEYS IN TABLE d.s.t",
    "SHOW COLUMNS LIKE 'a%' IN SCHEMA d.s",
    "SELECT DISTINCT c.*, UPPER(c.x) AS y, 'z' FROM d.INFORMATION_SCHEMA.COLUMNS AS c WHERE NOT (a >= -1 OR c.b IN ('x', NULL)) \
     AND LOWER(b) NOT ILIKE 'x_' AND d IS NOT NULL AND e <> CURRENT_SCHEMA() ORDER BY c.a DESC, b LIMIT 5",
];

/// Never a panic; what it answers does not matter.
fn survive(text: &str) {
    let mut session = Session::enterprise();
    let _ = Account::split(text);
    let _ = Account::inspect(text);
    let _ = session.account.execute(&mut session.context, text, session.now);
}

#[test]
fn every_prefix_and_every_missing_word_is_survived() {
    for statement in STATEMENTS {
        for (end, _) in statement.char_indices() {
            survive(&statement[..end]);
        }
        let words: Vec<&str> = statement.split(' ').collect();
        for missing in 0..words.len() {
            let mut rest = words.clone();
            rest.remove(missing);
            survive(&rest.join(" "));
            rest.insert(missing, "'");
            survive(&rest.join(" "));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        survive(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_mutation_is_survived(
        statement in 0..STATEMENTS.len(),
        other in 0..STATEMENTS.len(),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        glue in "[ -~\\n\\u{e9}\\u{0}]{0,4}",
    ) {
        let (one, two): (Vec<char>, Vec<char>) = (STATEMENTS[statement].chars().collect(), STATEMENTS[other].chars().collect());
        let head: String = one[..at.index(one.len())].iter().collect();
        let tail: String = two[from.index(two.len())..].iter().collect();
        survive(&format!("{head}{glue}{tail}"));
    }

    #[test]
    fn any_sequence_of_statements_is_survived_and_kept(order in proptest::collection::vec(0..STATEMENTS.len(), 0..30)) {
        let mut session = Session::enterprise();
        session.all("CREATE DATABASE d; CREATE SCHEMA d.s; CREATE ROLE r; CREATE USER u; CREATE WAREHOUSE w; CREATE RESOURCE MONITOR m");
        for at in order {
            let _ = session.send(STATEMENTS[at]);
        }
        let text = serde_json::to_string(&session.account).unwrap();
        let back: Account = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&back, &session.account);
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), text);
    }

    #[test]
    fn no_name_gets_out_of_its_quotes(name in "\\PC{1,40}") {
        prop_assume!(!name.contains('\0'));
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let mut session = Session::enterprise();
        session.ok(&format!("CREATE WAREHOUSE {quoted}"));
        prop_assert_eq!(session.column("SHOW WAREHOUSES", "name"), vec![name]);
        session.ok(&format!("DROP WAREHOUSE {quoted}"));
    }
}
