//! One pool of several, and whether it is left out for now.

use std::time::Duration;

use super::Connections;
use crate::clock::millis;
use crate::sync::{AtomicU64, Ordering};

/// A member is up, or out until some moment; when that has come, one borrower tries it, and the next moment is set first.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) pool: Connections,
    /// Zero: up.
    out_until: AtomicU64,
    pause: AtomicU64,
    first_pause: u64,
    longest_pause: u64,
}

impl Member {
    pub(super) fn new(pool: Connections, (first, longest): (Duration, Duration)) -> Self {
        let (first_pause, longest_pause) = (millis(first), millis(longest));
        Member { pool, out_until: AtomicU64::new(0), pause: AtomicU64::new(first_pause), first_pause, longest_pause }
    }

    pub(super) fn is_up(&self) -> bool {
        self.out_until.load(Ordering::Relaxed) == 0
    }

    /// Up, or out for long enough that somebody should try it.
    pub(super) fn is_due(&self, now: u64) -> bool {
        now >= self.out_until.load(Ordering::Relaxed)
    }

    /// Whether this borrower may ask it: of a member that is due for a probe only one does, the others pass it by.
    pub(super) fn may_try(&self, now: u64) -> bool {
        let until = self.out_until.load(Ordering::Relaxed);
        let next = now.saturating_add(self.pause.load(Ordering::Relaxed));
        // One that is not due is asked as a last resort only, and by anybody.
        until == 0
            || now < until
            || self.out_until.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(super) fn worked(&self) {
        if !self.is_up() {
            self.pause.store(self.first_pause, Ordering::Relaxed);
            self.out_until.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn failed(&self, now: u64) {
        let pause = self.pause.load(Ordering::Relaxed);
        self.out_until.store(now.saturating_add(pause).max(1), Ordering::Relaxed);
        self.pause.store(pause.saturating_mul(2).min(self.longest_pause), Ordering::Relaxed);
    }
}
