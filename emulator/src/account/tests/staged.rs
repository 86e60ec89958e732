//! Stages, file formats, pipes, search services, notifications by mail; tags with what they allow and carry.

use super::{Session, short};

fn prepared() -> Session {
    let mut session = Session::enterprise();
    session.all(
        "CREATE DATABASE d; CREATE WAREHOUSE w; CREATE TABLE t (id VARCHAR, body VARCHAR, kind VARCHAR); CREATE STAGE st",
    );
    session
}

#[test]
fn a_file_format_has_the_options_of_its_type() {
    let mut session = prepared();
    session.all(
        "CREATE FILE FORMAT c FIELD_DELIMITER = '|' NULL_IF = ('NULL', '') SKIP_HEADER = 2 COMPRESSION = gzip COMMENT = 'x'; \
         CREATE TEMPORARY FILE FORMAT j TYPE = 'json' STRIP_OUTER_ARRAY = TRUE",
    );
    let of = |property: &str| format!("DESC FILE FORMAT {property}");
    assert_eq!(session.column(&of("c"), "property")[..3], ["TYPE", "RECORD_DELIMITER", "FIELD_DELIMITER"]);
    assert_eq!(session.column(&of("c"), "property_value")[..5], ["CSV", "\\n", "|", "", "2"]);
    assert_eq!(session.column(&of("c"), "property_default")[14], "[\\\\N]");
    assert_eq!(session.column(&of("c"), "property_value")[14], "[NULL, ]");
    let options = session.row("SHOW FILE FORMATS LIKE 'c'", "format_options");
    for part in
        [r#""TYPE":"CSV""#, r#""FIELD_DELIMITER":"|""#, r#""NULL_IF":["NULL",""]"#, r#""SKIP_HEADER":2"#]
    {
        assert!(options.contains(part), "{part} in {options}");
    }
    assert_eq!(session.row("SHOW FILE FORMATS LIKE 'j'", "type owner"), "JSON|ACCOUNTADMIN");
    session.all(
        "ALTER FILE FORMAT j SET STRIP_OUTER_ARRAY = FALSE COMMENT = 'y'; ALTER FILE FORMAT j RENAME TO k",
    );
    for (statement, code) in [
        ("CREATE FILE FORMAT x TYPE = JSON FIELD_DELIMITER = ','", 1420),
        ("CREATE FILE FORMAT x TYPE = TSV", 1008),
        ("CREATE FILE FORMAT x PARSE_HEADER = TRUE SKIP_HEADER = 1", 1420),
        ("ALTER FILE FORMAT k SET TYPE = CSV", 1420),
        ("ALTER FILE FORMAT k SET FIELD_DELIMITER = ','", 1420),
        ("DESC FILE FORMAT nope", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.ok("DROP FILE FORMAT k");
}

#[test]
fn a_stage_shows_where_it_is_and_never_its_credentials() {
    let mut session = prepared();
    session.all(
        "CREATE FILE FORMAT f; \
         CREATE STAGE e URL = 's3://bucket/path/' CREDENTIALS = (AWS_KEY_ID = 'key' AWS_SECRET_KEY = 'secret') \
         FILE_FORMAT = (FORMAT_NAME = 'd.public.f') DIRECTORY = (ENABLE = TRUE) COMMENT = 'c'; \
         CREATE TEMPORARY STAGE i FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = '|') ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')",
    );
    let row = "url type cloud has_credentials directory_enabled comment";
    assert_eq!(session.row("SHOW STAGES LIKE 'e'", row), "s3://bucket/path/|EXTERNAL|AWS|Y|Y|c");
    assert_eq!(session.row("SHOW STAGES LIKE 'i'", "url type"), "|INTERNAL TEMPORARY");
    let kept = serde_json::to_string(&session.account).unwrap();
    assert!(!kept.contains("AWS_SECRET_KEY"));
    let described = session.ok("DESC STAGE e");
    let cell = |property: &str| {
        let row = described.rows.iter().find(|row| row[1].as_deref() == Some(property)).unwrap();
        row[3].clone().unwrap()
    };
    assert_eq!(cell("FORMAT_NAME"), "d.public.f");
    assert_eq!(cell("URL"), "[\"s3://bucket/path/\"]");
    assert_eq!((cell("ENABLE"), cell("AUTO_REFRESH")), ("true".into(), "false".into()));
    assert!(session.column("DESC STAGE i", "property_value").contains(&"|".into()));
    assert!(session.ok("LIST @st").rows.is_empty());
    session.all("ALTER STAGE st SET COMMENT = 'k'; ALTER STAGE IF EXISTS st REFRESH; LS @d.public.st/a/b");
    for (statement, code) in [
        ("CREATE STAGE x FILE_FORMAT = (FORMAT_NAME = 'nope')", 2003),
        ("CREATE STAGE x FILE_FORMAT = (TYPE = JSON SKIP_HEADER = 1)", 1420),
        ("LIST @nope", 2003),
        ("LIST st", 1003),
        ("DESC STAGE nope", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
}

#[test]
fn a_pipe_keeps_its_copy_and_looks_in_its_own_schema() {
    let mut session = prepared();
    let copy = "COPY INTO d.public.t (id)\nFROM (SELECT $1 FROM @d.public.st/in) FILE_FORMAT = (TYPE = CSV)";
    session.ok(&format!("CREATE PIPE p AUTO_INGEST = FALSE COMMENT = 'c' AS {copy}"));
    let row = "name definition owner notification_channel comment invalid_reason";
    let shown = format!("P|{copy}|ACCOUNTADMIN|NULL|c|NULL");
    assert_eq!(session.row("SHOW PIPES", row), shown);
    assert_eq!(session.row("DESC PIPE p", row), shown);
    let state = "SELECT SYSTEM$PIPE_STATUS('d.public.p')";
    session.ok("ALTER PIPE p SET PIPE_EXECUTION_PAUSED = TRUE");
    assert_eq!(session.cell(state), r#"{"executionState":"PAUSED","pendingFileCount":0}"#);
    session.ok("SELECT SYSTEM$PIPE_FORCE_RESUME('p')");
    assert!(session.cell(state).contains("RUNNING"));
    session.all(
        "ALTER PIPE p SET PIPE_EXECUTION_PAUSED = TRUE COMMENT = 'd'; ALTER PIPE p UNSET PIPE_EXECUTION_PAUSED, COMMENT; \
         ALTER PIPE p REFRESH PREFIX = '/d1' MODIFIED_AFTER = '2018-07-30T13:56:46-07:00'; CREATE SCHEMA s",
    );
    for (statement, code) in [
        ("CREATE PIPE d.s.x AS COPY INTO d.public.t FROM @st", 2003),
        ("CREATE PIPE x AS COPY INTO nope FROM @d.public.st", 2003),
        ("CREATE PIPE x AS SELECT 1", 1003),
        ("CREATE PIPE x", 1003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.ok("DROP PIPE d.public.p");
}

#[test]
fn a_search_service_has_columns_keys_and_attributes() {
    let mut session = prepared();
    session.ok(
        "CREATE CORTEX SEARCH SERVICE c ON body PRIMARY KEY (id) ATTRIBUTES kind, id WAREHOUSE = w TARGET_LAG = '1 hour' \
         COMMENT = 'c' AS SELECT id, body, kind FROM t",
    );
    let row =
        "name warehouse target_lag search_column attribute_columns columns primary_key_columns definition";
    let shown = "C|W|1 hour|BODY|KIND,ID|ID,BODY,KIND|ID|SELECT id, body, kind FROM t";
    assert_eq!(session.row("SHOW CORTEX SEARCH SERVICES", row), shown);
    let more = "embedding_model indexing_state serving_state full_index_build_interval_days";
    assert_eq!(
        session.row("DESC CORTEX SEARCH SERVICE c", more),
        "snowflake-arctic-embed-m-v1.5|ACTIVE|ACTIVE|1"
    );
    session.all(
        "ALTER CORTEX SEARCH SERVICE c SUSPEND INDEXING; ALTER CORTEX SEARCH SERVICE c SET TARGET_LAG = '2 hours' COMMENT = ''; \
         ALTER CORTEX SEARCH SERVICE c UNSET ATTRIBUTES; ALTER CORTEX SEARCH SERVICE c SET PRIMARY KEY = (kind)",
    );
    let state = "indexing_state serving_state target_lag attribute_columns primary_key_columns comment";
    assert_eq!(session.row("DESC CORTEX SEARCH SERVICE c", state), "SUSPENDED|ACTIVE|2 hours|NULL|KIND|");
    for (statement, code) in [
        (
            "CREATE CORTEX SEARCH SERVICE x ON nope WAREHOUSE = w TARGET_LAG = '1 hour' AS SELECT id FROM t",
            904,
        ),
        (
            "CREATE CORTEX SEARCH SERVICE x ON id WAREHOUSE = w TARGET_LAG = '1 hour' AS SELECT id FROM u",
            2003,
        ),
        ("CREATE CORTEX SEARCH SERVICE x ON id TARGET_LAG = '1 hour' AS SELECT id FROM t", 2029),
        (
            "CREATE CORTEX SEARCH SERVICE x ON id WAREHOUSE = w TARGET_LAG = '1 hour' AS SELECT \"ID\" FROM t",
            399_115,
        ),
        ("ALTER CORTEX SEARCH SERVICE c SET EMBEDDING_MODEL = 'x'", 1003),
        ("DESC CORTEX SEARCH SERVICE nope", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.ok("DROP CORTEX SEARCH SERVICE c");
}

#[test]
fn a_tag_allows_values_and_carries_masking_policies() {
    let mut session = prepared();
    session.all(
        "CREATE TAG g ALLOWED_VALUES 'a', 'b' PROPAGATE = ON_DEPENDENCY ON_CONFLICT = ALLOWED_VALUES_SEQUENCE COMMENT = 'c'; \
         CREATE MASKING POLICY m AS (v VARCHAR) RETURNS VARCHAR -> '*'; \
         CREATE MASKING POLICY n AS (v VARCHAR) RETURNS VARCHAR -> '*'; \
         CREATE MASKING POLICY o AS (v INT) RETURNS INT -> 0",
    );
    let row = "allowed_values propagate on_conflict comment";
    let first = r#"["a","b"]|ON_DEPENDENCY|ALLOWED_VALUES_SEQUENCE|c"#;
    assert_eq!(session.row("SHOW TAGS", row), first);
    session.all(
        "ALTER TAG g ADD ALLOWED_VALUES 'c', 'a'; ALTER TAG g DROP ALLOWED_VALUES 'b'; ALTER TAG g UNSET PROPAGATE, COMMENT; \
         ALTER TAG g SET MASKING POLICY m, MASKING POLICY o; ALTER TAG g SET MASKING POLICY n FORCE",
    );
    assert_eq!(session.row("SHOW TAGS", row), r#"["a","c"]|NONE|NULL|"#);
    let carried = "SELECT * FROM TABLE(INFORMATION_SCHEMA.POLICY_REFERENCES(REF_ENTITY_NAME => 'd.public.g', \
                   REF_ENTITY_DOMAIN => 'TAG')) ORDER BY POLICY_NAME";
    assert_eq!(session.column(carried, "POLICY_NAME"), ["N", "O"]);
    for (statement, code) in [
        ("CREATE TAG x PROPAGATE = ON_DEPENDENCY ON_CONFLICT = ALLOWED_VALUES_SEQUENCE", 1008),
        ("CREATE TAG x ALLOWED_VALUES 'a' ON_CONFLICT = 'b'", 1008),
        ("CREATE TAG x PROPAGATE = SOMETIMES", 1003),
        ("ALTER TAG g SET MASKING POLICY m", 3558),
        ("ALTER TAG g SET", 1003),
        ("DROP TAG g", 3537),
        ("DROP MASKING POLICY n", 3536),
        ("ALTER STAGE st SET TAG g = 'b'", 1008),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    session.all(
        "ALTER TAG g UNSET MASKING POLICY n, MASKING POLICY o; ALTER TAG g RENAME TO h; ALTER STAGE st SET TAG h = 'a'; \
         DROP TAG h; UNDROP TAG h",
    );
    assert_eq!(session.cell("SELECT SYSTEM$GET_TAG('h', 'st', 'stage')"), "a");
    assert_eq!(short(&session.refused("UNDROP TAG h")), "002002 42710 Object 'H' already exists.");
}

#[test]
fn notifications_go_by_mail() {
    let mut session = prepared();
    session.all(
        "CREATE NOTIFICATION INTEGRATION n TYPE = EMAIL ENABLED = TRUE ALLOWED_RECIPIENTS = ('a@b.c', 'd@e.f') COMMENT = 'c'; \
         CREATE ROLE r; GRANT USAGE ON INTEGRATION n TO ROLE r",
    );
    let row = "name type category enabled comment";
    assert_eq!(session.row("SHOW NOTIFICATION INTEGRATIONS", row), "N|EMAIL|NOTIFICATION|true|c");
    assert_eq!(session.row("SHOW INTEGRATIONS", row), "N|EMAIL|NOTIFICATION|true|c");
    assert_eq!(session.column("SHOW GRANTS TO ROLE r", "granted_on"), ["INTEGRATION"]);
    let values = |session: &mut Session| session.column("DESC INTEGRATION n", "property_value");
    assert_eq!(values(&mut session), ["true", "OUTBOUND", "a@b.c,d@e.f", "", "", "c"]);
    session.all(
        "ALTER NOTIFICATION INTEGRATION n SET ENABLED = FALSE DEFAULT_SUBJECT = 's'; \
         ALTER NOTIFICATION INTEGRATION n UNSET ALLOWED_RECIPIENTS, COMMENT",
    );
    assert_eq!(values(&mut session), ["false", "OUTBOUND", "", "", "s", ""]);
    session.ok("CREATE NOTIFICATION INTEGRATION q TYPE = QUEUE ENABLED = TRUE NOTIFICATION_PROVIDER = AWS_SNS DIRECTION = OUTBOUND");
    for (statement, code) in [
        ("DESC NOTIFICATION INTEGRATION q", 2),
        ("CREATE NOTIFICATION INTEGRATION x TYPE = EMAIL", 2029),
        ("CREATE NOTIFICATION INTEGRATION n TYPE = EMAIL ENABLED = TRUE", 2002),
        ("ALTER NOTIFICATION INTEGRATION nope SET ENABLED = TRUE", 2003),
        ("DESC NOTIFICATION INTEGRATION nope", 2003),
    ] {
        assert_eq!(session.refused(statement).code, code, "{statement}");
    }
    let many = vec!["'a@b.c'"; 51].join(", ");
    let many = format!("ALTER NOTIFICATION INTEGRATION n SET ALLOWED_RECIPIENTS = ({many})");
    assert_eq!(session.refused(&many).code, 1008);
    session.ok("DROP NOTIFICATION INTEGRATION n");
}
