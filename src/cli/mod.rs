//! The command line: a file per subcommand, and what they share.
//!
//! - [`credentials`] says as whom to speak to Snowflake.
//! - [`manifests`] reads and checks YAML, with every error named by file, line and field.

pub mod credentials;
pub mod manifests;
