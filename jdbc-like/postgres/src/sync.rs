//! What [`relay`](crate::relay) is made of (its model puts loom's in place of these), and the lock that all take.

pub(crate) use std::sync::atomic::{AtomicU8, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};

/// The lock's data. Where this is used nothing is half done when a panic passes.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
