//! Deadlines and limits of a call.

use std::time::{Duration, Instant};

use batis_dbc::{CallOptions, ErrorKind};

use super::results::numbers;
use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "limits/deadline", "a query that takes too long ends with 57014, soon, and the connection works on", deadline;
    "limits/deadline_of_execute", "so does a statement that is executed", deadline_of_execute;
    "limits/deadline_inside", "and one that is executed inside of a transaction", deadline_inside;
    "limits/deadline_of_rows", "a deadline that passes between rows ends the result, behind those that came before", deadline_of_rows;
    "limits/deadline_of_script", "a script may use what a deadline left", deadline_of_script;
    "limits/max_rows_of_writes", "max_rows does not keep a statement from writing all of its rows", max_rows_of_writes;
    "limits/all_at_once", "deadline, fetch size and max_rows hold together", all_at_once;
    "limits/deadline_passed", "a deadline that has passed already is 57014 or the answer, and the connection works on", deadline_passed;
    "limits/deadline_far", "a far deadline disturbs nothing", deadline_far;
    "limits/deadline_in_transaction", "a transaction whose statement took too long can be rolled back", deadline_in_transaction;
    "limits/max_rows", "max_rows ends the result", max_rows;
    "limits/max_rows_more", "max_rows that is more than there is changes nothing", max_rows_more;
    "limits/fetch_size", "rows come the same with any fetch size", fetch_size;
}

/// Far below the ten seconds that the slow query takes at least.
const SOON: Duration = Duration::from_secs(5);

fn short() -> CallOptions {
    CallOptions::new().timeout(Duration::from_millis(50))
}

pub(super) async fn works(cx: &mut Context) -> Check {
    same!(cx.conn.query_one("select cast(? as bigint)", (3,)).await?.get::<i64>(0)?, 3);
    Ok(())
}

async fn deadline(cx: &mut Context) -> Check {
    let begun = Instant::now();
    let slow = cx.dialect.slow_query;
    let error = match cx.conn.query_with(slow, (), &short()).await {
        Ok(mut rows) => fails!(rows.advance().await, "57014"),
        Err(error) => error,
    };
    same!((error.sql_state().code(), error.kind()), ("57014", ErrorKind::Timeout));
    works(cx).await?;
    same!(begun.elapsed() < SOON, true);
    Ok(())
}

async fn deadline_of_execute(cx: &mut Context) -> Check {
    let begun = Instant::now();
    fails!(cx.conn.execute_with(cx.dialect.slow_query, (), &short()).await, "57014");
    works(cx).await?;
    same!(begun.elapsed() < SOON, true);
    Ok(())
}

async fn deadline_inside(cx: &mut Context) -> Check {
    let begun = Instant::now();
    let mut transaction = cx.conn.transaction().await?;
    fails!(transaction.execute_with(cx.dialect.slow_query, (), &short()).await, "57014");
    transaction.rollback().await?;
    works(cx).await?;
    same!(begun.elapsed() < SOON, true);
    Ok(())
}

/// Deadlines in milliseconds, to be tried until what must come before one has come: some of the slow rows, an answer before the slow query. A
/// busy machine needs longer for them. All of the slow rows, and the slow query, take far longer than that.
pub(super) const LONGER: [u64; 3] = [400, 1600, 6400];

/// Runs the slow rows with these options, whose deadline must end them, and tells how many came before it.
pub(super) async fn rows_until_the_deadline(cx: &mut Context, options: &CallOptions) -> Result<usize, Problem> {
    let (mut read, slow) = (0, cx.dialect.slow_rows);
    let error = match cx.conn.query_with(slow, (), options).await {
        Ok(mut rows) => loop {
            match rows.advance().await {
                Ok(true) => read += 1,
                Ok(false) => return Err(Problem::new("the deadline did not hold")),
                Err(error) => {
                    same!(rows.advance().await?, false);
                    break error;
                }
            }
        },
        Err(error) => error,
    };
    same!(error.sql_state().code(), "57014");
    Ok(read)
}

async fn deadline_of_rows(cx: &mut Context) -> Check {
    for millis in LONGER {
        let read = rows_until_the_deadline(cx, &CallOptions::new().timeout(Duration::from_millis(millis))).await?;
        works(cx).await?;
        if read > 1 {
            return Ok(());
        }
    }
    Err(Problem::new("no rows came before the deadline"))
}

async fn deadline_of_script(cx: &mut Context) -> Check {
    fails!(cx.conn.execute_with(cx.dialect.slow_query, (), &short()).await, "57014");
    cx.conn.execute_script("select 1; select 2").await?;
    fails!(cx.conn.execute_with(cx.dialect.slow_query, (), &short()).await, "57014");
    cx.conn.ping().await?;
    Ok(())
}

async fn max_rows_of_writes(cx: &mut Context) -> Check {
    cx.table("conf_limit", "n {big}").await?;
    let insert = "insert into conf_limit values (1), (2), (3) returning n";
    let rows = cx.conn.query_with(insert, (), &CallOptions::new().max_rows(1)).await?;
    same!(rows.collect().await?.len(), 1);
    same!(cx.count("conf_limit").await?, 3);
    Ok(())
}

async fn all_at_once(cx: &mut Context) -> Check {
    let options = CallOptions::new().timeout(Duration::from_secs(60)).fetch_size(4).max_rows(10);
    for _ in 0..7 {
        let rows = cx.conn.query_with(&numbers(5000), (), &options).await?;
        same!(rows.map(|row| row.get::<i64>(0)).await?, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    works(cx).await
}

async fn deadline_passed(cx: &mut Context) -> Check {
    let passed = CallOptions::new().deadline(Instant::now());
    if let Err(error) = cx.conn.execute_with("select 1", (), &passed).await {
        same!(error.sql_state().code(), "57014");
    }
    works(cx).await
}

async fn deadline_far(cx: &mut Context) -> Check {
    let far = CallOptions::new().timeout(Duration::from_secs(3600));
    let rows = cx.conn.query_with(&numbers(2000), (), &far).await?;
    same!(rows.map(|row| row.get::<i64>(0)).await?.len(), 2000);
    works(cx).await
}

async fn deadline_in_transaction(cx: &mut Context) -> Check {
    cx.table("conf_limit", "n {big}").await?;
    let slow = cx.dialect.slow_query;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute("insert into conf_limit values (1)", ()).await?;
    match transaction.query_with(slow, (), &short()).await {
        Ok(mut rows) => drop(fails!(rows.advance().await, "57014")),
        Err(error) => same!(error.sql_state().code(), "57014"),
    }
    transaction.rollback().await?;
    same!(cx.count("conf_limit").await?, 0);
    Ok(())
}

async fn max_rows(cx: &mut Context) -> Check {
    let rows = cx.conn.query_with(&numbers(5000), (), &CallOptions::new().max_rows(3)).await?;
    same!(rows.map(|row| row.get::<i64>(0)).await?, [1, 2, 3]);
    works(cx).await
}

async fn max_rows_more(cx: &mut Context) -> Check {
    let rows = cx.conn.query_with(&numbers(3), (), &CallOptions::new().max_rows(10)).await?;
    same!(rows.map(|row| row.get::<i64>(0)).await?, [1, 2, 3]);
    Ok(())
}

async fn fetch_size(cx: &mut Context) -> Check {
    for size in [1, 7, 100_000] {
        let rows = cx.conn.query_with(&numbers(50), (), &CallOptions::new().fetch_size(size)).await?;
        same!(rows.map(|row| row.get::<i64>(0)).await?.len(), 50);
    }
    Ok(())
}
