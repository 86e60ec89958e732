//! `streams`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-stream>.

use super::{
    listed::{listed, rule},
    text::Path,
};

listed! {
    schema;
    /// A stream. Its source and its mode can't be changed: a new one begins at a new offset, unless the old offset
    /// can be handed over.
    #[x_kube(validation = rule("[has(self.onTable), has(self.onView), has(self.onStage), has(self.onExternalTable), has(self.onDynamicTable)].exists_one(x, x)", "a stream has exactly one source: set one of onTable, onView, onStage, onExternalTable, onDynamicTable"))]
    #[x_kube(validation = rule("!has(self.appendOnly) || !self.appendOnly || has(self.onTable) || has(self.onView)", "appendOnly is for streams on tables and views: remove it"))]
    #[x_kube(validation = rule("!has(self.insertOnly) || !self.insertOnly || has(self.onExternalTable) || has(self.onTable)", "insertOnly is for streams on external tables and on externally managed Iceberg tables: remove it, or set appendOnly"))]
    #[x_kube(validation = rule("!(has(self.appendOnly) && self.appendOnly && has(self.insertOnly) && self.insertOnly)", "a stream is appendOnly or insertOnly: remove one of them"))]
    #[x_kube(validation = rule("!has(self.showInitialRows) || !self.showInitialRows || has(self.onTable) || has(self.onView)", "showInitialRows is for streams on tables and views: remove it"))]
    pub struct Stream {
        /// The table whose changes it gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_table: Option<Path>,
        /// The view whose changes it gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_view: Option<Path>,
        /// The stage with a directory table whose changes it gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_stage: Option<Path>,
        /// The external table whose changes it gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_external_table: Option<Path>,
        /// The dynamic table whose changes it gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_dynamic_table: Option<Path>,
        /// Inserted rows only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub append_only: Option<bool>,
        /// Inserted rows only, of external tables.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub insert_only: Option<bool>,
        /// The first read gives the rows that are there already. Only read at creation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub show_initial_rows: Option<bool>,
    }
}
