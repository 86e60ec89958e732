//! SELECT of context functions, system functions and literals; the query history; CALL of system procedures.

use std::time::Duration;

use super::Command;
use super::cursor::Cursor;
use super::tokens::Kind;
use crate::error::SqlError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Call(String, Vec<Expression>),
    Text(String),
    /// With its sign and decimals, as written.
    Number(String),
    Boolean(bool),
    Null,
    Column(String),
    /// `$NAME`, a session variable.
    Variable(String),
    Star,
}

impl Expression {
    /// The root task that a call of `SYSTEM$TASK_DEPENDENTS_ENABLE` names.
    pub(crate) fn enables(&self) -> Option<&str> {
        match self {
            Self::Call(name, arguments) if name == "SYSTEM$TASK_DEPENDENTS_ENABLE" => {
                match arguments.as_slice() {
                    [Self::Text(root)] => Some(root),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) expression: Expression,
    /// The alias, or the text of the expression in upper case.
    pub(crate) label: String,
}

/// What is selected from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => n))`: at most 10,000; 100 when not given.
    History { result_limit: u64 },
    /// `TABLE(INFORMATION_SCHEMA.TASK_HISTORY(…))` or, with `graphs`, CURRENT_TASK_GRAPHS: of one task, so many rows.
    Tasks { graphs: bool, name: Option<String>, limit: u64 },
    /// `TABLE(RESULT_SCAN(id))`
    Results(Expression),
    /// `TABLE(INFORMATION_SCHEMA.POLICY_REFERENCES(REF_ENTITY_NAME => …, REF_ENTITY_DOMAIN => …))`; without a domain: what hangs on a
    /// policy, `POLICY_NAME => …`.
    Policies { name: String, domain: String },
}

/// `FROM` with what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) source: Source,
    /// Columns that must equal a text or a number.
    pub(crate) filters: Vec<(String, Expression)>,
    /// Column, descending.
    pub(crate) order: Option<(String, bool)>,
    pub(crate) limit: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Select {
    pub(crate) items: Vec<Item>,
    pub(crate) from: Option<From>,
}

impl Select {
    /// `SYSTEM$WAIT` among the columns.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.items.iter().find_map(|item| wait(&item.expression))
    }
}

/// How long a call of `SYSTEM$WAIT(amount [, unit])` lasts.
pub(crate) fn wait(expression: &Expression) -> Option<Duration> {
    let Expression::Call(name, arguments) = expression else { return None };
    if name != "SYSTEM$WAIT" {
        return None;
    }
    let amount: u64 = match arguments.first()? {
        Expression::Number(number) => number.parse().ok()?,
        _ => return None,
    };
    let unit = match arguments.get(1) {
        Some(Expression::Text(unit)) => unit.to_uppercase(),
        _ => "SECONDS".into(),
    };
    let milliseconds = match unit.as_str() {
        "MILLISECONDS" => 1,
        "SECONDS" => 1_000,
        "MINUTES" => 60_000,
        "HOURS" => 3_600_000,
        "DAYS" => 86_400_000,
        _ => return None,
    };
    amount.checked_mul(milliseconds).map(Duration::from_millis)
}

/// After `SELECT`.
pub(crate) fn select(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let items = cursor.list(item)?;
    let from = if cursor.takes("FROM") { Some(from(cursor)?) } else { None };
    if from.is_none() {
        cursor.finish()?;
        let column = |item: &Item| matches!(item.expression, Expression::Column(_) | Expression::Star);
        if let Some(item) = items.iter().find(|item| column(item)) {
            return Err(SqlError::new(
                904,
                "42000",
                format!(
                    "SQL compilation error: error line 1 at position 7\ninvalid identifier '{}'",
                    item.label
                ),
            ));
        }
    }
    Ok(Command::Select(Select { items, from }))
}

/// After `CALL`.
pub(crate) fn call(cursor: &mut Cursor) -> Result<Command, SqlError> {
    let place = cursor.peek().clone();
    if !matches!(&place.kind, Kind::Word(word) if word.to_uppercase().starts_with("SYSTEM$")) {
        return super::routine::call(cursor);
    }
    let called = item(cursor)?;
    match &called.expression {
        Expression::Call(name, _) if name.starts_with("SYSTEM$") => {
            let label = name.clone();
            Ok(Command::Call(Item { label, expression: called.expression }))
        }
        _ => Err(place.unexpected()),
    }
}

fn item(cursor: &mut Cursor) -> Result<Item, SqlError> {
    let expression = expression(cursor, 0)?;
    let named = match cursor.peek().kind {
        Kind::Quoted(_) => true,
        Kind::Word(_) => !cursor.is("FROM"),
        _ => false,
    };
    // All columns together have no name.
    let aliased = expression != Expression::Star && (cursor.takes("AS") || named);
    let label = if aliased { cursor.identifier()? } else { label(&expression) };
    Ok(Item { expression, label })
}

/// The value that SET gives a variable.
pub(crate) fn value(cursor: &mut Cursor) -> Result<Expression, SqlError> {
    expression(cursor, 1)
}

/// How deep calls may nest: nothing that is known here nests deeper.
const DEPTH: usize = 8;

fn expression(cursor: &mut Cursor, depth: usize) -> Result<Expression, SqlError> {
    if depth > DEPTH {
        return cursor.unexpected();
    }
    let negative = cursor.is_symbol("-") && matches!(cursor.look(1).kind, Kind::Number(_));
    if negative {
        cursor.next();
    }
    let token = cursor.peek().clone();
    let found = match token.kind {
        Kind::Number(number) => Expression::Number(if negative { format!("-{number}") } else { number }),
        Kind::Text(text) => Expression::Text(text),
        Kind::Symbol(symbol) if symbol == "*" && depth == 0 => Expression::Star,
        Kind::Symbol(symbol) if symbol.len() > 1 && symbol.starts_with('$') => {
            Expression::Variable(symbol[1..].to_uppercase())
        }
        Kind::Quoted(name) => Expression::Column(name),
        Kind::Word(word) => match word.to_uppercase().as_str() {
            "TRUE" => Expression::Boolean(true),
            "FALSE" => Expression::Boolean(false),
            "NULL" => Expression::Null,
            "FROM" | "AS" | "WHERE" => return cursor.unexpected(),
            name => {
                cursor.next();
                return if cursor.is_symbol("(") {
                    let arguments = cursor.bracketed(|cursor| expression(cursor, depth + 1))?;
                    Ok(Expression::Call(name.to_owned(), arguments))
                } else {
                    Ok(Expression::Column(name.to_owned()))
                };
            }
        },
        _ => return cursor.unexpected(),
    };
    cursor.next();
    Ok(found)
}

fn label(expression: &Expression) -> String {
    match expression {
        Expression::Call(name, arguments) => {
            format!("{name}({})", arguments.iter().map(label).collect::<Vec<_>>().join(", "))
        }
        Expression::Text(text) => format!("'{}'", text.replace('\'', "''").to_uppercase()),
        Expression::Number(text) => text.clone(),
        Expression::Boolean(value) => value.to_string().to_uppercase(),
        Expression::Null => "NULL".into(),
        Expression::Column(name) => name.clone(),
        Expression::Variable(name) => format!("${name}"),
        Expression::Star => "*".into(),
    }
}

fn from(cursor: &mut Cursor) -> Result<From, SqlError> {
    cursor.expect("TABLE")?;
    cursor.expect_symbol("(")?;
    let name = cursor.path()?;
    let source = match name.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["RESULT_SCAN"] => {
            let mut of = cursor.bracketed(|cursor| expression(cursor, 1))?;
            match (of.pop(), of.is_empty()) {
                (Some(id), true) => Source::Results(id),
                _ => return cursor.unexpected(),
            }
        }
        ["INFORMATION_SCHEMA", "QUERY_HISTORY"] | [_, "INFORMATION_SCHEMA", "QUERY_HISTORY"] => {
            history(cursor)?
        }
        [.., "INFORMATION_SCHEMA", "TASK_HISTORY"] => tasks(cursor, false)?,
        [.., "INFORMATION_SCHEMA", "CURRENT_TASK_GRAPHS"] => tasks(cursor, true)?,
        ["INFORMATION_SCHEMA", "POLICY_REFERENCES"] | [_, "INFORMATION_SCHEMA", "POLICY_REFERENCES"] => {
            policy_references(cursor)?
        }
        _ => {
            return Err(SqlError::unsupported(
                "table functions other than RESULT_SCAN and INFORMATION_SCHEMA.QUERY_HISTORY and POLICY_REFERENCES",
            ));
        }
    };
    cursor.expect_symbol(")")?;
    let mut found = From { source, filters: Vec::new(), order: None, limit: None };
    if cursor.takes("WHERE") {
        loop {
            let column = cursor.identifier()?;
            cursor.expect_symbol("=")?;
            found.filters.push((column, expression(cursor, DEPTH)?));
            if !cursor.takes("AND") {
                break;
            }
        }
    }
    if cursor.takes("ORDER") {
        cursor.expect("BY")?;
        let column = cursor.identifier()?;
        let descending = cursor.takes("DESC");
        if !descending {
            cursor.takes("ASC");
        }
        found.order = Some((column, descending));
    }
    if cursor.takes("LIMIT") {
        found.limit = Some(cursor.count()?);
    }
    Ok(found)
}

/// The arguments of TASK_HISTORY and CURRENT_TASK_GRAPHS.
fn tasks(cursor: &mut Cursor, graphs: bool) -> Result<Source, SqlError> {
    let (mut task, mut most) = (None, if graphs { 1_000 } else { 100 });
    cursor.bracketed(|cursor| {
        let name = cursor.word()?;
        cursor.expect_symbol("=>")?;
        match name.as_str() {
            "TASK_NAME" | "ROOT_TASK_NAME" => task = super::path_of(&cursor.text()?)?.pop(),
            "RESULT_LIMIT" => most = cursor.count()?,
            "SCHEDULED_TIME_RANGE_START" | "SCHEDULED_TIME_RANGE_END" | "ERROR_ONLY" | "ROOT_TASK_ID" => {
                return Err(SqlError::unsupported(format!("{name} of task histories")));
            }
            _ => return cursor.unexpected(),
        }
        Ok(())
    })?;
    Ok(Source::Tasks { graphs, name: task, limit: most })
}

fn policy_references(cursor: &mut Cursor) -> Result<Source, SqlError> {
    let arguments = cursor.bracketed(|cursor| {
        let name = cursor.word()?;
        cursor.expect_symbol("=>")?;
        Ok((name, cursor.text()?))
    })?;
    if let [(argument, policy)] = arguments.as_slice()
        && argument == "POLICY_NAME"
    {
        return Ok(Source::Policies { name: policy.clone(), domain: String::new() });
    }
    let get = |wanted: &str| {
        let found = arguments.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).ok_or_else(|| {
            SqlError::unsupported("POLICY_REFERENCES without REF_ENTITY_NAME and REF_ENTITY_DOMAIN")
        })
    };
    Ok(Source::Policies { name: get("REF_ENTITY_NAME")?, domain: get("REF_ENTITY_DOMAIN")? })
}

fn history(cursor: &mut Cursor) -> Result<Source, SqlError> {
    let limits = cursor.bracketed(|cursor| {
        if !cursor.is("RESULT_LIMIT") {
            return Err(SqlError::unsupported("arguments of QUERY_HISTORY other than RESULT_LIMIT"));
        }
        cursor.next();
        cursor.expect_symbol("=>")?;
        let place = cursor.peek().clone();
        match cursor.count()? {
            limit @ 1..=10_000 => Ok(limit),
            _ => Err(place.unexpected()),
        }
    })?;
    Ok(Source::History { result_limit: limits.first().copied().unwrap_or(100) })
}
