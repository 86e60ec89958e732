//! `searchServices`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-cortex-search>.

use super::{
    listed::listed,
    text::{Body, Name, Word},
};
use crate::values::target_lag::TargetLag;

listed! {
    schema;
    /// A Cortex Search service. Another `column`, `embeddingModel` or `query` recreates it: until the index is built anew
    /// it answers nothing.
    pub struct SearchService {
        /// The column that is searched.
        pub column: Name,
        /// Columns that searches may filter by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 64))]
        pub attributes: Option<Vec<Name>>,
        /// The warehouse that refreshes it; `spec.warehouse` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<Name>,
        /// How far behind it may be: `1h`, `1d`.
        pub target_lag: TargetLag,
        /// The model that embeds the texts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub embedding_model: Option<Word>,
        /// The query.
        pub query: Body,
    }
}
