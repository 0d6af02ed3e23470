//! Types of the server, in both directions.

mod common;

use std::cell::RefCell;

use batis_dbc::blocking::Connection;
use batis_dbc::{Batch, Interval, SqlType, Value};
use common::manager;
use proptest::prelude::*;

fn connect(options: &str) -> Option<Connection> {
    let url = batis_testkit::postgres()?.socket_url("postgres");
    Some(manager().connect_blocking(&format!("{url}{options}")).unwrap())
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Each as a literal, as a parameter without a name, and as one of a named statement.
#[test]
fn literals_and_parameters_are_read_alike() {
    let (Some(mut once), Some(mut named)) = (connect("&prepare_threshold=0"), connect("&prepare_threshold=-1")) else {
        return;
    };
    let number = |n: &str| Value::Numeric(n.into());
    let interval = |months, days, micros| Value::Interval(Interval { months, days, micros });
    let array = |items: &[Value]| Value::Array(items.into());
    let cases: Vec<(&str, &str, Value)> = vec![
        ("bool", "true", Value::Bool(true)),
        ("int2", "-32768", Value::Int(-32_768)),
        ("int8", "9223372036854775807", Value::Int(i64::MAX)),
        ("oid", "4294967295", Value::Int(4_294_967_295)),
        ("float4", "0.5", Value::Float(0.5)),
        ("float8", "-Infinity", Value::Float(f64::NEG_INFINITY)),
        ("numeric", "-12.50", number("-12.50")),
        ("numeric", "NaN", number("NaN")),
        (
            "numeric",
            "123456789012345678901234567890.000000000000000000001",
            number("123456789012345678901234567890.000000000000000000001"),
        ),
        ("text", "grün", text("grün")),
        ("char(3)", "a", text("a  ")),
        ("bytea", "\\x00ff", Value::Bytes([0, 255].into())),
        (
            "uuid",
            "11111111-2222-3333-4444-555555555555",
            Value::Uuid([
                0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
            ]),
        ),
        ("date", "2024-01-31", Value::Date(19_753)),
        ("date", "infinity", Value::Date(i32::MAX)),
        ("time", "00:00:01.5", Value::Time(1_500_000)),
        ("timestamp", "1969-12-31 23:59:59.999999", Value::Timestamp(-1)),
        ("timestamp", "-infinity", Value::Timestamp(i64::MIN)),
        ("timestamptz", "1970-01-01 01:00:00+01", Value::TimestampTz(0)),
        ("interval", "1 mon -2 days 00:00:03", Value::Interval(Interval { months: 1, days: -2, micros: 3_000_000 })),
        ("json", "{\"a\": 1}", Value::Json("{\"a\": 1}".into())),
        ("jsonb", "{\"a\":1}", Value::Json("{\"a\": 1}".into())),
        ("int[]", "{1,NULL,3}", array(&[Value::Int(1), Value::Null, Value::Int(3)])),
        ("int[]", "{}", array(&[])),
        (
            "int[]",
            "{{1,2},{3,4}}",
            array(&[array(&[Value::Int(1), Value::Int(2)]), array(&[Value::Int(3), Value::Int(4)])]),
        ),
        (
            "text[]",
            "{\"a b\",\"c\\\"d\",\"NULL\",NULL}",
            array(&[text("a b"), text("c\"d"), text("NULL"), Value::Null]),
        ),
        ("numeric[]", "{1.50}", array(&[number("1.50")])),
        ("inet", "10.0.0.1/8", text("10.0.0.1/8")),
        ("macaddr", "08:00:2b:01:02:03", text("08:00:2b:01:02:03")),
        ("bit(4)", "1010", text("1010")),
        ("int4range", "[1,5)", text("[1,5)")),
        ("point", "(1.5,2)", text("(1.5,2)")),
        ("timetz", "10:00:00+02", text("10:00:00+02")),
        ("xml", "<a/>", text("<a/>")),
        ("numeric", "Infinity", number("Infinity")),
        ("numeric", "-Infinity", number("-Infinity")),
        ("date", "4713-01-01 BC", Value::Date(-2_440_550)),
        ("date", "0044-03-15 BC", Value::Date(-735_160)),
        ("timestamp", "0001-12-31 23:59:59 BC", Value::Timestamp(-62_135_596_801_000_000)),
        ("timestamptz", "infinity", Value::TimestampTz(i64::MAX)),
        ("time", "24:00:00", Value::Time(86_400_000_000)),
        ("interval", "-1 years +2 days -03:00:00", interval(-12, 2, -10_800_000_000)),
        ("interval", "178956970 years 7 mons", interval(i32::MAX, 0, 0)),
        ("name", "a name", text("a name")),
        ("\"char\"", "x", text("x")),
        ("money", "-1234.50", number("-1234.50")),
        ("cidr", "10.0.0.0/8", text("10.0.0.0/8")),
        ("inet", "10.0.0.1", text("10.0.0.1")),
        ("inet", "::1/64", text("::1/64")),
        ("macaddr8", "08:00:2b:01:02:03:04:05", text("08:00:2b:01:02:03:04:05")),
        ("varbit", "", text("")),
        ("varbit", "101010101", text("101010101")),
        ("int8range", "(,5)", text("(,5)")),
        ("numrange", "empty", text("empty")),
        ("numrange", "(1.5,]", text("(1.5,)")),
        ("daterange", "[2024-01-01,infinity)", text("[2024-01-01,infinity)")),
        ("tsrange", "[\"2024-01-01 00:00:00\",)", text("[\"2024-01-01 00:00:00\",)")),
        ("int4range[]", "{\"[1,2)\",empty}", array(&[text("[1,2)"), text("empty")])),
        ("int4multirange", "{}", text("{}")),
        ("int4multirange", "{[1,2),[5,8)}", text("{[1,2),[5,8)}")),
        ("nummultirange", "{(,1.5],(2,)}", text("{(,1.5],(2,)}")),
        ("tsvector", "'a':1A,2 'it''s' 'x\\\\y':3", text("'a':1A,2 'it''s' 'x\\\\y':3")),
        ("tsvector", "", text("")),
        ("tsquery", "'a' & !( 'b' | 'c':*AB )", text("'a' & !( 'b' | 'c':*AB )")),
        ("tsquery", "'a' <-> ( 'b' <2> 'c' )", text("'a' <-> ( 'b' <2> 'c' )")),
        ("tsquery", "( 'a' | 'b' ) & 'c' & 'd'", text("( 'a' | 'b' ) & 'c' & 'd'")),
        ("jsonpath", "$.\"a\"[*]?(@ > 1)", text("$.\"a\"[*]?(@ > 1)")),
        ("pg_lsn", "16/B374D848", text("16/B374D848")),
        ("pg_snapshot", "10:20:10,14,15", text("10:20:10,14,15")),
        ("txid_snapshot", "10:20:", text("10:20:")),
        ("xid8", "18446744073709551615", text("18446744073709551615")),
        ("xid", "7", Value::Int(7)),
        ("tid", "(1,2)", text("(1,2)")),
        ("regclass", "pg_class", Value::Int(1259)),
        ("line", "{1,-2,Infinity}", text("{1,-2,Infinity}")),
        ("lseg", "[(1,2),(3,4)]", text("[(1,2),(3,4)]")),
        ("box", "(3,4),(1,2)", text("(3,4),(1,2)")),
        ("path", "[(1,2),(3,4)]", text("[(1,2),(3,4)]")),
        ("polygon", "((1,2),(3,4))", text("((1,2),(3,4))")),
        ("circle", "<(1,2),3>", text("<(1,2),3>")),
        ("bool[]", "{t,f,NULL}", array(&[Value::Bool(true), Value::Bool(false), Value::Null])),
        ("jsonb[]", "{\"{\\\"a\\\": 1}\"}", array(&[Value::Json("{\"a\": 1}".into())])),
    ];
    for (declared, written, expected) in &cases {
        let literal = once.query_one(&format!("select '{}'::{declared}", written.replace('\'', "''")), ()).unwrap();
        assert_eq!(literal.values()[0], *expected, "literal {declared} {written}");
        for conn in [&mut once, &mut named] {
            // As text, and as the value that came back.
            let sql = format!("select ?::{declared}, ?::{declared}, ?::{declared}");
            let row = conn.query_one(&sql, (*written, expected, None::<i64>)).unwrap();
            assert_eq!(row.values(), [expected.clone(), expected.clone(), Value::Null], "{declared} {written}");
        }
    }
}

#[test]
fn nan_is_a_float() {
    let Some(mut conn) = connect("") else { return };
    for _ in 0..7 {
        let row = conn.query_one("select ?::float8, ?::float4, '{NaN}'::float8[]", (f64::NAN, f64::NAN)).unwrap();
        assert!(row.get::<f64>(0).unwrap().is_nan() && row.get::<f64>(1).unwrap().is_nan());
        assert!(matches!(&row.values()[2], Value::Array(items) if matches!(items[0], Value::Float(v) if v.is_nan())));
    }
}

#[test]
fn types_of_the_database_go_by_their_text() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    database
        .psql(
            "create type mood as enum ('sad', 'happy'); create domain percent as int check (value between 0 and 100);
             create type pair as (a int, b text); create table t (m mood, p percent, c pair, ms mood[])",
        )
        .unwrap();
    let mut conn = manager().connect_blocking(&database.url()).unwrap();
    for n in 0..7 {
        conn.execute("insert into t values (?, ?, ?, ?)", ("happy", n, "(1,\"b c\")", "{sad,happy}")).unwrap();
        let row = conn.query_one("select * from t where m = ? and p = ?", ("happy", n)).unwrap();
        let moods = Value::Array([text("sad"), text("happy")].into());
        assert_eq!(row.values(), [text("happy"), Value::Int(n), text("(1,\"b c\")"), moods]);
    }
    // Many rows of a type that the client below does not know.
    let rows = conn.query("select 'sad'::mood from generate_series(1, 20000)", ()).unwrap();
    assert_eq!(rows.map(|row| row.get::<String>(0)).unwrap().len(), 20_000);
    let error = conn.execute("insert into t (m) values (?)", ("furious",)).unwrap_err();
    assert_eq!(error.sql_state().code(), "22P02");
    let described = conn.describe("select m, ms, p from t where m = ?").unwrap();
    let shown: Vec<_> = described.shape.columns().iter().map(|c| (&*c.type_name, c.sql_type)).collect();
    assert_eq!(shown, [("mood", SqlType::Other), ("_mood", SqlType::Array), ("int4", SqlType::Integer)]);
    assert_eq!(described.parameters, [SqlType::Other]);
    let origin = described.shape.columns()[0].origin.as_ref().unwrap();
    assert_eq!((&*origin.schema, &*origin.table, &*origin.column), ("public", "t", "m"));
}

#[test]
fn parameters_take_the_type_that_the_server_sees() {
    let Some(mut conn) = connect("") else { return };
    for _ in 0..7 {
        let row = conn
            .query_one(
                "select left('abcdef', ?), 2 = any(?), n from generate_series(1, 9) n where n > ? order by n limit ?",
                (3, "{1,2}", 4, 1),
            )
            .unwrap();
        assert_eq!(
            (row.get::<&str>(0).unwrap(), row.get::<bool>(1).unwrap(), row.get::<i64>(2).unwrap()),
            ("abc", true, 5)
        );
    }
}

#[test]
fn decimals_lose_nothing() {
    let (Some(once), Some(named)) = (connect("&prepare_threshold=0"), connect("&prepare_threshold=-1")) else { return };
    let ways = RefCell::new([once, named]);
    let decimal = ("-?(0|[1-9][0-9]{0,40})", proptest::option::of("[0-9]{1,40}"));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..Default::default()
    });
    runner
        .run(&decimal, |(whole, fraction)| {
            let mut written = whole;
            if let Some(fraction) = fraction {
                written = format!("{written}.{fraction}");
            }
            for conn in ways.borrow_mut().iter_mut() {
                let row = conn
                    .query_one(
                        "select ?::numeric, (?::numeric)::text",
                        (Value::Numeric(written.as_str().into()), written.as_str()),
                    )
                    .unwrap();
                let (read, server) = (row.get::<Value>(0).unwrap(), row.get::<String>(1).unwrap());
                prop_assert_eq!(read, Value::Numeric(server.into()));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_text_comes_back() {
    let (Some(once), Some(named)) = (connect("&prepare_threshold=0"), connect("&prepare_threshold=-1")) else { return };
    let ways = RefCell::new([once, named]);
    let texts = proptest::collection::vec("[^\\x00]{0,20}", 0..4);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..Default::default()
    });
    runner
        .run(&texts, |texts| {
            let list = Value::Array(texts.iter().map(|t| text(t)).collect());
            let joined = texts.join("|");
            for conn in ways.borrow_mut().iter_mut() {
                let row = conn.query_one("select ?::text[], ?::text", (&list, &joined)).unwrap();
                prop_assert_eq!(row.get::<Value>(0).unwrap(), list.clone());
                prop_assert_eq!(row.get::<&str>(1).unwrap(), joined.as_str());
            }
            Ok(())
        })
        .unwrap();
}

/// In the style of the SQL standard a sign in front counts for all parts that have none.
#[test]
fn intervals_keep_their_signs_in_every_style() {
    let Some(mut conn) = connect("") else { return };
    conn.execute_script("create temp table spans (id int, span interval)").unwrap();
    let span = Interval { months: -1, days: 2, micros: 3 };
    for style in ["sql_standard", "postgres", "postgres_verbose", "iso_8601"] {
        conn.execute_script(&format!("set intervalstyle = {style}; truncate spans")).unwrap();
        let alone: Interval = conn.query_one("select ?::interval", (span,)).unwrap().get(0).unwrap();
        assert_eq!(alone, span, "{style}");
        let list = Value::Array([Value::Interval(span), Value::Null].into());
        let row = conn.query_one("select ?::interval[]", (&list,)).unwrap();
        assert_eq!(row.values()[0], list, "{style}");
        let mut batch = Batch::new("insert into spans values (?, ?)");
        for id in 0..5 {
            batch.add((id, span)).unwrap();
        }
        conn.execute_batch(&batch).unwrap();
        let stored = conn.query("select span from spans", ()).unwrap().map(|row| row.get::<Interval>(0)).unwrap();
        assert_eq!(stored, [span; 5], "{style}");
    }
}
