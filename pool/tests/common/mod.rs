//! What the tests share: a manager whose items can be counted and made to fail, and patience.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use batis_pool::{Blocking, BlockingManager, Clock, GiveBack, Pool};

/// Makes numbered items. Clones are the same database.
#[derive(Clone, Default)]
pub struct Fake(pub Arc<World>);

#[derive(Default)]
pub struct World {
    pub connects: AtomicU32,
    pub attempts: AtomicU32,
    pub alive: AtomicU32,
    pub most_alive: AtomicU32,
    pub checks: AtomicU32,
    pub settled: AtomicU32,
    pub down: AtomicBool,
    pub checks_fail: AtomicBool,
    /// Items below this number are known to be dead.
    pub dead_below: AtomicU32,
    /// Connects wait while this is set.
    pub stalled: AtomicBool,
    pub give_back: Mutex<Option<GiveBack>>,
}

/// Closed when dropped.
pub struct Item {
    pub number: u32,
    world: Arc<World>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}", self.number)
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.world.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub struct Down(pub &'static str);

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Down {}

impl Fake {
    pub fn connects(&self) -> u32 {
        self.0.connects.load(Ordering::SeqCst)
    }

    pub fn alive(&self) -> u32 {
        self.0.alive.load(Ordering::SeqCst)
    }

    pub fn set_down(&self, down: bool) {
        self.0.down.store(down, Ordering::SeqCst);
    }
}

impl BlockingManager for Fake {
    type Item = Item;
    type Error = Down;

    fn connect(&self) -> Result<Item, Down> {
        self.0.attempts.fetch_add(1, Ordering::SeqCst);
        until("the stall is over", || !self.0.stalled.load(Ordering::SeqCst));
        if self.0.down.load(Ordering::SeqCst) {
            return Err(Down("the database is down"));
        }
        let alive = self.0.alive.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most_alive.fetch_max(alive, Ordering::SeqCst);
        let number = self.0.connects.fetch_add(1, Ordering::SeqCst);
        Ok(Item { number, world: Arc::clone(&self.0) })
    }

    fn check(&self, _: &mut Item) -> Result<(), Down> {
        self.0.checks.fetch_add(1, Ordering::SeqCst);
        if self.0.checks_fail.load(Ordering::SeqCst) { Err(Down("no answer")) } else { Ok(()) }
    }

    fn is_broken(&self, item: &mut Item) -> bool {
        item.number < self.0.dead_below.load(Ordering::SeqCst)
    }

    fn give_back(&self, _: &mut Item) -> GiveBack {
        self.0.give_back.lock().unwrap().unwrap_or(GiveBack::Ready)
    }

    fn settle(&self, _: &mut Item) -> Result<(), Down> {
        self.0.settled.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

pub type FakePool = Pool<Blocking<Fake>>;

/// A pool without background, on a clock that the test moves.
pub fn still(fake: &Fake, size: u32) -> (FakePool, Clock) {
    let clock = Clock::manual();
    let builder = Pool::builder(Blocking(fake.clone())).max_size(size).clock(clock.clone()).without_spawner();
    (builder.build().unwrap(), clock)
}

/// Waits for something that is bound to happen; how long it takes says nothing.
pub fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !happened() {
        assert!(Instant::now() < patience, "{what}: did not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Drives a future that needs no runtime.
pub fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
