//! What most of the driver's tests begin with.
#![allow(dead_code, unreachable_pub)] // each test program uses its part

use batis_dbc::{DriverManager, SqlError, blocking};
use batis_postgres::PostgresDriver;
use batis_testkit::TestDatabase;

pub fn manager() -> DriverManager {
    DriverManager::new().with(PostgresDriver::new())
}

/// An empty database; none without PostgreSQL.
pub fn database() -> Option<TestDatabase> {
    Some(batis_testkit::postgres()?.create_database().unwrap())
}

/// A connection for plain threads.
pub fn threads(database: &TestDatabase) -> blocking::Connection {
    threads_with(database, "")
}

/// The same, with these options behind the URL: `&prepare_threshold=0`.
pub fn threads_with(database: &TestDatabase, options: &str) -> blocking::Connection {
    manager().connect_blocking(&format!("{}{options}", database.url())).unwrap()
}

pub fn code(error: &SqlError) -> String {
    error.sql_state().code().to_owned()
}
