//! Days and microseconds to and from their ISO text, without a calendar library: core must not choose one for its users.

use std::fmt;

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
#[cfg(test)]
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
    fn days_that_do_not_exist() {
        assert_eq!(days(2023, 2, 29), None);
        assert_eq!(days(2024, 2, 29), Some(19_782));
        assert_eq!(days(2024, 13, 1), None);
    }
}
