//! What keeps an object from its goal, and the one table that says what follows: reason, condition, delay.

use std::time::Duration;

use crate::{
    plan::NotUnderstood,
    snowflake::{ClientError, SnowflakeError},
};

/// What keeps an object from its goal. The text is for people: what is wrong, where, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The spec can never work.
    #[error("{0}")]
    Refused(String),
    /// Somebody else has the object.
    #[error("{0}")]
    Conflict(String),
    /// The role or the account lacks what Snowflake asks for: told before it is tried.
    #[error("{message}")]
    Lacking { reason: &'static str, message: String },
    /// It exists, and our role can't see it.
    #[error("{0}")]
    NotVisible(String),
    /// The other side has not consented.
    #[error("{0}")]
    NotAllowed(String),
    /// Something that this one refers to is not there or not ready yet.
    #[error("{message}")]
    Waiting { reason: &'static str, message: String },
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// It is as it should be, and does not work: a person must look at it.
    #[error("{message}")]
    Broken { reason: &'static str, message: String },
    /// A change was executed again and again, and Snowflake still says otherwise.
    #[error("{0}")]
    NotConverging(String),
    /// Destructive changes wait for approval.
    #[error("{0}")]
    ApprovalRequired(String),
    /// Many objects vanished at once.
    #[error("{0}")]
    VisibilityLost(String),
    /// Only observed, and not there.
    #[error("{0}")]
    NotFound(String),
    /// Several parts failed; the first, with their number.
    #[error("{}", sentence(.0))]
    Snowflake(ClientError),
    /// The record was changed by somebody else meanwhile: start again.
    #[error("the record changed meanwhile")]
    RecordConflict,
    /// The Kubernetes API refused or could not be reached.
    #[error("Kubernetes: {0}")]
    Kubernetes(String),
    /// Out of time between two effects; what is done is recorded.
    #[error("out of time; the rest follows")]
    Deadline,
    /// The process is no longer the leader.
    #[error("this operator no longer leads")]
    NotLeading,
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        Self::Snowflake(error)
    }
}

/// Without the query id, so that the same refusal gives the same message.
fn sentence(error: &ClientError) -> String {
    match error {
        // Snowflake breaks lines; a condition, an event and a log line are one.
        ClientError::Snowflake(e) => {
            let message: Vec<_> = e.message.split_whitespace().collect();
            format!("{} (Snowflake error {})", message.join(" "), e.code)
        }
        ClientError::Lost { cause, .. } => {
            format!(
                "the answer of Snowflake was lost ({}); the statement is settled before anything else",
                sentence(cause)
            )
        }
        ClientError::TimedOut { after, .. } => {
            format!("no answer within {} s; the statement is settled before anything else", after.as_secs())
        }
        other => other.to_string(),
    }
}

/// How a fault is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A person must change a spec, a grant or a credential.
    Stalled,
    /// It is tried again.
    Reconciling,
    /// Nothing is written.
    Quiet,
}

/// When it is tried again. A change of the spec, of our annotations or of what it refers to always wakes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// With the connection's resync.
    Resync,
    /// Soon, and then ever more seldom.
    Backoff,
    /// At once.
    Now,
}

impl Fault {
    /// The one table.
    pub fn row(&self) -> (&'static str, Shown, Again) {
        use Again::{Backoff, Now, Resync};
        use Shown::{Quiet, Reconciling, Stalled};
        match self {
            Self::Refused(_) => ("InvalidSpec", Stalled, Resync),
            Self::Conflict(_) => ("Conflict", Stalled, Resync),
            Self::NotVisible(_) => ("NotVisible", Stalled, Resync),
            Self::NotAllowed(_) => ("NotAllowed", Stalled, Resync),
            Self::Waiting { reason, .. } => (reason, Reconciling, Resync),
            Self::Broken { reason, .. } | Self::Lacking { reason, .. } => (reason, Stalled, Resync),
            Self::NotUnderstood(_) => ("NotUnderstood", Stalled, Resync),
            Self::NotConverging(_) => ("NotConverging", Stalled, Resync),
            Self::ApprovalRequired(_) => ("ApprovalRequired", Stalled, Resync),
            Self::VisibilityLost(_) => ("VisibilityLost", Stalled, Resync),
            Self::NotFound(_) => ("NotFound", Stalled, Resync),
            Self::RecordConflict => ("RecordConflict", Quiet, Now),
            Self::Kubernetes(_) => ("KubernetesUnavailable", Quiet, Backoff),
            Self::Deadline => ("Deadline", Reconciling, Now),
            Self::NotLeading => ("NotLeading", Quiet, Resync),
            Self::Snowflake(error) => client_row(error),
        }
    }
    /// What Snowflake said, when it is Snowflake that refused.
    pub fn snowflake(&self) -> Option<&SnowflakeError> {
        match self {
            Self::Snowflake(error) => match error.cause() {
                ClientError::Snowflake(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }
    /// Whether an object that a statement names is not there, or not visible.
    pub fn misses_object(&self) -> bool {
        matches!(self, Self::Snowflake(error) if error.is_object_missing())
    }
    pub fn reason(&self) -> &'static str {
        self.row().0
    }
    /// Whether the connection is at fault, and not the object: settled objects are then left as they are.
    pub fn is_of_connection(&self) -> bool {
        match self {
            Self::Waiting { reason, .. } => reason.starts_with("Connection"),
            Self::Snowflake(error) => !matches!(
                error.cause(),
                ClientError::Snowflake(_)
                    | ClientError::Cancelled(_)
                    | ClientError::TimedOut { .. }
                    | ClientError::BadAnswer(_)
            ),
            Self::Kubernetes(_) | Self::NotLeading => true,
            _ => false,
        }
    }
}

fn client_row(error: &ClientError) -> (&'static str, Shown, Again) {
    match error.cause() {
        ClientError::Snowflake(_) if error.is_privilege() => {
            ("InsufficientPrivileges", Shown::Stalled, Again::Resync)
        }
        ClientError::Snowflake(e) if matches!(e.code.as_str(), "000625" | "000604") => {
            ("SnowflakeBusy", Shown::Reconciling, Again::Backoff)
        }
        // What is missing may be about to come: another resource makes it.
        ClientError::Snowflake(_) if error.is_object_missing() => {
            ("SnowflakeRefused", Shown::Stalled, Again::Backoff)
        }
        ClientError::Snowflake(_) => ("SnowflakeRefused", Shown::Stalled, Again::Resync),
        ClientError::Unauthorized { .. } | ClientError::Credential(_) => {
            ("CredentialRefused", Shown::Reconciling, Again::Resync)
        }
        ClientError::HostNotAllowed(_) => ("HostNotAllowed", Shown::Stalled, Again::Resync),
        ClientError::Throttled { .. } => ("SnowflakeThrottled", Shown::Reconciling, Again::Backoff),
        ClientError::Cancelled(_) => ("StatementCancelled", Shown::Reconciling, Again::Backoff),
        ClientError::BadAnswer(_) => ("BadAnswer", Shown::Reconciling, Again::Backoff),
        ClientError::TimedOut { .. } => ("StatementTimedOut", Shown::Reconciling, Again::Backoff),
        ClientError::Unavailable(_) | ClientError::Lost { .. } => {
            ("SnowflakeUnavailable", Shown::Reconciling, Again::Backoff)
        }
    }
}

/// The delay before the n-th try again (n from 0): 1 s, 2 s, 4 s … 5 min.
pub fn backoff(tries: u32) -> Duration {
    Duration::from_secs(1_u64 << tries.min(9)).min(Duration::from_secs(300))
}
