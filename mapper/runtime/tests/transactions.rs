//! Transactions of sessions: commit, rollback, savepoints, what happens to sessions that outlive them.

#![allow(clippy::disallowed_methods)] // a test is its own host and may spawn

mod support;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use batis_mapper::{Error, ErrorKind, SqlSession, params};
use support::{blocking, session};

const SCHEMA: &str = "create table t (n integer primary key)";
const MAPPER: &str = r#"
    <insert id="add">insert into t values (#{n})</insert>
    <select id="all">select n from t order by n</select>"#;

async fn all(session: &SqlSession) -> Vec<i64> {
    session.select_list("t.all", ()).await.unwrap()
}

#[tokio::test]
async fn ok_commits_and_err_rolls_back() {
    let session = session(SCHEMA, MAPPER);
    let count = session.tx(|t| async move { t.insert("t.add", &1).await }).await.unwrap();
    assert_eq!((count, all(&session).await), (1, vec![1]));
    let failed: Result<(), Error> = session
        .tx(async |t: SqlSession| {
            t.insert("t.add", &2).await?;
            assert_eq!(all(&t).await, [1, 2]);
            t.insert("t.add", &1).await?;
            Ok(())
        })
        .await;
    assert_eq!(failed.unwrap_err().sql_state().unwrap().code(), "23505");
    assert_eq!(all(&session).await, [1]);
}

#[tokio::test]
async fn an_error_of_the_callers_own_type_rolls_back() {
    #[derive(Debug)]
    enum Mine {
        Stop,
        #[allow(dead_code)] // shown by Debug
        Sql(Error),
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Self::Sql(error)
        }
    }
    let session = session(SCHEMA, MAPPER);
    let stopped: Result<(), Mine> = session
        .tx(|t| async move {
            t.insert("t.add", &1).await?;
            Err(Mine::Stop)
        })
        .await;
    assert!(matches!(stopped, Err(Mine::Stop)));
    assert!(all(&session).await.is_empty());
}

#[tokio::test]
async fn nested_transactions_are_savepoints() {
    let session = session(SCHEMA, MAPPER);
    session
        .tx(|t| async move {
            t.insert("t.add", &1).await?;
            let inner: Result<(), Error> = t
                .tx(|s| async move {
                    s.insert("t.add", &2).await?;
                    s.insert("t.add", &1).await?;
                    Ok(())
                })
                .await;
            assert!(inner.is_err());
            t.tx(|s| async move { s.insert("t.add", &3).await }).await?;
            t.insert("t.add", &4).await
        })
        .await
        .unwrap();
    assert_eq!(all(&session).await, [1, 3, 4]);
}

#[tokio::test]
async fn a_second_nested_transaction_beside_an_open_one_is_an_error() {
    let session = session(SCHEMA, MAPPER);
    let t = session.begin().await.unwrap();
    let inner = t.begin().await.unwrap();
    let error = t.begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transaction);
    assert!(error.to_string().starts_with("a nested transaction is open already (begun at "), "{error}");
    inner.commit().await.unwrap();
    t.begin().await.unwrap().rollback().await.unwrap();
    t.commit().await.unwrap();
}

#[tokio::test]
async fn sessions_begun_by_hand_commit_roll_back_or_are_dropped() {
    let session = session(SCHEMA, MAPPER);
    let t = session.begin().await.unwrap();
    t.insert("t.add", &1).await.unwrap();
    t.commit().await.unwrap();
    let t = session.begin().await.unwrap();
    t.insert("t.add", &2).await.unwrap();
    t.rollback().await.unwrap();
    let t = session.begin().await.unwrap();
    let clone = t.clone();
    clone.insert("t.add", &3).await.unwrap();
    drop((t, clone));
    assert_eq!(all(&session).await, [1]);
}

#[tokio::test]
async fn a_session_that_outlives_its_transaction_is_refused() {
    let session = session(SCHEMA, MAPPER);
    let escaped = session.tx(|t| async move { Ok::<_, Error>(t.clone()) }).await.unwrap();
    let error = escaped.insert("t.add", &1).await.unwrap_err();
    assert_eq!((error.kind(), error.sql_state().unwrap().code()), (ErrorKind::Transaction, "25000"));
    let text = error.to_string();
    assert!(text.contains("tests/transactions.rs:") && text.contains("was committed already"), "{text}");
    assert!(all(&session).await.is_empty());
}

#[tokio::test]
async fn the_wrong_session_cannot_commit() {
    let session = session(SCHEMA, MAPPER);
    assert_eq!(
        session.commit().await.unwrap_err().to_string(),
        "this session has no transaction: each statement commits by itself; hint: use `tx`, or the session that `begin` gives"
    );
    let inner: Result<(), Error> = session.tx(|t| async move { t.commit().await }).await;
    assert_eq!(
        inner.unwrap_err().to_string(),
        "the transaction belongs to `tx`, which ends it; hint: return Ok from the closure to commit and Err to roll back"
    );
}

/// Polls a future once and drops it.
fn poll_once_and_drop(future: impl Future) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(future).poll(&mut cx).is_pending());
}

#[tokio::test]
async fn a_dropped_transaction_rolls_back_though_a_clone_lives() {
    let session = session(SCHEMA, MAPPER);
    let kept = Arc::new(std::sync::Mutex::new(None));
    let keep = Arc::clone(&kept);
    poll_once_and_drop(session.tx(|t| async move {
        t.insert("t.add", &1).await?;
        *keep.lock().unwrap() = Some(t.clone());
        std::future::pending::<Result<(), Error>>().await
    }));
    assert!(all(&session).await.is_empty(), "the only connection is back and clean");
    let clone = kept.lock().unwrap().take().unwrap();
    assert_eq!(clone.insert("t.add", &2).await.unwrap_err().kind(), ErrorKind::Transaction);
}

#[tokio::test]
async fn a_dropped_nested_transaction_rolls_back_to_its_savepoint() {
    let session = session(SCHEMA, MAPPER);
    let t = session.begin().await.unwrap();
    t.insert("t.add", &1).await.unwrap();
    poll_once_and_drop(t.tx(|s| async move {
        s.insert("t.add", &2).await?;
        std::future::pending::<Result<(), Error>>().await
    }));
    assert_eq!(all(&t).await, [1]);
    t.commit().await.unwrap();
    assert_eq!(all(&session).await, [1]);
}

#[tokio::test]
async fn an_outer_commit_rolls_back_what_is_open_inside() {
    let session = session(SCHEMA, MAPPER);
    let t = session.begin().await.unwrap();
    t.insert("t.add", &1).await.unwrap();
    let inner = t.begin().await.unwrap();
    inner.insert("t.add", &2).await.unwrap();
    t.commit().await.unwrap();
    assert_eq!(all(&session).await, [1]);
    assert!(inner.commit().await.is_err());
}

#[tokio::test]
async fn clones_in_one_transaction_take_turns() {
    let session = session(SCHEMA, MAPPER);
    session
        .tx(|t| async move {
            let (a, b) = (t.clone(), t.clone());
            let both = tokio::join!(a.insert("t.add", &1), b.insert("t.add", &2));
            Ok::<_, Error>(both.0? + both.1?)
        })
        .await
        .unwrap();
    assert_eq!(all(&session).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn futures_are_send_with_borrowed_captures() {
    let session = session(SCHEMA, MAPPER);
    let task = tokio::spawn(async move {
        let numbers = [1_i64, 2];
        let borrowed = &numbers;
        session
            .tx(|t| async move {
                for n in borrowed {
                    t.insert("t.add", params! { n }).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        session.select_list::<i64>("t.all", ()).await
    });
    assert_eq!(task.await.unwrap().unwrap(), [1, 2]);
}

#[test]
fn blocking_transactions_do_the_same() {
    let session = blocking(SCHEMA, MAPPER);
    session.tx(|t| t.insert("t.add", 1)).unwrap();
    let failed: Result<u64, Error> = session.tx(|t| {
        t.insert("t.add", 2)?;
        t.tx(|s| s.insert("t.add", 3))?;
        t.insert("t.add", 1)
    });
    assert!(failed.is_err());
    let t = session.begin().unwrap();
    t.insert("t.add", 4).unwrap();
    let escaped = t.clone();
    t.commit().unwrap();
    assert!(escaped.insert("t.add", 5).is_err());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        session.tx(|t| -> Result<(), Error> {
            t.insert("t.add", 6)?;
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(session.select_list::<i64>("t.all", ()).unwrap(), [1, 4]);
}
