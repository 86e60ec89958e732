//! Source text to tokens, and a text of several statements to single statements.

use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token as Raw, Tokenizer};

use super::blocks::{Blocks, Seen};
use crate::error::SqlError;

/// One token, with the place that Snowflake names in a syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// From 1.
    pub(crate) line: u64,
    /// Characters before the token in its line.
    pub(crate) position: u64,
    /// Where it is in the text, in bytes.
    pub(crate) span: (usize, usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An unquoted word, as written.
    Word(String),
    /// An identifier in double quotes, without them.
    Quoted(String),
    /// A literal in single quotes or between `$$`.
    Text(String),
    Number(String),
    Symbol(String),
    End,
}

impl Kind {
    /// The token as a syntax error names it.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Word(text) | Self::Number(text) | Self::Symbol(text) => text.clone(),
            Self::Quoted(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            Self::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Self::End => "<EOF>".into(),
        }
    }
}

impl Kind {
    /// The token as a statement may write it.
    pub(super) fn literal(&self) -> String {
        match self {
            Self::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
            Self::End => String::new(),
            other => other.written(),
        }
    }
}

impl Token {
    /// `001003`: this token does not belong here.
    pub(crate) fn unexpected(&self) -> SqlError {
        SqlError::syntax(format!(
            "syntax error line {} at position {} unexpected '{}'.",
            self.line,
            self.position,
            self.kind.written()
        ))
    }
}

pub(super) fn raw(sql: &str) -> Result<Vec<sqlparser::tokenizer::TokenWithSpan>, SqlError> {
    Tokenizer::new(&SnowflakeDialect {}, sql).tokenize_with_location().map_err(|error| {
        SqlError::syntax(format!(
            "parse error line {} at position {} near '<EOF>'.",
            error.location.line,
            error.location.column.saturating_sub(1)
        ))
    })
}

/// The tokens of `sql` without comments and white space; the last one is [`Kind::End`].
pub(crate) fn tokenize(sql: &str) -> Result<Vec<Token>, SqlError> {
    let mut tokens = Vec::new();
    let mut offsets = LineOffsets::new(sql);
    for token in raw(sql)? {
        let kind = match token.token {
            Raw::Whitespace(_) | Raw::EOF => continue,
            Raw::Word(word) if word.quote_style == Some('"') => Kind::Quoted(word.value),
            Raw::Word(word) if word.quote_style.is_none() => Kind::Word(word.value),
            Raw::Number(number, _) => Kind::Number(number),
            Raw::SingleQuotedString(text) => Kind::Text(text),
            Raw::DollarQuotedString(text) if text.tag.as_deref().unwrap_or_default().is_empty() => {
                Kind::Text(text.value)
            }
            other => Kind::Symbol(other.to_string()),
        };
        let (start, end) = (token.span.start, token.span.end);
        let span = (offsets.byte(start.line, start.column), offsets.byte(end.line, end.column));
        tokens.push(Token { kind, line: start.line, position: start.column.saturating_sub(1), span });
    }
    let (line, position) = end_of(sql);
    tokens.push(Token { kind: Kind::End, line, position, span: (sql.len(), sql.len()) });
    Ok(tokens)
}

/// Line (from 1) and position (from 0) of the end of `sql`.
fn end_of(sql: &str) -> (u64, u64) {
    let line = sql.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
    let last = sql.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() as u64)
}

/// How many of the tokens are a `;` that ends a statement.
pub(super) fn separators(tokens: &[Token]) -> usize {
    let mut blocks = Blocks::default();
    let seen = |token: &Token| {
        blocks.see(match &token.kind {
            Kind::Word(word) => Seen::Word(word),
            Kind::Symbol(symbol) if symbol == ";" => Seen::Semicolon,
            _ => Seen::Other,
        })
    };
    tokens.iter().map(seen).filter(|ends| *ends).count()
}

/// The statements of a text, in order, without those that are empty. Quotes, comments and `$$` are honoured.
pub(crate) fn split(sql: &str) -> Result<Vec<String>, SqlError> {
    let mut offsets = LineOffsets::new(sql);
    let mut statements = Vec::new();
    let (mut from, mut empty) = (0, true);
    let mut blocks = Blocks::default();
    for token in raw(sql)? {
        let ends = match &token.token {
            Raw::Whitespace(_) | Raw::EOF => false,
            Raw::SemiColon => blocks.see(Seen::Semicolon),
            Raw::Word(word) if word.quote_style.is_none() => blocks.see(Seen::Word(&word.value)),
            _ => blocks.see(Seen::Other),
        };
        match token.token {
            Raw::SemiColon if ends => {
                let at = offsets.byte(token.span.start.line, token.span.start.column);
                if !empty {
                    statements.push(sql.get(from..at).unwrap_or_default().trim().to_owned());
                }
                (from, empty) = ((at + 1).min(sql.len()), true);
            }
            Raw::Whitespace(_) | Raw::EOF => {}
            _ => empty = false,
        }
    }
    if !empty {
        statements.push(sql.get(from..).unwrap_or_default().trim().to_owned());
    }
    // A single statement is kept with what follows it: a comment may be there for the query history.
    if let [only] = statements.as_mut_slice()
        && empty
    {
        let rest = sql.get(from..).unwrap_or_default().trim();
        if !rest.is_empty() && !rest.chars().all(|char| char == ';' || char.is_whitespace()) {
            sql.trim().clone_into(only);
        }
    }
    Ok(statements)
}

/// Turns (line, column) into byte offsets, walking the text once: the places that are asked for only grow.
struct LineOffsets<'a> {
    chars: std::iter::Peekable<std::str::CharIndices<'a>>,
    line: u64,
    column: u64,
    end: usize,
}

impl<'a> LineOffsets<'a> {
    fn new(sql: &'a str) -> Self {
        Self { chars: sql.char_indices().peekable(), line: 1, column: 1, end: sql.len() }
    }

    fn byte(&mut self, line: u64, column: u64) -> usize {
        while let Some((offset, char)) = self.chars.peek().copied() {
            if (self.line, self.column) >= (line, column) {
                return offset;
            }
            self.chars.next();
            if char == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.end
    }
}
