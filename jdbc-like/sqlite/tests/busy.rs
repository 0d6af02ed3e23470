//! Locks of other connections, in async code: whoever holds one may be a task of the same thread.

// The tests are async services.
#![allow(clippy::disallowed_methods)]

use std::time::Duration;

use batis_dbc::driver::{ConnectOptions, Driver as _, Mode};
use batis_dbc::{
    Batch, BatchOptions, BatchStrategy, CallOptions, Connection, LockMode, SqlState, TransactionOptions, Url,
};
use batis_sqlite::SqliteDriver;

async fn connect(folder: &tempfile::TempDir, options: &str) -> Connection {
    let url = format!("sqlite:{}?{options}", folder.path().join("busy.db").display());
    let raw = SqliteDriver.connect(&Url::parse(&url).unwrap(), &ConnectOptions::new(Mode::Async)).await.unwrap();
    Connection::new(raw)
}

/// A file with the table `t (n)`, and two connections to it.
async fn two(options: &str) -> (tempfile::TempDir, Connection, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let mut first = connect(&folder, options).await;
    first.execute_script("create table t (n integer)").await.unwrap();
    let second = connect(&folder, options).await;
    (folder, first, second)
}

async fn count(connection: &mut Connection) -> i64 {
    connection.query_one("select count(*) from t", ()).await.unwrap().get(0).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_task_waits_for_the_lock_of_another_on_the_same_thread() {
    let (_folder, mut first, mut second) = two("busy_timeout=60000").await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    first.execute("insert into t values (1)", ()).await.unwrap();
    let waits = tokio::spawn(async move {
        second.execute("insert into t values (2)", ()).await.unwrap();
        second.begin(&TransactionOptions::new()).await.unwrap();
        second.execute("insert into t values (3)", ()).await.unwrap();
        second.commit().await.unwrap();
        second
    });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!waits.is_finished());
    first.commit().await.unwrap();
    let mut second = waits.await.unwrap();
    assert_eq!(count(&mut second).await, 3);
}

#[tokio::test(flavor = "current_thread")]
async fn waiting_ends_with_the_busy_timeout_or_the_deadline() {
    let (_folder, mut first, mut second) = two("busy_timeout=20").await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    let refused = second.begin(&TransactionOptions::new()).await.unwrap_err();
    assert_eq!(refused.sql_state().code(), "55P03");
    assert!(refused.to_string().contains("busy_timeout"), "{refused}");
    let folder = tempfile::tempdir().unwrap();
    let mut holder = connect(&folder, "").await;
    holder.execute_script("create table t (n integer)").await.unwrap();
    let mut patient = connect(&folder, "busy_timeout=60000").await;
    holder.begin(&TransactionOptions::new()).await.unwrap();
    let options = CallOptions::new().timeout(Duration::from_millis(20));
    let late = patient.execute_with("insert into t values (1)", (), &options).await.unwrap_err();
    assert_eq!(late.sql_state(), SqlState::QUERY_CANCELED);
    // Both are as good as new.
    holder.rollback().await.unwrap();
    patient.execute("insert into t values (1)", ()).await.unwrap();
    assert_eq!(count(&mut holder).await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_wait_that_is_dropped_leaves_nothing_behind() {
    let (_folder, mut first, mut second) = two("busy_timeout=60000").await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    first.execute("insert into t values (1)", ()).await.unwrap();
    {
        let options = TransactionOptions::new();
        let mut waits = std::pin::pin!(second.begin(&options));
        for _ in 0..3 {
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(waits.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        }
    }
    first.commit().await.unwrap();
    assert_eq!(second.execute("insert into t values (2)", ()).await.unwrap(), 1);
    assert_eq!(count(&mut first).await, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn what_no_waiting_helps_against_is_told_at_once() {
    let (_folder, mut first, mut second) = two("busy_timeout=60000&transaction_lock=deferred").await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    assert_eq!(count(&mut first).await, 0);
    second.execute("insert into t values (1)", ()).await.unwrap();
    // It read what has changed since.
    let stale = first.execute("insert into t values (2)", ()).await.unwrap_err();
    assert_eq!(stale.sql_state(), SqlState::SERIALIZATION_FAILURE);
}

#[tokio::test(flavor = "current_thread")]
async fn a_script_waits_inside_of_sqlite() {
    let (_folder, mut first, mut second) = two("busy_timeout=60000").await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    first.execute("insert into t values (1)", ()).await.unwrap();
    // Not on this thread, which the script blocks.
    let holder = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        batis_dbc::block(None, None, first.commit()).unwrap();
    });
    second.execute_script("insert into t values (2); insert into t values (3)").await.unwrap();
    holder.join().unwrap();
    assert_eq!(count(&mut second).await, 3);
}

#[tokio::test(flavor = "current_thread")]
async fn of_two_that_would_wait_for_each_other_one_is_told_at_once() {
    let patient = "journal_mode=delete&transaction_lock=deferred&busy_timeout=3600000";
    let (_folder, mut first, mut second) = two(patient).await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    assert_eq!(count(&mut first).await, 0);
    second.begin(&TransactionOptions::new()).await.unwrap();
    second.execute("insert into t values (1)", ()).await.unwrap();
    // The second can commit only when the first has ended.
    let refused = first.execute("insert into t values (2)", ()).await.unwrap_err();
    assert_eq!(refused.sql_state().code(), "55P03");
    first.rollback().await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(count(&mut first).await, 1);
}

fn numbers(items: i64) -> Batch {
    let mut batch = Batch::new("insert into t values (?)");
    (0..items).for_each(|n| batch.add((n,)).unwrap());
    batch
}

#[tokio::test(flavor = "current_thread")]
async fn a_batch_waits_for_a_lock_and_runs_each_item_once() {
    let (_folder, mut first, mut second) = two("busy_timeout=60000").await;
    first.begin(&TransactionOptions::new()).await.unwrap();
    first.execute("insert into t values (-1)", ()).await.unwrap();
    let waits = tokio::spawn(async move {
        // The lock is met by the first item that writes.
        second.begin(&TransactionOptions::new().lock(LockMode::Deferred)).await.unwrap();
        assert_eq!(second.execute_batch(&numbers(50)).await.unwrap().counts, [Some(1); 50]);
        second.commit().await.unwrap();
        second
    });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!waits.is_finished());
    first.commit().await.unwrap();
    let mut second = waits.await.unwrap();
    assert_eq!(count(&mut second).await, 51);
}

#[tokio::test]
async fn a_batch_ends_with_its_deadline_and_leaves_nothing() {
    for threading in ["caller", "worker"] {
        let (_folder, mut first, _second) = two(&format!("threading={threading}")).await;
        let slow = "with recursive n(i) as (select 1 union all select i + 1 from n) insert into t select ? from n";
        let mut batch = Batch::new(slow);
        (0..3).for_each(|n| batch.add((n,)).unwrap());
        for strategy in [BatchStrategy::Auto, BatchStrategy::OneByOne] {
            let deadline = std::time::Instant::now() + Duration::from_millis(20);
            let options = BatchOptions::new().strategy(strategy).deadline(deadline);
            let late = first.execute_batch_with(&batch, &options).await.unwrap_err();
            assert_eq!(late.sql_state(), SqlState::QUERY_CANCELED, "{threading}");
            assert_eq!(count(&mut first).await, 0, "{threading}");
        }
        assert_eq!(first.execute_batch(&numbers(3)).await.unwrap().total(), 3, "as good as new");
    }
}

#[tokio::test]
async fn a_batch_on_a_connection_that_may_be_cancelled_does_the_same() {
    for threading in ["caller", "worker"] {
        let (_folder, mut first, _second) = two(&format!("threading={threading}")).await;
        let handle = first.cancel_handle().unwrap();
        assert_eq!(first.execute_batch(&numbers(20)).await.unwrap().counts, [Some(1); 20]);
        handle.abort();
        let closed = first.execute_batch(&numbers(20)).await.unwrap_err();
        assert_eq!(closed.sql_state(), SqlState::CONNECTION_CLOSED);
    }
}
