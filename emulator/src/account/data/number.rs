//! Fixed-point numbers of up to 38 digits.

use std::cmp::Ordering;
use std::fmt;

/// `unscaled / 10^scale`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    unscaled: i128,
    scale: u32,
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { unscaled: value.into(), scale: 0 }
    }
}

fn power(digits: u32) -> Option<i128> {
    10_i128.checked_pow(digits)
}

impl Decimal {
    /// `-12.50`, `1e3`
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{part}");
        let plain = digits.trim_start_matches(['-', '+']);
        if plain.is_empty()
            || !plain.bytes().all(|byte| byte.is_ascii_digit())
            || digits.len() - plain.len() > 1
        {
            return None;
        }
        let unscaled: i128 = digits.parse().ok()?;
        let scale = i32::try_from(part.len()).ok()?.checked_sub(exponent)?;
        if scale < 0 {
            return Some(Self { unscaled: unscaled.checked_mul(power(scale.unsigned_abs())?)?, scale: 0 });
        }
        Self { unscaled, scale: scale.unsigned_abs() }.rounded(scale.unsigned_abs().min(37))
    }

    pub(super) fn is_zero(self) -> bool {
        self.unscaled == 0
    }

    pub(super) fn real(self) -> f64 {
        self.to_string().parse().unwrap_or_default()
    }

    /// With so many digits after the point; half is rounded away from zero.
    fn rounded(self, scale: u32) -> Option<Self> {
        if scale >= self.scale {
            let unscaled = self.unscaled.checked_mul(power(scale - self.scale)?)?;
            return Some(Self { unscaled, scale });
        }
        let Some(by) = power(self.scale - scale) else { return Some(Self { unscaled: 0, scale }) };
        let (quotient, rest) = (self.unscaled / by, self.unscaled % by);
        let up = i128::from(rest.unsigned_abs() * 2 >= by.unsigned_abs()) * self.unscaled.signum();
        Some(Self { unscaled: quotient + up, scale })
    }

    /// The whole number of `10^-scale`.
    pub(super) fn scaled(self, scale: u32) -> Option<i128> {
        self.rounded(scale).map(|number| number.unscaled)
    }

    /// As NUMBER(precision, scale), when it fits.
    pub(super) fn fit(self, precision: u64, scale: u64) -> Option<Self> {
        let rounded = self.rounded(u32::try_from(scale).ok()?)?;
        let limit = power(u32::try_from(precision).ok()?).unwrap_or(i128::MAX);
        (rounded.unscaled.abs() < limit).then_some(rounded)
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((self.scaled(scale)?, other.scaled(scale)?, scale))
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match self.aligned(*other) {
            Some((one, two, _)) => one.cmp(&two),
            None => self.real().total_cmp(&other.real()),
        }
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        let (one, two, scale) = self.aligned(other)?;
        Some(Self { unscaled: one.checked_add(two)?, scale })
    }

    pub(super) fn negative(self) -> Self {
        Self { unscaled: -self.unscaled, ..self }
    }

    pub(super) fn multiply(self, other: Self) -> Option<Self> {
        let whole =
            Self { unscaled: self.unscaled.checked_mul(other.unscaled)?, scale: self.scale + other.scale };
        whole.rounded(product_scale(self.scale, other.scale))
    }

    pub(super) fn divide(self, other: Self) -> Option<Self> {
        let scale = quotient_scale(self.scale);
        // One digit more, to round by.
        let lifted =
            self.unscaled.checked_mul(power(scale + 1 + other.scale - self.scale.min(scale + 1))?)?;
        Self { unscaled: lifted.checked_div(other.unscaled)?, scale: scale + 1 }.rounded(scale)
    }
}

/// Docs: operators-arithmetic, "Scale and precision".
pub(super) fn product_scale(one: u32, other: u32) -> u32 {
    (one + other).min(one.max(other).max(12))
}

pub(super) fn quotient_scale(dividend: u32) -> u32 {
    dividend.max((dividend + 6).min(12))
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        if part.is_empty() {
            write!(formatter, "{sign}{whole}")
        } else {
            write!(formatter, "{sign}{whole}.{part}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_rounded_and_written() {
        for (text, precision, scale, is) in [
            ("1", 38, 0, Some("1")),
            ("1.5", 38, 0, Some("2")),
            ("-1.5", 38, 0, Some("-2")),
            ("0.005", 38, 2, Some("0.01")),
            ("-0.04", 5, 1, Some("0.0")),
            ("1e3", 38, 2, Some("1000.00")),
            ("99.99", 3, 1, None),
            ("12e-1", 38, 1, Some("1.2")),
        ] {
            let fitted = Decimal::parse(text).unwrap().fit(precision, scale).map(|number| number.to_string());
            assert_eq!(fitted.as_deref(), is, "{text}");
        }
        for text in ["", "x", "1.2.3", "--1", "1-2", "."] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_keeps_snowflakes_scales() {
        let number = |text: &str| Decimal::parse(text).unwrap();
        assert_eq!(number("1.5").add(number("2")).unwrap().to_string(), "3.5");
        assert_eq!(number("1.50").multiply(number("2.0")).unwrap().to_string(), "3.000");
        assert_eq!(number("1").divide(number("3")).unwrap().to_string(), "0.333333");
        assert_eq!(number("2").divide(number("3")).unwrap().to_string(), "0.666667");
        assert_eq!(number("1.00").divide(number("4")).unwrap().to_string(), "0.25000000");
        assert_eq!(number("1").divide(number("0")), None);
    }
}
