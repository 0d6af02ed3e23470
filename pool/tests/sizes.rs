//! How many connections there are, under load and without.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use batis_pool::{Blocking, Pool};
use common::{Fake, block, still, until};

fn hammer(pool: &common::FakePool, threads: u32, turns: u32) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for turn in 0..turns {
                    let held = pool.get_blocking().expect("one becomes free");
                    if turn % 16 == 0 {
                        std::thread::yield_now();
                    }
                    drop(held);
                }
            });
        }
    });
}

#[test]
fn never_above_max_under_load() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(3).min_idle(0).build().unwrap();
    let evictor = pool.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..200).for_each(|_| evictor.soft_evict()));
        scope.spawn(|| hammer(&pool, 8, 500));
    });
    assert!(fake.0.most_alive.load(Ordering::SeqCst) <= 3);
    assert!(pool.stats().total <= 3);
}

#[test]
fn no_item_is_lent_twice_at_once() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake)).max_size(2).build().unwrap();
    let lent: [AtomicU32; 2] = Default::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    let item = pool.get_blocking().unwrap();
                    let mark = &lent[item.number as usize];
                    assert_eq!(mark.fetch_add(1, Ordering::SeqCst), 0);
                    mark.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!((pool.stats().active, pool.stats().waiting), (0, 0));
}

#[test]
fn a_saturated_pool_uses_its_idle_connections_and_does_not_grow() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(10).min_idle(5).build().unwrap();
    until("the pool is filled", || pool.stats().idle == 5);
    // As many users as connections: nobody has to wait, so nothing is made.
    hammer(&pool, 5, 2000);
    assert_eq!(pool.stats().idle, 5, "each came back");
    assert!(fake.connects() <= 10);
    let lent = pool.stats().lent;
    assert_eq!(lent, 10_000);
}

#[test]
fn more_threads_than_connections_are_all_served() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(4).build().unwrap();
    hammer(&pool, 20, 300);
    let stats = pool.stats();
    assert_eq!((stats.active, stats.waiting, stats.lent), (0, 0, 6000));
    assert!(fake.0.most_alive.load(Ordering::SeqCst) <= 4);
}

#[test]
fn ramps_up_with_demand_and_down_again() {
    let fake = Fake::default();
    let clock = batis_pool::Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(10).min_idle(2).clock(clock.clone());
    let pool = builder.idle_timeout(Duration::from_secs(60)).build().unwrap();
    until("min_idle are there", || pool.stats().idle == 2);
    let all: Vec<_> = (0..10).map(|_| pool.get_blocking().unwrap()).collect();
    assert_eq!(pool.stats().active, 10);
    drop(all);
    clock.advance(Duration::from_secs(61));
    block(pool.housekeep());
    assert_eq!((pool.stats().total, fake.alive()), (2, 2));
}

#[test]
fn demand_that_is_gone_makes_no_connection() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(50).min_idle(1).build().unwrap();
    until("one is there", || pool.stats().idle == 1);
    fake.0.stalled.store(true, Ordering::SeqCst);
    // Fifty at once, each for an instant, while connecting takes for ever: the one connection serves all of them.
    hammer(&pool, 50, 1);
    fake.0.stalled.store(false, Ordering::SeqCst);
    until("nothing is being made", || pool.stats().total == pool.stats().idle);
    assert!(fake.connects() <= 3, "{} were made", fake.connects());
}

#[test]
fn try_get_takes_what_is_idle_and_makes_nothing() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 2);
    assert!(pool.try_get().is_none());
    drop(pool.get_blocking().unwrap());
    let held = pool.try_get().expect("one is idle");
    assert!(pool.try_get().is_none());
    drop(held);
    assert_eq!(fake.connects(), 1);
}

#[test]
fn prewarm_connects_up_to_the_number_and_tells_the_first_error() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(8).min_idle(0).build().unwrap();
    assert_eq!(pool.prewarm_blocking(5, Duration::from_secs(60)).unwrap(), 5);
    assert_eq!(pool.prewarm_blocking(99, Duration::from_secs(60)).unwrap(), 8, "max_size is the most");
    assert_eq!(fake.connects(), 8);
    fake.set_down(true);
    pool.soft_evict();
    let error = pool.prewarm_blocking(1, Duration::from_secs(60)).unwrap_err();
    assert_eq!(error.cause().unwrap().to_string(), "the database is down");
}

#[test]
fn a_detached_item_leaves_its_place_to_another() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 1);
    let own = batis_pool::Pooled::detach(pool.get_blocking().unwrap());
    assert_eq!(pool.stats().total, 0);
    assert_eq!(pool.get_blocking().unwrap().number, 1);
    drop(pool);
    assert_eq!((own.number, fake.alive()), (0, 1));
}

#[test]
fn a_panic_while_holding_evicts_and_the_slot_comes_back() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 1);
    let holder = pool.clone();
    let panicked = std::thread::spawn(move || {
        let _held = holder.get_blocking().unwrap();
        panic!("while holding (expected in this test)");
    });
    assert!(panicked.join().is_err());
    assert_eq!((pool.stats().total, fake.alive()), (0, 0));
    assert_eq!(pool.get_blocking().unwrap().number, 1);
}
