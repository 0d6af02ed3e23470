//! How connections end, and what is of one connection alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use batis_dbc::driver::ConnectOptions;
use batis_dbc::{Connection, HandBack, SqlError, SqlState, TransactionOptions, block};

use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "endings/closed_in_transaction", "closing a connection rolls its transaction back", closed_in_transaction;
    "endings/dropped_in_transaction", "so does dropping it", dropped_in_transaction;
    "endings/dropped_with_cursor", "a connection may be dropped with a result left open", dropped_with_cursor;
    "endings/aborted", "after an abort every operation fails with class 08, at once", aborted;
    "endings/aborted_in_transaction", "an abort takes the transaction with it", aborted_in_transaction;
    "endings/closed_after_abort", "an aborted connection can be closed", closed_after_abort;
    "endings/handed_back_broken", "an aborted connection is handed back as broken", handed_back_broken;
    "endings/temporary_table", "a temporary table is of its connection alone", temporary_table;
    "endings/twenty", "twenty connections work side by side", twenty;
    "endings/network_timeout", "the network timeout is kept until the connection is handed back", network_timeout;
    "endings/verdict_of_all", "a verdict may call each error the end of its connection", verdict_of_all;
    "endings/verdict_of_none", "a verdict may let the connection go on", verdict_of_none;
    "endings/created", "a connection knows when it was made", created;
    "endings/no_warnings", "a plain statement, and an error, leave no warnings", no_warnings;
    "endings/warnings", "what the database warns of can be asked for, once", warnings;
}

/// Runs what takes a whole new connection.
async fn with_new(cx: &Context, f: impl AsyncFnOnce(Connection) -> Check) -> Check {
    let mut conn = cx.source()?.connect(&ConnectOptions::new(cx.mode())).await?;
    match cx.mode() {
        batis_dbc::driver::Mode::Async => f(conn).await,
        batis_dbc::driver::Mode::Blocking => {
            let (runner, mut outcome) = (conn.runner(), Ok(()));
            block(runner.as_deref(), None, async {
                outcome = f(conn).await;
                Ok(())
            })?;
            outcome
        }
    }
}

const INSERT: &str = "insert into conf_end values (?)";

async fn table(cx: &mut Context) -> Check {
    Ok(cx.table("conf_end", "n {big} primary key").await?)
}

async fn begun(conn: &mut Connection) -> Check {
    conn.begin(&TransactionOptions::new()).await?;
    conn.execute(INSERT, (1,)).await?;
    Ok(())
}

/// The same row can be inserted: the server may have to notice first that the other connection is gone.
async fn is_free(cx: &mut Context) -> Check {
    same!(cx.conn.execute(INSERT, (1,)).await?, 1);
    same!(cx.count("conf_end").await?, 1);
    Ok(())
}

async fn closed_in_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    with_new(cx, async |mut conn| {
        begun(&mut conn).await?;
        conn.close().await;
        Ok(())
    })
    .await?;
    is_free(cx).await
}

async fn dropped_in_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    with_new(cx, async |mut conn| begun(&mut conn).await).await?;
    is_free(cx).await
}

async fn dropped_with_cursor(cx: &mut Context) -> Check {
    table(cx).await?;
    with_new(cx, async |mut conn| {
        conn.query(&super::numbers(5000), ()).await?.advance().await?;
        Ok(())
    })
    .await?;
    is_free(cx).await
}

fn abort(conn: &mut Connection) -> Check {
    let handle = conn.cancel_handle().ok_or_else(|| Problem::new("there is no cancel handle"))?;
    handle.abort();
    same!(conn.is_broken(), true);
    Ok(())
}

fn is_lost<T>(outcome: Result<T, SqlError>) -> Check {
    let Err(error) = outcome else { return Err(Problem::new("an operation on an aborted connection succeeded")) };
    same!((error.sql_state().class(), error.breaks_connection()), ("08", true));
    Ok(())
}

async fn aborted(cx: &mut Context) -> Check {
    with_new(cx, async |mut conn| {
        let statement = conn.prepare("select 1").await?;
        abort(&mut conn)?;
        let begun = Instant::now();
        is_lost(conn.query("select 1", ()).await.map(drop))?;
        is_lost(conn.execute(&statement, ()).await)?;
        is_lost(conn.execute_script("select 1").await)?;
        is_lost(conn.prepare("select 2").await)?;
        is_lost(conn.begin(&TransactionOptions::new()).await)?;
        is_lost(conn.transaction().await.map(drop))?;
        is_lost(conn.metadata().tables(None).await)?;
        is_lost(conn.ping().await)?;
        same!(begun.elapsed() < Duration::from_secs(20), true);
        Ok(())
    })
    .await
}

async fn aborted_in_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    with_new(cx, async |mut conn| {
        begun(&mut conn).await?;
        abort(&mut conn)?;
        is_lost(conn.commit().await)
    })
    .await?;
    is_free(cx).await
}

async fn closed_after_abort(cx: &mut Context) -> Check {
    with_new(cx, async |mut conn| {
        abort(&mut conn)?;
        conn.close().await;
        Ok(())
    })
    .await
}

async fn handed_back_broken(cx: &mut Context) -> Check {
    with_new(cx, async |mut conn| {
        abort(&mut conn)?;
        same!(conn.hand_back(), HandBack::Broken);
        is_lost(conn.settle().await)
    })
    .await
}

async fn temporary_table(cx: &mut Context) -> Check {
    cx.conn.execute("create temporary table conf_temp (n integer)", ()).await?;
    cx.conn.execute("insert into conf_temp values (1)", ()).await?;
    same!(cx.count("conf_temp").await?, 1);
    let mut other = cx.other().await?;
    fails!(other.run(async |c| c.execute("insert into conf_temp values (2)", ()).await).await, "42P01");
    cx.conn.execute("drop table conf_temp", ()).await?;
    Ok(())
}

async fn twenty(cx: &mut Context) -> Check {
    let mut others = Vec::new();
    for _ in 0..20 {
        others.push(cx.other().await?);
    }
    for round in 0..3_i64 {
        for (n, other) in (0_i64..).zip(&mut others) {
            let sent = round * 100 + n;
            let found: i64 =
                other.run(async |c| c.query_one("select cast(? as bigint)", (sent,)).await?.get(0)).await?;
            same!(found, sent);
        }
    }
    Ok(())
}

async fn network_timeout(cx: &mut Context) -> Check {
    let usual = cx.conn.network_timeout();
    cx.conn.set_network_timeout(Some(Duration::from_secs(77)));
    same!(cx.conn.network_timeout(), Some(Duration::from_secs(77)));
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    same!(cx.conn.hand_back(), HandBack::Ready);
    same!(cx.conn.network_timeout(), usual);
    Ok(())
}

async fn verdict_of_all(cx: &mut Context) -> Check {
    with_new(cx, async |mut conn| {
        conn.set_verdict(Arc::new(|error| error.sql_state().code() == "42P01"));
        fails!(conn.query("select conf_none", ()).await, "42703");
        same!(conn.is_broken(), false);
        fails!(conn.query("select * from conf_none", ()).await, "42P01");
        same!((conn.is_broken(), conn.hand_back()), (true, HandBack::Broken));
        is_lost(conn.ping().await)
    })
    .await
}

async fn verdict_of_none(cx: &mut Context) -> Check {
    with_new(cx, async |mut conn| {
        conn.set_verdict(Arc::new(|_| false));
        fails!(conn.query("select * from conf_none", ()).await, "42P01");
        same!(conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
        Ok(())
    })
    .await
}

async fn created(cx: &mut Context) -> Check {
    same!(cx.conn.created() <= Instant::now(), true);
    let first = cx.conn.created();
    with_new(cx, async |conn| {
        same!(conn.created() >= first, true);
        Ok(())
    })
    .await
}

async fn no_warnings(cx: &mut Context) -> Check {
    drop(cx.conn.warnings());
    cx.conn.query_one("select 1", ()).await?;
    fails!(cx.conn.query("select * from conf_none", ()).await, "42P01");
    same!(cx.conn.warnings().len(), 0);
    Ok(())
}

async fn warnings(cx: &mut Context) -> Check {
    drop(cx.conn.warnings());
    let Some(sql) = cx.dialect.warning else { return Ok(()) };
    cx.conn.execute(sql, ()).await?;
    let warnings = cx.conn.warnings();
    same!(
        warnings.iter().map(|w| (w.sql_state(), w.message())).collect::<Vec<_>>(),
        [(SqlState::WARNING, "take care")]
    );
    same!(cx.conn.warnings().len(), 0);
    Ok(())
}
