//! The bag: slots at fixed places, each its own allocation with an atomic state, and the only `unsafe` of the crate.
//!
//! | from | to | by whom | how |
//! | --- | --- | --- | --- |
//! | `EMPTY` | `RESERVED` | whoever is going to connect | [`Bag::claim`], compare-and-set |
//! | `IDLE` | `IN_USE` | a borrower | [`Bag::take`], compare-and-set |
//! | `IDLE` | `RESERVED` | the housekeeper | [`Bag::reserve`], compare-and-set |
//! | `IN_USE` | `RESERVED` | its owner, to settle or to close | [`Hold::reserve`] |
//! | `RESERVED` | `IN_USE` | its owner, a borrower it was handed to | [`Hold::set_in_use`] |
//! | `IN_USE`, `RESERVED` | `IDLE` | its owner | [`Hold::put_back`], compare-and-set |
//! | `IN_USE`, `RESERVED` | `EMPTY` | its owner | dropping the [`Hold`], compare-and-set |
//!
//! Two marks lie beside the state. They are set by others than the owner and tell it to look before it lets go:
//!
//! | mark | set by | meaning for the owner | cleared |
//! | --- | --- | --- | --- |
//! | `WANTED` | a waiter that finds the slot owned; a giver, when others stand behind the one it gives to; closing | ask the line before you let go | by the owner, under the line's lock, when nobody else stands there |
//! | `ORPHAN` | the bag when it is dropped | the slot is yours to free | never |
//!
//! `IN_USE` and `RESERVED` have exactly one owner, and it has the slot's one [`Hold`]. A direct hand-off moves the hold
//! from the giver to the waiter: the slot stays owned all the while. `IDLE` always has an item, `EMPTY` never.
//!
//! **Nobody sleeps beside an idle connection.** A waiter first stands in line (under the line's lock) and then looks at
//! every slot: it takes an idle one, and marks each owned one `WANTED`. A return is one compare-and-set from the bare
//! `IN_USE` to `IDLE`, which fails if the mark came first; then the owner asks the line. A slot that was empty at the
//! look is filled later by somebody who asks the line before he lets go, and that is after the waiter joined it; if it
//! goes to another who stood before, it gets the mark on the way.
//!
//! **Nothing is counted on the way.** After a return's compare-and-set the slot is not touched again, so a hold needs no
//! reference count: while the bag lives it keeps its slots alive, and a slot that is owned when the bag is dropped is
//! freed by its owner, which learns so from `ORPHAN` in the same compare-and-set.

#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;

use crate::line::{First, Line};
use crate::sync::{Arc, AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, UnsafeCell, host};
use crate::waiter::Baton;

mod all;

pub(crate) use all::{Bag, Look};

const EMPTY: usize = 0;
const RESERVED: usize = 1;
const IDLE: usize = 2;
const IN_USE: usize = 3;
/// The bits of the state; the marks lie above.
const STATE: usize = 7;
const WANTED: usize = 8;
const ORPHAN: usize = 16;

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

/// What is noted of a slot's item, beside the protocol: read by anybody, written by the owner (and by who evicts). Times
/// are the clock's.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// When it was last taken or put back.
    pub(crate) touched: AtomicU64,
    /// When it was last known alive.
    pub(crate) alive: AtomicU64,
    pub(crate) created: AtomicU64,
    /// When it must be retired; zero: at the next chance.
    pub(crate) expires: AtomicU64,
    /// How often this slot was lent, all its items together.
    pub(crate) lent: AtomicU64,
    /// Where it was asked for.
    at: AtomicPtr<Location<'static>>,
    /// The same as `touched`, in nanoseconds: where somebody watches.
    pub(crate) since: AtomicU64,
    pub(crate) loan: Loan,
    /// It was reported as leaked and has not come back since.
    pub(crate) leaked: AtomicBool,
}

/// Who asked for it, and what for: where leaks are looked for.
#[derive(Debug, Default)]
pub(crate) struct Loan(host::Mutex<Option<Box<Words>>>);

#[derive(Debug, Default, Clone)]
pub(crate) struct Words {
    pub(crate) who: Option<Arc<str>>,
    pub(crate) what: Option<Arc<str>>,
}

impl Loan {
    pub(crate) fn words(&self) -> Words {
        host::lock(&self.0).as_deref().cloned().unwrap_or_default()
    }

    pub(crate) fn begin(&self, who: Option<Arc<str>>) {
        *host::lock(&self.0) = who.map(|who| Box::new(Words { who: Some(who), what: None }));
    }

    pub(crate) fn note(&self, what: &str) {
        host::lock(&self.0).get_or_insert_default().what = Some(what.into());
    }
}

impl Notes {
    #[inline]
    pub(crate) fn set_place(&self, at: Option<&'static Location<'static>>) {
        let at = at.map_or(std::ptr::null_mut(), |at| std::ptr::from_ref(at).cast_mut());
        self.at.store(at, Ordering::Relaxed);
    }

    pub(crate) fn place(&self) -> Option<&'static Location<'static>> {
        // SAFETY: null, or made from a `&'static Location` in `set_place`, which alone stores here.
        unsafe { self.at.load(Ordering::Relaxed).as_ref() }
    }

    #[inline]
    pub(crate) fn expires(&self) -> u64 {
        self.expires.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn touched(&self) -> u64 {
        self.touched.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn touch(&self, now: u64) {
        self.touched.store(now, Ordering::Relaxed);
    }

    /// Counts one more loan. Only the owner writes, so no read-modify-write is needed.
    #[inline]
    pub(crate) fn count_loan(&self) {
        self.lent.store(self.lent.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

/// A fixed place for one item. Aligned so that two borrowers never write to one cache line (or to two that the
/// processor fetches as a pair).
#[repr(align(128))]
pub(crate) struct Slot<P: Place> {
    state: AtomicUsize,
    cell: UnsafeCell<Option<P::Item>>,
    pub(crate) notes: Notes,
    place: Arc<P>,
    index: u32,
    /// The hold is asleep: the item is out with somebody who has only a reference to the slot.
    out: AtomicBool,
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
        Some(Hold::of(self))
    }

    /// The hold of a slot that was [lent](Hold::lend); once.
    #[inline]
    pub(crate) fn regain(self: &Arc<Self>) -> Option<Hold<P>> {
        self.out.swap(false, Ordering::Acquire).then(|| Hold::of(self))
    }

    /// A waiter's look: takes it if it is idle, and marks it if it is owned. Tells whether it is empty.
    fn own_or_want(self: &Arc<Self>, to: usize, empty: &mut bool) -> Option<Hold<P>> {
        loop {
            let seen = self.state.load(Ordering::Acquire);
            match seen & STATE {
                EMPTY => {
                    *empty = true;
                    return None;
                }
                IDLE => {
                    if let Some(hold) = self.own(IDLE, to) {
                        return Some(hold);
                    }
                }
                _ if seen & WANTED != 0 => return None,
                // Release: an owner that sees the mark sees the waiter in the line.
                _ => {
                    let marked = self.state.compare_exchange(seen, seen | WANTED, Ordering::Release, Ordering::Relaxed);
                    if marked.is_ok() {
                        return None;
                    }
                }
            }
        }
    }

    #[inline]
    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn place(&self) -> &Arc<P> {
        &self.place
    }

    fn state(&self) -> usize {
        self.state.load(Ordering::Acquire) & STATE
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.state() == IDLE
    }

    pub(crate) fn is_in_use(&self) -> bool {
        self.state() == IN_USE
    }
}

/// The ownership of one slot. There is at most one per slot: it is made by a compare-and-set into an owned state, which
/// only its own end leaves again. Dropped, the item is dropped and the slot is empty.
pub(crate) struct Hold<P: Place>(NonNull<Slot<P>>);

// SAFETY: it gives access to a `Slot<P>`, which is Send and Sync, and the right to its item, which is Send.
unsafe impl<P: Place> Send for Hold<P> {}
// SAFETY: `&Hold` gives `&Slot<P>`, which is Sync, and asks the cell whether it is vacant, which `&mut Hold` excludes.
unsafe impl<P: Place> Sync for Hold<P> {}

impl<P: Place> std::fmt::Debug for Hold<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hold").field(self.slot()).finish()
    }
}

impl<P: Place> Hold<P> {
    /// Of a slot that the caller has just come to own. From `Arc::as_ptr`, so that an orphan can become an `Arc` again.
    #[inline]
    fn of(slot: &Arc<Slot<P>>) -> Self {
        // SAFETY: an `Arc`'s pointer is not null.
        Hold(unsafe { NonNull::new_unchecked(Arc::as_ptr(slot).cast_mut()) })
    }

    #[inline]
    pub(crate) fn slot(&self) -> &Slot<P> {
        // SAFETY: an owned slot is alive: the bag's reference keeps it so, and a bag that is dropped leaves the
        // references of owned slots to their owners (see `orphan`). This hold is the owner for as long as `self` lives.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    pub(crate) fn place(&self) -> &Arc<P> {
        &self.slot().place
    }

    #[inline]
    pub(crate) fn notes(&self) -> &Notes {
        &self.slot().notes
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
        // previous owner's accesses happened before: it left by a releasing compare-and-set of the state, this hold was
        // made by an acquiring one; or it came through a waiter's mutex, or through `out` in the same way.
        self.slot().cell.with_mut(|cell| unsafe { (*cell).take() })
    }

    /// Moves an item in, and drops the one that was there (there is none in any use of it).
    #[inline]
    pub(crate) fn put(&mut self, item: P::Item) {
        // SAFETY: as in `take`.
        let before = self.slot().cell.with_mut(|cell| unsafe { (*cell).replace(item) });
        drop(before);
    }

    /// Marks it as owned by the pool itself, no longer by a borrower.
    pub(crate) fn reserve(&self) {
        self.set(RESERVED);
    }

    /// Marks it as a borrower's: one that was handed over may come from the pool itself.
    #[inline]
    pub(crate) fn set_in_use(&self) {
        self.set(IN_USE);
    }

    /// Only the owner changes the state's bits, so they can be flipped without a loop beside the marks.
    #[inline]
    fn set(&self, to: usize) {
        let slot = self.slot();
        let flip = (slot.state.load(Ordering::Relaxed) & STATE) ^ to;
        if flip != 0 {
            slot.state.fetch_xor(flip, Ordering::AcqRel);
        }
    }

    /// Puts the hold to sleep: the item is out, and [`Slot::regain`] wakes the hold.
    #[inline]
    pub(crate) fn lend(self) -> Arc<Slot<P>> {
        let hold = ManuallyDrop::new(self);
        let pointer = hold.0.as_ptr();
        // SAFETY: the pointer comes from `Arc::as_ptr`, and the slot is alive since this hold owns it.
        let slot = unsafe {
            Arc::increment_strong_count(pointer);
            Arc::from_raw(pointer)
        };
        slot.out.store(true, Ordering::Release);
        slot
    }

    /// Gives the item to the next waiter, or leaves it idle.
    #[inline]
    pub(crate) fn put_back(self) {
        let hold = ManuallyDrop::new(self);
        // SAFETY: alive as in `slot`, until the compare-and-set succeeds; from then on the slot may be freed at any
        // moment, so no reference to more than the atomic is made.
        let state = unsafe { &(*hold.0.as_ptr()).state };
        if state.compare_exchange(IN_USE, IDLE, Ordering::Release, Ordering::Relaxed).is_err() {
            // Still owned.
            offer(ManuallyDrop::into_inner(hold), IDLE);
        }
    }

    /// Lets go, if no mark says to look first.
    fn leave(self, rest: usize, despite: usize) -> Result<(), Self> {
        let hold = ManuallyDrop::new(self);
        // SAFETY: as in `put_back`.
        let state = unsafe { &(*hold.0.as_ptr()).state };
        let seen = state.load(Ordering::Relaxed);
        if seen & (WANTED | ORPHAN) & !despite == 0
            && state.compare_exchange(seen, rest, Ordering::Release, Ordering::Relaxed).is_ok()
        {
            return Ok(());
        }
        Err(ManuallyDrop::into_inner(hold))
    }

    /// Under the line's lock: whether its next owner has to ask the line. Those who stand there may have looked before the
    /// slot was filled, and not marked it; who joins later marks it by himself.
    fn mark(&self, others: bool) {
        let state = &self.slot().state;
        if others {
            state.fetch_or(WANTED, Ordering::AcqRel);
        } else {
            state.fetch_and(!WANTED, Ordering::AcqRel);
        }
    }

    fn is_orphan(&self) -> bool {
        self.slot().state.load(Ordering::Acquire) & ORPHAN != 0
    }

    /// Ends the hold of an empty slot.
    fn vacate(mut self) {
        let offers = self.place().waiters_connect();
        loop {
            if self.is_orphan() {
                let hold = ManuallyDrop::new(self);
                // SAFETY: `ORPHAN` means that the bag left its reference to the owner, which this hold is.
                drop(unsafe { Arc::from_raw(hold.0.as_ptr()) });
                return;
            }
            match self.leave(EMPTY, if offers { 0 } else { WANTED }) {
                Ok(()) => return,
                Err(hold) if offers && !hold.is_orphan() => return offer(hold, EMPTY),
                Err(hold) => self = hold,
            }
        }
    }
}

/// A return while somebody waits, from the pool itself, or to a closed pool: hands the hold over, or lets the slot rest
/// (`IDLE` with an item, `EMPTY` without).
///
/// The place is borrowed from the hold, and not touched any more once that is somebody else's: no count that all share is
/// moved to keep it alive.
#[cold]
fn offer<P: Place>(mut hold: Hold<P>, rest: usize) {
    loop {
        let mut despite = 0;
        match hold.place().line().next(|others| hold.mark(others)) {
            First::Waiter(waiter) => {
                let Some(seat) = waiter.seat() else { continue };
                hold.place().line().count_off();
                if let Some(waker) = seat.hand(hold) {
                    waker.wake();
                }
                return;
            }
            First::Closed if rest == IDLE => return P::came_back_closed(hold),
            First::Closed => despite = WANTED,
            First::Nobody => {}
        }
        if hold.is_orphan() {
            // Its item, if any, is dropped on the way.
            return drop(hold);
        }
        match hold.leave(rest, despite) {
            Ok(()) => return,
            Err(marked) => hold = marked,
        }
    }
}

impl<P: Place> Drop for Hold<P> {
    fn drop(&mut self) {
        let place = Arc::clone(self.place());
        let item = self.take();
        // The slot becomes empty also when the item's own destructor panics.
        let vacated = Vacate(Some(Hold(self.0)), place);
        drop(item);
        drop(vacated);
    }
}

/// Ends a hold when dropped.
struct Vacate<P: Place>(Option<Hold<P>>, Arc<P>);

impl<P: Place> Drop for Vacate<P> {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            hold.vacate();
        }
        self.1.freed();
    }
}

impl<P: Place> Baton for Hold<P> {
    fn pass_on(self) {
        if self.is_vacant() { drop(self) } else { self.put_back() }
    }
}

#[cfg(test)]
mod tests;
