//! Bind variables: `?` and `:1` in a statement, replaced by literals of the values that came with it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::faults::verb_of;
use crate::state::Failure;

/// The value of a bind variable; `null` is SQL NULL.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Binding {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: Option<String>,
    /// The format of a date or time; accepted, not used.
    #[serde(default, rename = "fmt")]
    _format: Option<String>,
}

impl Binding {
    pub(crate) fn new(kind: String, value: Option<String>) -> Self {
        Self { kind, value, _format: None }
    }
}

/// Puts the values in. A statement without bindings is left as it is.
pub(crate) fn fill(statement: &str, bindings: Option<&BTreeMap<String, Binding>>) -> Result<String, Failure> {
    let Some(bindings) = bindings else {
        return Ok(statement.to_owned());
    };
    let selects = verb_of(statement).eq_ignore_ascii_case("SELECT");
    let untold = |binding: &&Binding| {
        let kind = binding.kind.to_ascii_uppercase();
        binding.value.is_some() && (kind.starts_with("TIME") || kind == "DATE" || kind == "BINARY")
    };
    if let Some(binding) = bindings.values().find(untold).filter(|_| selects) {
        // Results have no columns of these types.
        let message = format!("Unsupported feature 'bind variable of the type {} in SELECT'.", binding.kind);
        return Err(Failure::new(2, "0A000", message));
    }
    let dialect = SnowflakeDialect {};
    let Ok(tokens) = Tokenizer::new(&dialect, statement).with_unescape(false).tokenize_with_location() else {
        // What the tokenizer cannot read, the parser will refuse with a better message.
        return Ok(statement.to_owned());
    };
    let starts = line_starts(statement);
    let mut filled = String::with_capacity(statement.len());
    let mut copied = 0;
    let mut next = 1_usize;
    let mut colon: Option<usize> = None;
    for token in tokens {
        let Some(at) = offset(statement, &starts, token.span.start.line, token.span.start.column) else {
            continue;
        };
        let (from, key, length) = match &token.token {
            Token::Placeholder(text) if text == "?" => {
                let key = next.to_string();
                next += 1;
                (at, key, 1)
            }
            Token::Placeholder(text) if text.starts_with(':') => (at, text[1..].to_owned(), text.len()),
            Token::Number(number, false) if colon.is_some_and(|colon| colon + 1 == at) => {
                (at - 1, number.clone(), number.len() + 1)
            }
            other => {
                colon = matches!(other, Token::Colon).then_some(at);
                continue;
            }
        };
        colon = None;
        let Some(binding) = bindings.get(&key) else {
            return Err(Failure::new(
                2049,
                "42601",
                format!(
                    "SQL compilation error: error line {} at position {}\nBind variable {} not set.",
                    token.span.start.line,
                    token.span.start.column.saturating_sub(1),
                    &statement[from..from + length]
                ),
            ));
        };
        filled.push_str(&statement[copied..from]);
        filled.push_str(&literal(binding)?);
        copied = from + length;
    }
    filled.push_str(&statement[copied..]);
    Ok(filled)
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// The byte offset of a line and a column, both from 1, the column in characters.
fn offset(text: &str, starts: &[usize], line: u64, column: u64) -> Option<usize> {
    let start = *starts.get(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    text[start..].char_indices().nth(column).map(|(at, _)| start + at)
}

/// The SQL literal of a value.
fn literal(binding: &Binding) -> Result<String, Failure> {
    let Some(value) = &binding.value else {
        return Ok("NULL".into());
    };
    let wrong = || {
        Failure::new(
            100_038,
            "22018",
            format!("Value '{value}' of a bind variable is not recognized as {}.", binding.kind),
        )
    };
    let quoted = || format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"));
    match binding.kind.to_ascii_uppercase().as_str() {
        "FIXED" | "REAL" => {
            let plain = value.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            if plain && value.parse::<f64>().is_ok_and(f64::is_finite) {
                Ok(value.clone())
            } else {
                Err(wrong())
            }
        }
        "BOOLEAN" => match value.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok("TRUE".into()),
            "false" | "0" => Ok("FALSE".into()),
            _ => Err(wrong()),
        },
        "TEXT" => Ok(quoted()),
        kind @ ("DATE" | "TIME" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ") => {
            time(kind, value).map(|text| format!("'{text}'")).ok_or_else(wrong)
        }
        "BINARY" if value.len() % 2 == 0 && value.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Ok(format!("TO_BINARY('{value}', 'HEX')"))
        }
        "BINARY" => Err(wrong()),
        other => {
            Err(Failure::new(2, "0A000", format!("Unsupported feature 'bind variable of the type {other}'.")))
        }
    }
}

/// A time as statements write it. Clients send milliseconds since 1970 for a DATE, nanoseconds for the others, and for
/// TIMESTAMP_TZ the minutes from UTC too, 1440 for none.
fn time(kind: &str, value: &str) -> Option<String> {
    let (number, minutes) = value.split_once(' ').unwrap_or((value, "1440"));
    let nanoseconds = number.parse::<i128>().ok()? * if kind == "DATE" { 1_000_000 } else { 1 };
    let moment = jiff::Timestamp::from_nanosecond(nanoseconds).ok()?;
    let offset = if kind == "TIMESTAMP_TZ" { minutes.parse::<i32>().ok()?.checked_sub(1440)? } else { 0 };
    let offset = jiff::tz::Offset::from_seconds(offset.checked_mul(60)?).ok()?;
    let local = offset.to_datetime(moment);
    let text = match kind {
        "DATE" => local.strftime("%Y-%m-%d"),
        "TIME" => local.strftime("%H:%M:%S%.f"),
        "TIMESTAMP_NTZ" => local.strftime("%Y-%m-%d %H:%M:%S%.f"),
        _ => {
            return Some(
                local.to_zoned(offset.to_time_zone()).ok()?.strftime("%Y-%m-%d %H:%M:%S%.f%:z").to_string(),
            );
        }
    };
    Some(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings(values: &[(&str, &str)]) -> BTreeMap<String, Binding> {
        let json: serde_json::Map<String, serde_json::Value> = values
            .iter()
            .enumerate()
            .map(|(index, (kind, value))| {
                ((index + 1).to_string(), serde_json::json!({"type": kind, "value": value}))
            })
            .collect();
        serde_json::from_value(json.into()).unwrap()
    }

    #[test]
    fn values_take_the_place_of_their_variables_only() {
        let values = bindings(&[("TEXT", "it's \\ ü"), ("FIXED", "-1.5"), ("BOOLEAN", "true")]);
        let filled = fill("-- why?\nSELECT '?', \"?\", ?, /* ? */ ?,\n  'ü' || :3", Some(&values)).unwrap();
        assert_eq!(filled, "-- why?\nSELECT '?', \"?\", 'it''s \\\\ ü', /* ? */ -1.5,\n  'ü' || TRUE");
    }

    #[test]
    fn a_variable_without_a_value_is_an_error() {
        let error = fill("SELECT ?, ?", Some(&bindings(&[("TEXT", "a")]))).unwrap_err();
        assert_eq!(error.code, 2049);
        assert!(error.message.contains("position 10"), "{}", error.message);
    }

    #[test]
    fn times_are_written_out() {
        for (kind, value, text) in [
            ("DATE", "1577923200000", "2020-01-02"),
            ("TIME", "3723000000001", "01:02:03.000000001"),
            ("TIMESTAMP_NTZ", "1577934245000000000", "2020-01-02 03:04:05"),
            ("TIMESTAMP_LTZ", "1577934245500000000", "2020-01-02 03:04:05.5+00:00"),
            ("TIMESTAMP_TZ", "1577934245000000000 1500", "2020-01-02 04:04:05+01:00"),
        ] {
            let filled = fill("X = ?", Some(&bindings(&[(kind, value)]))).unwrap();
            assert_eq!(filled, format!("X = '{text}'"));
        }
        for (kind, value) in
            [("DATE", "x"), ("TIME", "1'"), ("TIMESTAMP_TZ", "1 x"), ("DATE", "9".repeat(30).as_str())]
        {
            assert!(fill("X = ?", Some(&bindings(&[(kind, value)]))).is_err(), "{kind} {value}");
        }
    }

    #[test]
    fn a_number_is_a_number() {
        for evil in ["1; DROP ROLE R", "1 OR 1", "", "NaN", "inf", "1e", "--1"] {
            assert!(fill("SELECT ?", Some(&bindings(&[("FIXED", evil)]))).is_err(), "{evil}");
        }
    }
}
