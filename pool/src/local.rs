//! What this thread returned last: where it looks first.
//!
//! Integers only: the number of a pool, which is never used again, and the number of a slot. A stale pair is harmless,
//! since the compare-and-set on the slot decides; nothing is kept alive, nothing is left behind when a pool or a thread
//! ends, and a guard may be dropped inside another thread-local's destructor.

use std::cell::Cell;

/// Few, since a thread rarely has more than a few connections of all pools in turn, and it is searched at each take.
const KEPT: usize = 4;

thread_local! {
    static RECENT: Cell<[(u64, u32); KEPT]> = const { Cell::new([(0, 0); KEPT]) };
}

/// The slots of `pool` that this thread returned last, newest first, offered to `take` one by one.
#[inline]
pub(crate) fn find<T>(pool: u64, mut take: impl FnMut(u32) -> Option<T>) -> Option<T> {
    RECENT.get().iter().filter(|entry| entry.0 == pool).find_map(|entry| take(entry.1))
}

/// Remembers that this thread has just returned `slot`.
#[inline]
pub(crate) fn remember(pool: u64, slot: u32) {
    let mut recent = RECENT.get();
    if recent[0] == (pool, slot) {
        return;
    }
    let place = recent.iter().position(|entry| *entry == (pool, slot)).unwrap_or(KEPT - 1);
    recent[..=place].rotate_right(1);
    recent[0] = (pool, slot);
    RECENT.set(recent);
}

/// Where this thread begins to look through all slots: not where the others do.
#[inline]
pub(crate) fn start() -> usize {
    RECENT.with(|recent| std::ptr::from_ref(recent).addr() >> 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pool: u64) -> Vec<u32> {
        let mut seen = Vec::new();
        let none: Option<()> = find(pool, |slot| {
            seen.push(slot);
            None
        });
        assert!(none.is_none());
        seen
    }

    #[test]
    fn newest_first_bounded_and_without_doubles() {
        for slot in [1, 2, 3, 2] {
            remember(900, slot);
        }
        assert_eq!(seen(900), [2, 3, 1]);
        for slot in [4, 5] {
            remember(900, slot);
        }
        assert_eq!(seen(900), [5, 4, 2, 3]);
    }

    #[test]
    fn pools_share_the_room_and_do_not_see_each_other() {
        remember(901, 7);
        remember(902, 8);
        assert_eq!((seen(901), seen(902)), (vec![7], vec![8]));
    }
}
