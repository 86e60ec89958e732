//! The custom resources: data and schema, no behaviour. A file per kind.
//!
//! `api` uses `values` only. The CRDs in `crds/` are generated from here by `snowfence crds`.

pub mod common;
pub mod connection;
pub mod monitor;
pub mod pipeline;
pub mod record;
pub mod warehouse;

pub use common::*;
pub use connection::SnowflakeConnection;
pub use monitor::ResourceMonitor;
pub use pipeline::CortexPipeline;
pub use record::Record;
pub use warehouse::SnowflakeWarehouse;

/// The API group of all kinds, and the prefix of our annotations and finalizers.
pub const GROUP: &str = "snowfence.dev";
/// The version that is served. It only grows.
pub const VERSION: &str = "v1alpha1";
