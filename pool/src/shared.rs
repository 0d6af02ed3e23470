//! What every slot and every handle of one pool share: the manager, the line, the clock. It knows no slot, so that
//! slots may own it.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::bag::{Bag, Hold, Slot};
use crate::bell::Bell;
use crate::clock::{Clock, millis};
use crate::config::{PoolConfig, Settings};
use crate::error::{Cause, PoolError};
use crate::fork;
use crate::line::Line;
use crate::live::Live;
use crate::manager::Manager;
use crate::spawn::Spawner;
use crate::stats::PoolStats;
use crate::sync::{Arc, AtomicU32, AtomicU64, Mutex, Ordering};
use crate::timekeeper::NEVER;
use crate::timer::{Parking, Timer, block_on, within};
use crate::waits::Waits;
use crate::watch::{PoolHooks, PoolMetrics};

pub(crate) type PoolBag<M> = Bag<Shared<M>>;
pub(crate) type PoolHold<M> = Hold<Shared<M>>;
pub(crate) type PoolSlot<M> = Slot<Shared<M>>;

/// The pool was closed.
pub(crate) const CLOSED: u32 = 1;
/// Nobody is let in for now.
pub(crate) const SUSPENDED: u32 = 2;
/// Somebody watches each loan and each return.
pub(crate) const WATCHED: u32 = 4;

/// Those who watch.
pub(crate) struct Watchers<T> {
    pub(crate) metrics: Option<Arc<dyn PoolMetrics>>,
    pub(crate) hooks: Option<Arc<dyn PoolHooks<T>>>,
}

/// Counts of the slow paths.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) created: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) timeouts: AtomicU64,
}

pub(crate) struct Shared<M: Manager> {
    /// Never used again for another pool.
    pub(crate) number: u64,
    /// The process that made it.
    forks: u32,
    /// `CLOSED`, `SUSPENDED`, `WATCHED`: read by every borrower, written rarely.
    gate: AtomicU32,
    /// In milliseconds; sealed, and read at each loan.
    alive_bypass: u64,
    pub(crate) clock: Clock,
    pub(crate) manager: M,
    pub(crate) name: Arc<str>,
    pub(crate) live: Live,
    pub(crate) settle_timeout: Duration,
    pub(crate) housekeeping_period: Duration,
    /// `None`: no background at all, and borrowers connect by themselves.
    pub(crate) spawner: Option<Arc<dyn Spawner>>,
    pub(crate) line: Line<PoolHold<M>>,
    /// Rings when there may be demand for a connection, and when the pool closes.
    pub(crate) demand: Bell,
    /// Rings when a slot became empty, and when the pool closes.
    pub(crate) vacated: Bell,
    /// Rings when the pool is resumed, and when it closes.
    resumed: Bell,
    /// Rings when the housekeeper should look at its timetable again, and when the pool closes.
    pub(crate) timetable: Bell,
    /// Rings when a connect for prewarming has ended, and whenever one was made, and when the pool closes.
    pub(crate) warmed: Bell,
    /// When the timekeeper gets up next; `NEVER`, or zero once there is none.
    pub(crate) alarm_at: AtomicU64,
    /// Rings when it has to get up earlier, and when the pool closes.
    pub(crate) earlier: Bell,
    pub(crate) metrics: Option<Arc<dyn PoolMetrics>>,
    pub(crate) hooks: Option<Arc<dyn PoolHooks<M::Item>>>,
    /// Connects under way for prewarming, from the claim of their slots on.
    pub(crate) prewarming: AtomicU32,
    pub(crate) figures: Figures,
    pub(crate) waits: Waits,
    last_failure: Mutex<Option<Cause>>,
}

impl<M: Manager> Shared<M> {
    pub(crate) fn new(
        number: u64,
        (settings, config): (Settings, PoolConfig),
        clock: Clock,
        manager: M,
        spawner: Option<Arc<dyn Spawner>>,
        watchers: Watchers<M::Item>,
    ) -> Self {
        let Watchers { metrics, hooks } = watchers;
        let watched = metrics.is_some() || hooks.is_some() || !config.leak_detection_threshold.is_zero();
        Shared {
            number,
            forks: fork::begin(),
            gate: AtomicU32::new(if watched { WATCHED } else { 0 }),
            alive_bypass: millis(config.alive_bypass),
            clock,
            manager,
            name: Arc::clone(&config.name),
            settle_timeout: config.settle_timeout,
            housekeeping_period: config.housekeeping_period,
            live: Live::new(settings, config),
            spawner,
            line: Line::new(),
            demand: Bell::new(),
            vacated: Bell::new(),
            resumed: Bell::new(),
            timetable: Bell::new(),
            warmed: Bell::new(),
            alarm_at: AtomicU64::new(NEVER),
            earlier: Bell::new(),
            metrics,
            hooks,
            prewarming: AtomicU32::new(0),
            figures: Figures::default(),
            waits: Waits::new(),
            last_failure: Mutex::new(None),
        }
    }

    #[inline]
    pub(crate) fn gate(&self) -> u32 {
        self.gate.load(Ordering::Acquire)
    }

    /// Made by a process of which this one is a fork.
    #[inline]
    pub(crate) fn is_foreign(&self) -> bool {
        self.forks != fork::generation()
    }

    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.gate() & WATCHED != 0
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.gate() & CLOSED != 0
    }

    pub(crate) fn watch(&self) {
        self.gate.fetch_or(WATCHED, Ordering::SeqCst);
    }

    pub(crate) fn suspend(&self) {
        self.gate.fetch_or(SUSPENDED, Ordering::SeqCst);
    }

    pub(crate) fn resume(&self) {
        self.gate.fetch_and(!SUSPENDED, Ordering::SeqCst);
        self.resumed.ring();
    }

    /// Waits while the pool is suspended. False: the time was up.
    pub(crate) async fn admitted(&self, timer: Timer<'_>, deadline: Option<Instant>) -> bool {
        let open = async {
            loop {
                let heard = self.resumed.rings();
                if self.gate() & (SUSPENDED | CLOSED) != SUSPENDED {
                    return;
                }
                self.resumed.wait(heard).await;
            }
        };
        within(timer.until(deadline), open).await.is_some()
    }

    /// True for the call that closed it.
    pub(crate) fn close(&self) -> bool {
        self.gate.fetch_or(CLOSED, Ordering::SeqCst);
        let first = self.line.close();
        for bell in [&self.demand, &self.vacated, &self.resumed, &self.timetable, &self.warmed, &self.earlier] {
            bell.ring();
        }
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
        let notes = hold.notes();
        now < notes.expires() && now.saturating_sub(notes.touched()) <= self.alive_bypass
    }

    pub(crate) fn stats(&self, bag: &PoolBag<M>) -> PoolStats {
        let counts = bag.counts();
        PoolStats {
            max_size: self.live.max_size(),
            min_idle: self.live.min_idle(),
            total: counts.total(),
            active: counts.active,
            idle: counts.idle,
            waiting: self.line.waiting(),
            lent: counts.lent,
            created: self.figures.created.load(Ordering::Relaxed),
            closed: self.figures.closed.load(Ordering::Relaxed),
            timeouts: self.figures.timeouts.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn closed_error(&self) -> PoolError {
        PoolError::closed(&self.name)
    }

    /// The timer of an async borrower and of background work.
    pub(crate) fn timer(&self) -> Timer<'_> {
        match &self.spawner {
            Some(spawner) => Timer::Spawner(&**spawner),
            None => Timer::Unwatched,
        }
    }

    /// Waits, but no longer than until the pool is closed.
    pub(crate) async fn rest(&self, timer: Timer<'_>, time: Duration) {
        let closing = async {
            loop {
                let heard = self.vacated.rings();
                if self.is_closed() {
                    return;
                }
                self.vacated.wait(heard).await;
            }
        };
        let _ = within(timer.until(deadline_in(time)), closing).await;
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
        f.debug_struct("Shared").field("name", &self.name).field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// An instant this far ahead; `None`: never, also where the clock cannot say it.
pub(crate) fn deadline_in(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
