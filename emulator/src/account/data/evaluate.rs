//! Expressions on one row: their types, known before any row is read, and their values.

use serde_json::Value as Json;

use super::super::Account;
use super::super::access::Access;
use super::super::answer::{like, like_as_it_is};
use super::super::select::unknown_column;
use super::super::sequences::Taken;
use super::datum::{Datum, Zone, is_json};
use super::functions;
use super::number::Decimal;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType;
use crate::sql::data_type::DataType;
use crate::sql::query::{Expression, Operator, Step};

/// A column that an expression may name.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: DataType,
}

/// What an expression may speak of.
pub(super) struct Scope<'a> {
    pub(super) account: &'a Account,
    pub(super) context: &'a Context,
    pub(super) access: &'a Access,
    pub(super) now: i64,
    pub(super) zone: Zone,
    pub(super) fields: Vec<Field>,
    /// What the columns may be qualified with: the alias, or the full name.
    pub(super) called: Vec<String>,
    pub(super) taken: &'a Taken,
}

pub(super) fn text() -> DataType {
    DataType::Text(16_777_216)
}

pub(super) fn number(scale: u64) -> DataType {
    DataType::Number { precision: 38, scale }
}

pub(super) fn variant() -> DataType {
    DataType::Plain("VARIANT".into())
}

/// What NULL is before it is anything else: every type takes it.
pub(super) fn nothing() -> DataType {
    DataType::Plain("NULL".into())
}

/// The type of a context function or a session variable.
fn of_column(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Fixed => number(0),
        ColumnType::Decimal(scale) => number(scale.into()),
        ColumnType::Real => DataType::Float,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::TimestampLtz => DataType::Timestamp("LTZ".into(), 9),
        ColumnType::TimestampNtz => DataType::Timestamp("NTZ".into(), 9),
        ColumnType::Date => DataType::Date,
        ColumnType::Time => DataType::Time(9),
        ColumnType::Variant => variant(),
        ColumnType::Text => text(),
    }
}

fn scale_of(kind: &DataType) -> u32 {
    if let DataType::Number { scale, .. } = kind { *scale as u32 } else { 0 }
}

pub(super) fn overflow() -> SqlError {
    SqlError::new(100_039, "22003", "Numeric value is out of range")
}

impl Scope<'_> {
    fn place(&self, path: &[String]) -> Result<usize, SqlError> {
        let unknown = || unknown_column(&path.join("."));
        let (name, qualifier) = path.split_last().ok_or_else(unknown)?;
        if !qualifier.is_empty() && !self.called.ends_with(qualifier) {
            return Err(unknown());
        }
        self.fields.iter().position(|field| field.name == *name).ok_or_else(unknown)
    }

    /// The type of an expression; what it names is there, and what it calls is known.
    pub(super) fn kind(&self, of: &Expression) -> Result<DataType, SqlError> {
        Ok(match of {
            Expression::Null => nothing(),
            Expression::Text(value) => DataType::Text((value.chars().count() as u64).max(1)),
            Expression::Number(value) => match value.split_once('.') {
                _ if value.contains(['e', 'E']) => DataType::Float,
                Some((_, part)) => number(part.len().min(37) as u64),
                None => number(0),
            },
            Expression::Boolean(_) => DataType::Boolean,
            Expression::Column(path) => self.fields[self.place(path)?].kind.clone(),
            Expression::Default => return Err(SqlError::unsupported("DEFAULT in an expression")),
            Expression::Variable(name) => match self.context.variables.get(name) {
                Some(variable) => of_column(variable.kind),
                None => return Err(unknown_column(&format!("${name}"))),
            },
            Expression::Next(_) => number(0),
            Expression::Count => return Err(functions::aggregate_here("COUNT")),
            Expression::Call(name, arguments) => {
                let kinds = arguments.iter().map(|it| self.kind(it)).collect::<Result<Vec<_>, _>>()?;
                match functions::kind(name, &kinds)? {
                    Some(kind) => kind,
                    None => of_column(self.system(name, arguments)?.0),
                }
            }
            Expression::Cast { of, to, .. } => {
                self.kind(of)?;
                to.clone()
            }
            Expression::Path(of, _) => {
                let kind = self.kind(of)?;
                if !is_json(&kind) {
                    return Err(functions::wrong_types("GET", &[kind, text()]));
                }
                variant()
            }
            Expression::Not(of) | Expression::IsNull(of) => {
                self.kind(of)?;
                DataType::Boolean
            }
            Expression::Negative(of) => self.kind(of)?,
            Expression::In(of, list) => {
                self.kind(of)?;
                list.iter().try_for_each(|it| self.kind(it).map(drop))?;
                DataType::Boolean
            }
            Expression::Like { text, pattern, .. } => {
                self.kind(text)?;
                self.kind(pattern)?;
                DataType::Boolean
            }
            Expression::Case { operand, when, otherwise } => {
                if let Some(operand) = operand {
                    self.kind(operand)?;
                }
                let mut results = Vec::new();
                for (condition, result) in when {
                    self.kind(condition)?;
                    results.push(self.kind(result)?);
                }
                if let Some(otherwise) = otherwise {
                    results.push(self.kind(otherwise)?);
                }
                functions::common(&results)
            }
            Expression::Binary(operator, left, right) => {
                let (left, right) = (self.kind(left)?, self.kind(right)?);
                let (one, two) = (scale_of(&left), scale_of(&right));
                let real = [&left, &right].contains(&&DataType::Float);
                match operator {
                    Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide if real => {
                        DataType::Float
                    }
                    Operator::Add | Operator::Subtract => number(one.max(two).into()),
                    Operator::Multiply => number(super::number::product_scale(one, two).into()),
                    Operator::Divide => number(super::number::quotient_scale(one).into()),
                    Operator::Concat => text(),
                    _ => DataType::Boolean,
                }
            }
        })
    }

    /// A context or system function: it takes constants alone.
    fn system(&self, name: &str, arguments: &[Expression]) -> Result<(ColumnType, Option<String>), SqlError> {
        use crate::sql::select::Expression as Plain;
        let plain = |argument: &Expression| match argument {
            Expression::Text(text) => Ok(Plain::Text(text.clone())),
            Expression::Number(number) => Ok(Plain::Number(number.clone())),
            Expression::Boolean(value) => Ok(Plain::Boolean(*value)),
            Expression::Null => Ok(Plain::Null),
            _ => {
                Err(SqlError::new(2140, "42601", format!("SQL compilation error:\nUnknown function {name}")))
            }
        };
        let arguments = arguments.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
        let called = Plain::Call(name.to_owned(), arguments);
        self.account.value(self.context, self.access, &called, self.now)
    }

    pub(super) fn value(&self, of: &Expression, row: &[Datum]) -> Result<Datum, SqlError> {
        let value = |it: &Expression| self.value(it, row);
        Ok(match of {
            Expression::Null => Datum::Null,
            Expression::Text(text) => Datum::Text(text.clone()),
            Expression::Number(number) if number.contains(['e', 'E']) => {
                Datum::Text(number.clone()).cast(&DataType::Float, &self.zone)?
            }
            Expression::Number(number) => Datum::Number(Decimal::parse(number).ok_or_else(overflow)?),
            Expression::Boolean(value) => Datum::Boolean(*value),
            Expression::Column(path) => row.get(self.place(path)?).cloned().unwrap_or(Datum::Null),
            Expression::Default | Expression::Count => Datum::Null,
            Expression::Variable(name) => match self.context.variables.get(name) {
                Some(variable) => Datum::read(&variable.value, &of_column(variable.kind)),
                None => Datum::Null,
            },
            Expression::Next(path) => Datum::Number(Decimal::from(self.taken.next(
                self.account,
                self.context,
                self.access,
                path,
            )?)),
            Expression::Call(name, arguments) => {
                let values = arguments.iter().map(value).collect::<Result<Vec<_>, _>>()?;
                if let Some(value) = functions::value(name, values, self)? {
                    return Ok(value);
                }
                let (kind, cell) = self.system(name, arguments)?;
                Datum::read(&cell, &of_column(kind))
            }
            Expression::Cast { of, to, or_null } => match value(of)?.cast(to, &self.zone) {
                Err(_) if *or_null => Datum::Null,
                cast => cast?,
            },
            Expression::Path(of, steps) => match value(of)? {
                Datum::Json(json) => steps
                    .iter()
                    .try_fold(&json, |found, step| match step {
                        Step::Key(key) => found.get(key),
                        Step::At(at) => found.get(at),
                    })
                    .filter(|found| !found.is_null() || steps.is_empty())
                    .map_or(Datum::Null, |found| Datum::Json(found.clone())),
                _ => Datum::Null,
            },
            Expression::Not(of) => match value(of)? {
                Datum::Null => Datum::Null,
                value => Datum::Boolean(!value.boolean()?),
            },
            Expression::Negative(of) => match value(of)? {
                Datum::Null => Datum::Null,
                Datum::Real(number) => Datum::Real(-number),
                other => Datum::Number(other.number()?.negative()),
            },
            Expression::IsNull(of) => Datum::Boolean(value(of)?.is_null()),
            Expression::In(of, list) => {
                let left = value(of)?;
                let mut found = Datum::Boolean(false);
                for right in list {
                    match self.compared(Operator::Equal, &left, &value(right)?)? {
                        Datum::Boolean(true) => return Ok(Datum::Boolean(true)),
                        Datum::Null => found = Datum::Null,
                        _ => {}
                    }
                }
                found
            }
            Expression::Like { text, pattern, folds } => {
                match (value(text)?.text(&self.zone), value(pattern)?.text(&self.zone)) {
                    (Some(text), Some(pattern)) if *folds => Datum::Boolean(like(&pattern, &text)),
                    (Some(text), Some(pattern)) => Datum::Boolean(like_as_it_is(&pattern, &text)),
                    _ => Datum::Null,
                }
            }
            Expression::Case { operand, when, otherwise } => {
                let operand = operand.as_deref().map(value).transpose()?;
                for (condition, result) in when {
                    let condition = value(condition)?;
                    let holds = match &operand {
                        Some(operand) => self.compared(Operator::Equal, operand, &condition)?,
                        None => condition,
                    };
                    if !holds.is_null() && holds.boolean()? {
                        return value(result);
                    }
                }
                otherwise.as_deref().map_or(Ok(Datum::Null), value)?
            }
            Expression::Binary(operator, left, right) => {
                let (left, right) = (value(left)?, value(right)?);
                match operator {
                    Operator::And | Operator::Or => both(*operator, &left, &right)?,
                    Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => {
                        arithmetic(*operator, &left, &right)?
                    }
                    Operator::Concat => match (left.text(&self.zone), right.text(&self.zone)) {
                        (Some(left), Some(right)) => Datum::Text(format!("{left}{right}")),
                        _ => Datum::Null,
                    },
                    _ => self.compared(*operator, &left, &right)?,
                }
            }
        })
    }

    pub(super) fn compared(
        &self,
        operator: Operator,
        left: &Datum,
        right: &Datum,
    ) -> Result<Datum, SqlError> {
        let null = |it: &Datum| matches!(it, Datum::Null | Datum::Json(Json::Null));
        if null(left) || null(right) {
            return Ok(Datum::Null);
        }
        let ordering = left.compare(right, &self.zone)?;
        Ok(Datum::Boolean(match operator {
            Operator::Equal => ordering.is_eq(),
            Operator::Unequal => ordering.is_ne(),
            Operator::Less => ordering.is_lt(),
            Operator::LessOrEqual => ordering.is_le(),
            Operator::Greater => ordering.is_gt(),
            _ => ordering.is_ge(),
        }))
    }

    /// Does a row meet a condition? NULL does not.
    pub(super) fn holds(&self, filter: Option<&Expression>, row: &[Datum]) -> Result<bool, SqlError> {
        match filter.map(|filter| self.value(filter, row)).transpose()? {
            None => Ok(true),
            Some(Datum::Null) => Ok(false),
            Some(value) => value.boolean(),
        }
    }
}

/// AND and OR with NULL for what is not known.
fn both(operator: Operator, left: &Datum, right: &Datum) -> Result<Datum, SqlError> {
    let known = |it: &Datum| if it.is_null() { Ok(None) } else { it.boolean().map(Some) };
    let decides = operator == Operator::Or;
    Ok(match (known(left)?, known(right)?) {
        (Some(one), _) | (_, Some(one)) if one == decides => Datum::Boolean(decides),
        (Some(_), Some(_)) => Datum::Boolean(!decides),
        _ => Datum::Null,
    })
}

fn arithmetic(operator: Operator, left: &Datum, right: &Datum) -> Result<Datum, SqlError> {
    if left.is_null() || right.is_null() {
        return Ok(Datum::Null);
    }
    let by_zero = || SqlError::new(100_051, "22012", "Division by zero");
    if matches!(left, Datum::Real(_)) || matches!(right, Datum::Real(_)) {
        let real = |it: &Datum| match it {
            Datum::Real(number) => Ok(*number),
            other => other.number().map(Decimal::real),
        };
        let (one, two) = (real(left)?, real(right)?);
        return Ok(Datum::Real(match operator {
            Operator::Add => one + two,
            Operator::Subtract => one - two,
            Operator::Multiply => one * two,
            _ if two == 0.0 => return Err(by_zero()),
            _ => one / two,
        }));
    }
    let (one, two) = (left.number()?, right.number()?);
    if operator == Operator::Divide && two.is_zero() {
        return Err(by_zero());
    }
    let found = match operator {
        Operator::Add => one.add(two),
        Operator::Subtract => one.add(two.negative()),
        Operator::Multiply => one.multiply(two),
        _ => one.divide(two),
    };
    found.map(Datum::Number).ok_or_else(overflow)
}
