//! A reader of SQL for tests. Written from Snowflake's description of its tokens, not from the code that quotes:
//! docs.snowflake.com, "Identifier requirements", "String & binary data types", "Comments".
use proptest::prelude::*;
use std::{iter::Peekable, str::Chars};

#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) enum Token {
    Word(String),
    Name(String),
    Text(String),
    Sign(char),
    Comment,
    Broken,
}

pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    let mut found = vec![];
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        found.push(match (c, next) {
            (c, _) if c.is_whitespace() => continue,
            ('"', _) => name(&mut rest),
            ('\'', _) => text(&mut rest),
            ('-', Some('-')) | ('/', Some('/' | '*')) => Token::Comment,
            ('$', Some('$')) => Token::Broken,
            (c, _) if c.is_ascii_alphanumeric() || c == '_' => {
                let mut word = c.to_string();
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                Token::Word(word)
            }
            (c, _) => Token::Sign(c),
        });
    }
    found
}

fn name(rest: &mut Peekable<Chars>) -> Token {
    let mut name = String::new();
    loop {
        match rest.next() {
            Some('"') if rest.next_if_eq(&'"').is_some() => name.push('"'),
            Some('"') => return Token::Name(name),
            Some(c) => name.push(c),
            None => return Token::Broken,
        }
    }
}

fn text(rest: &mut Peekable<Chars>) -> Token {
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => return Token::Text(text),
            Some('\\') => match escaped(rest) {
                Some(c) => text.push(c),
                None => return Token::Broken,
            },
            Some(c) => text.push(c),
            None => return Token::Broken,
        }
    }
}

fn escaped(rest: &mut Peekable<Chars>) -> Option<char> {
    let code = |digits: String, radix| char::from_u32(u32::from_str_radix(&digits, radix).ok()?);
    match rest.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'u' => code(rest.take(4).collect(), 16),
        'x' => code(rest.take(2).collect(), 16),
        first @ '0'..='7' => {
            let more: String = std::iter::from_fn(|| rest.next_if(|c| c.is_digit(8))).take(2).collect();
            // NUL, unless two more digits make it an octal sequence.
            if first == '0' && more.is_empty() { Some('\0') } else { code(format!("{first}{more}"), 8) }
        }
        other => Some(other),
    }
}

/// Texts that try to get out of their quotes.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let tricks = prop::sample::select(vec![
        "\"",
        "\"\"",
        "'",
        "''",
        "\\",
        "\\'",
        "\\\"",
        "\\\\",
        ";",
        "--",
        "//",
        "/*",
        "*/",
        "$$",
        "\0",
        "0",
        "12",
        "\n",
        "\r",
        "\t",
        "DROP DATABASE prod",
        " OR 1=1",
        "%",
        "_",
        "\u{201d}",
        "\u{2019}",
        "\u{ff07}",
        "\u{202e}",
        "u0027",
        "x27",
        "\u{1f9ca}",
        "a",
        " ",
        ".",
        "=",
        "(",
        ")",
        "&var",
        ":bind",
        "?",
        "identifier(",
        "{{",
        "<%",
    ]);
    let part = prop_oneof![3 => tricks.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}
