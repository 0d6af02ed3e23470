//! The one place that names the standard library's synchronisation: everything else takes it from here, so that the
//! models of `tests/loom.rs` can swap it for loom's.
//!
//! Three operations are here because they are only right together. A connection that comes back does *store state, then
//! load the number of waiters*; a borrower that finds nothing does *add itself to the waiters, then load the states*.
//! Sequential consistency is what makes at least one of the two see the other; with less, both may look too early and
//! the borrower sleeps beside an idle connection. loom knows sequential consistency in fences only, the processor is
//! faster with a swap; [`publish`], [`announce`] and [`look`] say it in either language, and nobody writes the pair by
//! hand.

pub(crate) use std::sync::{Arc, Condvar, OnceLock, Weak};

/// Times and marks beside the protocol: always the standard library's, so that the models do not branch on them.
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize as PlainUsize};

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::AtomicUsize;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicUsize;

pub(crate) use std::sync::atomic::Ordering;

/// Stores `value` in `state` and then reads `claims`: what a connection's return does.
#[cfg(not(loom))]
#[inline]
pub(crate) fn publish(state: &AtomicUsize, value: usize, claims: &AtomicUsize) -> usize {
    state.swap(value, Ordering::SeqCst);
    claims.load(Ordering::SeqCst)
}

/// Stores `value` in `state` and then reads `claims`: what a connection's return does.
#[cfg(loom)]
pub(crate) fn publish(state: &AtomicUsize, value: usize, claims: &AtomicUsize) -> usize {
    state.store(value, Ordering::Release);
    loom::sync::atomic::fence(Ordering::SeqCst);
    claims.load(Ordering::Acquire)
}

/// Adds `amount` to `claims`, such that a [`look`] made after it cannot miss what was published before.
#[cfg(not(loom))]
#[inline]
pub(crate) fn announce(claims: &AtomicUsize, amount: usize) {
    claims.fetch_add(amount, Ordering::SeqCst);
}

/// Adds `amount` to `claims`, such that a [`look`] made after it cannot miss what was published before.
#[cfg(loom)]
pub(crate) fn announce(claims: &AtomicUsize, amount: usize) {
    claims.fetch_add(amount, Ordering::AcqRel);
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// Reads a state after an [`announce`].
#[inline]
pub(crate) fn look(state: &AtomicUsize) -> usize {
    // Under loom the fence of `announce` orders it; there a SeqCst load is an Acquire load.
    state.load(Ordering::SeqCst)
}

/// A mutex without poisoning: what it protects here is valid between any two statements.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

#[cfg(not(loom))]
impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(std::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, T> {
        host::lock(&self.0)
    }
}

/// A mutex for models. loom does not try all orders in which threads come to a lock; it does for an atomic that each of
/// them touches first (relaxed, so that nothing is ordered by it).
#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>, AtomicUsize);

#[cfg(loom)]
impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(loom::sync::Mutex::new(value), AtomicUsize::new(0))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The cell of a slot. Under loom every access is checked against all others.
#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

/// The cell of a slot: the standard one with loom's way of asking.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// What belongs to threads of our own, which no model reaches: the standard library's, always.
pub(crate) mod host {
    pub(crate) use std::sync::{Mutex, MutexGuard};

    /// Locks without poisoning.
    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
