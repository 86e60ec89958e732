//! Statements: sqlparser's tree to ours.

use sqlparser::ast::{
    self, AssignmentTarget, Expr, FromTable, GroupByExpr, LimitClause, ObjectName, OrderByKind, OrderBySort,
    SelectItem, SetExpr, Statement, TableFactor, TableObject, TableWithJoins,
};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::{Parser, ParserError};

use super::super::Command;
use super::super::cursor::{Cursor, Path};
use super::super::tokens::{Kind, tokenize};
use super::expression::{expression, folded, unsupported};
use super::{Delete, Expression, Given, Insert, Item, Order, Query, Source, Truncate, Update};
use crate::error::SqlError;

/// After `SELECT`: does it read rows of a table, or take values of a sequence?
pub(crate) fn reads_rows(cursor: &Cursor) -> bool {
    let symbol =
        |at: usize, text: &str| matches!(&cursor.look(at).kind, Kind::Symbol(symbol) if symbol == text);
    let (mut ahead, mut depth) = (0_usize, 0_i64);
    loop {
        match &cursor.look(ahead).kind {
            Kind::End => return false,
            Kind::Symbol(symbol) if symbol == "(" => depth += 1,
            Kind::Symbol(symbol) if symbol == ")" => depth -= 1,
            Kind::Word(word) if depth == 0 && word.eq_ignore_ascii_case("FROM") => {
                return !(cursor.is_at(ahead + 1, "TABLE") && symbol(ahead + 2, "("));
            }
            Kind::Word(word)
                if word.eq_ignore_ascii_case("NEXTVAL") && ahead > 0 && symbol(ahead - 1, ".") =>
            {
                return true;
            }
            _ => {}
        }
        ahead += 1;
    }
}

/// How many operators may stand in one expression, those around its brackets included: trees are walked by recursion.
const OPERATORS: usize = 100;

/// A long chain of operators is refused before it becomes a deep tree.
fn shallow(text: &str) -> Result<(), SqlError> {
    const WORDS: [&str; 7] = ["AND", "OR", "NOT", "LIKE", "ILIKE", "IS", "IN"];
    let mut open = vec![0_usize];
    for token in tokenize(text)? {
        match &token.kind {
            Kind::Symbol(symbol) if symbol == "(" => open.push(0),
            Kind::Symbol(symbol) if symbol == ")" => drop(open.pop()),
            Kind::Symbol(symbol) if symbol == "," => {
                if let Some(count) = open.last_mut() {
                    *count = 0;
                }
            }
            Kind::Symbol(symbol) if symbol != "." => *open.last_mut().ok_or_else(|| token.unexpected())? += 1,
            Kind::Word(word) if WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) => {
                *open.last_mut().ok_or_else(|| token.unexpected())? += 1;
            }
            _ => {}
        }
        if open.len() > OPERATORS || open.iter().sum::<usize>() > OPERATORS {
            return Err(unsupported(format!("more than {OPERATORS} operators in one expression")));
        }
    }
    Ok(())
}

/// The statement as sqlparser reads it.
fn statement(text: &str) -> Result<Statement, SqlError> {
    shallow(text)?;
    let mut found = Parser::parse_sql(&SnowflakeDialect {}, text).map_err(|error| match &error {
        ParserError::ParserError(what) if what.ends_with("found: EOF") => end(text),
        error => refused(error),
    })?;
    match (found.pop(), found.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => Err(unsupported("several statements")),
    }
}

/// `001003` at the end of a statement.
fn end(text: &str) -> SqlError {
    match tokenize(text).map(|mut tokens| tokens.pop()) {
        Ok(Some(token)) => token.unexpected(),
        Ok(None) => SqlError::syntax("unexpected '<EOF>'."),
        Err(error) => error,
    }
}

/// `001003` with the place that sqlparser names.
fn refused(error: &ParserError) -> SqlError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => "statement is nested too deeply",
    };
    let place = text.rsplit_once(" at Line: ").and_then(|(before, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        let column: u64 = column.trim().parse().ok()?;
        let found = before.rsplit_once("found: ").map_or("<EOF>", |(_, found)| found.trim());
        Some((line.trim().to_owned(), column.saturating_sub(1), found.to_owned()))
    });
    match place {
        Some((line, position, found)) => {
            SqlError::syntax(format!("syntax error line {line} at position {position} unexpected '{found}'."))
        }
        None => SqlError::syntax(format!("syntax error line 1 at position 0: {text}.")),
    }
}

/// What was understood makes up the whole.
fn whole(understood: &str, whole: &impl std::fmt::Display) -> Result<(), SqlError> {
    let whole = whole.to_string();
    if understood == whole {
        return Ok(());
    }
    let same = understood.bytes().zip(whole.bytes()).take_while(|(one, other)| one == other).count();
    let from = whole.get(..same).and_then(|same| same.rfind(' ')).unwrap_or_default();
    let rest: String = whole.get(from..).unwrap_or(&whole).trim().chars().take(60).collect();
    Err(unsupported(format!("here: {rest}")))
}

fn joined<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The name of an object: of three parts at most.
fn path(name: &ObjectName) -> Result<Path, SqlError> {
    let parts = name.0.iter().map(|part| part.as_ident().map(folded)).collect::<Option<Path>>();
    parts.filter(|parts| (1..=3).contains(&parts.len())).ok_or_else(|| unsupported(format!("name {name}")))
}

fn source(factor: &TableFactor) -> Result<Source, SqlError> {
    let TableFactor::Table { name, alias, .. } = factor else {
        return Err(unsupported(format!("FROM {factor}")));
    };
    let called =
        alias.as_ref().map(|alias| format!(" {}{}", if alias.explicit { "AS " } else { "" }, alias.name));
    whole(&format!("{name}{}", called.unwrap_or_default()), factor)?;
    Ok(Source { path: path(name)?, alias: alias.as_ref().map(|alias| folded(&alias.name)) })
}

fn single(tables: &[TableWithJoins]) -> Result<Source, SqlError> {
    match tables {
        [TableWithJoins { relation, joins }] if joins.is_empty() => source(relation),
        _ => Err(unsupported("joins")),
    }
}

fn label(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => folded(ident),
        Expr::CompoundIdentifier(parts) => parts.last().map(folded).unwrap_or_default(),
        other => other.to_string().to_uppercase(),
    }
}

fn item(item: &SelectItem) -> Result<Item, SqlError> {
    match item {
        SelectItem::UnnamedExpr(expr) => Ok(Item::Value(expression(expr)?, label(expr))),
        SelectItem::ExprWithAlias { expr, alias } => Ok(Item::Value(expression(expr)?, folded(alias))),
        SelectItem::Wildcard(_) => {
            whole("*", item)?;
            Ok(Item::Star)
        }
        other => Err(unsupported(format!("column {other}"))),
    }
}

fn query(of: &ast::Query) -> Result<Query, SqlError> {
    let SetExpr::Select(select) = of.body.as_ref() else {
        return Err(unsupported("queries other than one SELECT"));
    };
    let mut understood = format!("SELECT {}", joined(&select.projection));
    if !select.from.is_empty() {
        understood += " FROM ";
        understood += &joined(&select.from);
    }
    if let Some(selection) = &select.selection {
        understood += " WHERE ";
        understood += &selection.to_string();
    }
    if !matches!(&select.group_by, GroupByExpr::Expressions(by, modifiers) if by.is_empty() && modifiers.is_empty())
    {
        return Err(unsupported("GROUP BY"));
    }
    let mut order = Vec::new();
    if let Some(by) = &of.order_by {
        understood += " ";
        understood += &by.to_string();
        let OrderByKind::Expressions(list) = &by.kind else { return Err(unsupported("ORDER BY ALL")) };
        for one in list {
            let descending = match &one.options.sort {
                None | Some(OrderBySort::Asc) => false,
                Some(OrderBySort::Desc) => true,
                Some(OrderBySort::Using(_)) => return Err(unsupported("ORDER BY … USING")),
            };
            let nulls_first = one.options.nulls_first;
            order.push(Order { by: expression(&one.expr)?, descending, nulls_first });
        }
    }
    let (mut limit, mut offset) = (None, 0);
    if let Some(clause) = &of.limit_clause {
        understood.push_str(&clause.to_string());
        let LimitClause::LimitOffset { limit: most, offset: from, limit_by } = clause else {
            return Err(unsupported("LIMIT a, b"));
        };
        if !limit_by.is_empty() {
            return Err(unsupported("LIMIT … BY"));
        }
        limit = most.as_ref().map(count).transpose()?.flatten();
        offset = from.as_ref().map(|from| count(&from.value)).transpose()?.flatten().unwrap_or_default();
    }
    whole(&understood, of)?;
    Ok(Query {
        items: select.projection.iter().map(item).collect::<Result<_, _>>()?,
        from: if select.from.is_empty() { None } else { Some(single(&select.from)?) },
        filter: select.selection.as_ref().map(expression).transpose()?,
        order,
        limit,
        offset,
    })
}

/// A number of rows; NULL for no limit.
fn count(expr: &Expr) -> Result<Option<u64>, SqlError> {
    match expression(expr)? {
        Expression::Null => Ok(None),
        Expression::Number(number) => {
            number.parse().map(Some).map_err(|_| SqlError::invalid_value(&number, "LIMIT"))
        }
        _ => Err(unsupported("LIMIT that is no number")),
    }
}

fn query_of(text: &str) -> Result<Query, SqlError> {
    match statement(text)? {
        Statement::Query(found) => query(&found),
        other => Err(unsupported(other)),
    }
}

/// After `SELECT`, when it [`reads_rows`].
pub(crate) fn select(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let found = query_of(&cursor.everything())?;
    Ok(Command::Query(Box::new(found)))
}

/// The query that the rest of a statement is.
pub(crate) fn select_from(cursor: &mut Cursor) -> Result<Query, SqlError> {
    query_of(&cursor.rest())
}

/// An expression that stands alone: a column's default.
pub(crate) fn expression_of(text: &str) -> Result<Expression, SqlError> {
    match query_of(&format!("SELECT {text}"))?.items.pop() {
        Some(Item::Value(value, _)) => Ok(value),
        _ => Err(unsupported(text)),
    }
}

/// After `INSERT`.
pub(crate) fn insert(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let Statement::Insert(insert) = statement(&cursor.everything())? else { return cursor.unexpected() };
    let TableObject::TableName(name) = &insert.table else {
        return Err(unsupported("INSERT into a function"));
    };
    let Some(source) = &insert.source else { return Err(unsupported("INSERT without rows")) };
    let columns =
        if insert.columns.is_empty() { String::new() } else { format!("({}) ", joined(&insert.columns)) };
    let overwrite = if insert.overwrite { "OVERWRITE" } else { "" };
    let into = if insert.into { "INTO" } else { "" };
    let words: Vec<&str> = ["INSERT", overwrite, into].into_iter().filter(|word| !word.is_empty()).collect();
    whole(&format!("{} {name} {columns}{source}", words.join(" ")), &insert)?;
    let given = match source.body.as_ref() {
        SetExpr::Values(values) => {
            whole(&values.to_string(), source)?;
            let row =
                |row: &ast::Parens<Vec<Expr>>| row.content.iter().map(expression).collect::<Result<_, _>>();
            Given::Rows(values.rows.iter().map(row).collect::<Result<_, _>>()?)
        }
        _ => Given::Query(query(source)?),
    };
    let columns =
        insert.columns.iter().map(|name| path(name).map(|mut parts| parts.pop().unwrap_or_default()));
    Ok(Command::Insert(Box::new(Insert {
        path: path(name)?,
        overwrite: insert.overwrite,
        columns: columns.collect::<Result<_, _>>()?,
        given,
    })))
}

/// After `UPDATE`.
pub(crate) fn update(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let Statement::Update(update) = statement(&cursor.everything())? else { return cursor.unexpected() };
    let condition = update.selection.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    whole(&format!("UPDATE {} SET {}{condition}", update.table, joined(&update.assignments)), &update)?;
    let mut set = Vec::new();
    for assignment in &update.assignments {
        let AssignmentTarget::ColumnName(name) = &assignment.target else {
            return Err(unsupported("SET of several columns at once"));
        };
        let column = path(name)?.pop().unwrap_or_default();
        set.push((column, expression(&assignment.value)?));
    }
    let filter = update.selection.as_ref().map(expression).transpose()?;
    let table = single(std::slice::from_ref(&update.table))?;
    Ok(Command::Update(Box::new(Update { table, set, filter })))
}

/// After `DELETE`.
pub(crate) fn delete(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let Statement::Delete(delete) = statement(&cursor.everything())? else { return cursor.unexpected() };
    let FromTable::WithFromKeyword(tables) = &delete.from else { return cursor.unexpected() };
    let condition = delete.selection.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    whole(&format!("DELETE FROM {}{condition}", joined(tables)), &delete)?;
    let filter = delete.selection.as_ref().map(expression).transpose()?;
    Ok(Command::Delete(Box::new(Delete { table: single(tables)?, filter })))
}

/// After `TRUNCATE`: `[TABLE] [IF EXISTS] name`
pub(crate) fn truncate(cursor: &mut Cursor) -> Result<Command, SqlError> {
    cursor.takes("TABLE");
    let if_exists = cursor.if_exists()?;
    Ok(Command::Truncate(Truncate { path: cursor.path()?, if_exists }))
}
