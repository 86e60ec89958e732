//! Statements on rows: SELECT from tables and streams, INSERT, UPDATE, DELETE, TRUNCATE.
//!
//! sqlparser reads them, in Snowflake's dialect. What it reads and this does not know is refused with `000002`: the
//! parts that are understood are written anew and must make up the whole statement.

mod expression;
mod read;

pub(crate) use expression::{Expression, Operator, Step};
pub(crate) use read::{delete, expression_of, insert, reads_rows, select, select_from, truncate, update};

use super::cursor::Path;

/// A column of the answer.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Star,
    Value(Expression, String),
}

/// A table, a stream, and the name that the statement gives it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) path: Path,
    pub(crate) alias: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) by: Expression,
    pub(crate) descending: bool,
    pub(crate) nulls_first: Option<bool>,
}

#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) items: Vec<Item>,
    pub(crate) from: Option<Source>,
    pub(crate) filter: Option<Expression>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// `VALUES (…), (…)`
    Rows(Vec<Vec<Expression>>),
    Query(Query),
}

#[derive(Clone, Debug)]
pub(crate) struct Insert {
    pub(crate) path: Path,
    pub(crate) overwrite: bool,
    pub(crate) columns: Vec<String>,
    pub(crate) given: Given,
}

#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) table: Source,
    pub(crate) set: Vec<(String, Expression)>,
    pub(crate) filter: Option<Expression>,
}

#[derive(Clone, Debug)]
pub(crate) struct Delete {
    pub(crate) table: Source,
    pub(crate) filter: Option<Expression>,
}

#[derive(Clone, Debug)]
pub(crate) struct Truncate {
    pub(crate) path: Path,
    pub(crate) if_exists: bool,
}
