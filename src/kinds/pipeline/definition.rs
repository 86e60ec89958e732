//! The statement that SHOW keeps of a view or dynamic table, taken apart: its columns and its query.
//!
//! `text` is the whole CREATE as it was sent (<https://docs.snowflake.com/en/sql-reference/sql/show-views>); of a dynamic
//! table Snowflake writes the options anew. What stands after the first `AS` outside of parentheses is the query.

use sqlparser::{
    dialect::SnowflakeDialect,
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer},
};

use super::object::{There, Update, changed};
use crate::{
    api::pipeline::text::Expression,
    engine::fault::Fault,
    plan::{Change, Risk},
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical, same},
        canonical::Canonical as _,
        full_name::FullName,
        ident::Ident,
        user_sql::UserSql,
    },
};

/// A CREATE of what has a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definition {
    /// The names in the list of columns, with their comments; empty: there is no list.
    pub columns: Vec<(Ident, Option<String>)>,
    pub transient: bool,
    pub query: String,
}

impl Definition {
    /// `None`: the text is no such statement. Of a secure view only its owner is shown one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut tokens = Tokenizer::new(&SnowflakeDialect {}, text).tokenize_with_location().ok()?;
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
        let (mut depth, mut list, mut transient) = (0_usize, None, false);
        for (n, token) in tokens.iter().enumerate() {
            let before = n.checked_sub(1).and_then(|n| tokens.get(n));
            match &token.token {
                Token::LParen => {
                    // The list of columns stands right behind the name: no option has a name before a parenthesis.
                    if depth == 0 && list.is_none() && before.is_some_and(is_name) {
                        list = Some(n + 1);
                    }
                    depth += 1;
                }
                Token::RParen => depth = depth.saturating_sub(1),
                _ if depth == 0 && is(token, "TRANSIENT") => transient = true,
                // EXECUTE AS USER is an option.
                _ if depth == 0 && is(token, "AS") && !before.is_some_and(|token| is(token, "EXECUTE")) => {
                    let query = text.get(offset(text, token.span.end)..)?;
                    let columns = list.map(|first| columns(&tokens[first..n])).unwrap_or_default();
                    return Some(Self { columns, transient, query: query.trim().to_owned() });
                }
                _ => {}
            }
        }
        None
    }
}

fn is(token: &TokenWithSpan, keyword: &str) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
}

/// Words of options that stand before a parenthesis.
const BEFORE_PARENTHESES: [&str; 5] = ["BY", "ON", "TAG", "KEY", "CONTACT"];

fn is_name(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Word(_)) && !BEFORE_PARENTHESES.iter().any(|word| is(token, word))
}

/// `(a, b COMMENT 'x', c MASKING POLICY p USING (c, d))`, from behind the parenthesis.
fn columns(tokens: &[TokenWithSpan]) -> Vec<(Ident, Option<String>)> {
    let (mut all, mut depth, mut begins, mut comments) = (vec![], 0_usize, true, false);
    for token in tokens {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => break,
            Token::RParen => depth -= 1,
            Token::Comma if depth == 0 => begins = true,
            Token::Word(word) if begins => {
                let name = match word.quote_style {
                    Some(_) => Ident::exact(&word.value),
                    None => Ident::from_spec(&word.value),
                };
                all.extend(name.ok().map(|name| (name, None)));
                begins = false;
            }
            Token::SingleQuotedString(text) if comments && depth == 0 => {
                if let Some((_, comment)) = all.last_mut() {
                    *comment = Some(text.clone());
                }
            }
            _ => {}
        }
        comments = is(token, "COMMENT") || (comments && token.token == Token::Eq);
    }
    all
}

/// Where a place of the tokenizer's is in the text, in bytes.
fn offset(text: &str, place: Location) -> usize {
    let (mut line, mut column) = (1, 1);
    for (at, c) in text.char_indices() {
        if (line, column) == (place.line, place.column) {
            return at;
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    text.len()
}

/// What Snowflake keeps of an object with a query. An answer without it can't be compared.
pub(super) fn kept(there: &There<'_>) -> Result<Definition, Fault> {
    let text = there.found.text("text").unwrap_or_default();
    Definition::parse(text).ok_or_else(|| Fault::Broken {
 reason: "DefinitionNotShown",
        message: format!(
            "Snowflake does not show the query of {}, so it can't be compared; of a secure view only the owner sees it: let the role own it",
            there.name
        ),
    })
}

/// Whether what Snowflake keeps plainly ends with this query, so that it need not be taken apart.
pub(super) fn is_plainly(wanted: &UserSql, there: &There<'_>) -> bool {
    let text = there.found.text("text").unwrap_or_default();
    text.strip_suffix(wanted.as_str()).is_some_and(|head| head.ends_with(' ') && ends_with_as(head))
}

/// Whether one AS stands in a text, as its last word, outside of parentheses; nothing is there in which it could hide.
fn ends_with_as(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
    let (mut depth, mut at, mut found) = (0_usize, 0, false);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let rest = &bytes[at..];
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'\'' | b'"' => match rest.iter().position(|other| matches!(other, b'\\') || *other == byte) {
                Some(end) if rest[end] == byte => at += end + 1,
                _ => return false,
            },
            b'-' | b'/' if matches!(rest.first(), Some(b'-' | b'/' | b'*')) => return false,
            _ if is_word(&byte) => {
                let end = at + rest.iter().position(|byte| !is_word(byte)).unwrap_or(rest.len());
                if found {
                    return false;
                }
                found = bytes[at - 1..end].eq_ignore_ascii_case(b"AS");
                at = end;
            }
            _ => {}
        }
    }
    found && depth == 0
}

/// The change of a query, when there is one.
pub(super) fn query(
    is: &str,
    wanted: &UserSql,
    there: &There<'_>,
    risk: impl FnOnce() -> Risk,
) -> Option<Change> {
    let differs = !same(is, wanted.as_str(), BodyKind::Statement) && !there.ignores("query");
    let plain = |text: &str| canonical(text, BodyKind::Statement);
    differs.then(|| changed("query", Some(&plain(is)), Some(&plain(wanted.as_str())), risk()))
}

/// What it does to put another object in the place of one that streams may be on: they become stale, with all that
/// they have not given yet (<https://docs.snowflake.com/en/user-guide/streams-intro>, data retention).
pub(super) fn risk_of_replacing(name: &FullName, there: &There<'_>) -> Risk {
    let mut lists = there.seen.lists.iter().filter(|((kind, _), _)| *kind == "STREAM");
    let on_it = lists.any(|(_, table)| {
        let mut sources = table.rows().iter().filter_map(|row| row.text("table_name"));
        sources.any(|source| FullName::parse(source).is_ok_and(|source| source == *name))
    });
    if on_it { Risk::Destructive } else { Risk::Disruptive }
}

/// Whether the definition is hidden from others.
pub(super) fn secure(
    wanted: Option<bool>,
    alter: &dyn Fn() -> Statement,
    there: &There<'_>,
    update: &mut Update,
) {
    let Some(wanted) = update.manages("secure", wanted, there) else { return };
    let is = bool::read(there.found.text("is_secure")).unwrap_or_default();
    let wanted = wanted.unwrap_or_default();
    if wanted != is {
        let words = if wanted { "SET SECURE" } else { "UNSET SECURE" };
        let (from, to) = (is.to_string(), wanted.to_string());
        let change = changed("secure", Some(&from), Some(&to), Risk::Safe);
        update.push(change, alter().keyword(words));
    }
}

/// The clustering key, as ALTER sets it: on materialized views and dynamic tables as on tables.
pub(super) fn clustering(
    wanted: Option<&[UserSql]>,
    alter: &dyn Fn() -> Statement,
    there: &There<'_>,
    update: &mut Update,
) {
    let Some(wanted) = update.manages("clusterBy", wanted, there) else { return };
    let wanted = wanted.unwrap_or_default();
    let is = there.found.text("cluster_by").unwrap_or_default();
    let shown = wanted.iter().map(UserSql::as_str).collect::<Vec<_>>().join(", ");
    if super::table::plain_key(is) == super::table::plain_key(&shown) {
        return;
    }
    let statement = if wanted.is_empty() {
        alter().keyword("DROP CLUSTERING KEY")
    } else {
        alter().keyword("CLUSTER BY").list(wanted, Statement::sql)
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let change = changed("clusterBy", some(is).as_deref(), some(&shown).as_deref(), Risk::Safe);
    update.push(change, statement);
}

/// The expressions of a clustering key.
pub(super) fn keys(texts: Option<&Vec<Expression>>, path: &str) -> Result<Option<Vec<UserSql>>, Fault> {
    let read = |text: &Expression| {
        UserSql::expression(text)
            .map_err(|error| Fault::Refused(format!("spec.{path}.clusterBy: {:?}: {error}", text.0)))
    };
    texts.map(|all| all.iter().map(read).collect()).transpose()
}

/// A query of the spec.
pub(super) fn sql(text: &str, path: &str) -> Result<UserSql, Fault> {
    UserSql::statement(text).map_err(|error| Fault::Refused(format!("spec.{path}.query: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_what_stands_behind_the_options() {
        for (text, query) in [
            ("CREATE VIEW v AS SELECT 1;", "SELECT 1;"),
            (
                "create or replace secure view \"AS\".\"a b\" (x, y comment 'as') as\nselect 1 as a",
                "select 1 as a",
            ),
            (
                "CREATE VIEW V COMMENT = 'it''s AS it is' COPY GRANTS /* AS */ AS\r\n  SELECT 'é' AS x -- AS\n FROM t",
                "SELECT 'é' AS x -- AS\n FROM t",
            ),
            (
                "CREATE TRANSIENT DYNAMIC TABLE D(a) lag = '1 minute' warehouse = W CLUSTER BY (CAST(a AS DATE)) EXECUTE AS USER u AS (SELECT 1)",
                "(SELECT 1)",
            ),
            ("CREATE VIEW é AS SELECT 1", "SELECT 1"),
        ] {
            assert_eq!(Definition::parse(text).unwrap().query, query, "{text}");
        }
        for text in ["", "SELECT 1", "CREATE VIEW v", "CREATE VIEW 'v AS SELECT 1"] {
            assert_eq!(Definition::parse(text), None, "{text}");
        }
        assert!(Definition::parse("CREATE TRANSIENT DYNAMIC TABLE d AS SELECT 1").unwrap().transient);
        assert!(!Definition::parse("CREATE DYNAMIC TABLE \"TRANSIENT\" AS SELECT 1").unwrap().transient);
    }

    #[test]
    fn a_query_that_plainly_stands_behind_as_need_not_be_looked_for() {
        for text in
            ["CREATE VIEW v AS ", "create view \"A\".\" AS \" (x, y) comment = 'it''s AS it is'\nas\n "]
        {
            assert!(ends_with_as(text), "{text}");
            assert_eq!(Definition::parse(&format!("{text}SELECT 1")).unwrap().query, "SELECT 1");
        }
        for text in [
            "CREATE VIEW v ",
            "CREATE VIEW v AS SELECT 1 AS ",
            "CREATE VIEW v (AS ",
            "CREATE VIEW v -- AS ",
            "CREATE VIEW v COMMENT = 'x AS ",
            "CREATE VIEW v COMMENT = '\\' AS ",
            "CREATE VIEW v EXECUTE AS USER u AS ",
            "CREATE VIEW véAS ",
        ] {
            assert!(!ends_with_as(text), "{text}");
        }
    }

    #[test]
    fn columns_have_their_comments() {
        let list = |text: &str| {
            let all = Definition::parse(text).unwrap().columns;
            all.into_iter().map(|(name, comment)| (name.to_spec(), comment)).collect::<Vec<_>>()
        };
        let text = "CREATE VIEW a.v (x COMMENT 'one, two', \"y\" WITH MASKING POLICY p USING (\"y\", z), z) ROW ACCESS POLICY r ON (x) AS SELECT 1, 2, 3";
        let expected = [("X", Some("one, two")), ("\"y\"", None), ("Z", None)];
        assert_eq!(list(text), expected.map(|(name, comment)| (name.to_owned(), comment.map(str::to_owned))));
        assert_eq!(list("CREATE VIEW v ROW ACCESS POLICY r ON (x) AS SELECT 1"), []);
    }
}
