//! `databases`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-database>.

use super::{listed::listed, text::Word};

listed! {
    account;
    /// A database.
    pub struct Database {
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
        /// Collation of columns that name none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub default_ddl_collation: Option<Word>,
    }
}
