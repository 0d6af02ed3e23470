//! What is left behind is ended by whoever comes next.

use std::future::{Future, poll_fn};
use std::mem::forget;
use std::pin::pin;
use std::task::Poll;

use batis_dbc::{HandBack, TransactionOptions};

use super::results::numbers;
use crate::case::{Check, Context, fails, list, same};

list! {
    "leftovers/cursor", "a result that was left early is no hindrance to the next statement", cursor;
    "leftovers/unread_cursor", "nor is one that was never read", unread_cursor;
    "leftovers/closed_cursor", "a result can be closed early", closed_cursor;
    "leftovers/same_statement", "a statement can be run again while its last result was left early", same_statement;
    "leftovers/stream", "a stream may be dropped in the middle", stream;
    "leftovers/cursor_in_transaction", "a transaction commits although a result was left early", cursor_in_transaction;
    "leftovers/cursor_and_rollback", "and it rolls back", cursor_and_rollback;
    "leftovers/statements_per_row", "rows that were collected first can be worked on one by one", statements_per_row;
    "leftovers/unpolled", "an operation that was never polled does nothing", unpolled;
    "leftovers/dropped_query", "a query that was dropped after one poll is no hindrance", dropped_query;
    "leftovers/dropped_row", "nor is a step to the next row", dropped_row;
    "leftovers/dropped_begin", "a transaction whose beginning was dropped does not stay open", dropped_begin;
    "leftovers/dropped_in_transaction", "a statement dropped inside a transaction leaves it usable or failed, never half open", dropped_in_transaction;
    "leftovers/forgotten_guard", "a leaked transaction is rolled back by the next operation", forgotten_guard;
    "leftovers/forgotten_savepoint", "a leaked savepoint is rolled back by the next operation of the outer guard", forgotten_savepoint;
    "leftovers/hand_back_clean", "a clean connection is handed back at once", hand_back_clean;
    "leftovers/hand_back_cursor", "one with an open result can be handed back", hand_back_cursor;
    "leftovers/hand_back_transaction", "one with an open transaction is rolled back on its way", hand_back_transaction;
    "leftovers/hand_back_begin", "one with a transaction without a guard too", hand_back_begin;
    "leftovers/hand_back_typed_begin", "and one whose transaction was typed", hand_back_typed_begin;
    "leftovers/hand_back_failed", "and one whose transaction failed", hand_back_failed;
}

/// Polls a future once and drops it; whether it was ready.
async fn polled_once<F: Future>(future: F) -> bool {
    let mut future = pin!(future);
    poll_fn(|task| Poll::Ready(future.as_mut().poll(task).is_ready())).await
}

/// Hands back and settles, as a pool does.
async fn through_the_pool(cx: &mut Context) -> Check {
    match cx.conn.hand_back() {
        HandBack::Ready => {}
        HandBack::Settle => cx.conn.settle().await?,
        HandBack::Broken => return Err(crate::case::Problem::new("the connection is broken")),
    }
    works(cx).await
}

async fn works(cx: &mut Context) -> Check {
    same!(cx.conn.query_one("select cast(? as bigint)", (42,)).await?.get::<i64>(0)?, 42);
    Ok(())
}

async fn table(cx: &mut Context) -> Check {
    Ok(cx.table("conf_left", "n {big} primary key").await?)
}

const INSERT: &str = "insert into conf_left values (?)";

async fn cursor(cx: &mut Context) -> Check {
    for _ in 0..3 {
        let mut rows = cx.conn.query(&numbers(5000), ()).await?;
        rows.advance().await?;
        rows.advance().await?;
        works(cx).await?;
    }
    Ok(())
}

async fn unread_cursor(cx: &mut Context) -> Check {
    for _ in 0..3 {
        cx.conn.query(&numbers(5000), ()).await?;
        works(cx).await?;
    }
    Ok(())
}

async fn closed_cursor(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query(&numbers(5000), ()).await?;
    rows.advance().await?;
    rows.close().await?;
    works(cx).await
}

async fn same_statement(cx: &mut Context) -> Check {
    let statement = cx.conn.prepare(&numbers(3)).await?;
    for _ in 0..8 {
        let mut rows = cx.conn.query(&statement, ()).await?;
        rows.advance().await?;
        same!(rows.row().get::<i64>(0)?, 1);
    }
    let all = cx.conn.query(&statement, ()).await?.map(|row| row.get::<i64>(0)).await?;
    same!(all, [1, 2, 3]);
    Ok(())
}

async fn stream(cx: &mut Context) -> Check {
    use futures_core::Stream as _;
    let mut stream = cx.conn.query(&numbers(5000), ()).await?.into_stream(|row| row.get::<i64>(0));
    let first = poll_fn(|task| std::pin::Pin::new(&mut stream).poll_next(task)).await;
    same!(first.transpose()?, Some(1));
    drop(stream);
    works(cx).await
}

async fn cursor_in_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    let mut rows = transaction.query(&numbers(5000), ()).await?;
    rows.advance().await?;
    transaction.execute(INSERT, (2,)).await?;
    transaction.query(&numbers(5000), ()).await?.advance().await?;
    transaction.commit().await?;
    same!(cx.count("conf_left").await?, 2);
    Ok(())
}

async fn cursor_and_rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    transaction.query(&numbers(5000), ()).await?.advance().await?;
    drop(transaction);
    same!(cx.count("conf_left").await?, 0);
    Ok(())
}

async fn statements_per_row(cx: &mut Context) -> Check {
    table(cx).await?;
    let all = cx.conn.query(&numbers(20), ()).await?.map(|row| row.get::<i64>(0)).await?;
    for n in all {
        cx.conn.execute(INSERT, (n,)).await?;
        same!(cx.count("conf_left").await?, n);
    }
    Ok(())
}

async fn unpolled(cx: &mut Context) -> Check {
    table(cx).await?;
    drop(cx.conn.execute(INSERT, (1,)));
    same!(cx.count("conf_left").await?, 0);
    Ok(())
}

async fn dropped_query(cx: &mut Context) -> Check {
    for _ in 0..5 {
        polled_once(cx.conn.query(&numbers(5000), ())).await;
        works(cx).await?;
    }
    Ok(())
}

async fn dropped_row(cx: &mut Context) -> Check {
    for _ in 0..5 {
        let mut rows = cx.conn.query(&numbers(5000), ()).await?;
        polled_once(rows.advance()).await;
        works(cx).await?;
    }
    Ok(())
}

async fn dropped_begin(cx: &mut Context) -> Check {
    table(cx).await?;
    polled_once(async { cx.conn.transaction().await.map(forget) }).await;
    cx.conn.execute(INSERT, (1,)).await?;
    let mut other = cx.other().await?;
    let seen: i64 = other.run(async |c| c.query_one("select count(*) from conf_left", ()).await?.get(0)).await?;
    same!(seen, 1);
    Ok(())
}

async fn dropped_in_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    polled_once(transaction.execute(INSERT, (1,))).await;
    let next = transaction.execute(INSERT, (2,)).await;
    let committed = transaction.commit().await;
    let count = cx.count("conf_left").await?;
    match (next.is_ok(), committed.is_ok()) {
        // The dropped statement was done or not; the second one was done.
        (true, true) => same!((1..=2).contains(&count), true),
        _ => same!(count, 0),
    }
    Ok(())
}

async fn forgotten_guard(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    forget(transaction);
    same!(cx.count("conf_left").await?, 0);
    cx.conn.execute(INSERT, (1,)).await?;
    Ok(())
}

async fn forgotten_savepoint(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute(INSERT, (2,)).await?;
    forget(savepoint);
    same!(transaction.query_one("select count(*) from conf_left", ()).await?.get::<i64>(0)?, 1);
    transaction.commit().await?;
    same!(cx.count("conf_left").await?, 1);
    Ok(())
}

async fn hand_back_clean(cx: &mut Context) -> Check {
    works(cx).await?;
    same!(cx.conn.hand_back(), HandBack::Ready);
    works(cx).await
}

async fn hand_back_cursor(cx: &mut Context) -> Check {
    let mut rows = cx.conn.query(&numbers(5000), ()).await?;
    rows.advance().await?;
    through_the_pool(cx).await
}

async fn hand_back_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    forget(transaction);
    through_the_pool(cx).await?;
    same!(cx.count("conf_left").await?, 0);
    Ok(())
}

async fn hand_back_begin(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    through_the_pool(cx).await?;
    same!(cx.conn.transaction_depth(), 0);
    same!(cx.count("conf_left").await?, 0);
    Ok(())
}

async fn hand_back_typed_begin(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_script("begin").await?;
    cx.conn.execute(INSERT, (1,)).await?;
    through_the_pool(cx).await?;
    same!(cx.count("conf_left").await?, 0);
    Ok(())
}

async fn hand_back_failed(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    fails!(cx.conn.execute(INSERT, (1,)).await, "23505");
    through_the_pool(cx).await?;
    same!(cx.count("conf_left").await?, 0);
    Ok(())
}
