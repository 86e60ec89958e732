//! Schedules of tasks and alerts.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-task>:
//! `SCHEDULE = '{ <num> { HOURS | MINUTES | SECONDS } | USING CRON <expr> <time_zone> }'`.

use std::fmt::{self, Display};

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZoneDatabase;

use super::{canonical::Canonical, duration::Span, literal::quote_literal};

/// When a task or an alert runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// Every so many seconds.
    Every(u64),
    Cron {
        /// Five fields, in upper case, with one blank between.
        expression: String,
        /// By its name in the IANA list.
        timezone: String,
    },
}

/// Why a text is no schedule. Says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    #[error("the interval is 10 s to 8 days (11520 minutes), not {0}")]
    Interval(String),
    #[error("the cron expression {0:?} has not five fields: minute, hour, day of month, month, day of week")]
    Fields(String),
    #[error(
        "the cron expression {expression:?} has {found:?}, which Snowflake does not know: it knows * , - / L and names of months and days"
    )]
    Sign { expression: String, found: char },
    #[error("the cron expression {expression:?} can't be: {why}")]
    Cron { expression: String, why: String },
    #[error("there is no time zone {0:?}: write UTC or a name as Europe/Berlin")]
    TimeZone(String),
    #[error("{0:?} is no schedule")]
    Unknown(String),
}

/// The least and the most seconds between runs.
const LEAST: u64 = 10;
const MOST: u64 = 11_520 * 60;

/// Units: seconds, Snowflake's word.
const UNITS: [(u64, &str); 3] = [(3600, "HOUR"), (60, "MINUTE"), (1, "SECOND")];

/// Which field's `n/m` goes up to what; croner wants the range written out.
const LAST: [&str; 5] = ["59", "23", "31", "12", "6"];

impl Schedule {
    /// An interval, as specs write it.
    pub fn every(span: Span) -> Result<Self, BadSchedule> {
        match span.0.as_secs() {
            seconds @ LEAST..=MOST => Ok(Self::Every(seconds)),
            _ => Err(BadSchedule::Interval(span.to_string())),
        }
    }

    /// A cron expression with its time zone, as specs write them.
    pub fn cron(expression: &str, timezone: &str) -> Result<Self, BadSchedule> {
        let fields: Vec<String> = expression.split_whitespace().map(str::to_ascii_uppercase).collect();
        if fields.len() != LAST.len() {
            return Err(BadSchedule::Fields(short(expression)));
        }
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | ',' | '-' | '/');
        if let Some(found) = fields.iter().flat_map(|field| field.chars()).find(|c| !known(*c)) {
            return Err(BadSchedule::Sign { expression: short(expression), found });
        }
        let written_out: Vec<String> =
            fields.iter().zip(LAST).map(|(field, last)| steps(field, last)).collect();
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        parser
            .parse(&written_out.join(" "))
            .map_err(|error| BadSchedule::Cron { expression: short(expression), why: error.to_string() })?;
        let unknown = || BadSchedule::TimeZone(short(timezone));
        let zone = TimeZoneDatabase::bundled().get(timezone.trim()).map_err(|_| unknown())?;
        let timezone = zone.iana_name().ok_or_else(unknown)?.to_owned();
        Ok(Self::Cron { expression: fields.join(" "), timezone })
    }

    /// As SHOW prints it: `10 MINUTE`, `10 MINUTES`, `USING CRON 0 2 * * * UTC`.
    pub fn parse(text: &str) -> Result<Self, BadSchedule> {
        let unknown = || BadSchedule::Unknown(short(text));
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [using, cron, fields @ .., timezone]
                if using.eq_ignore_ascii_case("USING") && cron.eq_ignore_ascii_case("CRON") =>
            {
                Self::cron(&fields.join(" "), timezone)
            }
            [number, unit] => {
                let unit = unit.to_ascii_uppercase();
                // `M`, `S` and `H` are Snowflake's short forms.
                let found = UNITS.into_iter().find(|(_, word)| {
                    unit.strip_suffix('S').unwrap_or(&unit) == *word
                        || (unit.len() == 1 && word.starts_with(&unit))
                });
                let (factor, _) = found.ok_or_else(unknown)?;
                let number: u32 = number.parse().map_err(|_| unknown())?;
                Ok(Self::Every(u64::from(number) * factor))
            }
            _ => Err(unknown()),
        }
    }
}

/// `4/3` begins at the fourth and goes on to the last.
fn steps(field: &str, last: &str) -> String {
    let part = |part: &str| match part.split_once('/') {
        Some((from, step)) if !from.is_empty() && from.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{from}-{last}/{step}")
        }
        _ => part.to_owned(),
    };
    field.split(',').map(part).collect::<Vec<_>>().join(",")
}

/// At most 60 characters of a text, for messages.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

impl Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(seconds) => {
                let fits = UNITS.into_iter().find(|(factor, _)| seconds.is_multiple_of(*factor));
                let (factor, word) = fits.unwrap_or((1, "SECOND"));
                write!(f, "{} {word}S", seconds / factor)
            }
            Self::Cron { expression, timezone } => write!(f, "USING CRON {expression} {timezone}"),
        }
    }
}

impl Canonical for Schedule {
    fn read(cell: Option<&str>) -> Option<Self> {
        Self::parse(cell?).ok()
    }
    fn sql(&self) -> String {
        quote_literal(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_compare_by_their_length() {
        for (spec, shown, sql) in [
            ("10m", "10 MINUTE", "'10 MINUTES'"),
            ("600s", "10 MINUTES", "'10 MINUTES'"),
            ("60m", "1 HOUR", "'1 HOURS'"),
            ("60m", "60 minutes", "'1 HOURS'"),
            ("10m", "10 M", "'10 MINUTES'"),
            ("30s", "30 SECONDS", "'30 SECONDS'"),
            ("192h", "11520 MINUTES", "'192 HOURS'"),
        ] {
            let schedule = Schedule::every(Span::parse(spec).unwrap()).unwrap();
            assert_eq!(Schedule::parse(shown), Ok(schedule.clone()), "{shown}");
            assert_eq!(schedule.sql(), sql);
            assert_eq!(Schedule::read(Some(&schedule.to_string())), Some(schedule));
        }
        for span in ["0s", "9s", "193h"] {
            assert!(Schedule::every(Span::parse(span).unwrap()).is_err(), "{span}");
        }
    }

    #[test]
    fn cron_is_read_from_specs_and_from_show() {
        for (expression, timezone, shown) in [
            ("0 2 * * *", "UTC", "USING CRON 0 2 * * * UTC"),
            ("0  9-17 * * sun", "America/Los_Angeles", "USING CRON 0 9-17 * * SUN America/Los_Angeles"),
            ("*/5 * * * MON-FRI", "europe/berlin", "USING CRON */5 * * * MON-FRI Europe/Berlin"),
            ("0 0 L * *", "UTC", "USING CRON 0 0 L * * UTC"),
            ("0 0 * * 5L", "UTC", "USING CRON 0 0 * * 5L UTC"),
            ("0 0 1 4/3 *", "UTC", "USING CRON 0 0 1 4/3 * UTC"),
            ("0 0 10-20 * TUE,THU", "UTC", "USING CRON 0 0 10-20 * TUE,THU UTC"),
        ] {
            let schedule = Schedule::cron(expression, timezone).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(schedule.to_string(), shown);
            assert_eq!(Schedule::parse(shown), Ok(schedule.clone()));
            assert_eq!(schedule.sql(), format!("'{shown}'"));
        }
    }

    #[test]
    fn what_can_never_run_is_refused_with_the_reason() {
        for (expression, timezone, says) in [
            ("0 2 * *", "UTC", "five fields"),
            ("0 0 2 * * *", "UTC", "five fields"),
            ("", "UTC", "five fields"),
            ("60 * * * *", "UTC", "can't be"),
            ("0 24 * * *", "UTC", "can't be"),
            ("0 0 * * FRY", "UTC", "can't be"),
            ("0 0 ? * *", "UTC", "'?', which Snowflake does not know"),
            ("0 0 * * 5#2", "UTC", "'#', which Snowflake does not know"),
            ("0 0 * * '", "UTC", "which Snowflake does not know"),
            ("0 2 * * *", "Mars/Olympus", "no time zone \"Mars/Olympus\""),
            ("0 2 * * *", "UTC'; DROP", "no time zone"),
        ] {
            let error = Schedule::cron(expression, timezone).expect_err(expression).to_string();
            assert!(error.contains(says), "{expression}: {error}");
        }
        for text in ["", "10", "10 FORTNIGHTS", "x MINUTES", "USING CRON", "EVERY DAY", "-1 MINUTE"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
