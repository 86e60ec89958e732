//! The words of a statement, as far as the safety of an account needs them.

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A word or a plain name, in upper case.
    Plain(String),
    /// A name in double quotes, without them.
    Quoted(String),
    /// A string constant, or a number.
    Constant,
    Mark(char),
}

impl Word {
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Plain(text) if text == word)
    }

    /// The name that it may be, as Snowflake keeps it.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Plain(text) | Self::Quoted(text) => Some(text),
            _ => None,
        }
    }
}

/// The statements of a text, each as its words. Comments are refused: they could hide a word.
pub fn statements(text: &str) -> Result<Vec<Vec<Word>>, String> {
    let mut all = vec![vec![]];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            c if c.is_whitespace() => (None, c.len_utf8()),
            ';' => {
                all.push(vec![]);
                (None, 1)
            }
            '\'' => (Some(Word::Constant), constant(rest)?),
            '"' => {
                let (name, length) = quoted(rest)?;
                (Some(Word::Quoted(name)), length)
            }
            '$' if rest.starts_with("$$") => {
                let end = rest[2..].find("$$").ok_or("$$ is not closed")?;
                (Some(Word::Constant), end + 4)
            }
            '-' if rest.starts_with("--") => return Err("comments are not allowed".into()),
            '/' if rest.starts_with("//") || rest.starts_with("/*") => {
                return Err("comments are not allowed".into());
            }
            c if c.is_ascii_digit() => (Some(Word::Constant), plain(rest)),
            c if is_plain(c) => {
                let length = plain(rest);
                (Some(Word::Plain(rest[..length].to_ascii_uppercase())), length)
            }
            c => (Some(Word::Mark(c)), c.len_utf8()),
        };
        if let (Some(word), Some(last)) = (word, all.last_mut()) {
            last.push(word);
        }
        rest = &rest[length..];
    }
    all.retain(|statement| !statement.is_empty());
    Ok(all)
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn plain(text: &str) -> usize {
    text.find(|c| !is_plain(c)).unwrap_or(text.len())
}

fn constant(text: &str) -> Result<usize, String> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
            }
            '\'' => return Ok(at + 1),
            _ => {}
        }
    }
    Err("a string is not closed".into())
}

fn quoted(text: &str) -> Result<(String, usize), String> {
    let mut name = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            name.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == '"') {
            chars.next();
            name.push('"');
        } else {
            return Ok((name, at + 1));
        }
    }
    Err("a quoted name is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::{Word, statements};

    #[test]
    fn words_names_and_constants_are_told_apart() {
        let plain = |text: &str| Word::Plain(text.into());
        let words = statements(r#"drop Role "a""; b"; show 'x;''\'y' 1.5 $$;--$$ ;"#).unwrap();
        assert_eq!(
            words,
            [
                vec![plain("DROP"), plain("ROLE"), Word::Quoted("a\"; b".into())],
                vec![
                    plain("SHOW"),
                    Word::Constant,
                    Word::Constant,
                    Word::Mark('.'),
                    Word::Constant,
                    Word::Constant
                ],
            ]
        );
        for hidden in
            ["SHOW ROLES -- x", "SHOW /* */ ROLES", "SHOW // ROLES", "SHOW 'x", "SHOW \"x", "SHOW $$x"]
        {
            assert!(statements(hidden).is_err(), "{hidden}");
        }
    }
}
