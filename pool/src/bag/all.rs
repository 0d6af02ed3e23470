//! All slots of a pool: looking through them, growing and shrinking, and their end.

use super::{EMPTY, Hold, IDLE, IN_USE, Notes, ORPHAN, Place, RESERVED, STATE, Slot};
use crate::stats::Counts;
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicUsize, OnceLock, Ordering, PlainUsize, UnsafeCell};

/// Some slots, and more of them once the pool has been allowed to grow.
struct Chunk<P: Place> {
    slots: Box<[Arc<Slot<P>>]>,
    next: OnceLock<Box<Chunk<P>>>,
}

impl<P: Place> Chunk<P> {
    fn new(first: u32, size: u32, place: &Arc<P>) -> Self {
        let slot = |index| {
            Arc::new(Slot {
                state: AtomicUsize::new(EMPTY),
                cell: UnsafeCell::new(None),
                notes: Notes::default(),
                place: Arc::clone(place),
                index,
                out: AtomicBool::new(false),
            })
        };
        Chunk { slots: (first..first + size).map(slot).collect(), next: OnceLock::new() }
    }
}

/// What one who has joined the line found.
pub(crate) enum Look<P: Place> {
    Taken(Hold<P>),
    /// Nothing, but another could be made.
    Room,
    /// As many as there may be, and all are owned.
    Full,
}

/// All slots of a pool.
pub(crate) struct Bag<P: Place> {
    first: Chunk<P>,
    /// Slots from here on are not filled any more: the most connections there may be.
    limit: AtomicU32,
    /// No slot from here on has ever been filled: the cost of a scan follows the connections, not the limit.
    high: PlainUsize,
}

impl<P: Place> std::fmt::Debug for Bag<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bag").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl<P: Place> Bag<P> {
    pub(crate) fn new(size: u32, place: &Arc<P>) -> Self {
        Bag { first: Chunk::new(0, size, place), limit: AtomicU32::new(size), high: PlainUsize::new(0) }
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk<P>> {
        std::iter::successors(Some(&self.first), |chunk| chunk.next.get().map(|next| &**next))
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Arc<Slot<P>>> {
        self.chunks().flat_map(|chunk| chunk.slots.iter())
    }

    /// Those that have been filled at some time.
    fn used(&self) -> impl Iterator<Item = &Arc<Slot<P>>> {
        self.slots().take(self.high.load(Ordering::Acquire))
    }

    /// Changes how many connections there may be, and makes slots for them. Slots beyond the limit keep what they have
    /// until it is retired.
    pub(crate) fn set_limit(&self, limit: u32, place: &Arc<P>) {
        let mut chunk = &self.first;
        let mut size = 0;
        loop {
            size += u32::try_from(chunk.slots.len()).unwrap_or(u32::MAX);
            if limit <= size && chunk.next.get().is_none() {
                break;
            }
            // At least doubled, so that there are few chunks.
            let more = limit.saturating_sub(size).max(size);
            chunk = chunk.next.get_or_init(|| Box::new(Chunk::new(size, more, place)));
        }
        self.limit.store(limit, Ordering::SeqCst);
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Takes this slot if it is idle.
    #[inline]
    pub(crate) fn take_at(&self, index: u32) -> Option<Hold<P>> {
        match self.first.slots.get(index as usize) {
            Some(slot) => slot.own(IDLE, IN_USE),
            None => self.slots().nth(index as usize)?.own(IDLE, IN_USE),
        }
    }

    /// Takes any idle slot, looking at all of them, from `start` on.
    pub(crate) fn take(&self, start: usize) -> Option<Hold<P>> {
        let high = self.high.load(Ordering::Relaxed);
        if high > self.first.slots.len() {
            return self.used().find_map(|slot| if slot.is_idle() { slot.own(IDLE, IN_USE) } else { None });
        }
        let used = &self.first.slots[..high];
        let (before, after) = used.split_at(if high == 0 { 0 } else { start % high });
        after.iter().chain(before).find_map(|slot| if slot.is_idle() { slot.own(IDLE, IN_USE) } else { None })
    }

    /// The look of one who has joined the line: takes an idle slot, or marks all that are owned. Tells whether there is
    /// room for one more; a slot that becomes empty later tells it by itself.
    pub(crate) fn take_or_want(&self) -> Look<P> {
        let high = self.high.load(Ordering::Acquire);
        let mut room = high < self.limit() as usize;
        let taken = self.slots().take(high).find_map(|slot| slot.own_or_want(IN_USE, &mut room));
        taken.map_or(if room { Look::Room } else { Look::Full }, Look::Taken)
    }

    /// Takes an empty slot, to connect into it.
    pub(crate) fn claim(&self) -> Option<Hold<P>> {
        let hold = self
            .slots()
            .take(self.limit() as usize)
            .find_map(|slot| if slot.state() == EMPTY { slot.own(EMPTY, RESERVED) } else { None })?;
        self.high.fetch_max(hold.slot().index as usize + 1, Ordering::AcqRel);
        Some(hold)
    }

    /// Takes an idle slot on the pool's own behalf.
    pub(crate) fn reserve(&self, slot: &Arc<Slot<P>>) -> Option<Hold<P>> {
        slot.own(IDLE, RESERVED)
    }

    /// Takes all idle slots, and makes sure that whoever owns one of the others asks the line before it lets go.
    pub(crate) fn seal(&self, mut retire: impl FnMut(Hold<P>)) {
        for slot in self.slots() {
            if let Some(hold) = slot.own_or_want(RESERVED, &mut false) {
                retire(hold);
            }
        }
    }

    /// Makes every item of this moment, from this slot on, be retired when it is next taken, put back or passed by the
    /// housekeeper.
    pub(crate) fn expire_from(&self, first: usize) {
        for slot in self.slots().skip(first) {
            slot.notes.expires.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for slot in self.used() {
            counts.lent += slot.notes.lent.load(Ordering::Relaxed);
            match slot.state() {
                EMPTY => {}
                IDLE => counts.idle += 1,
                IN_USE => counts.active += 1,
                _ => counts.reserved += 1,
            }
        }
        counts
    }
}

impl<P: Place> Drop for Bag<P> {
    /// Slots that nobody owns are freed here, the others by their owners.
    fn drop(&mut self) {
        let mut next = self.first.next.take();
        orphan(std::mem::take(&mut self.first.slots));
        while let Some(mut chunk) = next {
            next = chunk.next.take();
            orphan(std::mem::take(&mut chunk.slots));
        }
    }
}

fn orphan<P: Place>(slots: Box<[Arc<Slot<P>>]>) {
    for slot in slots {
        // Nobody can come to own it any more: that takes the bag.
        let before = slot.state.fetch_or(ORPHAN, Ordering::AcqRel) & STATE;
        if before == IN_USE || before == RESERVED {
            // The owner's from now on: `Hold::vacate`.
            std::mem::forget(slot);
        }
    }
}
