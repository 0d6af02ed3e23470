//! Types of other crates: what goes in comes back, from a typed column and from a text column.
#![cfg(all(
    feature = "bigdecimal04",
    feature = "chrono04",
    feature = "jiff1",
    feature = "rust_decimal1",
    feature = "time03"
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

#[test]
fn floats_are_read_as_the_shortest_decimal() {
    assert_eq!(rust_decimal::Decimal::from_sql(ValueRef::Float(0.1)).unwrap().to_string(), "0.1");
    assert_eq!(bigdecimal::BigDecimal::from_sql(ValueRef::Float(12.5)).unwrap().to_string(), "12.5");
}
