//! When connections are checked, replaced and closed.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_pool::{Blocking, BoxFuture, Changes, Clock, GiveBack, Pool, Pooled, Spawner, ThreadSpawner};
use common::{Fake, block, still, until};

const SECOND: Duration = Duration::from_secs(1);

fn checks(fake: &Fake) -> u32 {
    fake.0.checks.load(Ordering::SeqCst)
}

#[test]
fn a_connection_is_checked_only_after_the_bypass_window() {
    let fake = Fake::default();
    let (pool, clock) = still(&fake, 1);
    drop(pool.get_blocking().unwrap());
    clock.advance(Duration::from_millis(500));
    drop(pool.get_blocking().unwrap());
    assert_eq!(checks(&fake), 0);
    clock.advance(Duration::from_millis(501));
    drop(pool.get_blocking().unwrap());
    assert_eq!(checks(&fake), 1);
}

#[test]
fn one_that_fails_its_check_is_replaced_within_the_same_get() {
    let fake = Fake::default();
    let (pool, clock) = still(&fake, 1);
    drop(pool.get_blocking().unwrap());
    clock.advance(SECOND);
    fake.0.checks_fail.store(true, Ordering::SeqCst);
    assert_eq!(pool.get_blocking().unwrap().number, 1);
    assert_eq!((fake.alive(), pool.stats().closed), (1, 1));
}

#[test]
fn those_that_died_while_they_lay_idle_are_replaced_before_they_are_lent() {
    let fake = Fake::default();
    let (pool, clock) = still(&fake, 3);
    let all: Vec<_> = (0..3).map(|_| pool.get_blocking().unwrap()).collect();
    // The first is the one that came back last, and will be tried first.
    all.into_iter().rev().for_each(drop);
    fake.0.dead_below.store(2, Ordering::SeqCst);
    // Within the bypass window, so that nobody checks them; the one that lives is found behind the others.
    let held = pool.get_blocking().unwrap();
    assert_eq!((held.number, fake.alive(), checks(&fake)), (2, 1, 0));
    drop(held);
    fake.0.dead_below.store(3, Ordering::SeqCst);
    assert_eq!(pool.get_blocking().unwrap().number, 3);
    clock.advance(SECOND);
    fake.0.dead_below.store(4, Ordering::SeqCst);
    assert_eq!(pool.get_blocking().unwrap().number, 4, "also where it would have been checked");
    fake.0.dead_below.store(5, Ordering::SeqCst);
    assert!(pool.try_get().is_none());
    assert_eq!((pool.stats().closed, fake.alive(), checks(&fake)), (5, 0, 0));
    drop(pool.get_blocking().unwrap());
    clock.advance(SECOND);
    fake.0.dead_below.store(6, Ordering::SeqCst);
    assert!(pool.try_get().is_none(), "nor one that lay idle for long");
    assert_eq!((pool.stats().closed, fake.alive(), checks(&fake)), (6, 0, 0));
}

#[test]
fn idle_connections_beyond_min_idle_are_closed_after_idle_timeout() {
    let fake = Fake::default();
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(4).min_idle(1).clock(clock.clone()).without_spawner();
    let pool = builder.idle_timeout(10 * SECOND).build().unwrap();
    drop((0..4).map(|_| pool.get_blocking().unwrap()).collect::<Vec<_>>());
    clock.advance(Duration::from_millis(9_999));
    block(pool.housekeep());
    assert_eq!(fake.alive(), 4);
    clock.advance(Duration::from_millis(1));
    block(pool.housekeep());
    assert_eq!(fake.alive(), 1);
}

#[test]
fn a_connection_is_closed_after_its_lifetime_idle_or_when_it_comes_back() {
    let fake = Fake::default();
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).clock(clock.clone()).without_spawner();
    let pool = builder.max_lifetime(30 * SECOND).build().unwrap();
    let (out, idle) = (pool.get_blocking().unwrap(), pool.get_blocking().unwrap());
    drop(idle);
    clock.advance(30 * SECOND);
    block(pool.housekeep());
    assert_eq!(fake.alive(), 1, "the one in use is left alone");
    // It goes back, and is not lent again.
    drop(out);
    assert_eq!(pool.get_blocking().unwrap().number, 2);
}

#[test]
fn lifetimes_differ_by_up_to_a_fortieth() {
    let fake = Fake::default();
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(200).clock(clock.clone()).without_spawner();
    let pool = builder.max_lifetime(4000 * SECOND).idle_timeout(Duration::ZERO).build().unwrap();
    drop((0..200).map(|_| pool.get_blocking().unwrap()).collect::<Vec<_>>());
    clock.advance(3899 * SECOND);
    block(pool.housekeep());
    assert_eq!(fake.alive(), 200, "none ends earlier than that");
    clock.advance(50 * SECOND);
    block(pool.housekeep());
    assert!((1..200).contains(&fake.alive()), "some have ended, not all: {}", fake.alive());
    clock.advance(51 * SECOND);
    block(pool.housekeep());
    assert_eq!(fake.alive(), 0);
}

#[test]
fn keepalive_checks_idle_connections_when_due_and_closes_the_dead() {
    let fake = Fake::default();
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).clock(clock.clone()).without_spawner();
    let pool = builder.keepalive_interval(60 * SECOND).build().unwrap();
    let (out, idle) = (pool.get_blocking().unwrap(), pool.get_blocking().unwrap());
    drop(idle);
    clock.advance(53 * SECOND);
    block(pool.housekeep());
    assert_eq!(checks(&fake), 0, "at most a tenth early");
    clock.advance(7 * SECOND);
    block(pool.housekeep());
    block(pool.housekeep());
    assert_eq!(checks(&fake), 1, "only the idle one, and once");
    fake.0.checks_fail.store(true, Ordering::SeqCst);
    clock.advance(60 * SECOND);
    block(pool.housekeep());
    assert_eq!((checks(&fake), fake.alive()), (2, 1));
    drop(out);
}

#[test]
fn keepalive_is_not_use() {
    let fake = Fake::default();
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).min_idle(0).clock(clock.clone()).without_spawner();
    let pool = builder.keepalive_interval(30 * SECOND).idle_timeout(100 * SECOND).build().unwrap();
    drop(pool.get_blocking().unwrap());
    for _ in 0..4 {
        clock.advance(30 * SECOND);
        block(pool.housekeep());
    }
    assert_eq!((checks(&fake), fake.alive()), (3, 0));
}

#[test]
fn a_clock_that_goes_back_has_everything_replaced() {
    let fake = Fake::default();
    let clock = Clock::manual();
    clock.advance(1000 * SECOND);
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).clock(clock.clone());
    let pool = builder.housekeeping_period(Duration::from_millis(100)).build().unwrap();
    until("it is filled", || pool.stats().idle == 2);
    clock.set_back(10 * SECOND);
    until("both were replaced", || fake.connects() == 4 && fake.alive() == 2);
}

/// A spawner whose first tasks run later.
#[derive(Clone)]
struct Late(Arc<Lateness>);

struct Lateness {
    keeps: AtomicBool,
    kept: Mutex<Vec<BoxFuture<'static, ()>>>,
    spawner: ThreadSpawner,
}

impl Late {
    fn new() -> Self {
        let (keeps, kept) = (AtomicBool::new(true), Mutex::default());
        Late(Arc::new(Lateness { keeps, kept, spawner: ThreadSpawner::new("late") }))
    }

    /// What is spawned from now on runs at once.
    fn keep_no_more(&self) {
        self.0.keeps.store(false, Ordering::SeqCst);
    }

    /// Runs what was kept.
    fn catch_up(&self) {
        let kept = std::mem::take(&mut *self.0.kept.lock().unwrap());
        kept.into_iter().for_each(|future| self.0.spawner.spawn(future));
    }
}

impl Spawner for Late {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        if self.0.keeps.load(Ordering::SeqCst) {
            self.0.kept.lock().unwrap().push(future);
        } else {
            self.0.spawner.spawn(future);
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.spawner.sleep(duration)
    }
}

#[test]
fn a_clock_that_goes_back_before_the_housekeeper_runs_is_noticed_too() {
    let (fake, clock, late) = (Fake::default(), Clock::manual(), Late::new());
    clock.advance(1000 * SECOND);
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).clock(clock.clone()).spawner(late.clone());
    let pool = builder.housekeeping_period(Duration::from_millis(100)).build().unwrap();
    late.keep_no_more();
    assert_eq!(pool.prewarm_blocking(2, 60 * SECOND).unwrap(), 2);
    clock.set_back(10 * SECOND);
    late.catch_up();
    until("both were replaced", || fake.connects() == 4 && fake.alive() == 2);
}

#[test]
fn a_clock_that_leaps_ahead_replaces_nothing_by_itself() {
    let fake = Fake::default();
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).clock(clock.clone());
    let pool = builder.housekeeping_period(Duration::from_millis(100)).build().unwrap();
    until("it is filled", || pool.stats().idle == 2);
    clock.advance(60 * SECOND);
    block(pool.housekeep());
    block(pool.housekeep());
    assert_eq!(fake.connects(), 2);
}

#[test]
fn soft_evict_closes_idle_ones_now_and_those_in_use_when_they_come_back() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 3);
    let (out, idle) = (pool.get_blocking().unwrap(), pool.get_blocking().unwrap());
    drop(idle);
    pool.soft_evict();
    assert_eq!(fake.alive(), 1);
    assert_eq!(out.number, 0);
    drop(out);
    assert_eq!(fake.alive(), 0);
    assert_eq!(pool.get_blocking().unwrap().number, 2, "new ones stay");
    drop(pool.get_blocking().unwrap());
    assert_eq!(fake.alive(), 1);
}

#[test]
fn evict_idle_leaves_those_in_use_alone() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 2);
    let (out, idle) = (pool.get_blocking().unwrap(), pool.get_blocking().unwrap());
    drop(idle);
    pool.evict_idle();
    drop(out);
    assert_eq!((fake.alive(), pool.stats().idle), (1, 1));
}

#[test]
fn one_connection_is_evicted_now_or_when_it_comes_back() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 2);
    Pooled::discard(pool.get_blocking().unwrap());
    assert_eq!(fake.alive(), 0);
    let marked = pool.get_blocking().unwrap();
    Pooled::mark_evicted(&marked);
    assert_eq!(fake.alive(), 1);
    drop(marked);
    assert_eq!(fake.alive(), 0);
}

#[test]
fn retain_asks_of_each_idle_one() {
    let fake = Fake::default();
    let (pool, clock) = still(&fake, 4);
    let mut all: Vec<_> = (0..4).map(|_| pool.get_blocking().unwrap()).collect();
    let out = all.pop();
    drop(all);
    clock.advance(SECOND);
    let mut asked = 0;
    pool.retain(|item, age| {
        asked += 1;
        assert_eq!((age.created, age.idle), (SECOND, SECOND));
        item.number == 1
    });
    assert_eq!((asked, pool.stats().idle, pool.stats().active), (3, 1, 1));
    drop(out);
}

#[test]
fn a_smaller_max_size_closes_what_is_beyond_and_a_larger_one_makes_room() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 4);
    let all: Vec<_> = (0..4).map(|_| pool.get_blocking().unwrap()).collect();
    pool.reconfigure(Changes::new().max_size(2)).unwrap();
    assert_eq!(fake.alive(), 4, "those in use stay out");
    drop(all);
    assert_eq!((fake.alive(), pool.stats().total), (2, 2));
    pool.reconfigure(Changes::new().max_size(20)).unwrap();
    let all: Vec<_> = (0..20).map(|_| pool.get_blocking().unwrap()).collect();
    assert_eq!(pool.stats().active, 20);
    assert!(pool.try_get().is_none());
    drop(all);
    // Those in slots that were added later are found, and closed, as the others.
    assert_eq!((0..20).map(|_| pool.get_blocking().unwrap()).collect::<Vec<_>>().len(), 20);
    pool.close();
    assert_eq!(fake.alive(), 0);
}

#[test]
fn one_with_something_in_flight_is_settled_and_one_that_is_broken_closed() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 1);
    let item = pool.get_blocking().unwrap();
    *fake.0.give_back.lock().unwrap() = Some(GiveBack::Settle);
    drop(item);
    assert_eq!((fake.0.settled.load(Ordering::SeqCst), pool.stats().idle), (1, 1));
    *fake.0.give_back.lock().unwrap() = Some(GiveBack::Discard);
    drop(pool.get_blocking().unwrap());
    assert_eq!((fake.alive(), pool.stats().total), (0, 0));
}
