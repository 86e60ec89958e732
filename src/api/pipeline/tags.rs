//! `tags`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-tag>.

use super::{listed::listed, text::Word};
use crate::values::keywords::choices;

choices! {
    /// Whether a tag goes on from what it is on.
    pub enum Propagate {
        OnDependency = "ON_DEPENDENCY",
        OnDataMovement = "ON_DATA_MOVEMENT",
        OnDependencyAndDataMovement = "ON_DEPENDENCY_AND_DATA_MOVEMENT",
    }
}

listed! {
    schema;
    /// A tag.
    pub struct Tag {
        /// The values that it may have; any, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 300))]
        pub allowed_values: Option<Vec<Word>>,
        /// Whether it goes on to what depends on the object, or to where its data moves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub propagate: Option<Propagate>,
    }
}
