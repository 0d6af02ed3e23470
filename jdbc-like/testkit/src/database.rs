//! [`TestDatabase`]: an empty database for one test.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cluster::Cluster;

/// An empty database of its own, dropped with the value (connections to it are cut).
#[derive(Debug)]
pub struct TestDatabase {
    cluster: &'static Cluster,
    name: String,
}

impl TestDatabase {
    pub(crate) fn create(cluster: &'static Cluster) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("batis_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        cluster.psql("postgres", &format!("create database {name}"))?;
        Ok(Self { cluster, name })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL over the unix socket.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.socket_url(&self.name)
    }

    /// Its URL over TCP on the loopback address.
    #[must_use]
    pub fn tcp_url(&self) -> String {
        self.cluster.tcp_url(&self.name)
    }

    /// Runs SQL in it through `psql`, outside of batis.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn psql(&self, sql: &str) -> io::Result<String> {
        self.cluster.psql(&self.name, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A server that is gone has no database left to drop.
        let _ = self.cluster.psql("postgres", &format!("drop database if exists {} with (force)", self.name));
    }
}
