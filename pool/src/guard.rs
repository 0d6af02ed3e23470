//! A borrowed item.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::give_back::{discard, give_back};
use crate::manager::Manager;
use crate::shared::PoolHold;
use crate::sync::Ordering;
use crate::watch::Evicted;

/// A borrowed item, which goes back to its pool when this is dropped, wherever and in whatever order: it keeps what it
/// needs of the pool alive by itself and borrows from nothing.
///
/// Dropped while its thread panics, the item is closed instead, since nobody knows in what state it is. A guard that is
/// leaked (`mem::forget`) takes its place in the pool along.
///
/// HikariCP's proxy connection, without the proxy: use after return does not compile.
#[must_use = "dropped at once, it goes back at once"]
#[doc(alias = "PooledConnection")]
#[doc(alias = "ProxyConnection")]
pub struct Pooled<M: Manager> {
    /// Both are there until the guard is taken apart, which only functions that consume it do.
    item: Option<M::Item>,
    hold: Option<PoolHold<M>>,
}

impl<M: Manager> Pooled<M> {
    /// Takes the item out of a slot; the hold comes back if there is none.
    #[inline]
    pub(crate) fn new(mut hold: PoolHold<M>) -> Result<Self, PoolHold<M>> {
        match hold.take() {
            Some(item) => Ok(Pooled { item: Some(item), hold: Some(hold) }),
            None => Err(hold),
        }
    }

    /// Both parts, by whoever carries on the guard's duty.
    ///
    /// Never fails: a guard is whole until a function consumes it.
    #[inline]
    pub(crate) fn into_parts(mut self) -> (M::Item, PoolHold<M>) {
        match (self.item.take(), self.hold.take()) {
            (Some(item), Some(hold)) => (item, hold),
            _ => taken_apart(),
        }
    }

    /// Keeps the item for good; its place in the pool is free for another. A function, so that it hides no method of the
    /// item's.
    ///
    /// # Panics
    /// Never: a guard has its item until it is consumed.
    #[must_use]
    #[doc(alias = "unpool")]
    pub fn detach(guard: Self) -> M::Item {
        // The hold ends here, and with it its claim on the slot.
        let (item, _hold) = guard.into_parts();
        item
    }

    /// Closes the item instead of returning it, for one that is known to be bad. A function, so that it hides no method
    /// of the item's.
    #[doc(alias = "evictConnection")]
    pub fn discard(guard: Self) {
        Pooled::close(guard, Evicted::Requested);
    }

    /// Has the item closed when it comes back, instead of lent again. A function, so that it hides no method of the
    /// item's.
    pub fn mark_evicted(guard: &Self) {
        if let Some(hold) = guard.hold() {
            hold.notes().expires.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn close(guard: Self, why: Evicted) {
        let (item, hold) = guard.into_parts();
        discard(hold, item, why);
    }

    pub(crate) fn hold(&self) -> Option<&PoolHold<M>> {
        self.hold.as_ref()
    }
}

#[cold]
fn taken_apart() -> ! {
    unreachable!("a guard has its item until it is consumed")
}

impl<M: Manager> Deref for Pooled<M> {
    type Target = M::Item;

    #[inline]
    fn deref(&self) -> &M::Item {
        match &self.item {
            Some(item) => item,
            None => taken_apart(),
        }
    }
}

impl<M: Manager> DerefMut for Pooled<M> {
    #[inline]
    fn deref_mut(&mut self) -> &mut M::Item {
        match &mut self.item {
            Some(item) => item,
            None => taken_apart(),
        }
    }
}

impl<M: Manager> Drop for Pooled<M> {
    #[inline]
    fn drop(&mut self) {
        if let (Some(item), Some(hold)) = (self.item.take(), self.hold.take()) {
            give_back(hold, item);
        }
    }
}

impl<M: Manager> fmt::Debug for Pooled<M>
where
    M::Item: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&self.item).finish()
    }
}
