//! Cancel handles and retries.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_dbc::{
    CallOptions, CancelHandle, IsolationLevel, LockMode, Retry, RetryAdvice, SqlError, SqlState, TransactionOptions,
};

use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "cancel/running", "a handle stops the statement that runs, which fails with 57014", running;
    "cancel/usable_after", "after a cancel the connection goes on, and in its transaction too if it was in one", usable_after;
    "cancel/idle", "a cancel with nothing running does nothing", idle;
    "cancel/never_the_next", "a cancel never hits the statement after the one that ran", never_the_next;
    "cancel/abort", "an aborted connection is broken, and says so", abort;
    "cancel/abort_running", "a statement that runs when its connection is aborted fails with class 08", abort_running;
    "cancel/cloned", "a handle can be cloned, outlive its connection, and does nothing then", cloned;
    "retry/conflict", "a transaction that lost against another one is run again", conflict;
    "retry/gives_up", "after the last try the conflict is told", gives_up;
    "retry/other_errors", "another error is told at once", other_errors;
    "retry/ok", "a transaction that succeeds is run once", ok;
    "retry/advice", "a conflict is advised to be run again, a violated key not", advice;
}

fn handle(cx: &mut Context) -> Result<CancelHandle, Problem> {
    cx.conn.cancel_handle().ok_or_else(|| Problem::new("the driver gives no cancel handle"))
}

/// Cancels from another thread after a while, again and again until the statement has ended.
fn cancel_soon(handle: CancelHandle) -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ended);
    std::thread::spawn(move || {
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(50));
            if seen.load(Ordering::Acquire) {
                return;
            }
            let _ = handle.cancel_blocking();
        }
    });
    ended
}

async fn stopped(cx: &mut Context) -> Result<SqlError, Problem> {
    let ended = cancel_soon(handle(cx)?);
    let slow = cx.dialect.slow_query;
    let error = match cx.conn.query(slow, ()).await {
        Ok(rows) => rows.finish().await.err(),
        Err(error) => Some(error),
    };
    ended.store(true, Ordering::Release);
    error.ok_or_else(|| Problem::new("the query was not stopped"))
}

async fn running(cx: &mut Context) -> Check {
    let error = stopped(cx).await?;
    same!(error.sql_state(), SqlState::QUERY_CANCELED);
    Ok(())
}

async fn usable_after(cx: &mut Context) -> Check {
    stopped(cx).await?;
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    cx.table("conf_cancel", "n {int}").await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.execute("insert into conf_cancel values (1)", ()).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    stopped(cx).await?;
    cx.conn.rollback().await?;
    cx.conn.commit().await?;
    same!(cx.count("conf_cancel").await?, 1);
    Ok(())
}

async fn idle(cx: &mut Context) -> Check {
    let handle = handle(cx)?;
    for _ in 0..5 {
        handle.cancel().await?;
        same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    }
    Ok(())
}

async fn never_the_next(cx: &mut Context) -> Check {
    let handle = handle(cx)?;
    let (stop, stopped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (seen, done, twin) = (Arc::clone(&stop), Arc::clone(&stopped), handle.clone());
    std::thread::spawn(move || {
        while !seen.load(Ordering::Acquire) {
            let _ = twin.cancel_blocking();
            std::thread::sleep(Duration::from_micros(300));
        }
        done.store(true, Ordering::Release);
    });
    // Each statement may be hit while it runs; what must never happen is any other failure, or a connection that is lost.
    let mut outcome = Ok(());
    for n in 0..200_i64 {
        match cx.conn.query_one("select ?", (n,)).await {
            Ok(row) if row.get::<String>(0)?.parse() == Ok(n) => {}
            Ok(row) => outcome = Err(Problem::new(format!("answer of another statement: {row:?}"))),
            Err(error) if error.sql_state() == SqlState::QUERY_CANCELED => {}
            Err(error) => outcome = Err(error.into()),
        }
    }
    stop.store(true, Ordering::Release);
    // The thread may wait for the runtime that this task runs on, so it is not waited for by blocking.
    while !stopped.load(Ordering::Acquire) {
        let _ = cx.conn.query_one("select 1", ()).await;
    }
    outcome?;
    for _ in 0..20 {
        cx.conn.query_one("select 1", ()).await?;
    }
    Ok(())
}

async fn abort(cx: &mut Context) -> Check {
    let handle = handle(cx)?;
    same!(cx.conn.is_broken(), false);
    handle.abort();
    same!(cx.conn.is_broken(), true);
    let error = fails!(cx.conn.query_one("select 1", ()).await, "08003");
    same!(error.breaks_connection(), true);
    Ok(())
}

async fn abort_running(cx: &mut Context) -> Check {
    let slow = cx.dialect.slow_query;
    let mut other = cx.other().await?;
    let ended = other
        .run(async |c| {
            let Some(handle) = c.cancel_handle() else { return Ok(None) };
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                handle.abort();
            });
            Ok(match c.query(slow, ()).await {
                Ok(rows) => rows.finish().await.err(),
                Err(error) => Some(error),
            })
        })
        .await?;
    let error = ended.ok_or_else(|| Problem::new("the query was not stopped"))?;
    same!(error.sql_state().class(), "08");
    Ok(())
}

async fn cloned(cx: &mut Context) -> Check {
    let twin = handle(cx)?.clone();
    let mut other = cx.other().await?;
    let kept = other.run(async |c| Ok(c.cancel_handle())).await?;
    drop(other);
    if let Some(kept) = kept {
        let _ = kept.cancel().await;
        kept.abort();
    }
    twin.cancel().await?;
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

/// A transaction that reads first and then writes, and sees what others committed in between.
fn fragile() -> TransactionOptions {
    TransactionOptions::new().isolation(IsolationLevel::RepeatableRead).lock(LockMode::Deferred)
}

async fn counter(cx: &mut Context) -> Check {
    cx.table("conf_retry", "n {int}").await?;
    cx.conn.execute("insert into conf_retry values (0)", ()).await?;
    Ok(())
}

/// Adds one, while another connection adds ten in the first `disturbed` tries; the number of tries.
async fn add_one(cx: &mut Context, retry: &Retry, disturbed: usize) -> (Result<u64, SqlError>, usize) {
    let mut others = Vec::new();
    for _ in 0..disturbed {
        match cx.other().await {
            Ok(other) => others.push(other),
            Err(error) => return (Err(error), 0),
        }
    }
    let others = Mutex::new((others, 0_usize));
    let done = cx
        .conn
        .tx_retry(retry, async |t| {
            let next = {
                let mut others = others.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                others.1 += 1;
                others.0.pop()
            };
            let n: i64 = t.query_one("select n from conf_retry", ()).await?.get(0)?;
            if let Some(mut other) = next {
                other.run(async |c| c.execute("update conf_retry set n = n + 10", ()).await).await?;
            }
            t.execute("update conf_retry set n = ?", (i32::try_from(n).unwrap_or_default() + 1,)).await
        })
        .await;
    let tries = others.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).1;
    (done, tries)
}

async fn conflict(cx: &mut Context) -> Check {
    counter(cx).await?;
    let (done, tries) = add_one(cx, &Retry::new().options(fragile()), 2).await;
    same!((done?, tries), (1, 3));
    let n: i64 = cx.conn.query_one("select n from conf_retry", ()).await?.get(0)?;
    same!(n, 21);
    Ok(())
}

async fn gives_up(cx: &mut Context) -> Check {
    counter(cx).await?;
    let (done, tries) = add_one(cx, &Retry::new().attempts(2).options(fragile()), 3).await;
    let error = match done {
        Ok(_) => return Err(Problem::new("the second try must have failed too")),
        Err(error) => error,
    };
    same!((error.is_retryable(), tries), (true, 2));
    let n: i64 = cx.conn.query_one("select n from conf_retry", ()).await?.get(0)?;
    same!(n, 20);
    Ok(())
}

async fn other_errors(cx: &mut Context) -> Check {
    counter(cx).await?;
    let tries = Mutex::new(0);
    let failed: Result<u64, SqlError> = cx
        .conn
        .tx_retry(&Retry::new(), async |t| {
            *tries.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += 1;
            t.execute("update conf_retry set m = 1", ()).await
        })
        .await;
    fails!(failed, "42703");
    same!(tries.into_inner().unwrap_or_default(), 1);
    Ok(())
}

async fn ok(cx: &mut Context) -> Check {
    counter(cx).await?;
    let (done, tries) = add_one(cx, &Retry::new(), 0).await;
    same!((done?, tries), (1, 1));
    Ok(())
}

async fn advice(cx: &mut Context) -> Check {
    counter(cx).await?;
    let (done, _) = add_one(cx, &Retry::new().attempts(1).options(fragile()), 1).await;
    same!(done.map_err(|e| e.retry_advice()), Err(RetryAdvice::Transaction));
    cx.table("conf_retry_key", "n {int} primary key").await?;
    cx.conn.execute("insert into conf_retry_key values (1)", ()).await?;
    let error =
        fails!(cx.conn.execute_with("insert into conf_retry_key values (1)", (), &CallOptions::new()).await, "23505");
    same!(error.retry_advice(), RetryAdvice::No);
    Ok(())
}
