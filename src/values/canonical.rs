//! Values in the one form in which they are compared: parsed from what Snowflake prints, printed as Snowflake reads.

use std::fmt::{self, Display};

use super::literal::quote_literal;

/// A value with a canonical form.
///
/// [`Canonical::shown`] is what people read in a plan; [`Canonical::sql`] is what a statement carries. Two values are
/// equal exactly when Snowflake treats them alike.
pub trait Canonical: Sized + Clone + Display + PartialEq + 'static {
    /// Reads a cell of SHOW, or the value of SHOW PARAMETERS. `None` in is SQL NULL; `None` out is a text that
    /// is not understood.
    fn read(cell: Option<&str>) -> Option<Self>;
    /// The literal for a statement.
    fn sql(&self) -> String {
        self.to_string()
    }
    /// As people read it, in the spelling of the spec.
    fn shown(&self) -> String {
        self.to_string()
    }
}

/// A canonical value whose type has been left behind: what diffs and plans carry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Value {
    /// As a statement carries it.
    pub sql: String,
    /// As people read it.
    pub shown: String,
}

impl Value {
    pub fn of<T: Canonical>(value: &T) -> Self {
        Self { sql: value.sql(), shown: value.shown() }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Text that Snowflake prints for "nothing" in columns that are never NULL.
fn is_nothing(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("null")
}

impl Canonical for i64 {
    fn read(cell: Option<&str>) -> Option<Self> {
        cell?.trim().parse().ok()
    }
}

impl Canonical for i32 {
    fn read(cell: Option<&str>) -> Option<Self> {
        cell?.trim().parse().ok()
    }
}

impl Canonical for bool {
    fn read(cell: Option<&str>) -> Option<Self> {
        match cell?.trim().to_ascii_lowercase().as_str() {
            "true" | "y" | "on" | "1" => Some(true),
            "false" | "n" | "off" | "0" => Some(false),
            _ => None,
        }
    }
    fn sql(&self) -> String {
        if *self { "TRUE".into() } else { "FALSE".into() }
    }
}

/// Free text (`COMMENT`). Absent and empty are alike: Snowflake keeps no difference.
impl Canonical for String {
    fn read(cell: Option<&str>) -> Option<Self> {
        Some(cell.unwrap_or_default().to_owned())
    }
    fn sql(&self) -> String {
        quote_literal(self)
    }
}

/// The name of another object, or none (`FALLBACK_WAREHOUSE`).
impl Canonical for super::ident::Ident {
    fn read(cell: Option<&str>) -> Option<Self> {
        cell.filter(|text| !is_nothing(text)).and_then(|text| Self::shown(text).ok())
    }
    fn shown(&self) -> String {
        self.to_spec()
    }
}
