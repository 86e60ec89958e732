//! SELECT … FROM [database.]INFORMATION_SCHEMA.view: columns, simple conditions, order and limit (docs: info-schema).

use super::cursor::Cursor;
use super::tokens::Kind;
use crate::error::SqlError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// None: the session's.
    pub(crate) database: Option<String>,
    pub(crate) view: String,
    pub(crate) items: Vec<Selected>,
    pub(crate) distinct: bool,
    pub(crate) condition: Option<Condition>,
    /// Column, descending.
    pub(crate) order: Vec<(String, bool)>,
    pub(crate) limit: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selected {
    Star,
    /// `COUNT(*)` and its label.
    Count(String),
    /// A column or a literal and its label.
    Value(Operand, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Column(String),
    Text(String),
    Number(String),
    Boolean(bool),
    Null,
    CurrentDatabase,
    CurrentSchema,
    Upper(Box<Operand>),
    Lower(Box<Operand>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Operand),
    In(Operand, Vec<Operand>),
    /// With ILIKE, letters are alike in any case.
    Like(Operand, Operand, bool),
    IsNull(Operand),
}

/// How deep brackets and functions may nest.
const DEPTH: usize = 16;

/// Does a SELECT read a view of INFORMATION_SCHEMA (and not one of its table functions)?
pub(crate) fn comes(cursor: &Cursor) -> bool {
    let mut ahead = 0;
    while cursor.look(ahead).kind != Kind::End && !cursor.is_at(ahead, "FROM") {
        ahead += 1;
    }
    let dot = |at: usize| matches!(&cursor.look(at).kind, Kind::Symbol(symbol) if symbol == ".");
    let schema = |at: usize| {
        (cursor.is_at(at, "INFORMATION_SCHEMA")
            || matches!(&cursor.look(at).kind, Kind::Quoted(name) if name == "INFORMATION_SCHEMA"))
            && dot(at + 1)
    };
    schema(ahead + 1) || (dot(ahead + 2) && schema(ahead + 3))
}

/// After `SELECT`.
pub(crate) fn select(cursor: &mut Cursor) -> Result<Query, SqlError> {
    let distinct = cursor.takes("DISTINCT");
    // What names the view is said later.
    let items = cursor.list(selected)?;
    cursor.expect("FROM")?;
    let place = cursor.peek().clone();
    let mut path = cursor.path()?;
    let (Some(view), Some(_)) = (path.pop(), path.pop()) else { return Err(place.unexpected()) };
    let alias = alias(cursor)?.unwrap_or_else(|| view.clone());
    let mut query = Query {
        database: path.pop(),
        view,
        items: Vec::new(),
        distinct,
        condition: None,
        order: Vec::new(),
        limit: None,
    };
    for (item, qualifier) in items {
        known(&alias, qualifier.as_deref())?;
        query.items.push(item);
    }
    if cursor.takes("WHERE") {
        query.condition = Some(any(cursor, &alias, 0)?);
    }
    if cursor.takes("ORDER") {
        cursor.expect("BY")?;
        query.order = cursor.list(|cursor| {
            let column = column(cursor, &alias)?;
            let descending = cursor.takes("DESC");
            if !descending {
                cursor.takes("ASC");
            }
            Ok((column, descending))
        })?;
    }
    if cursor.takes("LIMIT") {
        query.limit = Some(cursor.count()?);
    }
    cursor.finish()?;
    Ok(query)
}

fn alias(cursor: &mut Cursor) -> Result<Option<String>, SqlError> {
    const NEXT: [&str; 12] = [
        "WHERE", "ORDER", "LIMIT", "GROUP", "HAVING", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS",
        "UNION",
    ];
    if cursor.takes("AS") {
        return cursor.identifier().map(Some);
    }
    if NEXT.iter().any(|word| cursor.is(word))
        || !matches!(cursor.peek().kind, Kind::Word(_) | Kind::Quoted(_))
    {
        return Ok(None);
    }
    cursor.identifier().map(Some)
}

/// `000904` for a column of something that is not in FROM.
fn known(alias: &str, qualifier: Option<&str>) -> Result<(), SqlError> {
    match qualifier {
        Some(other) if other != alias => Err(SqlError::new(
            904,
            "42000",
            format!("SQL compilation error: error line 1 at position 7\ninvalid identifier '{other}'"),
        )),
        _ => Ok(()),
    }
}

/// One of the columns, and what stands before its dot.
fn selected(cursor: &mut Cursor) -> Result<(Selected, Option<String>), SqlError> {
    if cursor.takes_symbol("*") {
        return Ok((Selected::Star, None));
    }
    let place = cursor.peek().clone();
    if cursor.is("COUNT") {
        cursor.next();
        cursor.expect_symbol("(")?;
        cursor.expect_symbol("*")?;
        cursor.expect_symbol(")")?;
        let label = label(cursor)?.unwrap_or_else(|| "COUNT(*)".into());
        return Ok((Selected::Count(label), None));
    }
    let mut qualifier = None;
    let name = matches!(place.kind, Kind::Word(_) | Kind::Quoted(_));
    if name && matches!(&cursor.look(1).kind, Kind::Symbol(symbol) if symbol == ".") {
        qualifier = Some(cursor.identifier()?);
        cursor.next();
        if cursor.takes_symbol("*") {
            return Ok((Selected::Star, qualifier));
        }
    }
    let operand = operand(cursor, "", 0)?;
    let written = written(&operand);
    let label = label(cursor)?.unwrap_or(written);
    Ok((Selected::Value(operand, label), qualifier))
}

/// What a column is called that has no label.
fn written(operand: &Operand) -> String {
    match operand {
        Operand::Column(name) => name.clone(),
        Operand::Text(text) => format!("'{}'", text.replace('\'', "''").to_uppercase()),
        Operand::Number(number) => number.clone(),
        Operand::Boolean(value) => value.to_string().to_uppercase(),
        Operand::Null => "NULL".into(),
        Operand::CurrentDatabase => "CURRENT_DATABASE()".into(),
        Operand::CurrentSchema => "CURRENT_SCHEMA()".into(),
        Operand::Upper(inside) => format!("UPPER({})", written(inside)),
        Operand::Lower(inside) => format!("LOWER({})", written(inside)),
    }
}

fn label(cursor: &mut Cursor) -> Result<Option<String>, SqlError> {
    let named = cursor.takes("AS")
        || (matches!(cursor.peek().kind, Kind::Word(_) | Kind::Quoted(_)) && !cursor.is("FROM"));
    if named { cursor.identifier().map(Some) } else { Ok(None) }
}

fn column(cursor: &mut Cursor, alias: &str) -> Result<String, SqlError> {
    let name = cursor.identifier()?;
    if !cursor.takes_symbol(".") {
        return Ok(name);
    }
    known(alias, Some(&name))?;
    cursor.identifier()
}

fn operand(cursor: &mut Cursor, alias: &str, depth: usize) -> Result<Operand, SqlError> {
    if depth > DEPTH {
        return cursor.unexpected();
    }
    let minus = cursor.is_symbol("-") && matches!(cursor.look(1).kind, Kind::Number(_));
    if minus {
        cursor.next();
    }
    let found = match cursor.peek().kind.clone() {
        Kind::Text(text) => Operand::Text(text),
        Kind::Number(number) => Operand::Number(if minus { format!("-{number}") } else { number }),
        Kind::Quoted(_) => return column(cursor, alias).map(Operand::Column),
        Kind::Word(word) => {
            let called = matches!(&cursor.look(1).kind, Kind::Symbol(symbol) if symbol == "(");
            let word = word.to_uppercase();
            match (word.as_str(), called) {
                ("TRUE", _) => Operand::Boolean(true),
                ("FALSE", _) => Operand::Boolean(false),
                ("NULL", _) => Operand::Null,
                ("FROM" | "WHERE" | "AND" | "OR" | "NOT" | "IN" | "LIKE" | "ILIKE" | "IS" | "ORDER", _) => {
                    return cursor.unexpected();
                }
                ("CURRENT_DATABASE" | "CURRENT_SCHEMA", true) => {
                    cursor.next();
                    cursor.next();
                    cursor.expect_symbol(")")?;
                    let database = word == "CURRENT_DATABASE";
                    return Ok(if database { Operand::CurrentDatabase } else { Operand::CurrentSchema });
                }
                ("UPPER" | "LOWER", true) => {
                    cursor.next();
                    cursor.next();
                    let inside = Box::new(operand(cursor, alias, depth + 1)?);
                    cursor.expect_symbol(")")?;
                    return Ok(if word == "UPPER" { Operand::Upper(inside) } else { Operand::Lower(inside) });
                }
                (_, true) => {
                    return Err(SqlError::unsupported(format!("{word} on INFORMATION_SCHEMA")));
                }
                _ => return column(cursor, alias).map(Operand::Column),
            }
        }
        _ => return cursor.unexpected(),
    };
    cursor.next();
    Ok(found)
}

fn any(cursor: &mut Cursor, alias: &str, depth: usize) -> Result<Condition, SqlError> {
    let mut parts = vec![all(cursor, alias, depth)?];
    while cursor.takes("OR") {
        parts.push(all(cursor, alias, depth)?);
    }
    Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Condition::Any(parts) })
}

fn all(cursor: &mut Cursor, alias: &str, depth: usize) -> Result<Condition, SqlError> {
    let mut parts = vec![one(cursor, alias, depth)?];
    while cursor.takes("AND") {
        parts.push(one(cursor, alias, depth)?);
    }
    Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Condition::All(parts) })
}

fn one(cursor: &mut Cursor, alias: &str, depth: usize) -> Result<Condition, SqlError> {
    if depth > DEPTH {
        return cursor.unexpected();
    }
    if cursor.takes("NOT") {
        return Ok(Condition::Not(Box::new(one(cursor, alias, depth + 1)?)));
    }
    if cursor.takes_symbol("(") {
        let inside = any(cursor, alias, depth + 1)?;
        cursor.expect_symbol(")")?;
        return Ok(inside);
    }
    let left = operand(cursor, alias, depth)?;
    if cursor.takes("IS") {
        let not = cursor.takes("NOT");
        cursor.expect("NULL")?;
        return Ok(negated(Condition::IsNull(left), not));
    }
    let not = cursor.takes("NOT");
    if cursor.takes("IN") {
        let list = cursor.bracketed(|cursor| operand(cursor, alias, depth + 1))?;
        return if list.is_empty() {
            cursor.unexpected()
        } else {
            Ok(negated(Condition::In(left, list), not))
        };
    }
    let folds = cursor.is("ILIKE");
    if cursor.takes("LIKE") || cursor.takes("ILIKE") {
        let pattern = operand(cursor, alias, depth + 1)?;
        return Ok(negated(Condition::Like(left, pattern, folds), not));
    }
    if not {
        return cursor.unexpected();
    }
    let comparison = match &cursor.peek().kind {
        Kind::Symbol(symbol) => match symbol.as_str() {
            "=" => Comparison::Equal,
            "!=" | "<>" => Comparison::Unequal,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return cursor.unexpected(),
        },
        _ => return cursor.unexpected(),
    };
    cursor.next();
    Ok(Condition::Compare(left, comparison, operand(cursor, alias, depth + 1)?))
}

fn negated(condition: Condition, not: bool) -> Condition {
    if not { Condition::Not(Box::new(condition)) } else { condition }
}
