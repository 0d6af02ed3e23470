//! Databases to have a storm over.
#![allow(unreachable_pub)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use batis_dbc::driver::{Driver, Mode};
use batis_dbc::{DataSource, Url, block as drive};
use batis_pool::{ConnectionManager, Pool, TokioSpawner};
use batis_postgres::PostgresDriver;
use batis_sqlite::SqliteDriver;
use batis_testkit::Cluster;
use tokio::runtime::Runtime;

use crate::chaos::{Weather, inspect, storm};

/// A pool of 10 connections to a database with an empty table `storm (n)`.
pub struct Ground {
    pub pool: Pool<ConnectionManager>,
    pub runtime: Runtime,
    place: Place,
}

enum Place {
    Sqlite(#[allow(dead_code)] tempfile::TempDir), // goes with the ground
    Postgres(Arc<Cluster>),
}

impl Ground {
    fn new(driver: Arc<dyn Driver>, url: &str, place: Place) -> Ground {
        let manager = ConnectionManager::new(driver, Url::parse(url).unwrap(), Mode::Async).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let spawner = TokioSpawner::new(runtime.handle().clone());
        let pool = Pool::builder(manager).max_size(10).spawner(spawner).build().unwrap();
        let mut lease = pool.connection_blocking(None).unwrap();
        drive(None, None, lease.execute_script("create table storm (n integer)")).unwrap();
        drop(lease);
        Ground { pool, runtime, place }
    }

    pub fn sqlite() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?busy_timeout=5", folder.path().join("storm.db").display());
        Ground::new(Arc::new(SqliteDriver), &url, Place::Sqlite(folder))
    }

    /// On a server of its own; none without PostgreSQL.
    pub fn postgres() -> Option<Ground> {
        batis_testkit::postgres()?;
        let cluster = Arc::new(Cluster::start().unwrap());
        let url = cluster.tcp_url("postgres");
        Some(Ground::new(Arc::new(PostgresDriver::new()), &url, Place::Postgres(cluster)))
    }

    /// A storm, and what must hold afterwards. What it was like.
    pub fn weather(&self, lasts: std::time::Duration) -> String {
        let kills = Arc::new(AtomicU32::new(0));
        let weather = Weather { tasks: 64, threads: 8, lasts, strike: self.strike(Arc::clone(&kills)) };
        let aftermath = storm(&self.pool, &self.runtime, &weather);
        let none = format!("{aftermath:?}");
        assert!(aftermath.served > 0 && aftermath.committed > 0 && aftermath.panics > 0, "{none}");
        inspect(&self.pool, &self.runtime, &aftermath, || self.look_at_the_server());
        if let Place::Postgres(cluster) = &self.place {
            assert!(kills.load(Ordering::Relaxed) > 0, "the storm killed no connection");
            crate::until("the server has closed them too", || backends(cluster, "true") == 0);
        }
        format!("{none}, killed on the server: {}", kills.load(Ordering::Relaxed))
    }

    /// Kills some connections on the server each time, and restarts it now and then.
    fn strike(&self, kills: Arc<AtomicU32>) -> Box<dyn Fn() + Send> {
        let Place::Postgres(cluster) = &self.place else { return Box::new(|| {}) };
        let (cluster, strikes) = (Arc::clone(cluster), AtomicU32::new(0));
        Box::new(move || {
            if strikes.fetch_add(1, Ordering::Relaxed) % 50 == 10 {
                cluster.restart().unwrap();
                return;
            }
            let some = "select pg_terminate_backend(pid) from pg_stat_activity \
                        where backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit 3";
            let killed = cluster.psql("postgres", some).unwrap();
            kills.fetch_add(u32::try_from(killed.lines().count()).unwrap(), Ordering::Relaxed);
        })
    }

    fn look_at_the_server(&self) {
        let Place::Postgres(cluster) = &self.place else { return };
        // The server learns a little later: rollbacks are started without waiting, and closed connections end by themselves.
        crate::until("no transaction is left open", || backends(cluster, "state like 'idle in transaction%'") == 0);
        crate::until("no connection is leaked", || backends(cluster, "true") == self.pool.stats().total);
    }
}

fn backends(cluster: &Cluster, which: &str) -> u32 {
    let sql = format!(
        "select count(*) from pg_stat_activity \
         where backend_type = 'client backend' and pid <> pg_backend_pid() and {which}"
    );
    cluster.psql("postgres", &sql).unwrap().parse().unwrap()
}
