//! One pipeline with an object of each kind; and of each kind a change of its entry, and what somebody else does to it.

use serde_json::{Value, json};
use snowfence_emulator::{emulator::Emulator, rows::Rows};

/// A cell of an answer: statement, the row in which a column has a value (the first, where there is none), the column.
#[derive(Clone, Copy, Debug)]
pub struct Cell(pub &'static str, pub Option<(&'static str, &'static str)>, pub &'static str);

/// What is done to one kind.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its list in the spec.
    pub list: &'static str,
    /// The entry's field, from the list on: entries by their name.
    pub field: &'static str,
    pub becomes: Value,
    /// Where that is to be seen, and as what, before the change and after it.
    pub cell: Cell,
    pub seen: [&'static str; 2],
    /// What somebody else runs after the change; then the cell is to be as after the change again.
    pub drift: &'static str,
    /// What the event of the drift says.
    pub told: &'static str,
}

/// The spec, without the connection's name.
pub fn spec() -> Value {
    serde_saphyr::from_str(include_str!("every-kind.yaml")).unwrap()
}

pub const FOUNDATION: [&str; 3] =
    ["CREATE WAREHOUSE WH INITIALLY_SUSPENDED = TRUE", "CREATE DATABASE D", "CREATE ROLE READER"];

const fn named(sql: &'static str, name: &'static str, column: &'static str) -> Cell {
    Cell(sql, Some(("name", name)), column)
}

pub fn cases() -> Vec<Case> {
    let case = |list, field, becomes, cell, seen, drift, told| Case {
        list,
        field,
        becomes,
        cell,
        seen,
        drift,
        told,
    };
    vec![
        case(
            "databases",
            "SIDE/comment",
            json!("two"),
            named("SHOW DATABASES", "SIDE", "comment"),
            ["one", "two"],
            "ALTER DATABASE SIDE SET COMMENT = 'by hand'",
            "database SIDE: comment is by hand, not two",
        ),
        case(
            "schemas",
            "S/managedAccess",
            json!(true),
            named("SHOW SCHEMAS IN DATABASE D", "S", "options"),
            ["", "MANAGED ACCESS"],
            "ALTER SCHEMA D.S DISABLE MANAGED ACCESS",
            "schema D.S: managedAccess is false, not true",
        ),
        case(
            "tags",
            "SENSITIVITY/allowedValues",
            json!(["low", "high", "top"]),
            named("SHOW TAGS IN DATABASE D", "SENSITIVITY", "allowed_values"),
            [r#"["low","high"]"#, r#"["low","high","top"]"#],
            "ALTER TAG D.S.SENSITIVITY DROP ALLOWED_VALUES 'top'",
            "tag D.S.SENSITIVITY: allowedValues",
        ),
        case(
            "maskingPolicies",
            "HIDE/body",
            json!("'***'"),
            Cell("DESCRIBE MASKING POLICY D.S.HIDE", None, "body"),
            ["CASE WHEN CURRENT_ROLE() = 'ANALYST' THEN V ELSE '*' END", "'***'"],
            "ALTER MASKING POLICY D.S.HIDE SET BODY -> V",
            "masking policy D.S.HIDE: body is V, not '***'",
        ),
        case(
            "rowAccessPolicies",
            "REGIONAL/body",
            json!("R IS NOT NULL"),
            Cell("DESCRIBE ROW ACCESS POLICY D.S.REGIONAL", None, "body"),
            ["R = CURRENT_ROLE()", "R IS NOT NULL"],
            "ALTER ROW ACCESS POLICY D.S.REGIONAL SET BODY -> TRUE",
            "row access policy D.S.REGIONAL: body",
        ),
        case(
            "fileFormats",
            "LINES/options/SKIP_HEADER",
            json!("2"),
            Cell("DESCRIBE FILE FORMAT D.S.LINES", Some(("property", "SKIP_HEADER")), "property_value"),
            ["1", "2"],
            "ALTER FILE FORMAT D.S.LINES SET SKIP_HEADER = 7",
            "file format D.S.LINES: options.SKIP_HEADER is 7, not 2",
        ),
        case(
            "stages",
            "FILES/comment",
            json!("two"),
            named("SHOW STAGES IN DATABASE D", "FILES", "comment"),
            ["one", "two"],
            "ALTER STAGE D.S.FILES SET COMMENT = 'by hand'",
            "stage D.S.FILES: comment is by hand, not two",
        ),
        case(
            "sequences",
            "NUMBERS/increment",
            json!(5),
            named("SHOW SEQUENCES IN DATABASE D", "NUMBERS", "interval"),
            ["2", "5"],
            "ALTER SEQUENCE D.S.NUMBERS SET INCREMENT = 3",
            "sequence D.S.NUMBERS: increment is 3, not 5",
        ),
        case(
            "tables",
            "CALLS/columns/EMAIL/type",
            json!("VARCHAR(128)"),
            named("DESCRIBE TABLE D.S.CALLS", "EMAIL", "type"),
            ["VARCHAR(64)", "VARCHAR(128)"],
            "ALTER TABLE D.S.CALLS DROP COLUMN LENGTH",
            "columns.LENGTH is unset, not NUMBER(9,0)",
        ),
        case(
            "tables",
            "CALLS/columns/REGION/comment",
            json!("where it came from"),
            named("DESCRIBE TABLE D.S.CALLS", "REGION", "comment"),
            ["", "where it came from"],
            "ALTER TABLE D.S.CALLS ALTER COLUMN REGION COMMENT 'by hand'",
            "columns.REGION.comment is by hand, not where it came from",
        ),
        case(
            "tables",
            "CALLS/comment",
            json!("two"),
            named("SHOW TABLES IN DATABASE D", "CALLS", "comment"),
            ["one", "two"],
            "ALTER TABLE D.S.CALLS SET COMMENT = 'by hand'",
            "table D.S.CALLS: comment is by hand, not two",
        ),
        case(
            "functions",
            "TWICE/body",
            json!("N + N"),
            Cell("DESCRIBE FUNCTION D.S.TWICE(NUMBER)", Some(("property", "body")), "value"),
            ["N * 2", "N + N"],
            "CREATE OR ALTER FUNCTION D.S.TWICE(N NUMBER(38,0)) RETURNS NUMBER(38,0) LANGUAGE SQL AS 'N'",
            "function D.S.TWICE(NUMBER): body is N, not N + N",
        ),
        case(
            "dynamicTables",
            "LONG_ONES/targetLag",
            json!("10m"),
            named("SHOW DYNAMIC TABLES IN DATABASE D", "LONG_ONES", "target_lag"),
            ["5 minutes", "10 minutes"],
            "ALTER DYNAMIC TABLE D.S.LONG_ONES SET TARGET_LAG = '1 hour'",
            "dynamic table D.S.LONG_ONES: targetLag is 1h, not 10m",
        ),
        case(
            "views",
            "LANDED_VIEW/secure",
            json!(true),
            named("SHOW VIEWS IN DATABASE D", "LANDED_VIEW", "is_secure"),
            ["false", "true"],
            "ALTER VIEW D.S.LANDED_VIEW UNSET SECURE",
            "view D.S.LANDED_VIEW: secure is false, not true",
        ),
        case(
            "materializedViews",
            "LANDED_IDS/comment",
            json!("two"),
            named("SHOW MATERIALIZED VIEWS IN DATABASE D", "LANDED_IDS", "comment"),
            ["one", "two"],
            "ALTER MATERIALIZED VIEW D.S.LANDED_IDS SET COMMENT = 'by hand'",
            "materialized view D.S.LANDED_IDS: comment is by hand, not two",
        ),
        case(
            "searchServices",
            "FINDER/targetLag",
            json!("2h"),
            named("SHOW CORTEX SEARCH SERVICES IN DATABASE D", "FINDER", "target_lag"),
            ["1 hours", "2 hours"],
            "ALTER CORTEX SEARCH SERVICE D.S.FINDER SET TARGET_LAG = '1 day'",
            "cortex search service D.S.FINDER: targetLag is 1d, not 2h",
        ),
        case(
            "streams",
            "NEW_CALLS/comment",
            json!("two"),
            named("SHOW STREAMS IN DATABASE D", "NEW_CALLS", "comment"),
            ["one", "two"],
            "ALTER STREAM D.S.NEW_CALLS SET COMMENT = 'by hand'",
            "stream D.S.NEW_CALLS: comment is by hand, not two",
        ),
        case(
            "procedures",
            "TIDY/body",
            json!("BEGIN\n  RETURN 'tidier';\nEND"),
            Cell("DESCRIBE PROCEDURE D.S.TIDY()", Some(("property", "body")), "value"),
            ["BEGIN\n  RETURN 'tidy';\nEND", "BEGIN\n  RETURN 'tidier';\nEND"],
            "CREATE OR ALTER PROCEDURE D.S.TIDY() RETURNS VARCHAR LANGUAGE SQL AS $$BEGIN RETURN 'by hand'; END$$",
            "procedure D.S.TIDY(): body",
        ),
        case(
            "pipes",
            "LOAD_LANDED/comment",
            json!("two"),
            named("SHOW PIPES IN DATABASE D", "LOAD_LANDED", "comment"),
            ["one", "two"],
            "ALTER PIPE D.S.LOAD_LANDED SET COMMENT = 'by hand'",
            "pipe D.S.LOAD_LANDED: comment is by hand, not two",
        ),
        case(
            "taskGraphs",
            "refresh/tasks/SCORE/body",
            json!("SELECT 3"),
            named("SHOW TASKS IN DATABASE D", "SCORE", "definition"),
            ["SELECT 1", "SELECT 3"],
            "ALTER TASK D.S.LOAD SUSPEND; ALTER TASK D.S.SCORE MODIFY AS SELECT 4",
            "task D.S.SCORE: body is SELECT 4, not SELECT 3",
        ),
        case(
            "taskGraphs",
            "refresh/trigger/every",
            json!("10m"),
            named("SHOW TASKS IN DATABASE D", "LOAD", "schedule"),
            ["5 MINUTES", "10 MINUTES"],
            "ALTER TASK D.S.LOAD SUSPEND",
            "task graph D.S.LOAD: state is suspended, not started",
        ),
        case(
            "alerts",
            "SILENCE/condition",
            json!("SELECT 2 FROM D.S.LANDED"),
            named("SHOW ALERTS IN DATABASE D", "SILENCE", "condition"),
            ["SELECT 1 FROM D.S.LANDED", "SELECT 2 FROM D.S.LANDED"],
            "ALTER ALERT D.S.SILENCE SUSPEND",
            "alert D.S.SILENCE: state is Suspended, not Started",
        ),
        case(
            "grants",
            "readers/privileges",
            json!(["SELECT", "INSERT"]),
            Cell("SHOW GRANTS TO ROLE READER", Some(("privilege", "INSERT")), "name"),
            ["", "D.S.CALLS"],
            "REVOKE INSERT ON TABLE D.S.CALLS FROM ROLE READER",
            "INSERT",
        ),
        case(
            "grants",
            "later/privileges",
            json!(["SELECT", "REFERENCES"]),
            Cell("SHOW FUTURE GRANTS TO ROLE READER", Some(("privilege", "REFERENCES")), "name"),
            ["", "D.S.<VIEW>"],
            "REVOKE REFERENCES ON FUTURE VIEWS IN SCHEMA D.S FROM ROLE READER",
            "REFERENCES",
        ),
        case(
            "enrichments",
            "MOOD/schedule",
            json!({"every": "1h"}),
            named("SHOW TASKS IN DATABASE D", "MOOD_BUY", "schedule"),
            ["15 MINUTES", "1 HOURS"],
            "DROP VIEW D.S.MOOD_NEWEST",
            "view D.S.MOOD_NEWEST is gone",
        ),
    ]
}

/// What becomes of an object when its entry or its resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It holds nothing.
    Goes,
    /// It holds data, or a place in them.
    Stays,
    /// It looks after what stays.
    StaysOn,
}

/// Each object: how all of its kind are shown, its name, its end.
pub const OBJECTS: &[(&str, &str, End)] = &[
    ("SHOW DATABASES", "SIDE", End::Stays),
    ("SHOW SCHEMAS IN DATABASE D", "S", End::Stays),
    ("SHOW TAGS IN DATABASE D", "SENSITIVITY", End::Stays),
    ("SHOW MASKING POLICIES IN DATABASE D", "HIDE", End::StaysOn),
    ("SHOW ROW ACCESS POLICIES IN DATABASE D", "REGIONAL", End::StaysOn),
    ("SHOW FILE FORMATS IN DATABASE D", "LINES", End::Goes),
    ("SHOW STAGES IN DATABASE D", "FILES", End::Stays),
    ("SHOW SEQUENCES IN DATABASE D", "NUMBERS", End::Stays),
    ("SHOW TABLES IN DATABASE D", "CALLS", End::Stays),
    ("SHOW TABLES IN DATABASE D", "MOOD_RESULT", End::Stays),
    ("SHOW USER FUNCTIONS IN DATABASE D", "TWICE", End::Goes),
    ("SHOW DYNAMIC TABLES IN DATABASE D", "LONG_ONES", End::Goes),
    ("SHOW VIEWS IN DATABASE D", "LANDED_VIEW", End::Goes),
    ("SHOW VIEWS IN DATABASE D", "MOOD_NEWEST", End::Goes),
    ("SHOW MATERIALIZED VIEWS IN DATABASE D", "LANDED_IDS", End::Goes),
    ("SHOW CORTEX SEARCH SERVICES IN DATABASE D", "FINDER", End::Goes),
    ("SHOW STREAMS IN DATABASE D", "NEW_CALLS", End::Stays),
    ("SHOW PROCEDURES IN DATABASE D", "TIDY", End::Goes),
    ("SHOW PIPES IN DATABASE D", "LOAD_LANDED", End::Stays),
    ("SHOW TASKS IN DATABASE D", "LOAD", End::Goes),
    ("SHOW TASKS IN DATABASE D", "REPORT", End::Goes),
    ("SHOW TASKS IN DATABASE D", "MOOD_BUY", End::Goes),
    ("SHOW ALERTS IN DATABASE D", "SILENCE", End::Goes),
];

/// The names of the objects that are there.
pub fn there(emulator: &Emulator) -> Vec<&'static str> {
    let is = |(show, name, _): &&(&'static str, &'static str, End)| {
        cell(emulator, Cell(show, Some(("name", name)), "name")) == *name
    };
    OBJECTS.iter().filter(is).map(|(_, name, _)| *name).collect()
}

/// The names of those with one of these ends.
pub fn ending(ends: &[End]) -> Vec<&'static str> {
    OBJECTS.iter().filter(|(_, _, end)| ends.contains(end)).map(|(_, name, _)| *name).collect()
}

/// Sets a field of a spec: `tables/CALLS/columns/EMAIL/type`. Entries of lists go by their name.
pub fn set(spec: &mut Value, path: &str, value: Value) {
    let (mut at, mut rest) = (spec, path.split('/').peekable());
    while let Some(step) = rest.next() {
        at = match at {
            Value::Array(all) => all
                .iter_mut()
                .find(|entry| entry["name"] == step)
                .unwrap_or_else(|| panic!("{path}: there is no {step}")),
            other => &mut other[step],
        };
        if rest.peek().is_none() {
            *at = value;
            return;
        }
    }
}

/// The spec with the changes of these cases.
pub fn changed<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Value {
    let mut spec = spec();
    for case in cases {
        set(&mut spec, &format!("{}/{}", case.list, case.field), case.becomes.clone());
    }
    spec
}

/// Runs statements as somebody else does.
pub fn by_hand(emulator: &Emulator, sql: &str) {
    emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// What an answer has there; nothing and NULL are an empty text.
pub fn cell(emulator: &Emulator, Cell(sql, row, column): Cell) -> String {
    let rows: Rows =
        emulator.execute_as("ACCOUNTADMIN", sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let at = |column: &str| {
        let found = rows.columns.iter().position(|has| has.name == column);
        found.unwrap_or_else(|| panic!("{sql}: no column {column}"))
    };
    let is = |cells: &&Vec<Option<String>>| {
        row.is_none_or(|(column, value)| cells[at(column)].as_deref() == Some(value))
    };
    rows.rows.iter().find(is).and_then(|cells| cells[at(column)].clone()).unwrap_or_default()
}
