//! Snowfence makes a Snowflake account match YAML.
//!
//! The map of the house. Arrows point down only: `cli → kinds → engine → {plan, snowflake} → values`, and
//! `kinds → api → values`.
//!
//! - [`values`]: canonical types: identifiers, sizes, intervals, timestamps.
//! - [`api`]: the custom resources: data and schema, no behaviour.
//! - [`snowflake`]: the client of the SQL API, authentication, statements, rows, the catalog of shared reads.
//! - [`plan`]: properties, changes, steps, effects; how plans are shown.
//! - [`engine`]: runs any kind: observe, plan, gate, execute, confirm, report.
//! - [`kinds`]: how each kind is reconciled.
//! - [`cli`]: a file per subcommand.

pub mod api;
pub mod cli;
pub mod engine;
pub mod kinds;
pub mod operator;
pub mod plan;
pub mod snowflake;
pub mod values;
