//! What rows cost: no more than tokio-postgres takes for them, and never the memory of the whole result.
//!
//! The floor is tokio-postgres' own: for each row the list of where its columns are, and for each portion of the socket (8 KiB and more) its
//! buffer and its place in the queue. batis adds nothing for a row.

#[path = "../../testkit/shared/counting.rs"]
mod counting;

mod common;

use std::pin::pin;

use batis_dbc::{CallOptions, Connection, Result, RowRef, blocking};
use batis_testkit::TestDatabase;
use common::manager;
use counting::{Counted, counted};
use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

const TABLE: &str = "create table t as select i::bigint as id, 'the name of row ' || i as name, i / 8.0::float8 as weight, \
    '\\x00010203'::bytea as data, nullif(i % 3, 0)::bigint as parent from generate_series(1, 10000) i";
const QUERY: &str = "select id, name, weight, data, parent from t limit ?";

fn database() -> Option<TestDatabase> {
    let database = common::database()?;
    database.psql(TABLE).unwrap();
    Some(database)
}

/// Reads all five columns in place, by index and by name.
fn look(row: &RowRef<'_>) -> Result<usize> {
    let (id, name): (i64, &str) = (row.get(0)?, row.get("name")?);
    let (weight, data, parent): (f64, &[u8], Option<i64>) = (row.get("weight")?, row.get(3)?, row.get(4)?);
    assert!(weight * 8.0 == id as f64 && parent.unwrap_or_default() == id % 3);
    Ok(name.len() + data.len())
}

fn read(conn: &mut blocking::Connection, rows: i64) -> usize {
    let (mut all, mut seen) = (conn.query(QUERY, (rows,)).unwrap(), 0);
    while let Some(row) = all.next().unwrap() {
        seen += look(&row).unwrap().min(1);
    }
    seen
}

async fn read_in_task(conn: &mut Connection, rows: i64) -> usize {
    let (mut all, mut seen) = (conn.query(QUERY, (rows,)).await.unwrap(), 0);
    while let Some(row) = all.next().await.unwrap() {
        seen += look(&row).unwrap().min(1);
    }
    seen
}

async fn read_raw(client: &tokio_postgres::Client, statement: &tokio_postgres::Statement, rows: i64) -> usize {
    let mut all = pin!(client.query_raw(statement, [rows]).await.unwrap());
    let mut seen = 0;
    while let Some(row) = all.next().await {
        let row = row.unwrap();
        let (id, name): (i64, &str) = (row.get(0), row.get("name"));
        let (weight, data, parent): (f64, &[u8], Option<i64>) = (row.get("weight"), row.get(3), row.get(4));
        assert!(weight * 8.0 == id as f64 && parent.unwrap_or_default() == id % 3);
        seen += (name.len() + data.len()).min(1);
    }
    seen
}

fn runtime() -> tokio::runtime::Runtime {
    // One thread: the connection's task is counted too.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Allocations for each row beyond the first thousand, in thousandths.
fn per_row(mut read: impl FnMut(i64) -> usize) -> usize {
    // The statement gets its name, and buffers their size.
    (0..8).for_each(|_| assert_eq!(read(10_000), 10_000));
    let (_, few) = counted(|| read(1000));
    let (_, many) = counted(|| read(10_000));
    (many.allocations - few.allocations) * 1000 / 9000
}

/// tokio-postgres' own, over the same kind of socket.
fn floor(database: &TestDatabase) -> usize {
    let runtime = runtime();
    let config: Config = database.tcp_url().parse().unwrap();
    let [Host::Tcp(host)] = config.get_hosts() else { panic!("one host is asked") };
    let (client, statement) = runtime.block_on(async {
        let socket = TcpStream::connect((host.as_str(), config.get_ports()[0])).await.unwrap();
        let (client, connection) = config.connect_raw(socket, NoTls).await.unwrap();
        runtime.spawn(connection);
        let statement = client.prepare(&QUERY.replace('?', "$1")).await.unwrap();
        (client, statement)
    });
    per_row(|rows| runtime.block_on(read_raw(&client, &statement, rows)))
}

/// How the answers are cut into portions differs from run to run (18 more were seen here); an allocation for each row would be 1000.
const NOISE: usize = 100;

#[test]
fn a_row_costs_what_it_costs_tokio_postgres() {
    let Some(database) = database() else { return };
    let floor = floor(&database);
    assert!((1000..1200).contains(&floor), "the floor has moved: {floor}");
    let mut conn = manager().connect_blocking(&database.tcp_url()).unwrap();
    let on_threads = per_row(|rows| read(&mut conn, rows));
    let runtime = runtime();
    let mut conn = runtime.block_on(manager().connect(&database.tcp_url())).unwrap();
    let in_tasks = per_row(|rows| runtime.block_on(read_in_task(&mut conn, rows)));
    assert!(on_threads <= floor + NOISE && in_tasks <= floor + NOISE, "{floor} {on_threads} {in_tasks}");
}

/// 40 MB in rows of a kilobyte.
const LARGE: &str = "select repeat('x', 1000) || n from generate_series(1, 40000) n";

fn stream(rows: Result<blocking::ResultSet<'_>>) -> usize {
    let (mut rows, mut bytes) = (rows.unwrap(), 0);
    while let Some(row) = rows.next().unwrap() {
        bytes += row.get::<&str>(0).unwrap().len();
    }
    bytes
}

#[test]
fn a_large_result_is_never_in_memory_as_a_whole() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect_blocking(&database.url()).unwrap();
    let small = |what: &str, (bytes, of): (usize, Counted)| {
        assert!(bytes > 40_000_000 && of.peak < 1_000_000, "{what}: {} bytes at a time", of.peak);
    };
    small("outside of a transaction", counted(|| stream(conn.query(LARGE, ()))));
    let mut transaction = conn.transaction().unwrap();
    small("in a transaction", counted(|| stream(transaction.query(LARGE, ()))));
    let options = CallOptions::new().fetch_size(100);
    small("in portions", counted(|| stream(transaction.query_with(LARGE, (), &options))));
    transaction.commit().unwrap();

    let runtime = runtime();
    let mut conn = runtime.block_on(manager().connect(&database.url())).unwrap();
    let mut read = |options: CallOptions| {
        runtime.block_on(async {
            let mut transaction = conn.transaction().await.unwrap();
            let (mut rows, mut bytes) = (transaction.query_with(LARGE, (), &options).await.unwrap(), 0);
            while let Some(row) = rows.next().await.unwrap() {
                bytes += row.get::<&str>(0).unwrap().len();
            }
            transaction.commit().await.unwrap();
            bytes
        })
    };
    small("in a task", counted(|| read(CallOptions::new())));
    small("in a task, in portions", counted(|| read(CallOptions::new().fetch_size(100))));
}

#[test]
fn a_portion_is_all_that_is_sent_while_nobody_reads() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect_blocking(&database.url()).unwrap();
    let mut transaction = conn.transaction().unwrap();
    let options = CallOptions::new().fetch_size(50);
    let (left, of) = counted(|| {
        let mut rows = transaction.query_with(LARGE, (), &options).unwrap();
        for _ in 0..60 {
            assert!(rows.advance().unwrap());
        }
        rows.row().get::<&str>(0).unwrap().len()
    });
    // Two portions of about 50 kB were there, one after the other, and the buffers.
    assert!(left > 1000 && of.peak < 300_000, "{} bytes at a time", of.peak);
    assert_eq!(transaction.query_one("select 1", ()).unwrap().get::<i64>(0).unwrap(), 1);
}
