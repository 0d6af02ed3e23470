//! What an operator does with a running pool.

use std::time::Duration;

use crate::error::{Cause, PoolError};
use crate::filler::fill;
use crate::housekeeper;
use crate::live::Changes;
use crate::manager::Manager;
use crate::pool::{Inner, Pool};
use crate::retire::{close, retire};
use crate::shared::{PoolHold, Shared, deadline_in};
use crate::sync::{Arc, Mutex, Ordering};
use crate::timer::{Parking, Timer, block_on, within};
use crate::watch::Evicted;

impl<M: Manager> Pool<M> {
    /// Does one round of housekeeping now, as the pool itself does every `housekeeping_period`: retires what is too old or
    /// idle for too long, keeps the rest alive, reports leaks. For pools without a spawner, and for tests with a
    /// [clock](crate::Clock) of their own.
    pub async fn housekeep(&self) {
        housekeeper::pass(&self.inner.bag, &self.inner.shared).await;
    }

    /// Has every connection of this moment closed: the idle ones now, those in use when they come back. New ones take their
    /// place. After a failover, or when passwords were changed.
    #[doc(alias = "softEvictConnections")]
    pub fn soft_evict(&self) {
        self.inner.bag.expire_from(0);
        self.inner.retire_idle_from(0, Evicted::Requested);
    }

    /// Closes the connections that are idle now and leaves those in use alone; `min_idle` new ones take their place.
    pub fn evict_idle(&self) {
        self.inner.retire_idle_from(0, Evicted::Requested);
    }

    /// Asks of each idle connection whether to keep it, with its age and for how long it has lain idle; the others are
    /// closed. A connection is not lent while it is asked about.
    pub fn retain(&self, mut keep: impl FnMut(&mut M::Item, ItemAge) -> bool) {
        let Inner { bag, shared } = &*self.inner;
        for slot in bag.slots() {
            let Some(mut hold) = bag.reserve(slot) else { continue };
            let Some(mut item) = hold.take() else { continue };
            let now = shared.clock.now();
            let since = |at: u64| Duration::from_millis(now.saturating_sub(at));
            let created = since(hold.notes().created.load(Ordering::Relaxed));
            let kept = keep(&mut item, ItemAge { created, idle: since(hold.notes().touched()) });
            hold.put(item);
            if kept { hold.put_back() } else { retire(hold, Evicted::Invalid) }
        }
    }

    /// Lets nobody in until [`resume`](Pool::resume): whoever calls `get` waits, within its timeout. What is out stays out,
    /// and those who stand in line already are served. For a failover that takes a moment. (HikariCP wants
    /// `allowPoolSuspension` for this, since it costs something there.)
    #[doc(alias = "suspendPool")]
    #[doc(alias = "allowPoolSuspension")]
    pub fn suspend(&self) {
        self.inner.shared.suspend();
    }

    /// Lets everybody in again.
    #[doc(alias = "resumePool")]
    pub fn resume(&self) {
        self.inner.shared.resume();
    }

    /// Whether it is suspended.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.inner.shared.gate() & crate::shared::SUSPENDED != 0
    }

    /// Changes what may be changed while the pool runs: all of it, or nothing.
    ///
    /// # Errors
    /// [`PoolErrorKind::Config`](crate::PoolErrorKind::Config), if the values, together with those that stay, break a rule.
    #[doc(alias = "getHikariConfigMXBean")]
    pub fn reconfigure(&self, changes: Changes) -> Result<(), PoolError> {
        let Inner { bag, shared } = &*self.inner;
        let mut shrinks = false;
        shared.live.change(changes, shared.number, shared.manager.limit(), |config| {
            shrinks = config.max_size < bag.limit();
            bag.set_limit(config.max_size, shared);
            if shrinks {
                bag.expire_from(config.max_size as usize);
            }
            if !config.leak_detection_threshold.is_zero() {
                shared.watch();
            }
        })?;
        if shrinks {
            self.inner.retire_idle_from(bag.limit() as usize, Evicted::Requested);
        }
        shared.demand.ring();
        shared.timetable.ring();
        Ok(())
    }

    /// Connects until there are this many connections (`max_size` at most), all at once, and waits for it. How many there
    /// are then.
    ///
    /// # Errors
    /// The first connect error, or a timeout; connections that were made stay.
    #[doc(alias = "blockUntilFilled")]
    pub async fn prewarm(&self, connections: u32, timeout: Duration) -> Result<u32, PoolError> {
        self.warm(connections, timeout, self.inner.shared.timer()).await
    }

    /// [`prewarm`](Pool::prewarm) for a plain thread, which is parked meanwhile.
    ///
    /// # Errors
    /// As there.
    pub fn prewarm_blocking(&self, connections: u32, timeout: Duration) -> Result<u32, PoolError> {
        let parking = Parking::new();
        block_on(&parking, self.warm(connections, timeout, Timer::Parking(&parking)))
    }

    async fn warm(&self, connections: u32, timeout: Duration, timer: Timer<'_>) -> Result<u32, PoolError> {
        let Inner { bag, shared } = &*self.inner;
        if shared.is_closed() {
            return Err(shared.closed_error());
        }
        let deadline = deadline_in(timeout);
        let failed: Arc<Mutex<Option<Cause>>> = Arc::new(Mutex::new(None));
        let wanted = connections.min(shared.live.max_size());
        let mut missing = wanted.saturating_sub(bag.counts().total());
        if missing > 0 && shared.is_forsaken() {
            return Err(PoolError::forsaken(&shared.name));
        }
        while missing > 0 {
            // Counted before the claim, so that the filler does not make the same ones.
            let counted = Prewarming::new(shared);
            let Some(hold) = bag.claim() else { break };
            self.connect_in_background(hold, counted, Arc::clone(&failed)).await;
            missing -= 1;
        }
        let enough = async {
            loop {
                let heard = shared.warmed.rings();
                if let Some(cause) = failed.lock().take() {
                    return Err(PoolError::connect(&shared.name, cause));
                }
                if shared.is_closed() {
                    return Err(shared.closed_error());
                }
                let counts = bag.counts();
                if counts.idle + counts.active >= wanted {
                    return Ok(counts.idle + counts.active);
                }
                shared.warmed.wait(heard).await;
            }
        };
        match within(timer.until(deadline), enough).await {
            Some(warmed) => warmed,
            None => {
                let holders = shared.holders(bag);
                Err(PoolError::timeout(&shared.name, timeout, shared.stats(bag), None, shared.last_failure(), holders))
            }
        }
    }

    async fn connect_in_background(
        &self,
        hold: PoolHold<M>,
        counted: Prewarming<M>,
        failed: Arc<Mutex<Option<Cause>>>,
    ) {
        let work = async move {
            if let Err(cause) = fill(&counted.0, hold).await {
                failed.lock().get_or_insert(cause);
            }
            counted.0.warmed.ring();
        };
        match &self.inner.shared.spawner {
            Some(spawner) => spawner.spawn(Box::pin(work)),
            None => work.await,
        }
    }
}

/// Counts a connect of prewarming while it lasts, however it ends.
struct Prewarming<M: Manager>(Arc<Shared<M>>);

impl<M: Manager> Prewarming<M> {
    fn new(shared: &Arc<Shared<M>>) -> Self {
        shared.prewarming.fetch_add(1, Ordering::SeqCst);
        Prewarming(Arc::clone(shared))
    }
}

impl<M: Manager> Drop for Prewarming<M> {
    fn drop(&mut self) {
        self.0.prewarming.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How old a connection is, for [`Pool::retain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemAge {
    /// Since it was connected.
    pub created: Duration,
    /// Since it came back last.
    pub idle: Duration,
}

impl<M: Manager> Inner<M> {
    /// Closes the idle ones from this slot on.
    fn retire_idle_from(&self, first: usize, why: Evicted) {
        for slot in self.bag.slots().skip(first) {
            if let Some(hold) = self.bag.reserve(slot) {
                retire(hold, why);
            }
        }
    }

    /// Looks once whether one can be connected, checks it, and keeps it. Before anything runs in the background.
    pub(crate) async fn first(&self, timer: Timer<'_>) -> Result<(), (Cause, bool)> {
        let Some(mut hold) = self.bag.claim() else { return Ok(()) };
        crate::filler::connect_into(&self.shared, &mut hold, timer).await.map_err(|cause| (cause, false))?;
        let Some(mut item) = hold.take() else { return Ok(()) };
        let limit = timer.until(deadline_in(self.shared.live.validation_timeout()));
        let checked = within(limit, self.shared.manager.check(&mut item)).await;
        hold.put(item);
        let cause: Cause = match checked {
            Some(Ok(())) => {
                hold.put_back();
                return Ok(());
            }
            Some(Err(error)) => Arc::new(error),
            None => Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut)),
        };
        close(hold, Evicted::Invalid).await;
        Err((cause, true))
    }
}
