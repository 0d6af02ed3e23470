//! [`Clock`]: what was read before a cache was emptied is told from what was read behind it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long nothing is kept after the future of a change was dropped, or its answer was lost. The database may go on with it until it is
/// cancelled, which the connection does when it goes home; a change that is done behind that time is not noticed.
pub(crate) const DOUBT: Duration = Duration::from_secs(5);

/// Counts how often the caches of a data source were emptied.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

/// When something began to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    tick: u64,
    at: Instant,
}

/// What a cache knows of the last time it was emptied.
#[derive(Debug, Default)]
pub(crate) struct Emptied {
    tick: u64,
    doubtful_until: Option<Instant>,
}

impl Clock {
    /// Must be taken before the database is asked.
    pub(crate) fn now(&self) -> Moment {
        Moment { tick: self.0.load(Ordering::SeqCst), at: Instant::now() }
    }
}

impl Emptied {
    /// The cache is emptied now, when the change behind it is done; or `in_doubt`, when it may still be on its way.
    pub(crate) fn now(&mut self, clock: &Clock, in_doubt: bool) {
        self.tick = clock.0.fetch_add(1, Ordering::SeqCst) + 1;
        if in_doubt {
            self.doubtful_until = Instant::now().checked_add(DOUBT);
        }
    }

    /// Whether what was read from then on saw the change.
    pub(crate) fn is_before(&self, read: Moment) -> bool {
        read.tick >= self.tick && self.doubtful_until.is_none_or(|until| read.at >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_doubtful_change_nothing_counts_as_read_for_a_while() {
        let clock = Clock::default();
        let mut emptied = Emptied::default();
        assert!(emptied.is_before(clock.now()));
        emptied.now(&clock, true);
        let soon = clock.now();
        assert!(!emptied.is_before(soon));
        assert!(emptied.is_before(Moment { at: soon.at + DOUBT, ..soon }));
        emptied.now(&clock, false);
        let again = clock.now();
        assert!(!emptied.is_before(again), "a change that is done says nothing of the other");
        assert!(!emptied.is_before(Moment { at: again.at + DOUBT, ..soon }), "read before the second change");
        assert!(emptied.is_before(Moment { at: again.at + DOUBT, ..again }));
    }
}
