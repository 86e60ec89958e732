//! A row for each privilege. Source: "Access control requirements" of each CREATE page, for instance
//! <https://docs.snowflake.com/en/sql-reference/sql/create-task#access-control-requirements>, and
//! <https://docs.snowflake.com/en/user-guide/security-access-control-privileges>.

use crate::engine::privileges::Privilege;

/// When a step needs a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// It creates its object, or another one in its place.
    Creates,
    /// What it makes or moves runs on a warehouse.
    Runs,
    /// What it makes or moves runs on Snowflake's own compute.
    Managed,
    /// It sets its object going.
    Starts,
    /// Its object asks a model.
    Buys,
}

pub(super) struct Row {
    /// Of which objects the steps are.
    pub kinds: &'static [&'static str],
    pub when: When,
    pub privilege: Privilege,
}

/// `CREATE <kind>` on what the kind lies in.
const fn create(kinds: &'static [&'static str], name: &'static str, on: &'static str) -> Row {
    let privilege = Privilege { on, name, or: &[], bars: true };
    Row { kinds, when: When::Creates, privilege }
}

/// Any privilege makes it visible, and so usable as a place: "at least one privilege on the parent database and at
/// least one privilege on the parent schema".
const fn place(on: &'static str) -> Row {
    let privilege = Privilege { on, name: "USAGE", or: &["*"], bars: true };
    Row { kinds: IN_SCHEMA, when: When::Creates, privilege }
}

const fn account(kind: &'static [&'static str], when: When, name: &'static str) -> Row {
    let privilege = Privilege { on: "ACCOUNT", name, or: &[], bars: true };
    Row { kinds: kind, when, privilege }
}

const IN_SCHEMA: &[&str] = &[
    "TAG",
    "MASKING POLICY",
    "ROW ACCESS POLICY",
    "FILE FORMAT",
    "STAGE",
    "SEQUENCE",
    "TABLE",
    "FUNCTION",
    "DYNAMIC TABLE",
    "VIEW",
    "MATERIALIZED VIEW",
    "CORTEX SEARCH SERVICE",
    "STREAM",
    "PROCEDURE",
    "PIPE",
    "TASK",
    "ALERT",
];

/// What runs on a warehouse that it names. The steps of a graph as a whole start its tasks.
const RUNNING: &[&str] = &["TASK", "TASK GRAPH", "ALERT", "DYNAMIC TABLE", "CORTEX SEARCH SERVICE"];

pub(super) const ROWS: &[Row] = &[
    create(&["DATABASE"], "CREATE DATABASE", "ACCOUNT"),
    create(&["SCHEMA"], "CREATE SCHEMA", "DATABASE"),
    place("DATABASE"),
    place("SCHEMA"),
    create(&["TAG"], "CREATE TAG", "SCHEMA"),
    create(&["MASKING POLICY"], "CREATE MASKING POLICY", "SCHEMA"),
    create(&["ROW ACCESS POLICY"], "CREATE ROW ACCESS POLICY", "SCHEMA"),
    create(&["FILE FORMAT"], "CREATE FILE FORMAT", "SCHEMA"),
    create(&["STAGE"], "CREATE STAGE", "SCHEMA"),
    create(&["SEQUENCE"], "CREATE SEQUENCE", "SCHEMA"),
    create(&["TABLE"], "CREATE TABLE", "SCHEMA"),
    create(&["FUNCTION"], "CREATE FUNCTION", "SCHEMA"),
    create(&["DYNAMIC TABLE"], "CREATE DYNAMIC TABLE", "SCHEMA"),
    create(&["VIEW"], "CREATE VIEW", "SCHEMA"),
    create(&["MATERIALIZED VIEW"], "CREATE MATERIALIZED VIEW", "SCHEMA"),
    create(&["CORTEX SEARCH SERVICE"], "CREATE CORTEX SEARCH SERVICE", "SCHEMA"),
    create(&["STREAM"], "CREATE STREAM", "SCHEMA"),
    create(&["PROCEDURE"], "CREATE PROCEDURE", "SCHEMA"),
    create(&["PIPE"], "CREATE PIPE", "SCHEMA"),
    create(&["TASK"], "CREATE TASK", "SCHEMA"),
    create(&["ALERT"], "CREATE ALERT", "SCHEMA"),
    Row {
        kinds: RUNNING,
        when: When::Runs,
        privilege: Privilege { on: "WAREHOUSE", name: "USAGE", or: &[], bars: true },
    },
    account(&["TASK GRAPH"], When::Starts, "EXECUTE TASK"),
    account(&["TASK", "TASK GRAPH"], When::Managed, "EXECUTE MANAGED TASK"),
    account(&["ALERT"], When::Starts, "EXECUTE ALERT"),
    account(&["ALERT"], When::Managed, "EXECUTE MANAGED ALERT"),
    // <https://docs.snowflake.com/en/user-guide/snowflake-cortex/aisql-privileges-and-access>: both are needed, and PUBLIC
    // has both at first. A task is created without them, and each of its calls fails. That SHOW GRANTS lists the system's
    // database roles with the others is not verified, so nothing is held up for them.
    Row {
        kinds: &["TASK", "DYNAMIC TABLE"],
        when: When::Buys,
        privilege: Privilege {
            on: "ACCOUNT",
            name: "USE AI FUNCTIONS",
            or: &["USE AI FUNCTION *"],
            bars: false,
        },
    },
    Row {
        kinds: &["TASK", "DYNAMIC TABLE"],
        when: When::Buys,
        privilege: Privilege {
            on: "DATABASE ROLE",
            name: "SNOWFLAKE.CORTEX_USER",
            or: &["SNOWFLAKE.AI_FUNCTIONS_USER"],
            bars: false,
        },
    },
];

/// Features of Enterprise Edition. Source: <https://docs.snowflake.com/en/user-guide/intro-editions>.
pub(super) const ENTERPRISE: &[&str] = &["MASKING POLICY", "ROW ACCESS POLICY", "MATERIALIZED VIEW"];
