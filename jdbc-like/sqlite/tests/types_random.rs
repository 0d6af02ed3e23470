//! Thousands of values of each type, to SQLite and back: through an expression, a column without a type, and columns of usual types.

use std::cell::RefCell;
use std::fmt::Debug;

use batis_dbc::blocking::Connection;
use batis_dbc::{DriverManager, FromSql, Interval, ToSql, Value};
use batis_sqlite::SqliteDriver;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Connections of both kinds, with a table whose columns are of these declared types.
fn connections(columns: &str) -> Vec<Connection> {
    let manager = DriverManager::new().with(SqliteDriver);
    let open = |threading: &str| {
        let mut conn = manager.connect_blocking(&format!("sqlite::memory:?threading={threading}")).unwrap();
        conn.execute(&format!("create table v ({columns})"), ()).unwrap();
        conn
    };
    vec![open("caller"), open("worker")]
}

/// Each value is written into columns `a`, `b`, .. of these types and read from each as what went in.
fn kept<T>(types: &[&str], values: impl Strategy<Value = T>)
where
    T: ToSql + PartialEq + Debug + for<'a> FromSql<'a>,
{
    let columns: Vec<String> = types.iter().zip('a'..).map(|(ty, name)| format!("{name} {ty}")).collect();
    let all = RefCell::new(connections(&columns.join(", ")));
    let insert = format!("insert into v values ({}) returning *, ?", vec!["?"; types.len()].join(", "));
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() };
    let outcome = TestRunner::new(config).run(&values, |value| {
        for conn in all.borrow_mut().iter_mut() {
            let cells = vec![&value as &dyn ToSql; types.len() + 1];
            let row = conn.query_one(&insert, cells.as_slice()).unwrap();
            for at in 0..=types.len() {
                prop_assert_eq!(&row.get::<T>(at).unwrap(), &value, "column {}", types.get(at).unwrap_or(&"none"));
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn integers() {
    let types = ["", "integer", "bigint", "numeric", "blob"];
    kept(&types, any::<i64>());
    kept(&types, any::<i8>());
    kept(&types, any::<u32>());
    kept(&types, any::<bool>());
    kept(&types, any::<Option<i32>>());
    kept(&["", "text", "blob"], any::<i64>().prop_map(|n| Value::Text(n.to_string().into())));
}

#[test]
fn floats() {
    use proptest::num::f64;
    // Not NaN, which becomes null.
    let some = f64::NORMAL | f64::SUBNORMAL | f64::ZERO | f64::INFINITE;
    kept(&["", "real", "double precision", "float", "blob"], some);
    let bits = |value: f64| value.to_bits();
    let mut conn = connections("a, b real").remove(0);
    for value in [-0.0, 5e-324, f64::MAX, f64::MIN_POSITIVE] {
        let row = conn.query_one("insert into v values (?, ?) returning a, ?", (value, value, value)).unwrap();
        assert_eq!(row.get::<f64>(0).map(bits).unwrap(), bits(value));
        assert_eq!(row.get::<f64>(1).map(bits).unwrap(), bits(value));
    }
    let row = conn.query_one("select ?", (f64::NAN,)).unwrap();
    assert_eq!(row.values()[0], Value::Null);
}

#[test]
fn texts_and_bytes() {
    let types = ["", "text", "varchar(3)", "blob"];
    let unicode = proptest::collection::vec(any::<char>(), 0..30).prop_map(String::from_iter);
    kept(&types, unicode);
    let odd = prop::sample::select(vec![
        "\0",
        "\u{FEFF}",
        "\u{FFFE}",
        "\u{10FFFF}",
        "e\u{301}",
        "\u{202E}",
        "\u{2028}",
        "'",
        "\\",
        "🏳️‍🌈",
    ]);
    kept(&types, proptest::collection::vec(odd, 0..9).prop_map(|parts| parts.concat()));
    let all_types = ["", "text", "varchar(3)", "blob", "integer", "real", "numeric"];
    kept(&all_types, proptest::collection::vec(any::<u8>(), 0..60));
    kept(&["", "text", "blob"], any::<[u8; 16]>().prop_map(uuid::Uuid::from_bytes));
}

/// Microseconds of the years 1 to 9999, which ISO texts have.
const MICROS: std::ops::Range<i64> = -62_135_596_800_000_000..253_402_300_800_000_000;

#[test]
fn days_and_times() {
    // Types whose columns keep a text as it is: none of SQLite's numeric affinities.
    let types = ["", "text", "blob"];
    let chrono = MICROS.prop_map(|micros| chrono::DateTime::from_timestamp_micros(micros).unwrap()).boxed();
    kept(&types, chrono.clone());
    kept(&types, chrono.clone().prop_map(|at| at.naive_utc()));
    kept(&types, chrono.clone().prop_map(|at| at.date_naive()));
    kept(&types, chrono.prop_map(|at| at.time()));
    let jiff = MICROS.prop_filter_map("in range", |micros| jiff::Timestamp::from_microsecond(micros).ok());
    kept(&types, jiff);
    let time =
        MICROS.prop_map(|micros| time::OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(micros)).boxed();
    kept(&types, time.clone());
    kept(&types, time.clone().prop_map(|at| at.date()));
    kept(&types, time.prop_map(|at| at.time()));
    // A declared `date` or `timestamp` is numeric for SQLite, which keeps what is no number.
    let types = ["date", "timestamp", "datetime"];
    kept(&types, (0..3_000_000).prop_map(|n| chrono::NaiveDate::from_num_days_from_ce_opt(n).unwrap()));
    let spans = any::<(i32, i32, i64)>().prop_map(|(months, days, micros)| Interval { months, days, micros });
    kept(&["", "text", "interval"], spans);
}

#[test]
fn decimals() {
    // Not in columns that SQLite takes for numeric: it would make floats of them.
    let types = ["", "text", "blob"];
    let decimal = (any::<i128>(), 0..=28_u32).prop_filter_map("96 bits", |(mantissa, scale)| {
        rust_decimal::Decimal::try_from_i128_with_scale(mantissa >> 32, scale).ok()
    });
    kept(&types, decimal);
    let large =
        (any::<i128>(), -300..300_i64).prop_map(|(digits, scale)| bigdecimal::BigDecimal::new(digits.into(), scale));
    kept(&types, large);
    let json = any::<(i64, String, bool)>()
        .prop_map(|(n, text, yes)| serde_json::json!({ "n": n, "t": text, "list": [yes, null] }));
    kept(&["", "text", "json", "blob"], json);
}

/// What a declared type makes of a value is SQLite's affair; that a number is read as another one is not.
#[test]
fn nothing_is_narrowed_silently() {
    let conn = RefCell::new(connections("a").remove(0));
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() };
    let numbers =
        prop_oneof![any::<i64>(), (0..63_u32, -2..=2_i64).prop_map(|(bits, off)| (1_i64 << bits).wrapping_add(off))];
    let outcome = TestRunner::new(config).run(&numbers, |number| {
        let row = conn.borrow_mut().query_one("select ? as n", (number,)).unwrap();
        macro_rules! exact {
            ($($t:ty),*) => {$(
                match row.get::<$t>("n") {
                    Ok(read) => prop_assert_eq!(i128::try_from(read).unwrap(), i128::from(number)),
                    Err(error) => {
                        let text = format!("column `n` (index 0): the value {number} does not fit {}", stringify!($t));
                        prop_assert_eq!(error.message(), text);
                        prop_assert!(<$t>::try_from(number).is_err());
                    }
                }
            )*};
        }
        exact!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, usize);
        #[allow(clippy::cast_possible_truncation)]
        for read in [row.get::<f64>("n").ok(), row.get::<f32>("n").ok().map(f64::from)].into_iter().flatten() {
            prop_assert_eq!(read as i128, i128::from(number));
        }
        prop_assert_eq!(
            row.get::<bool>("n").ok(),
            match number {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            }
        );
        Ok(())
    });
    outcome.unwrap();
}
