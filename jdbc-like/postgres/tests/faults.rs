//! What networks and servers do on bad days: each ends with an error that says what happened, for tasks and for plain threads.
//!
//! The times here are safety nets, except where a test needs one to pass.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use batis_dbc::driver::{ConnectOptions, Mode};
use batis_dbc::{CallOptions, Connection, Result, Retry, TransactionOptions, block};
use batis_testkit::{Cluster, Fault, Proxy};
use common::{code, database, manager};

/// No test may take longer, whatever the machine does; without a bound they would hang.
const NET: Duration = Duration::from_secs(120);

const BOTH: [Mode; 2] = [Mode::Async, Mode::Blocking];

/// Runs a scenario on a new connection, in a task or on a plain thread.
fn run(url: &str, mode: Mode, scenario: impl AsyncFnOnce(&mut Connection)) {
    let source = manager().data_source(url).unwrap();
    let options = ConnectOptions::new(mode);
    match mode {
        Mode::Async => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let whole = async {
                let mut conn = source.connect(&options).await.unwrap();
                scenario(&mut conn).await;
            };
            #[allow(clippy::disallowed_methods)] // a safety net around a test, inside of its own runtime
            runtime.block_on(async { tokio::time::timeout(NET, whole).await }).expect("the scenario hangs");
            runtime.shutdown_background();
        }
        Mode::Blocking => {
            let mut conn = block(None, None, source.connect(&options)).unwrap();
            let runner = conn.runner();
            let whole = async {
                scenario(&mut conn).await;
                Ok(())
            };
            block(runner.as_deref(), Some(Instant::now() + NET), whole).expect("the scenario hangs");
        }
    }
}

fn within(millis: u64) -> CallOptions {
    CallOptions::new().timeout(Duration::from_millis(millis))
}

async fn one(conn: &mut Connection) -> Result<i32> {
    conn.query_one("select 1", ()).await?.get(0)
}

async fn is_lost(conn: &mut Connection) {
    assert!(conn.is_broken());
    let error = one(conn).await.unwrap_err();
    assert_eq!(error.sql_state().class(), "08", "{error}");
}

#[test]
fn a_killed_session_says_so_wherever_it_is() {
    let Some(database) = database() else { return };
    let kill = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    for mode in BOTH {
        // Idle, inside of a transaction.
        run(&database.url(), mode, async |conn| {
            conn.begin(&TransactionOptions::new()).await.unwrap();
            one(conn).await.unwrap();
            database.psql(kill).unwrap();
            let error = one(conn).await.unwrap_err();
            assert_eq!(code(&error), "57P01", "{error}");
            assert!(error.breaks_connection());
            is_lost(conn).await;
        });
        // While a statement runs: the killer waits until it does.
        let killer = std::thread::spawn({
            let cluster = batis_testkit::postgres().unwrap();
            let (name, kill) = (database.name().to_owned(), kill.to_owned());
            move || {
                let runs = "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep(77)%'";
                while cluster.psql(&name, runs).unwrap() == "0" {}
                cluster.psql(&name, &kill).unwrap();
            }
        });
        run(&database.url(), mode, async |conn| {
            let error = conn.execute("select pg_sleep(77)", ()).await.unwrap_err();
            assert_eq!(code(&error), "57P01", "{error}");
            is_lost(conn).await;
        });
        killer.join().unwrap();
    }
}

#[test]
fn a_server_that_restarts_loses_its_connections_and_takes_new_ones() {
    if batis_testkit::postgres().is_none() {
        return;
    }
    let Ok(cluster) = Cluster::start() else { return };
    for mode in BOTH {
        let url = cluster.tcp_url("postgres");
        run(&url, mode, async |conn| {
            one(conn).await.unwrap();
            cluster.restart().unwrap();
            let error = one(conn).await.unwrap_err();
            assert!(error.breaks_connection(), "{error}");
            assert!(["57P01", "08006"].contains(&&*code(&error)), "{error}");
            is_lost(conn).await;
        });
        run(&url, mode, async |conn| assert_eq!(one(conn).await.unwrap(), 1));
        run(&url, mode, async |conn| {
            cluster.stop().unwrap();
            assert!(one(conn).await.unwrap_err().breaks_connection());
            let refused = manager().data_source(&url).unwrap().connect(&ConnectOptions::new(mode)).await;
            assert_eq!(code(&refused.unwrap_err()), "08001");
        });
        cluster.restart().unwrap();
    }
}

#[test]
fn a_half_open_connection_ends_at_each_deadline() {
    let Some(database) = database() else { return };
    for mode in BOTH {
        let proxy = Proxy::before(&database.tcp_url()).unwrap();
        run(&proxy.url(&database.tcp_url()), mode, async |conn| {
            one(conn).await.unwrap();
            proxy.set(Fault::Blackhole);
            // The second and third cannot even end what the first left behind.
            for _ in 0..3 {
                let begun = Instant::now();
                let error = conn.execute_with("select 2", (), &within(200)).await.unwrap_err();
                assert_eq!(code(&error), "57014", "{error}");
                assert!(begun.elapsed() < NET / 4, "{:?}", begun.elapsed());
            }
            // Who has no deadline is told when the cancel request has not been answered.
            let error = one(conn).await.unwrap_err();
            assert_eq!(code(&error), "08006", "{error}");
            is_lost(conn).await;
        });
    }
}

#[test]
fn a_half_open_connection_is_lost_after_the_network_timeout() {
    let Some(database) = database() else { return };
    database.psql("create table t (n int)").unwrap();
    for mode in BOTH {
        let proxy = Proxy::before(&database.tcp_url()).unwrap();
        let url = format!("{}&socket_timeout=1", proxy.url(&database.tcp_url()));
        run(&url, mode, async |conn| {
            assert_eq!(conn.network_timeout(), Some(Duration::from_secs(1)));
            proxy.set(Fault::Blackhole);
            let error = one(conn).await.unwrap_err();
            assert_eq!(error.message(), "the database did not answer within the network timeout of 1s");
            assert_eq!(code(&error), "08006");
            is_lost(conn).await;
        });
        // A nearer deadline goes first; a later one does not.
        for (deadline, first) in [(100, "57014"), (60_000, "08006")] {
            proxy.set(Fault::None);
            run(&url, mode, async |conn| {
                proxy.set(Fault::Blackhole);
                let error = conn.execute_with("select 1", (), &within(deadline)).await.unwrap_err();
                assert_eq!(code(&error), first, "{error}");
                one(conn).await.unwrap_err();
                is_lost(conn).await;
            });
        }
        // Rows are waited for no longer either.
        proxy.set(Fault::None);
        run(&proxy.url(&database.tcp_url()), mode, async |conn| {
            conn.set_network_timeout(Some(Duration::from_secs(2)));
            let mut rows =
                conn.query("select n, repeat('x', 1000) from generate_series(1, 1000000) n", ()).await.unwrap();
            assert!(rows.advance().await.unwrap());
            proxy.set(Fault::Blackhole);
            let error = loop {
                match rows.advance().await {
                    Ok(more) => assert!(more),
                    Err(error) => break error,
                }
            };
            assert_eq!(code(&error), "08006", "{error}");
            is_lost(conn).await;
        });
        // The outcome of a COMMIT is not known then.
        proxy.set(Fault::None);
        run(&url, mode, async |conn| {
            conn.begin(&TransactionOptions::new()).await.unwrap();
            conn.execute("insert into t values (1)", ()).await.unwrap();
            proxy.set(Fault::Blackhole);
            let error = conn.commit().await.unwrap_err();
            assert_eq!(code(&error), "08007", "{error}");
            is_lost(conn).await;
        });
    }
}

#[test]
fn a_connection_that_ends_in_the_middle_of_a_row_is_an_error() {
    let Some(database) = database() else { return };
    for mode in BOTH {
        for bytes in [1, 6, 4000, 100_000, 3_000_000] {
            for fault in [Fault::ResetAfter(bytes), Fault::CloseAfter(bytes)] {
                let proxy = Proxy::before(&database.tcp_url()).unwrap();
                run(&proxy.url(&database.tcp_url()), mode, async |conn| {
                    one(conn).await.unwrap();
                    proxy.set(fault);
                    let sql = "select n, repeat('x', 1000000) from generate_series(1, 10) n";
                    let error = match conn.query(sql, ()).await {
                        Ok(rows) => rows.collect().await.map(drop).unwrap_err(),
                        Err(error) => error,
                    };
                    assert_eq!(code(&error), "08006", "{fault:?}: {error}");
                    is_lost(conn).await;
                });
            }
        }
    }
}

#[test]
fn a_lost_answer_to_commit_is_an_unknown_outcome_and_never_tried_again() {
    let Some(database) = database() else { return };
    database.psql("create table t (n int)").unwrap();
    for mode in BOTH {
        for fault in [Fault::CutCommit, Fault::LoseCommit] {
            database.psql("truncate t").unwrap();
            let proxy = Proxy::before(&database.tcp_url()).unwrap();
            run(&proxy.url(&database.tcp_url()), mode, async |conn| {
                proxy.set(fault);
                let mut transaction = conn.transaction().await.unwrap();
                transaction.execute("insert into t values (1)", ()).await.unwrap();
                let error = transaction.commit().await.unwrap_err();
                assert_eq!(code(&error), "08007", "{fault:?}: {error}");
                assert!(!error.is_retryable());
                is_lost(conn).await;
            });
            proxy.set(Fault::None);
            let tries = AtomicU32::new(0);
            run(&proxy.url(&database.tcp_url()), mode, async |conn| {
                proxy.set(fault);
                let done = conn
                    .tx_retry(&Retry::new(), async |t| {
                        tries.fetch_add(1, Ordering::Relaxed);
                        t.execute("insert into t values (2)", ()).await
                    })
                    .await;
                assert_eq!(code(&done.unwrap_err()), "08007");
            });
            assert_eq!(tries.into_inner(), 1);
            // In truth both were committed, once each.
            assert_eq!(database.psql("select string_agg(n::text, ',' order by n) from t").unwrap(), "1,2");
        }
    }
}

#[test]
fn a_slow_network_changes_nothing_but_the_time() {
    let Some(database) = database() else { return };
    for mode in BOTH {
        let proxy = Proxy::before(&database.tcp_url()).unwrap();
        run(&proxy.url(&database.tcp_url()), mode, async |conn| {
            proxy.set(Fault::Latency(Duration::from_millis(30)));
            conn.execute("create table t (n int)", ()).await.unwrap();
            conn.tx(async |t| t.execute("insert into t select generate_series(1, 100)", ()).await).await.unwrap();
            // A deadline that the latency does not leave time for: cancelled, and the next one is not hit.
            for n in 0..3 {
                let error = conn.execute_with("select pg_sleep(60)", (), &within(20)).await.unwrap_err();
                assert_eq!(code(&error), "57014", "{error}");
                let next = conn.query_one("select ?::int", (n,)).await.unwrap();
                assert_eq!(next.get::<i32>(0).unwrap(), n);
            }
            proxy.set(Fault::Throttle(2_000_000));
            let rows = conn.query("select n, repeat('x', 1000) from t", ()).await.unwrap();
            assert_eq!(rows.collect().await.unwrap().len(), 100);
            conn.execute("drop table t", ()).await.unwrap();
            proxy.set(Fault::None);
        });
    }
}

#[test]
fn a_login_into_a_black_hole_is_given_up_in_time() {
    let Some(database) = database() else { return };
    let proxy = Proxy::before(&database.tcp_url()).unwrap();
    proxy.set(Fault::Blackhole);
    let url = format!("{}&connect_timeout=1", proxy.url(&database.tcp_url()));
    let refused = manager().connect_blocking(&url).unwrap_err();
    assert_eq!(code(&refused), "08001", "{refused}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(code(&runtime.block_on(manager().connect(&url)).unwrap_err()), "08001");
}

/// Sends a signal to a process of the server.
fn signal(name: &str, pid: i32) {
    let done = std::process::Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
    assert!(done.success(), "{name} {pid}");
}

async fn pid(conn: &mut Connection) -> i32 {
    conn.query_one("select pg_backend_pid()", ()).await.unwrap().get(0).unwrap()
}

/// Stops a process of the server, and lets it go on in any case.
struct Frozen(i32);

impl Frozen {
    fn new(pid: i32) -> Self {
        signal("-STOP", pid);
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", self.0);
    }
}

#[test]
fn a_frozen_session_is_given_up_at_the_deadline_and_goes_on_when_it_thaws() {
    let Some(database) = database() else { return };
    database.psql("create table t (n int)").unwrap();
    for mode in BOTH {
        run(&database.url(), mode, async |conn| {
            let frozen = Frozen::new(pid(conn).await);
            let begun = Instant::now();
            let error = conn.execute_with("insert into t values (1)", (), &within(200)).await.unwrap_err();
            assert_eq!(code(&error), "57014", "{error}");
            assert!(begun.elapsed() < NET / 4, "{:?}", begun.elapsed());
            drop(frozen);
            // The answer is that of the question, not of the one before, and nothing is left open.
            for n in 0..3_i32 {
                let row = conn.query_one("select ?::int", (n,)).await.unwrap();
                assert_eq!(row.get::<i32>(0).unwrap(), n);
            }
            assert!(!conn.is_broken());
        });
        run(&database.url(), mode, async |conn| {
            let frozen = Frozen::new(pid(conn).await);
            conn.set_network_timeout(Some(Duration::from_millis(300)));
            let error = one(conn).await.unwrap_err();
            assert_eq!(code(&error), "08006", "{error}");
            drop(frozen);
            is_lost(conn).await;
        });
    }
}

#[test]
fn a_crash_of_the_server_is_told_to_all_and_new_connections_come_back() {
    if batis_testkit::postgres().is_none() {
        return;
    }
    let Ok(cluster) = Cluster::start() else { return };
    cluster.psql("postgres", "create table t (n int)").unwrap();
    // The server writes nothing through to the disk by itself in tests.
    cluster.psql("postgres", "checkpoint").unwrap();
    for mode in BOTH {
        let url = cluster.tcp_url("postgres");
        run(&url, mode, async |conn| {
            conn.begin(&TransactionOptions::new()).await.unwrap();
            conn.execute("insert into t values (1)", ()).await.unwrap();
            // Another session is killed without a word: the server ends all of them and recovers.
            let victim = std::thread::spawn({
                let url = url.clone();
                move || {
                    let mut other = manager().connect_blocking(&url).unwrap();
                    let pid: i32 = other.query_one("select pg_backend_pid()", ()).unwrap().get(0).unwrap();
                    signal("-KILL", pid);
                    other.query_one("select 1", ()).unwrap_err()
                }
            });
            let killed = victim.join().unwrap();
            assert!(killed.breaks_connection() && code(&killed) == "08006", "{killed}");
            let error = conn.execute("select pg_sleep(60)", ()).await.unwrap_err();
            assert!(["57P02", "08006"].contains(&&*code(&error)), "{error}");
            assert!(error.breaks_connection());
            is_lost(conn).await;
        });
        // It says 57P03 while it recovers.
        let begun = Instant::now();
        let mut conn = loop {
            match manager().connect_blocking(&url) {
                Ok(conn) => break conn,
                Err(error) => assert!(["57P03", "08001", "08006"].contains(&&*code(&error)), "{error}"),
            }
            assert!(begun.elapsed() < NET, "the server does not come back");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(conn.query_one("select count(*) from t", ()).unwrap().get::<i64>(0).unwrap(), 0);
    }
}
