//! Types that are read as text: the text is what the server itself makes of the value, whatever the value.

use std::net::IpAddr;

use batis_dbc::blocking::Connection;
use batis_dbc::{FromSql as _, Value};
use proptest::prelude::*;

use super::for_all;

pub(super) const TYPES: &str = "
    create type mood as enum ('sad', 'so so', '', 'NULL', 'it''s \"fine\"', '7', 'grün');
    create domain percent as int check (value between 0 and 100);
    create type inner_row as (m mood, n numeric, b bytea);
    create type outer_row as (f float8, g float4, i interval, t timestamptz, d date, u uuid, j jsonb, o bool, r inner_row, a inner_row[], s text, c \"char\");
    create type floats as range (subtype = float8);";

/// Whether the server has a type; not each has the extensions, nor each version all types.
fn has(name: &str) -> bool {
    let Some([mut conn, _]) = super::both_ways() else { return false };
    let found = conn.query_one("select to_regtype(?) is not null", (name,)).unwrap();
    found.get(0).unwrap()
}

/// The text of the value is the server's own text of it.
fn written(declared: &str, literals: impl Strategy<Value = String>) {
    for_all(literals, |conn, literals| check(conn, declared, literals));
}

fn check(conn: &mut Connection, declared: &str, literals: &[String]) -> Result<(), TestCaseError> {
    // Not a cast to text, which is another thing for some types.
    let one = format!("?::text::{declared}, concat(?::text::{declared})");
    let twice: Vec<&str> = literals.iter().flat_map(|literal| [literal.as_str(), literal.as_str()]).collect();
    let row = conn.query_one(&format!("select {}", vec![one; literals.len()].join(", ")), twice.as_slice()).unwrap();
    for (pair, literal) in row.values().chunks(2).zip(literals) {
        prop_assert!(!matches!(pair[0], Value::Bytes(_) | Value::Null), "{declared} {literal}: {:?}", pair[0]);
        let ours = String::from_sql(pair[0].as_ref()).unwrap();
        prop_assert_eq!(Value::Text(ours.into()), pair[1].clone(), "{} {}", declared, literal);
    }
    Ok(())
}

/// Floats near one, and some that are far from it (the server does not always write the fewest digits, so these are chosen).
fn float() -> impl Strategy<Value = String> {
    let far = vec!["1e15", "1e14", "-1.5e300", "1e-4", "2.5e-5", "5e-324", "123456789012345e9", "-0"];
    prop_oneof![2 => "-?[0-9]{1,6}(\\.[0-9]{1,3})?", 1 => prop::sample::select(far).prop_map(str::to_owned)]
}

fn no_number() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["NaN", "Infinity", "-Infinity"]).prop_map(str::to_owned)
}

fn narrow() -> impl Strategy<Value = String> {
    let far = vec!["1e6", "123456", "-1.5e30", "1e-4", "2.5e-5", "-0"];
    prop_oneof![2 => "-?[0-9]{1,4}(\\.[0-9]{1,2})?", 1 => prop::sample::select(far).prop_map(str::to_owned)]
}

fn interval() -> impl Strategy<Value = String> {
    let small = |most: i64| prop_oneof![Just(0), -most..most];
    (small(400), small(100), small(300_000_000_000), 0..3).prop_map(|(months, days, micros, cut)| {
        let micros = if cut == 0 { micros } else { micros / 1_000_000 * 1_000_000 };
        format!("{months:+} mons {days:+} days {micros:+} us")
    })
}

#[test]
fn networks() {
    let address =
        prop_oneof![any::<u32>().prop_map(|v| IpAddr::V4(v.into())), any::<u128>().prop_map(|v| IpAddr::V6(v.into()))];
    let special = prop::sample::select(vec![
        "::",
        "::1",
        "::ffff:1.2.3.4",
        "1::",
        "0.0.0.0",
        "fe80::1:0:0:0",
        "::1.2.3.4",
        "1:0:0:2::3",
    ])
    .prop_map(|text| text.parse().unwrap());
    let address = prop_oneof![3 => address, 1 => special].boxed();
    let masked = (address.clone(), any::<u8>()).prop_map(|(ip, mask): (IpAddr, u8)| {
        let most = if ip.is_ipv4() { 32 } else { 128 };
        format!("{ip}/{}", mask % (most + 1))
    });
    written("inet", prop_oneof![masked, address.prop_map(|ip| ip.to_string())]);
    let network = (any::<u32>(), 0..=32_u32).prop_map(|(bits, mask)| {
        let kept = if mask == 0 { 0 } else { bits & (u32::MAX << (32 - mask)) };
        format!("{}/{mask}", std::net::Ipv4Addr::from(kept))
    });
    written("cidr", network);
    written("macaddr", "[0-9a-f]{2}(:[0-9a-f]{2}){5}");
    written("macaddr8", "[0-9a-f]{2}(:[0-9a-f]{2}){7}");
}

#[test]
fn bits_and_letters() {
    written("bit(11)", "[01]{11}");
    written("varbit", "[01]{0,90}");
    written("\"char\"", "[ -~]?");
    written("char(5)", "[a-zäß ]{0,5}[a-z]?".prop_map(|text| text.chars().take(5).collect()));
    written("name", "[a-zA-Z\"' ]{0,60}");
    if !has("citext") {
        return;
    }
    written("citext", "[a-zA-ZäÄß]{0,20}");
}

#[test]
fn times_with_zones() {
    let zone = (-15..=15_i32, 0..60_u32, 0..60_u32, 0..4).prop_map(|(hours, minutes, seconds, parts)| match parts {
        0 => format!("{hours:+03}"),
        1 => format!("{hours:+03}:{minutes:02}"),
        _ => format!("{hours:+03}:{minutes:02}:{seconds:02}"),
    });
    let time = (0..24_u32, 0..60_u32, 0..60_u32, 0..1_000_000_u32, 0..2)
        .prop_map(|(h, m, s, us, whole)| format!("{h:02}:{m:02}:{s:02}.{:06}", if whole == 0 { 0 } else { us }));
    written("timetz", (time, zone).prop_map(|(time, zone)| time + &zone));
}

#[test]
fn json() {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?",
        "[^\\x00-\\x1f\"\\\\]{0,10}".prop_map(|text| format!("\"{text}\\u00e4\\n\\\"\"")),
    ];
    let document = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            proptest::collection::vec(("[a-z\u{1F600}]{0,4}", inner), 0..4).prop_map(|pairs| {
                let pairs: Vec<String> =
                    pairs.into_iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    });
    let document = document.boxed();
    written("json", document.clone());
    written("jsonb", document);
}

#[test]
fn geometry() {
    let point = (float(), float()).prop_map(|(x, y)| format!("({x},{y})")).boxed();
    let points = proptest::collection::vec(point.clone(), 1..5).prop_map(|points| points.join(",")).boxed();
    written("point", point.clone());
    written("lseg", (point.clone(), point.clone()).prop_map(|(a, b)| format!("[{a},{b}]")));
    written("path", points.clone().prop_map(|points| format!("[{points}]")));
    written("path", points.clone().prop_map(|points| format!("({points})")));
    written("polygon", points.prop_map(|points| format!("({points})")));
    written("circle", (point, 0..1000_u32).prop_map(|(at, radius)| format!("<{at},{radius}>")));
}

fn range(bound: impl Strategy<Value = i64> + Clone + 'static, shown: fn(i64) -> String) -> BoxedStrategy<String> {
    let ends =
        (proptest::option::weighted(0.9, bound.clone()), proptest::option::weighted(0.9, bound), any::<[bool; 2]>());
    ends.prop_map(move |(a, b, [left, right])| {
        let (a, b) = match (a, b) {
            (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
            other => other,
        };
        let text = |end: Option<i64>| end.map(|end| format!("\"{}\"", shown(end))).unwrap_or_default();
        format!("{}{},{}{}", if left { '[' } else { '(' }, text(a), text(b), if right { ']' } else { ')' })
    })
    .boxed()
}

#[test]
fn ranges_of_all_kinds() {
    let days = |n: i64| Value::Date(i32::try_from(n).unwrap()).to_string();
    let micros = |n: i64| Value::Timestamp(n).to_string();
    let instants = |n: i64| Value::TimestampTz(n).to_string();
    let decimals = |n: i64| format!("{}.{:03}", n / 1000, n.unsigned_abs() % 1000);
    written("int8range", range(-5_000_000_000..5_000_000_000_i64, |n| n.to_string()));
    written("numrange", range(0..5_000_000_i64, decimals));
    written("daterange", range(-800_000..40_000_i64, days));
    written("tsrange", range(-70_000_000_000_000_000..7_000_000_000_000_000_i64, micros));
    written("tstzrange", range(-70_000_000_000_000_000..7_000_000_000_000_000_i64, instants));
    written("floats", range(-5_000_000..5_000_000_i64, |n| format!("{n}e13")));
    if !has("int4multirange") {
        return;
    }
    let several = proptest::collection::vec(range(-500..500_i64, |n| n.to_string()), 0..4);
    written("int4multirange", several.prop_map(|ranges| format!("{{{}}}", ranges.join(","))));
}

#[test]
fn types_of_the_database() {
    let mood = prop::sample::select(vec!["sad", "so so", "", "NULL", "it's \"fine\"", "7", "grün"]);
    written("mood", mood.prop_map(str::to_owned));
    written("percent", (0..=100).prop_map(|n: i32| n.to_string()));
    if !has("hstore") {
        return;
    }
    let word = "[a-z\"\\\\,{}() ä]{0,6}|NULL";
    let pairs = proptest::collection::btree_map(word, proptest::option::of(word), 0..4);
    written(
        "hstore",
        pairs.prop_map(|pairs| {
            let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let pair = |(name, value): (String, Option<String>)| {
                format!("{}=>{}", quoted(&name), value.map_or("NULL".to_owned(), |value| quoted(&value)))
            };
            pairs.into_iter().map(pair).collect::<Vec<_>>().join(",")
        }),
    );
}

/// A part of a row literal: quoted, or nothing for null.
fn part(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let quoted = text.prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"\"")));
    proptest::option::weighted(0.85, quoted).prop_map(Option::unwrap_or_default)
}

#[test]
fn rows() {
    let mood =
        prop::sample::select(vec!["sad", "so so", "", "NULL", "it's \"fine\"", "7", "grün"]).prop_map(str::to_owned);
    let bytes = "(\\\\x([0-9a-f]{2}){0,5})";
    let inner = (part(mood), part("-?[1-9][0-9]{0,30}(\\.[0-9]{1,20})?".boxed()), part(bytes.boxed()))
        .prop_map(|(m, n, b)| format!("({m},{n},{b})"))
        .boxed();
    written("inner_row", inner.clone());
    let rows = proptest::collection::vec(inner.clone(), 0..3).prop_map(|rows| {
        let quoted: Vec<String> =
            rows.iter().map(|row| format!("\"{}\"", row.replace('\\', "\\\\").replace('"', "\\\""))).collect();
        format!("{{{}}}", quoted.join(","))
    });
    let instants = (-70_000_000_000_000_000..7_000_000_000_000_000_i64).prop_map(|n| Value::TimestampTz(n).to_string());
    let days = (-800_000..40_000).prop_map(|n| Value::Date(n).to_string());
    let uuid = any::<[u8; 16]>().prop_map(|bytes| Value::Uuid(bytes).to_string());
    let json = Just("{\"a\": [1, \"x\\\"y\"]}".to_owned());
    let outer = (
        (
            part(prop_oneof![5 => float(), 1 => no_number()]),
            part(prop_oneof![5 => narrow(), 1 => no_number()]),
            part(interval()),
            part(instants),
            part(days),
        ),
        (part(uuid), part(json), part(any::<bool>().prop_map(|v| v.to_string())), part(inner), part(rows)),
        (part("[a-z\"\\\\,{}() ä\n]{0,8}".boxed()), part("[a-z\"\\\\ ]".boxed())),
    );
    written(
        "outer_row",
        outer.prop_map(|((f, g, i, t, d), (u, j, o, r, a), (s, c))| {
            format!("({f},{g},{i},{t},{d},{u},{j},{o},{r},{a},{s},{c})")
        }),
    );
}
