//! Days and microseconds to and from their ISO text, without a calendar library: core must not choose one for its users.

use std::fmt;

use crate::value::Interval;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Year, month and day of a day number (days since 1970-01-01), in the proleptic Gregorian calendar; year 0 is 1 BC.
fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u32::try_from(month).unwrap_or(1), u32::try_from(day).unwrap_or(1))
}

/// The day number of a date that exists; none for 2023-02-30 and the like.
#[cfg_attr(not(any(test, feature = "chrono04", feature = "jiff1", feature = "time03")), allow(dead_code))]
fn days(year: i64, month: u32, day: u32) -> Option<i32> {
    let (m, d) = (i64::from(month), i64::from(day));
    let y = if m <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let number = era * 146_097 + day_of_era - 719_468;
    (civil(number) == (year, month, day)).then(|| i32::try_from(number).ok()).flatten()
}

fn fmt_days(f: &mut fmt::Formatter<'_>, days: i64) -> Result<bool, fmt::Error> {
    let (year, month, day) = civil(days);
    let (shown, bc) = if year <= 0 { (1 - year, true) } else { (year, false) };
    write!(f, "{shown:04}-{month:02}-{day:02}")?;
    Ok(bc)
}

pub(crate) fn fmt_date(f: &mut fmt::Formatter<'_>, days: i32) -> fmt::Result {
    match days {
        i32::MAX => f.write_str("infinity"),
        i32::MIN => f.write_str("-infinity"),
        _ => {
            let bc = fmt_days(f, days.into())?;
            f.write_str(if bc { " BC" } else { "" })
        }
    }
}

pub(crate) fn fmt_time(f: &mut fmt::Formatter<'_>, micros: i64) -> fmt::Result {
    let (seconds, fraction) = (micros.div_euclid(MICROS_PER_SECOND), micros.rem_euclid(MICROS_PER_SECOND));
    write!(f, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)?;
    if fraction == 0 { Ok(()) } else { write!(f, ".{fraction:06}") }
}

pub(crate) fn fmt_timestamp(f: &mut fmt::Formatter<'_>, micros: i64, zone: &str) -> fmt::Result {
    match micros {
        i64::MAX => return f.write_str("infinity"),
        i64::MIN => return f.write_str("-infinity"),
        _ => {}
    }
    let bc = fmt_days(f, micros.div_euclid(MICROS_PER_DAY))?;
    f.write_str(" ")?;
    fmt_time(f, micros.rem_euclid(MICROS_PER_DAY))?;
    f.write_str(zone)?;
    f.write_str(if bc { " BC" } else { "" })
}

/// `2 mons -3 days 4 us`: what [`ValueRef::Interval`](crate::ValueRef::Interval) is as text.
pub(crate) fn parse_interval(text: &str) -> Option<Interval> {
    let mut words = text.split(' ');
    let mut number = |unit: &str| Some(words.next()?).filter(|_| words.next() == Some(unit));
    let interval = Interval {
        months: number("mons")?.parse().ok()?,
        days: number("days")?.parse().ok()?,
        micros: number("us")?.parse().ok()?,
    };
    words.next().is_none().then_some(interval)
}

/// Texts to days and microseconds: what this module and the databases write, ISO 8601 with `T` or a blank.
#[cfg(any(test, feature = "chrono04", feature = "jiff1", feature = "time03"))]
mod parse {
    use super::{MICROS_PER_DAY, MICROS_PER_SECOND, days};

    /// A number of `digits` digits at the beginning, and the rest.
    fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
        let (number, rest) = text.split_at_checked(digits)?;
        let plain = number.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| number.parse().ok().map(|n| (n, rest))).flatten()
    }

    fn part(text: &str, mark: char) -> Option<(u32, &str)> {
        number(text.strip_prefix(mark)?, 2)
    }

    /// `2024-01-31`, and what follows. A year has four digits or more.
    fn date(text: &str) -> Option<(i32, &str)> {
        let digits = text.find('-').filter(|digits| *digits >= 4)?;
        let (year, rest) = number(text, digits)?;
        let (month, rest) = part(rest, '-')?;
        let (day, rest) = part(rest, '-')?;
        let (year, rest) = match rest.strip_suffix(" BC") {
            Some(rest) => (1 - i64::from(year), rest),
            None => (i64::from(year), rest),
        };
        Some((days(year, month, day)?, rest))
    }

    /// `12:30`, `12:30:00`, `12:30:00.25`, and what follows.
    fn time(text: &str) -> Option<(i64, &str)> {
        let (hour, rest) = number(text, 2)?;
        let (minute, rest) = part(rest, ':')?;
        let (second, rest) = part(rest, ':').unwrap_or((0, rest));
        let (fraction, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let shown = format!("{:0<6}", &rest[..digits]);
                (shown.get(..6)?.parse::<i64>().ok().filter(|_| digits > 0)?, &rest[digits..])
            }
            None => (0, rest),
        };
        let whole = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        let valid = minute < 60 && second < 60 && whole * MICROS_PER_SECOND + fraction <= MICROS_PER_DAY;
        valid.then_some((whole * MICROS_PER_SECOND + fraction, rest))
    }

    /// `Z`, `+02`, `-0230`, `+02:30`, in seconds; none if there is nothing.
    fn offset(text: &str) -> Option<Option<i32>> {
        let (sign, rest) = match text.as_bytes().first() {
            None => return Some(None),
            Some(b'Z' | b'z') => return (text.len() == 1).then_some(Some(0)),
            Some(b'+') => (1, &text[1..]),
            Some(b'-') => (-1, &text[1..]),
            Some(_) => return None,
        };
        let (hours, rest) = number(rest, 2)?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let minutes = if rest.is_empty() { 0 } else { number(rest, 2).filter(|(_, rest)| rest.is_empty())?.0 };
        i32::try_from(hours * 3_600 + minutes * 60).ok().map(|seconds| Some(sign * seconds))
    }

    pub(crate) fn parse_date(text: &str) -> Option<i32> {
        date(text.trim()).filter(|(_, rest)| rest.is_empty()).map(|(days, _)| days)
    }

    pub(crate) fn parse_time(text: &str) -> Option<i64> {
        time(text.trim()).filter(|(_, rest)| rest.is_empty()).map(|(micros, _)| micros)
    }

    /// Microseconds since 1970-01-01 as written, and the offset in seconds if one is written.
    pub(crate) fn parse_timestamp(text: &str) -> Option<(i64, Option<i32>)> {
        let text = text.trim();
        let (text, bc) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
        let cut = text.find(['T', ' ', 't']).unwrap_or(text.len());
        let (days, rest) = (parse_date(&format!("{}{bc}", &text[..cut]))?, &text[cut..]);
        let (micros, rest) = if rest.is_empty() { (0, rest) } else { time(&rest[1..])? };
        let whole = i64::from(days).checked_mul(MICROS_PER_DAY)?.checked_add(micros)?;
        Some((whole, offset(rest.trim_start())?))
    }
}

#[cfg(any(test, feature = "chrono04", feature = "jiff1", feature = "time03"))]
pub(crate) use parse::{parse_date, parse_time, parse_timestamp};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_day_number_is_a_date_and_back(number in -2_000_000_000i32..2_000_000_000) {
            let (year, month, day) = civil(number.into());
            prop_assert_eq!(days(year, month, day), Some(number));
        }
    }

    #[test]
    fn texts_of_several_spellings() {
        assert_eq!(parse_timestamp("1970-01-02T00:00:01.5Z"), Some((86_401_500_000, Some(0))));
        assert_eq!(parse_timestamp("1970-01-02 00:00:01+02:30"), Some((86_401_000_000, Some(9_000))));
        assert_eq!(parse_timestamp("1970-01-02 00:00 -05"), Some((86_400_000_000, Some(-18_000))));
        assert_eq!(parse_timestamp("1970-01-02"), Some((86_400_000_000, None)));
        assert_eq!(parse_date("0001-12-31 BC"), parse_date("0001-01-01").map(|d| d - 1));
        for wrong in [
            "",
            "1970",
            "1970-1-1",
            "1970-02-30",
            "1970-01-01x",
            "1970-01-01T25:00",
            "ä",
            "1970-01-01 00:00:00+",
            "1970-01-01 00:60",
        ] {
            assert_eq!(parse_timestamp(wrong), None, "{wrong}");
        }
        assert_eq!(parse_time("24:00:00"), Some(MICROS_PER_DAY));
        assert_eq!(parse_time("24:00:01"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(micros in -60_000_000_000_000_000i64..250_000_000_000_000_000) {
            let shown = crate::ValueRef::Timestamp(micros).to_string();
            prop_assert_eq!(parse_timestamp(&shown), Some((micros, None)), "{}", shown);
            let shown = crate::ValueRef::TimestampTz(micros).to_string();
            prop_assert_eq!(parse_timestamp(&shown), Some((micros, Some(0))), "{}", shown);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (parse_timestamp(&text), parse_time(&text), parse_date(&text));
        }
    }

    #[test]
    fn days_that_do_not_exist() {
        assert_eq!(days(2023, 2, 29), None);
        assert_eq!(days(2024, 2, 29), Some(19_782));
        assert_eq!(days(2024, 13, 1), None);
    }
}
