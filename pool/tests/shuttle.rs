//! The whole pool under thousands of schedules: borrowers that time out and are cancelled, connects that fail, items that
//! must be settled or come back broken, an operator that evicts, and a close in the middle of it all.
//!
//! ```text
//! RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=target/shuttle cargo test -p batis-pool --no-default-features --release --test shuttle
//! ```
//!
//! shuttle fails a schedule by itself when nobody can go on (a lost wake-up, a close that does not end).
#![cfg(shuttle)]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use batis_pool::{BoxFuture, GiveBack, Manager, Pool, Spawner};
use shuttle::future::{JoinHandle, block_on, spawn, yield_now};
use shuttle::rand::{Rng, thread_rng};

const SCHEDULES: usize = 10_000;
const SIZE: u32 = 2;
/// An impatient borrower's time.
const SHORT: Duration = Duration::from_millis(300);
/// Times up to this one pass while others work, longer ones never: the longest pause after connects that failed.
const PASSES: Duration = Duration::from_secs(5);

/// Background work as tasks of the schedule; short times pass after some steps of others.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Spawner for Tasks {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        // Not while the lock is held: another task may run in between.
        let task = spawn(future);
        self.0.lock().unwrap().push(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > PASSES {
            return Box::pin(std::future::pending());
        }
        let steps = thread_rng().gen_range(0..4);
        Box::pin(async move {
            for _ in 0..steps {
                yield_now().await;
            }
        })
    }
}

/// Items that count themselves.
#[derive(Clone, Default)]
struct Moody(Arc<AtomicU32>);

struct Item(Arc<AtomicU32>);

impl Drop for Item {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Manager for Moody {
    type Item = Item;
    type Error = std::io::Error;

    async fn connect(&self) -> std::io::Result<Item> {
        yield_now().await;
        if thread_rng().gen_ratio(1, 8) {
            return Err(std::io::Error::other("refused"));
        }
        assert!(self.0.fetch_add(1, Ordering::SeqCst) < SIZE, "above max");
        Ok(Item(Arc::clone(&self.0)))
    }

    fn give_back(&self, _: &mut Item) -> GiveBack {
        match thread_rng().gen_range(0..8) {
            0 => GiveBack::Discard,
            1 => GiveBack::Settle,
            _ => GiveBack::Ready,
        }
    }

    async fn settle(&self, _: &mut Item) -> std::io::Result<()> {
        yield_now().await;
        Ok(())
    }

    async fn close(&self, item: Item) {
        yield_now().await;
        drop(item);
    }
}

/// One borrower: patient, impatient, or cancelled after some polls.
async fn borrow(pool: Pool<Moody>) {
    let kind = thread_rng().gen_range(0..4);
    let timeout = if kind == 0 { SHORT } else { Duration::from_secs(3600) };
    let mut get = pin!(pool.get_timeout(timeout));
    if kind == 1 {
        let polls = thread_rng().gen_range(0..3);
        for _ in 0..polls {
            if get.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                return;
            }
            yield_now().await;
        }
        return;
    }
    if let Ok(held) = get.await {
        yield_now().await;
        drop(held);
    }
}

fn scenario(borrowers: u32, close_early: bool) {
    let manager = Moody::default();
    let alive = Arc::clone(&manager.0);
    let background = Tasks::default();
    let builder = Pool::builder(manager).max_size(SIZE).min_idle(1).spawner(background.clone());
    let pool = builder.idle_timeout(Duration::ZERO).max_lifetime(Duration::ZERO).build().unwrap();
    let tasks: Vec<_> = (0..borrowers).map(|_| spawn(borrow(pool.clone()))).collect();
    let operator = spawn({
        let pool = pool.clone();
        async move {
            yield_now().await;
            pool.soft_evict();
            if close_early {
                pool.close();
            }
        }
    });
    block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
        operator.await.unwrap();
        // Everybody has gone: no trace in the line, nobody holds anything.
        let stats = pool.stats();
        assert_eq!((stats.waiting, stats.active), (0, 0), "{stats}");
        assert!(pool.closed(Duration::from_secs(3600)).await);
        // No task is left behind.
        while let Some(task) = { background.0.lock().unwrap().pop() } {
            task.await.unwrap();
        }
    });
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn random_schedules() {
    shuttle::check_random(|| scenario(4, false), SCHEDULES);
}

#[test]
fn random_schedules_with_an_early_close() {
    shuttle::check_random(|| scenario(3, true), SCHEDULES);
}

#[test]
fn pct_schedules() {
    shuttle::check_pct(|| scenario(4, false), SCHEDULES, 3);
}

#[test]
fn pct_schedules_with_an_early_close() {
    shuttle::check_pct(|| scenario(3, true), SCHEDULES, 3);
}
