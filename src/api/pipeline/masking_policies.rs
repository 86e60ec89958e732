//! `maskingPolicies`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-masking-policy>.

use super::{
    listed::listed,
    shared::Typed,
    text::{Body, TypeName},
};

listed! {
    schema;
    /// A masking policy (Enterprise edition).
    pub struct MaskingPolicy {
        /// Its arguments, the masked column first. They can't be changed.
        #[schemars(length(min = 1, max = 64))]
        pub arguments: Vec<Typed>,
        /// The type that it returns: that of the first argument.
        pub returns: TypeName,
        /// The expression that gives what is seen.
        pub body: Body,
        /// Whether other policies may read the masked column. It can't be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub exempt_other_policies: Option<bool>,
    }
}
