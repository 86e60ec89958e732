//! Text as SQL string constants.

use std::fmt::Write as _;

/// A text as a string constant of Snowflake: in single quotes, with `'` doubled and `\` escaped.
///
/// Inside single quotes Snowflake reads backslash sequences, so a backslash is doubled too. NUL becomes
/// `\u0000`: `\0` would swallow digits that follow it (an octal sequence has three).
/// Source: docs.snowflake.com, "String & binary data types", section on string constants.
pub fn quote_literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '\0' => quoted.push_str("\\u0000"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// Bytes as pairs of hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod tokens;
