//! What a subscriber of `tracing` sees of SQLite's statements.

#[path = "../../testkit/shared/spans.rs"]
mod spans;

use batis_dbc::DriverManager;
use batis_dbc::blocking::Connection;
use batis_sqlite::SqliteDriver;

const FIELDS: &[&str] = &["db.system.name=\"sqlite\""];
/// A table that is always there, and a column of it that is a text.
const TABLE: (&str, &str) = ("sqlite_schema", "name");

fn connect() -> Option<Connection> {
    Some(DriverManager::new().with(SqliteDriver).connect_blocking("sqlite::memory:").unwrap())
}
