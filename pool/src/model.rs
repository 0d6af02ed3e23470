//! The bag and its line as the models of `tests/loom.rs` and the tests of the bag drive them: without manager, clock and
//! background.

use crate::bag::{Bag, Hold, Look, Place};
use crate::line::{Line, Wait};
use crate::sync::{Arc, AtomicBool, Ordering};

/// The smallest surroundings a bag can live in. Items are numbers.
#[derive(Debug)]
pub struct Ground {
    line: Line<Hold<Ground>>,
    waiters_connect: bool,
    closed_items: AtomicBool,
}

impl Place for Ground {
    type Item = u32;

    fn line(&self) -> &Line<Hold<Self>> {
        &self.line
    }

    fn waiters_connect(&self) -> bool {
        self.waiters_connect
    }

    fn freed(&self) {}

    fn came_back_closed(hold: Hold<Self>) {
        hold.place().closed_items.store(true, Ordering::SeqCst);
        drop(hold);
    }
}

/// A bag on its ground.
#[derive(Debug, Clone)]
pub struct Model {
    ground: Arc<Ground>,
    bag: Arc<Bag<Ground>>,
}

/// The ground of a model that may be gone.
#[derive(Debug)]
pub struct Kept(Arc<Ground>);

impl Kept {
    /// How many hold on to it, this one counted.
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// What a borrower has: the item is out of its slot, as in a guard. Dropped, it is put back.
#[derive(Debug)]
pub struct Lent {
    item: Option<u32>,
    hold: Option<Hold<Ground>>,
}

/// A place in the line.
#[derive(Debug)]
pub struct Waiting<'a>(Wait<'a, Hold<Ground>>);

impl Model {
    /// A bag of this many slots, the first `items` of them filled.
    pub fn new(slots: u32, items: u32, waiters_connect: bool) -> Self {
        let ground = Arc::new(Ground { line: Line::new(), waiters_connect, closed_items: AtomicBool::new(false) });
        let bag = Arc::new(Bag::new(slots, &ground));
        let model = Model { ground, bag };
        for item in 0..items {
            model.fill(item);
        }
        model
    }

    /// Connects: puts an item into an empty slot, if there is one.
    pub fn fill(&self, item: u32) -> bool {
        let Some(mut hold) = self.bag.claim() else { return false };
        hold.put(item);
        hold.put_back();
        true
    }

    /// Takes an idle one.
    pub fn take(&self) -> Option<Lent> {
        self.bag.take(0).map(Lent::new)
    }

    /// Stands in line; `None`: the pool is closed.
    pub fn join(&self) -> Option<Waiting<'_>> {
        self.ground.line.join(crate::timekeeper::NEVER).ok().map(Waiting)
    }

    /// Takes by all three steps; `None`: the pool is closed.
    pub fn get(&self) -> Option<Lent> {
        if let Some(lent) = self.take() {
            return Some(lent);
        }
        let waiting = self.join()?;
        if let Look::Taken(hold) = self.bag.take_or_want() {
            return Some(Lent::new(hold));
        }
        if self.ground.waiters_connect
            && let Some(hold) = self.bag.claim()
        {
            return Some(Lent::new(hold));
        }
        waiting.wait()
    }

    /// The housekeeper's move: reserves the slot if it is idle, and closes its item.
    pub fn retire(&self, index: usize) -> bool {
        self.bag.slots().nth(index).is_some_and(|slot| self.bag.reserve(slot).is_some())
    }

    /// The housekeeper's other move: looks at an idle slot and puts it back.
    pub fn reserve_and_put_back(&self, index: usize) {
        if let Some(hold) = self.bag.slots().nth(index).and_then(|slot| self.bag.reserve(slot)) {
            hold.put_back();
        }
    }

    /// The look of one who stands in line, which finds nothing idle.
    pub fn want(&self) {
        assert!(!matches!(self.bag.take_or_want(), Look::Taken(_)));
    }

    /// Changes how many items there may be.
    pub fn set_limit(&self, limit: u32) {
        self.bag.set_limit(limit, &self.ground);
    }

    /// What the slots hold on to.
    pub fn ground(&self) -> Kept {
        Kept(Arc::clone(&self.ground))
    }

    /// Closes the pool and what is idle.
    pub fn close(&self) {
        self.ground.line.close();
        self.bag.seal(drop);
    }

    /// Idle, in use, reserved, waiting.
    pub fn counts(&self) -> (u32, u32, u32, usize) {
        let counts = self.bag.counts();
        (counts.idle, counts.active, counts.reserved, self.ground.line.waiting())
    }
}

impl Waiting<'_> {
    /// Sleeps until it is handed one; `None`: the pool is closed.
    pub fn wait(self) -> Option<Lent> {
        #[cfg(loom)]
        use loom::future::block_on;
        #[cfg(not(loom))]
        let block_on = |wait| crate::timer::block_on(&crate::timer::Parking::new(), wait);
        block_on(self.0).ok().map(Lent::new)
    }

    /// Leaves, with what it was handed if it was.
    pub fn give_up(&self) -> Option<Lent> {
        self.0.give_up().map(Lent::new)
    }
}

impl Lent {
    fn new(mut hold: Hold<Ground>) -> Self {
        hold.set_in_use();
        Lent { item: hold.take(), hold: Some(hold) }
    }

    /// The item; `None` if the slot was empty and the borrower has to connect.
    pub fn item(&self) -> Option<u32> {
        self.item
    }

    /// Closes the item instead of putting it back.
    pub fn discard(mut self) {
        drop(self.hold.take());
    }

    /// Connects into the slot.
    pub fn connect(&mut self, item: u32) {
        self.item = Some(item);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(item), Some(mut hold)) = (self.item.take(), self.hold.take()) {
            hold.put(item);
            hold.put_back();
        }
    }
}
