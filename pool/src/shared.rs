//! What every slot and every handle of one pool share: the manager, the line, the clock. It knows no slot, so that
//! slots may own it.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::bag::{Bag, Hold, Slot};
use crate::bell::Bell;
use crate::clock::{Clock, millis};
use crate::config::PoolConfig;
use crate::error::{Cause, PoolError};
use crate::line::Line;
use crate::manager::Manager;
use crate::spawn::Spawner;
use crate::stats::PoolStats;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::timer::{Parking, Timer, block_on, within};

pub(crate) type PoolBag<M> = Bag<Shared<M>>;
pub(crate) type PoolHold<M> = Hold<Shared<M>>;
pub(crate) type PoolSlot<M> = Slot<Shared<M>>;

pub(crate) struct Shared<M: Manager> {
    /// Never used again for another pool.
    pub(crate) number: u64,
    pub(crate) config: PoolConfig,
    pub(crate) clock: Clock,
    pub(crate) manager: M,
    /// `None`: no background at all, and borrowers connect by themselves.
    pub(crate) spawner: Option<Arc<dyn Spawner>>,
    pub(crate) line: Line<PoolHold<M>>,
    /// Rings when there may be demand for a connection, and when the pool closes.
    pub(crate) demand: Bell,
    /// Rings when a slot became empty, and when the pool closes.
    pub(crate) vacated: Bell,
    /// Read by every borrower and written once, unlike the line's mark, which shares its place with a count.
    closed: AtomicBool,
    last_failure: Mutex<Option<Cause>>,
}

impl<M: Manager> Shared<M> {
    pub(crate) fn new(
        number: u64,
        config: PoolConfig,
        clock: Clock,
        manager: M,
        spawner: Option<Arc<dyn Spawner>>,
    ) -> Self {
        Shared {
            number,
            config,
            clock,
            manager,
            spawner,
            line: Line::new(),
            demand: Bell::new(),
            vacated: Bell::new(),
            closed: AtomicBool::new(false),
            last_failure: Mutex::new(None),
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// True for the call that closed it.
    pub(crate) fn close(&self) -> bool {
        self.closed.store(true, Ordering::SeqCst);
        let first = self.line.close();
        self.demand.ring();
        self.vacated.ring();
        first
    }

    pub(crate) fn last_failure(&self) -> Option<Cause> {
        self.last_failure.lock().clone()
    }

    pub(crate) fn set_last_failure(&self, failure: Option<Cause>) {
        let before = std::mem::replace(&mut *self.last_failure.lock(), failure);
        drop(before);
    }

    /// Whether an item may be lent without a closer look: alive a moment ago and not too old.
    #[inline]
    pub(crate) fn is_fresh(&self, hold: &PoolHold<M>, now: u64) -> bool {
        let slot = hold.slot();
        now < slot.expires() && now.saturating_sub(slot.touched()) <= millis(self.config.alive_bypass)
    }

    pub(crate) fn stats(&self, bag: &PoolBag<M>) -> PoolStats {
        let counts = bag.counts();
        PoolStats {
            max_size: self.config.max_size,
            total: counts.total(),
            active: counts.active,
            idle: counts.idle,
            waiting: self.line.waiting(),
        }
    }

    pub(crate) fn closed_error(&self) -> PoolError {
        PoolError::closed(&self.config.name)
    }

    /// The timer of an async borrower and of background work.
    pub(crate) fn timer(&self) -> Timer<'_> {
        match &self.spawner {
            Some(spawner) => Timer::Spawner(&**spawner),
            None => Timer::Unwatched,
        }
    }

    /// Waits, but no longer than until the pool is closed.
    pub(crate) async fn rest(&self, time: Duration) {
        let closing = async {
            loop {
                let heard = self.vacated.rings();
                if self.is_closed() {
                    return;
                }
                self.vacated.wait(heard).await;
            }
        };
        let _ = within(self.timer().until(deadline_in(time)), closing).await;
    }

    /// Runs what ends an item: here and now if the manager works in the call, else in the background. A panic of the
    /// manager's ends here; this may run in a destructor.
    pub(crate) fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.spawner {
            Some(spawner) if !self.manager.works_inline() => spawner.spawn(Box::pin(work)),
            _ => {
                let _ = catch_unwind(AssertUnwindSafe(|| block_on(&Parking::new(), work)));
            }
        }
    }
}

impl<M: Manager> fmt::Debug for Shared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.config.name)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// An instant this far ahead; `None`: never, also where the clock cannot say it.
pub(crate) fn deadline_in(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
