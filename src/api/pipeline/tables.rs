//! `tables`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-table>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    listed::{listed, rule},
    shared::{AttachedMaskingPolicy, AttachedRowAccessPolicy},
    text::{Comment, Expression, Name, Path, TypeName, Word},
};
use crate::values::keywords::choices;

listed! {
    schema;
    /// A table. A column that leaves the list is dropped, which waits for approval.
    pub struct Table {
        /// The columns, in their order at creation; Snowflake adds later ones at the end.
        #[schemars(length(min = 1, max = 500), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
        pub columns: Vec<Column>,
        /// Columns of the primary key. Snowflake does not enforce it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 64))]
        pub primary_key: Vec<Name>,
        /// Columns of each unique key. Snowflake does not enforce them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 16), inner(length(min = 1, max = 64)))]
        pub unique_keys: Vec<Vec<Name>>,
        /// Foreign keys. Snowflake does not enforce them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 32))]
        pub foreign_keys: Vec<ForeignKey>,
        /// Columns and expressions to cluster by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 32))]
        pub cluster_by: Option<Vec<Expression>>,
        /// Without Fail-safe. It can't be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub transient: Option<bool>,
        /// Days of Time Travel; 0 or 1 when transient or on Standard edition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 90))]
        pub data_retention_time_in_days: Option<i32>,
        /// Most days by which Snowflake extends the retention so that streams do not become stale.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 0, max = 90))]
        pub max_data_extension_time_in_days: Option<i32>,
        /// Records changes, which streams need.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub change_tracking: Option<bool>,
        /// Lets loads add columns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub enable_schema_evolution: Option<bool>,
        /// The row access policy on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub row_access_policy: Option<AttachedRowAccessPolicy>,
        /// The name that the table has had until now: it is renamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub renamed_from: Option<Name>,
        /// Values of tags, by the tag.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("maxProperties" = 50))]
        pub tags: BTreeMap<String, Word>,
    }
}

/// A column of a table.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = rule("!has(self.default) || !has(self.autoincrement)", "a column has a default or autoincrement: remove one of them"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Column {
    pub name: Name,
    /// Its data type. A length that is left out matches any maximum.
    #[serde(rename = "type")]
    pub data_type: TypeName,
    /// Whether it may be NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nullable: Option<bool>,
    /// Its default, as SQL (`'new'`, `CURRENT_TIMESTAMP()`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// Its collation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<Word>,
    /// Numbers that Snowflake gives to new rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoincrement: Option<Autoincrement>,
    /// The name that the column has had until now: it is renamed and keeps its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<Name>,
    /// The masking policy on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masking_policy: Option<AttachedMaskingPolicy>,
}

/// `AUTOINCREMENT START … INCREMENT …`.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("!has(self.increment) || self.increment != 0", "increment must not be 0"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Autoincrement {
    /// The first number; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// The step between numbers; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increment: Option<i64>,
    /// Whether numbers follow each other in the order of the inserts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<NumberOrder>,
}

choices! {
    /// Whether numbers grow with each insert.
    pub enum NumberOrder {
        Order = "ORDER",
        NoOrder = "NOORDER",
    }
}

/// A foreign key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignKey {
    /// Columns of this table.
    #[schemars(length(min = 1, max = 64))]
    pub columns: Vec<Name>,
    /// The table that they refer to.
    pub references: Path,
    /// Columns of that table; its primary key when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub referenced_columns: Vec<Name>,
}
