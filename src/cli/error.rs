//! What ends the program early.

use super::{credentials::BadCredentials, manifests::BadManifests};
use crate::{
    engine::fault::Fault,
    snowflake::{host::BadPattern, transport::BadTransport},
};

/// Why a subcommand gave up. One sentence each, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Manifests(#[from] BadManifests),
    #[error(transparent)]
    Credentials(#[from] BadCredentials),
    #[error("--allow-host: {0}")]
    Host(#[from] BadPattern),
    #[error(transparent)]
    Transport(#[from] BadTransport),
    #[error("{connection}: {fault}")]
    Connection { connection: String, fault: Box<Fault> },
    /// The command line asks for what can't be; the text says what to change.
    #[error("{0}")]
    Usage(String),
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
    #[error("Snowflake: {0}")]
    Snowflake(Box<Fault>),
    #[error(transparent)]
    Operator(#[from] crate::operator::OperatorError),
}

impl Error {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |error| Self::Io { what, error }
    }

    /// Whoever read the output has gone: no error for the one who runs us (`snowfence plan | head`).
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
