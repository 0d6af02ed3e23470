//! Tells waiting tasks that their time is up: one timer for all of them.
//!
//! A timer of the runtime for each wait costs more than all the rest of it. Deadlines are mostly all equally far away, so
//! whoever joins the line finds the timer set already, and to an earlier time: one load. Threads that wait keep their own
//! time, they have to sleep until some moment anyway.

use std::time::{Duration, Instant};

use crate::manager::Manager;
use crate::shared::{Shared, deadline_in};
use crate::sync::{Arc, OnceLock, Ordering};
use crate::timer::within;

/// A deadline that does not come.
pub(crate) const NEVER: u64 = u64::MAX;

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// Nanoseconds since the first call: fits an atomic, where an instant does not.
pub(crate) fn nanos() -> u64 {
    nanos_at(Instant::now())
}

pub(crate) fn nanos_at(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(start()).as_nanos()).unwrap_or(NEVER)
}

/// Keeps the time until the pool is closed.
pub(crate) async fn run<M: Manager>(shared: Arc<Shared<M>>) {
    let _gone = Gone(&shared);
    loop {
        let heard = shared.earlier.rings();
        if shared.is_closed() {
            return;
        }
        let at = shared.alarm_at.load(Ordering::SeqCst);
        if at == NEVER {
            shared.earlier.wait(heard).await;
            continue;
        }
        let left = Duration::from_nanos(at.saturating_sub(nanos()));
        let limit = shared.timer().until(deadline_in(left));
        if within(limit, shared.earlier.wait(heard)).await.is_some() {
            continue;
        }
        // Before the look at the line: whoever joins after that sets it anew.
        shared.alarm_at.store(NEVER, Ordering::SeqCst);
        let next = shared.line.expire(at.max(nanos()));
        shared.alarm_at.fetch_min(next, Ordering::SeqCst);
    }
}

/// The runtime on which it ran has ended: nobody else would wake those who wait.
struct Gone<'a, M: Manager>(&'a Shared<M>);

impl<M: Manager> Drop for Gone<'_, M> {
    fn drop(&mut self) {
        self.0.alarm_at.store(0, Ordering::SeqCst);
        self.0.line.expire(NEVER - 1);
    }
}

impl<M: Manager> Shared<M> {
    /// Whether the background work has ended although the pool is open: its runtime is gone.
    pub(crate) fn is_forsaken(&self) -> bool {
        self.alarm_at.load(Ordering::SeqCst) == 0
    }

    /// Sees to it that one who has joined the line is told when its time is up. False: nobody keeps the time any more.
    pub(crate) fn set_alarm(&self, deadline: u64) -> bool {
        let set = self.alarm_at.load(Ordering::SeqCst);
        if set > deadline && self.alarm_at.fetch_min(deadline, Ordering::SeqCst) > deadline {
            self.earlier.ring();
        }
        set != 0
    }
}
