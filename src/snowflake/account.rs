//! The name of a Snowflake account.
use std::fmt::{self, Display};

/// What comes before `.snowflakecomputing.com`: organization and account (`myorg-prod`), or a locator with
/// its region (`xy12345.eu-central-1`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AccountIdentifier(Box<str>);

/// Why a text names no account. Says what to write.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadAccount {
    #[error("the account is empty: write organization and account, like myorg-prod")]
    Empty,
    #[error("{0:?} is an address: write only what comes before .snowflakecomputing.com, like myorg-prod")]
    Address(String),
    #[error(
        "{0:?} is no account identifier: write organization and account, like myorg-prod, or a locator with its \
         region, like xy12345.eu-central-1"
    )]
    Malformed(String),
}

impl AccountIdentifier {
    pub fn parse(text: &str) -> Result<Self, BadAccount> {
        if text.is_empty() {
            return Err(BadAccount::Empty);
        }
        let lower = text.to_ascii_lowercase();
        if lower.contains("://") || lower.contains(".snowflakecomputing.") || text.contains('/') {
            return Err(BadAccount::Address(text.chars().take(80).collect()));
        }
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if text.len() > 250 || !text.split('.').all(label) {
            return Err(BadAccount::Malformed(text.chars().take(80).collect()));
        }
        Ok(Self(text.into()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host that serves it: underscores become hyphens, as host names have none.
    pub fn host(&self) -> String {
        let mut host = self.joined().replace('_', "-").to_ascii_lowercase();
        // Regions in China have a domain of their own.
        let domain = if self.region().is_some_and(|region| region.to_ascii_lowercase().starts_with("cn-")) {
            ".snowflakecomputing.cn"
        } else {
            ".snowflakecomputing.com"
        };
        host.push_str(domain);
        host
    }

    /// As a key pair's JWT names it: upper case, a locator without its region, no dots.
    /// Source: docs.snowflake.com, "Authenticating to the server", section on key pairs.
    pub fn in_token(&self) -> String {
        let name = match self.0.split_once('.') {
            // An account that moves between regions: the part after the hyphen is no part of its name.
            Some((name, rest)) if rest.eq_ignore_ascii_case("global") => {
                name.split_once('-').map_or(name, |(name, _)| name).to_owned()
            }
            Some((name, _)) if self.region().is_some() => name.to_owned(),
            _ => self.joined(),
        };
        name.to_ascii_uppercase()
    }

    /// `org.account`, as SQL writes it, is `org-account`.
    fn joined(&self) -> String {
        if self.region().is_some() { self.0.to_string() } else { self.0.replace('.', "-") }
    }

    /// What follows the first dot, unless it is the account's name after its organization. Regions have
    /// hyphens or dots in them, names of accounts have neither.
    fn region(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once('.')?;
        let lower = rest.to_ascii_lowercase();
        (rest.contains(['-', '.']) || lower == "privatelink" || lower == "global").then_some(rest)
    }
}

impl Display for AccountIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
