//! Thousands of values of each type, to the server and back: without a name and with one, checked against the server's own text.

mod conversions;
mod written;

use std::cell::RefCell;
use std::sync::LazyLock;

use batis_dbc::blocking::Connection;
use batis_dbc::{DriverManager, Interval, Value};
use batis_postgres::{Environment, PostgresDriver};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// The database of these tests, with types and extensions of its own; one for all, since the types of a connection are looked up by number.
fn url() -> Option<String> {
    static URL: LazyLock<Option<(batis_testkit::TestDatabase, String)>> = LazyLock::new(|| {
        let database = batis_testkit::postgres()?.create_database().unwrap();
        database.psql(written::TYPES).unwrap();
        for extension in ["hstore", "citext"] {
            let _ = database.psql(&format!("create extension {extension}"));
        }
        let url = database.url();
        Some((database, url))
    });
    URL.as_ref().map(|(_, url)| url.clone())
}

/// A connection whose statements have no names, and one whose statements all have.
fn both_ways() -> Option<[Connection; 2]> {
    let manager = DriverManager::new().with(PostgresDriver::with_environment(Environment::empty()));
    let url = url()?;
    let connect = |options: &str| manager.connect_blocking(&format!("{url}{options}")).unwrap();
    Some([connect("&prepare_threshold=0"), connect("&prepare_threshold=-1")])
}

/// Runs cases of a handful of values each, so that thousands cost hundreds of round trips.
fn for_all<V: std::fmt::Debug>(
    values: impl Strategy<Value = V>,
    check: impl Fn(&mut Connection, &[V]) -> Result<(), TestCaseError>,
) {
    let Some(ways) = both_ways().map(RefCell::new) else { return };
    let config = ProptestConfig { cases: 100, max_shrink_iters: 30, failure_persistence: None, ..Default::default() };
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(values, 20), |values| {
        ways.borrow_mut().iter_mut().try_for_each(|conn| check(conn, &values))
    });
    outcome.unwrap();
}

/// Values of one type come back, as what they are and as what the server makes of their text.
fn round_trip(declared: &str, values: impl Strategy<Value = Value>) {
    for_all(values, |conn, values| check(conn, declared, values));
}

fn check(conn: &mut Connection, declared: &str, values: &[Value]) -> Result<(), TestCaseError> {
    let all: Vec<String> = values.iter().map(|_| format!("?::{declared}")).collect();
    let row = conn.query_one(&format!("select {}", all.join(", ")), values).unwrap();
    for (sent, came) in values.iter().zip(row.values()) {
        prop_assert!(is_same(sent, came), "{declared}: sent {sent:?}, came {came:?}");
    }
    // What the server makes of the value's text is the value.
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    let row = conn.query_one(&format!("select {}", all.join(", ")), texts.as_slice()).unwrap();
    for (sent, came) in values.iter().zip(row.values()) {
        prop_assert!(is_same(sent, came), "{declared}: sent the text of {sent:?}, came {came:?}");
    }
    Ok(())
}

/// Equal, and no number is equal to no number.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        _ => a == b,
    }
}

#[test]
fn integers() {
    round_trip("int2", any::<i16>().prop_map(|v| Value::Int(v.into())));
    round_trip("int4", any::<i32>().prop_map(|v| Value::Int(v.into())));
    round_trip("int8", any::<i64>().prop_map(Value::Int));
    round_trip("oid", any::<u32>().prop_map(|v| Value::Int(v.into())));
}

#[test]
fn floats() {
    use proptest::num::{f32, f64};
    round_trip("float8", f64::ANY.prop_map(Value::Float));
    round_trip("float4", f32::ANY.prop_map(|v| Value::Float(v.into())));
}

#[test]
fn decimals() {
    let number = ("-?(0|[1-9][0-9]{0,60})(\\.[0-9]{1,60})?").prop_filter_map("negative zero has no sign", |text| {
        let zero = text.starts_with('-') && !text.contains(|c: char| matches!(c, '1'..='9'));
        (!zero).then(|| Value::Numeric(text.into()))
    });
    let long = (1..2000_usize, 0..500_usize, "[1-9]", "[0-9]{1,9}").prop_map(|(zeros, more, first, last)| {
        Value::Numeric(format!("{first}{}.{}{last}", "0".repeat(zeros), "0".repeat(more)).into())
    });
    round_trip("numeric", long);
    let longest = format!("{}.{}1", "9".repeat(131_072), "0".repeat(16_382));
    for mut conn in both_ways().into_iter().flatten() {
        check(&mut conn, "numeric", &[Value::Numeric(longest.clone().into())]).unwrap();
    }
    let fixed = "-?[1-9][0-9]{0,4}\\.[0-9]{3}".prop_map(|text| Value::Numeric(text.into()));
    round_trip("numeric(8,3)", fixed);
    let special = prop_oneof![Just("NaN"), Just("Infinity"), Just("-Infinity")];
    round_trip("numeric", prop_oneof![20 => number, 1 => special.prop_map(|text| Value::Numeric(text.into()))]);
}

#[test]
fn texts_and_bytes() {
    let unicode = proptest::collection::vec(any::<char>().prop_filter("zero is refused", |c| *c != '\0'), 0..30);
    round_trip("text", unicode.prop_map(|text| Value::Text(text.into_iter().collect())));
    let odd = prop::sample::select(vec![
        "\u{FEFF}",
        "\u{FFFE}",
        "\u{10FFFF}",
        "e\u{301}",
        "\u{202E}",
        "\u{200D}",
        "\u{2028}",
        "ß",
        "ǆ",
        "\u{7F}",
        "\u{1}",
        "\\",
        "'",
        "\"",
        "🏳️‍🌈",
        "NULL",
        "\r\n",
    ]);
    round_trip("text", proptest::collection::vec(odd, 0..9).prop_map(|parts| Value::Text(parts.concat().into())));
    round_trip("bytea", proptest::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| Value::Bytes(bytes.into())));
    round_trip("uuid", any::<[u8; 16]>().prop_map(Value::Uuid));
    round_trip("bool", any::<bool>().prop_map(Value::Bool));
    round_trip("varbit", "[01]{0,70}".prop_map(|text| Value::Text(text.into())));
}

/// 4713-01-01 BC and 294276-12-31, between which the server's timestamps are.
const DAYS: std::ops::Range<i32> = -2_440_500..106_751_000;
const MICROS: std::ops::Range<i64> = -210_859_000_000_000_000..9_223_371_000_000_000_000 - 946_684_800_000_000;

#[test]
fn days_and_times() {
    let ends = |low: Value, high: Value| prop_oneof![Just(low), Just(high)];
    let days = DAYS.prop_map(Value::Date);
    round_trip("date", prop_oneof![20 => days, 1 => ends(Value::Date(i32::MIN), Value::Date(i32::MAX))]);
    round_trip("time", (0..=86_400_000_000_i64).prop_map(Value::Time));
    let plain = MICROS.prop_map(Value::Timestamp);
    let plain_ends = ends(Value::Timestamp(i64::MIN), Value::Timestamp(i64::MAX));
    round_trip("timestamp", prop_oneof![20 => plain, 1 => plain_ends]);
    let zoned = MICROS.prop_map(Value::TimestampTz);
    let zoned_ends = ends(Value::TimestampTz(i64::MIN), Value::TimestampTz(i64::MAX));
    round_trip("timestamptz", prop_oneof![20 => zoned, 1 => zoned_ends]);
}

#[test]
fn intervals() {
    // Within what the server adds up from text without an overflow.
    let parts =
        (-2_000_000_000..2_000_000_000_i32, any::<i32>(), -9_000_000_000_000_000_000..9_000_000_000_000_000_000_i64);
    let span = parts.prop_map(|(months, days, micros)| Interval { months, days, micros });
    round_trip("interval", span.prop_map(Value::Interval));
}

#[test]
fn arrays() {
    let maybe = |item: BoxedStrategy<Value>| proptest::option::of(item).prop_map(|v| v.unwrap_or(Value::Null)).boxed();
    let flat = move |item: BoxedStrategy<Value>| {
        proptest::collection::vec(maybe(item), 0..6).prop_map(|items| Value::Array(items.into()))
    };
    round_trip("int4[]", flat(any::<i32>().prop_map(|v| Value::Int(v.into())).boxed()));
    round_trip("text[]", flat("[^\\x00]{0,12}".prop_map(|text| Value::Text(text.into())).boxed()));
    round_trip("bytea[]", flat(any::<[u8; 4]>().prop_map(|bytes| Value::Bytes(bytes.into())).boxed()));
    round_trip("float8[]", flat(proptest::num::f64::ANY.prop_map(Value::Float).boxed()));
    round_trip("timestamptz[]", flat(MICROS.prop_map(Value::TimestampTz).boxed()));
    round_trip("date[]", flat(DAYS.prop_map(Value::Date).boxed()));
    let cube = (1..4_usize, 1..4_usize, 1..4_usize).prop_flat_map(|(a, b, c)| {
        let item = proptest::option::of(any::<i64>()).prop_map(|v| v.map_or(Value::Null, Value::Int));
        let level = |inner: BoxedStrategy<Value>, count: usize| {
            proptest::collection::vec(inner, count).prop_map(|items| Value::Array(items.into())).boxed()
        };
        level(level(level(item.boxed(), c), b), a)
    });
    round_trip("int8[]", cube);
}

#[test]
fn ranges() {
    let bounds = (any::<i32>(), any::<i32>()).prop_filter_map("the upper bound is above the lower", |(a, b)| {
        (a < b).then(|| Value::Text(format!("[{a},{b})").into()))
    });
    round_trip("int4range", bounds);
}
