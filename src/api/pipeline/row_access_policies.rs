//! `rowAccessPolicies`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-row-access-policy>.

use super::{listed::listed, shared::Typed, text::Body};

listed! {
    schema;
    /// A row access policy (Enterprise edition).
    pub struct RowAccessPolicy {
        /// Its arguments, in order. They can't be changed.
        #[schemars(length(min = 1, max = 64))]
        pub arguments: Vec<Typed>,
        /// The expression that says whether a row is seen.
        pub body: Body,
    }
}
