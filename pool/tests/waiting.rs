//! Borrowers that wait: time-outs, cancels, a database that is down.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use batis_pool::{Blocking, BlockingManager, Pool, PoolError, PoolErrorKind};
use common::{Fake, block, still, until};

/// The error of a borrower that waits in vain, once a connect has failed: before, there is no cause yet.
fn in_vain<B: BlockingManager>(pool: &Pool<Blocking<B>>, wait: Duration) -> PoolError {
    loop {
        let begun = Instant::now();
        let error = pool.get_blocking_timeout(wait).map(drop).unwrap_err();
        assert!(begun.elapsed() >= wait);
        if error.cause().is_some() {
            return error;
        }
    }
}

#[test]
fn a_timeout_is_never_early_and_names_the_connect_failure_as_its_cause() {
    let fake = Fake::default();
    fake.set_down(true);
    let pool = Pool::builder(Blocking(fake)).name("shop").max_size(2).build().unwrap();
    let error = in_vain(&pool, Duration::from_millis(300));
    assert_eq!(error.kind(), PoolErrorKind::Timeout);
    assert_eq!(error.cause().unwrap().to_string(), "the database is down");
    let text = error.to_string();
    assert!(text.contains("pool `shop`") && text.contains("waiting=1") && text.contains("see the cause"), "{text}");
    assert!(text.contains("waiting.rs:"), "{text}");
}

#[test]
fn an_exhausted_pool_names_its_holders() {
    let fake = Fake::default();
    let (pool, clock) = still(&fake, 1);
    let held = pool.get_blocking().unwrap();
    clock.advance(Duration::from_secs(7));
    let error = pool.get_blocking_timeout(Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.holders().len(), 1);
    assert_eq!(error.holders()[0].age, Duration::from_secs(7));
    let text = error.to_string();
    assert!(text.contains("all are in use") && text.contains("held for 7s since pool/tests/waiting.rs:"), "{text}");
    drop(held);
    assert_eq!(pool.holders(), []);
    assert_eq!(pool.stats().timeouts, 1);
}

#[test]
fn connecting_is_retried_until_the_database_is_up() {
    let fake = Fake::default();
    fake.set_down(true);
    let pool = Pool::builder(Blocking(fake.clone())).max_size(1).build().unwrap();
    let waiter = pool.clone();
    let served = std::thread::spawn(move || waiter.get_blocking_timeout(Duration::from_secs(60)).is_ok());
    until("it was tried some times", || fake.0.attempts.load(Ordering::SeqCst) >= 3);
    fake.set_down(false);
    assert!(served.join().unwrap());
}

#[test]
fn recovers_after_the_database_went_away() {
    let fake = Fake::default();
    let clock = batis_pool::Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(2).clock(clock.clone());
    let pool = builder.build().unwrap();
    until("it is filled", || pool.stats().idle == 2);
    fake.set_down(true);
    fake.0.checks_fail.store(true, Ordering::SeqCst);
    // Out of the bypass window, so that they are checked; none passes, and none can be made.
    clock.advance(Duration::from_secs(1));
    let error = pool.get_blocking_timeout(Duration::from_millis(50)).unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(fake.alive(), 0);
    fake.set_down(false);
    fake.0.checks_fail.store(false, Ordering::SeqCst);
    assert!(pool.get_blocking_timeout(Duration::from_secs(60)).is_ok());
}

#[test]
fn a_connect_that_panics_is_a_failed_connect() {
    struct Panics;
    impl BlockingManager for Panics {
        type Item = ();
        type Error = std::io::Error;
        fn connect(&self) -> std::io::Result<()> {
            panic!("in connect (expected in this test)");
        }
    }
    let pool = Pool::builder(Blocking(Panics)).max_size(1).build().unwrap();
    let error = in_vain(&pool, Duration::from_millis(300));
    assert_eq!(error.cause().unwrap().to_string(), "connecting panicked: in connect (expected in this test)");
}

#[test]
fn get_is_cancel_safe_at_every_await() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(1).build().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    for polls in 0..4 {
        let held = pool.get_blocking().unwrap();
        {
            let mut waits = pin!(pool.get());
            for _ in 0..polls {
                assert!(waits.as_mut().poll(&mut cx).is_pending());
            }
            // Handed over while nobody polls: the drop passes it on.
            if polls == 3 {
                drop(held);
            }
        }
        let stats = pool.stats();
        assert_eq!(stats.waiting, 0, "no trace in the line");
    }
    assert_eq!(pool.stats().idle, 1);
    assert_eq!(fake.connects(), 1);
}

#[test]
fn a_cancelled_waiter_passes_the_connection_to_the_next() {
    let (pool, _) = still(&Fake::default(), 1);
    let held = pool.get_blocking().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut second = Box::pin(pool.get());
    {
        let mut first = pin!(pool.get());
        assert!(first.as_mut().poll(&mut cx).is_pending());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        drop(held);
        assert_eq!(pool.stats().waiting, 1, "the first was handed it");
    }
    assert!(second.as_mut().poll(&mut cx).is_ready(), "the second got it when the first was dropped");
}

#[test]
fn first_come_first_served() {
    let (pool, _) = still(&Fake::default(), 1);
    let held = pool.get_blocking().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut waits: Vec<_> = (0..3).map(|_| Box::pin(pool.get())).collect();
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut cx).is_pending());
    }
    drop(held);
    while !waits.is_empty() {
        assert!(pool.try_get().is_none(), "a newcomer does not overtake");
        for later in &mut waits[1..] {
            assert!(later.as_mut().poll(&mut cx).is_pending());
        }
        // What it got goes back, and so to the next.
        assert!(waits.remove(0).as_mut().poll(&mut cx).is_ready());
    }
}

#[test]
fn tasks_and_threads_stand_in_one_line() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake)).max_size(2).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let pool = pool.clone();
            runtime.spawn(async move {
                for _ in 0..200 {
                    let held = pool.get().await.unwrap();
                    tokio::task::yield_now().await;
                    drop(held);
                }
            })
        })
        .collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|_| drop(pool.get_blocking().unwrap())));
        }
    });
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let stats = pool.stats();
    assert_eq!((stats.active, stats.waiting, stats.lent), (0, 0, 2400));
}

#[test]
fn suspended_callers_wait_until_the_pool_is_resumed_or_their_time_is_up() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake)).max_size(2).build().unwrap();
    let out = pool.get_blocking().unwrap();
    pool.suspend();
    assert!(pool.is_suspended());
    assert!(pool.try_get().is_none());
    let error = pool.get_blocking_timeout(Duration::from_millis(20)).unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("is suspended"), "{error}");
    drop(out);
    let waiter = pool.clone();
    let served = std::thread::spawn(move || waiter.get_blocking_timeout(Duration::from_secs(60)).is_ok());
    let task = async {
        let (got, ()) = (pool.get(), ());
        let mut got = pin!(got);
        assert!(got.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        pool.resume();
        got.await.is_ok()
    };
    assert!(block(task));
    assert!(served.join().unwrap());
}
