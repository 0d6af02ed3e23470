//! Behind PgBouncer in transaction mode: 16 clients on four sessions.

mod common;

use std::sync::atomic::{AtomicI64, Ordering};

use batis_dbc::{Batch, BatchOptions, BatchStrategy, Connection, Result, SqlState, blocking};
use batis_testkit::{PgBouncer, TestDatabase};
use common::manager;

/// Clients of each kind.
const CLIENTS: i32 = 8;
const ROUNDS: i32 = 60;

fn start() -> Option<(PgBouncer, TestDatabase)> {
    let bouncer = batis_testkit::pgbouncer()?;
    let database = batis_testkit::postgres()?.create_database().unwrap();
    database
        .psql("create type mood as enum ('ok', 'sad'); create table t (id int primary key, m mood, s text)")
        .unwrap();
    Some((bouncer, database))
}

/// A bit of everything. `id` is nobody else's.
async fn round(conn: &mut Connection, id: i32) -> Result<i64> {
    assert_eq!(conn.execute("insert into t values (?, ?, ?)", (id, "ok", format!("s{id}"))).await?, 1);
    let row = conn.query_one("select m, s, ?::int8 from t where id = ?", (i64::from(id), id)).await?;
    assert_eq!((row.get::<&str>(0)?, row.get::<i64>(2)?), ("ok", i64::from(id)));
    let taken = conn.execute("insert into t values (?, 'ok', '')", (id,)).await.unwrap_err();
    assert_eq!(taken.sql_state(), SqlState::UNIQUE_VIOLATION);
    let prepared = conn.prepare("update t set m = ? where id = ?").await?;
    for mood in ["sad", "ok"] {
        assert_eq!(conn.execute(&prepared, (mood, id)).await?, 1);
    }

    let mut transaction = conn.transaction().await?;
    transaction.execute("update t set s = 'first' where id = ?", (id,)).await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute("update t set s = 'second' where id = ?", (id,)).await?;
    savepoint.rollback().await?;
    let seen: String = transaction.query_one("select s from t where id = ?", (id,)).await?.get(0)?;
    assert_eq!(seen, "first");
    let mut copy = transaction.copy_in_rows("t").await?;
    copy.send((-id, "sad", "copied")).await?;
    assert_eq!(copy.finish().await?, 1);
    transaction.commit().await?;
    drop(conn.transaction().await?);

    let strategies = [BatchStrategy::Auto, BatchStrategy::Pipelined, BatchStrategy::Copy];
    for (strategy, place) in strategies.into_iter().zip(1..) {
        let mut batch = Batch::new("insert into t (id, m, s) values (?, ?, ?)");
        (0..10).try_for_each(|n| batch.add((id * 100 + place * 10 + n + 1_000_000, "ok", "many")))?;
        assert_eq!(conn.execute_batch_with(&batch, &BatchOptions::new().strategy(strategy)).await?.total(), 10);
    }
    let mut rows = conn.query("select * from generate_series(1, 5000)", ()).await?;
    assert!(rows.next().await?.is_some(), "and the rest is left");
    conn.ping().await?;
    Ok(32)
}

/// What all clients do, on threads and in tasks; how many rows there must be in the end, and what went wrong.
fn all_clients(
    url: &str,
    work: impl AsyncFn(&mut Connection, i32) -> Result<i64> + Copy + Send + Sync,
) -> (i64, Vec<String>) {
    let (rows, wrong) = (AtomicI64::new(0), std::sync::Mutex::new(Vec::new()));
    let done = |result: Result<i64>| match result {
        Ok(more) => drop(rows.fetch_add(more, Ordering::Relaxed)),
        Err(error) => wrong.lock().unwrap().push(error.to_string()),
    };
    std::thread::scope(|scope| {
        for client in 0..2 * CLIENTS {
            let done = &done;
            scope.spawn(move || {
                if client < CLIENTS {
                    let mut conn: blocking::Connection = manager().connect_blocking(url).unwrap();
                    for round in 0..ROUNDS {
                        done(conn.wait_for(async |conn| work(conn, client * ROUNDS + round + 1).await));
                    }
                    return;
                }
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut conn = manager().connect(url).await.unwrap();
                    for round in 0..ROUNDS {
                        done(work(&mut conn, client * ROUNDS + round + 1).await);
                    }
                    conn.close().await;
                });
            });
        }
    });
    (rows.into_inner(), wrong.into_inner().unwrap())
}

#[test]
fn without_names_nothing_fails() {
    let Some((bouncer, database)) = start() else { return };
    let url = bouncer.url(database.name()) + "&prepare_threshold=0";
    let (rows, wrong) = all_clients(&url, round);
    assert_eq!(wrong, [] as [String; 0]);
    assert_eq!(rows, i64::from(2 * CLIENTS * ROUNDS) * 32);
    assert_eq!(database.psql("select count(*) from t").unwrap(), rows.to_string());
    let sessions =
        "select count(*) from pg_stat_activity where datname = current_database() and application_name <> 'psql'";
    assert!(database.psql(sessions).unwrap().parse::<u32>().unwrap() <= 4, "they did share sessions");
}

/// Why the option is there: the session that knows the name is another client's at the next use.
#[test]
fn with_names_statements_are_missing() {
    let Some((bouncer, database)) = start() else { return };
    let url = bouncer.url(database.name()) + "&prepare_threshold=-1";
    let (_, wrong) = all_clients(&url, async |conn: &mut Connection, id: i32| {
        conn.query_one("select ?::int", (id,)).await?.get::<i32>(0).map(i64::from)
    });
    assert!(wrong.iter().any(|error| error.contains("[26000]") || error.contains("[42P05]")), "{wrong:?}");
}
