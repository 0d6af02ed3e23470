//! A storm over a pool: 64 tasks and 8 threads on 10 connections, for 30 s (or as many as the first argument says), that
//! commit, cancel, forget their transactions, panic and run away, while an operator evicts and suspends.
//!
//! `cargo run --release -p batis-pool --example chaos [seconds]`
//!
//! Here over a SQLite file. The storm itself (`tests/common/chaos.rs`) knows no database: over PostgreSQL, make the
//! `ConnectionManager` from its driver and a `postgres:` URL, and let `strike` run
//! `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()` on a connection of its own, and
//! restart the server once. Afterwards `select count(*) from pg_stat_activity where state like 'idle in transaction%'`
//! must be 0, beside what `inspect` looks at.

#![allow(clippy::print_stdout, unreachable_pub, dead_code, missing_docs, clippy::disallowed_methods)]

use std::sync::Arc;
use std::time::Duration;

use batis_dbc::driver::Mode;
use batis_dbc::{DataSource, Url, block as drive};
use batis_pool::{ConnectionManager, Pool, TokioSpawner};
use batis_sqlite::SqliteDriver;

#[path = "../tests/common/chaos.rs"]
mod chaos;

use chaos::{Weather, inspect, storm};

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{what}: did not happen");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(30), |seconds| seconds.parse())?;
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}?busy_timeout=5", folder.path().join("storm.db").display());
    let manager = ConnectionManager::new(Arc::new(SqliteDriver), Url::parse(&url)?, Mode::Async)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let spawner = TokioSpawner::new(runtime.handle().clone());
    let pool = Pool::builder(manager).max_size(10).spawner(spawner).build()?;
    let mut lease = pool.connection_blocking(None)?;
    drive(None, None, lease.execute_script("create table storm (n integer)"))?;
    drop(lease);
    let lasts = Duration::from_secs(seconds);
    let aftermath = storm(&pool, &runtime, &Weather { tasks: 64, threads: 8, lasts, strike: Box::new(|| {}) });
    println!("{aftermath:?}\n{:?}", pool.stats());
    inspect(&pool, &runtime, &aftermath);
    println!("total <= max, nobody holds any, every later get was served, all were closed: {}", pool.stats());
    Ok(())
}
