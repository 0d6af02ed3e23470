//! Those who watch: stats, metrics, hooks, leaks, health.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_pool::{
    Blocking, Changes, Clock, Evicted, HealthCheck, Holder, Pool, PoolHooks, PoolMetrics, PoolStats, Pooled,
};
use common::{Fake, Item, block, still, until};

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl PoolMetrics for Log {
    fn created(&self, _took: Duration) {
        self.add("created");
    }
    fn connect_failed(&self) {
        self.add("connect failed");
    }
    fn acquired(&self, waited: Duration) {
        self.add(if waited.is_zero() { "acquired at once" } else { "acquired" });
    }
    fn released(&self, used: Duration) {
        assert!(used < Duration::from_secs(60), "{used:?}");
        self.add("released");
    }
    fn timed_out(&self, waited: Duration) {
        assert!(!waited.is_zero());
        self.add("timed out");
    }
    fn closed(&self, why: Evicted) {
        self.add(format!("closed: {why:?}"));
    }
    fn leaked(&self, holder: &Holder) {
        self.add(format!("leaked {holder}"));
    }
    fn leak_returned(&self, holder: &Holder) {
        self.add(format!("returned {:?}", holder.age));
    }
    fn stats(&self, stats: &PoolStats) {
        if stats.active == 1 {
            self.add("stats");
        }
    }
}

impl PoolHooks<Item> for Log {
    fn created(&self, item: &mut Item) {
        self.add(format!("created {}", item.number));
    }
    fn acquired(&self, item: &mut Item) {
        self.add(format!("acquired {}", item.number));
    }
    fn released(&self, item: &mut Item) {
        self.add(format!("released {}", item.number));
    }
    fn evicted(&self, item: &mut Item, why: Evicted) {
        self.add(format!("evicted {}: {why}", item.number));
    }
    fn closed(&self, why: Evicted) {
        self.add(format!("closed: {why}"));
    }
}

#[test]
fn metrics_are_told_of_each_turn() {
    let (fake, log) = (Fake::default(), Log::default());
    let builder = Pool::builder(Blocking(fake.clone())).max_size(1).without_spawner().metrics(log.clone());
    // Time that passes by itself would have the connection checked, which is no taking at once.
    let pool = builder.clock(Clock::manual()).build().unwrap();
    let held = pool.get_blocking().unwrap();
    assert_eq!(log.taken(), ["created", "acquired"]);
    assert!(pool.get_blocking_timeout(Duration::from_millis(2)).is_err());
    drop(held);
    assert_eq!(log.taken(), ["timed out", "released"]);
    drop(pool.get_blocking().unwrap());
    assert_eq!(log.taken(), ["acquired at once", "released"]);
    pool.soft_evict();
    fake.set_down(true);
    assert!(pool.get_blocking().is_err());
    assert_eq!(log.taken(), ["closed: Requested", "connect failed"]);
    fake.set_down(false);
    drop(pool.get_blocking().unwrap());
    pool.close();
    assert_eq!(log.taken(), ["created", "acquired", "released", "closed: Closed"]);
}

#[test]
fn hooks_are_called_with_the_item_at_each_turn_of_its_life() {
    let log = Log::default();
    let builder = Pool::builder(Blocking(Fake::default())).max_size(1).without_spawner().hooks(log.clone());
    let pool = builder.build().unwrap();
    drop(pool.get_blocking().unwrap());
    Pooled::discard(pool.get_blocking().unwrap());
    assert_eq!(
        log.taken(),
        [
            "created 0",
            "acquired 0",
            "released 0",
            "acquired 0",
            "evicted 0: it was asked for",
            "closed: it was asked for"
        ]
    );
}

#[test]
fn an_item_over_which_a_hook_panics_is_closed() {
    struct Panics;
    impl PoolHooks<Item> for Panics {
        fn released(&self, _: &mut Item) {
            panic!("in a hook (expected in this test)");
        }
    }
    let fake = Fake::default();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(1).without_spawner().hooks(Panics);
    let pool = builder.build().unwrap();
    drop(pool.get_blocking().unwrap());
    assert_eq!((fake.alive(), pool.stats().total), (0, 0));
    assert!(pool.get_blocking().is_ok());
}

#[test]
fn a_leak_is_told_once_and_cleared_when_it_comes_back() {
    let (log, clock) = (Log::default(), Clock::manual());
    let builder = Pool::builder(Blocking(Fake::default())).max_size(1).without_spawner().clock(clock.clone());
    let pool = builder.leak_detection_threshold(Duration::from_secs(2)).metrics(log.clone()).build().unwrap();
    let held = pool.get_blocking().unwrap();
    log.taken();
    clock.advance(Duration::from_millis(1_999));
    block(pool.housekeep());
    assert_eq!(log.taken(), ["stats"], "no leak yet");
    clock.advance(Duration::from_millis(1));
    block(pool.housekeep());
    block(pool.housekeep());
    let told = log.taken();
    assert_eq!(told.len(), 3, "told once, and the figures each time: {told:?}");
    assert!(told[0].starts_with("leaked for 2s since pool/tests/watching.rs:"), "{told:?}");
    assert!(told[0].contains("thread `a_leak_is_told_once"), "{told:?}");
    drop(held);
    assert_eq!(log.taken(), ["returned 2s", "released"]);
    // The next loan begins anew.
    let held = pool.get_blocking().unwrap();
    block(pool.housekeep());
    drop(held);
    assert_eq!(log.taken(), ["acquired at once", "stats", "released"]);
}

#[test]
fn leak_detection_can_be_switched_on_at_run_time() {
    let (log, clock) = (Log::default(), Clock::manual());
    let builder = Pool::builder(Blocking(Fake::default())).max_size(1).clock(clock.clone()).metrics(log.clone());
    let pool = builder.build().unwrap();
    let held = pool.get_blocking().unwrap();
    clock.advance(Duration::from_secs(3));
    pool.reconfigure(Changes::new().leak_detection_threshold(Duration::from_secs(2))).unwrap();
    until("the housekeeper has come by", || log.taken().iter().any(|line| line.starts_with("leaked for 3s")));
    drop(held);
}

#[test]
fn a_forgotten_guard_is_seen_by_leak_detection_and_does_not_hang_the_shutdown() {
    let fake = Fake::default();
    let (pool, clock) = still(&fake, 2);
    std::mem::forget(pool.get_blocking().unwrap());
    clock.advance(Duration::from_secs(9));
    assert_eq!(pool.holders()[0].age, Duration::from_secs(9));
    assert!(!pool.closed_blocking(Duration::from_millis(5)));
}

#[test]
fn stats_count_every_connection_once() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 3);
    let (a, b) = (pool.get_blocking().unwrap(), pool.get_blocking().unwrap());
    drop(a);
    let stats = pool.stats();
    assert_eq!((stats.total, stats.active, stats.idle, stats.waiting), (2, 1, 1, 0));
    assert_eq!((stats.max_size, stats.lent, stats.created, stats.closed), (3, 2, 2, 0));
    drop(b);
    assert_eq!(pool.stats().to_string(), "total=2, active=0, idle=2, waiting=0, max=3");
}

#[test]
fn health_tells_connectivity_and_waits() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(1).without_spawner().build().unwrap();
    let check = || HealthCheck::connectivity(Duration::from_secs(60)).wait_p99_below(Duration::from_secs(60));
    let health = block(pool.health(check()));
    assert!(health.healthy, "{health}");
    assert!(health.to_string().starts_with("healthy: answered within"), "{health}");
    // A borrower that waited for nothing, and a limit that nobody can keep.
    let held = pool.get_blocking().unwrap();
    assert!(pool.get_blocking_timeout(Duration::from_millis(3)).is_err());
    drop(held);
    let health = block(pool.health(HealthCheck::connectivity(Duration::from_secs(60)).wait_p99_below(Duration::ZERO)));
    assert!(!health.healthy && health.wait_p99.is_some(), "{health}");
    fake.set_down(true);
    pool.soft_evict();
    let health = block(pool.health(check()));
    assert!(!health.healthy && health.connectivity.is_err(), "{health}");
}

#[test]
fn the_housekeeper_tells_the_stats() {
    let log = Log::default();
    let builder = Pool::builder(Blocking(Fake::default())).max_size(1).metrics(log.clone());
    let pool = builder.housekeeping_period(Duration::from_millis(100)).build().unwrap();
    let held = pool.get_blocking().unwrap();
    until("stats were told", || log.taken().contains(&"stats".to_owned()));
    drop(held);
}
