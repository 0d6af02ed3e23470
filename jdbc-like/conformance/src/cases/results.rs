//! Rows, columns and counts.

use std::future::poll_fn;
use std::pin::Pin;

use batis_dbc::{SqlError, SqlState, Value};
use futures_core::Stream;

use crate::case::{Check, Context, fails, list, same};

list! {
    "results/rows_in_order", "rows come one at a time in the query's order", rows_in_order;
    "results/by_name", "columns are found by label, exactly first, then in any case", by_name;
    "results/duplicate_label", "of several equal labels the first is found", duplicate_label;
    "results/unknown_column", "an unknown label is 07009 with the nearest one as a hint", unknown_column;
    "results/index_out_of_range", "an index past the last column is 07009", index_out_of_range;
    "results/empty", "a result without rows still has its columns", empty;
    "results/after_the_end", "after the end there are no more rows, however often one asks", after_the_end;
    "results/before_the_first", "before the first row all values are null", before_the_first;
    "results/borrowed", "text can be read in place, also twice", borrowed;
    "results/collect", "collect copies the rows that are left", collect;
    "results/map_stops", "an error of the function given to map ends the reading", map_stops;
    "results/stream", "the rows are a stream", stream;
    "results/ten_thousand", "ten thousand rows arrive", ten_thousand;
    "results/wide", "a row of a hundred columns arrives", wide;
    "results/one_row", "query_one takes exactly one row: 02000 for none, 21000 for more", one_row;
    "results/optional_row", "query_opt takes none or one: 21000 for more", optional_row;
    "results/read_in_place", "query_opt_with reads without copying", read_in_place;
    "results/counts", "execute counts the rows that were changed", counts;
    "results/count_of_ddl", "a statement that changes no rows counts 0, also after one that did", count_of_ddl;
    "results/execute_of_a_select", "execute of a select reads it and counts 0", execute_of_a_select;
    "results/count_of_a_query", "a statement without rows counts by `query` as by `execute`", count_of_a_query;
    "results/returning", "insert .. returning gives the new rows and counts them", returning;
    "results/returning_one", "query_one of insert .. returning inserts", returning_one;
    "results/generated_key", "a key that the database counted up is returned", generated_key;
    "results/shape_is_shared", "all runs of a cached statement share one shape", shape_is_shared;
}

/// The numbers from 1 to `n`, as a query.
pub(crate) fn numbers(n: u32) -> String {
    format!("with recursive s(i) as (select 1 union all select i + 1 from s where i < {n}) select i from s order by i")
}

async fn rows_in_order(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query(&numbers(5), ()).await?;
    for expected in 1..=5_i64 {
        let Some(row) = rows.next().await? else {
            same!(expected, 0);
            break;
        };
        same!(row.get::<i64>(0)?, expected);
    }
    same!(rows.advance().await?, false);
    Ok(())
}

async fn by_name(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select 1 as a, 2 as \"A\", 3 as \"Mixed\"", ()).await?;
    same!((row.get::<i64>("a")?, row.get::<i64>("A")?), (1, 2));
    same!((row.get::<i64>("Mixed")?, row.get::<i64>("mixed")?), (3, 3));
    Ok(())
}

async fn duplicate_label(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select 1 as n, 2 as n", ()).await?;
    same!((row.get::<i64>("n")?, row.get::<i64>(1)?), (1, 2));
    Ok(())
}

async fn unknown_column(cx: &mut Context) -> Check {
    let row = cx.conn.query_one("select 1 as user_name, 2 as id", ()).await?;
    let error = fails!(row.get::<i64>("user_nmae"), "07009");
    same!(error.hint_text(), Some("did you mean `user_name`?"));
    let error = fails!(row.get::<i64>("something_else"), "07009");
    same!(error.hint_text(), Some("its columns are: user_name, id"));
    Ok(())
}

async fn index_out_of_range(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query("select 1 as a", ()).await?;
    rows.advance().await?;
    fails!(rows.row().get::<i64>(1), "07009");
    same!(rows.row().value(1).is_null(), true);
    same!(rows.row().get::<i64>(0)?, 1);
    Ok(())
}

async fn empty(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query("select 1 as a, 2 as b where 1 = 0", ()).await?;
    same!(rows.shape().len(), 2);
    same!(rows.advance().await?, false);
    same!(&*rows.shape().columns()[1].name, "b");
    Ok(())
}

async fn after_the_end(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query("select 1", ()).await?;
    same!(rows.advance().await?, true);
    for _ in 0..3 {
        same!(rows.advance().await?, false);
        same!(rows.next().await?.is_none(), true);
    }
    same!(rows.row().value(0).is_null(), true);
    Ok(())
}

async fn before_the_first(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query("select 1", ()).await?;
    same!(rows.row().value(0).is_null(), true);
    same!(rows.advance().await?, true);
    same!(rows.row().get::<i64>(0)?, 1);
    Ok(())
}

async fn borrowed(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query("select 'grün' as a, 'blau' as b", ()).await?;
    let Some(row) = rows.next().await? else { return Err(no_row()) };
    let (a, b, again): (&str, &str, &str) = (row.get("a")?, row.get("b")?, row.get("a")?);
    same!((a, b, again), ("grün", "blau", "grün"));
    same!(row.to_row().values()[1], Value::Text("blau".into()));
    Ok(())
}

async fn collect(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query(&numbers(4), ()).await?;
    rows.advance().await?;
    let left = rows.collect().await?;
    let left: Result<Vec<i64>, SqlError> = left.iter().map(|row| row.get(0)).collect();
    same!(left?, [2, 3, 4]);
    Ok(())
}

async fn map_stops(cx: &mut Context) -> Check {
    let rows = cx.conn.query(&numbers(1000), ()).await?;
    let mut seen = 0;
    let stopped = rows.map(|_| {
        seen += 1;
        if seen == 3 { Err(SqlError::new(SqlState::GENERAL, "enough")) } else { Ok(()) }
    });
    fails!(stopped.await, "HY000");
    same!(seen, 3);
    same!(cx.conn.query_one("select 7", ()).await?.get::<i64>(0)?, 7);
    Ok(())
}

async fn stream(cx: &mut Context) -> Check {
    let mut stream = cx.conn.query(&numbers(50), ()).await?.into_stream(|row| row.get::<i64>(0));
    let mut sum = 0;
    while let Some(n) = poll_fn(|task| Pin::new(&mut stream).poll_next(task)).await {
        sum += n?;
    }
    same!(sum, 1275);
    Ok(())
}

async fn ten_thousand(cx: &mut Context) -> Check {
    let all = cx.conn.query(&numbers(10_000), ()).await?.map(|row| row.get::<i64>(0)).await?;
    same!(all.len(), 10_000);
    same!(all.iter().sum::<i64>(), 50_005_000);
    Ok(())
}

async fn wide(cx: &mut Context) -> Check {
    let columns: Vec<String> = (0..100).map(|n| format!("{n} as c{n}")).collect();
    let row = cx.conn.query_one(&format!("select {}", columns.join(", ")), ()).await?;
    same!(row.values().len(), 100);
    same!((row.get::<i64>(99)?, row.get::<i64>("c57")?), (99, 57));
    Ok(())
}

async fn one_row(cx: &mut Context) -> Check {
    fails!(cx.conn.query_one("select 1 where 1 = 0", ()).await, "02000");
    fails!(cx.conn.query_one(&numbers(3), ()).await, "21000");
    same!(cx.conn.query_one(&numbers(1), ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn optional_row(cx: &mut Context) -> Check {
    same!(cx.conn.query_opt("select 1 where 1 = 0", ()).await?.is_none(), true);
    fails!(cx.conn.query_opt(&numbers(3), ()).await, "21000");
    same!(cx.conn.query_opt("select 1", ()).await?.is_some(), true);
    Ok(())
}

async fn read_in_place(cx: &mut Context) -> Check {
    let length = cx.conn.query_opt_with("select 'four'", (), |row| Ok(row.get::<&str>(0)?.len())).await?;
    same!(length, Some(4));
    fails!(cx.conn.query_opt_with("select 'four'", (), |row| row.get::<i64>(0)).await, "07006");
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn counts(cx: &mut Context) -> Check {
    cx.table("conf_result", "n {big}").await?;
    same!(cx.conn.execute("insert into conf_result values (1), (2), (3)", ()).await?, 3);
    same!(cx.conn.execute("update conf_result set n = n + 1 where n > ?", (1,)).await?, 2);
    same!(cx.conn.execute("update conf_result set n = 0 where n = ?", (99,)).await?, 0);
    same!(cx.conn.execute("delete from conf_result", ()).await?, 3);
    Ok(())
}

async fn count_of_ddl(cx: &mut Context) -> Check {
    cx.table("conf_result", "n {big}").await?;
    cx.conn.execute("insert into conf_result values (1), (2), (3)", ()).await?;
    same!(cx.conn.execute("create index conf_result_n on conf_result (n)", ()).await?, 0);
    same!(cx.conn.execute("drop table conf_result", ()).await?, 0);
    Ok(())
}

async fn execute_of_a_select(cx: &mut Context) -> Check {
    cx.table("conf_result", "n {big}").await?;
    cx.conn.execute("insert into conf_result values (1), (2), (3)", ()).await?;
    same!(cx.conn.execute("select * from conf_result", ()).await?, 0);
    same!(cx.count("conf_result").await?, 3);
    Ok(())
}

async fn count_of_a_query(cx: &mut Context) -> Check {
    cx.table("conf_result", "n {big}").await?;
    // Often enough to be prepared by name where that is done later.
    for _ in 0..8 {
        same!(cx.conn.query("insert into conf_result values (?), (?)", (1, 2)).await?.finish().await?, 2);
    }
    same!(cx.conn.query("update conf_result set n = n + 1", ()).await?.finish().await?, 16);
    same!(cx.conn.query("drop table conf_result", ()).await?.finish().await?, 0);
    Ok(())
}

async fn returning(cx: &mut Context) -> Check {
    cx.table("conf_result", "n {big}").await?;
    let sql = "insert into conf_result values (?), (?) returning n";
    let mut rows = cx.conn.query(sql, (5, 6)).await?;
    let mut sum = 0;
    while let Some(row) = rows.next().await? {
        sum += row.get::<i64>(0)?;
    }
    same!(sum, 11);
    same!(rows.finish().await?, 2);
    same!(cx.conn.execute(sql, (7, 8)).await?, 2);
    same!(cx.count("conf_result").await?, 4);
    Ok(())
}

async fn returning_one(cx: &mut Context) -> Check {
    cx.table("conf_result", "n {big}").await?;
    let row = cx.conn.query_one("insert into conf_result values (?) returning n + 1", (5,)).await?;
    same!(row.get::<i64>(0)?, 6);
    same!(cx.count("conf_result").await?, 1);
    Ok(())
}

async fn generated_key(cx: &mut Context) -> Check {
    cx.table("conf_result", "id {key}, t {text}").await?;
    let sql = "insert into conf_result (t) values (?) returning id";
    let first: i64 = cx.conn.query_one(sql, ("a",)).await?.get("id")?;
    let second: i64 = cx.conn.query_one(sql, ("b",)).await?.get("id")?;
    same!(second > first, true);
    Ok(())
}

async fn shape_is_shared(cx: &mut Context) -> Check {
    let statement = cx.conn.prepare("select 1 as a").await?;
    let mut shapes = Vec::new();
    for _ in 0..10 {
        shapes.push(cx.conn.query_one(&statement, ()).await?.shape().clone());
    }
    let (last, before) = (&shapes[9], &shapes[8]);
    same!(std::sync::Arc::ptr_eq(last, before), true);
    Ok(())
}

fn no_row() -> crate::case::Problem {
    crate::case::Problem::new("there is no row")
}
