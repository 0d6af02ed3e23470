//! Each type, in and out.

use std::fmt::Debug;

use batis_dbc::{FromSql, ToSql, Value};

use crate::case::{Check, Context, fails, list, same};

list! {
    "values/null", "null comes back as null, in every type", null;
    "values/bool", "booleans come back, also as Option", bool;
    "values/big_integers", "64-bit integers come back, extremes included", big_integers;
    "values/integers", "32-bit integers come back, extremes included", integers;
    "values/small_types", "narrow Rust integers can be written and read", small_types;
    "values/floats", "floats come back bit by bit, extremes and infinities included", floats;
    "values/nan", "NaN comes back as NaN, or as null where the database has none", nan;
    "values/text", "text comes back: empty, quotes, backslashes, line ends, all planes of Unicode", text;
    "values/zero_character", "U+0000 in text is kept, or refused with an error, never cut off", zero_character;
    "values/bytes", "bytes come back: empty, all byte values, zeros", bytes;
    "values/large_text", "a text of 1 MiB comes back", large_text;
    "values/large_bytes", "1 MiB of bytes comes back", large_bytes;
    "values/dialect_types", "types that not all databases have come back as the dialect says", dialect_types;
    "values/narrow_integer", "an integer that does not fit is 22003, never cut off", narrow_integer;
    "values/unsigned", "a negative number read as unsigned is 22003", unsigned;
    "values/inexact_float", "an integer that a float cannot hold exactly is 22003", inexact_float;
    "values/null_without_option", "null read as a plain type is 22002 and names the column", null_without_option;
    "values/wrong_type", "text read as a number is 07006 and names the column", wrong_type;
    "values/numeric_literal", "a decimal literal can be read as a float", numeric_literal;
}

/// Writes and reads each value through a column of this type.
async fn keeps<T>(cx: &mut Context, declared: &str, values: &[T]) -> Check
where
    T: ToSql + for<'a> FromSql<'a> + PartialEq + Debug + Clone,
{
    cx.table("conf_value", &format!("id {{big}} primary key, v {declared}")).await?;
    for (id, value) in (0_i64..).zip(values) {
        cx.conn.execute("insert into conf_value (id, v) values (?, ?)", (id, value)).await?;
        let row = cx.conn.query_one("select v from conf_value where id = ?", (id,)).await?;
        same!(row.get::<T>(0)?, *value);
    }
    Ok(())
}

async fn null(cx: &mut Context) -> Check {
    for declared in ["{big}", "{double}", "{text}", "{bytes}", "{bool}"] {
        keeps::<Option<i64>>(cx, declared, &[None]).await?;
        same!(cx.conn.query_one("select v from conf_value", ()).await?.get::<Value>(0)?, Value::Null);
    }
    Ok(())
}

async fn bool(cx: &mut Context) -> Check {
    keeps(cx, "{bool}", &[true, false]).await?;
    keeps(cx, "{bool}", &[Some(true), Some(false), None]).await
}

async fn big_integers(cx: &mut Context) -> Check {
    keeps(cx, "{big}", &[0, 1, -1, i64::MAX, i64::MIN, 1 << 53, -(1 << 53) - 1]).await
}

async fn integers(cx: &mut Context) -> Check {
    keeps(cx, "{int}", &[0, 1, -1, i32::MAX, i32::MIN]).await
}

async fn small_types(cx: &mut Context) -> Check {
    keeps(cx, "{int}", &[i8::MIN, i8::MAX]).await?;
    keeps(cx, "{int}", &[u8::MAX]).await?;
    keeps(cx, "{int}", &[i16::MIN, i16::MAX]).await?;
    keeps(cx, "{big}", &[u32::MAX]).await?;
    keeps(cx, "{big}", &[u64::from(u32::MAX) + 1]).await
}

async fn floats(cx: &mut Context) -> Check {
    let values =
        [0.0, -0.0, 1.5, 0.1, f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::EPSILON, f64::INFINITY, f64::NEG_INFINITY];
    keeps(cx, "{double}", &values).await?;
    keeps(cx, "{double}", &[1.5_f32, f32::MAX]).await
}

async fn nan(cx: &mut Context) -> Check {
    cx.table("conf_value", "v {double}").await?;
    cx.conn.execute("insert into conf_value values (?)", (f64::NAN,)).await?;
    let back: Option<f64> = cx.conn.query_one("select v from conf_value", ()).await?.get(0)?;
    same!(back.map(f64::is_nan), cx.dialect.keeps_nan.then_some(true));
    Ok(())
}

async fn text(cx: &mut Context) -> Check {
    let values = [
        "",
        " ",
        "a",
        "it's \"quoted\" \\ and `more`",
        "line\r\nend\t",
        "äöü ß",
        "日本語",
        "🌱👩‍👩‍👧",
        "?",
        "$1",
        "%s",
        "\u{1}",
    ];
    let values: Vec<String> = values.iter().map(|t| (*t).to_owned()).collect();
    keeps(cx, "{text}", &values).await
}

async fn zero_character(cx: &mut Context) -> Check {
    if cx.dialect.stores_zero_characters {
        return keeps(cx, "{text}", &["a\0b".to_owned()]).await;
    }
    cx.table("conf_value", "v {text}").await?;
    let refused = cx.conn.execute("insert into conf_value values (?)", ("a\0b",)).await;
    same!(refused.is_err(), true);
    same!(cx.count("conf_value").await?, 0);
    Ok(())
}

async fn bytes(cx: &mut Context) -> Check {
    let all: Vec<u8> = (0..=255).collect();
    keeps(cx, "{bytes}", &[vec![], vec![0], vec![0, 0, 0], all]).await
}

async fn large_text(cx: &mut Context) -> Check {
    keeps(cx, "{text}", &["grün".repeat(1 << 18)]).await
}

async fn large_bytes(cx: &mut Context) -> Check {
    keeps(cx, "{bytes}", &[vec![0xa5_u8; 1 << 20]]).await
}

async fn dialect_types(cx: &mut Context) -> Check {
    for trip in cx.dialect.round_trips.clone() {
        cx.table("conf_value", &format!("v {}", trip.declared)).await?;
        cx.conn.execute("insert into conf_value values (?)", (&trip.given,)).await?;
        let back: Value = cx.conn.query_one("select v from conf_value", ()).await?.get(0)?;
        same!((trip.declared, back), (trip.declared, trip.stored));
    }
    Ok(())
}

async fn narrow_integer(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select cast(? as bigint) as n", (300,)).await?;
    let error = fails!(row.get::<i8>("n"), "22003");
    same!(error.message(), "column `n` (index 0): the value 300 does not fit i8");
    Ok(())
}

async fn unsigned(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select cast(? as bigint)", (-1,)).await?;
    fails!(row.get::<u64>(0), "22003");
    fails!(row.get::<usize>(0), "22003");
    Ok(())
}

async fn inexact_float(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select cast(? as bigint)", (i64::MAX,)).await?;
    fails!(row.get::<f64>(0), "22003");
    same!(row.get::<i64>(0)?, i64::MAX);
    Ok(())
}

async fn null_without_option(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select cast(null as bigint) as n", ()).await?;
    let error = fails!(row.get::<i64>(0), "22002");
    same!(error.column(), Some("n"));
    same!(row.get::<Option<i64>>(0)?, None);
    Ok(())
}

async fn wrong_type(cx: &mut Context) -> Check {
    let row = cx
        .conn
        .query_one("select cast(? as {text}) as t".replace("{text}", cx.dialect.types.text).as_str(), ("12",))
        .await?;
    let error = fails!(row.get::<i64>(0), "07006");
    same!(error.message(), "column `t` (index 0): text cannot be read as i64");
    Ok(())
}

async fn numeric_literal(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select 12.5", ()).await?;
    same!(row.get::<f64>(0)?, 12.5);
    Ok(())
}
