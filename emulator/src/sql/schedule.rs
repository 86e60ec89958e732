//! When tasks and alerts run: `'10 MINUTES'`, `'USING CRON 0 9 * * MON-FRI Europe/Warsaw'`
//! (docs: create-task, create-alert).

/// Why a schedule is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Format,
    Cron,
    TimeZone,
}

/// An interval in seconds, or None for a CRON schedule.
pub(crate) fn read(text: &str) -> Result<Option<u64>, Flaw> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [using, cron, fields @ ..] = words.as_slice()
        && using.eq_ignore_ascii_case("USING")
        && cron.eq_ignore_ascii_case("CRON")
    {
        let [minute, hour, day, month, weekday, zone] = fields else { return Err(Flaw::Cron) };
        let fits = field(minute, 0, 59, &[], false)
            && field(hour, 0, 23, &[], false)
            && field(day, 1, 31, &[], true)
            && field(month, 1, 12, MONTHS, false)
            && field(weekday, 0, 6, WEEKDAYS, true);
        if !fits {
            return Err(Flaw::Cron);
        }
        return match jiff::tz::TimeZone::get(zone) {
            Ok(_) => Ok(None),
            Err(_) => Err(Flaw::TimeZone),
        };
    }
    interval(text).map(Some).ok_or(Flaw::Format)
}

/// `n HOURS | MINUTES | SECONDS`, with the shorter notations, in seconds. 0 is none.
pub(crate) fn interval(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace();
    let (count, unit) = (words.next()?, words.next()?);
    let seconds = match unit.to_uppercase().as_str() {
        "HOURS" | "HOUR" | "H" => 3600,
        "MINUTES" | "MINUTE" | "M" => 60,
        "SECONDS" | "SECOND" | "S" => 1,
        _ => return None,
    };
    let count: u64 = count.parse().ok()?;
    (words.next().is_none() && count > 0).then_some(())?;
    count.checked_mul(seconds)
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One field: values, ranges and steps, joined by commas; `L` where it may stand for the last one.
fn field(text: &str, least: u32, most: u32, names: &[&str], last: bool) -> bool {
    let value = |text: &str| -> Option<u32> {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(at) => least + u32::try_from(at).ok()?,
            None => text.parse().ok()?,
        };
        (least..=most).contains(&value).then_some(value)
    };
    text.split(',').all(|part| {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let steps = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
        let upper = range.to_uppercase();
        // `5L`: the last Friday of the month.
        let lasts = last && (upper == "L" || upper.strip_suffix('L').is_some_and(|day| value(day).is_some()));
        let ranges = match range.split_once('-') {
            Some((from, to)) => value(from).zip(value(to)).is_some_and(|(from, to)| from <= to),
            None => range == "*" || lasts || value(range).is_some(),
        };
        steps && ranges
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_three_units() {
        for (text, seconds) in [
            ("1 HOUR", 3600),
            ("10 MINUTE", 600),
            ("10 minutes", 600),
            ("15 SECONDS", 15),
            ("10 m", 600),
            ("2 h", 7200),
        ] {
            assert_eq!(read(text), Ok(Some(seconds)), "{text}");
        }
        for text in ["10", "MINUTE", "0 MINUTES", "-1 MINUTE", "1.5 HOURS", "10 DAYS", "10 MINUTES x", ""] {
            assert_eq!(read(text), Err(Flaw::Format), "{text}");
        }
    }

    #[test]
    fn cron_has_five_fields_and_a_time_zone() {
        for text in [
            "USING CRON * * * * * UTC",
            "using cron 0 9-17 * * SUN America/Los_Angeles",
            "USING CRON */3 0,12 L JAN-MAR MON-FRI Europe/Warsaw",
            "USING CRON 0 0 1-31/2 * 5L UTC",
            "USING CRON * * * * TUE,FRI GMT",
        ] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
        for text in [
            "USING CRON * * * * *",
            "USING CRON 60 * * * * UTC",
            "USING CRON * 24 * * * UTC",
            "USING CRON * * 0 * * UTC",
            "USING CRON * * * 13 * UTC",
            "USING CRON * * * * 7 UTC",
            "USING CRON L * * * * UTC",
            "USING CRON 5-1 * * * * UTC",
            "USING CRON */0 * * * * UTC",
            "USING CRON * * * * FOO UTC",
        ] {
            assert_eq!(read(text), Err(Flaw::Cron), "{text}");
        }
        assert_eq!(read("USING CRON * * * * * Mars/Phobos"), Err(Flaw::TimeZone));
    }
}
