//! How bodies and queries compare: as the text that Snowflake keeps.
//!
//! - A procedure's or function's body is kept as it stands between its delimiters
//!   (<https://docs.snowflake.com/en/sql-reference/sql/desc-procedure>, the row `body`): it is compared to the letter.
//!   Line ends are alike: YAML knows only `\n`, and worksheets in a browser send `\r\n`.
//! - A statement (task, alert, view, dynamic table, pipe) is what stands after `AS`: whitespace around it and a `;`
//!   behind it are no part of it, and Snowflake drops the `;`
//!   (<https://docs.snowflake.com/en/sql-reference/sql/show-views>; that it drops it everywhere is unverified, so it is
//!   dropped on both sides).
//!
//! Inside, nothing is folded: neither case nor comments nor blanks, for they may stand in a string.

/// Which text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// Between delimiters: kept to the letter.
    Delimited,
    /// After a keyword: without whitespace around it and without a `;` behind it.
    Statement,
}

/// The text in the form in which it compares.
pub fn canonical(text: &str, kind: BodyKind) -> String {
    let text = text.replace("\r\n", "\n");
    match kind {
        // A block scalar of YAML ends with a line end that nobody means.
        BodyKind::Delimited => text.trim_end_matches('\n').to_owned(),
        BodyKind::Statement => text
            .trim_matches(|c: char| c.is_whitespace())
            .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
            .to_owned(),
    }
}

/// Whether Snowflake keeps both as one text.
pub fn same(a: &str, b: &str, kind: BodyKind) -> bool {
    a == b || canonical(a, kind) == canonical(b, kind)
}

#[cfg(test)]
mod tests {
    use super::{
        BodyKind::{Delimited, Statement},
        same,
    };

    #[test]
    fn only_what_snowflake_drops_is_dropped() {
        for (a, b, kind, alike) in [
            ("SELECT 1", "  SELECT 1;\n", Statement, true),
            ("SELECT 1", "SELECT 1 ; ;", Statement, true),
            ("SELECT 1\nFROM t", "SELECT 1\r\nFROM t", Statement, true),
            ("SELECT 1", "select 1", Statement, false),
            ("SELECT 'a'", "SELECT 'A'", Statement, false),
            ("SELECT  1", "SELECT 1", Statement, false),
            ("SELECT 1 -- why", "SELECT 1", Statement, false),
            ("BEGIN\n  RETURN 1;\nEND;", "BEGIN\n  RETURN 1;\nEND;\n", Delimited, true),
            ("BEGIN\n  RETURN 1;\nEND;", "BEGIN\n  RETURN 1;\nEND", Delimited, false),
            ("\nreturn 1", "return 1", Delimited, false),
            ("def f():\r\n  pass", "def f():\n  pass", Delimited, true),
            ("def f():\n  pass", "def f():\n pass", Delimited, false),
        ] {
            assert_eq!(same(a, b, kind), alike, "{a:?} {b:?}");
        }
    }
}
