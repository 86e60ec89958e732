//! The functions that rows need; those of the context are asked elsewhere.

use serde_json::Value as Json;

use super::datum::Datum;
use super::evaluate::{Scope, nothing, number, text, variant};
use crate::error::SqlError;
use crate::sql::data_type::DataType;
use crate::sql::query::Operator;

pub(super) const AGGREGATES: [&str; 4] = ["COUNT", "MIN", "MAX", "SUM"];

/// An aggregate among what is computed row by row.
pub(super) fn aggregate_here(name: &str) -> SqlError {
    SqlError::unsupported(format!("{name} inside an expression, or beside columns"))
}

/// `001044`
pub(super) fn wrong_types(name: &str, kinds: &[DataType]) -> SqlError {
    let kinds: Vec<String> = kinds.iter().map(DataType::shown).collect();
    SqlError::new(
        1044,
        "42P13",
        format!(
            "SQL compilation error: error line 1 at position 7\nInvalid argument types for function '{name}': ({})",
            kinds.join(", ")
        ),
    )
}

/// The type that several have in common: the first that is known.
pub(super) fn common(kinds: &[DataType]) -> DataType {
    let known = || kinds.iter().filter(|kind| **kind != nothing());
    let scale = known()
        .map(|kind| if let DataType::Number { scale, .. } = kind { Some(*scale) } else { None })
        .collect::<Option<Vec<_>>>();
    match (known().next(), scale) {
        (Some(_), Some(scales)) => number(scales.into_iter().max().unwrap_or_default()),
        (Some(DataType::Text(_)), _) => text(),
        (Some(kind), _) => kind.clone(),
        (None, _) => nothing(),
    }
}

/// What a call gives, when the function is one of these.
pub(super) fn kind(name: &str, arguments: &[DataType]) -> Result<Option<DataType>, SqlError> {
    let (least, most, kind) = match name {
        "UPPER" | "LOWER" | "TRIM" | "LTRIM" | "RTRIM" => (1, 1, text()),
        "TO_VARCHAR" | "TO_CHAR" | "TO_JSON" => (1, 1, text()),
        "CONCAT" => (1, usize::MAX, text()),
        "UUID_STRING" => (0, 0, text()),
        "LENGTH" | "LEN" => (1, 1, number(0)),
        "PARSE_JSON" | "TRY_PARSE_JSON" | "TO_VARIANT" => (1, 1, variant()),
        "OBJECT_CONSTRUCT" => (0, usize::MAX, DataType::Plain("OBJECT".into())),
        "ARRAY_CONSTRUCT" => (0, usize::MAX, DataType::Plain("ARRAY".into())),
        "COALESCE" => (1, usize::MAX, common(arguments)),
        "NVL" | "IFNULL" => (2, 2, common(arguments)),
        "NULLIF" => (2, 2, arguments.first().cloned().unwrap_or_else(nothing)),
        "IFF" => (3, 3, common(arguments.get(1..).unwrap_or_default())),
        "ABS" => (1, 1, arguments.first().cloned().unwrap_or_else(nothing)),
        "TO_NUMBER" | "TO_DECIMAL" | "TO_NUMERIC" => (1, 1, number(0)),
        "TO_DOUBLE" => (1, 1, DataType::Float),
        "TO_BOOLEAN" => (1, 1, DataType::Boolean),
        "TO_DATE" | "DATE" => (1, 1, DataType::Date),
        "CURRENT_DATE" => (0, 0, DataType::Date),
        "TO_TIMESTAMP" | "TO_TIMESTAMP_NTZ" => (1, 1, DataType::Timestamp("NTZ".into(), 9)),
        "TO_TIMESTAMP_LTZ" => (1, 1, DataType::Timestamp("LTZ".into(), 9)),
        name if AGGREGATES.contains(&name) => return Err(aggregate_here(name)),
        _ => return Ok(None),
    };
    if (least..=most).contains(&arguments.len()) {
        return Ok(Some(kind));
    }
    // Docs show no more of it than the words.
    let what = if arguments.len() < least { "not enough" } else { "too many" };
    Err(SqlError::new(
        938,
        "22023",
        format!(
            "SQL compilation error: error line 1 at position 7\n{what} arguments for function [{name}] expected {least}, got {}",
            arguments.len()
        ),
    ))
}

/// The value of a call, when the function is one of these; its arguments are as many as they must be.
pub(super) fn value(
    name: &str,
    mut arguments: Vec<Datum>,
    scope: &Scope<'_>,
) -> Result<Option<Datum>, SqlError> {
    let zone = &scope.zone;
    let first = arguments.first().cloned().unwrap_or(Datum::Null);
    let texts = |of: fn(&str) -> String| first.text(zone).map_or(Datum::Null, |text| Datum::Text(of(&text)));
    let cast = |to: DataType| first.clone().cast(&to, zone);
    Ok(Some(match name {
        "UPPER" => texts(str::to_uppercase),
        "LOWER" => texts(str::to_lowercase),
        "TRIM" => texts(|text| text.trim_matches(' ').to_owned()),
        "LTRIM" => texts(|text| text.trim_start_matches(' ').to_owned()),
        "RTRIM" => texts(|text| text.trim_end_matches(' ').to_owned()),
        "TO_VARCHAR" | "TO_CHAR" => texts(str::to_owned),
        "TO_JSON" => match &first {
            Datum::Null => Datum::Null,
            other => Datum::Text(other.json(zone).to_string()),
        },
        "CONCAT" => {
            let parts: Option<Vec<String>> = arguments.iter().map(|part| part.text(zone)).collect();
            parts.map_or(Datum::Null, |parts| Datum::Text(parts.concat()))
        }
        "UUID_STRING" => Datum::Text(uuid::Uuid::new_v4().to_string()),
        "LENGTH" | "LEN" => match first.text(zone) {
            Some(text) => Datum::Number((text.chars().count() as i64).into()),
            None => Datum::Null,
        },
        "PARSE_JSON" | "TRY_PARSE_JSON" => match first.text(zone) {
            None => Datum::Null,
            Some(text) => match serde_json::from_str::<Json>(&text) {
                Ok(json) => Datum::Json(json),
                Err(_) if name == "TRY_PARSE_JSON" || text.trim().is_empty() => Datum::Null,
                Err(error) => {
                    return Err(SqlError::new(100_069, "22P02", format!("Error parsing JSON: {error}")));
                }
            },
        },
        "TO_VARIANT" if first.is_null() => Datum::Null,
        "TO_VARIANT" => Datum::Json(first.json(zone)),
        "OBJECT_CONSTRUCT" => {
            let mut object = serde_json::Map::new();
            for pair in arguments.chunks(2) {
                let [key, value] = pair else { return Err(wrong_types(name, &[text()])) };
                // A pair with NULL is left out (docs: object_construct).
                if let (Some(key), false) = (key.text(zone), value.is_null()) {
                    object.insert(key, value.json(zone));
                }
            }
            Datum::Json(Json::Object(object))
        }
        "ARRAY_CONSTRUCT" => Datum::Json(Json::Array(arguments.iter().map(|it| it.json(zone)).collect())),
        "COALESCE" | "NVL" | "IFNULL" => {
            arguments.into_iter().find(|value| !value.is_null()).unwrap_or(Datum::Null)
        }
        "NULLIF" => {
            match scope.compared(Operator::Equal, &first, arguments.get(1).unwrap_or(&Datum::Null))? {
                Datum::Boolean(true) => Datum::Null,
                _ => first,
            }
        }
        "IFF" => {
            let holds = !first.is_null() && first.boolean()?;
            arguments.swap_remove(if holds { 1 } else { 2 })
        }
        "ABS" => match &first {
            Datum::Null => Datum::Null,
            Datum::Real(number) => Datum::Real(number.abs()),
            other => {
                let number = other.number()?;
                let negative = number.to_string().starts_with('-');
                Datum::Number(if negative { number.negative() } else { number })
            }
        },
        "TO_NUMBER" | "TO_DECIMAL" | "TO_NUMERIC" => cast(number(0))?,
        "TO_DOUBLE" => cast(DataType::Float)?,
        "TO_BOOLEAN" => cast(DataType::Boolean)?,
        "TO_DATE" | "DATE" => cast(DataType::Date)?,
        "CURRENT_DATE" => {
            let now = Datum::Timestamp("LTZ", i128::from(scope.now) * 1_000_000);
            now.cast(&DataType::Date, zone)?
        }
        "TO_TIMESTAMP" | "TO_TIMESTAMP_NTZ" => cast(DataType::Timestamp("NTZ".into(), 9))?,
        "TO_TIMESTAMP_LTZ" => cast(DataType::Timestamp("LTZ".into(), 9))?,
        _ => return Ok(None),
    }))
}
