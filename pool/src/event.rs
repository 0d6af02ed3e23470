//! What happens in a pool, told to those who watch: counters, metrics, hooks, and `tracing` with the feature of that name
//! (target `batis_pool`; at `debug` what is usual, at `warn` what somebody should look at).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::bag::Words;
use crate::error::Cause;
use crate::guard::Pooled;
use crate::manager::Manager;
use crate::shared::{PoolHold, PoolSlot, Shared};
use crate::stats::PoolStats;
use crate::sync::Ordering;
use crate::timekeeper::nanos;
use crate::watch::{Evicted, Holder, who};

/// An event of `tracing`, or nothing.
macro_rules! tell {
    ($level:ident, $($rest:tt)*) => {
        #[cfg(feature = "tracing")]
        tracing::event!(target: "batis_pool", tracing::Level::$level, $($rest)*);
    };
}

/// A hook's panic is reported by its own hook of the runtime and ends here.
fn quietly(call: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_ok()
}

impl<M: Manager> Shared<M> {
    pub(crate) fn holder(&self, slot: &PoolSlot<M>) -> Holder {
        let age = self.clock.now().saturating_sub(slot.notes.touched());
        let Words { who, what } = slot.notes.loan.words();
        Holder { age: Duration::from_millis(age), place: slot.notes.place(), who, what, slot: slot.index() }
    }

    /// One is lent. Only where somebody watches.
    #[cold]
    pub(crate) fn lent(&self, pooled: &mut Pooled<M>, waited: Duration) {
        if let Some(hold) = pooled.hold() {
            let notes = hold.notes();
            notes.since.store(nanos(), Ordering::Relaxed);
            let known = (self.live.leak_detection_threshold() > 0).then(who);
            notes.loan.begin(known);
        }
        if let Some(metrics) = &self.metrics {
            metrics.acquired(waited);
        }
        if let Some(hooks) = &self.hooks {
            hooks.acquired(pooled);
        }
    }

    /// One has come back. False: a hook panicked over it.
    #[cold]
    pub(crate) fn came_back(&self, hold: &PoolHold<M>, item: &mut M::Item) -> bool {
        let notes = hold.notes();
        if notes.leaked.swap(false, Ordering::Relaxed) {
            let holder = self.holder(hold.slot());
            tell!(INFO, pool = &*self.name, %holder, "a connection reported as leaked has come back");
            if let Some(metrics) = &self.metrics {
                metrics.leak_returned(&holder);
            }
        }
        if let Some(metrics) = &self.metrics {
            metrics.released(Duration::from_nanos(nanos().saturating_sub(notes.since.load(Ordering::Relaxed))));
        }
        self.hooks.as_ref().is_none_or(|hooks| quietly(|| hooks.released(item)))
    }

    pub(crate) fn tell_created(&self, item: &mut M::Item, took: Duration) {
        self.figures.created.fetch_add(1, Ordering::Relaxed);
        tell!(DEBUG, pool = &*self.name, ?took, "connected");
        if let Some(metrics) = &self.metrics {
            metrics.created(took);
        }
        if let Some(hooks) = &self.hooks {
            hooks.created(item);
        }
    }

    pub(crate) fn tell_connect_failed(&self, cause: &Cause) {
        let _ = cause;
        tell!(WARN, pool = &*self.name, error = %cause, "connecting failed");
        if let Some(metrics) = &self.metrics {
            metrics.connect_failed();
        }
    }

    pub(crate) fn tell_evicted(&self, item: &mut M::Item, why: Evicted) {
        tell!(DEBUG, pool = &*self.name, reason = %why, "closing a connection");
        if let Some(hooks) = &self.hooks {
            let _ = quietly(|| hooks.evicted(item, why));
        }
    }

    pub(crate) fn tell_closed(&self, why: Evicted) {
        self.figures.closed.fetch_add(1, Ordering::Relaxed);
        if let Some(metrics) = &self.metrics {
            metrics.closed(why);
        }
        if let Some(hooks) = &self.hooks {
            let _ = quietly(|| hooks.closed(why));
        }
    }

    pub(crate) fn tell_timed_out(&self, waited: Duration, stats: &PoolStats) {
        let _ = stats;
        self.figures.timeouts.fetch_add(1, Ordering::Relaxed);
        tell!(WARN, pool = &*self.name, ?waited, %stats, "no connection became free in time");
        if let Some(metrics) = &self.metrics {
            metrics.timed_out(waited);
        }
    }

    pub(crate) fn tell_leaked(&self, holder: &Holder) {
        tell!(WARN, pool = &*self.name, %holder, "a connection seems to be leaked");
        if let Some(metrics) = &self.metrics {
            metrics.leaked(holder);
        }
    }

    pub(crate) fn tell_jump(&self, back: bool) {
        let _ = back;
        if back {
            tell!(WARN, pool = &*self.name, "the clock went back: every connection is replaced");
        } else {
            tell!(WARN, pool = &*self.name, "the housekeeper came late: threads starve, or the machine slept");
        }
    }
}
