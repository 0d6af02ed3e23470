//! What a subscriber of `tracing` sees of PostgreSQL's statements.

#[path = "../../testkit/shared/spans.rs"]
mod spans;

mod common;

use batis_dbc::blocking::Connection;
use common::manager;

const FIELDS: &[&str] =
    &["db.system.name=\"postgresql\"", "db.namespace=\"postgres\"", "server.address=\"127.0.0.1\"", "server.port="];
/// A table that is always there, and a column of it that is a text.
const TABLE: (&str, &str) = ("pg_class", "relname");

fn connect() -> Option<Connection> {
    let url = batis_testkit::postgres()?.tcp_url("postgres");
    Some(manager().connect_blocking(&url).unwrap())
}
