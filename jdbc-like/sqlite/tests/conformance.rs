//! The conformance list, for tasks and for plain threads.

use batis_conformance::{Dialect, run, run_blocking};
use batis_dbc::{DriverManager, block};
use batis_sqlite::SqliteDriver;
use tempfile::TempDir;

#[test]
fn for_tasks() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("async.db").display());
    let manager = DriverManager::new().with(SqliteDriver);
    // Nothing of this driver is ever pending, so parking the thread is runtime enough.
    let report = block(None, None, async { Ok(run(&manager, &url, &Dialect::sqlite()).await) }).unwrap();
    report.assert_passed();
}

#[test]
fn for_plain_threads() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("blocking.db").display());
    let manager = DriverManager::new().with(SqliteDriver);
    run_blocking(&manager, &url, &Dialect::sqlite()).assert_passed();
}

#[test]
fn for_tasks_on_a_thread_of_its_own() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}?threading=worker", folder.path().join("worker.db").display());
    let manager = DriverManager::new().with(SqliteDriver);
    let report = block(None, None, async { Ok(run(&manager, &url, &Dialect::sqlite()).await) }).unwrap();
    report.assert_passed();
}

#[test]
fn for_plain_threads_on_a_thread_of_its_own() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}?threading=worker", folder.path().join("worker.db").display());
    let manager = DriverManager::new().with(SqliteDriver);
    run_blocking(&manager, &url, &Dialect::sqlite()).assert_passed();
}
