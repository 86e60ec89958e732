//! The client of Snowflake: the SQL API v2, and the ways to sign in.
//!
//! - [`Statement`] is SQL made from fragments; [`Client::run`] executes it and answers [`Rows`].
//! - [`ClientConfig`] says where and as whom. Its constructor asks the [`HostPolicy`], so that no token
//!   leaves for a host that the operator's administrator does not know.
//! - [`auth`] holds a file for each kind of credential.
//! - [`Transport`] carries requests: over the network, or straight into a service in this process.
//!
//! Nothing here knows Kubernetes. Secrets are [`secrecy::SecretString`]; no `Debug`, `Display` or trace shows them.

pub mod account;
mod answer;
pub mod auth;
pub mod catalog;
pub mod client;
pub mod config;
pub mod error;
#[cfg(test)]
mod fake;
pub mod host;
mod request;
pub mod rows;
mod run;
pub mod statement;
pub mod timestamp;
pub mod transport;

pub use account::AccountIdentifier;
pub use auth::Credential;
pub use catalog::Catalog;
pub use client::{Client, Observer, Outcome, RunOptions};
pub use config::ClientConfig;
pub use error::{ClientError, SnowflakeError};
pub use host::HostPolicy;
pub use rows::{Row, Rows};
pub use statement::Statement;
pub use transport::Transport;
