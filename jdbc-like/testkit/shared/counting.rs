//! An allocator that counts for each thread by itself. A file and no part of the kit, since each test program that counts
//! has its own: `#[path = ".."] mod counting;`.
#![allow(unsafe_code, dead_code)] // the only way to count; each uses its part

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a thread allocated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// How often it allocated, growing included.
    pub(crate) allocations: usize,
    /// The most bytes that it had at a time, above what it had at the beginning.
    pub(crate) peak: usize,
    /// The bytes that it has at the end and did not have at the beginning.
    pub(crate) kept: usize,
}

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn note(allocations: usize, bytes: isize) {
    // A thread that is about to end is not counted any more.
    let _ = ALLOCATIONS.try_with(|all| all.set(all.get() + allocations));
    let _ = BYTES.try_with(|all| {
        all.set(all.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(all.get())));
    });
}

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

// SAFETY: all calls go to the system's allocator as they are; what is counted is kept in cells that need no memory of their own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, signed(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        note(0, -signed(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, signed(size) - signed(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.realloc(start, layout, size) }
    }
}

/// What this thread allocates while the function runs.
pub(crate) fn counted<T>(f: impl FnOnce() -> T) -> (T, Counted) {
    let (allocations, bytes) = (ALLOCATIONS.get(), BYTES.get());
    PEAK.set(bytes);
    let value = f();
    let above = |now: isize| usize::try_from(now - bytes).unwrap_or_default();
    (value, Counted { allocations: ALLOCATIONS.get() - allocations, peak: above(PEAK.get()), kept: above(BYTES.get()) })
}
