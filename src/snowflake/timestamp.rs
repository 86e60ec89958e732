//! Timestamps in rows.
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// A cell as a moment, or `None` where the text is none.
///
/// The SQL API gives seconds since 1970 with a fraction (`1754899200.123000000`), for TIMESTAMP_TZ followed by
/// the offset in minutes plus 1440. Other forms come from sessions with an output format: RFC 3339, or a date
/// and time with an offset, or without one (then UTC is meant).
pub fn parse(cell: &str) -> Option<Timestamp> {
    let cell = cell.trim();
    let seconds = match cell.split_once(' ') {
        Some((seconds, offset)) if offset.parse::<u16>().is_ok_and(|minutes| minutes <= 2880) => seconds,
        _ => cell,
    };
    if let Some(moment) = from_seconds(seconds) {
        return Some(moment);
    }
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Some(moment);
    }
    for format in ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %:z"] {
        if let Ok(moment) = Timestamp::strptime(format, cell) {
            return Some(moment);
        }
    }
    let local: DateTime = cell.parse().ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn from_seconds(text: &str) -> Option<Timestamp> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 9 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    let since = SignedDuration::new(whole.parse().ok()?, nanos);
    Timestamp::from_duration(if negative { -since } else { since }).ok()
}

#[cfg(test)]
mod tests;
