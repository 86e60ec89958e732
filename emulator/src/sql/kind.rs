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
    DatabaseRole,
    Database,
    Schema,
    InteractiveTable,
    DynamicTable,
    ExternalTable,
    EventTable,
    HybridTable,
    IcebergTable,
    Table,
    Tag,
    Role,
    User,
    NetworkPolicy,
    ExternalVolume,
    CatalogIntegration,
    NotificationIntegration,
    Integration,
    Share,
    ComputePool,
    Connection,
    FailoverGroup,
    ReplicationGroup,
    AuthenticationPolicy,
    PasswordPolicy,
    SessionPolicy,
    FeaturePolicy,
    PackagesPolicy,
    Stage,
    MaterializedView,
    SemanticView,
    View,
    Sequence,
    Function,
    Procedure,
    FileFormat,
    Stream,
    Streamlit,
    Task,
    Pipe,
    Alert,
    Secret,
    MaskingPolicy,
    RowAccessPolicy,
    AggregationPolicy,
    ProjectionPolicy,
    NetworkRule,
    CortexSearchService,
    Agent,
    GitRepository,
    ImageRepository,
    Notebook,
    Model,
    Service,
    Workspace,
    Experiment,
}

/// Where the objects of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Top,
    Database,
    Schema,
}

/// (kind, in statements, plural, place). A kind whose words begin like another's comes before it.
const WORDS: &[(ObjectKind, &str, &str, Place)] = &[
    (ObjectKind::Account, "ACCOUNT", "ACCOUNTS", Place::Top),
    (ObjectKind::Session, "SESSION", "SESSIONS", Place::Top),
    (ObjectKind::Warehouse, "WAREHOUSE", "WAREHOUSES", Place::Top),
    (ObjectKind::ResourceMonitor, "RESOURCE MONITOR", "RESOURCE MONITORS", Place::Top),
    (ObjectKind::DatabaseRole, "DATABASE ROLE", "DATABASE ROLES", Place::Database),
    (ObjectKind::Database, "DATABASE", "DATABASES", Place::Top),
    (ObjectKind::Schema, "SCHEMA", "SCHEMAS", Place::Database),
    (ObjectKind::InteractiveTable, "INTERACTIVE TABLE", "INTERACTIVE TABLES", Place::Schema),
    (ObjectKind::DynamicTable, "DYNAMIC TABLE", "DYNAMIC TABLES", Place::Schema),
    (ObjectKind::ExternalTable, "EXTERNAL TABLE", "EXTERNAL TABLES", Place::Schema),
    (ObjectKind::EventTable, "EVENT TABLE", "EVENT TABLES", Place::Schema),
    (ObjectKind::HybridTable, "HYBRID TABLE", "HYBRID TABLES", Place::Schema),
    (ObjectKind::IcebergTable, "ICEBERG TABLE", "ICEBERG TABLES", Place::Schema),
    (ObjectKind::Table, "TABLE", "TABLES", Place::Schema),
    (ObjectKind::Tag, "TAG", "TAGS", Place::Schema),
    (ObjectKind::Role, "ROLE", "ROLES", Place::Top),
    (ObjectKind::User, "USER", "USERS", Place::Top),
    (ObjectKind::NetworkPolicy, "NETWORK POLICY", "NETWORK POLICIES", Place::Top),
    (ObjectKind::ExternalVolume, "EXTERNAL VOLUME", "EXTERNAL VOLUMES", Place::Top),
    (ObjectKind::CatalogIntegration, "CATALOG INTEGRATION", "CATALOG INTEGRATIONS", Place::Top),
    (
        ObjectKind::NotificationIntegration,
        "NOTIFICATION INTEGRATION",
        "NOTIFICATION INTEGRATIONS",
        Place::Top,
    ),
    (ObjectKind::Integration, "INTEGRATION", "INTEGRATIONS", Place::Top),
    (ObjectKind::Share, "SHARE", "SHARES", Place::Top),
    (ObjectKind::ComputePool, "COMPUTE POOL", "COMPUTE POOLS", Place::Top),
    (ObjectKind::Connection, "CONNECTION", "CONNECTIONS", Place::Top),
    (ObjectKind::FailoverGroup, "FAILOVER GROUP", "FAILOVER GROUPS", Place::Top),
    (ObjectKind::ReplicationGroup, "REPLICATION GROUP", "REPLICATION GROUPS", Place::Top),
    (ObjectKind::AuthenticationPolicy, "AUTHENTICATION POLICY", "AUTHENTICATION POLICIES", Place::Schema),
    (ObjectKind::PasswordPolicy, "PASSWORD POLICY", "PASSWORD POLICIES", Place::Schema),
    (ObjectKind::SessionPolicy, "SESSION POLICY", "SESSION POLICIES", Place::Schema),
    (ObjectKind::FeaturePolicy, "FEATURE POLICY", "FEATURE POLICIES", Place::Schema),
    (ObjectKind::PackagesPolicy, "PACKAGES POLICY", "PACKAGES POLICIES", Place::Schema),
    (ObjectKind::Stage, "STAGE", "STAGES", Place::Schema),
    (ObjectKind::MaterializedView, "MATERIALIZED VIEW", "MATERIALIZED VIEWS", Place::Schema),
    (ObjectKind::SemanticView, "SEMANTIC VIEW", "SEMANTIC VIEWS", Place::Schema),
    (ObjectKind::View, "VIEW", "VIEWS", Place::Schema),
    (ObjectKind::Sequence, "SEQUENCE", "SEQUENCES", Place::Schema),
    (ObjectKind::Function, "FUNCTION", "FUNCTIONS", Place::Schema),
    (ObjectKind::Procedure, "PROCEDURE", "PROCEDURES", Place::Schema),
    (ObjectKind::FileFormat, "FILE FORMAT", "FILE FORMATS", Place::Schema),
    (ObjectKind::Stream, "STREAM", "STREAMS", Place::Schema),
    (ObjectKind::Streamlit, "STREAMLIT", "STREAMLITS", Place::Schema),
    (ObjectKind::Task, "TASK", "TASKS", Place::Schema),
    (ObjectKind::Pipe, "PIPE", "PIPES", Place::Schema),
    (ObjectKind::Alert, "ALERT", "ALERTS", Place::Schema),
    (ObjectKind::Secret, "SECRET", "SECRETS", Place::Schema),
    (ObjectKind::MaskingPolicy, "MASKING POLICY", "MASKING POLICIES", Place::Schema),
    (ObjectKind::RowAccessPolicy, "ROW ACCESS POLICY", "ROW ACCESS POLICIES", Place::Schema),
    (ObjectKind::AggregationPolicy, "AGGREGATION POLICY", "AGGREGATION POLICIES", Place::Schema),
    (ObjectKind::ProjectionPolicy, "PROJECTION POLICY", "PROJECTION POLICIES", Place::Schema),
    (ObjectKind::NetworkRule, "NETWORK RULE", "NETWORK RULES", Place::Schema),
    (ObjectKind::CortexSearchService, "CORTEX SEARCH SERVICE", "CORTEX SEARCH SERVICES", Place::Schema),
    (ObjectKind::Agent, "AGENT", "AGENTS", Place::Schema),
    (ObjectKind::GitRepository, "GIT REPOSITORY", "GIT REPOSITORIES", Place::Schema),
    (ObjectKind::ImageRepository, "IMAGE REPOSITORY", "IMAGE REPOSITORIES", Place::Schema),
    (ObjectKind::Notebook, "NOTEBOOK", "NOTEBOOKS", Place::Schema),
    (ObjectKind::Model, "MODEL", "MODELS", Place::Schema),
    (ObjectKind::Service, "SERVICE", "SERVICES", Place::Schema),
    (ObjectKind::Workspace, "WORKSPACE", "WORKSPACES", Place::Schema),
    (ObjectKind::Experiment, "EXPERIMENT", "EXPERIMENTS", Place::Schema),
];

impl ObjectKind {
    fn words(self) -> &'static (ObjectKind, &'static str, &'static str, Place) {
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

    pub(crate) fn place(self) -> Place {
        self.words().3
    }

    /// As messages begin: `Resource monitor`.
    pub(crate) fn noun(self) -> String {
        let (first, rest) = self.singular().split_at(1);
        format!("{first}{}", rest.to_lowercase())
    }

    /// As refusals name it: `resource_monitor`.
    pub(crate) fn lower(self) -> String {
        self.granted_on().to_lowercase()
    }

    /// As `granted_on` of SHOW GRANTS names it: `RESOURCE_MONITOR`.
    pub(crate) fn granted_on(self) -> String {
        match self {
            Self::ExternalVolume => "VOLUME".into(),
            Self::Agent => "CORTEX_AGENT".into(),
            Self::Model => "MODULE".into(),
            Self::CatalogIntegration | Self::NotificationIntegration => "INTEGRATION".into(),
            _ => self.singular().replace(' ', "_"),
        }
    }

    /// A name with the types of the arguments, as `f(INT)`.
    pub(crate) fn has_arguments(self) -> bool {
        matches!(self, Self::Function | Self::Procedure)
    }

    /// What SHOW … IN says of a database or schema that is not there: `002043` for these, `002003` for the others.
    pub(crate) fn shown_in_the_impossible(self) -> bool {
        matches!(
            self,
            Self::Schema
                | Self::Table
                | Self::InteractiveTable
                | Self::DynamicTable
                | Self::ExternalTable
                | Self::EventTable
                | Self::HybridTable
                | Self::IcebergTable
                | Self::View
                | Self::Stage
                | Self::FileFormat
                | Self::Streamlit
                | Self::NetworkRule
                | Self::Notebook
        )
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
    Insert,
    Update,
    Delete,
    Truncate,
    Call,
    Execute,
    /// Of session variables.
    Set,
    Unset,
    Begin,
    Commit,
    Rollback,
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
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE_TABLE",
            Self::Call => "CALL",
            Self::Execute => "EXECUTE",
            Self::Set => "SET",
            Self::Unset => "UNSET",
            Self::Begin => "BEGIN_TRANSACTION",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
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
        matches!(self.verb, Verb::Show | Verb::Describe | Verb::Use | Verb::Call)
            // A system function may change objects.
            || (self.verb == Verb::Select && self.object.is_none())
            || self.object == Some(ObjectKind::Session)
    }

    /// Changes rows: a transaction goes on.
    pub(crate) fn changes_rows(self) -> bool {
        matches!(self.verb, Verb::Insert | Verb::Update | Verb::Delete | Verb::Truncate)
    }

    /// Changes what the session's context says, which a stateless request cannot keep.
    pub fn is_session_only(self) -> bool {
        self.object == Some(ObjectKind::Session)
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
