//! The pool as its users see it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use crate::builder::Builder;
use crate::config::PoolConfig;
use crate::error::PoolError;
use crate::guard::Pooled;
use crate::housekeeper;
use crate::manager::Manager;
use crate::retire::retire;
use crate::shared::{PoolBag, PoolHold, Shared, deadline_in};
use crate::spawn::BoxFuture;
use crate::stats::PoolStats;
use crate::sync::Arc;
use crate::take::{Ask, Found, Place, fast, slow};
use crate::timer::{Parking, Timer, block_on, within};

/// A pool. Cheap to clone; when the last clone is dropped it closes, and what is borrowed then is closed when it comes
/// back.
///
/// See the [crate's page](crate) for how it works.
#[doc(alias = "HikariDataSource")]
#[doc(alias = "HikariPool")]
pub struct Pool<M: Manager> {
    inner: Arc<Inner<M>>,
}

/// What the clones share. No slot and no background task owns it, so that the last clone is the last.
struct Inner<M: Manager> {
    bag: Arc<PoolBag<M>>,
    shared: Arc<Shared<M>>,
}

impl<M: Manager> Pool<M> {
    /// Begins to build a pool of what this manager makes.
    pub fn builder(manager: M) -> Builder<M> {
        Builder::new(manager)
    }

    pub(crate) fn new(bag: Arc<PoolBag<M>>, shared: Arc<Shared<M>>) -> Self {
        Pool { inner: Arc::new(Inner { bag, shared }) }
    }

    /// Borrows, waiting for at most the configured `connection_timeout`. Dropping the future at any point is harmless:
    /// what it had been handed goes to the next in line.
    ///
    /// # Errors
    /// Nothing became free in time, or the pool is closed.
    #[track_caller]
    #[doc(alias = "getConnection")]
    pub fn get(&self) -> impl Future<Output = Result<Pooled<M>, PoolError>> + Send {
        self.get_at(self.connection_timeout(), Some(Location::caller()))
    }

    /// Borrows, waiting for at most `timeout`, however short.
    ///
    /// # Errors
    /// As [`get`](Pool::get).
    #[track_caller]
    pub fn get_timeout(&self, timeout: Duration) -> impl Future<Output = Result<Pooled<M>, PoolError>> + Send {
        self.get_at(Some(timeout), Some(Location::caller()))
    }

    async fn get_at(&self, timeout: Option<Duration>, at: Place) -> Result<Pooled<M>, PoolError> {
        match self.fast() {
            Found::Fresh(pooled) => Ok(pooled),
            Found::Stale(hold) => self.slow(Some(hold), timeout, at).await,
            Found::Nothing => self.slow(None, timeout, at).await,
        }
    }

    #[inline]
    pub(crate) fn fast(&self) -> Found<M> {
        fast(&self.inner.bag, &self.inner.shared)
    }

    /// Boxed, so that the future of the fast path stays small.
    #[cold]
    pub(crate) fn slow(
        &self,
        stale: Option<PoolHold<M>>,
        timeout: Option<Duration>,
        at: Place,
    ) -> BoxFuture<'_, Result<Pooled<M>, PoolError>> {
        let Inner { bag, shared } = &*self.inner;
        Box::pin(slow(bag, shared, stale, Ask { timeout, timer: shared.timer(), at }))
    }

    /// [`get`](Pool::get) for a plain thread, which is parked meanwhile. No runtime is needed.
    ///
    /// # Errors
    /// As [`get`](Pool::get).
    #[track_caller]
    pub fn get_blocking(&self) -> Result<Pooled<M>, PoolError> {
        self.get_blocking_at(self.connection_timeout(), Some(Location::caller()))
    }

    /// [`get_timeout`](Pool::get_timeout) for a plain thread, which is parked meanwhile.
    ///
    /// # Errors
    /// As [`get`](Pool::get).
    #[track_caller]
    pub fn get_blocking_timeout(&self, timeout: Duration) -> Result<Pooled<M>, PoolError> {
        self.get_blocking_at(Some(timeout), Some(Location::caller()))
    }

    #[inline]
    pub(crate) fn get_blocking_at(&self, timeout: Option<Duration>, at: Place) -> Result<Pooled<M>, PoolError> {
        match self.fast() {
            Found::Fresh(pooled) => Ok(pooled),
            Found::Stale(hold) => self.slow_blocking(Some(hold), timeout, at),
            Found::Nothing => self.slow_blocking(None, timeout, at),
        }
    }

    #[cold]
    #[inline(never)]
    fn slow_blocking(
        &self,
        stale: Option<PoolHold<M>>,
        timeout: Option<Duration>,
        at: Place,
    ) -> Result<Pooled<M>, PoolError> {
        let Inner { bag, shared } = &*self.inner;
        let parking = Parking::new();
        block_on(&parking, slow(bag, shared, stale, Ask { timeout, timer: Timer::Parking(&parking), at }))
    }

    /// Borrows what is idle now, without waiting; `None` if nothing is. One that lay idle for long is lent unchecked.
    #[must_use = "dropped at once, it goes back at once"]
    pub fn try_get(&self) -> Option<Pooled<M>> {
        loop {
            match self.fast() {
                Found::Fresh(pooled) => return Some(pooled),
                Found::Nothing => return None,
                Found::Stale(hold) => {
                    if let Some(pooled) = self.unchecked(hold) {
                        return Some(pooled);
                    }
                }
            }
        }
    }

    /// Lends one that lay idle for long as it is, unless it is too old.
    #[cold]
    fn unchecked(&self, hold: PoolHold<M>) -> Option<Pooled<M>> {
        let now = self.inner.shared.clock.now();
        if now < hold.slot().expires() {
            hold.touch(now);
            return Pooled::new(hold).ok();
        }
        retire(hold);
        None
    }

    /// How full it is.
    #[must_use]
    #[doc(alias = "getHikariPoolMXBean")]
    pub fn stats(&self) -> PoolStats {
        self.inner.shared.stats(&self.inner.bag)
    }

    /// What it was built with.
    #[must_use]
    pub fn config(&self) -> &PoolConfig {
        &self.inner.shared.config
    }

    /// What makes its items.
    #[must_use]
    pub fn manager(&self) -> &M {
        &self.inner.shared.manager
    }

    /// The most connections there will be.
    #[must_use]
    pub fn max_size(&self) -> u32 {
        self.config().max_size
    }

    /// How many connections it keeps idle.
    #[must_use]
    pub fn min_idle(&self) -> u32 {
        self.config().min_idle
    }

    /// Does one round of housekeeping now, as the pool itself does every `housekeeping_period`: retires what is too old or
    /// idle for too long. For pools without a spawner, and for tests with a [clock](crate::Clock) of their own.
    pub async fn housekeep(&self) {
        housekeeper::pass(&self.inner.bag, &self.inner.shared).await;
    }

    /// Has every connection of this moment closed: the idle ones now, those in use when they come back. New ones take their
    /// place. After a failover, or when passwords were changed.
    #[doc(alias = "softEvictConnections")]
    pub fn soft_evict(&self) {
        self.inner.bag.expire_all();
        self.inner.retire_idle();
    }

    /// Closes the pool: whoever waits is told so, `get` fails from now on, idle connections are closed, and those in use
    /// when they come back. It does not wait; [`closed`](Pool::closed) does. Closing twice is harmless.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Whether [`close`](Pool::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.shared.is_closed()
    }

    /// Closes the pool and waits, for at most `timeout`, until every connection has come back and is closed. `false`: some
    /// were still out; they are closed when they come back.
    #[doc(alias = "shutdown")]
    pub async fn closed(&self, timeout: Duration) -> bool {
        self.inner.closed(self.inner.shared.timer().until(deadline_in(timeout))).await
    }

    /// [`closed`](Pool::closed) for a plain thread, which is parked meanwhile.
    #[must_use = "tells whether all connections are closed"]
    pub fn closed_blocking(&self, timeout: Duration) -> bool {
        let parking = Parking::new();
        block_on(&parking, self.inner.closed(Timer::Parking(&parking).until(deadline_in(timeout))))
    }

    /// The configured timeout; `None`: for ever.
    pub(crate) fn connection_timeout(&self) -> Option<Duration> {
        Some(self.config().connection_timeout).filter(|timeout| !timeout.is_zero())
    }
}

impl<M: Manager> Inner<M> {
    fn close(&self) {
        if self.shared.close() {
            self.retire_idle();
        }
    }

    fn retire_idle(&self) {
        for slot in self.bag.slots() {
            if let Some(hold) = self.bag.reserve(slot) {
                retire(hold);
            }
        }
    }

    async fn closed(&self, limit: impl Future<Output = ()>) -> bool {
        self.close();
        let empty = async {
            loop {
                let heard = self.shared.vacated.rings();
                if self.bag.counts().total() == 0 {
                    return;
                }
                self.shared.vacated.wait(heard).await;
            }
        };
        within(limit, empty).await.is_some()
    }
}

impl<M: Manager> Drop for Inner<M> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<M: Manager> Clone for Pool<M> {
    fn clone(&self) -> Self {
        Pool { inner: Arc::clone(&self.inner) }
    }
}

impl<M: Manager> fmt::Debug for Pool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.config().name).field("stats", &self.stats()).finish()
    }
}
