//! SQL that users write: queries, bodies, expressions. It gets into statements only as this type.
//!
//! What it does is the user's business, and Snowflake's to judge. Here it is only made sure that it stays where it is
//! put: one statement, with its parentheses closed, so that what follows it in our statement is still ours.

use std::fmt::{self, Display};

use sqlparser::{
    dialect::SnowflakeDialect,
    tokenizer::{Token, Tokenizer, Whitespace},
};

/// One statement, query or expression of a user's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserSql(String);

/// Why a text can't be put into a statement. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSql {
    #[error("it is empty")]
    Empty,
    #[error("line {line}, column {column}: {message}")]
    Token { line: u64, column: u64, message: String },
    #[error(
        "line {line}, column {column}: a second statement begins after this ';': write one statement, or a block BEGIN … END"
    )]
    Second { line: u64, column: u64 },
    #[error("line {line}, column {column}: this {what} has no partner")]
    Open { line: u64, column: u64, what: char },
}

impl UserSql {
    /// One statement or query, or a block of Snowflake Scripting (`BEGIN … END`, `DECLARE …`), in which `;` is at home.
    pub fn statement(text: &str) -> Result<Self, BadSql> {
        let text = text.trim_matches(char::is_whitespace);
        let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let block = ["DECLARE", "BEGIN"].iter().any(|begin| word.eq_ignore_ascii_case(begin));
        if !block && is_harmless(text) {
            return Ok(Self(text.to_owned()));
        }
        let tokens = tokens(text)?;
        let mut words = tokens.iter().map(|token| &token.token);
        let mut word = || words.find(|token| !matches!(token, Token::Whitespace(_))).map(word_of);
        let block = match word().as_deref() {
            Some("DECLARE") => true,
            Some("BEGIN") => word().is_some_and(|next| opens_block(&next)),
            _ => false,
        };
        Self::checked(text, &tokens, block)
    }

    /// An expression.
    pub fn expression(text: &str) -> Result<Self, BadSql> {
        let text = text.trim_matches(char::is_whitespace);
        if is_harmless(text) {
            return Ok(Self(text.to_owned()));
        }
        let tokens = tokens(text)?;
        Self::checked(text, &tokens, false)
    }

    fn checked(
        text: &str,
        tokens: &[sqlparser::tokenizer::TokenWithSpan],
        block: bool,
    ) -> Result<Self, BadSql> {
        let mut open = vec![];
        let mut ended: Option<(u64, u64)> = None;
        let (mut any, mut comment) = (false, false);
        let mut nesting = Nesting::default();
        for token in tokens {
            let (line, column) = (token.span.start.line, token.span.start.column);
            if let Token::Whitespace(space) = &token.token {
                comment = matches!(space, Whitespace::SingleLineComment { .. })
                    || (comment && !matches!(space, Whitespace::Newline));
                continue;
            }
            if token.token == Token::EOF {
                continue;
            }
            if let Some((line, column)) = ended.filter(|_| token.token != Token::SemiColon) {
                return Err(BadSql::Second { line, column });
            }
            comment = false;
            any |= token.token != Token::SemiColon;
            nesting.next(&token.token);
            match token.token {
                Token::SemiColon if !block || nesting.is_over() => ended = ended.or(Some((line, column))),
                Token::LParen => open.push((line, column)),
                Token::RParen if open.pop().is_none() => {
                    return Err(BadSql::Open { line, column, what: ')' });
                }
                _ => {}
            }
        }
        if let Some((line, column)) = open.pop() {
            return Err(BadSql::Open { line, column, what: '(' });
        }
        if !any {
            return Err(BadSql::Empty);
        }
        let mut text = text.to_owned();
        if !block {
            text.truncate(text.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).len());
        }
        // A comment would take what follows with it.
        if comment {
            text.push('\n');
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for UserSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text stays where it is put, as can be said without taking it apart: words, signs and closed quotes, its
/// parentheses paired, and nothing that could be a comment, an escape, a `;` or a delimiter. Most texts are such.
fn is_harmless(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut depth, mut at, mut before) = (0_usize, 0, b' ');
    while let Some(&byte) = bytes.get(at) {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match byte {
            b'(' => depth += 1,
            b')' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            b'\'' | b'"' => {
                let inside = &bytes[at + 1..];
                match inside.iter().position(|other| *other == byte || *other == b'\\') {
                    Some(end) if inside[end] == byte => at += end + 1,
                    _ => return false,
                }
            }
            b'-' | b'/' if bytes.get(at + 1).is_some_and(|next| matches!(next, b'-' | b'/' | b'*')) => {
                return false;
            }
            // Inside of a word: METADATA$ACTION.
            b'$' if is_word(before) && bytes.get(at + 1).is_some_and(|next| is_word(*next)) => {}
            b' ' | b'\n' | b'\t' | b'.' | b',' | b'=' | b'<' | b'>' | b'+' | b'*' | b'%' | b'-' | b'/'
            | b'|' | b':' => {}
            _ if is_word(byte) => {}
            _ => return false,
        }
        before = byte;
        at += 1;
    }
    depth == 0 && !bytes.is_empty()
}

/// A word in upper case; a sign, or a word in quotes, as it is.
fn word_of(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        other => other.to_string(),
    }
}

/// Whether BEGIN before this begins a block. Otherwise it begins a transaction.
/// Source: <https://docs.snowflake.com/en/sql-reference/sql/begin>.
fn opens_block(next: &str) -> bool {
    !matches!(next, "TRANSACTION" | "WORK" | "NAME" | ";" | "EOF" | "")
}

/// Where a block of Snowflake Scripting ends: with the END of its first BEGIN.
///
/// Only what begins a statement counts, for these words are also names of columns and ends of `CASE`, `IF` and loops.
#[derive(Default)]
struct Nesting {
    /// How many BEGINs are open; `None`: there was none yet.
    depth: Option<u32>,
    /// The last word or sign, when a statement can begin after it.
    begins: Option<String>,
    last: Option<String>,
}

impl Nesting {
    fn next(&mut self, token: &Token) {
        let last = self.last.replace(word_of(token));
        let last = last.as_deref().unwrap_or(";");
        let first = matches!(last, ";" | "BEGIN" | "THEN" | "ELSE" | "DO" | "LOOP" | "REPEAT" | "DECLARE");
        self.settle();
        if first {
            self.begins.clone_from(&self.last);
        }
    }
    /// BEGIN and END mean what they say once it is seen what follows them.
    fn settle(&mut self) {
        let next = self.last.as_deref().unwrap_or_default();
        match self.begins.take().as_deref() {
            Some("BEGIN") if opens_block(next) => {
                self.depth = Some(self.depth.unwrap_or_default() + 1);
            }
            Some("END") if !matches!(next, "IF" | "CASE" | "FOR" | "WHILE" | "LOOP" | "REPEAT") => {
                self.depth = self.depth.map(|depth| depth.saturating_sub(1));
            }
            _ => {}
        }
    }
    fn is_over(&self) -> bool {
        self.depth == Some(0)
    }
}

fn tokens(text: &str) -> Result<Vec<sqlparser::tokenizer::TokenWithSpan>, BadSql> {
    Tokenizer::new(&SnowflakeDialect {}, text).tokenize_with_location().map_err(|error| BadSql::Token {
        line: error.location.line,
        column: error.location.column,
        message: error.message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_stays_one() {
        for (text, becomes) in [
            ("SELECT 1", Ok("SELECT 1")),
            (" SELECT 1 ; \n", Ok("SELECT 1")),
            ("SELECT ';' AS \"a;b\" -- ; \n FROM t", Ok("SELECT ';' AS \"a;b\" -- ; \n FROM t")),
            ("SELECT 1 -- end", Ok("SELECT 1 -- end\n")),
            ("SELECT 1; DROP TABLE t", Err(BadSql::Second { line: 1, column: 9 })),
            ("SELECT 1)", Err(BadSql::Open { line: 1, column: 9, what: ')' })),
            ("SELECT (1", Err(BadSql::Open { line: 1, column: 8, what: '(' })),
            ("BEGIN\n  CALL a();\nEND;", Ok("BEGIN\n  CALL a();\nEND;")),
            ("DECLARE x INT; BEGIN RETURN x; END", Ok("DECLARE x INT; BEGIN RETURN x; END")),
            ("BEGIN a(); END; DROP TABLE t", Err(BadSql::Second { line: 1, column: 15 })),
            ("BEGIN a(); END; BEGIN b(); END", Err(BadSql::Second { line: 1, column: 15 })),
            (
                "BEGIN SELECT end, begin FROM t; IF (x) THEN BEGIN a(); END; END IF; END;",
                Ok("BEGIN SELECT end, begin FROM t; IF (x) THEN BEGIN a(); END; END IF; END;"),
            ),
            (
                "BEGIN LET x := CASE WHEN 1 THEN 2 END; BEGIN TRANSACTION; COMMIT; RETURN x; END",
                Ok("BEGIN LET x := CASE WHEN 1 THEN 2 END; BEGIN TRANSACTION; COMMIT; RETURN x; END"),
            ),
            ("BEGIN; DROP TABLE t", Err(BadSql::Second { line: 1, column: 6 })),
            ("BEGIN /* a */ ; DROP TABLE t; COMMIT", Err(BadSql::Second { line: 1, column: 15 })),
            ("\"BEGIN\" a; DROP TABLE t", Err(BadSql::Second { line: 1, column: 10 })),
            ("BEGIN TRANSACTION; DROP TABLE t", Err(BadSql::Second { line: 1, column: 18 })),
            ("", Err(BadSql::Empty)),
            (" -- nothing", Err(BadSql::Empty)),
            (";", Err(BadSql::Empty)),
        ] {
            let read = UserSql::statement(text);
            match becomes {
                Ok(becomes) => assert_eq!(read.unwrap().as_str(), becomes, "{text}"),
                Err(error) => assert_eq!(read.unwrap_err(), error, "{text}"),
            }
        }
    }

    #[test]
    fn what_needs_no_taking_apart_comes_to_the_same() {
        for text in [
            "SELECT 1",
            "SELECT a.b, 'x''y', \"z\"\"\" FROM t WHERE METADATA$ACTION = 'INSERT; --' AND (1) <> (2)",
            "f(a) - -1",
            "CASE WHEN CURRENT_ROLE() = 'READER' THEN '***' ELSE V END",
            "a:b::string || '/* c'",
        ] {
            assert!(is_harmless(text), "{text}");
            let taken_apart = UserSql::checked(text, &tokens(text).unwrap(), false);
            assert_eq!(taken_apart, UserSql::statement(text), "{text}");
        }
        for text in [
            "", "a;", "a -- b", "a // b", "a /* b", "'a", "\"a", "'a\\'", "(a", "a)", ")(", "$$a$$", "a$",
            "$1", "é", "# a",
        ] {
            assert!(!is_harmless(text), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_sql_is_refused_with_its_place() {
        let error = UserSql::statement("SELECT\n  'open").unwrap_err();
        assert!(matches!(error, BadSql::Token { line: 2, .. }), "{error}");
    }
}
