//! Columns as Rust values, and what results say of their columns.

use std::borrow::Cow;
use std::sync::Arc;

use batis_dbc::{Row, SqlEnum, SqlError, SqlType, ToSql, Value, ValueRef};

use crate::case::{Check, Context, fails, list, same};

list! {
    "readings/text_of_anything", "any number can be read as text", text_of_anything;
    "readings/owners_of_text", "text is read as String, Box and Arc, and in place", owners_of_text;
    "readings/bytes_of_text", "text can be read as bytes, bytes not as text", bytes_of_text;
    "readings/pointers_as_parameters", "references, boxes, counters and cows are parameters", pointers_as_parameters;
    "readings/wide_integers", "all integer types read a number that fits them", wide_integers;
    "readings/truth_of_numbers", "0 and 1 are booleans, 2 is 22003", truth_of_numbers;
    "readings/narrow_floats", "a double is rounded to a float, or refused if it is too large", narrow_floats;
    "readings/exact_integers_as_floats", "an integer that is no exact float is 22003", exact_integers_as_floats;
    "readings/wrong_types", "bytes are no number and text is no truth value: 07006 with column and types", wrong_types;
    "readings/optional", "Option tells null from a value, in every type", optional;
    "readings/labels_of_an_enum", "a Rust enum is written and read by its labels", labels_of_an_enum;
    "readings/raw_values", "a value can be taken as it is, borrowed and owned", raw_values;
    "readings/error_in_a_row", "an error of one row leaves the others readable", error_in_a_row;
    "shapes/labels", "labels are as written, quotes and letter case included", labels;
    "shapes/declared_types", "columns of a table tell their types", declared_types;
    "shapes/origin", "a column tells its table through aliases; an expression has none", origin;
    "shapes/star", "all columns come in the table's order", star;
    "shapes/join", "columns of one name from two tables are both there", join;
    "shapes/described_as_run", "describe tells the labels that a run has", described_as_run;
    "shapes/side_by_side", "two statements in turn keep their own columns", side_by_side;
    "shapes/rows_are_values", "rows are compared, cloned, printed and taken apart", rows_are_values;
}

async fn one(cx: &mut Context, expression: &str) -> Result<Row, SqlError> {
    let expression = cx.dialect.types.fill(expression);
    cx.conn.query_one(&format!("select {expression} as v"), ()).await
}

async fn text_of_anything(cx: &mut Context) -> Check {
    same!(one(cx, "cast(42 as {big})").await?.get::<String>("v")?, "42");
    same!(one(cx, "cast(0.5 as {double})").await?.get::<String>("v")?, "0.5");
    same!(one(cx, "cast('x' as {text})").await?.get::<String>("v")?, "x");
    Ok(())
}

async fn owners_of_text(cx: &mut Context) -> Check {
    let row = one(cx, "cast('grün' as {text})").await?;
    same!(row.get::<String>(0)?, "grün");
    same!(&*row.get::<Box<str>>(0)?, "grün");
    same!(&*row.get::<Arc<str>>(0)?, "grün");
    same!(row.get::<&str>(0)?, "grün");
    same!(row.get::<Option<&str>>(0)?, Some("grün"));
    Ok(())
}

async fn bytes_of_text(cx: &mut Context) -> Check {
    let row = one(cx, "cast('grün' as {text})").await?;
    same!(row.get::<Vec<u8>>(0)?, "grün".as_bytes());
    cx.table("conf_read", "b {bytes}").await?;
    cx.conn.execute("insert into conf_read values (?)", (vec![b'x'],)).await?;
    let row = cx.conn.query_one("select b from conf_read", ()).await?;
    same!(row.get::<&[u8]>(0)?, b"x");
    fails!(row.get::<String>(0), "07006");
    fails!(row.get::<&str>(0), "07006");
    Ok(())
}

async fn pointers_as_parameters(cx: &mut Context) -> Check {
    let sql = "select cast(? as bigint) + cast(? as bigint) + cast(? as bigint) + cast(? as bigint)";
    let (boxed, counted, cow): (_, _, Cow<'_, i64>) = (Box::new(2_i64), Arc::new(3_i64), Cow::Owned(4));
    same!(cx.conn.query_one(sql, (&1_i64, boxed, counted, cow)).await?.get::<i64>(0)?, 10);
    let mixed: [&dyn ToSql; 4] = [&1_i8, &2_u16, &Some(3_i32), &Value::Int(4)];
    same!(cx.conn.query_one(sql, mixed.as_slice()).await?.get::<i64>(0)?, 10);
    Ok(())
}

async fn wide_integers(cx: &mut Context) -> Check {
    let row = one(cx, "cast(120 as {big})").await?;
    same!((row.get::<i8>(0)?, row.get::<u8>(0)?, row.get::<i16>(0)?, row.get::<u16>(0)?), (120, 120, 120, 120));
    same!((row.get::<i32>(0)?, row.get::<u32>(0)?, row.get::<u64>(0)?, row.get::<i128>(0)?), (120, 120, 120, 120));
    same!((row.get::<u128>(0)?, row.get::<usize>(0)?, row.get::<isize>(0)?), (120, 120, 120));
    Ok(())
}

async fn truth_of_numbers(cx: &mut Context) -> Check {
    same!(one(cx, "cast(0 as {int})").await?.get::<bool>(0)?, false);
    same!(one(cx, "cast(1 as {int})").await?.get::<bool>(0)?, true);
    let error = fails!(one(cx, "cast(2 as {int})").await?.get::<bool>("v"), "22003");
    same!(error.message(), "column `v` (index 0): the value 2 does not fit bool");
    Ok(())
}

async fn narrow_floats(cx: &mut Context) -> Check {
    same!(one(cx, "cast(0.1 as {double})").await?.get::<f32>(0)?, 0.1);
    let row = cx.conn.query_one(&cx.dialect.types.fill("select cast(? as {double}) as v"), (1e300,)).await?;
    let error = fails!(row.get::<f32>(0), "22003");
    same!(error.column(), Some("v"));
    Ok(())
}

async fn exact_integers_as_floats(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select cast(? as bigint)", (1_i64 << 24,)).await?;
    same!((row.get::<f32>(0)?, row.get::<f64>(0)?), (16_777_216.0, 16_777_216.0));
    let row = cx.conn.query_one("select cast(? as bigint)", ((1_i64 << 24) + 1,)).await?;
    fails!(row.get::<f32>(0), "22003");
    same!(row.get::<f64>(0)?, 16_777_217.0);
    Ok(())
}

async fn wrong_types(cx: &mut Context) -> Check {
    cx.table("conf_read", "b {bytes}, t {text}").await?;
    cx.conn.execute("insert into conf_read values (?, ?)", (vec![1_u8], "true")).await?;
    let row = cx.conn.query_one("select b, t from conf_read", ()).await?;
    same!(fails!(row.get::<i64>("b"), "07006").message(), "column `b` (index 0): bytes cannot be read as i64");
    same!(fails!(row.get::<f64>("b"), "07006").message(), "column `b` (index 0): bytes cannot be read as f64");
    same!(fails!(row.get::<bool>("t"), "07006").message(), "column `t` (index 1): text cannot be read as bool");
    Ok(())
}

async fn optional(cx: &mut Context) -> Check {
    cx.table("conf_read", "a {big}, b {text}, c {bytes}, d {double}, e {bool}").await?;
    cx.conn.execute("insert into conf_read default values", ()).await?;
    let row = cx.conn.query_one("select * from conf_read", ()).await?;
    same!(
        (row.get::<Option<i64>>(0)?, row.get::<Option<String>>(1)?, row.get::<Option<Vec<u8>>>(2)?),
        (None, None, None)
    );
    same!((row.get::<Option<f32>>(3)?, row.get::<Option<bool>>(4)?), (None, None));
    for (at, column) in row.shape().columns().iter().enumerate() {
        let error = fails!(row.get::<String>(at), "22002");
        same!(error.column(), Some(&*column.name));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Sad,
    Happy,
}

impl SqlEnum for Mood {
    const LABELS: &'static [(&'static str, Self)] = &[("sad", Self::Sad), ("happy", Self::Happy)];

    fn label(&self) -> &'static str {
        if *self == Self::Sad { "sad" } else { "happy" }
    }
}

batis_dbc::sql_enum!(Mood);

async fn labels_of_an_enum(cx: &mut Context) -> Check {
    cx.table("conf_read", "m {text}").await?;
    cx.conn.execute("insert into conf_read values (?), (?)", (Mood::Happy, None::<Mood>)).await?;
    let sql = "select m from conf_read where m = ?";
    same!(cx.conn.query_one(sql, (Mood::Happy,)).await?.get::<Mood>(0)?, Mood::Happy);
    let row = cx.conn.query_one("select m from conf_read where m is null", ()).await?;
    same!(row.get::<Option<Mood>>(0)?, None);
    let error = fails!(one(cx, "cast('hapy' as {text})").await?.get::<Mood>("v"), "07006");
    same!(error.message().ends_with("`hapy` is no label of Mood; labels are sad, happy"), true);
    Ok(())
}

async fn raw_values(cx: &mut Context) -> Check {
    let sql = cx.dialect.types.fill("select cast(7 as {big}) as a, cast('x' as {text}) as b, null as c");
    let mut rows = cx.conn.query(&sql, ()).await?;
    same!(rows.advance().await?, true);
    let row = rows.row();
    same!([row.value(0), row.value(1), row.value(2)], [ValueRef::Int(7), ValueRef::Text("x"), ValueRef::Null]);
    same!(row.get::<ValueRef<'_>>("b")?, ValueRef::Text("x"));
    same!(row.get::<Value>("a")?, Value::Int(7));
    Ok(())
}

async fn error_in_a_row(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query(&super::numbers(300), ()).await?;
    let (mut fitting, mut refused) = (0, 0);
    while let Some(row) = rows.next().await? {
        match row.get::<i8>(0) {
            Ok(_) => fitting += 1,
            Err(error) => {
                same!(error.sql_state().code(), "22003");
                refused += 1;
            }
        }
    }
    same!((fitting, refused), (127, 173));
    Ok(())
}

async fn labels(cx: &mut Context) -> Check {
    let row =
        cx.conn.query_one("select 1 as plain, 2 as \"Two Words\", 3 as \"it's \"\"q\"\"\", 4 as \"ä?\"", ()).await?;
    let names: Vec<&str> = row.shape().columns().iter().map(|c| &*c.name).collect();
    same!(names, ["plain", "Two Words", "it's \"q\"", "ä?"]);
    same!(row.get::<i64>("it's \"q\"")?, 3);
    Ok(())
}

async fn types_table(cx: &mut Context) -> Check {
    Ok(cx.table("conf_shape", "a {big}, b {int}, c {double}, d {text}, e {bytes}, f {bool}").await?)
}

async fn declared_types(cx: &mut Context) -> Check {
    types_table(cx).await?;
    let mut rows = cx.conn.query("select * from conf_shape", ()).await?;
    let types: Vec<SqlType> = rows.shape().columns().iter().map(|c| c.sql_type).collect();
    let expected = |int| [SqlType::BigInt, int, SqlType::Double, SqlType::Text, SqlType::Binary, SqlType::Boolean];
    // Where all integers have 64 bits, an integer is a big one.
    same!(types == expected(SqlType::Integer) || types == expected(SqlType::BigInt), true);
    same!(rows.shape().columns().iter().any(|c| c.type_name.is_empty()), false);
    Ok(())
}

async fn origin(cx: &mut Context) -> Check {
    if !cx.dialect.knows_origins {
        return Ok(());
    }
    types_table(cx).await?;
    let described = cx.conn.describe("select x.b as other, x.b + 1 as more from conf_shape x").await?;
    let columns = described.shape.columns();
    let told = columns[0].origin.as_ref().map(|o| (&*o.schema, &*o.table, &*o.column));
    same!(told, Some((cx.dialect.schema, "conf_shape", "b")));
    same!(columns[1].origin, None);
    Ok(())
}

async fn star(cx: &mut Context) -> Check {
    types_table(cx).await?;
    let mut rows = cx.conn.query("select * from conf_shape", ()).await?;
    let names: Vec<&str> = rows.shape().columns().iter().map(|c| &*c.name).collect();
    same!(names, ["a", "b", "c", "d", "e", "f"]);
    Ok(())
}

async fn join(cx: &mut Context) -> Check {
    types_table(cx).await?;
    cx.conn.execute("insert into conf_shape (a, b) values (1, 2)", ()).await?;
    let row = cx.conn.query_one("select x.a, y.a, y.b from conf_shape x join conf_shape y on x.a = y.a", ()).await?;
    same!((row.shape().len(), row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>("b")?), (3, 1, 1, 2));
    Ok(())
}

async fn described_as_run(cx: &mut Context) -> Check {
    types_table(cx).await?;
    let sql = "select a, b as \"B b\", count(*) as n from conf_shape where a = ? group by a, b";
    let described = cx.conn.describe(sql).await?;
    let mut rows = cx.conn.query(sql, (1,)).await?;
    let names = |columns: &[batis_dbc::Column]| columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>();
    same!(names(described.shape.columns()), names(rows.shape().columns()));
    same!(described.parameters.len(), 1);
    Ok(())
}

async fn side_by_side(cx: &mut Context) -> Check {
    for _ in 0..8 {
        let row = cx.conn.query_one("select 1 as a", ()).await?;
        same!((row.shape().len(), row.shape().index("a")), (1, Some(0)));
        let row = cx.conn.query_one("select 2 as b, 3 as a", ()).await?;
        same!((row.shape().len(), row.shape().index("a")), (2, Some(1)));
    }
    Ok(())
}

async fn rows_are_values(cx: &mut Context) -> Check {
    let sql = cx.dialect.types.fill("select cast(1 as {big}) as a, cast('x' as {text}) as b");
    let (row, again) = (cx.conn.query_one(&sql, ()).await?, cx.conn.query_one(&sql, ()).await?);
    same!((row.clone() == again, format!("{row:?}")), (true, "{\"a\": Int(1), \"b\": Text(\"x\")}".to_owned()));
    same!(&*row.into_values(), [Value::Int(1), Value::Text("x".into())]);
    Ok(())
}
