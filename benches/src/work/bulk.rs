//! Many rows at once, out of a database and into one.

use std::pin::pin;
use std::time::{Duration, Instant};

use batis_dbc::{Batch, BatchOptions, BatchStrategy, blocking};
use batis_testkit::{Cluster, Setup};

use super::driver::{
    drivers, postgres_async, postgres_blocking, postgres_url, read_raw, runtime, sqlite_blocking, tokio_postgres,
};
use super::user::{User, postgres};
use crate::{Subject, Work};

/// Rows that are inserted.
const MANY: i64 = 10_000;
const INSERT: &str = "insert into bulk (id, name, score) values (?, ?, ?)";
const TABLE: &str = "create table bulk (id bigint primary key, name text, score double precision)";
/// Rows that are selected.
const LARGE: &str = "select id, name, email, age, score from large";

pub(super) fn all() -> Vec<Work> {
    let mut works = vec![sqlite_insert()];
    if let Some(database) = postgres() {
        let large = "create table large as select n::int as id, 'user number ' || n as name, 'user' || n || '@example.org' as email, \
            (n % 90)::int as age, n + 0.5::float8 as score from generate_series(1, 100000) n; analyze large";
        database.psql(&format!("drop table if exists large, bulk; {TABLE}; {large}")).expect("the tables are made");
        works.extend([postgres_large(), postgres_insert()]);
    }
    works.extend(postgres_durable_insert());
    works
}

fn postgres_large() -> Work {
    let (rt, raw_rt) = (runtime(), runtime());
    let mut conn = postgres_async(&rt, &postgres_url());
    let client = tokio_postgres(&raw_rt, &postgres_url());
    let statement = raw_rt.block_on(client.prepare(LARGE)).expect("the statement is right");
    let mut threads = postgres_blocking();
    let subjects = vec![
        Subject::each("tokio-postgres, prepared, streamed", move || {
            raw_rt.block_on(async {
                let none: [i32; 0] = [];
                let mut rows = pin!(client.query_raw(&statement, none).await.expect("the query runs"));
                while let Some(row) =
                    std::future::poll_fn(|cx| futures_core::Stream::poll_next(rows.as_mut(), cx)).await
                {
                    read_raw(&row.expect("the row is read")).consume();
                }
            });
        }),
        Subject::each("batis-dbc async", move || {
            rt.block_on(async {
                let mut rows = conn.query(LARGE, ()).await.expect("the query runs");
                while let Some(row) = rows.next().await.expect("the row is read") {
                    User::read(&row).expect("the row fits").consume();
                }
            });
        }),
        Subject::each("batis-dbc blocking", move || {
            let mut rows = threads.query(LARGE, ()).expect("the query runs");
            while let Some(row) = rows.next().expect("the row is read") {
                User::read(&row).expect("the row fits").consume();
            }
        }),
    ];
    Work { name: "PostgreSQL: select 100,000 rows of 5 columns", subjects }
}

fn rows() -> impl Iterator<Item = (i64, String, f64)> {
    (0..MANY).map(|id| (id, format!("user number {id}"), 0.5))
}

/// Empties the table, outside of what is timed.
trait Empties {
    fn empty(&mut self);
}

impl Empties for blocking::Connection {
    fn empty(&mut self) {
        // On PostgreSQL deleted rows would stay for a while.
        let sql = if self.info().product == "SQLite" { "delete from bulk" } else { "truncate bulk" };
        self.execute(sql, ()).expect("the table is emptied");
    }
}

impl Empties for rusqlite::Connection {
    fn empty(&mut self) {
        self.execute("delete from bulk", ()).expect("the table is emptied");
    }
}

/// A connection that fills an empty table by this, timed without emptying it.
fn fills<C: Empties + 'static>(name: &'static str, mut conn: C, mut fill: impl FnMut(&mut C) + 'static) -> Subject {
    Subject::new(name, move |n| {
        let mut took = Duration::ZERO;
        for _ in 0..n {
            conn.empty();
            let start = Instant::now();
            fill(&mut conn);
            took += start.elapsed();
        }
        took
    })
}

/// Each row in a transaction of its own. The private server of the other work does not wait for a disk, as one that is durable does.
fn each_by_itself(conn: &mut blocking::Connection) {
    rows().try_for_each(|row| conn.execute(INSERT, row).map(|_| ())).expect("the rows are new");
}

fn one_by_one(conn: &mut blocking::Connection) {
    let filled = conn.tx(|t| rows().try_for_each(|row| t.execute(INSERT, row).map(|_| ())));
    filled.expect("the rows are new");
}

/// The batch is made anew each time, as a caller would.
fn by_batch(strategy: BatchStrategy) -> impl FnMut(&mut blocking::Connection) {
    move |conn| {
        let mut batch = Batch::new(INSERT);
        rows().try_for_each(|row| batch.add(row)).expect("the values fit");
        let options = BatchOptions::new().strategy(strategy);
        conn.execute_batch_with(&batch, &options).expect("the rows are new");
    }
}

fn postgres_insert() -> Work {
    let subjects = vec![
        fills("one by one, each by itself", postgres_blocking(), each_by_itself),
        fills("one by one, a transaction", postgres_blocking(), one_by_one),
        fills("batch", postgres_blocking(), by_batch(BatchStrategy::Auto)),
        fills("batch, COPY", postgres_blocking(), by_batch(BatchStrategy::Copy)),
        fills("copy_in_rows", postgres_blocking(), |conn| {
            let mut copy = conn.copy_in_rows("bulk (id, name, score)").expect("the table is there");
            copy.send_all(rows()).expect("the values fit");
            copy.finish().expect("the rows are new");
        }),
    ];
    Work { name: "PostgreSQL: insert 10,000 rows of 3 columns", subjects }
}

/// The same on a server that is set as PostgreSQL comes, where a commit waits for the disk.
fn postgres_durable_insert() -> Option<Work> {
    let setup = ["fsync = on", "synchronous_commit = on", "full_page_writes = on"]
        .iter()
        .fold(Setup::new(), |s, line| s.setting(line));
    let cluster = Cluster::start_with(&setup).ok()?;
    cluster.psql("postgres", TABLE).expect("the table is made");
    let url = cluster.socket_url("postgres");
    let connect = || drivers().connect_blocking(&url).expect("the server answers");
    let (all, each, one, batch) = (cluster, connect(), connect(), connect());
    let subjects = vec![
        fills("one by one, each by itself", each, move |conn| {
            let _server = &all;
            each_by_itself(conn);
        }),
        fills("one by one, a transaction", one, one_by_one),
        fills("batch", batch, by_batch(BatchStrategy::Auto)),
    ];
    Some(Work { name: "PostgreSQL, commits on disk: insert 10,000 rows of 3 columns", subjects })
}

fn sqlite_insert() -> Work {
    let raw = rusqlite::Connection::open_in_memory().expect("SQLite opens in memory");
    raw.execute_batch(TABLE).expect("the table is made");
    let connect = || {
        let mut conn = sqlite_blocking();
        conn.execute(TABLE, ()).expect("the table is made");
        conn
    };
    let subjects = vec![
        fills("rusqlite, a prepared loop", raw, |raw| {
            raw.execute_batch("begin immediate").expect("a transaction begins");
            let mut statement = raw.prepare_cached(INSERT).expect("the statement is right");
            assert!(rows().all(|row| statement.execute(row).is_ok()), "the rows are new");
            raw.execute_batch("commit").expect("it commits");
        }),
        fills("one by one, a transaction", connect(), one_by_one),
        fills("batch", connect(), by_batch(BatchStrategy::Auto)),
    ];
    Work { name: "SQLite: insert 10,000 rows of 3 columns", subjects }
}
