//! Who is granted something, and how SHOW GRANTS names what it is on.

use std::fmt::{self, Display};

use crate::values::{data_type::DataType, full_name::FullName, ident::Ident};

/// A role of the account or of a database. Shown as `ROLE R`, `DATABASE ROLE D.R`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    Role(Ident),
    DatabaseRole(FullName),
}

impl Grantee {
    /// The text of [`Display`], read again.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(role) = text.strip_prefix("DATABASE ROLE ") {
            return FullName::parse(role).ok().map(Self::DatabaseRole);
        }
        Ident::from_spec(text.strip_prefix("ROLE ")?).ok().map(Self::Role)
    }
    /// As a statement names it.
    pub fn sql(&self) -> String {
        match self {
            Self::Role(role) => format!("ROLE {role}"),
            Self::DatabaseRole(role) => format!("DATABASE ROLE {}", role.sql()),
        }
    }
}

impl Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "ROLE {}", role.to_spec()),
            Self::DatabaseRole(role) => write!(f, "DATABASE ROLE {role}"),
        }
    }
}

/// A name as SHOW GRANTS prints it, as full names are shown here. Of a future grant: the place. Of a procedure or
/// function: without the names of its arguments and without the type that it returns
/// (`D.S."P(A VARCHAR):NUMBER(38,0)"`).
pub(super) fn full_name(kind: &str, shown: &str) -> String {
    let place = shown.rfind(".<").filter(|_| shown.ends_with('>'));
    let shown = place.map_or(shown, |at| &shown[..at]);
    let Ok(full) = FullName::parse(shown) else { return shown.to_owned() };
    if !matches!(kind, "PROCEDURE" | "FUNCTION") {
        return full.to_string();
    }
    signature(&full).unwrap_or(full).to_string()
}

fn signature(full: &FullName) -> Option<FullName> {
    let text = full.name().as_str();
    let (own, rest) = text.split_once('(')?;
    let types = match rest.rfind("):") {
        Some(end) => &rest[..end],
        None => rest.strip_suffix(')')?,
    };
    let types: Vec<_> = types.split(", ").filter(|text| !text.is_empty()).map(short).collect();
    let own = Ident::exact(own).ok()?;
    Some(full.parent()?.join(own).taking(types.join(", ")))
}

/// `A VARCHAR(16)`, or only the type, as the type without sizes.
fn short(argument: &str) -> String {
    let read = |text: &str| DataType::parse(text).ok().map(|data_type| data_type.short());
    let behind = argument.split_once(' ').and_then(|(_, data_type)| read(data_type));
    behind.or_else(|| read(argument)).unwrap_or_else(|| argument.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_shown_elsewhere() {
        for (kind, shown, is) in [
            ("TABLE", "D.S.T", "D.S.T"),
            ("TABLE", r#""d d".S."t""#, r#""d d".S."t""#),
            ("TABLE", "D.S.<TABLE>", "D.S"),
            ("WAREHOUSE", "WH", "WH"),
            ("PROCEDURE", r#"D.S."P(A VARCHAR, N NUMBER):VARCHAR(16777216)""#, "D.S.P(VARCHAR, NUMBER)"),
            ("PROCEDURE", r#"D.S."P(VARCHAR):VARCHAR""#, "D.S.P(VARCHAR)"),
            ("FUNCTION", r#"D.S."F():NUMBER(38,0)""#, "D.S.F()"),
            ("FUNCTION", r#"D.S."F(""#, r#"D.S."F(""#),
            ("FUNCTION", r#"D.S."F(é""#, r#"D.S."F(é""#),
        ] {
            assert_eq!(full_name(kind, shown), is);
        }
    }

    #[test]
    fn grantees_are_read_as_they_are_shown() {
        for text in ["ROLE R", "ROLE \"r r\"", "DATABASE ROLE D.R"] {
            assert_eq!(Grantee::parse(text).unwrap().to_string(), text);
        }
        assert!(Grantee::parse("USER U").is_none());
    }
}
