//! The kinds of object and the verbs that the language knows, and what a door may ask of a statement unexecuted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A kind of object, in Snowflake's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectKind {
    Account,
    Session,
    Warehouse,
    ResourceMonitor,
    Database,
    Schema,
    Table,
    Tag,
    Role,
    User,
}

/// (kind, in statements, plural, in messages, in refusals)
const WORDS: [(ObjectKind, &str, &str, &str, &str); 10] = [
    (ObjectKind::Account, "ACCOUNT", "ACCOUNTS", "Account", "account"),
    (ObjectKind::Session, "SESSION", "SESSIONS", "Session", "session"),
    (ObjectKind::Warehouse, "WAREHOUSE", "WAREHOUSES", "Warehouse", "warehouse"),
    (
        ObjectKind::ResourceMonitor,
        "RESOURCE MONITOR",
        "RESOURCE MONITORS",
        "Resource monitor",
        "resource_monitor",
    ),
    (ObjectKind::Database, "DATABASE", "DATABASES", "Database", "database"),
    (ObjectKind::Schema, "SCHEMA", "SCHEMAS", "Schema", "schema"),
    (ObjectKind::Table, "TABLE", "TABLES", "Table", "table"),
    (ObjectKind::Tag, "TAG", "TAGS", "Tag", "tag"),
    (ObjectKind::Role, "ROLE", "ROLES", "Role", "role"),
    (ObjectKind::User, "USER", "USERS", "User", "user"),
];

impl ObjectKind {
    fn words(self) -> &'static (ObjectKind, &'static str, &'static str, &'static str, &'static str) {
        WORDS.iter().find(|row| row.0 == self).unwrap_or(&WORDS[0])
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        WORDS.iter().map(|row| row.0)
    }

    /// As statements name one: `RESOURCE MONITOR`.
    pub fn singular(self) -> &'static str {
        self.words().1
    }

    /// As statements name several: `RESOURCE MONITORS`.
    pub fn plural(self) -> &'static str {
        self.words().2
    }

    /// As messages begin: `Resource monitor`.
    pub(crate) fn noun(self) -> &'static str {
        self.words().3
    }

    /// As refusals name it: `resource_monitor`.
    pub(crate) fn lower(self) -> &'static str {
        self.words().4
    }

    /// As `granted_on` of SHOW GRANTS names it: `RESOURCE_MONITOR`.
    pub(crate) fn granted_on(self) -> String {
        self.singular().replace(' ', "_")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Create,
    Alter,
    Drop,
    Undrop,
    Comment,
    Grant,
    Revoke,
    Show,
    Describe,
    Use,
    Select,
    Call,
}

impl Verb {
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Alter => "ALTER",
            Self::Drop => "DROP",
            Self::Undrop => "UNDROP",
            Self::Comment => "COMMENT",
            Self::Grant => "GRANT",
            Self::Revoke => "REVOKE",
            Self::Show => "SHOW",
            Self::Describe => "DESCRIBE",
            Self::Use => "USE",
            Self::Select => "SELECT",
            Self::Call => "CALL",
        }
    }
}

/// What a statement is, known without executing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementKind {
    pub verb: Verb,
    pub object: Option<ObjectKind>,
    /// `SYSTEM$WAIT`: how long the statement says it runs. The door does the waiting.
    pub wait: Option<Duration>,
}

impl StatementKind {
    /// Leaves the account as it is. USE and ALTER SESSION change the session alone.
    pub fn is_read_only(self) -> bool {
        matches!(self.verb, Verb::Show | Verb::Describe | Verb::Use | Verb::Select | Verb::Call)
            || self.object == Some(ObjectKind::Session)
    }

    /// Changes what the session's context says, which a stateless request cannot keep.
    pub fn is_session_only(self) -> bool {
        self.verb == Verb::Use || self.object == Some(ObjectKind::Session)
    }

    /// As `QUERY_TYPE` of the query history names it: `CREATE`, `ALTER_WAREHOUSE`…
    pub fn query_type(self) -> String {
        match (self.verb, self.object) {
            (Verb::Create, Some(ObjectKind::User)) => "CREATE_USER".into(),
            (Verb::Alter, Some(ObjectKind::Session)) => "ALTER_SESSION".into(),
            (Verb::Alter, Some(ObjectKind::User)) => "ALTER_USER".into(),
            (verb, _) => verb.name().into(),
        }
    }
}
