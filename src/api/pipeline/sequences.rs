//! `sequences`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-sequence>.

use super::listed::{listed, rule};

listed! {
    schema;
    /// A sequence.
    #[x_kube(validation = rule("!has(self.increment) || self.increment != 0", "increment must not be 0"))]
    pub struct Sequence {
        /// The first number. Only read at creation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub start: Option<i64>,
        /// The step between numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub increment: Option<i64>,
        /// Whether numbers grow with each call. Snowflake changes it from true to false only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ordered: Option<bool>,
    }
}
