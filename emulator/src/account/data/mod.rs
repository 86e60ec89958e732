//! Rows of tables: kept, changed, queried.

mod store;

pub(crate) use store::{Data, Delta, Edit, Values};

use super::Account;
use super::access::Access;
use super::answer::Cell;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::data_type::DataType;

impl Account {
    pub(crate) fn default_of(
        &self,
        _: &Context,
        _: &Access,
        _: &str,
        _: &DataType,
        _: i64,
    ) -> Result<Cell, SqlError> {
        Ok(None)
    }

    pub(crate) fn moment(&self, _: &Context, _: &Access, _: &str, _: i64) -> Result<i64, SqlError> {
        Err(SqlError::unsupported("x"))
    }
}
