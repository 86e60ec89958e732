//! `materializedViews`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-materialized-view>.

use super::{
    listed::listed,
    shared::State,
    text::{Body, Expression},
};

listed! {
    schema;
    /// A materialized view (Enterprise edition). Another query recreates it.
    pub struct MaterializedView {
        /// The query, over one table.
        pub query: Body,
        /// Columns and expressions to cluster by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 32))]
        pub cluster_by: Option<Vec<Expression>>,
        /// Hides the definition from those who do not own it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub secure: Option<bool>,
        /// `Suspended` stops its maintenance and its use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
    }
}
