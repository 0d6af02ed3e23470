//! The conformance list, for tasks and for plain threads.

mod common;

use batis_conformance::{Dialect, run, run_blocking};
use common::manager;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_tasks() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    run(&manager(), &database.url(), &Dialect::postgres()).await.assert_passed();
}

/// The task and the connection's own one share a thread.
#[tokio::test]
async fn for_tasks_on_one_thread_over_tcp() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    run(&manager(), &database.tcp_url(), &Dialect::postgres()).await.assert_passed();
}

#[test]
fn for_plain_threads() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    run_blocking(&manager(), &database.url(), &Dialect::postgres()).assert_passed();
}

#[test]
fn for_plain_threads_over_tcp() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    run_blocking(&manager(), &database.tcp_url(), &Dialect::postgres()).assert_passed();
}
