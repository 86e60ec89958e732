//! Values, and how one type becomes another (docs: data-type-conversion).

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::super::answer::Cell;
use super::number::Decimal;
use super::time;
use crate::error::SqlError;
use crate::sql::data_type::DataType;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Null,
    Text(String),
    Number(Decimal),
    Real(f64),
    Boolean(bool),
    /// Days since 1970.
    Date(i64),
    /// Nanoseconds of a day.
    Time(i64),
    /// Nanoseconds since 1970: of the wall for NTZ, of the world for LTZ.
    Timestamp(&'static str, i128),
    Json(Json),
}

/// What a session says of times.
#[derive(Clone, Debug)]
pub(super) struct Zone(pub(super) jiff::tz::TimeZone);

fn refused(code: u32, sql_state: &'static str, what: String) -> SqlError {
    SqlError::new(code, sql_state, what)
}

/// A text that is not what it must become: codes as clients know them.
fn unrecognised(what: &str, text: &str) -> SqlError {
    let (code, sql_state) = match what {
        "Numeric value" => (100_038, "22018"),
        "Boolean value" => (100_037, "22018"),
        "Date" => (100_040, "22007"),
        "Time" => (100_108, "22007"),
        _ => (100_035, "22007"),
    };
    refused(code, sql_state, format!("{what} '{text}' is not recognized"))
}

/// Is it one of the types whose values are JSON?
pub(super) fn is_json(kind: &DataType) -> bool {
    matches!(kind, DataType::Plain(name) if ["VARIANT", "OBJECT", "ARRAY"].contains(&name.as_str()))
}

impl Datum {
    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The value of a cell of a column.
    pub(super) fn read(cell: &Cell, kind: &DataType) -> Self {
        let Some(text) = cell else { return Self::Null };
        let nanoseconds = || time::nanoseconds(text);
        match kind {
            DataType::Number { .. } => Decimal::parse(text).map_or(Self::Null, Self::Number),
            DataType::Float => text.parse().map_or(Self::Null, Self::Real),
            DataType::Boolean => Self::Boolean(text == "true"),
            DataType::Date => text.parse().map_or(Self::Null, Self::Date),
            DataType::Time(_) => Self::Time(nanoseconds() as i64),
            DataType::Timestamp(zone, _) if zone == "LTZ" => Self::Timestamp("LTZ", nanoseconds()),
            DataType::Timestamp(..) => Self::Timestamp("NTZ", nanoseconds()),
            kind if is_json(kind) => serde_json::from_str(text).map_or(Self::Null, Self::Json),
            _ => Self::Text(text.clone()),
        }
    }

    /// As a cell of a result, and as tables keep it.
    pub(super) fn cell(&self) -> Cell {
        Some(match self {
            Self::Null => return None,
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Date(days) => days.to_string(),
            Self::Time(nanoseconds) => time::seconds(i128::from(*nanoseconds)),
            Self::Timestamp(_, nanoseconds) => time::seconds(*nanoseconds),
            Self::Json(value) => value.to_string(),
        })
    }

    /// As text, the way a session shows it.
    pub(super) fn text(&self, zone: &Zone) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Date(days) => time::date_text(*days),
            Self::Time(nanoseconds) => time::time_text(*nanoseconds),
            Self::Timestamp("NTZ", nanoseconds) => time::timestamp_text(*nanoseconds, None),
            Self::Timestamp(_, nanoseconds) => time::timestamp_text(*nanoseconds, Some(&zone.0)),
            Self::Json(Json::String(text)) => text.clone(),
            Self::Json(Json::Null) => return None,
            other => return other.cell(),
        })
    }

    /// The value as a type: rounded, cut to its digits, or refused.
    pub(super) fn cast(self, to: &DataType, zone: &Zone) -> Result<Self, SqlError> {
        if let Self::Json(value) = &self
            && !is_json(to)
        {
            return scalar(value).cast(to, zone);
        }
        if self.is_null() {
            return Ok(self);
        }
        Ok(match to {
            DataType::Text(length) => {
                let text = self.text(zone).unwrap_or_default();
                if text.chars().count() as u64 > *length {
                    return Err(refused(
                        100_078,
                        "22000",
                        format!("String '{text}' is too long and would be truncated"),
                    ));
                }
                Self::Text(text)
            }
            DataType::Number { precision, scale } => {
                let number = self.number()?;
                match number.fit(*precision, *scale) {
                    Some(number) => Self::Number(number),
                    None => {
                        return Err(refused(
                            100_039,
                            "22003",
                            format!("Numeric value '{number}' is out of range"),
                        ));
                    }
                }
            }
            DataType::Float => Self::Real(match &self {
                Self::Real(number) => *number,
                Self::Text(text) => text.trim().parse().map_err(|_| unrecognised("Numeric value", text))?,
                other => other.number()?.real(),
            }),
            DataType::Boolean => Self::Boolean(self.boolean()?),
            DataType::Date => match &self {
                Self::Date(days) => Self::Date(*days),
                Self::Timestamp(kind, nanoseconds) => Self::Date(time::date_of(kind, *nanoseconds, &zone.0)),
                Self::Text(text) => Self::Date(time::date(text).ok_or_else(|| unrecognised("Date", text))?),
                _ => return Err(self.impossible(to)),
            },
            DataType::Time(_) => match &self {
                Self::Time(nanoseconds) => Self::Time(*nanoseconds),
                Self::Text(text) => Self::Time(time::time(text).ok_or_else(|| unrecognised("Time", text))?),
                _ => return Err(self.impossible(to)),
            },
            DataType::Timestamp(kind, digits) if kind != "TZ" => {
                let kind = if kind == "LTZ" { "LTZ" } else { "NTZ" };
                let nanoseconds = match &self {
                    Self::Timestamp(from, nanoseconds) => time::between(from, kind, *nanoseconds, &zone.0),
                    Self::Date(days) => time::between("NTZ", kind, i128::from(*days) * time::DAY, &zone.0),
                    Self::Text(text) => {
                        time::timestamp(text, kind, &zone.0).ok_or_else(|| unrecognised("Timestamp", text))?
                    }
                    Self::Number(number) => {
                        let nanoseconds = number.scaled(9).ok_or_else(|| self.impossible(to))?;
                        time::between("NTZ", kind, nanoseconds, &jiff::tz::TimeZone::UTC)
                    }
                    _ => return Err(self.impossible(to)),
                };
                Self::Timestamp(kind, time::cut(nanoseconds, *digits))
            }
            kind if is_json(kind) => Self::Json(self.json(zone)),
            _ => return Err(SqlError::unsupported(format!("values of type {}", to.shown()))),
        })
    }

    fn impossible(&self, to: &DataType) -> SqlError {
        SqlError::new(
            2016,
            "22000",
            format!(
                "SQL compilation error:\ninvalid type [{}] for value '{}'",
                to.shown(),
                self.cell().unwrap_or_default()
            ),
        )
    }

    pub(super) fn number(&self) -> Result<Decimal, SqlError> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Boolean(value) => Ok(Decimal::from(i64::from(*value))),
            Self::Json(value) => scalar(value).number(),
            Self::Real(number) => Decimal::parse(&number.to_string())
                .ok_or_else(|| unrecognised("Numeric value", &number.to_string())),
            other => {
                let text = other.cell().unwrap_or_default();
                Decimal::parse(text.trim()).ok_or_else(|| unrecognised("Numeric value", &text))
            }
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, SqlError> {
        match self {
            Self::Boolean(value) => Ok(*value),
            Self::Number(number) => Ok(!number.is_zero()),
            Self::Real(number) => Ok(*number != 0.0),
            Self::Json(value) => scalar(value).boolean(),
            other => {
                let text = other.cell().unwrap_or_default();
                match text.to_lowercase().as_str() {
                    "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
                    "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
                    _ => Err(unrecognised("Boolean value", &text)),
                }
            }
        }
    }

    pub(super) fn json(&self, zone: &Zone) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Json(value) => value.clone(),
            Self::Boolean(value) => Json::Bool(*value),
            Self::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or(Json::Null),
            Self::Real(number) => serde_json::json!(number),
            other => other.text(zone).map_or(Json::Null, Json::String),
        }
    }

    /// How two values that are not NULL compare: one becomes the type of the other.
    pub(super) fn compare(&self, other: &Self, zone: &Zone) -> Result<Ordering, SqlError> {
        let timestamp = |kind: &str| DataType::Timestamp(kind.to_owned(), 9);
        Ok(match (self, other) {
            (Self::Json(one), Self::Json(two)) => match (scalar(one), scalar(two)) {
                (Self::Json(one), Self::Json(two)) => one.to_string().cmp(&two.to_string()),
                (one, two) => one.compare(&two, zone)?,
            },
            (Self::Json(value), other) => match scalar(value) {
                Self::Json(value) => value.to_string().cmp(&other.text(zone).unwrap_or_default()),
                one => one.compare(other, zone)?,
            },
            (one, Self::Json(_)) => other.compare(one, zone)?.reverse(),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Boolean(one), _) => one.cmp(&other.boolean()?),
            (_, Self::Boolean(two)) => self.boolean()?.cmp(two),
            (Self::Timestamp(kind, one), _) => match other.clone().cast(&timestamp(kind), zone)? {
                Self::Timestamp(_, two) => one.cmp(&two),
                _ => Ordering::Equal,
            },
            (_, Self::Timestamp(..)) => other.compare(self, zone)?.reverse(),
            (Self::Date(one), _) => match other.clone().cast(&DataType::Date, zone)? {
                Self::Date(two) => one.cmp(&two),
                _ => Ordering::Equal,
            },
            (Self::Time(one), _) => match other.clone().cast(&DataType::Time(9), zone)? {
                Self::Time(two) => one.cmp(&two),
                _ => Ordering::Equal,
            },
            (_, Self::Date(_) | Self::Time(_)) => other.compare(self, zone)?.reverse(),
            (Self::Real(_), _) | (_, Self::Real(_)) => {
                let real = |it: &Self| match it.clone().cast(&DataType::Float, zone) {
                    Ok(Self::Real(number)) => Ok(number),
                    Ok(_) => Ok(0.0),
                    Err(error) => Err(error),
                };
                real(self)?.total_cmp(&real(other)?)
            }
            _ => self.number()?.compare(&other.number()?),
        })
    }
}

/// What a JSON value is as SQL; lists and objects stay.
pub(super) fn scalar(value: &Json) -> Datum {
    match value {
        Json::Null => Datum::Null,
        Json::Bool(value) => Datum::Boolean(*value),
        Json::String(text) => Datum::Text(text.clone()),
        Json::Number(number) => match Decimal::parse(&number.to_string()) {
            Some(number) => Datum::Number(number),
            None => Datum::Real(number.as_f64().unwrap_or_default()),
        },
        other => Datum::Json(other.clone()),
    }
}
