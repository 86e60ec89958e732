//! Errors as Snowflake gives them: a six-digit code, an SQLSTATE and a message.

/// A refusal. `code` prints with six digits (`002003`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:06} ({sql_state}): {message}")]
pub struct SqlError {
    pub code: u32,
    pub sql_state: &'static str,
    pub message: String,
}

impl SqlError {
    pub fn new(code: u32, sql_state: &'static str, message: impl Into<String>) -> Self {
        Self { code, sql_state, message: message.into() }
    }

    /// `001003`; `what` names the place.
    pub(crate) fn syntax(what: impl std::fmt::Display) -> Self {
        Self::new(1003, "42000", format!("SQL compilation error:\n{what}"))
    }

    /// `000002`: Snowflake knows it, this account does not.
    pub(crate) fn unsupported(feature: impl std::fmt::Display) -> Self {
        Self::new(2, "0A000", format!("Unsupported feature '{feature}'."))
    }

    /// `002003`: absent, or not visible to the role.
    pub(crate) fn absent(kind: impl std::fmt::Display, name: impl std::fmt::Display) -> Self {
        Self::new(
            2003,
            "02000",
            format!("SQL compilation error:\n{kind} '{name}' does not exist or not authorized."),
        )
    }

    /// What UNDROP says where nothing is left to restore. The words are Snowflake's, the code is a guess.
    pub(crate) fn purged(kind: impl std::fmt::Display, name: impl std::fmt::Display) -> Self {
        Self::new(
            2003,
            "02000",
            format!("SQL compilation error:\n{kind} {name} did not exist or was purged."),
        )
    }

    /// `002043`: what USE, SHOW … IN and DESCRIBE say of an absent container.
    pub(crate) fn impossible() -> Self {
        Self::new(
            2043,
            "02000",
            "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
        )
    }

    /// `002002`
    pub(crate) fn exists(name: impl std::fmt::Display) -> Self {
        Self::new(2002, "42710", format!("SQL compilation error:\nObject '{name}' already exists."))
    }

    /// `003001`: visible, but the role lacks the privilege. `kind` in lower case.
    pub(crate) fn denied(kind: impl std::fmt::Display, name: impl std::fmt::Display) -> Self {
        Self::new(
            3001,
            "42501",
            format!("SQL access control error:\nInsufficient privileges to operate on {kind} '{name}'"),
        )
    }

    /// `001008`
    pub(crate) fn invalid_value(value: impl std::fmt::Display, parameter: &str) -> Self {
        Self::new(
            1008,
            "22023",
            format!("SQL compilation error:\ninvalid value [{value}] for parameter '{parameter}'"),
        )
    }

    /// `001420`: the property exists, but not for this kind of object.
    pub(crate) fn invalid_property(property: &str, kind: &str) -> Self {
        Self::new(
            1420,
            "22023",
            format!("SQL compilation error:\ninvalid property '{property}' for '{kind}'"),
        )
    }
}
