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
//! [`PgBouncer`] is one more process of this kind, in front of a server. A [`Proxy`] in front of it delays, cuts and loses what goes through.
#![forbid(unsafe_code)]
#![cfg(unix)]

mod account;
mod binaries;
mod cluster;
mod database;
mod messages;
mod pgbouncer;
mod proxy;
mod server;
mod setup;

pub use cluster::Cluster;
pub use database::TestDatabase;
pub use pgbouncer::PgBouncer;
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
        Err(absent) => skip(&format!("no PostgreSQL ({absent}); install it or set BATIS_TEST_PG_URL")),
    }
}

/// A PgBouncer of its own in front of the process' own PostgreSQL. With `CI=true` a missing one is installed, if that is possible here.
/// Without one it says so and the test should return; with `CI=true` that is a failure.
///
/// # Panics
/// If there is none and `CI` is `true`, or if it does not start.
#[must_use]
pub fn pgbouncer() -> Option<PgBouncer> {
    let cluster = postgres()?;
    if cluster.port().is_none() {
        return skip("no private PostgreSQL (BATIS_TEST_PG_URL is set), which a PgBouncer needs");
    }
    if PgBouncer::find().is_none() && in_ci() {
        PgBouncer::install();
    }
    let Some(program) = PgBouncer::find() else {
        return skip("no PgBouncer; scripts/install-pgbouncer installs it, or set PGBOUNCER to the program");
    };
    match PgBouncer::start(&program, cluster) {
        Ok(bouncer) => Some(bouncer),
        Err(error) => panic!("PgBouncer does not start: {error}"),
    }
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| v == "true")
}

fn skip<T>(why: &str) -> Option<T> {
    assert!(!in_ci(), "CI=true, but there is {why}");
    #[allow(clippy::print_stderr)] // a test says why it did nothing
    {
        eprintln!("skipped: {why}");
    }
    None
}
