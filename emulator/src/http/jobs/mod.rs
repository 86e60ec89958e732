//! A statement on its way: what both doors do between a request and its answer.

mod bindings;
mod context;
mod job;
mod submit;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use bindings::Binding;
pub(crate) use context::{Wishes, context};
pub(crate) use job::Job;
pub(crate) use submit::{Asked, Hit, State, lost, pause, present, submit};

use crate::auth::{Identity, TokenType};
use crate::context::Context;
use crate::state::{Failure, Session};

/// Who sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) identity: Identity,
    pub(crate) client: String,
    pub(crate) kind: Option<TokenType>,
}

/// What a request asks to be executed.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) text: Arc<str>,
    /// How many statements the text holds; 0 for any number.
    pub(crate) statement_count: u64,
    pub(crate) bindings: Option<BTreeMap<String, Binding>>,
    /// Where it is executed, or why there is no such place.
    pub(crate) context: Result<Context, Failure>,
    /// What the statements leave behind goes to this session. Without one, statements that change the session alone
    /// are refused.
    pub(crate) session: Option<Arc<Session>>,
    /// Session parameters that hold for these statements alone.
    pub(crate) alone: BTreeMap<String, String>,
    /// The columns are wanted, and nothing is to happen.
    pub(crate) describe: bool,
}
