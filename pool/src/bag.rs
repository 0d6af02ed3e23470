//! The bag: slots at fixed places, each its own allocation with an atomic state, and the only `unsafe` of the crate.
//!
//! | from | to | by whom | how |
//! | --- | --- | --- | --- |
//! | `EMPTY` | `RESERVED` | whoever is going to connect | [`Bag::claim`], compare-and-set |
//! | `IDLE` | `IN_USE` | a borrower | [`Bag::take`], compare-and-set |
//! | `IDLE` | `RESERVED` | the housekeeper | [`Bag::reserve`], compare-and-set |
//! | `IN_USE` | `RESERVED` | its owner, to settle or to close | [`Hold::reserve`] |
//! | `IN_USE`, `RESERVED` | `IDLE` | its owner | [`Hold::put_back`] |
//! | `IN_USE`, `RESERVED` | `EMPTY` | its owner | dropping the [`Hold`] |
//! | `IN_USE` | `LENT` | its owner, who keeps only the slot | [`Hold::lend`] |
//! | `LENT` | `IN_USE` | whoever brings it back | [`Slot::regain`], compare-and-set |
//!
//! `IN_USE` and `RESERVED` have exactly one owner, and it has the slot's one [`Hold`]; `LENT` has none, its item is out. A direct hand-off moves the hold
//! from the giver to the waiter: the slot stays owned all the while. `IDLE` always has an item, `EMPTY` never.
//!
//! Every slot knows what all handles of the pool share (so that it can go home alone) and none of its neighbours. A
//! guard keeps its slot alive by the slot's own reference count: a count that all borrowers share would cost more than
//! all the rest of a turn as soon as two threads borrow at once.

#![allow(unsafe_code)]

use crate::line::{Line, Offer};
use crate::stats::Counts;
use crate::sync::{Arc, AtomicU64, AtomicUsize, Ordering, PlainUsize, UnsafeCell, look, publish};
use crate::waiter::Baton;

const EMPTY: usize = 0;
const RESERVED: usize = 1;
const IDLE: usize = 2;
const IN_USE: usize = 3;
const LENT: usize = 4;

/// What the slots of one bag have in common, and what the bag asks of its surroundings.
pub(crate) trait Place: Send + Sync + Sized + 'static {
    type Item: Send + 'static;

    fn line(&self) -> &Line<Hold<Self>>;

    /// Whether an empty slot is worth handing to a waiter, who then connects by itself.
    fn waiters_connect(&self) -> bool;

    /// A slot became empty: there may be demand for another connection.
    fn freed(&self);

    /// A connection came back to a closed pool.
    fn came_back_closed(hold: Hold<Self>);
}

/// A fixed place for one item. Aligned so that two borrowers never write to one cache line (or to two that the
/// processor fetches as a pair).
#[repr(align(128))]
pub(crate) struct Slot<P: Place> {
    state: AtomicUsize,
    index: u32,
    cell: UnsafeCell<Option<P::Item>>,
    /// When it was last taken or put back, and when the item must be retired; zero retires it at the next chance.
    touched: AtomicU64,
    expires: AtomicU64,
    place: Arc<P>,
}

// SAFETY: the cell is the only part that is not Sync by itself. It is reached through a `Hold` alone, and there is at
// most one per slot: see `Hold`. So sharing a slot between threads only ever moves items from thread to thread, for
// which `P::Item: Send` is enough.
unsafe impl<P: Place> Sync for Slot<P> {}

impl<P: Place> std::fmt::Debug for Slot<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("index", &self.index).finish_non_exhaustive()
    }
}

impl<P: Place> Slot<P> {
    /// The compare-and-set by which a slot gets its owner.
    #[inline]
    fn own(self: &Arc<Self>, from: usize, to: usize) -> Option<Hold<P>> {
        self.state.compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed).ok()?;
        Some(Hold { slot: Some(Arc::clone(self)) })
    }

    /// The hold of a slot that was [lent](Hold::lend); once.
    #[inline]
    pub(crate) fn regain(self: &Arc<Self>) -> Option<Hold<P>> {
        self.own(LENT, IN_USE)
    }

    #[inline]
    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn place(&self) -> &Arc<P> {
        &self.place
    }

    pub(crate) fn is_idle(&self) -> bool {
        look(&self.state) == IDLE
    }

    pub(crate) fn touched(&self) -> u64 {
        self.touched.load(Ordering::Relaxed)
    }

    pub(crate) fn expires(&self) -> u64 {
        self.expires.load(Ordering::Relaxed)
    }
}

/// The ownership of one slot. There is at most one per slot: it is made by a compare-and-set into an owned state, which
/// only its own end leaves again. Dropped, the item is dropped and the slot is empty.
pub(crate) struct Hold<P: Place> {
    /// `None` only inside the two functions that end a hold.
    slot: Option<Arc<Slot<P>>>,
}

impl<P: Place> std::fmt::Debug for Hold<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hold").field(&self.slot).finish()
    }
}

impl<P: Place> Hold<P> {
    #[inline]
    pub(crate) fn slot(&self) -> &Arc<Slot<P>> {
        match &self.slot {
            Some(slot) => slot,
            None => unreachable!("a hold that has ended is in nobody's hands"),
        }
    }

    #[inline]
    pub(crate) fn place(&self) -> &Arc<P> {
        &self.slot().place
    }

    /// Whether there is an item.
    pub(crate) fn is_vacant(&self) -> bool {
        // SAFETY: as in `take`; shared access through `&self`, while exclusive access takes `&mut self`.
        self.slot().cell.with(|cell| unsafe { (*cell).is_none() })
    }

    /// Moves the item out. The slot stays owned.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<P::Item> {
        // SAFETY: this hold is the only one of its slot and borrowed exclusively, and nobody else reaches the cell. The
        // previous owner's accesses happened before: it left by a release store of the state, this hold was made by an
        // acquire compare-and-set on it; or it came through a waiter's mutex.
        self.slot().cell.with_mut(|cell| unsafe { (*cell).take() })
    }

    /// Moves an item in, and drops the one that was there (there is none in any use of it).
    #[inline]
    pub(crate) fn put(&mut self, item: P::Item) {
        // SAFETY: as in `take`.
        let before = self.slot().cell.with_mut(|cell| unsafe { (*cell).replace(item) });
        drop(before);
    }

    pub(crate) fn set_expires(&self, at: u64) {
        self.slot().expires.store(at, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn touch(&self, now: u64) {
        self.slot().touched.store(now, Ordering::Relaxed);
    }

    /// Marks it as owned by the pool itself, no longer by a borrower.
    pub(crate) fn reserve(&self) {
        self.slot().state.store(RESERVED, Ordering::Release);
    }

    /// Gives up the hold without ending it: the item is out, and [`Slot::regain`] makes the hold anew.
    #[inline]
    pub(crate) fn lend(mut self) -> Arc<Slot<P>> {
        let slot = Arc::clone(self.slot());
        slot.state.store(LENT, Ordering::Release);
        self.slot = None;
        slot
    }

    /// Gives the item to the next waiter, or leaves it idle.
    #[inline]
    pub(crate) fn put_back(mut self) {
        let Some(slot) = self.slot.take() else { return };
        let claims = slot.place.line().claims();
        if claims.load(Ordering::Relaxed) != 0 {
            offer(Hold { slot: Some(slot) }, IDLE);
        } else if publish(&slot.state, IDLE, claims) != 0 {
            // Somebody came between the two loads, and perhaps looked too early.
            if let Some(hold) = slot.own(IDLE, IN_USE) {
                offer(hold, IDLE);
            }
        }
    }
}

/// A return while somebody waits, or to a closed pool: hands the hold over, or lets the slot rest (`IDLE` with an item,
/// `EMPTY` without).
#[cold]
fn offer<P: Place>(mut hold: Hold<P>, rest: usize) {
    let slot = Arc::clone(hold.slot());
    loop {
        match slot.place.line().offer(hold) {
            Offer::Taken => return,
            Offer::Closed(hold) if rest == IDLE => return P::came_back_closed(hold),
            Offer::Closed(mut unused) | Offer::Nobody(mut unused) => unused.slot = None,
        }
        if publish(&slot.state, rest, slot.place.line().claims()) == 0 || slot.place.line().is_closed() && rest == EMPTY
        {
            return;
        }
        // A claim again. If the slot is somebody else's by now, the waiter is that owner's business.
        match slot.own(rest, if rest == IDLE { IN_USE } else { RESERVED }) {
            Some(own) => hold = own,
            None => return,
        }
    }
}

impl<P: Place> Drop for Hold<P> {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        // SAFETY: as in `Hold::take`: the hold that ends here is the only one.
        let item = slot.cell.with_mut(|cell| unsafe { (*cell).take() });
        let vacated = Vacate(slot);
        drop(item);
        drop(vacated);
    }
}

/// Makes a slot empty when dropped: also when the item's own destructor panicked.
struct Vacate<P: Place>(Arc<Slot<P>>);

impl<P: Place> Drop for Vacate<P> {
    fn drop(&mut self) {
        let slot = &self.0;
        if slot.place.waiters_connect() {
            offer(Hold { slot: Some(Arc::clone(slot)) }, EMPTY);
        } else {
            publish(&slot.state, EMPTY, slot.place.line().claims());
        }
        slot.place.freed();
    }
}

impl<P: Place> Baton for Hold<P> {
    fn pass_on(self) {
        if self.is_vacant() { drop(self) } else { self.put_back() }
    }
}

/// All slots of a pool.
#[derive(Debug)]
pub(crate) struct Bag<P: Place> {
    slots: Box<[Arc<Slot<P>>]>,
    /// No slot from here on has ever been filled: the cost of a scan follows the connections, not the limit.
    high: PlainUsize,
}

impl<P: Place> Bag<P> {
    pub(crate) fn new(size: u32, place: &Arc<P>) -> Self {
        let slot = |index| {
            Arc::new(Slot {
                state: AtomicUsize::new(EMPTY),
                index,
                cell: UnsafeCell::new(None),
                touched: AtomicU64::new(0),
                expires: AtomicU64::new(0),
                place: Arc::clone(place),
            })
        };
        Bag { slots: (0..size).map(slot).collect(), high: PlainUsize::new(0) }
    }

    pub(crate) fn slots(&self) -> &[Arc<Slot<P>>] {
        &self.slots
    }

    /// Takes this slot if it is idle.
    #[inline]
    pub(crate) fn take_at(&self, index: u32) -> Option<Hold<P>> {
        self.slots.get(index as usize)?.own(IDLE, IN_USE)
    }

    /// Takes any idle slot, looking at all of them, from `start` on.
    pub(crate) fn take(&self, start: usize) -> Option<Hold<P>> {
        let high = self.high.load(Ordering::SeqCst);
        let used = &self.slots[..high];
        let (before, after) = used.split_at(if high == 0 { 0 } else { start % high });
        after.iter().chain(before).find_map(|slot| if slot.is_idle() { slot.own(IDLE, IN_USE) } else { None })
    }

    /// Takes an empty slot, to connect into it.
    pub(crate) fn claim(&self) -> Option<Hold<P>> {
        let slot = self
            .slots
            .iter()
            .find_map(|slot| if look(&slot.state) == EMPTY { slot.own(EMPTY, RESERVED) } else { None })?;
        self.high.fetch_max(slot.slot().index as usize + 1, Ordering::SeqCst);
        Some(slot)
    }

    /// Takes an idle slot on the pool's own behalf.
    pub(crate) fn reserve(&self, slot: &Arc<Slot<P>>) -> Option<Hold<P>> {
        slot.own(IDLE, RESERVED)
    }

    /// Makes every item of this moment be retired when it is next taken, put back or passed by the housekeeper.
    pub(crate) fn expire_all(&self) {
        for slot in &self.slots {
            slot.expires.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for slot in &self.slots {
            match look(&slot.state) {
                EMPTY => {}
                IDLE => counts.idle += 1,
                IN_USE | LENT => counts.active += 1,
                _ => counts.reserved += 1,
            }
        }
        counts
    }
}
