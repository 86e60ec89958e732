//! The parser's place in the tokens, and the words that every statement shares.

use super::tokens::{Kind, Token, separators, tokenize};
use crate::error::SqlError;

/// The parts of a name, folded: `db.s` is `["DB", "S"]`.
pub(crate) type Path = Vec<String>;

#[derive(Debug)]
pub(crate) struct Cursor {
    tokens: Vec<Token>,
    at: usize,
    /// The text up to the `;` behind it.
    source: String,
}

impl Cursor {
    /// Refuses an empty text, and a text of more than one statement.
    pub(crate) fn new(sql: &str) -> Result<Self, SqlError> {
        let mut tokens = tokenize(sql)?;
        let mut ends = None;
        while tokens.len() > 1 && is_symbol(&tokens[tokens.len() - 2], ";") {
            ends = Some(tokens.remove(tokens.len() - 2));
        }
        let source = ends.and_then(|semicolon| sql.get(..semicolon.span.0)).unwrap_or(sql);
        if tokens.len() == 1 {
            return Err(SqlError::new(900, "42601", "SQL compilation error:\nEmpty SQL statement."));
        }
        let statements = separators(&tokens) + 1;
        if statements > 1 {
            return Err(SqlError::new(
                8,
                "0A000",
                format!("Actual statement count {statements} did not match the desired statement count 1."),
            ));
        }
        Ok(Self { tokens, at: 0, source: source.to_owned() })
    }

    /// What is written from the next token up to where `until` holds outside brackets (or to the end), verbatim; the
    /// cursor goes there.
    pub(crate) fn written_until(&mut self, until: impl Fn(&Self) -> bool) -> String {
        let from = self.peek().span.0;
        let mut depth = 0_u32;
        while !self.done() && (depth > 0 || !until(self)) {
            match (self.is_symbol("("), self.is_symbol(")")) {
                (true, _) => depth += 1,
                (_, true) => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        let to = if self.done() { self.source.len() } else { self.peek().span.0 };
        self.source.get(from..to).unwrap_or_default().trim().to_owned()
    }

    pub(crate) fn peek(&self) -> &Token {
        self.look(0)
    }

    pub(crate) fn look(&self, ahead: usize) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)]
    }

    pub(crate) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// The whole statement, every token where it was, for a parser of its own; nothing is left to read.
    pub(crate) fn everything(&mut self) -> String {
        self.at = 0;
        self.rest()
    }

    /// What is left to read, every token where it was.
    pub(crate) fn rest(&mut self) -> String {
        let (mut text, mut line, mut position) = (String::new(), 1, 0);
        while !self.done() {
            let token = self.next();
            while line < token.line {
                text.push('\n');
                (line, position) = (line + 1, 0);
            }
            if line == token.line && position > token.position {
                // Escapes made a token longer than it was.
                text.push(' ');
                position += 1;
            }
            while position < token.position {
                text.push(' ');
                position += 1;
            }
            let written = token.kind.literal();
            line += written.matches('\n').count() as u64;
            position = match written.rsplit_once('\n') {
                Some((_, last)) => last.chars().count() as u64,
                None => position + written.chars().count() as u64,
            };
            text.push_str(&written);
        }
        text
    }

    /// A place to come back to with [`Self::written_since`].
    pub(crate) fn mark(&self) -> usize {
        self.at
    }

    /// The text from a mark to the last token that was taken, as it was written.
    pub(crate) fn written_since(&self, mark: usize) -> String {
        let span = |at: usize| self.tokens.get(at).map_or((0, 0), |token| token.span);
        let to = span(self.at.saturating_sub(1)).1;
        self.source.get(span(mark).0..to).unwrap_or_default().to_owned()
    }

    /// The token at a place; the last one when there is none.
    pub(crate) fn token_at(&self, line: u64, position: u64) -> &Token {
        let at = self.tokens.iter().find(|token| (token.line, token.position) >= (line, position));
        at.unwrap_or_else(|| self.look(self.tokens.len()))
    }

    /// Line and column (both from 1) of the token at a mark.
    pub(crate) fn place_of(&self, mark: usize) -> (u64, u64) {
        self.tokens.get(mark).map_or((u64::MAX, 1), |token| (token.line, token.position + 1))
    }

    /// The whole text, up to the `;` behind it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Takes all that is left.
    pub(crate) fn skip_to_end(&mut self) {
        self.at = self.tokens.len() - 1;
    }

    pub(crate) fn unexpected<T>(&self) -> Result<T, SqlError> {
        Err(self.peek().unexpected())
    }

    pub(crate) fn done(&self) -> bool {
        self.peek().kind == Kind::End
    }

    pub(crate) fn finish(&self) -> Result<(), SqlError> {
        if self.done() { Ok(()) } else { self.unexpected() }
    }

    /// Is the next token one of these words?
    pub(crate) fn is(&self, word: &str) -> bool {
        self.is_at(0, word)
    }

    pub(crate) fn is_at(&self, ahead: usize, word: &str) -> bool {
        matches!(&self.look(ahead).kind, Kind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    /// Takes the words (separated by blanks) when all of them come next.
    pub(crate) fn takes(&mut self, words: &str) -> bool {
        let count = words.split(' ').count();
        if words.split(' ').enumerate().any(|(ahead, word)| !self.is_at(ahead, word)) {
            return false;
        }
        self.at += count;
        true
    }

    pub(crate) fn expect(&mut self, words: &str) -> Result<(), SqlError> {
        for word in words.split(' ') {
            if !self.takes(word) {
                return self.unexpected();
            }
        }
        Ok(())
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        is_symbol(self.peek(), symbol)
    }

    pub(crate) fn takes_symbol(&mut self, symbol: &str) -> bool {
        let yes = self.is_symbol(symbol);
        if yes {
            self.at += 1;
        }
        yes
    }

    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Result<(), SqlError> {
        if self.takes_symbol(symbol) { Ok(()) } else { self.unexpected() }
    }

    /// An unquoted word in upper case.
    pub(crate) fn word(&mut self) -> Result<String, SqlError> {
        match &self.peek().kind {
            Kind::Word(text) => {
                let word = text.to_uppercase();
                self.at += 1;
                Ok(word)
            }
            _ => self.unexpected(),
        }
    }

    /// One identifier: unquoted text is folded to upper case, quoted text stays.
    pub(crate) fn identifier(&mut self) -> Result<String, SqlError> {
        let name = match &self.peek().kind {
            Kind::Word(text) if text.eq_ignore_ascii_case("IDENTIFIER") && is_symbol(self.look(1), "(") => {
                return self.identifier_function().map(|mut path| path.pop().unwrap_or_default());
            }
            Kind::Word(text) => text.to_uppercase(),
            Kind::Quoted(text) if !text.is_empty() => text.clone(),
            _ => return self.unexpected(),
        };
        self.at += 1;
        named(name)
    }

    /// A name of up to three parts.
    pub(crate) fn path(&mut self) -> Result<Path, SqlError> {
        if self.is("IDENTIFIER") && is_symbol(self.look(1), "(") {
            return self.identifier_function();
        }
        let mut path = vec![self.identifier()?];
        while path.len() < 3 && self.takes_symbol(".") {
            path.push(self.identifier()?);
        }
        Ok(path)
    }

    /// `IDENTIFIER('name')`
    fn identifier_function(&mut self) -> Result<Path, SqlError> {
        self.expect("IDENTIFIER")?;
        self.expect_symbol("(")?;
        let token = self.peek().clone();
        let path = match token.kind {
            Kind::Text(text) => {
                let mut inner = Self { tokens: tokenize(&text)?, at: 0, source: String::new() };
                if inner.is("IDENTIFIER") {
                    return Err(token_error(&text));
                }
                let path = inner.path()?;
                inner.finish()?;
                self.at += 1;
                path
            }
            _ => self.path_inside()?,
        };
        self.expect_symbol(")")?;
        Ok(path)
    }

    fn path_inside(&mut self) -> Result<Path, SqlError> {
        if self.is("IDENTIFIER") { self.unexpected() } else { self.path() }
    }

    /// A string literal.
    pub(crate) fn text(&mut self) -> Result<String, SqlError> {
        match &self.peek().kind {
            Kind::Text(text) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => self.unexpected(),
        }
    }

    /// A whole number without a sign.
    pub(crate) fn count(&mut self) -> Result<u64, SqlError> {
        match &self.peek().kind {
            Kind::Number(text) => match text.parse() {
                Ok(number) => {
                    self.at += 1;
                    Ok(number)
                }
                Err(_) => self.unexpected(),
            },
            _ => self.unexpected(),
        }
    }

    pub(crate) fn if_exists(&mut self) -> Result<bool, SqlError> {
        self.optional("IF", "EXISTS")
    }

    pub(crate) fn if_not_exists(&mut self) -> Result<bool, SqlError> {
        self.optional("IF", "NOT EXISTS")
    }

    /// `first` opens the phrase; then `rest` must follow.
    pub(crate) fn optional(&mut self, first: &str, rest: &str) -> Result<bool, SqlError> {
        if !self.takes(first) {
            return Ok(false);
        }
        self.expect(rest)?;
        Ok(true)
    }

    /// One or more `item`s separated by commas.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        let mut items = vec![item(self)?];
        while self.takes_symbol(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// What stands between brackets, as it was written.
    pub(crate) fn bracketed_text(&mut self) -> Result<String, SqlError> {
        let mark = self.mark();
        self.expect_symbol("(")?;
        let mut depth = 1_usize;
        while depth > 0 {
            if self.done() {
                return self.unexpected();
            }
            match () {
                () if self.is_symbol("(") => depth += 1,
                () if self.is_symbol(")") => depth -= 1,
                () => {}
            }
            self.next();
        }
        let text = self.written_since(mark);
        let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        Ok(inside.unwrap_or(&text).trim().to_owned())
    }

    /// `( … )`, possibly empty.
    pub(crate) fn bracketed<T>(
        &mut self,
        item: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        self.expect_symbol("(")?;
        if self.takes_symbol(")") {
            return Ok(Vec::new());
        }
        let items = self.list(item)?;
        self.expect_symbol(")")?;
        Ok(items)
    }
}

fn is_symbol(token: &Token, symbol: &str) -> bool {
    matches!(&token.kind, Kind::Symbol(text) if text == symbol)
}

fn token_error(text: &str) -> SqlError {
    SqlError::new(1003, "42000", format!("SQL compilation error:\ninvalid identifier '{text}'"))
}

/// Snowflake's limit for identifiers: 255 characters.
fn named(name: String) -> Result<String, SqlError> {
    if name.chars().count() > 255 {
        return Err(SqlError::new(
            904,
            "42601",
            format!(
                "SQL compilation error: error line 1\nObject name '{name}' exceeds maximum length limit of 255 characters"
            ),
        ));
    }
    Ok(name)
}
