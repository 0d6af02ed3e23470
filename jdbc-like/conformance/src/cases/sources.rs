//! Data sources over one connection.

use batis_dbc::{Connection, DataSource, Lease, RollbackDataSource, SingleConnectionDataSource, SqlError, block};

use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "sources/single", "a single connection is lent to one borrower after the other", single;
    "sources/single_cleans", "what a borrower left open is rolled back before the next one comes", single_cleans;
    "sources/single_detached", "after the connection was detached there is none", single_detached;
    "sources/rollback", "borrowers share a transaction that is gone in the end", rollback;
    "sources/rollback_inner", "transactions of borrowers are savepoints", rollback_inner;
    "sources/rollback_pinned", "the shared transaction cannot be committed", rollback_pinned;
}

/// A second connection, driven by the case's own way of waiting.
async fn connect(cx: &Context) -> Result<Connection, SqlError> {
    cx.source()?.connect(&batis_dbc::driver::ConnectOptions::new(cx.mode())).await
}

/// Runs operations of a borrowed connection.
async fn with<T>(
    cx: &Context,
    lease: &mut Lease,
    f: impl AsyncFnOnce(&mut Connection) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    match cx.mode() {
        batis_dbc::driver::Mode::Async => f(lease).await,
        batis_dbc::driver::Mode::Blocking => {
            let runner = lease.runner();
            block(runner.as_deref(), None, f(lease))
        }
    }
}

async fn lend(source: &impl DataSource) -> Result<Lease, SqlError> {
    source.connection().await
}

async fn single(cx: &mut Context) -> Check {
    let source = SingleConnectionDataSource::new(connect(cx).await?);
    same!(source.info().product, cx.dialect.product);
    for n in 0..3_i64 {
        let mut lease = lend(&source).await?;
        let found: i64 = with(cx, &mut lease, async |c| c.query_one(&format!("select {n}"), ()).await?.get(0)).await?;
        same!(found, n);
        // While it is lent, a deadline in the past ends the wait.
        fails!(source.connection_blocking(Some(std::time::Instant::now())), "57014");
    }
    Ok(())
}

async fn single_cleans(cx: &mut Context) -> Check {
    cx.table("conf_source", "n {int}").await?;
    let source = SingleConnectionDataSource::new(connect(cx).await?);
    let mut lease = lend(&source).await?;
    with(cx, &mut lease, async |c| {
        c.begin(&batis_dbc::TransactionOptions::new()).await?;
        c.execute("insert into conf_source values (1)", ()).await
    })
    .await?;
    drop(lease);
    let mut lease = lend(&source).await?;
    let count: i64 =
        with(cx, &mut lease, async |c| c.query_one("select count(*) from conf_source", ()).await?.get(0)).await?;
    same!(count, 0);
    Ok(())
}

async fn single_detached(cx: &mut Context) -> Check {
    let source = SingleConnectionDataSource::new(connect(cx).await?);
    drop(lend(&source).await?.detach());
    fails!(lend(&source).await, "08003");
    Ok(())
}

async fn began(cx: &mut Context) -> Result<RollbackDataSource, Problem> {
    cx.table("conf_source", "n {int}").await?;
    let connection = connect(cx).await?;
    Ok(match cx.mode() {
        batis_dbc::driver::Mode::Async => RollbackDataSource::begin(connection).await?,
        batis_dbc::driver::Mode::Blocking => RollbackDataSource::begin_blocking(connection)?,
    })
}

async fn insert(cx: &Context, source: &RollbackDataSource, n: i32) -> Check {
    let mut lease = lend(source).await?;
    with(cx, &mut lease, async |c| c.execute("insert into conf_source values (?)", (n,)).await).await?;
    Ok(())
}

async fn seen(cx: &Context, source: &RollbackDataSource) -> Result<i64, SqlError> {
    let mut lease = lend(source).await?;
    with(cx, &mut lease, async |c| c.query_one("select count(*) from conf_source", ()).await?.get(0)).await
}

async fn rollback(cx: &mut Context) -> Check {
    let source = began(cx).await?;
    insert(cx, &source, 1).await?;
    insert(cx, &source, 2).await?;
    same!(seen(cx, &source).await?, 2);
    drop(source);
    same!(cx.count("conf_source").await?, 0);
    Ok(())
}

async fn rollback_inner(cx: &mut Context) -> Check {
    let source = began(cx).await?;
    let mut lease = lend(&source).await?;
    with(cx, &mut lease, async |c| {
        same_depth(c, 0)?;
        c.tx(async |t| t.execute("insert into conf_source values (1)", ()).await).await?;
        let failed: Result<(), SqlError> = c
            .tx(async |t| {
                t.execute("insert into conf_source values (2)", ()).await?;
                Err(SqlError::unsupported("on purpose"))
            })
            .await;
        assert_failed(failed)?;
        c.begin(&batis_dbc::TransactionOptions::new()).await?;
        c.execute("insert into conf_source values (3)", ()).await
    })
    .await?;
    // The begin of the last line was left open: it is rolled back, the rest stays.
    drop(lease);
    same!(seen(cx, &source).await?, 1);
    Ok(())
}

fn same_depth(connection: &Connection, depth: u32) -> Result<(), SqlError> {
    if connection.transaction_depth() == depth { Ok(()) } else { Err(SqlError::unsupported("another depth")) }
}

fn assert_failed(outcome: Result<(), SqlError>) -> Result<(), SqlError> {
    outcome.err().map(drop).ok_or_else(|| SqlError::unsupported("success"))
}

async fn rollback_pinned(cx: &mut Context) -> Check {
    let source = began(cx).await?;
    let mut lease = lend(&source).await?;
    fails!(with(cx, &mut lease, async |c| c.commit().await).await, "25000");
    fails!(with(cx, &mut lease, async |c| c.rollback().await).await, "25000");
    drop(lease);
    insert(cx, &source, 1).await?;
    same!(seen(cx, &source).await?, 1);
    Ok(())
}
