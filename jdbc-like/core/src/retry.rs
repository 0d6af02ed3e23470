//! Running a transaction again when the database says that it lost against another one: [`Retry`] and [`RetryAdvice`].

use std::time::Duration;

use crate::options::TransactionOptions;

/// What may be done about an error.
///
/// Source: the retry advice that `SQLTransientException` and its kin give by their class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "SQLTransientException")]
#[doc(alias = "SQLRecoverableException")]
pub enum RetryAdvice {
    /// The same again fails again, or nobody knows what happened (08007).
    No,
    /// The statement alone may succeed later (a lock was not to be had).
    Statement,
    /// The transaction as a whole may succeed if it is run again (40001, 40P01, SQLite's outdated snapshot).
    Transaction,
    /// On a new connection it may succeed.
    Reconnect,
}

/// How often and how fast a transaction is run again by [`Connection::tx_retry`](crate::Connection::tx_retry).
///
/// Before the n-th new try it waits for `first_delay` doubled n - 1 times, at most `max_delay`, of which a random part between half and
/// all counts, so that two that collided do not collide again. Where nothing can keep the time (SQLite in an async task) it does not wait.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Tries in all; at least 1. Default 5.
    pub attempts: u32,
    /// The wait before the second try. Default 5 ms.
    pub first_delay: Duration,
    /// The longest wait. Default 500 ms.
    pub max_delay: Duration,
    /// How each try begins.
    pub options: TransactionOptions,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay: Duration::from_millis(5),
            max_delay: Duration::from_millis(500),
            options: TransactionOptions::new(),
        }
    }
}

impl Retry {
    /// Five tries, 5 ms to 500 ms apart.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many tries there are in all; 0 counts as 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the wait before the second try and the longest one.
    #[must_use]
    pub fn delays(mut self, first: Duration, longest: Duration) -> Self {
        self.first_delay = first;
        self.max_delay = longest;
        self
    }

    /// Sets how each try begins.
    #[must_use]
    pub fn options(mut self, options: TransactionOptions) -> Self {
        self.options = options;
        self
    }

    /// The wait after this many failed tries (from 1).
    pub(crate) fn delay(&self, failed: u32) -> Duration {
        let doubled = self.first_delay.saturating_mul(1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX));
        let whole = doubled.min(self.max_delay);
        whole / 2 + (whole / 2).mul_f64(random_part())
    }
}

/// A number from 0 to 1. The keys of a new hasher are random, which is all that jitter needs.
fn random_part() -> f64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let bits = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let retry = Retry::new().delays(Duration::from_millis(4), Duration::from_millis(20));
        for (failed, whole) in [(1, 4), (2, 8), (3, 16), (4, 20), (40, 20), (0, 4)] {
            let (delay, whole) = (retry.delay(failed), Duration::from_millis(whole));
            assert!(delay >= whole / 2 && delay <= whole, "{failed}: {delay:?}");
        }
        assert_eq!(Retry::new().attempts(0).attempts, 1);
    }
}
