//! Dates and times: texts to numbers and back (docs: date-time-input-output, the formats of AUTO that ISO has).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Nanoseconds of a day.
pub(super) const DAY: i128 = 86_400_000_000_000;
const SECOND: i128 = 1_000_000_000;

/// Seconds with nine decimals, as cells have them.
pub(super) fn seconds(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let size = nanoseconds.unsigned_abs();
    format!("{sign}{}.{:09}", size / 1_000_000_000, size % 1_000_000_000)
}

pub(super) fn nanoseconds(cell: &str) -> i128 {
    let (whole, part) = cell.split_once('.').unwrap_or((cell, "0"));
    let part: i128 = format!("{part:0<9}").get(..9).and_then(|part| part.parse().ok()).unwrap_or_default();
    let negative = whole.starts_with('-');
    let whole: i128 = whole.parse().unwrap_or_default();
    whole * SECOND + if negative { -part } else { part }
}

/// With so many digits of a second.
pub(super) fn cut(nanoseconds: i128, digits: u64) -> i128 {
    let unit = 10_i128.pow(9 - u32::try_from(digits.min(9)).unwrap_or(9));
    nanoseconds.div_euclid(unit) * unit
}

fn epoch() -> Date {
    Date::constant(1970, 1, 1)
}

fn days_of(date: Date) -> i64 {
    date.duration_since(epoch()).as_hours() / 24
}

fn date_from(days: i64) -> Date {
    epoch().checked_add(SignedDuration::from_hours(days.saturating_mul(24))).unwrap_or(Date::MAX)
}

pub(super) fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    day.parse::<Date>().ok().map(days_of)
}

pub(super) fn date_text(days: i64) -> String {
    date_from(days).to_string()
}

pub(super) fn time(text: &str) -> Option<i64> {
    text.trim().parse::<Time>().ok().map(|time| time.duration_since(Time::midnight()).as_nanos() as i64)
}

pub(super) fn time_text(nanoseconds: i64) -> String {
    let seconds = nanoseconds / 1_000_000_000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn wall(nanoseconds: i128) -> DateTime {
    Timestamp::from_nanosecond(nanoseconds).unwrap_or_default().to_zoned(TimeZone::UTC).datetime()
}

fn of_wall(wall: DateTime) -> Option<i128> {
    wall.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_nanosecond())
}

/// Nanoseconds of one kind as those of the other.
pub(super) fn between(from: &str, to: &str, nanoseconds: i128, zone: &TimeZone) -> i128 {
    match (from, to) {
        ("NTZ", "LTZ") => wall(nanoseconds)
            .to_zoned(zone.clone())
            .map_or(nanoseconds, |zoned| zoned.timestamp().as_nanosecond()),
        ("LTZ", "NTZ") => {
            let there = Timestamp::from_nanosecond(nanoseconds).unwrap_or_default().to_zoned(zone.clone());
            of_wall(there.datetime()).unwrap_or(nanoseconds)
        }
        _ => nanoseconds,
    }
}

pub(super) fn date_of(kind: &str, nanoseconds: i128, zone: &TimeZone) -> i64 {
    between(kind, "NTZ", nanoseconds, zone).div_euclid(DAY) as i64
}

/// `2026-01-02`, `2026-01-02 03:04:05.6`, either with an offset; or seconds since 1970.
pub(super) fn timestamp(text: &str, kind: &str, zone: &TimeZone) -> Option<i128> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Docs: to_timestamp; the number of digits says what it counts.
        let number: i128 = text.parse().ok()?;
        let unit = match number {
            0..31_536_000_000 => SECOND,
            31_536_000_000..31_536_000_000_000 => 1_000_000,
            31_536_000_000_000..31_536_000_000_000_000 => 1_000,
            _ => 1,
        };
        return Some(between("NTZ", kind, number * unit, &TimeZone::UTC));
    }
    let spaced = text.replacen(' ', "T", 1).replace(' ', "");
    if let Ok(moment) = spaced.parse::<Timestamp>() {
        let there = moment.as_nanosecond();
        // The wall's time is that of the offset that the text has.
        return match kind {
            "LTZ" => Some(there),
            _ => of_wall(spaced.parse::<DateTime>().ok()?),
        };
    }
    let wall = spaced
        .parse::<DateTime>()
        .ok()
        .or_else(|| spaced.parse::<Date>().ok().map(|date| date.to_datetime(Time::midnight())))?;
    Some(between("NTZ", kind, of_wall(wall)?, zone))
}

/// `2026-01-02 03:04:05.600`, with the offset of a zone.
pub(super) fn timestamp_text(nanoseconds: i128, zone: Option<&TimeZone>) -> String {
    let Some(zone) = zone else {
        return wall(nanoseconds).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
    };
    let there = Timestamp::from_nanosecond(nanoseconds).unwrap_or_default().to_zoned(zone.clone());
    there.strftime("%Y-%m-%d %H:%M:%S%.3f %z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_times_and_texts_again() {
        let utc = TimeZone::UTC;
        let east = TimeZone::fixed(jiff::tz::offset(2));
        for (text, zone, is) in [
            ("2026-01-02", &utc, "2026-01-02 00:00:00.000 +0000"),
            ("2026-01-02 03:04:05.6", &utc, "2026-01-02 03:04:05.600 +0000"),
            ("2026-01-02T03:04:05", &east, "2026-01-02 03:04:05.000 +0200"),
            ("2026-01-02 03:04:05 +00:00", &east, "2026-01-02 05:04:05.000 +0200"),
            ("1767322800", &utc, "2026-01-02 03:00:00.000 +0000"),
        ] {
            let found = timestamp(text, "LTZ", zone).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(timestamp_text(found, Some(zone)), is, "{text}");
        }
        assert_eq!(timestamp("yesterday", "NTZ", &utc), None);
        assert_eq!((date("2026-03-04").map(date_text)).as_deref(), Some("2026-03-04"));
        assert_eq!(time("12:30:01").map(time_text).as_deref(), Some("12:30:01"));
        assert_eq!(nanoseconds(&seconds(-1_500_000_000)), -1_500_000_000);
    }
}
