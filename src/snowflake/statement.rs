//! SQL text made from fragments.
use crate::values::{
    canonical::{Canonical, Value},
    full_name::FullName,
    ident::Ident,
    literal::quote_literal,
    user_sql::UserSql,
};
use std::fmt::{self, Display, Write as _};

/// One SQL statement. Words are fixed in the program; values come in only through typed fragments,
/// so no text from outside can end up as SQL.
///
/// Fragments are separated by one space, but for `(`, `)`, `,` and `.`, which stick as SQL is usually written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    text: String,
    verb: &'static str,
    kind: &'static str,
    /// It ends with SQL of a user's: what comes next does not stick to it.
    users: bool,
}

impl Statement {
    /// Starts with these words: `Statement::new("ALTER WAREHOUSE")`. The first is the [`verb`](Self::verb).
    pub fn new(words: &'static str) -> Self {
        let verb = words.split_whitespace().next().unwrap_or_default();
        Self { text: words.to_owned(), verb, kind: "", users: false }
    }

    /// Says which kind of object the statement is about, for metrics: `WAREHOUSE`.
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Words of SQL.
    pub fn keyword(mut self, words: &'static str) -> Self {
        self.push(words);
        self
    }

    /// A name, quoted.
    pub fn ident(mut self, name: &Ident) -> Self {
        self.push(&name.to_string());
        self
    }

    /// A name with what it is in: `"DB"."SCHEMA"."TABLE"`.
    pub fn qualified<'a>(mut self, path: impl IntoIterator<Item = &'a Ident>) -> Self {
        let mut text = String::new();
        for name in path {
            if !text.is_empty() {
                text.push('.');
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}");
        }
        self.push(&text);
        self
    }

    /// A full name, quoted.
    pub fn full_name(mut self, name: &FullName) -> Self {
        self.push(&name.sql());
        self
    }

    /// SQL that a user wrote. It sticks to nothing: `.5` stays a number.
    pub fn sql(mut self, sql: &UserSql) -> Self {
        if !self.text.ends_with('(') {
            self.text.push(' ');
        }
        self.text.push_str(sql.as_str());
        self.users = true;
        self
    }

    /// A body between delimiters: `$$ … $$` where it has none of them inside, else a string constant.
    pub fn body(mut self, text: &str) -> Self {
        if text.contains("$$") || text.ends_with('$') {
            return self.literal(text);
        }
        self.push("$$");
        self.text.push_str(text);
        self.text.push_str("$$");
        self
    }

    /// A string constant, quoted and escaped.
    pub fn literal(mut self, text: &str) -> Self {
        self.push(&quote_literal(text));
        self
    }

    /// A whole number.
    pub fn number(mut self, value: i64) -> Self {
        self.push(&value.to_string());
        self
    }

    /// `TRUE` or `FALSE`.
    pub fn boolean(self, value: bool) -> Self {
        self.keyword(if value { "TRUE" } else { "FALSE" })
    }

    /// A canonical value, as its type says that SQL carries it.
    pub fn canonical(mut self, value: &impl Canonical) -> Self {
        self.push(&value.sql());
        self
    }

    /// A canonical value whose type has been left behind.
    pub fn value(mut self, value: &Value) -> Self {
        self.push(&value.sql);
        self
    }

    /// Items in parentheses with commas between them: `.list(&names, |s, name| s.ident(name))`.
    pub fn list<T>(self, items: impl IntoIterator<Item = T>, item: impl Fn(Self, T) -> Self) -> Self {
        let mut statement = self.keyword("(");
        for (n, value) in items.into_iter().enumerate() {
            if n > 0 {
                statement = statement.keyword(",");
            }
            statement = item(statement, value);
        }
        statement.keyword(")")
    }

    /// More of it where there is a value: `.with(comment, |s, text| s.keyword("COMMENT =").literal(text))`.
    pub fn with<T>(self, value: Option<T>, more: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => more(self, value),
            None => self,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first word: `CREATE`, `ALTER`, `SHOW`.
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// The kind of object that the maker named with [`of_kind`](Self::of_kind), or an empty text.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether it changes nothing, so that it may run twice.
    pub fn is_read(&self) -> bool {
        matches!(self.verb, "SHOW" | "DESC" | "DESCRIBE" | "SELECT" | "LIST" | "EXPLAIN")
    }

    fn push(&mut self, fragment: &str) {
        let opened = self.text.ends_with(['(', '.']) && !self.users;
        let sticks = self.text.is_empty() || opened || fragment.starts_with([')', ',', '.']);
        self.users = false;
        if !sticks {
            self.text.push(' ');
        }
        self.text.push_str(fragment);
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
