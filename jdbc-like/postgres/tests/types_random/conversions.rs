//! Types of other crates through columns of the server's types, up to where the one or the other ends.

use std::fmt::Debug;

use batis_dbc::blocking::Connection;
use batis_dbc::{FromSql, Interval, ToSql};
use proptest::prelude::*;

use super::{MICROS, for_all};

/// What went in comes back.
fn kept<T>(declared: &'static str, values: impl Strategy<Value = T>)
where
    T: ToSql + PartialEq + Debug + for<'a> FromSql<'a>,
{
    for_all(values, |conn: &mut Connection, values: &[T]| {
        let all: Vec<String> = values.iter().map(|_| format!("?::{declared}")).collect();
        let cells: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        let row = conn.query_one(&format!("select {}", all.join(", ")), cells.as_slice()).unwrap();
        for (at, value) in values.iter().enumerate() {
            prop_assert_eq!(&row.get::<T>(at).unwrap(), value, "{}", declared);
        }
        Ok(())
    });
}

#[test]
fn chrono() {
    use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};
    let first = NaiveDate::from_ymd_opt(-4712, 1, 1).unwrap();
    let days = NaiveDate::MAX.signed_duration_since(first).num_days();
    kept("date", (0..=days).prop_map(move |n| first + TimeDelta::days(n)));
    kept("time", (0..86_400_000_000_i64).prop_map(|n| NaiveTime::MIN + TimeDelta::microseconds(n)));
    let end = DateTime::<chrono::Utc>::MAX_UTC.timestamp_micros();
    let instants = (MICROS.start..end).prop_map(|n| DateTime::from_timestamp_micros(n).unwrap()).boxed();
    kept("timestamptz", instants.clone());
    kept("timestamp", instants.prop_map(|instant| instant.naive_utc()));
    kept("interval", (-9_000_000_000_000_000_000..9_000_000_000_000_000_000_i64).prop_map(TimeDelta::microseconds));
}

#[test]
fn jiff() {
    use jiff::civil::{Date, DateTime, Time};
    let micros = [Date::constant(-4711, 1, 1), Date::MAX].map(|date| match date.to_sql().unwrap().as_ref() {
        batis_dbc::ValueRef::Date(days) => i64::from(days) * 86_400_000_000,
        other => panic!("{other:?}"),
    });
    let plain =
        (micros[0]..micros[1]).prop_map(|n| DateTime::from_sql(batis_dbc::ValueRef::Timestamp(n)).unwrap()).boxed();
    kept("timestamp", plain.clone());
    kept("date", plain.clone().prop_map(|at| at.date()));
    kept("time", plain.prop_map(|at| -> Time { at.time() }));
    kept(
        "timestamptz",
        (micros[0]..micros[1]).prop_filter_map("in range", |n| jiff::Timestamp::from_microsecond(n).ok()),
    );
}

#[test]
fn time() {
    use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};
    let (first, last) = (Date::from_calendar_date(-4711, time::Month::January, 1).unwrap(), Date::MAX);
    let days =
        (first.to_julian_day()..=last.to_julian_day()).prop_map(|day| Date::from_julian_day(day).unwrap()).boxed();
    let times = (0..86_400_000_000_i64).prop_map(|n| Time::MIDNIGHT + Duration::microseconds(n)).boxed();
    let both = (days.clone(), times.clone()).prop_map(|(date, time)| PrimitiveDateTime::new(date, time)).boxed();
    kept("date", days);
    kept("time", times);
    kept("timestamp", both.clone());
    kept::<OffsetDateTime>("timestamptz", both.prop_map(|at| at.assume_utc()));
}

#[test]
fn decimals_and_the_rest() {
    let decimal = (any::<i128>(), 0..=28_u32).prop_filter_map("96 bits", |(mantissa, scale)| {
        rust_decimal::Decimal::try_from_i128_with_scale(mantissa >> 32, scale).ok()
    });
    kept("numeric", decimal);
    let large =
        (any::<i128>(), -500..500_i64).prop_map(|(digits, scale)| bigdecimal::BigDecimal::new(digits.into(), scale));
    kept("numeric", large);
    kept("numeric", any::<u128>());
    kept("numeric", any::<i128>());
    kept("uuid", any::<[u8; 16]>().prop_map(uuid::Uuid::from_bytes));
    let json = any::<(f64, i64, u64, String)>().prop_map(|(float, int, large, text)| {
        let text = text.replace('\0', "");
        serde_json::json!({ "float": if float.is_finite() { float } else { 0.5 }, "int": int, "large": large, text.clone(): [null, text, true] })
    });
    kept("json", json);
    kept("int4[]", proptest::collection::vec(any::<Option<i32>>(), 0..5));
    kept("text[]", proptest::collection::vec(proptest::option::of("[^\\x00]{0,9}"), 0..5));
    let parts =
        (-2_000_000_000..2_000_000_000_i32, any::<i32>(), -9_000_000_000_000_000_000..9_000_000_000_000_000_000_i64);
    kept("interval", parts.prop_map(|(months, days, micros)| Interval { months, days, micros }));
}

#[test]
fn what_the_server_or_the_type_has_not_is_refused() {
    let Some(ways) = super::both_ways() else { return };
    for mut conn in ways {
        let mut refused = |sql: &str, value: &dyn ToSql| {
            let error = conn.query_one(sql, [value].as_slice()).unwrap_err();
            error.sql_state().code().to_owned()
        };
        assert_eq!(refused("select ?::date", &chrono::NaiveDate::MIN), "22008");
        assert_eq!(refused("select ?::timestamp", &chrono::NaiveDateTime::MIN), "22008");
        assert_eq!(refused("select ?::timestamptz", &jiff::Timestamp::MIN), "22008");
        assert_eq!(refused("select ?::date", &time::Date::MIN), "22008");
        assert_eq!(refused("select ?::int4", &i64::from(i32::MAX).wrapping_add(1)), "22003");
        assert_eq!(refused("select ?::int8", &u64::MAX), "22003");
        assert_eq!(refused("select ?::float4", &1e300), "22003");
        assert_eq!(refused("select ?::numeric(4,1)", &rust_decimal::Decimal::MAX), "22003");
        // Narrow types name column, value and target.
        let read = conn.query_one("select 70000 as n, 'infinity'::date as d, 1.5 as f", ()).unwrap();
        let text = |error: batis_dbc::SqlError| error.message().to_owned();
        assert_eq!(text(read.get::<i16>("n").unwrap_err()), "column `n` (index 0): the value 70000 does not fit i16");
        let error = read.get::<jiff::civil::Date>("d").unwrap_err();
        assert_eq!(text(error), "column `d` (index 1): the value infinity does not fit Date");
        assert_eq!(text(read.get::<i64>("f").unwrap_err()), "column `f` (index 2): the value 1.5 does not fit i64");
    }
}
