//! Types of other crates: what goes in comes back, from a typed column and from a text column.
#![cfg(all(
    feature = "bigdecimal04",
    feature = "chrono04",
    feature = "jiff1",
    feature = "rust_decimal1",
    feature = "time03",
    feature = "uuid1"
))]

use std::fmt::Debug;

use batis_dbc::{FromSql, Interval, ToSql, ValueRef};
use proptest::prelude::*;

/// Through the column's own type, and through the text that a database without the type keeps.
fn both_ways<T>(value: &T)
where
    T: ToSql + PartialEq + Debug + for<'a> FromSql<'a>,
{
    let bound = value.to_sql().unwrap();
    assert_eq!(&T::from_sql(bound.as_ref()).unwrap(), value);
    let text = bound.as_ref().to_string();
    assert_eq!(&T::from_sql(ValueRef::Text(&text)).unwrap(), value, "{text}");
}

/// Microseconds of the years 1 to 9999.
fn micros() -> impl Strategy<Value = i64> {
    -62_135_596_800_000_000..253_402_300_799_000_000_i64
}

proptest! {
    #[test]
    fn instants(micros in micros()) {
        both_ways(&chrono::DateTime::from_timestamp_micros(micros).unwrap());
        both_ways(&(time::OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(micros)));
        if let Ok(timestamp) = jiff::Timestamp::from_microsecond(micros) {
            both_ways(&timestamp);
        }
    }

    #[test]
    fn civil_times(micros in micros()) {
        let chrono = chrono::DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
        both_ways(&chrono);
        both_ways(&chrono.date());
        both_ways(&chrono.time());
        let jiff = jiff::civil::DateTime::from_sql(ValueRef::Timestamp(micros)).unwrap();
        both_ways(&jiff);
        both_ways(&jiff.date());
        both_ways(&jiff.time());
        let time = time::OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(micros);
        both_ways(&time::PrimitiveDateTime::new(time.date(), time.time()));
        both_ways(&time.date());
        both_ways(&time.time());
    }

    #[test]
    fn decimals(mantissa in any::<i64>(), scale in 0_u32..28) {
        both_ways(&rust_decimal::Decimal::new(mantissa, scale));
        both_ways(&bigdecimal::BigDecimal::new(mantissa.into(), scale.into()));
    }

    #[test]
    fn spans(months in -1_000_i32..1_000, days in -1_000_i32..1_000, micros in -86_400_000_000_i64..86_400_000_000) {
        let interval = ValueRef::Interval(Interval { months, days, micros });
        if let Ok(span) = jiff::Span::from_sql(interval) {
            let bound = span.to_sql().unwrap();
            prop_assert_eq!(bound.as_ref(), interval);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let text = |value| rust_decimal::Decimal::from_sql(value).unwrap_err().to_string();
    let long = "0.12345678901234567890123456789012345";
    assert_eq!(text(ValueRef::Numeric(long)), format!("the value {long} does not fit Decimal"));
    assert_eq!(text(ValueRef::Numeric("NaN")), "the value NaN does not fit Decimal");
    let date = |value| chrono::NaiveDate::from_sql(value).unwrap_err().to_string();
    assert_eq!(date(ValueRef::Date(i32::MAX)), "the value infinity does not fit NaiveDate");
    assert_eq!(date(ValueRef::Text("2024-02-30")), "the text `2024-02-30` is no NaiveDate");
    assert_eq!(date(ValueRef::Int(1)), "integer cannot be read as NaiveDate");
    let with_offset = chrono::NaiveDateTime::from_sql(ValueRef::Text("2024-01-01 00:00:00+02")).unwrap_err();
    assert_eq!(
        with_offset.to_string(),
        "the text `2024-01-01 00:00:00+02` has an offset, which a NaiveDateTime has not"
    );
    assert!(time::Time::from_sql(ValueRef::Time(86_400_000_000)).is_err(), "24:00:00 is no time of the crate");
    assert!(chrono::TimeDelta::from_sql(ValueRef::Interval(Interval { months: 1, days: 0, micros: 0 })).is_err());
}

/// Every value that a column can have is read or refused: nothing panics, and what is read is written as the same again.
fn read_or_refused<T: ToSql + for<'a> FromSql<'a>>(value: ValueRef<'_>) -> Result<(), TestCaseError> {
    if let Ok(read) = T::from_sql(value) {
        let written = read.to_sql().unwrap();
        prop_assert_eq!(written.as_ref(), value);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, ..Default::default() })]

    #[test]
    fn all_days_and_times(days in any::<i32>(), micros in any::<i64>(), within in 0..=86_400_000_000_i64) {
        let (date, at, instant) = (ValueRef::Date(days), ValueRef::Timestamp(micros), ValueRef::TimestampTz(micros));
        read_or_refused::<chrono::NaiveDate>(date)?;
        read_or_refused::<jiff::civil::Date>(date)?;
        read_or_refused::<time::Date>(date)?;
        read_or_refused::<chrono::NaiveDateTime>(at)?;
        read_or_refused::<jiff::civil::DateTime>(at)?;
        read_or_refused::<time::PrimitiveDateTime>(at)?;
        read_or_refused::<chrono::DateTime<chrono::Utc>>(instant)?;
        read_or_refused::<jiff::Timestamp>(instant)?;
        read_or_refused::<time::OffsetDateTime>(instant)?;
        for time in [ValueRef::Time(within), ValueRef::Time(micros)] {
            read_or_refused::<chrono::NaiveTime>(time)?;
            read_or_refused::<jiff::civil::Time>(time)?;
            read_or_refused::<time::Time>(time)?;
        }
    }

    #[test]
    fn all_intervals(months in any::<i32>(), days in any::<i32>(), micros in any::<i64>(), few in any::<bool>()) {
        let interval = Interval { months: if few { 0 } else { months }, days: if few { 0 } else { days }, micros };
        read_or_refused::<jiff::Span>(ValueRef::Interval(interval))?;
        read_or_refused::<chrono::TimeDelta>(ValueRef::Interval(Interval { days: 0, ..interval }))?;
        let _ = chrono::TimeDelta::from_sql(ValueRef::Interval(Interval { months: 0, days, micros }));
        both_ways(&Interval { months, days, micros });
    }

    #[test]
    fn texts_of_instants_do_not_overflow(text in "29424[67]-01-(09|10|11) 0[0-9]:0[0-9]:5[0-9]\\.[0-9]{1,9}([+-][0-9]{2}(:[0-9]{2})?|Z)") {
        let value = ValueRef::Text(&text);
        let _ = (chrono::DateTime::<chrono::Utc>::from_sql(value), jiff::Timestamp::from_sql(value));
        let _ = time::OffsetDateTime::from_sql(value);
    }

    #[test]
    fn wide_integers(value in any::<u128>(), signed in any::<i128>(), large in any::<u64>()) {
        both_ways_typed(&value);
        both_ways_typed(&signed);
        both_ways_typed(&large);
    }

    #[test]
    fn integers_are_exact_floats_or_refused(value in any::<i32>(), large in any::<i64>()) {
        for value in [i64::from(value), large, large >> 10] {
            for read in [f64::from_sql(ValueRef::Int(value)).ok(), f32::from_sql(ValueRef::Int(value)).ok().map(f64::from)] {
                #[allow(clippy::cast_possible_truncation)]
                let back = read.map(|float| float as i128);
                prop_assert!(back.is_none_or(|back| back == i128::from(value)), "{value} was read as {read:?}");
            }
        }
    }
}

fn both_ways_typed<T>(value: &T)
where
    T: ToSql + PartialEq + Debug + for<'a> FromSql<'a>,
{
    assert_eq!(&T::from_sql(value.to_sql().unwrap().as_ref()).unwrap(), value);
}

#[test]
fn the_limits_of_each_crate() {
    use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
    for (date, time) in [
        (NaiveDate::MIN, NaiveTime::MIN),
        (NaiveDate::MAX, NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap()),
    ] {
        both_ways(&date);
        both_ways_typed(&NaiveDateTime::new(date, time));
        both_ways_typed(&NaiveDateTime::new(date, time).and_utc());
    }
    both_ways_typed(&jiff::civil::Date::MIN);
    both_ways(&jiff::civil::Date::MAX);
    both_ways(&jiff::civil::Date::constant(1, 1, 1));
    both_ways_typed(&jiff::civil::DateTime::MIN);
    both_ways_typed(&jiff::Timestamp::MIN);
    both_ways_typed(&time::Date::MIN);
    both_ways_typed(&time::Date::MAX);
    both_ways(&rust_decimal::Decimal::MAX);
    both_ways(&rust_decimal::Decimal::MIN);
    both_ways(&rust_decimal::Decimal::from_parts(1, 0, 0, true, 28));
    both_ways(&bigdecimal::BigDecimal::new(1.into(), 16_383));
    both_ways(&bigdecimal::BigDecimal::new(1.into(), -131_071));
    both_ways_typed(&uuid::Uuid::max());
}

#[test]
fn no_number_is_made_infinite_or_written_without_end() {
    let large = format!("1{}", "0".repeat(400));
    let error = f64::from_sql(ValueRef::Numeric(&large)).unwrap_err().to_string();
    assert_eq!(error, format!("the value {large} does not fit f64"));
    assert!(f32::from_sql(ValueRef::Numeric(&large)).is_err());
    assert!(f64::from_sql(ValueRef::Numeric("-Infinity")).unwrap().is_infinite());
    for text in ["1e1000000000", "1e-1000000000", "0e999999999999"] {
        let error = text.parse::<bigdecimal::BigDecimal>().unwrap().to_sql().unwrap_err();
        assert_eq!(error.sql_state().code(), "22003", "{error}");
    }
}

#[test]
fn zeros_at_the_end_need_no_digits_of_a_decimal() {
    let long = format!("1.50{}", "0".repeat(40));
    assert_eq!(rust_decimal::Decimal::from_sql(ValueRef::Numeric(&long)).unwrap().to_string(), "1.5");
    assert_eq!(rust_decimal::Decimal::from_sql(ValueRef::Numeric("1.50")).unwrap().to_string(), "1.50");
    assert!(rust_decimal::Decimal::from_sql(ValueRef::Numeric(&format!("1{}", "0".repeat(40)))).is_err());
}

#[test]
fn intervals_are_read_from_the_text_of_one() {
    let interval = Interval { months: -14, days: 3, micros: -5 };
    assert_eq!(Interval::from_sql(ValueRef::Text("-14 mons 3 days -5 us")).unwrap(), interval);
    let span = jiff::Span::new().months(1).days(2).seconds(3);
    let read = jiff::Span::from_sql(ValueRef::Text(&span.to_sql().unwrap().as_ref().to_string())).unwrap();
    assert_eq!(read, jiff::Span::new().months(1).days(2).microseconds(3_000_000).fieldwise());
    let delta = chrono::TimeDelta::microseconds(-77);
    both_ways(&delta);
    for wrong in ["", "1 mons", "1 mons 2 days 3 us 4", "1 days 2 mons 3 us", "99999999999 mons 0 days 0 us"] {
        let error = Interval::from_sql(ValueRef::Text(wrong)).unwrap_err().to_string();
        assert_eq!(error, format!("the text `{wrong}` is no Interval"));
    }
}

#[test]
fn floats_are_read_as_the_shortest_decimal() {
    assert_eq!(rust_decimal::Decimal::from_sql(ValueRef::Float(0.1)).unwrap().to_string(), "0.1");
    assert_eq!(bigdecimal::BigDecimal::from_sql(ValueRef::Float(12.5)).unwrap().to_string(), "12.5");
}
