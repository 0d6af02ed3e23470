//! `SqlSession::tx_retry`: transactions that lost against another one are run again, others are not.
#![cfg(all(unix, feature = "postgres"))]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use batis::dbc::{IsolationLevel, Retry, TransactionOptions};
use batis::prelude::*;
use batis::{Error, blocking};

const MAPPER: &str = r#"<mapper namespace="accounts">
    <select id="balance">select balance from accounts where id = #{id}</select>
    <select id="total">select sum(balance)::bigint from accounts</select>
    <update id="set">update accounts set balance = #{balance} where id = #{id}</update>
    <insert id="add">insert into accounts values (#{id}, #{balance})</insert>
</mapper>"#;
const SCHEMA: &str = "create table accounts (id bigint primary key, balance bigint not null); insert into accounts values (1, 100), (2, 100)";

fn serializable() -> Retry {
    Retry::new().options(TransactionOptions::new().isolation(IsolationLevel::Serializable))
}

async fn open() -> Option<(batis_testkit::TestDatabase, Batis)> {
    let database = batis_testkit::postgres()?.create_database().unwrap();
    let batis = Batis::builder(database.url()).mapper_xml("a.xml", MAPPER).open().await.unwrap();
    batis.connection().await.unwrap().execute_script(SCHEMA).await.unwrap();
    Some((database, batis))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loser_runs_again_and_sees_what_the_winner_did() {
    let Some((_database, batis)) = open().await else { return };
    let (session, tries) = (batis.session(), AtomicU32::new(0));
    let seen: i64 = session
        .tx_retry(&serializable(), |t| {
            let (other, first) = (batis.session(), tries.fetch_add(1, Ordering::Relaxed) == 0);
            async move {
                let balance: i64 = t.select_one("accounts.balance", &1).await?;
                if first {
                    other.update("accounts.set", params! { id: 1, balance: 150 }).await?;
                }
                t.update("accounts.set", params! { id: 1, balance: balance + 1 }).await?;
                Ok::<_, Error>(balance)
            }
        })
        .await
        .unwrap();
    assert_eq!((seen, tries.into_inner()), (150, 2));
    assert_eq!(session.select_one::<i64>("accounts.balance", &1).await.unwrap(), 151);
    assert_eq!(batis.pool().stats().active, 0, "the connection went home");
}

/// Both read the sum and add a row: which one loses is known at COMMIT only.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_refused_counts_too() {
    let Some((_database, batis)) = open().await else { return };
    let tries = AtomicU32::new(0);
    let done: Result<i64, Error> = batis
        .session()
        .tx_retry(&serializable(), |t| {
            let (other, first) = (batis.session(), tries.fetch_add(1, Ordering::Relaxed) == 0);
            async move {
                let total: i64 = t.select_one("accounts.total", ()).await?;
                t.insert("accounts.add", params! { id: 3, balance: total }).await?;
                if first {
                    let options = TransactionOptions::new().isolation(IsolationLevel::Serializable);
                    other
                        .tx_with(options, |o| async move {
                            let total: i64 = o.select_one("accounts.total", ()).await?;
                            o.insert("accounts.add", params! { id: 4, balance: total }).await
                        })
                        .await?;
                }
                Ok(total)
            }
        })
        .await;
    assert_eq!((done.unwrap(), tries.into_inner()), (400, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_failures_and_transactions_around_it_are_not_run_again() {
    let Some((_database, batis)) = open().await else { return };
    let (session, tries) = (batis.session(), AtomicU32::new(0));
    let add = |t: SqlSession| {
        tries.fetch_add(1, Ordering::Relaxed);
        async move { t.insert("accounts.add", params! { id: 1, balance: 0 }).await }
    };
    let taken: Error = session.tx_retry(&serializable(), add).await.unwrap_err();
    assert_eq!((taken.sql_state(), tries.swap(0, Ordering::Relaxed)), (Some(SqlState::UNIQUE_VIOLATION), 1));

    // Inside of a transaction it is a savepoint: what lost is the whole transaction.
    let outer = serializable().options;
    let lost: Result<u64, Error> = session
        .tx_with(outer, |t| {
            let (tries, other) = (&tries, batis.session());
            async move {
                let _: i64 = t.select_one("accounts.balance", &1).await?;
                other.update("accounts.set", params! { id: 1, balance: 7 }).await?;
                let set = |t: SqlSession| {
                    tries.fetch_add(1, Ordering::Relaxed);
                    async move { t.update("accounts.set", params! { id: 1, balance: 8 }).await }
                };
                t.tx_retry(&Retry::new(), set).await
            }
        })
        .await;
    assert!(lost.unwrap_err().is_retryable());
    assert_eq!(tries.into_inner(), 1);
}

#[test]
fn a_thread_gives_up_after_its_attempts() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = blocking::Batis::builder(database.url()).mapper_xml("a.xml", MAPPER).open().unwrap();
    batis.connection().unwrap().execute_script(SCHEMA).unwrap();
    let (session, seen) = (batis.session(), Mutex::new(Vec::new()));
    let lost: Result<u64, Error> = session.tx_retry(&serializable().attempts(3), |t| {
        let balance: i64 = t.select_one("accounts.balance", 1)?;
        seen.lock().unwrap().push(balance);
        session.update("accounts.set", params! { id: 1, balance: balance + 1 })?;
        t.update("accounts.set", params! { id: 1, balance: 0 })
    });
    assert!(lost.unwrap_err().is_retryable());
    assert_eq!(seen.into_inner().unwrap(), [100, 101, 102]);
    assert_eq!(batis.pool().stats().active, 0);
}
