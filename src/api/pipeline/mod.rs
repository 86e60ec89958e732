//! `CortexPipeline`: a whole data pipeline as one resource. A file per list of the spec, all alike.
//!
//! Each entry of a list is a struct that [`listed`] declares; what all have is the trait [`Listed`]. Texts are bounded
//! by their types in [`text`], and names in them follow Snowflake's rule. What one entry can know by itself is a CEL
//! rule beside it; what only the whole can know (two objects with one name, a missing predecessor) is found when the
//! plan is made.

pub mod alerts;
pub mod databases;
pub mod dynamic_tables;
pub mod enrichments;
pub mod file_formats;
pub mod functions;
pub mod grants;
mod listed;
pub mod masking_policies;
pub mod materialized_views;
pub mod pipes;
pub mod procedures;
pub mod row_access_policies;
pub mod schemas;
pub mod search_services;
pub mod sequences;
pub mod shared;
mod spec;
pub mod stages;
pub mod streams;
mod summary;
pub mod tables;
pub mod tags;
pub mod task_graphs;
#[cfg(test)]
mod tests;
pub mod text;
pub mod views;

pub use listed::Listed;
pub use spec::{CortexPipeline, MAX_OBJECTS, PipelineSpec};
pub use summary::{NotInSync, ObjectCounts, PipelineSummary};
