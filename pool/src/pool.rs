//! The pool as its users see it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use crate::builder::Builder;
use crate::config::PoolConfig;
use crate::error::PoolError;
use crate::guard::Pooled;
use crate::manager::Manager;
use crate::retire::{overdue, retire};
use crate::shared::{PoolBag, PoolHold, Shared, deadline_in};
use crate::spawn::BoxFuture;
use crate::stats::PoolStats;
use crate::sync::{Arc, Ordering, Weak, fence};
use crate::take::{Ask, Found, Place, fast, lend, slow};
use crate::timer::{Parking, Timer, block_on, within};
use crate::watch::{Evicted, Holder};

/// A pool. Cheap to clone; when the last clone is dropped it closes, and what is borrowed then is closed when it comes
/// back.
///
/// See the [crate's page](crate) for how it works.
#[doc(alias = "HikariDataSource")]
#[doc(alias = "HikariPool")]
pub struct Pool<M: Manager> {
    pub(crate) inner: Arc<Inner<M>>,
}

/// What the clones share. No slot and no background task owns it, so that the last clone is the last.
pub(crate) struct Inner<M: Manager> {
    pub(crate) bag: Arc<PoolBag<M>>,
    pub(crate) shared: Arc<Shared<M>>,
}

/// A handle that does not keep its pool open: for background tasks and registries of yours. From [`Pool::downgrade`].
pub struct WeakPool<M: Manager>(Weak<Inner<M>>);

impl<M: Manager> WeakPool<M> {
    /// The pool, unless its last handle was dropped.
    #[must_use]
    pub fn upgrade(&self) -> Option<Pool<M>> {
        self.0.upgrade().map(|inner| Pool { inner })
    }
}

impl<M: Manager> Clone for WeakPool<M> {
    fn clone(&self) -> Self {
        WeakPool(Weak::clone(&self.0))
    }
}

impl<M: Manager> fmt::Debug for WeakPool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WeakPool").field(&self.upgrade()).finish()
    }
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
        self.get_at(|| self.connection_timeout(), Some(Location::caller()))
    }

    /// Borrows, waiting for at most `timeout`, however short.
    ///
    /// # Errors
    /// As [`get`](Pool::get).
    #[track_caller]
    pub fn get_timeout(&self, timeout: Duration) -> impl Future<Output = Result<Pooled<M>, PoolError>> + Send {
        self.get_at(move || Some(timeout), Some(Location::caller()))
    }

    /// The timeout is asked for only where it is needed.
    async fn get_at(
        &self,
        timeout: impl FnOnce() -> Option<Duration> + Send,
        at: Place,
    ) -> Result<Pooled<M>, PoolError> {
        match self.fast(at) {
            Found::Fresh(pooled) => Ok(pooled),
            Found::Stale(hold) => self.slow(Some(hold), timeout(), at).await,
            Found::Nothing => self.slow(None, timeout(), at).await,
        }
    }

    #[inline]
    pub(crate) fn fast(&self, at: Place) -> Found<M> {
        fast(&self.inner.bag, &self.inner.shared, at)
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
    // Inlined, and the slow path apart: what is found at once stays in registers.
    #[inline]
    #[track_caller]
    pub fn get_blocking(&self) -> Result<Pooled<M>, PoolError> {
        self.get_blocking_at(|| self.connection_timeout(), Some(Location::caller()))
    }

    /// [`get_timeout`](Pool::get_timeout) for a plain thread, which is parked meanwhile.
    ///
    /// # Errors
    /// As [`get`](Pool::get).
    #[inline]
    #[track_caller]
    pub fn get_blocking_timeout(&self, timeout: Duration) -> Result<Pooled<M>, PoolError> {
        self.get_blocking_at(|| Some(timeout), Some(Location::caller()))
    }

    #[inline]
    pub(crate) fn get_blocking_at(
        &self,
        timeout: impl FnOnce() -> Option<Duration>,
        at: Place,
    ) -> Result<Pooled<M>, PoolError> {
        let stale = match self.fast(at) {
            Found::Fresh(pooled) => return Ok(pooled),
            Found::Stale(hold) => Some(hold),
            Found::Nothing => None,
        };
        // Taken apart, so that only what the slow path gives goes through memory.
        let pooled = self.slow_blocking(stale, timeout(), at)?;
        Ok(pooled)
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

    /// Borrows what is idle now, without waiting; `None` if nothing is, or the pool is suspended or closed. One that lay
    /// idle for long is lent unchecked.
    #[must_use = "dropped at once, it goes back at once"]
    #[track_caller]
    pub fn try_get(&self) -> Option<Pooled<M>> {
        let at = Some(Location::caller());
        loop {
            match self.fast(at) {
                Found::Fresh(pooled) => return Some(pooled),
                Found::Nothing => return None,
                Found::Stale(hold) => {
                    if let Some(pooled) = self.unchecked(hold, at) {
                        return Some(pooled);
                    }
                }
            }
        }
    }

    /// Lends one that lay idle for long as it is, unless it is too old or known to be dead.
    #[cold]
    fn unchecked(&self, hold: PoolHold<M>, at: Place) -> Option<Pooled<M>> {
        let shared = &self.inner.shared;
        let now = shared.clock.now();
        if now >= hold.notes().expires() {
            let why = overdue(&hold);
            retire(hold, why);
            return None;
        }
        let mut pooled = lend(shared, hold, now, at).ok().flatten()?;
        if shared.is_watched() {
            shared.lent(&mut pooled, Duration::ZERO);
        }
        Some(pooled)
    }

    /// How full it is.
    #[must_use]
    #[doc(alias = "getHikariPoolMXBean")]
    pub fn stats(&self) -> PoolStats {
        self.inner.shared.stats(&self.inner.bag)
    }

    /// Who holds its connections, the longest first.
    #[must_use]
    pub fn holders(&self) -> Vec<Holder> {
        self.inner.shared.holders(&self.inner.bag)
    }

    /// Its configuration as it is now.
    #[must_use]
    pub fn config(&self) -> PoolConfig {
        self.inner.shared.live.config()
    }

    /// The name that errors, metrics and threads bear.
    #[must_use]
    #[doc(alias = "getPoolName")]
    pub fn name(&self) -> &str {
        &self.inner.shared.name
    }

    /// What makes its items.
    #[must_use]
    pub fn manager(&self) -> &M {
        &self.inner.shared.manager
    }

    /// The most connections there will be.
    #[must_use]
    pub fn max_size(&self) -> u32 {
        self.inner.shared.live.max_size()
    }

    /// How many connections it keeps idle.
    #[must_use]
    pub fn min_idle(&self) -> u32 {
        self.inner.shared.live.min_idle()
    }

    /// A handle that does not keep the pool open.
    #[must_use]
    pub fn downgrade(&self) -> WeakPool<M> {
        WeakPool(Arc::downgrade(&self.inner))
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
    /// were still out; they are closed when they come back. (HikariCP gives up after 10 s, and aborts what is out.)
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
        self.inner.shared.live.connection_timeout()
    }
}

impl<M: Manager> Inner<M> {
    fn close(&self) {
        if !self.shared.is_foreign() && self.shared.close() {
            self.bag.seal(|hold| retire(hold, Evicted::Closed));
        }
    }

    async fn closed(&self, limit: impl Future<Output = ()>) -> bool {
        self.close();
        if self.shared.is_foreign() {
            return false;
        }
        fence(Ordering::SeqCst);
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
        if self.shared.is_foreign() {
            // What lies idle stays open: it is the parent's.
            std::mem::forget(Arc::clone(&self.bag));
        }
    }
}

impl<M: Manager> Clone for Pool<M> {
    fn clone(&self) -> Self {
        Pool { inner: Arc::clone(&self.inner) }
    }
}

impl<M: Manager> fmt::Debug for Pool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name()).field("stats", &self.stats()).finish()
    }
}
