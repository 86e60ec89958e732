//! The values of a resource monitor's properties.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor>.

use std::{
    collections::BTreeSet,
    fmt::{self, Display},
};

use jiff::{Timestamp, civil, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    canonical::Canonical, ident::Ident, keywords::keywords, literal::quote_literal,
    path::split_outside_quotes,
};

keywords! {
    /// `FREQUENCY`: how often the used credits start again from 0.
    pub enum Frequency {
        Daily = "DAILY",
        Weekly = "WEEKLY",
        Monthly = "MONTHLY",
        Yearly = "YEARLY",
        Never = "NEVER",
    }
}

keywords! {
    /// What a trigger does.
    pub enum TriggerAction {
        Notify = "NOTIFY",
        Suspend = "SUSPEND",
        SuspendImmediate = "SUSPEND_IMMEDIATE",
    }
}

/// One trigger: at so many percent of the quota, do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    /// Percent of the credit quota; may exceed 100.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub at_percent: i32,
    #[serde(rename = "do")]
    pub action: TriggerAction,
}

/// The whole set of triggers: Snowflake replaces it as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triggers(pub BTreeSet<Trigger>);

impl Triggers {
    /// From the columns `notify_at`, `suspend_at`, `suspend_immediately_at` of SHOW (`50%,75%`).
    pub fn from_columns(
        notify: Option<&str>,
        suspend: Option<&str>,
        immediate: Option<&str>,
    ) -> Option<Self> {
        let mut all = BTreeSet::new();
        for (cell, action) in [
            (notify, TriggerAction::Notify),
            (suspend, TriggerAction::Suspend),
            (immediate, TriggerAction::SuspendImmediate),
        ] {
            for part in cell.unwrap_or_default().split(',').map(str::trim) {
                if part.is_empty() || part.eq_ignore_ascii_case("null") {
                    continue;
                }
                all.insert(Trigger { at_percent: part.trim_end_matches('%').trim().parse().ok()?, action });
            }
        }
        Some(Self(all))
    }
    /// `ON 80 PERCENT DO NOTIFY ON …`, as a statement carries it after `TRIGGERS`.
    pub fn sql(&self) -> String {
        let parts: Vec<_> =
            self.0.iter().map(|t| format!("ON {} PERCENT DO {}", t.at_percent, t.action)).collect();
        parts.join(" ")
    }
}

impl Display for Triggers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (i, t) in self.0.iter().enumerate() {
            write!(f, "{}{} % {}", if i == 0 { "" } else { ", " }, t.at_percent, t.action)?;
        }
        Ok(())
    }
}

/// Credits, a whole number in `CREDIT_QUOTA`; SHOW prints it as a decimal (`100.00`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credits(pub i64);

impl Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Canonical for Credits {
    fn read(cell: Option<&str>) -> Option<Self> {
        let text = cell?.trim();
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        rest.bytes().all(|b| b == b'0').then(|| whole.parse().ok().map(Self)).flatten()
    }
}

/// The users that are notified, by name. Order carries no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users(pub BTreeSet<Ident>);

impl Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (i, user) in self.0.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, user.as_str())?;
        }
        Ok(())
    }
}

impl Canonical for Users {
    /// SHOW prints the names with commas between.
    fn read(cell: Option<&str>) -> Option<Self> {
        let names = split_outside_quotes(cell.unwrap_or_default(), ',').into_iter().map(str::trim);
        let names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("null"));
        names.map(|name| Ident::shown(name).ok()).collect::<Option<_>>().map(Self)
    }
    fn sql(&self) -> String {
        let names: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        format!("({})", names.join(", "))
    }
}

/// A moment of a monitor's period. Specs and Snowflake write dates, dates with a time, or RFC 3339; without an
/// offset, UTC is meant (monitors reset at 00:00 UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl Moment {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Some(Self(stamp));
        }
        for format in ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M %z"] {
            if let Ok(stamp) = Timestamp::strptime(format, text) {
                return Some(Self(stamp));
            }
        }
        // The SQL API prints a timestamp as seconds since 1970, with a fraction.
        if let Some((seconds, fraction)) = text.split_once('.')
            && fraction.len() >= 3
            && let Ok(seconds) = seconds.parse::<i64>()
        {
            return Timestamp::from_second(seconds).ok().map(Self);
        }
        let local = text.parse::<civil::DateTime>().ok().or_else(|| {
            let day = text.parse::<civil::Date>().ok()?;
            Some(day.to_datetime(civil::Time::midnight()))
        });
        let local = local.or_else(|| civil::DateTime::strptime("%Y-%m-%d %H:%M", text).ok())?;
        local.to_zoned(TimeZone::UTC).ok().map(|zoned| Self(zoned.timestamp()))
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M"))
    }
}

impl Canonical for Moment {
    fn read(cell: Option<&str>) -> Option<Self> {
        Self::parse(cell?)
    }
    /// With an offset: without one, Snowflake reads it in the session's time zone.
    fn sql(&self) -> String {
        quote_literal(&self.0.strftime("%Y-%m-%dT%H:%M:00+00:00").to_string())
    }
}
