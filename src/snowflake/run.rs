//! The way of one statement.
use super::{
    client::{Inner, Outcome, RunOptions},
    error::ClientError,
    statement::Statement,
};

pub(super) struct Run<'a> {
    inner: &'a Inner,
    statement: &'a Statement,
    options: &'a RunOptions,
}

impl<'a> Run<'a> {
    pub(super) fn new(inner: &'a Inner, statement: &'a Statement, options: &'a RunOptions) -> Self {
        Self { inner, statement, options }
    }
    pub(super) async fn finish(self) -> Result<Outcome, ClientError> {
        let _ = (self.inner, self.statement, self.options);
        Err(ClientError::Unavailable("not yet written".to_owned()))
    }
}
