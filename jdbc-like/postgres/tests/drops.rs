//! A thousand futures dropped at random awaits: nothing is left behind, nobody else is hit.

mod common;

use batis_conformance::{Dialect, random_drops};
use common::manager;

/// Another seed each time; a failure tells it, and `BATIS_SEED` takes it.
fn seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let given = std::env::var("BATIS_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

async fn drops(option: &str, count: u32) {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let manager = manager();
    // The neighbour sleeps for longer than this may take.
    let dialect = Dialect { slow_query: "select pg_sleep(1000)", ..Dialect::postgres() };
    let url = format!("{}{option}", database.url());
    let report = random_drops(&manager, &url, &dialect, seed(), count).await.unwrap_or_else(|found| panic!("{found}"));
    assert!(report.dropped >= count && report.finished > 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_drops_on_two_threads() {
    drops("", 1000).await;
}

#[tokio::test]
async fn five_hundred_drops_on_one_thread() {
    drops("", 500).await;
}

#[tokio::test]
async fn three_hundred_drops_without_named_statements() {
    drops("&prepare_threshold=0", 300).await;
}
