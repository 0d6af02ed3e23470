//! Placeholders and what is bound to them.

use batis_dbc::params;

use crate::case::{Check, Context, fails, list, same};

list! {
    "parameters/none", "a statement without placeholders runs without parameters", none;
    "parameters/order", "the n-th value belongs to the n-th placeholder", order;
    "parameters/collections", "tuples, arrays, slices, vectors and params! bind alike", collections;
    "parameters/in_strings", "a question mark in a string is no placeholder", in_strings;
    "parameters/in_comments", "a question mark in a comment is no placeholder", in_comments;
    "parameters/in_identifiers", "a question mark in a quoted name is no placeholder", in_identifiers;
    "parameters/too_few", "too few parameters are 07001, and nothing runs", too_few;
    "parameters/too_many", "too many parameters are 07001, and nothing runs", too_many;
    "parameters/missing", "a placeholder without any parameter is 07001", missing;
    "parameters/no_placeholder", "a parameter without any placeholder is 07001", no_placeholder;
    "parameters/no_injection", "a parameter is data, whatever it contains", no_injection;
    "parameters/forgotten", "no value of an earlier run is seen by a later one", forgotten;
    "parameters/many", "hundreds of parameters work", many;
    "parameters/null_is_unequal", "a null parameter equals nothing", null_is_unequal;
}

async fn none(cx: &mut Context) -> Check {
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn order(cx: &mut Context) -> Check {
    let sql = "select cast(? as bigint) - cast(? as bigint), cast(? as bigint)";
    let row = cx.conn.query_one(sql, (10, 3, 5)).await?;
    same!((row.get::<i64>(0)?, row.get::<i64>(1)?), (7, 5));
    Ok(())
}

async fn collections(cx: &mut Context) -> Check {
    let sql = "select cast(? as bigint) * 10 + cast(? as bigint)";
    let vec = vec![4_i64, 2];
    same!(cx.conn.query_one(sql, (4, 2)).await?.get::<i64>(0)?, 42);
    same!(cx.conn.query_one(sql, [4_i64, 2]).await?.get::<i64>(0)?, 42);
    same!(cx.conn.query_one(sql, vec.as_slice()).await?.get::<i64>(0)?, 42);
    same!(cx.conn.query_one(sql, &vec).await?.get::<i64>(0)?, 42);
    same!(cx.conn.query_one(sql, params![4, Some(2_u8)]).await?.get::<i64>(0)?, 42);
    Ok(())
}

async fn in_strings(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select 'a?', 'it''s ?', cast(? as bigint)", (7,)).await?;
    same!(row.get::<String>(0)?, "a?");
    same!(row.get::<String>(1)?, "it's ?");
    same!(row.get::<i64>(2)?, 7);
    Ok(())
}

async fn in_comments(cx: &mut Context) -> Check {
    let sql = "select /* why? */ cast(? as bigint) -- really?\n + cast(? as bigint) -- yes?";
    same!(cx.conn.query_one(sql, (1, 2)).await?.get::<i64>(0)?, 3);
    Ok(())
}

async fn in_identifiers(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select cast(? as bigint) as \"really?\"", (1,)).await?;
    same!(row.get::<i64>("really?")?, 1);
    Ok(())
}

async fn too_few(cx: &mut Context) -> Check {
    cx.table("conf_params", "a {big}, b {big}").await?;
    let error = fails!(cx.conn.execute("insert into conf_params values (?, ?)", (1,)).await, "07001");
    same!(error.message(), "the statement has 2 placeholder(s), but 1 parameter(s) were given");
    same!(cx.count("conf_params").await?, 0);
    Ok(())
}

async fn too_many(cx: &mut Context) -> Check {
    cx.table("conf_params", "a {big}").await?;
    fails!(cx.conn.execute("insert into conf_params values (?)", (1, 2)).await, "07001");
    same!(cx.count("conf_params").await?, 0);
    Ok(())
}

async fn missing(cx: &mut Context) -> Check {
    fails!(cx.conn.query("select cast(? as bigint)", ()).await, "07001");
    none(cx).await
}

async fn no_placeholder(cx: &mut Context) -> Check {
    fails!(cx.conn.query("select 1", (1,)).await, "07001");
    none(cx).await
}

async fn no_injection(cx: &mut Context) -> Check {
    cx.table("conf_params", "t {text}").await?;
    let evil = "x'); drop table conf_params; --";
    cx.conn.execute("insert into conf_params values (?)", (evil,)).await?;
    let found: String = cx.conn.query_one("select t from conf_params where t = ?", (evil,)).await?.get(0)?;
    same!(found, evil);
    Ok(())
}

async fn forgotten(cx: &mut Context) -> Check {
    cx.table("conf_params", "id {big}, t {text}").await?;
    let insert = "insert into conf_params values (?, ?)";
    cx.conn.execute(insert, (1, "first")).await?;
    cx.conn.execute(insert, (2, None::<String>)).await?;
    fails!(cx.conn.execute(insert, (3,)).await, "07001");
    cx.conn.execute(insert, (4, "fourth")).await?;
    let rows = cx.conn.query("select t from conf_params order by id", ()).await?;
    let texts = rows.map(|row| row.get::<Option<String>>(0)).await?;
    same!(texts, [Some("first".to_owned()), None, Some("fourth".to_owned())]);
    Ok(())
}

async fn many(cx: &mut Context) -> Check {
    cx.table("conf_params", "n {big}").await?;
    let numbers: Vec<i64> = (0..500).collect();
    let rows = vec!["(?)"; numbers.len()].join(", ");
    same!(cx.conn.execute(&format!("insert into conf_params values {rows}"), &numbers).await?, 500);
    let list = vec!["?"; 250].join(", ");
    let sql = format!("select count(*) from conf_params where n in ({list})");
    same!(cx.conn.query_one(&sql, &numbers[..250]).await?.get::<i64>(0)?, 250);
    Ok(())
}

async fn null_is_unequal(cx: &mut Context) -> Check {
    cx.table("conf_params", "n {big}").await?;
    cx.conn.execute("insert into conf_params values (?)", (None::<i64>,)).await?;
    let sql = "select count(*) from conf_params where n = ?";
    same!(cx.conn.query_one(sql, (None::<i64>,)).await?.get::<i64>(0)?, 0);
    Ok(())
}
