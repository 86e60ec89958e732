//! How far a dynamic table or a search service may be behind.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-dynamic-table>:
//! `TARGET_LAG = { '<num> { seconds | minutes | hours | days }' | DOWNSTREAM }`, at least a minute.

use std::{
    borrow::Cow,
    fmt::{self, Display},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::canonical::Canonical;

/// `TARGET_LAG`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TargetLag {
    /// As those that read it need.
    #[default]
    Downstream,
    /// At most so many seconds.
    Seconds(u64),
}

/// Units, the largest first: seconds, the letter of specs, Snowflake's word.
const UNITS: [(u64, &str, &str); 4] =
    [(86_400, "d", "days"), (3600, "h", "hours"), (60, "m", "minutes"), (1, "s", "seconds")];
/// The least that Snowflake takes.
const MINUTE: u64 = 60;

impl TargetLag {
    /// As specs write it: a number with `s`, `m`, `h` or `d`, or `Downstream`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("downstream") {
            return Some(Self::Downstream);
        }
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let (factor, ..) = UNITS.into_iter().find(|(_, letter, _)| *letter == unit)?;
        Self::seconds(number, factor)
    }

    fn seconds(number: &str, factor: u64) -> Option<Self> {
        let seconds = u64::from(number.parse::<u32>().ok()?) * factor;
        (seconds >= MINUTE).then_some(Self::Seconds(seconds))
    }
}

/// The number of the largest unit that fits, with its letter and its word.
fn in_units(seconds: u64) -> (u64, &'static str, &'static str) {
    let fits = UNITS.into_iter().find(|(factor, ..)| seconds.is_multiple_of(*factor));
    fits.map_or((seconds, "s", "seconds"), |(factor, letter, word)| (seconds / factor, letter, word))
}

impl Display for TargetLag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Downstream => f.write_str("Downstream"),
            Self::Seconds(seconds) => {
                let (n, letter, _) = in_units(*seconds);
                write!(f, "{n}{letter}")
            }
        }
    }
}

impl Canonical for TargetLag {
    /// SHOW prints `DOWNSTREAM` and `1 minute`, in the unit of the statement.
    fn read(cell: Option<&str>) -> Option<Self> {
        let text = cell?.trim();
        if let Some(lag) = Self::parse(text) {
            return Some(lag);
        }
        let (number, unit) = text.split_once(char::is_whitespace)?;
        let unit = unit.trim().to_ascii_lowercase();
        let (factor, ..) =
            UNITS.into_iter().find(|(.., word)| word.trim_end_matches('s') == unit.trim_end_matches('s'))?;
        Self::seconds(number, factor)
    }
    fn sql(&self) -> String {
        match self {
            Self::Downstream => "DOWNSTREAM".into(),
            Self::Seconds(seconds) => {
                let (n, _, word) = in_units(*seconds);
                format!("'{n} {word}'")
            }
        }
    }
}

impl Serialize for TargetLag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TargetLag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "{text:?} is no target lag: write 5m, 2h, 1d (a minute or more) or Downstream"
            ))
        })
    }
}

impl JsonSchema for TargetLag {
    fn schema_name() -> Cow<'static, str> {
        "TargetLag".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^([0-9]{1,8}[smhd]|Downstream)$", "maxLength": 10})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_read_from_specs_and_from_show_and_compares_by_its_length() {
        for (spec, shown, sql) in [
            ("1m", "1 minute", "'1 minutes'"),
            ("60s", "1 minutes", "'1 minutes'"),
            ("120m", "2 hours", "'2 hours'"),
            ("24h", "1 day", "'1 days'"),
            ("90s", "90 seconds", "'90 seconds'"),
            ("Downstream", "DOWNSTREAM", "DOWNSTREAM"),
        ] {
            let lag = TargetLag::parse(spec).unwrap();
            assert_eq!(TargetLag::read(Some(shown)), Some(lag), "{shown}");
            assert_eq!(TargetLag::parse(&lag.to_string()), Some(lag), "{lag}");
            assert_eq!(lag.sql(), sql);
        }
        for text in ["", "m", "59s", "0d", "1w", "-1m", "1 fortnight", "1 minute or so", "é"] {
            assert_eq!(TargetLag::read(Some(text)), None, "{text}");
        }
    }
}
