//! What the driver layer costs: the same work through tokio-postgres with a prepared statement and through batis, in turns, in one process.
//!
//! "raw" is tokio-postgres on the same runtime. For plain threads it is tokio-postgres on a current-thread runtime of its own, whose
//! `block_on` drives the connection too, which is how the `postgres` crate works.
//!
//! ```text
//! cargo run --release -p batis-postgres --example against_tokio_postgres
//! ```
// The raw side needs a task of its own for its connection.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::error::Error;
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;

use batis_dbc::{Connection, DriverManager, RowRef, blocking};
use batis_postgres::PostgresDriver;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, Statement};

const ROUNDS: usize = 31;
const ROWS: i64 = 1000;
const BY_ID: &str = "select id, name, email, age, score from users where id = ";
const ALL: &str = "select id, name, email, age, score from users";

type Answer = Result<u64, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(cluster) = batis_testkit::postgres() else { return Ok(()) };
    let database = cluster.create_database()?;
    database.psql(
        "create table users (id bigint primary key, name text, email text, age int, score float8);
         insert into users select n, 'name ' || n, 'user' || n || '@example.org', n % 90, 0.5 from generate_series(0, 999) n;
         analyze users",
    )?;
    let url = database.url();
    let many = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    tasks("tasks, 2 workers", &many, &url)?;
    let one = Builder::new_current_thread().enable_all().build()?;
    tasks("tasks, 1 thread", &one, &url)?;
    threads(&url)
}

/// On one runtime: both connections, in turns.
fn tasks(name: &str, runtime: &Runtime, url: &str) -> Result<(), Box<dyn Error>> {
    let manager = DriverManager::new().with(PostgresDriver::new());
    runtime.block_on(async {
        let (client, io) = raw(url).await?;
        tokio::task::spawn(io);
        let by_id = client.prepare(&format!("{BY_ID}$1")).await?;
        let all = client.prepare(ALL).await?;
        let mut conn = manager.connect(url).await?;
        let sql = conn.prepare(&format!("{BY_ID}?")).await?;
        let every = conn.prepare(ALL).await?;
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for n in 0..500 {
                black_box(raw_by_id(&client, &by_id, n).await?);
            }
            theirs.push(begun.elapsed().as_secs_f64() / 500.0);
            let begun = Instant::now();
            for n in 0..500 {
                black_box(conn.query_opt_with(&sql, (n * 7919 % ROWS,), read).await?);
            }
            ours.push(begun.elapsed().as_secs_f64() / 500.0);
        }
        print(name, "select by id", theirs, ours);
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for _ in 0..20 {
                black_box(raw_all(&client, &all).await?);
            }
            theirs.push(begun.elapsed().as_secs_f64() / 20.0);
            let begun = Instant::now();
            for _ in 0..20 {
                black_box(all_rows(&mut conn, &every).await?);
            }
            ours.push(begun.elapsed().as_secs_f64() / 20.0);
        }
        print(name, "1,000 rows of 5 columns", theirs, ours);
        Ok(())
    })
}

async fn all_rows(conn: &mut Connection, all: &batis_dbc::PreparedStatement) -> Answer {
    Ok(conn.query(all, ()).await?.map(read).await?.iter().sum())
}

/// On this thread: a runtime of its own against the loop of batis.
fn threads(url: &str) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (client, io) = runtime.block_on(raw(url))?;
    let mut io: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(io);
    let by_id = drive(&runtime, &mut io, client.prepare(&format!("{BY_ID}$1")))?;
    let manager = DriverManager::new().with(PostgresDriver::new());
    let mut conn: blocking::Connection = manager.connect_blocking(url)?;
    let sql = conn.prepare(&format!("{BY_ID}?"))?;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for n in 0..500 {
            black_box(drive(&runtime, &mut io, raw_by_id(&client, &by_id, n))?);
        }
        theirs.push(begun.elapsed().as_secs_f64() / 500.0);
        let begun = Instant::now();
        for n in 0..500 {
            black_box(conn.query_opt_with(&sql, (n * 7919 % ROWS,), read)?);
        }
        ours.push(begun.elapsed().as_secs_f64() / 500.0);
    }
    print("plain threads", "select by id", theirs, ours);
    Ok(())
}

/// Runs a future and the connection together until the future is ready.
fn drive<T>(
    runtime: &Runtime,
    io: &mut Pin<Box<dyn Future<Output = ()> + Send>>,
    future: impl Future<Output = T>,
) -> T {
    let mut future = pin!(future);
    runtime.block_on(std::future::poll_fn(|cx| {
        let _ = io.as_mut().poll(cx);
        match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(value),
            Poll::Pending => {
                let _ = io.as_mut().poll(cx);
                Poll::Pending
            }
        }
    }))
}

async fn raw(url: &str) -> Result<(Client, impl Future<Output = ()> + Send + 'static), Box<dyn Error>> {
    let mut config: Config = url.parse()?;
    config.user("batis");
    let folder = url.split("host=").nth(1).and_then(|t| t.split('&').next()).unwrap_or_default();
    let port = url.split("port=").nth(1).unwrap_or_default();
    let socket = UnixStream::connect(format!("{folder}/.s.PGSQL.{port}")).await?;
    let (client, connection) = config.connect_raw(socket, NoTls).await?;
    Ok((client, async move {
        let _ = connection.await;
    }))
}

async fn raw_by_id(client: &Client, statement: &Statement, n: i64) -> Answer {
    let row = client.query_opt(statement, &[&(n * 7919 % ROWS)]).await?;
    Ok(row.map(|row| raw_read(&row)).transpose()?.unwrap_or(0))
}

async fn raw_all(client: &Client, statement: &Statement) -> Answer {
    let rows = client.query(statement, &[]).await?;
    Ok(rows.iter().map(raw_read).sum::<Result<u64, _>>()?)
}

fn raw_read(row: &tokio_postgres::Row) -> Result<u64, tokio_postgres::Error> {
    let (id, name, email): (i64, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let (age, score): (i32, f64) = (row.try_get(3)?, row.try_get(4)?);
    black_box((id, age, score));
    Ok((name.len() + email.len()) as u64)
}

fn read(row: &RowRef<'_>) -> batis_dbc::Result<u64> {
    let (id, name, email): (i64, &str, &str) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (age, score): (i32, f64) = (row.get(3)?, row.get(4)?);
    black_box((id, age, score));
    Ok((name.len() + email.len()) as u64)
}

/// Medians of the times, and the median of the ratios of the pairs.
fn print(place: &str, work: &str, theirs: Vec<f64>, ours: Vec<f64>) {
    let ratios = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
    println!(
        "{place:<18} {work:<24} raw {:>8.1} us   batis {:>8.1} us   {:.3}x",
        median(theirs) * 1e6,
        median(ours) * 1e6,
        median(ratios)
    );
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
