//! Results that come by portions (`fetch_size`) are the same as those that come at once.

use std::time::Duration;

use batis_dbc::{CallOptions, SqlError, TransactionOptions, Value};

use super::limits;
use super::results::numbers;
use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "portions/any_size", "inside of a transaction the rows are the same with any fetch size", any_size;
    "portions/outside", "so are they outside of one", outside;
    "portions/parameters", "parameters are filled", parameters;
    "portions/columns", "the columns are those of the query, also before the first row and without any", columns;
    "portions/left_early", "a result that was left early is no hindrance to the next statement, a commit or a rollback", left_early;
    "portions/at_the_border", "one that was left at the end of a portion neither", at_the_border;
    "portions/closed", "a result can be closed early", closed;
    "portions/again", "a statement can be run again while its last result was left early", again;
    "portions/max_rows", "max_rows ends the result, before, at and behind the end of a portion", max_rows;
    "portions/error_at_once", "a wrong query is told with its place in the text as it was given", error_at_once;
    "portions/error_later", "an error in a later portion comes behind the rows before it", error_later;
    "portions/savepoint", "a savepoint can be rolled back with a result of it left open", savepoint;
    "portions/writes", "a statement that writes does all of its work, whatever is read of it", writes;
    "portions/deadline", "the deadline holds for later portions too", deadline;
    "portions/own_changes", "rows that the transaction wrote itself are seen", own_changes;
    "portions/types", "values of many types arrive in every portion", types;
}

fn by(rows: u32) -> CallOptions {
    CallOptions::new().fetch_size(rows)
}

async fn any_size(cx: &mut Context) -> Check {
    let mut transaction = cx.conn.transaction().await?;
    for size in [1, 7, 49, 50, 51, 100_000] {
        for _ in 0..2 {
            let rows = transaction.query_with(&numbers(50), (), &by(size)).await?;
            let all = rows.map(|row| row.get::<i64>(0)).await?;
            same!((size, all.len(), all.iter().sum::<i64>()), (size, 50, 1275));
        }
    }
    Ok(transaction.commit().await?)
}

async fn outside(cx: &mut Context) -> Check {
    for size in [1, 50, 51] {
        let rows = cx.conn.query_with(&numbers(50), (), &by(size)).await?;
        same!(rows.map(|row| row.get::<i64>(0)).await?.len(), 50);
    }
    Ok(())
}

async fn parameters(cx: &mut Context) -> Check {
    cx.table("conf_portion", "n {big}, t {text}").await?;
    let mut transaction = cx.conn.transaction().await?;
    for n in 0..20_i64 {
        transaction.execute("insert into conf_portion values (?, ?)", (n, format!("t{}", n % 3))).await?;
    }
    let sql = "select n from conf_portion where t = ? and n > ? order by n";
    let rows = transaction.query_with(sql, ("t1", 4), &by(2)).await?;
    same!(rows.map(|row| row.get::<i64>(0)).await?, [7, 10, 13, 16, 19]);
    let rows = transaction.query_with(sql, (None::<&str>, 4), &by(2)).await?;
    same!(rows.map(|row| row.get::<i64>(0)).await?.len(), 0);
    fails!(transaction.query_with(sql, ("t1",), &by(2)).await, "07001");
    Ok(transaction.rollback().await?)
}

async fn columns(cx: &mut Context) -> Check {
    let mut transaction = cx.conn.transaction().await?;
    for none in [false, true] {
        let sql = if none { "select 1 as a, 'x' as b where 1 = 0" } else { "select 1 as a, 'x' as b" };
        let mut rows = transaction.query_with(sql, (), &by(3)).await?;
        let labels: Vec<String> = rows.shape().columns().iter().map(|c| c.name.to_string()).collect();
        same!(labels, ["a", "b"]);
        same!(rows.row().value(0).is_null(), true);
        same!(rows.advance().await?, !none);
        same!(rows.advance().await?, false);
        same!(rows.advance().await?, false);
    }
    Ok(transaction.commit().await?)
}

async fn left_early(cx: &mut Context) -> Check {
    cx.table("conf_portion", "n {big}").await?;
    for commit in [true, false] {
        let mut transaction = cx.conn.transaction().await?;
        for read in [0, 1, 5, 9] {
            let mut rows = transaction.query_with(&numbers(5000), (), &by(5)).await?;
            for _ in 0..read {
                same!(rows.advance().await?, true);
            }
            same!(transaction.execute("insert into conf_portion values (1)", ()).await?, 1);
        }
        transaction.query_with(&numbers(5000), (), &by(5)).await?.advance().await?;
        let ended = if commit { transaction.commit().await } else { transaction.rollback().await };
        ended?;
        same!(cx.count("conf_portion").await?, 4);
    }
    Ok(())
}

async fn at_the_border(cx: &mut Context) -> Check {
    let mut transaction = cx.conn.transaction().await?;
    for left_at in [5, 10] {
        let mut rows = transaction.query_with(&numbers(10), (), &by(5)).await?;
        for _ in 0..left_at {
            rows.advance().await?;
        }
        same!(rows.row().get::<i64>(0)?, left_at);
        same!(transaction.query_one("select 42", ()).await?.get::<i64>(0)?, 42);
    }
    Ok(transaction.commit().await?)
}

async fn closed(cx: &mut Context) -> Check {
    let mut transaction = cx.conn.transaction().await?;
    let mut rows = transaction.query_with(&numbers(5000), (), &by(10)).await?;
    rows.advance().await?;
    rows.close().await?;
    same!(transaction.query_with(&numbers(3), (), &by(10)).await?.finish().await?, 0);
    Ok(transaction.commit().await?)
}

async fn again(cx: &mut Context) -> Check {
    let statement = cx.conn.prepare(&numbers(30)).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    for _ in 0..8 {
        let mut rows = cx.conn.query_with(&statement, (), &by(4)).await?;
        for _ in 0..6 {
            rows.advance().await?;
        }
        same!(rows.row().get::<i64>(0)?, 6);
    }
    same!(cx.conn.query(&statement, ()).await?.collect().await?.len(), 30);
    Ok(cx.conn.commit().await?)
}

async fn max_rows(cx: &mut Context) -> Check {
    let mut transaction = cx.conn.transaction().await?;
    for most in [1, 4, 5, 6, 10, 29, 30, 31] {
        let rows = transaction.query_with(&numbers(30), (), &by(5).max_rows(most)).await?;
        let found = rows.map(|row| row.get::<i64>(0)).await?;
        same!((most, found.len()), (most, usize::try_from(most.min(30)).unwrap_or(0)));
    }
    same!(transaction.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(transaction.commit().await?)
}

async fn error_at_once(cx: &mut Context) -> Check {
    let sql = "select 'ä', cast(? as bigint), nme from conf_nowhere";
    cx.conn.begin(&TransactionOptions::new()).await?;
    let error = fails!(cx.conn.query_with(sql, (1,), &by(10)).await, "42P01");
    same!(error.sql(), Some(sql));
    same!(error.position().is_none_or(|at| at == sql.find("conf_nowhere").unwrap_or(0)), true);
    Ok(cx.conn.rollback().await?)
}

async fn error_later(cx: &mut Context) -> Check {
    let sql = cx.dialect.failing_row.replace("{numbers}", &numbers(100));
    cx.conn.begin(&TransactionOptions::new()).await?;
    let mut rows = cx.conn.query_with(&sql, (), &by(10)).await?;
    for _ in 0..20 {
        same!(rows.advance().await?, true);
    }
    let mut failed = None;
    for _ in 0..10 {
        match rows.advance().await {
            Ok(_) => {}
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    same!(failed.as_ref().and_then(SqlError::sql), Some(&*sql));
    same!(rows.advance().await?, false);
    cx.conn.rollback().await?;
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn savepoint(cx: &mut Context) -> Check {
    cx.table("conf_portion", "n {big}").await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute("insert into conf_portion values (1)", ()).await?;
    let mut inner = transaction.savepoint().await?;
    inner.execute("insert into conf_portion values (2)", ()).await?;
    inner.query_with(&numbers(5000), (), &by(10)).await?.advance().await?;
    inner.rollback().await?;
    let mut inner = transaction.savepoint().await?;
    inner.query_with(&numbers(5000), (), &by(10)).await?.advance().await?;
    inner.commit().await?;
    same!(transaction.query_with(&numbers(25), (), &by(10)).await?.collect().await?.len(), 25);
    transaction.commit().await?;
    same!(cx.count("conf_portion").await?, 1);
    Ok(())
}

async fn writes(cx: &mut Context) -> Check {
    cx.table("conf_portion", "n {big}").await?;
    let mut transaction = cx.conn.transaction().await?;
    let insert = format!("insert into conf_portion select i from ({}) s returning n", numbers(50));
    let rows = transaction.query_with(&insert, (), &by(5)).await?;
    same!(rows.finish().await?, 50);
    same!(transaction.query_with(&insert, (), &by(5)).await?.advance().await?, true);
    transaction.commit().await?;
    same!(cx.count("conf_portion").await?, 100);
    Ok(())
}

async fn deadline(cx: &mut Context) -> Check {
    for millis in limits::LONGER {
        cx.conn.begin(&TransactionOptions::new()).await?;
        let read = limits::rows_until_the_deadline(cx, &by(2).timeout(Duration::from_millis(millis))).await?;
        cx.conn.rollback().await?;
        same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
        if read >= 2 {
            return Ok(());
        }
    }
    Err(Problem::new("no portion came before the deadline"))
}

async fn own_changes(cx: &mut Context) -> Check {
    cx.table("conf_portion", "n {big}").await?;
    let mut transaction = cx.conn.transaction().await?;
    for n in 0..7 {
        transaction.execute("insert into conf_portion values (?)", (n,)).await?;
    }
    let rows = transaction.query_with("select n from conf_portion order by n", (), &by(3)).await?;
    same!(rows.map(|row| row.get::<i64>(0)).await?, [0, 1, 2, 3, 4, 5, 6]);
    Ok(transaction.rollback().await?)
}

async fn types(cx: &mut Context) -> Check {
    cx.table("conf_portion", "n {big}, t {text}, b {bytes}, d {double}, o {bool}").await?;
    let mut transaction = cx.conn.transaction().await?;
    let bytes: &[u8] = &[0, 255];
    for n in 0..9_i64 {
        let text = (n % 2 == 0).then(|| "grün ".repeat(100));
        let row = (n, text, bytes, 0.5, n % 2 == 1);
        transaction.execute("insert into conf_portion values (?, ?, ?, ?, ?)", row).await?;
    }
    let rows = transaction.query_with("select * from conf_portion order by n", (), &by(2)).await?.collect().await?;
    same!(rows.len(), 9);
    for (n, row) in (0..9_i64).zip(&rows) {
        same!((row.get::<i64>(0)?, row.get::<f64>(3)?, row.get::<bool>(4)?), (n, 0.5, n % 2 == 1));
        same!(row.get::<Option<&str>>(1)?.map(|text| text.chars().count()), (n % 2 == 0).then_some(500));
        same!(row.values()[2], Value::Bytes(bytes.into()));
    }
    Ok(transaction.rollback().await?)
}
