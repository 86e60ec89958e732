//! A local Snowflake for the control plane.
pub mod account;
pub mod auth;
pub mod context;
pub mod emulator;
pub mod error;
pub mod faults;
pub mod http;
pub mod rows;
mod sql;
pub mod state;
