//! How each kind is reconciled. A file per kind, with the same headings: rows, what is seen, plan, look.
//!
//! Arrows: `kinds → engine` and `kinds → api`. Nobody but `cli` and the operator uses this.

pub mod any;
pub mod config_maps;
pub mod connection;
pub mod grants;
pub mod monitor;
mod object;
pub mod pipeline;
pub mod warehouse;

use crate::{
    api::{CortexPipeline, ResourceMonitor, SnowflakeWarehouse},
    engine::managed::Managed,
};

/// Something that is done for every kind with objects in Snowflake.
pub trait Visitor {
    fn visit<K: Managed>(&mut self);
}

/// The one list of kinds: CRDs, controllers, manifests and RBAC walk it. In the order of their dependence.
pub fn every_kind(visitor: &mut impl Visitor) {
    visitor.visit::<SnowflakeWarehouse>();
    visitor.visit::<ResourceMonitor>();
    visitor.visit::<CortexPipeline>();
}
