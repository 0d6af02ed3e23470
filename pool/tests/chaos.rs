//! Storms of some seconds. `cargo run --release -p batis-pool --example chaos` has longer ones.
#![cfg(not(any(loom, shuttle)))]

#[path = "common/chaos.rs"]
mod chaos;
mod common;
#[path = "common/grounds.rs"]
mod grounds;

use std::time::Duration;

use common::until;
use grounds::Ground;

#[test]
fn a_storm_over_sqlite_leaves_nothing_behind() {
    Ground::sqlite().weather(Duration::from_secs(2));
}

#[test]
fn a_storm_over_postgresql_that_is_killed_and_restarted_leaves_nothing_behind() {
    let Some(ground) = Ground::postgres() else { return };
    ground.weather(Duration::from_secs(5));
}
