//! A local Snowflake for the control plane.
#[path = "account_stub.rs"]
pub mod account;
#[path = "account/mod.rs"]
pub mod account_next;
pub mod auth;
pub mod context;
pub mod emulator;
pub mod error;
pub mod faults;
pub mod http;
pub mod rows;
mod sql;
pub mod state;
