//! Expressions: sqlparser's tree to ours, which holds no more than can be evaluated.

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JsonPathElem,
    TrimWhereField, UnaryOperator, Value,
};

use super::super::cursor::{Cursor, Path};
use super::super::data_type::{DataType, data_type};
use crate::error::SqlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    And,
    Or,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Concat,
}

/// `:name`, `.name`, `['name']` or `[0]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    At(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Null,
    Text(String),
    Number(String),
    Boolean(bool),
    /// With what stands before its last dot.
    Column(Path),
    /// `DEFAULT` among values.
    Default,
    Variable(String),
    /// `sequence.NEXTVAL`
    Next(Path),
    /// `COUNT(*)`
    Count,
    Call(String, Vec<Expression>),
    Cast {
        of: Box<Expression>,
        to: DataType,
        or_null: bool,
    },
    Path(Box<Expression>, Vec<Step>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    IsNull(Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
    Like {
        text: Box<Expression>,
        pattern: Box<Expression>,
        folds: bool,
    },
    Case {
        operand: Option<Box<Expression>>,
        when: Vec<(Expression, Expression)>,
        otherwise: Option<Box<Expression>>,
    },
}

/// A name as Snowflake stores it.
pub(super) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_uppercase() }
}

pub(super) fn unsupported(what: impl std::fmt::Display) -> SqlError {
    SqlError::unsupported(what)
}

fn boxed(expr: &Expr) -> Result<Box<Expression>, SqlError> {
    expression(expr).map(Box::new)
}

fn all(list: &[Expr]) -> Result<Vec<Expression>, SqlError> {
    list.iter().map(expression).collect()
}

/// `NOT …` when the word was there.
fn perhaps_not(negated: bool, found: Expression) -> Expression {
    if negated { Expression::Not(Box::new(found)) } else { found }
}

pub(super) fn expression(expr: &Expr) -> Result<Expression, SqlError> {
    Ok(match expr {
        Expr::Nested(inside) => expression(inside)?,
        Expr::Value(value) => literal(&value.value)?,
        Expr::TypedString(typed) => Expression::Cast {
            of: Box::new(literal(&typed.value.value)?),
            to: type_of(&typed.data_type.to_string())?,
            or_null: false,
        },
        Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.starts_with('$') => {
            Expression::Variable(ident.value[1..].to_uppercase())
        }
        Expr::Identifier(ident)
            if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("DEFAULT") =>
        {
            Expression::Default
        }
        Expr::Identifier(ident) => Expression::Column(vec![folded(ident)]),
        Expr::CompoundIdentifier(parts) => {
            let mut path: Path = parts.iter().map(folded).collect();
            if path.last().is_some_and(|last| last == "NEXTVAL") {
                path.pop();
                Expression::Next(path)
            } else {
                Expression::Column(path)
            }
        }
        Expr::JsonAccess { value, path } => {
            let steps = path.path.iter().map(step).collect::<Result<_, _>>()?;
            Expression::Path(boxed(value)?, steps)
        }
        Expr::IsNull(inside) => Expression::IsNull(boxed(inside)?),
        Expr::IsNotNull(inside) => perhaps_not(true, Expression::IsNull(boxed(inside)?)),
        Expr::InList { expr, list, negated } => {
            perhaps_not(*negated, Expression::In(boxed(expr)?, all(list)?))
        }
        Expr::Between { expr, negated, low, high } => {
            let least = Expression::Binary(Operator::GreaterOrEqual, boxed(expr)?, boxed(low)?);
            let most = Expression::Binary(Operator::LessOrEqual, boxed(expr)?, boxed(high)?);
            perhaps_not(*negated, Expression::Binary(Operator::And, Box::new(least), Box::new(most)))
        }
        Expr::Like { negated, any: false, expr, pattern, escape_char: None } => perhaps_not(
            *negated,
            Expression::Like { text: boxed(expr)?, pattern: boxed(pattern)?, folds: false },
        ),
        Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => perhaps_not(
            *negated,
            Expression::Like { text: boxed(expr)?, pattern: boxed(pattern)?, folds: true },
        ),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Expression::Not(boxed(expr)?),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => expression(expr)?,
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match expression(expr)? {
            Expression::Number(number) if !number.starts_with('-') => {
                Expression::Number(format!("-{number}"))
            }
            other => Expression::Negative(Box::new(other)),
        },
        Expr::BinaryOp { left, op, right } => {
            let operator = operator(op).ok_or_else(|| unsupported(format!("operator {op}")))?;
            Expression::Binary(operator, boxed(left)?, boxed(right)?)
        }
        Expr::Cast { kind, expr, data_type, format: None } if *kind != CastKind::SafeCast => {
            Expression::Cast {
                of: boxed(expr)?,
                to: type_of(&data_type.to_string())?,
                or_null: *kind == CastKind::TryCast,
            }
        }
        Expr::Trim { expr, trim_where, trim_what: None, trim_characters } => {
            let name = match trim_where {
                Some(TrimWhereField::Leading) => "LTRIM",
                Some(TrimWhereField::Trailing) => "RTRIM",
                _ => "TRIM",
            };
            if trim_characters.is_some() {
                return Err(unsupported("TRIM of other characters"));
            }
            Expression::Call(name.into(), vec![expression(expr)?])
        }
        Expr::Case { operand, conditions, else_result, .. } => Expression::Case {
            operand: operand.as_deref().map(boxed).transpose()?,
            when: conditions
                .iter()
                .map(|one| Ok((expression(&one.condition)?, expression(&one.result)?)))
                .collect::<Result<_, SqlError>>()?,
            otherwise: else_result.as_deref().map(boxed).transpose()?,
        },
        Expr::Function(function) => {
            let plain = function.within_group.is_empty()
                && function.filter.is_none()
                && function.null_treatment.is_none()
                && function.over.is_none()
                && function.parameters == FunctionArguments::None
                && !function.uses_odbc_syntax;
            let name = function.name.to_string().to_uppercase();
            if !plain {
                return Err(unsupported(format!("{name} with more than arguments")));
            }
            call(name, &function.args)?
        }
        other => return Err(unsupported(format!("expression {other}"))),
    })
}

fn call(name: String, arguments: &FunctionArguments) -> Result<Expression, SqlError> {
    let list = match arguments {
        FunctionArguments::None => return Ok(Expression::Call(name, Vec::new())),
        FunctionArguments::List(list) if list.duplicate_treatment.is_none() && list.clauses.is_empty() => {
            &list.args
        }
        _ => return Err(unsupported(format!("these arguments of {name}"))),
    };
    if name == "COUNT" && matches!(list.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) {
        return Ok(Expression::Count);
    }
    let one = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => expression(expr),
        other => Err(unsupported(format!("argument {other} of {name}"))),
    };
    let arguments = list.iter().map(one).collect::<Result<_, _>>()?;
    Ok(Expression::Call(name, arguments))
}

fn literal(value: &Value) -> Result<Expression, SqlError> {
    Ok(match value {
        Value::Number(number, false) => Expression::Number(number.clone()),
        Value::SingleQuotedString(text) => Expression::Text(text.clone()),
        Value::DollarQuotedString(text) => Expression::Text(text.value.clone()),
        Value::Boolean(value) => Expression::Boolean(*value),
        Value::Null => Expression::Null,
        Value::Placeholder(name) if name.len() > 1 && name.starts_with('$') => {
            Expression::Variable(name[1..].to_uppercase())
        }
        other => return Err(unsupported(format!("literal {other}"))),
    })
}

fn step(element: &JsonPathElem) -> Result<Step, SqlError> {
    Ok(match element {
        JsonPathElem::Dot { key, .. } => Step::Key(key.clone()),
        JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => match expression(key)? {
            Expression::Text(key) => Step::Key(key),
            Expression::Number(at) => match at.parse() {
                Ok(at) => Step::At(at),
                Err(_) => return Err(unsupported(format!("path element {at}"))),
            },
            _ => return Err(unsupported("path elements that are not constants")),
        },
    })
}

fn operator(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::Unequal,
        BinaryOperator::Lt => Operator::Less,
        BinaryOperator::LtEq => Operator::LessOrEqual,
        BinaryOperator::Gt => Operator::Greater,
        BinaryOperator::GtEq => Operator::GreaterOrEqual,
        BinaryOperator::Plus => Operator::Add,
        BinaryOperator::Minus => Operator::Subtract,
        BinaryOperator::Multiply => Operator::Multiply,
        BinaryOperator::Divide => Operator::Divide,
        BinaryOperator::StringConcat => Operator::Concat,
        _ => return None,
    })
}

fn type_of(text: &str) -> Result<DataType, SqlError> {
    let mut cursor = Cursor::new(text)?;
    let found = data_type(&mut cursor)?;
    cursor.finish()?;
    Ok(found)
}
