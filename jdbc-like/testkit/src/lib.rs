//! A private PostgreSQL for tests: found, started and taken away again by the tests themselves.
//!
//! ```no_run
//! let Some(cluster) = batis_testkit::postgres() else { return }; // says `skipped`; with CI=true it fails
//! let database = cluster.create_database().unwrap();
//! let url = database.url(); // postgres://batis@/batis_test_1?host=/tmp/..&port=..
//! ```
//!
//! One server for each test process, on a unix socket and on a loopback port, with data that is never flushed to the disk. As root it runs as
//! `postgres` or `nobody`, since PostgreSQL refuses root. A watchdog stops it and removes its folder even if the process is killed.
//! `BATIS_TEST_PG_URL` names a server to use instead.
//!
//! A [`Proxy`] in front of it delays, cuts and loses what goes through.
#![forbid(unsafe_code)]
#![cfg(unix)]

mod account;
mod binaries;
mod cluster;
mod database;
mod messages;
mod proxy;
mod server;
mod setup;

pub use cluster::Cluster;
pub use database::TestDatabase;
pub use proxy::{Fault, Proxy};
pub use setup::Setup;

/// The process' own PostgreSQL. Without one it says so and the test should return; with `CI=true` that is a failure.
///
/// # Panics
/// If there is no PostgreSQL and `CI` is `true`.
#[must_use]
pub fn postgres() -> Option<&'static Cluster> {
    match Cluster::shared() {
        Ok(cluster) => Some(cluster),
        Err(absent) if std::env::var("CI").is_ok_and(|v| v == "true") => panic!("no PostgreSQL, and CI=true: {absent}"),
        Err(absent) => {
            #[allow(clippy::print_stderr)] // a test says why it did nothing
            {
                eprintln!("skipped: no PostgreSQL ({absent}); install it or set BATIS_TEST_PG_URL");
            }
            None
        }
    }
}
