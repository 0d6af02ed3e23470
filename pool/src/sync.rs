//! The one place that names the standard library's synchronisation: everything else takes it from here, so that the
//! models of `tests/loom.rs` (`--cfg loom`) and the schedules of `tests/shuttle.rs` (`--cfg shuttle`) can swap it.

pub(crate) use std::sync::{Arc, Condvar, OnceLock, Weak};

/// Times and marks beside the protocol: always the standard library's, so that the models do not branch on them.
pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize as PlainUsize};

#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::atomic::AtomicUsize;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicUsize;

#[cfg(shuttle)]
pub(crate) use shuttle::sync::atomic::AtomicUsize;

pub(crate) use std::sync::atomic::{Ordering, fence};

#[cfg(not(any(loom, shuttle)))]
type Lock<T> = std::sync::Mutex<T>;
#[cfg(shuttle)]
type Lock<T> = shuttle::sync::Mutex<T>;

#[cfg(not(any(loom, shuttle)))]
pub(crate) type Guard<'a, T> = std::sync::MutexGuard<'a, T>;
#[cfg(shuttle)]
pub(crate) type Guard<'a, T> = shuttle::sync::MutexGuard<'a, T>;
#[cfg(loom)]
pub(crate) type Guard<'a, T> = loom::sync::MutexGuard<'a, T>;

/// A mutex without poisoning: what it protects here is valid between any two statements.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct Mutex<T>(Lock<T>);

#[cfg(not(loom))]
impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(Lock::new(value))
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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

    pub(crate) fn lock(&self) -> Guard<'_, T> {
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
