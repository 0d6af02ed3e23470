//! A storm over a pool: 64 tasks and 8 threads on 10 connections, for 30 s (or as many as the second argument says), that
//! commit, cancel, forget their transactions, panic and run away, while an operator evicts and suspends, and on PostgreSQL
//! kills connections on the server and restarts it.
//!
//! `cargo run --release -p batis-pool --example chaos [sqlite | postgres] [seconds]`

#![allow(clippy::print_stdout, unreachable_pub, dead_code, missing_docs, clippy::disallowed_methods)]

use std::time::Duration;

#[path = "../tests/common/chaos.rs"]
mod chaos;
#[path = "../tests/common/grounds.rs"]
mod grounds;

use grounds::Ground;

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{what}: did not happen");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let ground = match arguments.next().as_deref() {
        None | Some("sqlite") => Ground::sqlite(),
        Some("postgres") => Ground::postgres().ok_or("no PostgreSQL here")?,
        Some(other) => return Err(format!("`{other}` is neither sqlite nor postgres").into()),
    };
    let seconds = arguments.next().map_or(Ok(30), |seconds| seconds.parse())?;
    println!("{}", ground.weather(Duration::from_secs(seconds)));
    println!("total <= max, nobody holds any, every later get was served, all were closed: {}", ground.pool.stats());
    Ok(())
}
