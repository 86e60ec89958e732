//! What ends by itself: a user's expiry, the lock after failed sign-ins, the bypass of MFA.
//!
//! Statements set them as days or minutes from now; kept is the moment, and lists say what is left.

use super::super::answer::{Cell, time};
use super::super::warehouse::Stored;
use super::User;

const MINUTE: i64 = 60_000;

const DAY: i64 = 86_400_000;

/// (property, under which name its moment is kept, milliseconds of its unit, whether it may lie in the past)
const LASTING: [(&str, &str, i64, bool); 3] = [
    ("DAYS_TO_EXPIRY", "EXPIRES_AT_TIME", DAY, true),
    ("MINS_TO_UNLOCK", "LOCKED_UNTIL_TIME", MINUTE, false),
    ("MINS_TO_BYPASS_MFA", "MFA_BYPASSED_UNTIL", MINUTE, false),
];

impl User {
    /// Sets one of them; false when the property is another. 0 is none, as NULL is; so is a negative one, but for
    /// the expiry.
    pub(super) fn set_lasting(&mut self, property: &str, amount: Option<i64>, now: i64) -> bool {
        let Some((_, kept, unit, past)) = LASTING.iter().find(|row| row.0 == property) else {
            return false;
        };
        match amount {
            Some(amount) if amount > 0 || (amount < 0 && *past) => {
                let until = now.saturating_add(amount.saturating_mul(*unit));
                self.properties.insert((*kept).into(), Stored::Integer(until));
            }
            _ => {
                self.properties.remove(*kept);
            }
        }
        true
    }

    fn moment(&self, kept: &str) -> Option<i64> {
        match self.properties.get(kept) {
            Some(Stored::Integer(at)) => Some(*at),
            _ => None,
        }
    }

    /// `expires_at_time` and `locked_until_time`
    pub(super) fn moment_cell(&self, column: &str) -> Cell {
        self.moment(&column.to_uppercase()).and_then(time)
    }

    /// What is left: days with their fraction, or whole minutes (the first is running).
    pub(super) fn left(&self, property: &str, now: i64) -> Cell {
        let (_, kept, unit, past) = LASTING.iter().find(|row| row.0 == property)?;
        let left = self.moment(kept)? - now;
        match past {
            true => Some(format!("{}", left as f64 / *unit as f64)),
            false => (left > 0).then(|| ((left - 1) / *unit).to_string()),
        }
    }
}
