//! `NAME = value` lists: a table row says what a property takes, one function reads all of them.

use super::cursor::{Cursor, Path};
use super::tokens::Kind;
use crate::error::SqlError;

/// A row of a kind's property table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
}

/// What a property takes on the right of `=`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A whole number in a range.
    Integer(i64, i64),
    /// A whole number in a range, or NULL.
    IntegerOrNull(i64, i64),
    /// TRUE or FALSE.
    Boolean,
    /// One of these, quoted or not, in any case: (spelling, what it means).
    Choice(&'static [(&'static str, &'static str)]),
    /// One of these in single quotes.
    TextChoice(&'static [&'static str]),
    /// A string literal.
    Text,
    /// A string literal or NULL.
    TextOrNull,
    /// An identifier; NULL for none.
    Name,
    /// A dotted name, as an identifier or in single quotes; NULL for none.
    NameOrText,
    /// A word, an identifier or a text, as it is; NULL for none.
    NameText,
    /// `( name, … )`
    Names,
    /// `( 'text', … )`
    Texts,
    /// TRUE or FALSE, quoted or not, as parameters take them.
    Flag,
    /// A whole number that is not negative, quoted or not.
    Number,
    /// A word, a dotted name, a number or a text; NULL for nothing.
    Any,
    /// A time in single quotes, NULL, or the word IMMEDIATELY.
    Timestamp,
    /// `( NAME = value … )` with its own table.
    Group(&'static [Property]),
    /// Anything between brackets, kept unread.
    Opaque,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Boolean(bool),
    Text(String),
    Path(Path),
    Names(Vec<String>),
    Null,
    Group(Vec<Setting>),
}

impl Value {
    pub(crate) fn integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) property: &'static Property,
    pub(crate) value: Value,
}

/// The value that was set for `name`.
pub(crate) fn value_of<'a>(settings: &'a [Setting], name: &str) -> Option<&'a Value> {
    settings.iter().find(|setting| setting.property.name == name).map(|setting| &setting.value)
}

/// Finds the row of an upper-case name.
pub(crate) type Find<'a> = &'a dyn Fn(&str) -> Option<&'static Property>;

/// The row of a name in one of the tables.
pub(crate) fn find(tables: &[&'static [Property]], name: &str) -> Option<&'static Property> {
    tables.iter().flat_map(|table| table.iter()).find(|property| property.name == name)
}

/// The row that the next token names.
pub(crate) fn row(cursor: &Cursor, find: Find) -> Option<&'static Property> {
    row_at(cursor, 0, find)
}

fn row_at(cursor: &Cursor, ahead: usize, find: Find) -> Option<&'static Property> {
    match &cursor.look(ahead).kind {
        Kind::Word(word) => find(&word.to_uppercase()),
        _ => None,
    }
}

/// Reads one `NAME = value` and keeps it. A name twice is refused.
pub(crate) fn setting(
    cursor: &mut Cursor,
    property: &'static Property,
    settings: &mut Vec<Setting>,
) -> Result<(), SqlError> {
    if settings.iter().any(|setting| setting.property == property) {
        return cursor.unexpected();
    }
    cursor.next();
    cursor.expect_symbol("=")?;
    let value = value(cursor, property)?;
    settings.push(Setting { property, value });
    Ok(())
}

/// Reads `NAME = value` for as long as a known name comes; commas between them are allowed.
pub(crate) fn settings(cursor: &mut Cursor, find: Find) -> Result<Vec<Setting>, SqlError> {
    let mut found = Vec::new();
    while let Some(property) = row(cursor, find) {
        setting(cursor, property, &mut found)?;
        if cursor.is_symbol(",") && row_at(cursor, 1, find).is_some() {
            cursor.next();
        }
    }
    Ok(found)
}

/// `NAME = value …`, at least one.
pub(crate) fn some_settings(cursor: &mut Cursor, find: Find) -> Result<Vec<Setting>, SqlError> {
    let found = settings(cursor, find)?;
    if found.is_empty() { cursor.unexpected() } else { Ok(found) }
}

/// The names after UNSET.
pub(crate) fn unset(cursor: &mut Cursor, find: Find) -> Result<Vec<&'static Property>, SqlError> {
    let mut found: Vec<&'static Property> = Vec::new();
    loop {
        match row(cursor, find) {
            Some(property) if !found.contains(&property) => found.push(property),
            _ => return cursor.unexpected(),
        }
        cursor.next();
        if !cursor.takes_symbol(",") {
            return Ok(found);
        }
    }
}

fn value(cursor: &mut Cursor, property: &'static Property) -> Result<Value, SqlError> {
    if cursor.is("NULL") && takes_null(&property.takes) {
        cursor.next();
        return Ok(Value::Null);
    }
    match property.takes {
        Takes::Integer(least, most) | Takes::IntegerOrNull(least, most) => {
            let written = scalar(cursor)?;
            match written.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(Value::Integer(number)),
                _ => Err(SqlError::invalid_value(written, property.name)),
            }
        }
        Takes::Boolean | Takes::Flag => {
            let quoted = property.takes == Takes::Boolean && matches!(cursor.peek().kind, Kind::Text(_));
            let written = scalar(cursor)?;
            match written.to_ascii_uppercase().as_str() {
                "TRUE" if !quoted => Ok(Value::Boolean(true)),
                "FALSE" if !quoted => Ok(Value::Boolean(false)),
                _ => Err(SqlError::invalid_value(written, property.name)),
            }
        }
        Takes::Choice(choices) => {
            let written = scalar(cursor)?;
            let choice = choices.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(&written));
            choice
                .map(|(_, meaning)| Value::Text((*meaning).to_owned()))
                .ok_or_else(|| SqlError::invalid_value(written, property.name))
        }
        Takes::TextChoice(choices) => {
            let quoted = matches!(cursor.peek().kind, Kind::Text(_));
            let written = scalar(cursor)?;
            if quoted && choices.contains(&written.as_str()) {
                Ok(Value::Text(written))
            } else {
                Err(SqlError::invalid_value(written, property.name))
            }
        }
        Takes::Text | Takes::TextOrNull => match cursor.peek().kind {
            Kind::Number(_) => Err(SqlError::invalid_value(scalar(cursor)?, property.name)),
            _ => cursor.text().map(Value::Text),
        },
        Takes::Name => cursor.identifier().map(|name| Value::Path(vec![name])),
        Takes::NameOrText => match &cursor.peek().kind {
            Kind::Text(text) => {
                let path = path_of(text);
                cursor.next();
                Ok(Value::Path(path))
            }
            _ => cursor.path().map(Value::Path),
        },
        Takes::Number => {
            let written = scalar(cursor)?;
            match written.parse() {
                Ok(number) if number >= 0 => Ok(Value::Integer(number)),
                _ => Err(SqlError::invalid_value(written, property.name)),
            }
        }
        Takes::NameText => match &cursor.peek().kind {
            Kind::Text(text) | Kind::Quoted(text) | Kind::Word(text) => {
                let text = text.clone();
                cursor.next();
                Ok(Value::Text(text))
            }
            _ => cursor.unexpected(),
        },
        Takes::Any => match &cursor.peek().kind {
            Kind::Text(text) => {
                let text = text.clone();
                cursor.next();
                Ok(Value::Text(text))
            }
            Kind::Quoted(text) if text.is_empty() => {
                cursor.next();
                Ok(Value::Text(String::new()))
            }
            Kind::Quoted(_) | Kind::Word(_) => written_path(cursor).map(Value::Text),
            _ => scalar(cursor).map(Value::Text),
        },
        Takes::Names => cursor.bracketed(Cursor::identifier).map(Value::Names),
        Takes::Texts => cursor.bracketed(Cursor::text).map(Value::Names),
        Takes::Timestamp => {
            if cursor.takes("IMMEDIATELY") {
                return Ok(Value::Text("IMMEDIATELY".into()));
            }
            cursor.text().map(Value::Text)
        }
        Takes::Opaque => opaque(cursor).map(Value::Text),
        Takes::Group(table) => {
            cursor.expect_symbol("(")?;
            let inside = settings(cursor, &|name| find(&[table], name))?;
            cursor.expect_symbol(")")?;
            Ok(Value::Group(inside))
        }
    }
}

/// A name: one part without its quotes, several as they were written.
fn written_path(cursor: &mut Cursor) -> Result<String, SqlError> {
    let mut parts = Vec::new();
    loop {
        parts.push((cursor.peek().kind.written(), cursor.identifier()?));
        if parts.len() == 3 || !cursor.takes_symbol(".") {
            break;
        }
    }
    Ok(match parts.as_slice() {
        [(_, name)] => name.clone(),
        parts => parts.iter().map(|(written, _)| written.as_str()).collect::<Vec<_>>().join("."),
    })
}

/// `( … )` with what is between its brackets.
pub(super) fn opaque(cursor: &mut Cursor) -> Result<String, SqlError> {
    cursor.expect_symbol("(")?;
    let (mut depth, mut parts) = (1, Vec::new());
    while depth > 0 {
        if cursor.done() {
            return cursor.unexpected();
        }
        match (cursor.is_symbol("("), cursor.is_symbol(")")) {
            (true, _) => depth += 1,
            (_, true) => depth -= 1,
            _ => {}
        }
        let token = cursor.next();
        if depth > 0 {
            parts.push(token.kind.written());
        }
    }
    Ok(parts.join(" "))
}

fn takes_null(takes: &Takes) -> bool {
    matches!(
        takes,
        Takes::IntegerOrNull(..)
            | Takes::TextOrNull
            | Takes::Any
            | Takes::NameText
            | Takes::Name
            | Takes::NameOrText
            | Takes::Timestamp
    )
}

/// A text that holds a name, as `DEFAULT_ROLE = 'analyst'` takes it: folded like an identifier.
fn path_of(text: &str) -> Path {
    Cursor::new(text)
        .and_then(|mut cursor| {
            let path = cursor.path()?;
            cursor.finish()?;
            Ok(path)
        })
        .unwrap_or_else(|_| vec![text.to_owned()])
}

/// A number (with its sign), a word or a text, as written.
fn scalar(cursor: &mut Cursor) -> Result<String, SqlError> {
    if cursor.is_symbol("-") {
        if let Kind::Number(number) = &cursor.look(1).kind {
            let number = format!("-{number}");
            cursor.next();
            cursor.next();
            return Ok(number);
        }
        return cursor.unexpected();
    }
    match cursor.peek().kind.clone() {
        Kind::Number(text) | Kind::Word(text) | Kind::Text(text) => {
            cursor.next();
            Ok(text)
        }
        _ => cursor.unexpected(),
    }
}
