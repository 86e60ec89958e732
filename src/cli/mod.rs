//! The command line: a file per subcommand, and what they share.
//!
//! - [`manifests`] reads and checks YAML, with every error named by file, line and field.

pub mod manifests;
