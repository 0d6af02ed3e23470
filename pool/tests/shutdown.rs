//! Closing always ends, and leaves nothing behind.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use batis_pool::{Blocking, BoxFuture, Pool, Spawner, ThreadSpawner};
use common::{Fake, block, until};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn closing_ends_all_waits() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(1).build().unwrap();
    let held = pool.get_blocking().unwrap();
    std::thread::scope(|scope| {
        let waits: Vec<_> = (0..8).map(|_| scope.spawn(|| pool.get_blocking().unwrap_err().is_closed())).collect();
        until("all wait", || pool.stats().waiting == 8);
        pool.close();
        assert!(waits.into_iter().all(|wait| wait.join().unwrap()));
    });
    assert!(pool.get_blocking().unwrap_err().is_closed(), "get after that fails at once");
    assert!(pool.try_get().is_none());
    drop(held);
    assert_eq!(fake.alive(), 0);
}

#[test]
fn closing_with_connections_out_ends_in_time_and_they_are_closed_when_they_come_back() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(3).build().unwrap();
    let held = pool.get_blocking().unwrap();
    assert!(!pool.closed_blocking(Duration::from_millis(20)), "one is still out");
    assert_eq!(pool.stats().active, 1);
    let closer = pool.clone();
    let closed = std::thread::spawn(move || closer.closed_blocking(LONG));
    drop(held);
    assert!(closed.join().unwrap());
    assert_eq!(fake.alive(), 0);
}

#[test]
fn closing_while_connections_are_made_ends() {
    let fake = Fake::default();
    fake.0.stalled.store(true, Ordering::SeqCst);
    let pool = Pool::builder(Blocking(fake.clone())).max_size(3).build().unwrap();
    until("a connect is under way", || fake.0.attempts.load(Ordering::SeqCst) == 1);
    assert!(!pool.closed_blocking(Duration::from_millis(20)), "it is not interrupted");
    fake.0.stalled.store(false, Ordering::SeqCst);
    assert!(pool.closed_blocking(LONG));
    assert_eq!(fake.alive(), 0, "what was made for a closed pool is closed");
}

#[test]
fn closing_twice_and_from_many_threads_is_harmless() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(4).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(pool.closed_blocking(LONG)));
        }
    });
    pool.close();
    assert!(pool.is_closed());
    assert!(block(pool.closed(LONG)));
    assert_eq!(fake.alive(), 0);
}

#[test]
fn a_guard_outlives_its_pool() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(2).build().unwrap();
    let held = pool.get_blocking().unwrap();
    let (weak, other) = (pool.downgrade(), pool.clone());
    drop(pool);
    assert!(weak.upgrade().is_some(), "a clone is left");
    drop(other);
    assert!(weak.upgrade().is_none());
    // One of the two that may have been made by then.
    assert!(held.number < 2);
    drop(held);
    until("it was closed", || fake.alive() == 0);
}

#[test]
fn guards_that_end_at_once_go_home_once_each() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(8).build().unwrap();
    for _ in 0..200 {
        let guards: Vec<_> = (0..8).map(|_| pool.get_blocking().unwrap()).collect();
        std::thread::scope(|scope| {
            for guard in guards {
                scope.spawn(move || drop(guard));
            }
        });
        assert_eq!((pool.stats().active, pool.stats().idle), (0, 8));
    }
}

/// Counts what it runs.
struct Counting(ThreadSpawner, Arc<AtomicUsize>);

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Spawner for Counting {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        let running = Running(Arc::clone(&self.1));
        self.0.spawn(Box::pin(async move {
            let _running = running;
            future.await;
        }));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

fn counted() -> (Fake, common::FakePool, Arc<AtomicUsize>) {
    let (fake, running) = (Fake::default(), Arc::new(AtomicUsize::new(0)));
    let spawner = Counting(ThreadSpawner::new("counting"), Arc::clone(&running));
    let pool = Pool::builder(Blocking(fake.clone())).max_size(2).spawner(spawner).build().unwrap();
    (fake, pool, running)
}

#[test]
fn no_task_is_left_behind_by_a_closed_pool() {
    let (fake, pool, running) = counted();
    drop(pool.get_blocking().unwrap());
    assert!(running.load(Ordering::SeqCst) >= 2);
    assert!(pool.closed_blocking(LONG));
    until("all tasks have ended", || running.load(Ordering::SeqCst) == 0);
    assert_eq!(fake.alive(), 0);
}

#[test]
fn no_task_is_left_behind_by_a_pool_that_is_only_dropped() {
    let (fake, pool, running) = counted();
    drop(pool.get_blocking().unwrap());
    drop(pool);
    until("all tasks have ended", || running.load(Ordering::SeqCst) == 0);
    until("all connections are closed", || fake.alive() == 0);
}

#[test]
fn a_pool_whose_runtime_has_ended_still_closes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let fake = Fake::default();
    let pool = {
        let _entered = runtime.enter();
        let spawner = batis_pool::TokioSpawner::current().unwrap();
        Pool::builder(Blocking(fake.clone())).max_size(2).spawner(spawner).build().unwrap()
    };
    let held = runtime.block_on(pool.get()).unwrap();
    drop(runtime);
    drop(held);
    assert!(pool.closed_blocking(LONG));
    assert_eq!(fake.alive(), 0);
}

#[test]
fn a_pool_whose_runtime_has_ended_says_so_instead_of_waiting() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let fake = Fake::default();
    let pool = {
        let _entered = first.enter();
        let spawner = batis_pool::TokioSpawner::current().unwrap();
        let builder = Pool::builder(Blocking(fake.clone())).max_size(2).min_idle(0).connection_timeout(LONG);
        builder.spawner(spawner).build().unwrap()
    };
    let held = first.block_on(pool.get()).unwrap();
    drop(first);
    let begun = std::time::Instant::now();
    let errors = [
        second.block_on(pool.get()).unwrap_err(),
        pool.get_blocking().unwrap_err(),
        second.block_on(pool.prewarm(2, LONG)).unwrap_err(),
    ];
    for error in errors {
        assert!(
            error.is_closed() && error.to_string().contains("the runtime on which it was built has ended"),
            "{error}"
        );
    }
    drop(held);
    assert!(second.block_on(pool.get()).is_ok(), "what lies idle is lent");
    assert!(begun.elapsed() < LONG, "nobody waited");
}
