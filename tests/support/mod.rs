//! Helpers that tests share: a cluster in memory, and misfortune in measured doses.

pub mod account;
pub mod fate;
pub mod kinds;
pub mod world;
