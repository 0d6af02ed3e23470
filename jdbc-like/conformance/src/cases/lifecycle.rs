//! Connections as a whole.

use batis_dbc::DataSource as _;

use crate::case::{Check, Context, list, same};

list! {
    "lifecycle/ping", "a live connection answers a ping, also with a result left open and inside a transaction", ping;
    "lifecycle/info", "a connection says its product and version", info;
    "lifecycle/raw_of_another_type", "the raw connection of another driver is none", raw_of_another_type;
    "lifecycle/debug", "a connection can be printed, without secrets or a panic", debug;
    "lifecycle/independent", "two connections work side by side", independent;
    "lifecycle/lease", "a data source without a pool lends connections", lease;
    "lifecycle/unknown_option", "an unknown option in the URL is refused with the nearest one as a hint", unknown_option;
    "lifecycle/reconnect", "connections can be made and closed again and again", reconnect;
}

async fn ping(cx: &mut Context) -> Check {
    cx.conn.ping().await?;
    cx.conn.query(&super::results::numbers(5000), ()).await?.advance().await?;
    cx.conn.ping().await?;
    cx.conn.begin(&batis_dbc::TransactionOptions::new()).await?;
    cx.conn.ping().await?;
    same!(cx.conn.transaction_depth(), 1);
    cx.conn.rollback().await?;
    same!(cx.conn.is_broken(), false);
    Ok(())
}

async fn info(cx: &mut Context) -> Check {
    let info = cx.conn.info();
    same!(info.product, cx.dialect.product);
    same!(info.version.starts_with(|c: char| c.is_ascii_digit()), true);
    Ok(())
}

async fn raw_of_another_type(cx: &mut Context) -> Check {
    struct Nobody;
    same!(cx.conn.raw::<Nobody>().is_none(), true);
    Ok(())
}

async fn debug(cx: &mut Context) -> Check {
    same!(format!("{:?}", cx.conn).contains("Connection"), true);
    let mut rows = cx.conn.query("select 1 as n", ()).await?;
    rows.advance().await?;
    same!(format!("{:?}", rows.row()), "{\"n\": Int(1)}");
    Ok(())
}

async fn independent(cx: &mut Context) -> Check {
    let mut other = cx.other().await?;
    let mut rows = cx.conn.query(&super::results::numbers(10), ()).await?;
    for n in 1..=10_i64 {
        same!(rows.advance().await?, true);
        same!(rows.row().get::<i64>(0)?, n);
        let there: i64 = other.run(async |c| c.query_one("select cast(? as bigint)", (-n,)).await?.get(0)).await?;
        same!(there, -n);
    }
    Ok(())
}

async fn lease(cx: &mut Context) -> Check {
    let source = cx.source()?;
    same!(source.info().product, cx.dialect.product);
    if cx.mode() == batis_dbc::driver::Mode::Async {
        let mut lease = source.connection().await?;
        same!(lease.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    } else {
        let lease = source.connection_blocking(None)?.detach();
        let mut lease = batis_dbc::blocking::Connection::new(lease);
        same!(lease.query_one("select 1", ())?.get::<i64>(0)?, 1);
    }
    Ok(())
}

async fn unknown_option(cx: &mut Context) -> Check {
    let source = cx.source()?;
    let known = source.driver().properties();
    let Some(first) = known.first() else { return Ok(()) };
    let url = source.url().clone().with_option(&format!("{}x", first.name), "1");
    let Err(error) = url.check_options(known) else {
        return Err(crate::case::Problem::new("an unknown option was accepted"));
    };
    same!(error.hint_text(), Some(format!("did you mean `{}`?", first.name).as_str()));
    Ok(())
}

async fn reconnect(cx: &mut Context) -> Check {
    for _ in 0..10 {
        let mut other = cx.other().await?;
        other.run(async |c| c.ping().await).await?;
    }
    cx.conn.ping().await?;
    Ok(())
}
