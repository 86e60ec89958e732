//! Names with dots between (`database.schema.table`), and lists of them.

use super::ident::{BadIdent, Ident};

/// The parts between separators that stand outside double quotes.
pub fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (vec![], 0, false);
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        } else if c == separator && !quoted {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A path of names, each by Snowflake's rule.
pub fn parse_path(text: &str) -> Result<Vec<Ident>, BadIdent> {
    split_outside_quotes(text, '.').into_iter().map(|part| Ident::from_spec(part.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_inside_quotes_do_not_split() {
        let names: Vec<_> =
            parse_path(r#"db."a.b"."c""d""#).unwrap().iter().map(|n| n.as_str().to_owned()).collect();
        assert_eq!(names, ["DB", "a.b", "c\"d"]);
        assert!(parse_path("a..b").is_err());
        assert_eq!(split_outside_quotes(r#""a,b",c"#, ','), [r#""a,b""#, "c"]);
    }
}
