//! `alerts`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-alert>.

use super::{
    listed::{listed, rule},
    shared::{ScheduleSpec, State},
    text::{Body, JsonObject, Name},
};

listed! {
    schema;
    /// An alert: when the query of its condition gives a row, the action runs.
    #[x_kube(validation = rule("!has(self.warehouse) || !has(self.serverless) || !self.serverless", "an alert runs on a warehouse or serverless: remove one of them"))]
    pub struct Alert {
        /// `Started` or `Suspended`. Left out, a new alert stays suspended and another one keeps its state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
        /// When the condition is looked at. Left out, on each new row of the table or view of the condition; an alert
        /// can't change between the two.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schedule: Option<ScheduleSpec>,
        /// The warehouse; `spec.warehouse` when neither this nor `serverless` is set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<Name>,
        /// Snowflake's own compute.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub serverless: Option<bool>,
        /// The query inside `IF (EXISTS (…))`.
        pub condition: Body,
        /// The statement that runs when the condition gives a row.
        pub action: Body,
        /// `CONFIG`: a JSON object that condition and action read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub config: Option<JsonObject>,
    }
}
