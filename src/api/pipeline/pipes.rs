//! `pipes`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-pipe>.

use super::{
    listed::{listed, rule},
    text::{Body, Name, Word},
};

listed! {
    schema;
    /// A pipe. Another `copy` recreates it.
    #[x_kube(validation = rule("!(has(self.integration) || has(self.awsSnsTopic)) || (has(self.autoIngest) && self.autoIngest)", "integration and awsSnsTopic are for autoIngest: true"))]
    pub struct Pipe {
        /// The COPY INTO statement.
        pub copy: Body,
        /// Whether the cloud's notifications start loads. It can't be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub auto_ingest: Option<bool>,
        /// The notification integration that gives those (Azure, Google Cloud).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub integration: Option<Name>,
        /// The topic that gives those (AWS).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub aws_sns_topic: Option<Word>,
        /// The notification integration that is told of failures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub error_integration: Option<Name>,
        /// Whether it stands still.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub paused: Option<bool>,
    }
}
