//! Names: the prefix of a run, and the placeholders of cases.

use std::fmt;

use uuid::Uuid;

/// What every name begins with that a run makes: `SNOWFENCE_` and 16 random hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prefix(String);

const HEAD: &str = "SNOWFENCE_";
const DIGITS: usize = 16;

/// A text that no run can have had as its prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no prefix of a run: SNOWFENCE_ and 16 of 0-9 and A-F")]
pub struct BadPrefix(pub String);

impl Prefix {
    pub fn random() -> Self {
        let mut digits = Uuid::new_v4().simple().to_string().to_uppercase();
        digits.truncate(DIGITS);
        Self(format!("{HEAD}{digits}"))
    }

    /// The prefix of an earlier run.
    pub fn parse(text: &str) -> Result<Self, BadPrefix> {
        let digits = text.strip_prefix(HEAD).unwrap_or_default();
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
        if digits.len() == DIGITS && digits.bytes().all(hexadecimal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadPrefix(text.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The database that a run may use for anything.
    pub fn database(&self) -> String {
        format!("{}_SCRATCH", self.0)
    }

    /// Whether a name, as Snowflake keeps it, is of this run.
    pub fn owns(&self, name: &str) -> bool {
        name.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('_'))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What placeholders stand for.
#[derive(Clone, Debug)]
pub struct Names {
    pub prefix: Prefix,
    /// Who runs it, and as which role.
    pub user: String,
    pub role: String,
}

impl Names {
    /// A text of an expectation.
    pub fn fill(&self, text: &str) -> String {
        self.replace(text, &self.user, &self.role)
    }

    /// A statement: user and role are quoted, the rest needs no quotes.
    pub fn statement(&self, text: &str) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        self.replace(text, &quoted(&self.user), &quoted(&self.role))
    }

    fn replace(&self, text: &str, user: &str, role: &str) -> String {
        text.replace("{prefix}", self.prefix.as_str())
            .replace("{database}", &self.prefix.database())
            .replace("{user}", user)
            .replace("{role}", role)
    }
}

#[cfg(test)]
mod tests {
    use super::Prefix;

    #[test]
    fn a_prefix_is_taken_back_as_it_was_printed_and_nothing_else_is() {
        let prefix = Prefix::random();
        assert_eq!(Prefix::parse(prefix.as_str()), Ok(prefix.clone()));
        assert_ne!(prefix, Prefix::random());
        for bad in [
            "",
            "SNOWFENCE_",
            "SNOWFENCE_%",
            "PROD",
            "SNOWFENCE_0123456789ABCDEG",
            "snowfence_0123456789ABCDEF",
        ] {
            assert!(Prefix::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_names_behind_the_prefix_are_ours() {
        let prefix = Prefix::parse("SNOWFENCE_0123456789ABCDEF").unwrap();
        assert!(prefix.owns("SNOWFENCE_0123456789ABCDEF_W") && prefix.owns(&prefix.database()));
        for other in
            ["SNOWFENCE_0123456789ABCDEF", "SNOWFENCE_0123456789ABCDEFW", "SNOWFENCEX0123456789ABCDEF_W", "W"]
        {
            assert!(!prefix.owns(other), "{other}");
        }
    }
}
