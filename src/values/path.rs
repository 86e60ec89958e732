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

/// The types in `(A VARCHAR, b c NUMBER)`, where these are the names; `None`: it is another list. DESCRIBE shows names
/// without quotes (with them, perhaps), so that a name may have commas, spaces and parentheses: what is wanted leads.
pub fn types_of<'a>(shown: &'a str, names: impl IntoIterator<Item = &'a Ident>) -> Option<Vec<&'a str>> {
    let (mut rest, mut types) = (shown.trim().strip_prefix('(')?, vec![]);
    for name in names {
        let from = if types.is_empty() { rest } else { rest.strip_prefix(", ")? };
        let own = from.strip_prefix(name.as_str()).or_else(|| from.strip_prefix(name.to_string().as_str()));
        let after = own?.strip_prefix(' ')?;
        let mut depth = 0;
        let end = after.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth < 0 || (depth == 0 && c == ',')
        })?;
        types.push(&after[..end]);
        rest = &after[end..];
    }
    (rest == ")").then_some(types)
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
    fn names_in_a_list_of_types_may_have_anything_in_them() {
        let names: Vec<_> = [" a, B (\"", "V"].iter().map(|name| Ident::exact(name).unwrap()).collect();
        let types = |shown| types_of(shown, &names);
        let wanted = Some(vec!["VARCHAR(16)", "VECTOR(FLOAT, 3)"]);
        assert_eq!(types("( a, B (\" VARCHAR(16), V VECTOR(FLOAT, 3))"), wanted);
        assert_eq!(types("(\" a, B (\"\"\" VARCHAR(16), \"V\" VECTOR(FLOAT, 3))"), wanted);
        for other in
            ["()", "( a, b (\" VARCHAR, V INT)", "( a, B (\" VARCHAR)", "( a, B (\" VARCHAR, V INT, W INT)"]
        {
            assert_eq!(types(other), None, "{other}");
        }
        assert_eq!(types_of("()", []), Some(vec![]));
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
