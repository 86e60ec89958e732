//! Full names of objects: what an object is in, its own name, and for procedures the types of their arguments.

use std::{
    fmt::{self, Display},
    sync::Arc,
};

use super::{
    ident::{BadIdent, Ident},
    path::parse_path,
};

/// `DB.SCHEMA.NAME`, or `DB.SCHEMA.NAME(VARCHAR, NUMBER)`. Shown in the shortest form that specs take; the same object
/// always has the same text, so that the text can be its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FullName {
    /// Database, schema, name: as many as the kind has. Never empty.
    path: Arc<[Ident]>,
    /// Canonical types without sizes (`VARCHAR, NUMBER`); `None` where the kind has no arguments.
    arguments: Option<Arc<str>>,
}

impl FullName {
    /// An object of the account.
    pub fn top(name: Ident) -> Self {
        Self::of([name])
    }
    /// An object by its path: a database, what lies in it, its own name.
    pub fn of<const N: usize>(path: [Ident; N]) -> Self {
        const { assert!(N > 0) };
        Self { path: path.into(), arguments: None }
    }
    /// An object in this one.
    pub fn join(&self, name: Ident) -> Self {
        Self { path: self.path.iter().cloned().chain([name]).collect(), arguments: None }
    }
    /// The one of several of that name that takes these arguments.
    pub fn taking(self, arguments: String) -> Self {
        Self { arguments: Some(arguments.into()), ..self }
    }
    /// The text of [`Display`], read again.
    pub fn parse(text: &str) -> Result<Self, BadIdent> {
        let (mut quoted, mut open) = (false, None);
        for (at, c) in text.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '(' if !quoted => {
                    open = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let Some(open) = open else { return Ok(Self { path: parse_path(text)?.into(), arguments: None }) };
        let Some(arguments) = text[open + 1..].strip_suffix(')') else {
            return Err(BadIdent::NotTypes { text: text[open..].to_owned() });
        };
        // Types are words of Snowflake: nothing else gets into a statement in their place.
        let is_type = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | ',' | '(' | ')');
        if !arguments.chars().all(is_type) {
            return Err(BadIdent::NotTypes { text: text[open..].to_owned() });
        }
        Ok(Self { path: parse_path(&text[..open])?.into(), arguments: Some(arguments.into()) })
    }
    pub fn path(&self) -> &[Ident] {
        &self.path
    }
    pub fn arguments(&self) -> Option<&str> {
        self.arguments.as_deref()
    }
    /// The object's own name.
    pub fn name(&self) -> &Ident {
        // Every way to make one gives it a name.
        &self.path[self.path.len() - 1]
    }
    pub fn database(&self) -> Option<&Ident> {
        self.path.first()
    }
    /// What it is in; `None` for an object of the account.
    pub fn parent(&self) -> Option<Self> {
        let path = &self.path[..self.path.len() - 1];
        (!path.is_empty()).then(|| Self { path: path.into(), arguments: None })
    }
    /// The text of [`Display`].
    pub fn text(&self) -> String {
        let arguments = self.arguments.as_ref().map_or(0, |types| types.len() + 2);
        let length = self.path.iter().map(|name| name.as_str().len() + 1).sum::<usize>() + arguments;
        let mut text = String::with_capacity(length);
        for (n, name) in self.path.iter().enumerate() {
            text += if n > 0 { "." } else { "" };
            text += &name.spec();
        }
        if let Some(types) = &self.arguments {
            text.extend(["(", types, ")"]);
        }
        text
    }
    /// As SQL writes it: every name in quotes.
    pub fn sql(&self) -> String {
        let names: Vec<_> = self.path.iter().map(ToString::to_string).collect();
        let arguments = self.arguments.as_ref().map(|types| format!("({types})")).unwrap_or_default();
        names.join(".") + &arguments
    }
}

impl Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        for text in [
            "DB",
            "DB.S.T",
            r#"DB."s.x"."a""b""#,
            "DB.S.P()",
            "DB.S.P(VARCHAR, NUMBER)",
            r#"DB.S."P(X)"(VECTOR(FLOAT, 256))"#,
        ] {
            assert_eq!(FullName::parse(text).unwrap().to_string(), text);
        }
        let name = FullName::parse(r#"db.s."P(X)"(ARRAY)"#).unwrap();
        assert_eq!(name.sql(), r#""DB"."S"."P(X)"(ARRAY)"#);
        assert_eq!(name.parent().unwrap().to_string(), "DB.S");
        assert_eq!(FullName::parse("DB").unwrap().parent(), None);
    }

    #[test]
    fn nothing_but_types_stands_between_the_parentheses() {
        for text in ["P(VARCHAR); DROP TABLE T", "P('x')", "P(\"X\")", "P(A", ""] {
            assert!(FullName::parse(text).is_err(), "{text}");
        }
    }
}
