//! Queries of users: read by `sqlparser`, kept as they were written, and asked for the objects that they name.

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    self, Expr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, SetExpr,
    SetOperator, TableFactor, Visit, Visitor,
};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token as Raw, TokenWithSpan};

use super::cursor::{Cursor, Path};
use super::data_type::{DataType, data_type};
use super::forms::accepted;
use super::tokens::raw;
use crate::error::SqlError;

/// A query, from its first word to its last.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// As it was written; a comment behind it is not part of it.
    pub(crate) text: String,
    pub(crate) tree: Arc<ast::Query>,
    pub(crate) facts: Facts,
}

/// What the rules of materialized views and dynamic tables ask of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The tables, views and their like that it reads, each once.
    pub(crate) relations: Vec<Path>,
    /// The names of the functions that it calls, in upper case.
    pub(crate) functions: Vec<String>,
    /// How many SELECTs it has, itself included.
    pub(crate) selects: usize,
    pub(crate) joins: bool,
    pub(crate) order_by: bool,
    pub(crate) limit: bool,
    pub(crate) having: bool,
    pub(crate) windows: bool,
    pub(crate) distinct_aggregate: bool,
    pub(crate) union_all: bool,
    /// UNION, EXCEPT, MINUS and INTERSECT.
    pub(crate) distinct_sets: bool,
    pub(crate) pivots: bool,
    pub(crate) sample: bool,
    /// The first column that stands in double quotes.
    pub(crate) quoted: Option<String>,
}

/// The most tokens that a query may have: the tree of a long sum is as deep as it has summands, and a thread's stack
/// is not endless.
const MOST_TOKENS: usize = 10_000;

/// The query that comes next; it ends where the statement does.
///
/// # Errors
///
/// `001003` with the place for what is no query.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the parser's lifetime is any")]
pub(crate) fn query(cursor: &mut Cursor) -> Result<Query, SqlError> {
    let (mark, first) = (cursor.mark(), cursor.peek().clone());
    if cursor.done() {
        return cursor.unexpected();
    }
    cursor.skip_to_end();
    let tree = parsed(cursor, mark, |parser| parser.parse_query())?;
    if !reads(&tree.body) {
        return Err(first.unexpected());
    }
    let mut seen = Seen::default();
    // Nothing breaks off the walk.
    let _: ControlFlow<()> = tree.visit(&mut seen);
    Ok(Query { text: cursor.written_since(mark), tree: Arc::from(tree), facts: seen.facts })
}

/// Is what was taken since a mark an expression, as bodies of policies are?
///
/// # Errors
///
/// `001003` with the place when it is none.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the parser's lifetime is any")]
pub(super) fn expression(cursor: &Cursor, mark: usize) -> Result<(), SqlError> {
    parsed(cursor, mark, |parser| parser.parse_expr()).map(drop)
}

/// What was taken since a mark, as `read` reads it.
fn parsed<T>(
    cursor: &Cursor,
    mark: usize,
    read: impl FnOnce(&mut Parser) -> Result<T, ParserError>,
) -> Result<T, SqlError> {
    let (from, to) = (cursor.place_of(mark), cursor.place_of(cursor.mark()));
    let taken = |token: &TokenWithSpan| {
        let start = (token.span.start.line, token.span.start.column);
        (from..to).contains(&start) && !matches!(token.token, Raw::Whitespace(_) | Raw::EOF)
    };
    let mut tokens: Vec<_> = raw(cursor.source())?.into_iter().filter(taken).collect();
    while tokens.last().is_some_and(|token| token.token == Raw::SemiColon) {
        tokens.pop();
    }
    if tokens.len() > MOST_TOKENS {
        return Err(SqlError::unsupported(format!("queries of more than {MOST_TOKENS} words")));
    }
    let mut parser = Parser::new(&SnowflakeDialect {}).with_tokens_with_locations(accepted(tokens));
    let found = read(&mut parser).and_then(|found| match parser.peek_token() {
        token if token.token == Raw::EOF => Ok(found),
        token => parser.expected("the end", token),
    });
    found.map_err(|error| refusal(cursor, &error))
}

/// A type as Snowflake knows it, from how `sqlparser` writes it.
pub(crate) fn type_of(written: &ast::DataType) -> Option<DataType> {
    let mut cursor = Cursor::new(&written.to_string()).ok()?;
    data_type(&mut cursor).ok().filter(|_| cursor.done())
}

/// A query that a text holds, as bodies of tasks and policies do.
#[cfg(test)]
pub(crate) fn query_of(text: &str) -> Result<Query, SqlError> {
    query(&mut Cursor::new(text)?)
}

/// Is it a SELECT in all its parts? WITH may stand before INSERT as well.
fn reads(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Values(_) => true,
        SetExpr::Query(query) => reads(&query.body),
        SetExpr::SetOperation { left, right, .. } => reads(left) && reads(right),
        _ => false,
    }
}

/// `sqlparser`'s refusal with Snowflake's words for the place.
fn refusal(cursor: &Cursor, error: &ParserError) -> SqlError {
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            return SqlError::syntax("the query is nested too deeply.");
        }
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let place = message.rsplit_once(" at Line: ").and_then(|(_, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((line.parse::<u64>().ok()?, column.parse::<u64>().ok()?))
    });
    let token = place.map(|(line, column)| cursor.token_at(line, column.saturating_sub(1)));
    token.unwrap_or_else(|| cursor.peek()).unexpected()
}

/// An identifier as Snowflake stores it.
pub(crate) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_uppercase() }
}

/// A name as Snowflake stores it; `d..t` is in the schema PUBLIC.
pub(crate) fn path(name: &ObjectName) -> Path {
    let parts = name.0.iter().flat_map(|part| match part {
        ObjectNamePart::Identifier(ident) if ident.value.is_empty() => vec!["PUBLIC".into()],
        ObjectNamePart::Identifier(ident) => vec![folded(ident)],
        // IDENTIFIER('d.s.t')
        ObjectNamePart::Function(function) => {
            let text = function.args.first().map(ToString::to_string).unwrap_or_default();
            super::path_of(text.trim_matches('\'')).unwrap_or_default()
        }
    });
    parts.collect()
}

/// The relation that a name in FROM stands for; nothing for stages, variables and functions.
fn relation(name: &ObjectName, args: bool) -> Option<Path> {
    let plain = name.0.iter().all(|part| {
        part.as_ident().is_none_or(|ident| match ident.quote_style {
            Some(quote) => quote != '\'',
            None => !ident.value.starts_with(['@', '$', '\'']),
        })
    });
    (plain && !args).then(|| path(name)).filter(|path| (1..=3).contains(&path.len()))
}

#[derive(Default)]
struct Seen {
    facts: Facts,
    /// The names that WITH gives, query in query.
    with: Vec<Vec<String>>,
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        let names = query.with.iter().flat_map(|with| &with.cte_tables);
        self.with.push(names.map(|table| folded(&table.alias.name)).collect());
        self.facts.order_by |= query.order_by.is_some();
        self.facts.limit |= query.limit_clause.is_some() || query.fetch.is_some();
        self.set(&query.body);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.with.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<()> {
        self.facts.selects += 1;
        self.facts.joins |= select.from.len() > 1 || select.from.iter().any(|it| !it.joins.is_empty());
        self.facts.having |= select.having.is_some();
        self.facts.limit |= select.top.is_some();
        self.facts.windows |= select.qualify.is_some();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args, sample, .. } => {
                self.facts.sample |= sample.is_some();
                if let Some(path) = relation(name, args.is_some())
                    && !(path.len() == 1 && self.with.iter().flatten().any(|name| *name == path[0]))
                    && !self.facts.relations.contains(&path)
                {
                    self.facts.relations.push(path);
                }
            }
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } | TableFactor::MatchRecognize { .. } => {
                self.facts.pivots = true;
            }
            TableFactor::Derived { sample, .. } => self.facts.sample |= sample.is_some(),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let column = match expr {
            Expr::Identifier(ident) => Some(ident),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        if let Some(column) = column.filter(|it| it.quote_style.is_some() && self.facts.quoted.is_none()) {
            self.facts.quoted = Some(column.to_string());
        }
        if let Expr::Function(function) = expr {
            let name = path(&function.name).join(".");
            if !self.facts.functions.contains(&name) {
                self.facts.functions.push(name);
            }
            self.facts.windows |= function.over.is_some();
            self.facts.distinct_aggregate |= matches!(
                &function.args,
                FunctionArguments::List(FunctionArgumentList {
                    duplicate_treatment: Some(ast::DuplicateTreatment::Distinct),
                    ..
                })
            );
        }
        ControlFlow::Continue(())
    }
}

impl Seen {
    fn set(&mut self, body: &SetExpr) {
        // A long chain of UNION ALL leans to the left.
        let mut body = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = body {
            let all = matches!(set_quantifier, ast::SetQuantifier::All | ast::SetQuantifier::AllByName);
            if *op == SetOperator::Union && all {
                self.facts.union_all = true;
            } else {
                self.facts.distinct_sets = true;
            }
            if matches!(**right, SetExpr::SetOperation { .. }) {
                self.set(right);
            }
            body = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relations(text: &str) -> Vec<String> {
        let query = query_of(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        query.facts.relations.iter().map(|path| path.join(".")).collect()
    }

    #[test]
    fn a_query_names_what_it_reads() {
        for (text, named) in [
            ("SELECT 1", vec![]),
            ("select a from t", vec!["T"]),
            ("SELECT * FROM d.s.\"t\", u JOIN d..v ON 1 = 1", vec!["D.S.t", "U", "D.PUBLIC.V"]),
            ("WITH c AS (SELECT * FROM t) SELECT * FROM c, (SELECT * FROM u) x", vec!["T", "U"]),
            ("SELECT (SELECT MAX(a) FROM t) FROM u WHERE x IN (SELECT x FROM v)", vec!["T", "U", "V"]),
            ("SELECT f.value FROM t, LATERAL FLATTEN(input => t.a) f, TABLE(fn(1)) g", vec!["T"]),
            ("SELECT $1 FROM @d.s.st/p (FILE_FORMAT => 'f')", vec![]),
            ("SELECT * FROM IDENTIFIER('d.s.t')", vec!["D.S.T"]),
            ("SELECT a FROM t UNION ALL (SELECT a FROM u MINUS SELECT 1)", vec!["T", "U"]),
        ] {
            assert_eq!(relations(text), named, "{text}");
        }
    }

    #[test]
    fn forms_that_the_parser_lacks_are_taken() {
        for text in [
            "SELECT a::ARRAY(INT NOT NULL) AS b FROM t",
            "SELECT CAST(a AS OBJECT(x INT NOT NULL, y ARRAY(INT))) AS b FROM t",
            "SELECT {*} AS o FROM t",
            "SELECT {* EXCLUDE a} AS o FROM t",
            "SELECT {t.*} AS o FROM t",
            "SELECT * FROM t INNER DIRECTED JOIN u ON t.a = u.a",
            "SELECT m!PREDICT(a) AS p FROM t",
            "SELECT f(**t) AS p FROM t",
            "SELECT * FROM t RESAMPLE (USING a INCREMENT BY INTERVAL '1 minute')",
        ] {
            assert_eq!(relations(text).first().map(String::as_str), Some("T"), "{text}");
        }
    }

    #[test]
    fn what_is_no_query_is_refused_with_its_place() {
        for (text, place) in [
            ("SELECT a b c FROM t", "line 1 at position 11 unexpected 'c'"),
            ("SELECT a\nFROM t WHERE", "line 2 at position 12 unexpected '<EOF>'"),
            ("SELEC 1", "line 1 at position 0 unexpected 'SELEC'"),
            ("WITH c AS (SELECT 1) INSERT INTO t SELECT * FROM c", "line 1 at position 0 unexpected 'WITH'"),
            ("SELECT (1", "unexpected '<EOF>'"),
        ] {
            let error = query_of(text).map(|query| query.text).unwrap_err();
            assert_eq!(error.code, 1003, "{text}");
            assert!(error.message.contains(place), "{text}: {}", error.message);
        }
    }

    #[test]
    fn a_query_without_end_is_refused_and_a_deep_one_breaks_nothing() {
        let deep = |depth: usize| format!("SELECT {} AS a", vec!["1"; depth].join(" + "));
        assert!(query_of(&deep(4_000)).is_ok());
        assert_eq!(query_of(&deep(20_000)).map(|query| query.text).unwrap_err().code, 2);
        let nested = format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300));
        assert_eq!(query_of(&nested).map(|query| query.text).unwrap_err().code, 1003);
    }

    #[test]
    fn the_text_ends_with_the_last_word() {
        assert_eq!(query_of("SELECT 1 AS a -- {\"json\": 1}").unwrap().text, "SELECT 1 AS a");
        assert_eq!(query_of("SELECT 1 /* x */ AS a ;").unwrap().text, "SELECT 1 /* x */ AS a");
    }
}
