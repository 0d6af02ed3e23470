//! What the driver layer costs: the same work through rusqlite's `prepare_cached` and through batis, in turns, in one process.
//!
//! ```text
//! cargo run --release -p batis-sqlite --features bundled --example against_rusqlite
//! ```
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use batis_dbc::{Connection, DriverManager, RowRef, block};
use batis_sqlite::SqliteDriver;

const ROUNDS: usize = 41;
const ROWS: i64 = 1000;
const CREATE: &str = "create table users (id integer primary key, name text, email text, age integer, score real)";
const INSERT: &str = "insert into users values (?, ?, ?, ?, ?)";
const BY_ID: &str = "select id, name, email, age, score from users where id = ?";
const ALL: &str = "select id, name, email, age, score from users";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manager = DriverManager::new().with(SqliteDriver);
    let mut blocking = manager.connect_blocking("sqlite::memory:")?;
    let mut tasks = block(None, None, manager.connect("sqlite::memory:"))?;
    let raw = rusqlite::Connection::open_in_memory()?;
    raw.set_prepared_statement_cache_capacity(256);
    raw.execute_batch(CREATE)?;
    blocking.execute(CREATE, ())?;
    block(None, None, tasks.execute(CREATE, ()))?;
    for id in 0..ROWS {
        let (name, email) = (format!("name {id}"), format!("user{id}@example.org"));
        raw.prepare_cached(INSERT)?.execute((id, &name, &email, id % 90, 0.5))?;
        blocking.execute(INSERT, (id, &name, &email, id % 90, 0.5))?;
        block(None, None, tasks.execute(INSERT, (id, &name, &email, id % 90, 0.5)))?;
    }

    let by_id = compare(
        2000,
        |n| raw_by_id(&raw, n),
        |n| Ok(blocking.query_opt_with(BY_ID, (n,), read)?.unwrap_or(0)),
        |n| Ok(block(None, None, tasks.query_opt_with(BY_ID, (n,), read))?.unwrap_or(0)),
    )?;
    print("select by primary key", &by_id);

    blocking.execute_script("begin")?;
    block(None, None, tasks.execute_script("begin"))?;
    raw.execute_batch("begin")?;
    let inside = compare(
        5000,
        |n| raw_by_id(&raw, n),
        |n| Ok(blocking.query_opt_with(BY_ID, (n,), read)?.unwrap_or(0)),
        |n| Ok(block(None, None, tasks.query_opt_with(BY_ID, (n,), read))?.unwrap_or(0)),
    )?;
    print(".. inside a transaction", &inside);
    let all = compare(
        10,
        |_| raw_all(&raw),
        |_| Ok(blocking.query(ALL, ())?.map(read)?.iter().sum()),
        |_| block(None, None, all_rows(&mut tasks)).map_err(Into::into),
    )?;
    print("1,000 rows of 5 columns", &all);

    let inserts = compare(
        2000,
        |n| raw_insert(&raw, n),
        |n| Ok(blocking.execute("update users set name = ? where id = ?", ("a new name", n))?),
        |n| Ok(block(None, None, tasks.execute("update users set name = ? where id = ?", ("a new name", n)))?),
    )?;
    print("update by primary key", &inserts);
    Ok(())
}

fn read(row: &RowRef<'_>) -> batis_dbc::Result<u64> {
    let (id, name, email): (i64, &str, &str) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (age, score): (i64, f64) = (row.get(3)?, row.get(4)?);
    black_box((id, age, score));
    Ok((name.len() + email.len()) as u64)
}

async fn all_rows(conn: &mut Connection) -> batis_dbc::Result<u64> {
    Ok(conn.query(ALL, ()).await?.map(read).await?.iter().sum())
}

fn raw_read(row: &rusqlite::Row<'_>) -> rusqlite::Result<u64> {
    let id: i64 = row.get(0)?;
    let (name, email) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
    let (age, score): (i64, f64) = (row.get(3)?, row.get(4)?);
    black_box((id, age, score));
    Ok((name.len() + email.len()) as u64)
}

fn raw_by_id(raw: &rusqlite::Connection, id: i64) -> Outcome {
    Ok(raw.prepare_cached(BY_ID)?.query_row((id,), raw_read)?)
}

fn raw_all(raw: &rusqlite::Connection) -> Outcome {
    let mut statement = raw.prepare_cached(ALL)?;
    let lengths: Vec<u64> = statement.query_map((), raw_read)?.collect::<rusqlite::Result<_>>()?;
    Ok(lengths.iter().sum())
}

fn raw_insert(raw: &rusqlite::Connection, id: i64) -> Outcome {
    Ok(raw.prepare_cached("update users set name = ? where id = ?")?.execute(("a new name", id))? as u64)
}

type Outcome = Result<u64, Box<dyn std::error::Error>>;

/// Median times of one call: rusqlite, blocking, async.
fn compare(
    calls: i64,
    mut raw: impl FnMut(i64) -> Outcome,
    mut blocking: impl FnMut(i64) -> Outcome,
    mut tasks: impl FnMut(i64) -> Outcome,
) -> Result<[f64; 3], Box<dyn std::error::Error>> {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(round(calls, &mut raw)?);
        times[1].push(round(calls, &mut blocking)?);
        times[2].push(round(calls, &mut tasks)?);
    }
    Ok(times.map(|mut all| {
        all.sort_unstable();
        all[all.len() / 2].as_secs_f64() * 1e9 / calls as f64
    }))
}

fn round(calls: i64, work: &mut impl FnMut(i64) -> Outcome) -> Result<Duration, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    for n in 0..calls {
        black_box(work((n * 7919) % ROWS)?);
    }
    Ok(begun.elapsed())
}

fn print(work: &str, [raw, blocking, tasks]: &[f64; 3]) {
    println!(
        "{work:<26} rusqlite {raw:>9.0} ns   blocking {blocking:>9.0} ns ({:.2}x)   async {tasks:>9.0} ns ({:.2}x)",
        blocking / raw,
        tasks / raw
    );
}
