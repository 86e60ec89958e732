//! Patterns of names.

/// LIKE of SQL, case aside: `%` is any text, `_` any character, `\` takes the next as it is.
pub(super) fn is_like(name: &str, pattern: &str) -> bool {
    let (name, mut escaped): (Vec<char>, _) = (name.to_lowercase().chars().collect(), false);
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    for c in pattern.to_lowercase().chars() {
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        let any = c == '%' && !escaped;
        let mut next = vec![false; name.len() + 1];
        for (n, at) in reach.iter().enumerate().filter(|(_, at)| **at) {
            debug_assert!(*at);
            if any {
                next[n..].fill(true);
                break;
            }
            if name.get(n).is_some_and(|is| *is == c || (c == '_' && !escaped)) {
                next[n + 1] = true;
            }
        }
        (reach, escaped) = (next, false);
    }
    reach[name.len()]
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn patterns_are_those_of_sql() {
        for (name, pattern, is) in [
            ("WH_A", "wh_%", true),
            ("WHXA", "WH\\_%", false),
            ("WH_A", "WH\\_%", true),
            ("WH", "%", true),
            ("", "%", true),
            ("WH", "W", false),
            ("A%B", "a\\%b", true),
            ("AXB", "a\\%b", false),
            ("ABAB", "%AB", true),
            ("ABABC", "%AB", false),
        ] {
            assert_eq!(is_like(name, pattern), is, "{name} like {pattern}");
        }
    }
}
