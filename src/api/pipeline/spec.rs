//! `CortexPipeline`: its own fields, and the lists.

use super::{
    PipelineSummary, alerts::Alert, databases::Database, dynamic_tables::DynamicTable,
    enrichments::Enrichment, file_formats::FileFormat, functions::Function, grants::GrantEntry,
    masking_policies::MaskingPolicy, materialized_views::MaterializedView, pipes::Pipe,
    procedures::Procedure, row_access_policies::RowAccessPolicy, schemas::Schema,
    search_services::SearchService, sequences::Sequence, stages::Stage, streams::Stream, tables::Table,
    tags::Tag, task_graphs::TaskGraph, text::Name, views::View,
};
use crate::api::common::{
    CONNECTION_MESSAGE, CONNECTION_RULE, Common, DeletionPolicy, ManagementPolicy, Reference, Status,
};

/// The most objects that one resource may have: as many as its record holds.
pub const MAX_OBJECTS: usize = 500;

/// CEL: the lists together, with each task, are at most [`MAX_OBJECTS`]. An enrichment is up to twelve objects, and a
/// graph with a finalizer has that besides its tasks.
macro_rules! at_most_500 {
    ($($list:literal),+) => {
        concat!(
            $("(has(self.", $list, ") ? self.", $list, ".size() : 0) + "),+,
            "(has(self.enrichments) ? self.enrichments.size() * 12 : 0) + ",
            "(has(self.taskGraphs) ? self.taskGraphs.map(g, g.tasks.size() + (has(g.finalizer) ? 1 : 0)).sum() : 0) <= 500"
        )
    };
}
const SIZE_RULE: &str = at_most_500!(
    "databases",
    "schemas",
    "tables",
    "streams",
    "procedures",
    "functions",
    "alerts",
    "views",
    "materializedViews",
    "dynamicTables",
    "rowAccessPolicies",
    "maskingPolicies",
    "stages",
    "fileFormats",
    "sequences",
    "pipes",
    "searchServices",
    "tags"
);
const SIZE_MESSAGE: &str = "a pipeline has at most 500 objects, each task counted and an enrichment as twelve: move some into another CortexPipeline; several may share a schema";

const OWNER_RULE: &str = "!has(oldSelf.spec.ownerRole) || (has(self.spec.ownerRole) && self.spec.ownerRole == oldSelf.spec.ownerRole)";
const OWNER_MESSAGE: &str = "ownerRole is immutable once it is set: delete this resource (deletionPolicy: Retain) and create it with the other role";

/// A data pipeline. Names of entries are relative to `database` and `schema`, and each entry may say its own.
#[derive(
    kube::CustomResource,
    kube::KubeSchema,
    Clone,
    Debug,
    Default,
    PartialEq,
    serde::Serialize,
    serde::Deserialize,
)]
#[kube(
    group = "snowfence.dev", version = "v1alpha1", kind = "CortexPipeline", plural = "cortexpipelines", namespaced,
    category = "snow", shortname = "snowpl", status = "Status<PipelineSummary>", derive = "PartialEq",
    doc = "A data pipeline of Snowflake: tables, streams, task graphs, procedures, views and all that belongs to it.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Objects", type_ = "integer", json_path = ".status.objects.total"),
    printcolumn(name = "InSync", type_ = "integer", json_path = ".status.objects.inSync"),
    printcolumn(name = "Failed", type_ = "integer", json_path = ".status.objects.failed"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = ".status.conditions[?(@.type=='Ready')].message"),
    validation = kube::core::Rule::new(CONNECTION_RULE).message(CONNECTION_MESSAGE),
    validation = kube::core::Rule::new(OWNER_RULE).message(OWNER_MESSAGE),
)]
#[x_kube(validation = kube::core::Rule::new(SIZE_RULE).message(SIZE_MESSAGE))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PipelineSpec {
    /// The connection to the account. Immutable.
    pub connection_ref: Reference,
    /// Takes over objects that exist already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<bool>,
    /// Stops reconciling; what was last seen stays in the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// `Full` (the default), or `Observe`: only look, never write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_policy: Option<ManagementPolicy>,
    /// `Delete` or `Retain`. Left out, what holds data or was adopted stays and the rest is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Paths of fields that another tool changes: they are set at creation and then left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 64)))]
    pub ignore_fields: Vec<String>,
    /// The warehouse of task graphs, alerts, dynamic tables, search services and enrichments that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<Name>,
    /// The role that owns what is created, and so the one as which tasks and owner's-rights code run; that of the
    /// connection when left out. Immutable once it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_role: Option<Name>,
    /// The database that the lists below are relative to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Name>,
    /// The schema that the lists below are relative to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Name>,
    /// Databases that this resource owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub databases: Vec<Database>,
    /// Schemas that this resource owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub schemas: Vec<Schema>,
    /// Tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub tables: Vec<Table>,
    /// Streams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub streams: Vec<Stream>,
    /// Stored procedures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub procedures: Vec<Procedure>,
    /// Functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub functions: Vec<Function>,
    /// Graphs of tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub task_graphs: Vec<TaskGraph>,
    /// Alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub alerts: Vec<Alert>,
    /// Views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub views: Vec<View>,
    /// Materialized views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub materialized_views: Vec<MaterializedView>,
    /// Dynamic tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub dynamic_tables: Vec<DynamicTable>,
    /// Row access policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub row_access_policies: Vec<RowAccessPolicy>,
    /// Masking policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub masking_policies: Vec<MaskingPolicy>,
    /// Stages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub stages: Vec<Stage>,
    /// File formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub file_formats: Vec<FileFormat>,
    /// Sequences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub sequences: Vec<Sequence>,
    /// Pipes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub pipes: Vec<Pipe>,
    /// Cortex Search services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub search_services: Vec<SearchService>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub tags: Vec<Tag>,
    /// What Cortex functions say of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub enrichments: Vec<Enrichment>,
    /// Privileges on what is here and around it. Only what was granted here is ever revoked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub grants: Vec<GrantEntry>,
}

impl PipelineSpec {
    /// The fields that every kind has. A pipeline is itself no object: it has no name in Snowflake, and its grants are
    /// a list of their own.
    pub fn common(&self) -> Common<'_> {
        Common {
            connection_ref: &self.connection_ref,
            name: None,
            renamed_from: None,
            adopt: self.adopt.unwrap_or_default(),
            suspend: self.suspend.unwrap_or_default(),
            management_policy: self.management_policy.unwrap_or_default(),
            deletion_policy: self.deletion_policy,
            grants: &[],
            ignore_fields: &self.ignore_fields,
        }
    }
}
