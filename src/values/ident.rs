//! Names of Snowflake objects.
use std::{
    borrow::Cow,
    fmt::{self, Display, Write as _},
    sync::Arc,
};

/// The most characters a Snowflake name can have (quotes not counted).
pub const MAX_CHARS: usize = 255;

/// A name of a Snowflake object, as Snowflake keeps it. The only way a name gets into SQL.
///
/// `Display` prints it quoted, with each `"` doubled, so that it can never be read as anything but a name. Copies share
/// the text: a plan has each name many times.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ident(Arc<str>);

/// Why a text is no name. Says what to write instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadIdent {
    #[error("a name must not be empty")]
    Empty,
    #[error("a name has at most {MAX_CHARS} characters, this one has {chars}")]
    TooLong { chars: usize },
    #[error("a name must not contain the character NUL")]
    Nul,
    #[error(
        "{text:?} is not a plain name (letters, digits, _ and $, not starting with a digit or $): \
         put it in double quotes, {quoted}"
    )]
    NotPlain { text: String, quoted: String },
    #[error("{text:?} starts with a double quote and does not end with one: close it")]
    NotClosed { text: String },
    #[error("{text:?} has a double quote inside the quoted name: write it twice, \"\"")]
    StrayQuote { text: String },
    #[error("{text:?} is not a list of types in parentheses")]
    NotTypes { text: String },
}

impl Ident {
    /// A name as users write it: a plain name (`[A-Za-z_][A-Za-z0-9_$]*`) is folded to upper case,
    /// text in double quotes stays as it is, with `""` standing for one `"`.
    pub fn from_spec(text: &str) -> Result<Self, BadIdent> {
        let Some(rest) = text.strip_prefix('"') else {
            if text.is_empty() {
                return Err(BadIdent::Empty);
            }
            if !is_plain(text) {
                return Err(Self::not_plain(text));
            }
            if text.bytes().any(|b| b.is_ascii_lowercase()) {
                return Self::exact(&text.to_ascii_uppercase());
            }
            return Self::exact(text);
        };
        let Some(inner) = rest.strip_suffix('"') else {
            return Err(BadIdent::NotClosed { text: shown(text) });
        };
        let mut name = String::with_capacity(inner.len());
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c == '"' && chars.next() != Some('"') {
                return Err(BadIdent::StrayQuote { text: shown(text) });
            }
            name.push(c);
        }
        Self::exact(&name)
    }

    /// A name as SHOW prints it: taken as it is.
    pub fn exact(name: &str) -> Result<Self, BadIdent> {
        if name.is_empty() {
            return Err(BadIdent::Empty);
        }
        if name.len() > MAX_CHARS {
            let chars = name.chars().count();
            if chars > MAX_CHARS {
                return Err(BadIdent::TooLong { chars });
            }
        }
        if name.contains('\0') {
            return Err(BadIdent::Nul);
        }
        Ok(Self(name.into()))
    }

    /// A name as Snowflake prints it in lists: in double quotes where it needs them.
    pub fn shown(text: &str) -> Result<Self, BadIdent> {
        match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => Self::exact(&inner.replace("\"\"", "\"")),
            None => Self::exact(text),
        }
    }

    /// The name as Snowflake keeps it and SHOW prints it: not quoted, not for SQL text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shortest text of which [`Ident::from_spec`] makes this name.
    pub fn spec(&self) -> Cow<'_, str> {
        let folded = is_plain(&self.0) && !self.0.bytes().any(|b| b.is_ascii_lowercase());
        if folded { Cow::Borrowed(&self.0) } else { Cow::Owned(self.to_string()) }
    }

    /// The same as a text of its own.
    pub fn to_spec(&self) -> String {
        self.spec().into_owned()
    }

    fn not_plain(text: &str) -> BadIdent {
        match Self::exact(text) {
            Ok(name) => BadIdent::NotPlain { text: shown(text), quoted: shown(&name.to_string()) },
            Err(worse) => worse,
        }
    }
}

impl Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if c == '"' {
                f.write_char('"')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}

fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

/// At most 60 characters of a text, for messages.
fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
