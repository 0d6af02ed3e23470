//! The time by which ages are told.

use std::time::Duration;

use crate::sync::{Arc, AtomicU64, Ordering};

/// A monotonic clock in milliseconds, read at each take and each return.
///
/// The ordinary one is the system's coarse monotonic clock (a few milliseconds fine, a few nanoseconds dear). A
/// [`Clock::manual`] one stands still until it is moved, so that tests of lifetimes need not wait. It rules ages only
/// (idle time, lifetime, the validation bypass); how long a borrower waits is real time always.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The system's monotonic clock. The default.
    #[must_use]
    pub fn monotonic() -> Self {
        Clock(Source::System)
    }

    /// A clock that only [`advance`](Clock::advance) moves; clones are the same clock.
    #[must_use]
    pub fn manual() -> Self {
        Clock(Source::Manual(Arc::new(AtomicU64::new(0))))
    }

    /// Moves a manual clock forward. The system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock back, as a clock that is set to another time does. The system's clock does not listen.
    pub fn set_back(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            let _ = now.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |at| Some(at.saturating_sub(millis(by))));
        }
    }

    /// Milliseconds since a fixed moment; never zero, so that zero may mean "long ago".
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        match &self.0 {
            Source::System => system() + 1,
            Source::Manual(now) => now.load(Ordering::SeqCst) + 1,
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::monotonic()
    }
}

/// A duration as the clock counts, `u64::MAX` where it does not fit.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn system() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    // The monotonic clock starts at zero with the machine: neither part is ever negative.
    #[allow(clippy::cast_sign_loss)]
    let millis = now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000;
    millis
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn system() -> u64 {
    use crate::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    millis(START.get_or_init(Instant::now).elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_when_told_and_is_shared_by_its_clones() {
        let clock = Clock::manual();
        let other = clock.clone();
        assert_eq!(clock.now(), 1);
        other.advance(Duration::from_secs(2));
        assert_eq!(clock.now(), 2001);
    }

    #[test]
    fn the_system_clock_moves_by_itself() {
        let clock = Clock::monotonic();
        let before = clock.now();
        std::thread::sleep(Duration::from_millis(30));
        assert!(clock.now() > before);
    }
}
