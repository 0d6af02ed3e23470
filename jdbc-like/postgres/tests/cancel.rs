//! Lost servers, and what is cancelled when nobody waits for it any more.

mod common;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use batis_dbc::{Batch, BatchOptions, BatchStrategy, CallOptions, Connection, SqlError, TransactionOptions};
use batis_testkit::TestDatabase;
use common::{code, database, manager, threads};
use tokio::runtime::{Builder, Runtime};

const MANY: &str = "select n, repeat('x', 100) from generate_series(1, 1000000) n";

fn poll_once(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn kill_all(database: &TestDatabase) {
    let sql = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    database.psql(sql).unwrap();
}

#[test]
fn a_killed_session_is_told_by_its_reason_on_threads() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let mut rows = conn.query(MANY, ()).unwrap();
    rows.advance().unwrap();
    kill_all(&database);
    let error = loop {
        match rows.advance() {
            Ok(more) => assert!(more, "the rows ended without an error"),
            Err(error) => break error,
        }
    };
    assert!(error.breaks_connection(), "{error}");
    assert!(conn.is_broken());
    assert_eq!(conn.execute("select 1", ()).unwrap_err().sql_state().class(), "08");

    let mut idle = threads(&database);
    idle.execute("select 1", ()).unwrap();
    kill_all(&database);
    let error = idle.execute("select 1", ()).unwrap_err();
    assert_eq!((code(&error).as_str(), idle.is_broken()), ("57P01", true), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_session_is_told_by_its_reason_in_tasks() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect(&database.url()).await.unwrap();
    let mut rows = conn.query(MANY, ()).await.unwrap();
    rows.advance().await.unwrap();
    kill_all(&database);
    let error = loop {
        match rows.advance().await {
            Ok(more) => assert!(more, "the rows ended without an error"),
            Err(error) => break error,
        }
    };
    assert!(error.breaks_connection(), "{error}");
    assert!(conn.is_broken());
    assert_eq!(conn.execute("select 1", ()).await.unwrap_err().sql_state().class(), "08");
    conn.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_has_an_unknown_outcome() {
    let Some(database) = database() else { return };
    database
        .psql(
            "create table t (n int);
             create function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
             create constraint trigger die after insert on t deferrable initially deferred for each row execute function die()",
        )
        .unwrap();
    let mut conn = manager().connect(&database.url()).await.unwrap();
    let mut transaction = conn.transaction().await.unwrap();
    transaction.execute("insert into t values (1)", ()).await.unwrap();
    assert_eq!(code(&transaction.commit().await.unwrap_err()), "08007");
    assert!(conn.is_broken());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_statement_is_cancelled_and_never_the_next_one() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect(&database.url()).await.unwrap();
    for n in 0..150_i64 {
        assert!(!poll_once(conn.execute("select pg_sleep(60)", ())));
        let next = conn.query_one("select ?::bigint, pg_sleep(0.001)", (n,)).await.unwrap();
        assert_eq!(next.get::<i64>(0).unwrap(), n);
        // One that may be over when the request comes, or even at once.
        poll_once(conn.execute("select pg_sleep(?::float8 / 10000)", (n % 20,)));
        let next = conn.query_one("select ?::bigint, pg_sleep(0.001)", (n,)).await.unwrap();
        assert_eq!(next.get::<i64>(0).unwrap(), n);
    }
}

#[test]
fn a_timed_out_statement_is_cancelled_and_never_the_next_one_on_threads() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    for n in 0..100_i64 {
        let soon = CallOptions::new().deadline(Instant::now() + Duration::from_micros(500));
        assert_eq!(code(&conn.execute_with("select pg_sleep(60)", (), &soon).unwrap_err()), "57014");
        let next = conn.query_one("select ?::bigint, pg_sleep(0.001)", (n,)).unwrap();
        assert_eq!(next.get::<i64>(0).unwrap(), n);
    }
}

/// A connection of a task, with the task's runtime.
struct InTask(Connection, Runtime);

impl InTask {
    fn on(mut runtime: Builder, database: &TestDatabase) -> Self {
        let runtime = runtime.enable_all().build().unwrap();
        Self(runtime.block_on(manager().connect(&database.url())).unwrap(), runtime)
    }

    /// Driven only while the test waits for it.
    fn alone(database: &TestDatabase) -> Self {
        Self::on(Builder::new_current_thread(), database)
    }

    /// Driven by another thread too.
    fn with_a_worker(database: &TestDatabase) -> Self {
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(1);
        Self::on(runtime, database)
    }
}

/// What gives up is tried so often: how long its end is waited for is a moment only, and a machine that does not run the test in that moment
/// leaves the end to the next use of the connection.
const ATTEMPTS: usize = 20;

/// Waits for a row that another connection has locked, gives up, and leaves its own connection alone: the server has stopped as well. `query`
/// is how the statement begins that waits.
fn gives_up<C>(
    database: &TestDatabase,
    query: &str,
    connect: impl Fn(&TestDatabase) -> C,
    work: impl Fn(&mut C, Instant) -> SqlError,
) -> (SqlError, C) {
    for _ in 0..ATTEMPTS {
        let mut conn = connect(database);
        if let Some(error) = gives_up_once(database, query, |deadline| work(&mut conn, deadline)) {
            return (error, conn);
        }
    }
    panic!("{query}: the server goes on")
}

/// The error of what gave up, if the server has stopped by then.
fn gives_up_once(database: &TestDatabase, query: &str, work: impl FnOnce(Instant) -> SqlError) -> Option<SqlError> {
    let tables = "drop table if exists locked, copied; create table locked (n int); insert into locked values (0); create table copied (n int);
        create or replace function waits() returns trigger language plpgsql as $$ begin update locked set n = 99; return new; end $$;
        create trigger waits before insert on copied for each row execute function waits()";
    database.psql(tables).unwrap();
    let mut holder = threads(database);
    holder.begin(&TransactionOptions::new()).unwrap();
    holder.execute("update locked set n = 1", ()).unwrap();
    let error = work(Instant::now() + Duration::from_millis(100));
    assert_eq!(code(&error), "57014");
    let active = format!(
        "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and query like '{query}%'"
    );
    if holder.query_one(&active, ()).unwrap().get::<i64>(0).unwrap() > 0 {
        return None;
    }
    holder.commit().unwrap();
    assert_eq!(holder.query_one("select n from locked", ()).unwrap().get::<i64>(0).unwrap(), 1);
    assert_eq!(holder.query_one("select count(*) from copied", ()).unwrap().get::<i64>(0).unwrap(), 0);
    Some(error)
}

const UPDATE: &str = "update locked set n = 99";

#[test]
fn a_statement_whose_time_is_up_is_stopped_on_the_server_too() {
    let Some(database) = database() else { return };
    let at = |deadline| CallOptions::new().deadline(deadline);
    gives_up(&database, UPDATE, threads, |conn, deadline| conn.execute_with(UPDATE, (), &at(deadline)).unwrap_err());
    gives_up(&database, UPDATE, InTask::alone, |InTask(conn, runtime), deadline| {
        runtime.block_on(conn.execute_with(UPDATE, (), &at(deadline))).unwrap_err()
    });
}

#[test]
fn so_is_a_batch_and_its_item_is_named_if_it_is_known() {
    let Some(database) = database() else { return };
    let mut batch = Batch::new("update locked set n = ?");
    (0..5).for_each(|n| batch.add((n,)).unwrap());
    for strategy in [BatchStrategy::OneByOne, BatchStrategy::Pipelined] {
        let at = |deadline| BatchOptions::new().strategy(strategy).deadline(deadline);
        let (error, _) = gives_up(&database, "update locked set n = $", threads, |conn, deadline| {
            conn.execute_batch_with(&batch, &at(deadline)).unwrap_err()
        });
        // Of several calls on their way, or one for several items, nobody knows at which it was.
        let item = (strategy == BatchStrategy::OneByOne).then_some(0);
        assert_eq!((error.batch_index(), error.sql()), (item, Some("update locked set n = ?")), "{strategy}");
        gives_up(&database, "update locked set n = $", InTask::alone, |InTask(conn, runtime), deadline| {
            runtime.block_on(conn.execute_batch_with(&batch, &at(deadline))).unwrap_err()
        });
    }
    let mut batch = Batch::new("insert into copied values (?)");
    (0..5).for_each(|n| batch.add((n,)).unwrap());
    let (error, _) = gives_up(&database, "insert into copied", threads, |conn, deadline| {
        conn.execute_batch_with(&batch, &BatchOptions::new().deadline(deadline)).unwrap_err()
    });
    assert_eq!(error.batch_index(), None);
}

#[test]
fn so_is_a_copy() {
    let Some(database) = database() else { return };
    let at = |deadline| CallOptions::new().deadline(deadline);
    let (_, mut conn) = gives_up(&database, "COPY copied", threads, |conn, deadline| {
        let mut copy = match conn.copy_in_with("COPY copied FROM STDIN", &at(deadline)) {
            Ok(copy) => copy,
            Err(error) => return error,
        };
        copy.send(b"1\n").and_then(|()| copy.finish()).unwrap_err()
    });
    assert_eq!(conn.query_one("select 1", ()).unwrap().get::<i64>(0).unwrap(), 1);
    gives_up(&database, "COPY copied", InTask::alone, |InTask(conn, runtime), deadline| {
        let copied = async {
            let mut copy = conn.copy_in_rows_with("copied", &at(deadline)).await?;
            copy.send((1,)).await?;
            copy.finish().await
        };
        runtime.block_on(copied).unwrap_err()
    });
}

/// Reads rows of which some wait for a row that another connection has locked, gives up, and leaves its own connection alone: the server stops
/// too.
fn gives_up_reading<C>(
    database: &TestDatabase,
    connect: impl Fn(&TestDatabase) -> C,
    read: impl Fn(&mut C, &str, &CallOptions) -> SqlError,
) -> C {
    for _ in 0..ATTEMPTS {
        let mut conn = connect(database);
        if gives_up_reading_once(database, |sql, soon| read(&mut conn, sql, soon)) {
            return conn;
        }
    }
    panic!("the server still waits")
}

/// Whether the server stops.
fn gives_up_reading_once(database: &TestDatabase, read: impl FnOnce(&str, &CallOptions) -> SqlError) -> bool {
    database.psql("drop table if exists locked; create table locked (n int); insert into locked values (0)").unwrap();
    let mut holder = threads(database);
    holder.begin(&TransactionOptions::new()).unwrap();
    holder.execute("update locked set n = 1", ()).unwrap();
    let waits = "select n, repeat('x', 10000) from generate_series(1, 10) n union all select n, '' from (select n from locked for update) l";
    let soon = CallOptions::new().timeout(Duration::from_millis(300));
    assert_eq!(code(&read(waits, &soon)), "57014");
    let active = "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select n, repeat%'";
    // Inside of its transaction the holder would see the same activity all the time.
    let (mut watching, end) = (threads(database), Instant::now() + Duration::from_secs(5));
    while Instant::now() < end {
        if watching.query_one(active, ()).unwrap().get::<i64>(0).unwrap() == 0 {
            return true;
        }
    }
    false
}

#[test]
fn rows_whose_time_is_up_are_stopped_on_the_server_too() {
    let Some(database) = database() else { return };
    let mut conn = gives_up_reading(&database, threads, |conn, sql, soon| {
        conn.query_with(sql, (), soon).and_then(|rows| rows.collect()).unwrap_err()
    });
    assert_eq!(conn.query_one("select 1", ()).unwrap().get::<i64>(0).unwrap(), 1);
    let InTask(mut conn, runtime) =
        gives_up_reading(&database, InTask::with_a_worker, |InTask(conn, runtime), sql, soon| {
            runtime.block_on(async { conn.query_with(sql, (), soon).await?.collect().await }).unwrap_err()
        });
    assert_eq!(runtime.block_on(conn.query_one("select 1", ())).unwrap().get::<i64>(0).unwrap(), 1);
}

#[test]
fn rows_whose_time_is_up_never_cancel_the_next_statement() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let slow = "select n, repeat('x', 10000), pg_sleep(0.0004) from generate_series(1, 100000) n";
    for n in 0..50_i64 {
        let soon = CallOptions::new().deadline(Instant::now() + Duration::from_millis(4));
        let read = conn.query_with(slow, (), &soon).and_then(|rows| rows.finish());
        assert_eq!(code(&read.unwrap_err()), "57014");
        let next = conn.query_one("select ?::bigint, pg_sleep(0.001)", (n,)).unwrap();
        assert_eq!(next.get::<i64>(0).unwrap(), n);
    }
}

#[tokio::test]
async fn a_settling_that_is_dropped_is_gone_on_with() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect(&database.url()).await.unwrap();
    for n in 0..50_i64 {
        assert!(!poll_once(conn.execute("select pg_sleep(60)", ())));
        // The next operation begins to cancel, and is dropped too.
        assert!(!poll_once(conn.execute("select 1", ())));
        tokio::task::yield_now().await;
        let next = conn.query_one("select ?::bigint, pg_sleep(0.001)", (n,)).await.unwrap();
        assert_eq!(next.get::<i64>(0).unwrap(), n);
    }
}

#[tokio::test]
async fn a_rollback_that_was_not_waited_for_is_never_cancelled_away() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect(&database.url()).await.unwrap();
    conn.execute("create table t (n int)", ()).await.unwrap();
    for _ in 0..50 {
        let mut transaction = conn.transaction().await.unwrap();
        transaction.execute("insert into t values (1)", ()).await.unwrap();
        drop(transaction);
        assert!(!poll_once(conn.execute("select pg_sleep(60)", ())));
        assert_eq!(conn.query_one("select count(*) from t", ()).await.unwrap().get::<i64>(0).unwrap(), 0);
        let state = "select state from pg_stat_activity where pid = pg_backend_pid()";
        assert_eq!(conn.query_one(state, ()).await.unwrap().get::<String>(0).unwrap(), "active");
    }
}

#[tokio::test]
async fn a_result_left_early_is_cancelled_soon_but_changes_stay() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect(&database.url()).await.unwrap();
    conn.execute("create table t (n int)", ()).await.unwrap();
    for _ in 0..3 {
        // Read to its end it would take a minute.
        let endless = "select n, repeat('x', 10000) from generate_series(1, 2000000) n";
        conn.query(endless, ()).await.unwrap().advance().await.unwrap();
    }
    let sql = "insert into t select n from generate_series(1, 50000) n returning n, repeat('x', 100)";
    let mut rows = conn.query(sql, ()).await.unwrap();
    rows.advance().await.unwrap();
    assert_eq!(conn.query_one("select count(*) from t", ()).await.unwrap().get::<i64>(0).unwrap(), 50_000);
    // In a transaction the rest is read over, so that it does not fail.
    let mut transaction = conn.transaction().await.unwrap();
    transaction.query("select n, repeat('x', 100) from t", ()).await.unwrap().advance().await.unwrap();
    transaction.execute("delete from t where n > 1", ()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(conn.query_one("select count(*) from t", ()).await.unwrap().get::<i64>(0).unwrap(), 1);
}

#[tokio::test]
async fn a_dropped_connection_leaves_nothing_running_on_the_server() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect(&database.url()).await.unwrap();
    let mut watching = manager().connect(&database.url()).await.unwrap();
    let running = "select count(*) from pg_stat_activity where datname = current_database() and query like '%sleep(61)' and state = 'active'";
    assert!(!poll_once(conn.execute("select pg_sleep(61)", ())));
    while watching.query_one(running, ()).await.unwrap().get::<i64>(0).unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    drop(conn);
    while watching.query_one(running, ()).await.unwrap().get::<i64>(0).unwrap() > 0 {
        tokio::task::yield_now().await;
    }
}
