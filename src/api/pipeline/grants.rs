//! `grants`. Source: <https://docs.snowflake.com/en/sql-reference/sql/grant-privilege>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Listed,
    listed::rule,
    text::{Label, Name, Path},
};
use crate::values::keywords::keywords;

/// Privileges on something, given to one role. Only what was granted here is ever revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantEntry {
    /// Its name here; nothing in Snowflake has it.
    pub name: Label,
    /// Privileges as Snowflake spells them: `SELECT`, `INSERT`, `USAGE`.
    #[schemars(
        length(min = 1, max = 32),
        inner(length(min = 1, max = 64), regex(pattern = r"^[A-Z][A-Z ]*$"))
    )]
    pub privileges: Vec<String>,
    /// What they are on.
    pub target: GrantTarget,
    /// Who gets them.
    pub to: GrantTo,
    /// Lets the role grant them to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_grant_option: Option<bool>,
}

impl Listed for GrantEntry {
    fn name(&self) -> &str {
        &self.name
    }
}

/// The role that gets privileges.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("has(self.role) != has(self.databaseRole)", "a grant goes to role or to databaseRole, one of the two"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantTo {
    /// A role of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Name>,
    /// A role of a database: `DATABASE.ROLE`, or alone a role of `spec.database`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_role: Option<Path>,
}

/// Declares what a grant may be on: a field for each kind of object, and Snowflake's word for it.
macro_rules! grant_target {
    ($($field:ident = $kind:literal as $cel:literal),+ $(,)?) => {
        /// What privileges are on: one object, or all objects of a kind, those of today or those to come.
        #[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[x_kube(validation = rule(
            concat!("[has(self.all), has(self.future)", $(", has(self.", $cel, ")"),+, "].exists_one(x, x)"),
            "a grant is on exactly one thing: set one field of target, and give another object a grant of its own"
        ))]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct GrantTarget {
            $(
                #[doc = concat!("A ", $kind, ": the local name of an entry, or its name in Snowflake.")]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<Path>,
            )+
            /// All objects of a kind that are there.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub all: Option<InContainer>,
            /// All objects of a kind that will be created.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub future: Option<InContainer>,
        }

        impl GrantTarget {
            /// The object and Snowflake's word for its kind, when it is on one.
            pub fn object(&self) -> Option<(&'static str, &str)> {
                $(if let Some(path) = &self.$field { return Some(($kind, path)); })+
                None
            }
        }
    };
}
grant_target! {
    database = "DATABASE" as "database",
    schema = "SCHEMA" as "schema",
    table = "TABLE" as "table",
    view = "VIEW" as "view",
    materialized_view = "MATERIALIZED VIEW" as "materializedView",
    dynamic_table = "DYNAMIC TABLE" as "dynamicTable",
    stream = "STREAM" as "stream",
    task = "TASK" as "task",
    alert = "ALERT" as "alert",
    procedure = "PROCEDURE" as "procedure",
    function = "FUNCTION" as "__function__",
    stage = "STAGE" as "stage",
    file_format = "FILE FORMAT" as "fileFormat",
    sequence = "SEQUENCE" as "sequence",
    pipe = "PIPE" as "pipe",
    search_service = "CORTEX SEARCH SERVICE" as "searchService",
    row_access_policy = "ROW ACCESS POLICY" as "rowAccessPolicy",
    masking_policy = "MASKING POLICY" as "maskingPolicy",
    tag = "TAG" as "tag",
}

keywords! {
    /// Kinds of objects, as `GRANT … ON ALL …` and `ON FUTURE …` spell them.
    #[derive(Default)]
    pub enum PluralKind {
        Schemas = "SCHEMAS",
        #[default]
        Tables = "TABLES",
        Views = "VIEWS",
        MaterializedViews = "MATERIALIZED VIEWS",
        DynamicTables = "DYNAMIC TABLES",
        Streams = "STREAMS",
        Tasks = "TASKS",
        Alerts = "ALERTS",
        Procedures = "PROCEDURES",
        Functions = "FUNCTIONS",
        Stages = "STAGES",
        FileFormats = "FILE FORMATS",
        Sequences = "SEQUENCES",
        Pipes = "PIPES",
    }
}

/// All objects of a kind in a schema or a database.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("has(self.schema) != has(self.database)", "say where: schema or database, one of the two"))]
#[x_kube(validation = rule("self.kind != 'SCHEMAS' || has(self.database)", "kind: SCHEMAS is in a database: set database"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InContainer {
    /// The kind, in the plural: `TABLES`.
    pub kind: PluralKind,
    /// The schema: the local name of an entry, or its name in Snowflake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Path>,
    /// The database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Name>,
}
