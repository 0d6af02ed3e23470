//! A storm of two seconds over a SQLite file. `cargo run --release -p batis-pool --example chaos` does 30 s of it, and says
//! how to have it over PostgreSQL.
#![cfg(not(any(loom, shuttle)))]

#[path = "common/chaos.rs"]
mod chaos;
mod common;

use std::sync::Arc;
use std::time::Duration;

use batis_dbc::driver::Mode;
use batis_dbc::{DataSource, Url, block as drive};
use batis_pool::{ConnectionManager, Pool, TokioSpawner};
use batis_sqlite::SqliteDriver;
use chaos::{Weather, inspect, storm};
use common::until;

#[test]
fn a_storm_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?busy_timeout=5", folder.path().join("storm.db").display());
    let manager = ConnectionManager::new(Arc::new(SqliteDriver), Url::parse(&url).unwrap(), Mode::Async).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let spawner = TokioSpawner::new(runtime.handle().clone());
    let pool = Pool::builder(manager).max_size(10).spawner(spawner).build().unwrap();
    let mut lease = pool.connection_blocking(None).unwrap();
    drive(None, None, lease.execute_script("create table storm (n integer)")).unwrap();
    drop(lease);
    let weather = Weather { tasks: 64, threads: 8, lasts: Duration::from_secs(2), strike: Box::new(|| {}) };
    let aftermath = storm(&pool, &runtime, &weather);
    assert!(aftermath.served > 0 && aftermath.committed > 0 && aftermath.panics > 0, "{aftermath:?}");
    inspect(&pool, &runtime, &aftermath);
}
