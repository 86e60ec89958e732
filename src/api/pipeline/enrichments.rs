//! `enrichments`: what a Cortex function says of each row, in a table of its own.
//! Source: <https://docs.snowflake.com/en/user-guide/snowflake-cortex/aisql>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    listed::{listed, rule},
    shared::{ScheduleSpec, Serverless, State},
    text::{Expression, JsonObject, Name, Path, TypeName, Word},
};
use crate::values::keywords::choices;

choices! {
    /// The Cortex function.
    #[derive(Default)]
    pub enum CortexFunction {
        #[default]
        Complete = "COMPLETE",
        Embed = "EMBED",
        Extract = "EXTRACT",
        Summarize = "SUMMARIZE",
        Classify = "CLASSIFY",
        Translate = "TRANSLATE",
        Redact = "REDACT",
        Filter = "FILTER",
        Sentiment = "SENTIMENT",
    }
}

choices! {
    /// What a new model or prompt does with finished rows.
    pub enum OnChange {
        Keep = "KEEP",
        Reprocess = "REPROCESS",
    }
}

choices! {
    /// Which generation of functions: AI_*, or SNOWFLAKE.CORTEX.*.
    pub enum Functions {
        Ai = "AI",
        Legacy = "LEGACY",
    }
}

choices! {
    /// What does the work.
    pub enum Engine {
        Task = "TASK",
        DynamicTable = "DYNAMIC_TABLE",
    }
}

listed! {
    schema;
    /// An enrichment. Its objects in Snowflake have names that begin with its own: `NAME_RESULT`, `NAME_NEWEST`.
    #[x_kube(validation = rule("!(self.__function__ in ['Complete', 'Embed']) || has(self.model)", "function: Complete and function: Embed need a model"))]
    #[x_kube(validation = rule("!(self.__function__ in ['Complete', 'Filter']) || has(self.prompt)", "function: Complete and function: Filter need a prompt"))]
    #[x_kube(validation = rule("has(self.categories) == (self.__function__ == 'Classify')", "categories are what function: Classify needs, and it alone"))]
    #[x_kube(validation = rule("!has(self.questions) || self.__function__ == 'Extract'", "questions are for function: Extract"))]
    #[x_kube(validation = rule("!has(self.responseFormat) || self.__function__ in ['Complete', 'Extract']", "responseFormat is for function: Complete and function: Extract"))]
    #[x_kube(validation = rule("self.__function__ != 'Extract' || has(self.questions) != has(self.responseFormat)", "function: Extract needs questions or responseFormat, one of the two"))]
    #[x_kube(validation = rule("has(self.language) == (self.__function__ == 'Translate')", "language is what function: Translate needs, and it alone"))]
    #[x_kube(validation = rule("!has(self.functions) || self.functions != 'Legacy' || !(self.__function__ in ['Redact', 'Filter'])", "Redact and Filter have no legacy function: remove functions: Legacy"))]
    #[x_kube(validation = rule("!has(self.engine) || self.engine != 'DynamicTable' || has(self.from.table)", "engine: DynamicTable reads a table: set from.table"))]
    #[x_kube(validation = rule("!has(self.engine) || self.engine != 'DynamicTable' || !(has(self.limits) || has(self.maxAttempts) || has(self.schedule))", "engine: DynamicTable knows no limits, maxAttempts and schedule: remove them, or use engine: Task"))]
    #[x_kube(validation = rule("!has(self.keyTypes) || self.keyTypes.size() == self.key.size()", "keyTypes has a type for each column of key, in their order"))]
    #[x_kube(validation = rule("!has(self.dimension) || self.__function__ == 'Embed'", "dimension is for function: Embed: remove it"))]
    #[x_kube(validation = rule("!(has(self.warehouse) && has(self.serverless))", "an enrichment runs on a warehouse or serverless: remove one of them"))]
    #[x_kube(validation = rule("!has(self.serverless) || has(self.serverless.targetCompletionInterval)", "serverless tasks that a stream triggers need serverless.targetCompletionInterval"))]
    #[x_kube(validation = rule("!has(self.engine) || self.engine != 'DynamicTable' || !(has(self.serverless) || (has(self.functions) && self.functions == 'Legacy'))", "engine: DynamicTable runs on a warehouse, and takes no legacy functions: remove serverless and functions: Legacy"))]
    #[x_kube(validation = rule("!has(self.engine) || self.engine != 'DynamicTable' || (has(self.backfill) && self.backfill)", "engine: DynamicTable buys every row that is there already: say that you know with backfill: true"))]
    pub struct Enrichment {
        /// Where the rows come from.
        pub from: Source,
        /// The columns that tell rows apart.
        #[schemars(length(min = 1, max = 16))]
        pub key: Vec<Name>,
        /// Data types of the columns of `key`, in their order: only for a table that is not an entry of this resource.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 16))]
        pub key_types: Option<Vec<TypeName>>,
        /// The columns of the source that the view shows. Left out, all that the table's entry has, else those of `key`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 500))]
        pub columns: Option<Vec<Name>>,
        /// What the function is given: an SQL expression over the row.
        pub input: Expression,
        /// The Cortex function.
        pub function: CortexFunction,
        /// The model, as Snowflake names it; `SHOW CORTEX BASE MODELS` lists them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub model: Option<Word>,
        /// `Embed`: how many numbers the model's vectors have, for a model that is not in the guide's table.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 4096))]
        pub dimension: Option<i32>,
        /// What is asked of the model, before the input. It is text, not SQL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub prompt: Option<Expression>,
        /// `Classify`: the categories.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 2, max = 500))]
        pub categories: Option<Vec<Word>>,
        /// `Complete`, `Extract`: the JSON schema of the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub response_format: Option<JsonObject>,
        /// `Extract`: the questions, by the name of their answer. They are text, not SQL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("minProperties" = 1, "maxProperties" = 100))]
        pub questions: Option<BTreeMap<String, Expression>>,
        /// `Translate`: the languages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub language: Option<Languages>,
        /// How much it may do: 500 rows a run and 20,000 a day, where nothing else is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limits: Option<Limits>,
        /// Also does the rows that are there already. The plan says how many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub backfill: Option<bool>,
        /// `Keep` (the default) leaves finished rows alone when model or prompt change; `Reprocess` buys them again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub on_change: Option<OnChange>,
        /// `Ai` (the default): AI_*. `Legacy`: SNOWFLAKE.CORTEX.*.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub functions: Option<Functions>,
        /// `Task` (the default), or `DynamicTable`, which buys every row again when it is initialised anew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub engine: Option<Engine>,
        /// How often a row that fails is tried; 3 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 100))]
        pub max_attempts: Option<i32>,
        /// The warehouse; `spec.warehouse` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<Name>,
        /// Snowflake's own compute, instead of a warehouse.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub serverless: Option<Serverless>,
        /// When it buys, if rows wait; every 15 minutes when left out. They are queued as soon as the stream has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schedule: Option<ScheduleSpec>,
        /// `Started` (the default) or `Suspended`: whether it works.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
    }
}

/// Where the rows of an enrichment come from.
#[derive(kube::KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = rule("has(self.stream) != has(self.table)", "from has stream or table, one of the two"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// A stream, which this enrichment alone reads: reading moves its offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Path>,
    /// A table; the enrichment makes a stream of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Path>,
}

/// Languages of a translation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Languages {
    /// The language of the input (`en`); found out when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Word>,
    /// The language of the result.
    pub to: Word,
}

/// How much an enrichment may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Rows that one run claims; 500 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rows_per_run: Option<i32>,
    /// Rows of a day (UTC), each attempt counted: the hard limit. 20,000 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rows_per_day: Option<i32>,
    /// Credits of a day (UTC): nothing more is bought once they are reached. Snowflake tells of them up to an hour late,
    /// so they may be passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub credits_per_day: Option<i32>,
}
