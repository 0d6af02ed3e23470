//! A decimal number as large as 38 digits, for expressions.

use std::cmp::Ordering;
use std::fmt;

/// An exact decimal: `unscaled / 10^scale`. Expressions keep Java's `BigDecimal` rules for it, up to 38 digits.
// Packed, so that a value and all that holds values is a third smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(Rust, packed(8))]
#[doc(alias = "BigDecimal")]
pub struct Decimal {
    unscaled: i128,
    scale: i32,
}

/// Exponents beyond this are refused: they would only make numbers that do not fit anyway.
const MAX_SCALE: i32 = 1000;

impl Decimal {
    /// `unscaled / 10^scale`.
    #[must_use]
    pub const fn new(unscaled: i128, scale: i32) -> Self {
        Self { unscaled, scale }
    }

    /// The digits without the point.
    #[must_use]
    pub const fn unscaled(&self) -> i128 {
        self.unscaled
    }

    /// How many of the digits stand behind the point.
    #[must_use]
    pub const fn scale(&self) -> i32 {
        self.scale
    }

    /// Reads `-12.50`, `1e3` and the like; `None` for anything else and for more than 38 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (unsigned.is_empty() && fraction.is_empty()) || !digits(unsigned) || !digits(fraction) {
            return None;
        }
        let mut unscaled = format!("{unsigned}{fraction}").parse::<i128>().ok()?;
        if whole.starts_with('-') {
            unscaled = -unscaled;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        (-MAX_SCALE..=MAX_SCALE).contains(&scale).then_some(Self { unscaled, scale })
    }

    /// The nearest floating point number.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        format!("{}e{}", { self.unscaled }, -self.scale).parse().unwrap_or(f64::NAN)
    }

    /// The whole part, towards zero; `None` when it has more than 38 digits.
    #[must_use]
    pub fn trunc(&self) -> Option<i128> {
        match self.scale {
            0 => Some(self.unscaled),
            scale if scale > 0 => Some(power(scale).map_or(0, |divisor| self.unscaled / divisor)),
            scale => self.unscaled.checked_mul(power(-scale)?),
        }
    }

    /// Same value, more digits behind the point.
    fn at_scale(&self, scale: i32) -> Option<i128> {
        self.unscaled.checked_mul(power(scale - self.scale)?)
    }

    /// Both numbers with the same scale.
    fn aligned(&self, other: &Self) -> Option<(i128, i128, i32)> {
        let scale = self.scale.max(other.scale);
        Some((self.at_scale(scale)?, other.at_scale(scale)?, scale))
    }

    /// Sum; `None` beyond 38 digits, as with all operations here.
    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self::new(a.checked_add(b)?, scale))
    }

    /// Difference.
    #[must_use]
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self::new(a.checked_sub(b)?, scale))
    }

    /// Product.
    #[must_use]
    pub fn checked_mul(&self, other: &Self) -> Option<Self> {
        Some(Self::new(self.unscaled.checked_mul(other.unscaled)?, self.scale.checked_add(other.scale)?))
    }

    /// Quotient with the dividend's scale, rounded half to even; `None` for division by zero too.
    #[must_use]
    pub fn checked_div(&self, other: &Self) -> Option<Self> {
        if other.unscaled == 0 {
            return None;
        }
        // a/10^s / (b/10^t) at scale s is a*10^t / b.
        let (numerator, denominator) = if other.scale >= 0 {
            (self.unscaled.checked_mul(power(other.scale)?)?, other.unscaled)
        } else {
            (self.unscaled, other.unscaled.checked_mul(power(-other.scale)?)?)
        };
        let (quotient, rest) = (numerator / denominator, numerator % denominator);
        let twice = rest.unsigned_abs().checked_mul(2)?;
        let away = match twice.cmp(&denominator.unsigned_abs()) {
            Ordering::Greater => true,
            Ordering::Equal => quotient % 2 != 0,
            Ordering::Less => false,
        };
        let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
        Some(Self::new(quotient + if away { sign } else { 0 }, self.scale))
    }

    /// The number with the other sign.
    #[must_use]
    pub fn checked_neg(&self) -> Option<Self> {
        Some(Self::new(self.unscaled.checked_neg()?, self.scale))
    }

    /// Order by value: `1.50` equals `1.5`.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match self.aligned(other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

/// `10^exponent`; `None` from 39 on.
fn power(exponent: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

impl From<i128> for Decimal {
    fn from(value: i128) -> Self {
        Self::new(value, 0)
    }
}

/// As Java writes a `BigDecimal`: plain, with an exponent only for negative scales and tiny numbers.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.unsigned_abs().to_string();
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        let adjusted = count - 1 - self.scale;
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        if self.scale > 0 && adjusted >= -6 {
            let scale = usize::try_from(self.scale).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            return write!(f, "{sign}{whole}.{fraction}");
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{first}{point}{rest}E{adjusted:+}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn writes_and_reads() {
        for text in ["0", "1.5", "-0.05", "12.50", "1E+3", "0.000001", "1E-7"] {
            assert_eq!(of(text).to_string(), text);
        }
        assert_eq!(Decimal::parse("1.2.3"), None);
        assert_eq!(Decimal::parse("."), None);
        assert_eq!(Decimal::parse("1e99999"), None);
    }

    #[test]
    fn divides_half_even_at_the_dividends_scale() {
        assert_eq!(of("10.0").checked_div(&of("4")).unwrap().to_string(), "2.5");
        assert_eq!(of("1").checked_div(&of("2")).unwrap().to_string(), "0");
        assert_eq!(of("3").checked_div(&of("2")).unwrap().to_string(), "2");
        assert_eq!(of("-3").checked_div(&of("2")).unwrap().to_string(), "-2");
        assert_eq!(of("1").checked_div(&of("0")), None);
        assert_eq!(of("1.50").compare(&of("1.5")), Ordering::Equal);
    }
}
