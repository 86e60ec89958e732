//! `views`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-view>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    listed::listed,
    shared::{AttachedMaskingPolicy, AttachedRowAccessPolicy},
    text::{Body, Comment, Name, Word},
};

listed! {
    schema;
    /// A view. Another query replaces it, with its grants kept; streams on it become stale.
    pub struct View {
        /// Its columns, when they are to have other names, comments or masking policies than those of the query.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 500), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
        pub columns: Vec<ViewColumn>,
        /// The query.
        pub query: Body,
        /// Hides the definition from those who do not own it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub secure: Option<bool>,
        /// Records changes, which streams need.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub change_tracking: Option<bool>,
        /// The row access policy on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub row_access_policy: Option<AttachedRowAccessPolicy>,
        /// Values of tags, by the tag.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("maxProperties" = 50))]
        pub tags: BTreeMap<String, Word>,
    }
}

/// A column of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewColumn {
    pub name: Name,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// The masking policy on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masking_policy: Option<AttachedMaskingPolicy>,
}
