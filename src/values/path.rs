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

/// The items of a list: the parts between commas that stand outside double quotes and parentheses.
pub fn split_list(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut depth) = (vec![], 0, false, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    if !(parts.is_empty() && last.is_empty()) {
        parts.push(last);
    }
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

    #[test]
    fn commas_inside_types_do_not_split_a_list() {
        assert_eq!(
            split_list(r#"A NUMBER(38,0), "b,c" VECTOR(FLOAT, 3)"#),
            ["A NUMBER(38,0)", r#""b,c" VECTOR(FLOAT, 3)"#]
        );
        assert!(split_list(" ").is_empty());
        assert_eq!(split_list("a,"), ["a", ""]);
    }
}
