//! What can go wrong with a statement.
use super::{auth::CredentialError, host::HostNotAllowed};
use std::{
    fmt::{self, Display},
    time::Duration,
};
use uuid::Uuid;

/// Snowflake refused a statement or stopped it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnowflakeError {
    /// Six digits as Snowflake prints them: `002003`.
    pub code: String,
    /// SQLSTATE, five characters: `42S02`. Empty where Snowflake gave none.
    pub sql_state: String,
    /// Snowflake's own words.
    pub message: String,
    /// The statement handle, which is the query id.
    pub query_id: Option<String>,
}

impl Display for SnowflakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (Snowflake error {}", self.message, self.code)?;
        if !self.sql_state.is_empty() {
            write!(f, ", SQLSTATE {}", self.sql_state)?;
        }
        if let Some(id) = &self.query_id {
            write!(f, ", query {id}")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for SnowflakeError {}

/// Why a statement has no result.
///
/// Every variant but [`Lost`](Self::Lost) and [`TimedOut`](Self::TimedOut) means that Snowflake did not
/// carry the statement out; [`may_have_executed`](Self::may_have_executed) tells.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Snowflake executed nothing and says why.
    #[error("{0}")]
    Snowflake(SnowflakeError),
    /// The credential was refused, also after it was renewed.
    #[error("Snowflake refused the credential: {message} (code {code})")]
    Unauthorized { code: String, message: String },
    /// Snowflake asked to slow down until the statement's time was over.
    #[error("Snowflake limits the number of requests and went on doing so: {message}")]
    Throttled { message: String },
    /// Snowflake could not be reached, or answered that it cannot serve now.
    #[error("Snowflake cannot be reached: {0}")]
    Unavailable(String),
    /// The statement was sent and whether it was executed is unknown. Send it again with this request id and
    /// `retry` to learn its outcome.
    #[error(
        "the answer to the statement was lost, and it may have been executed (request {request_id}): {cause}"
    )]
    Lost { request_id: Uuid, cause: Box<ClientError> },
    /// The statement's time was over.
    #[error("the statement was given up after {} s{}", .after.as_secs(), executed_note(*.may_have_executed))]
    TimedOut { after: Duration, may_have_executed: bool, request_id: Uuid, query_id: Option<String> },
    /// Somebody cancelled the statement (000604).
    #[error("the statement was cancelled: {0}")]
    Cancelled(SnowflakeError),
    /// The address is not one that the operator may send tokens to.
    #[error(transparent)]
    HostNotAllowed(#[from] HostNotAllowed),
    /// The answer is not one that Snowflake's SQL API gives.
    #[error("the answer is not one of Snowflake's SQL API: {0}")]
    BadAnswer(String),
    /// There is no token to send.
    #[error(transparent)]
    Credential(#[from] CredentialError),
}

impl ClientError {
    /// Whether the statement may have been executed all the same.
    pub fn may_have_executed(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::TimedOut { may_have_executed: true, .. })
    }

    /// What happened last: of a lost statement the reason, of others itself.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Lost { cause, .. } => cause.cause(),
            other => other,
        }
    }

    /// What Snowflake said about the statement, if it said something.
    pub fn snowflake(&self) -> Option<&SnowflakeError> {
        match self {
            Self::Snowflake(error) | Self::Cancelled(error) => Some(error),
            _ => None,
        }
    }

    /// Snowflake's code (`002003`), also of a refused credential (`390144`).
    pub fn code(&self) -> Option<&str> {
        match self.cause() {
            Self::Unauthorized { code, .. } => Some(code),
            other => other.snowflake().map(|error| error.code.as_str()),
        }
    }

    /// The statement's query id, where Snowflake gave one.
    pub fn query_id(&self) -> Option<&str> {
        match self {
            Self::TimedOut { query_id, .. } => query_id.as_deref(),
            other => other.snowflake()?.query_id.as_deref(),
        }
    }

    /// 002003: the object does not exist, or the role does not see it.
    pub fn is_object_missing(&self) -> bool {
        self.is("002003") || self.is("002043")
    }

    /// 002002: an object of that name exists already.
    pub fn is_object_exists(&self) -> bool {
        self.is("002002")
    }

    /// 003001: the role lacks a privilege.
    pub fn is_privilege(&self) -> bool {
        self.is("003001")
    }

    /// Whether the fault lies with the connection, so that other statements would meet it too.
    pub fn is_connection(&self) -> bool {
        !matches!(self.cause(), Self::Snowflake(_) | Self::Cancelled(_) | Self::TimedOut { .. })
    }

    /// One word for metrics and traces.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Snowflake(_) => "refused",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::Lost { .. } => "lost",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled(_) => "cancelled",
            Self::HostNotAllowed(_) => "host_not_allowed",
            Self::BadAnswer(_) => "bad_answer",
            Self::Credential(_) => "credential",
        }
    }

    fn is(&self, code: &str) -> bool {
        self.snowflake().is_some_and(|error| error.code == code)
    }
}

fn executed_note(may_have_executed: bool) -> &'static str {
    if may_have_executed { ", and it may have been executed" } else { " and not executed" }
}
