//! Which objects a user's SQL names: they come before the object that it stands in.
//!
//! A query is parsed, for a wrong name could close a circle that is none; what the parser does not know gives no names,
//! and the order of the kinds decides, then the next round. The body of a task or an alert may be a block of
//! Snowflake Scripting, which no parser reads; but nothing depends on a task, so there every name that is one of this
//! resource's counts.
//! An unqualified name lies in the schema of the object that has the query
//! (<https://docs.snowflake.com/en/sql-reference/sql/create-view>, usage notes; that it holds for dynamic tables and
//! search services too is unverified).

use std::ops::ControlFlow;

use sqlparser::{
    ast::{
        Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, ObjectNamePart, Query, Statement,
        TableFactor, Value, Visit, Visitor,
    },
    dialect::SnowflakeDialect,
    parser::Parser,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use super::names::{Directory, beside};
use crate::{
    plan::Target,
    values::{full_name::FullName, ident::Ident, path::parse_path, user_sql::UserSql},
};

/// What a query may read from.
const RELATIONS: [&str; 6] =
    ["TABLE", "VIEW", "MATERIALIZED VIEW", "DYNAMIC TABLE", "STREAM", "EXTERNAL TABLE"];
/// What may be called.
const CALLED: [&str; 2] = ["FUNCTION", "PROCEDURE"];
/// The most words that are parsed: the tree of a long sum is as deep as it has summands, and a stack has an end.
const MOST_WORDS: usize = 10_000;

/// SQL of a user's, by what it may name.
pub(super) enum Reads<'a> {
    Nothing,
    /// It reads what its clauses name.
    Query(&'a UserSql),
    /// Every name in them counts.
    Bodies([Option<&'a UserSql>; 2]),
}

impl Reads<'_> {
    /// The objects of this resource that it names. `from` is the object that has it.
    pub fn targets(&self, from: &FullName, directory: &Directory) -> Vec<Target> {
        match self {
            Self::Nothing => vec![],
            Self::Query(query) => of_query(query.as_str(), from, directory),
            Self::Bodies(all) => {
                all.iter().flatten().flat_map(|body| of_body(body.as_str(), from, directory)).collect()
            }
        }
    }
}

/// The objects of this resource that a query names. `from` is the object that has the query.
fn of_query(text: &str, from: &FullName, directory: &Directory) -> Vec<Target> {
    let mut names = Names::default();
    if let Some(statements) = parsed(text) {
        // Nothing breaks off the walk.
        let _: ControlFlow<()> = statements.visit(&mut names);
    }
    targets(&names, from, directory)
}

/// The objects of this resource whose names stand anywhere in a body.
fn of_body(text: &str, from: &FullName, directory: &Directory) -> Vec<Target> {
    let mut names = Names::default();
    let tokens = tokens(text).unwrap_or_default();
    let mut path: Vec<Ident> = vec![];
    let mut open = false;
    for token in &tokens {
        match &token.token {
            Token::Word(word) => {
                let own = ident(&word.value, word.quote_style.is_some());
                if !open {
                    names.mentioned(std::mem::take(&mut path));
                }
                path.extend(own);
                open = false;
            }
            Token::Period => open = true,
            Token::LParen => names.called.extend(some(std::mem::take(&mut path))),
            Token::SingleQuotedString(text) => names.quoted(text),
            _ => names.mentioned(std::mem::take(&mut path)),
        }
    }
    names.mentioned(path);
    targets(&names, from, directory)
}

fn some(path: Vec<Ident>) -> Option<Vec<Ident>> {
    (!path.is_empty()).then_some(path)
}

fn tokens(text: &str) -> Option<Vec<TokenWithSpan>> {
    let mut tokens = Tokenizer::new(&SnowflakeDialect {}, text).tokenize_with_location().ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    Some(tokens)
}

fn parsed(text: &str) -> Option<Vec<Statement>> {
    let tokens = tokens(text).filter(|tokens| tokens.len() <= MOST_WORDS)?;
    Parser::new(&SnowflakeDialect {}).with_tokens_with_locations(tokens).parse_statements().ok()
}

/// A name by Snowflake's rule.
fn ident(text: &str, quoted: bool) -> Option<Ident> {
    if quoted { Ident::exact(text).ok() } else { Ident::from_spec(text).ok() }
}

fn path(name: &ObjectName) -> Option<Vec<Ident>> {
    let part = |part: &ObjectNamePart| {
        let word = part.as_ident()?;
        ident(&word.value, word.quote_style == Some('"'))
    };
    name.0.iter().map(part).collect()
}

#[derive(Default)]
struct Names {
    relations: Vec<Vec<Ident>>,
    called: Vec<Vec<Ident>>,
    /// The names that WITH gives, query in query.
    with: Vec<Vec<Ident>>,
}

impl Names {
    fn mentioned(&mut self, path: Vec<Ident>) {
        self.relations.extend(some(path));
    }
    /// `SYSTEM$STREAM_HAS_DATA('…')`, `TABLE('…')`: a name in a string.
    fn quoted(&mut self, text: &str) {
        self.relations.extend(parse_path(text).ok());
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        let names = tables.filter_map(|table| {
            let name = &table.alias.name;
            ident(&name.value, name.quote_style.is_some())
        });
        self.with.push(names.collect());
        ControlFlow::Continue(())
    }
    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.with.pop();
        ControlFlow::Continue(())
    }
    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: None, .. } => {
                let own = path(name).filter(|path| match path.as_slice() {
                    [alone] => !self.with.iter().flatten().any(|known| known == alone),
                    _ => true,
                });
                self.relations.extend(own);
            }
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                self.called.extend(path(name));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.called.extend(path(&function.name));
            let stream = function.name.to_string().eq_ignore_ascii_case("SYSTEM$STREAM_HAS_DATA");
            if let FunctionArguments::List(list) = &function.args
                && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) =
                    list.args.first()
                && let Value::SingleQuotedString(text) = &value.value
                && stream
            {
                self.quoted(text);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Those that this resource has, each once; not the object itself.
fn targets(names: &Names, from: &FullName, directory: &Directory) -> Vec<Target> {
    let mut all = vec![];
    for full in names.relations.iter().filter_map(|path| beside(path, from)) {
        // Most words of a body are no names of ours.
        let kinds = RELATIONS.into_iter().filter(|kind| directory.owns(kind, &full));
        all.extend(kinds.filter(|_| full != *from).map(|kind| Target::new(kind, full.to_string())));
    }
    for full in names.called.iter().filter_map(|path| beside(path, from)) {
        all.extend(CALLED.into_iter().flat_map(|kind| directory.overloads(kind, &full)).cloned());
    }
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> FullName {
        FullName::parse(text).unwrap()
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        for (kind, name) in [
            ("TABLE", "DB.S.CALLS"),
            ("TABLE", "DB.S.\"calls\""),
            ("VIEW", "DB.OTHER.CALLS"),
            ("DYNAMIC TABLE", "DB.S.DAILY"),
            ("STREAM", "DB.S.NEW"),
            ("PROCEDURE", "DB.S.LOAD(VARCHAR)"),
            ("PROCEDURE", "DB.S.LOAD()"),
            ("PROCEDURE", "DB.S.LOADER()"),
            ("FUNCTION", "DB.S.CLEAN(VARCHAR)"),
            ("FUNCTION", "DB.S.ROWS_OF(VARCHAR)"),
        ] {
            directory.add(kind, "x", &full(name));
        }
        directory
    }

    fn shown(targets: Vec<Target>) -> String {
        targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_query_comes_after_what_it_reads_and_calls() {
        let from = full("DB.S.V");
        for (query, names) in [
            ("SELECT * FROM calls", "table DB.S.CALLS"),
            ("select daily.x from other.calls daily", "view DB.OTHER.CALLS"),
            ("SELECT * FROM db.s.calls, \"calls\"", "table DB.S.\"calls\", table DB.S.CALLS"),
            ("WITH calls AS (SELECT 1 AS daily) SELECT * FROM calls", ""),
            (
                "WITH daily AS (SELECT * FROM calls) SELECT * FROM daily JOIN new ON TRUE",
                "stream DB.S.NEW, table DB.S.CALLS",
            ),
            (
                "SELECT clean(x) FROM TABLE(rows_of('a')) WHERE x IN (SELECT y FROM daily)",
                "dynamic table DB.S.DAILY, function DB.S.CLEAN(VARCHAR), function DB.S.ROWS_OF(VARCHAR)",
            ),
            ("SELECT 1 WHERE SYSTEM$STREAM_HAS_DATA('db.s.new')", "stream DB.S.NEW"),
            (
                "SELECT c.value:a::string FROM calls t, LATERAL FLATTEN(input => t.parts) c QUALIFY ROW_NUMBER() OVER (PARTITION BY 1 ORDER BY 1) = 1",
                "table DB.S.CALLS",
            ),
            ("SELECT 'FROM calls' AS daily FROM elsewhere.calls -- calls", ""),
            ("SELECT * FROM v", ""),
            ("SELEC 1 FROM calls", ""),
        ] {
            assert_eq!(shown(of_query(query, &from, &directory())), names, "{query}");
        }
    }

    #[test]
    fn a_body_comes_after_all_that_it_mentions() {
        let from = full("DB.S.T");
        for (body, names) in [
            ("CALL load('x')", "procedure DB.S.LOAD(), procedure DB.S.LOAD(VARCHAR)"),
            (
                "BEGIN\n  INSERT INTO daily SELECT * FROM db.s.\"calls\";\n  CALL DB.S.LOADER ();\nEND;",
                "dynamic table DB.S.DAILY, procedure DB.S.LOADER(), table DB.S.\"calls\"",
            ),
            ("SELECT SYSTEM$STREAM_HAS_DATA('NEW')", "stream DB.S.NEW"),
            ("INSERT INTO x.daily VALUES (1) -- calls", ""),
        ] {
            assert_eq!(shown(of_body(body, &from, &directory())), names, "{body}");
        }
    }

    #[test]
    fn a_query_that_is_too_long_to_parse_gives_no_names() {
        let sum = vec!["1"; MOST_WORDS].join(" + ");
        assert_eq!(of_query(&format!("SELECT {sum} FROM calls"), &full("DB.S.V"), &directory()), []);
    }
}
