//! How long borrowers waited: a histogram that only those who wait write to.

use std::time::Duration;

use crate::sync::{AtomicU64, Mutex, Ordering};

/// Four for each doubling of the microseconds, up to some hours.
const BUCKETS: usize = 140;

/// Waits since the pool was built, and two snapshots by which the recent ones are told.
#[derive(Debug)]
pub(crate) struct Waits {
    counts: Box<[AtomicU64]>,
    before: Mutex<[Seen; 2]>,
}

/// How often it was lent, and the waits among that, up to some moment.
#[derive(Debug, Clone, Default)]
struct Seen {
    lent: u64,
    counts: Vec<u64>,
}

fn bucket(wait: Duration) -> usize {
    let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX).max(1);
    let octave = micros.ilog2();
    // The two bits behind the leading one.
    let quarter = if octave >= 2 { (micros >> (octave - 2)) & 3 } else { (micros << (2 - octave)) & 3 };
    let quarter = usize::try_from(quarter).unwrap_or(0);
    (octave as usize * 4 + quarter).min(BUCKETS - 1)
}

/// The longest wait that falls into this bucket.
fn upper(bucket: usize) -> Duration {
    let (octave, quarter) = (bucket / 4, bucket as u64 % 4);
    Duration::from_nanos(1000 * (5 + quarter) * (1 << octave) / 4)
}

impl Waits {
    pub(crate) fn new() -> Self {
        let counts = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Waits { counts, before: Mutex::new([Seen::default(), Seen::default()]) }
    }

    pub(crate) fn record(&self, wait: Duration) {
        self.counts[bucket(wait)].fetch_add(1, Ordering::Relaxed);
    }

    fn seen(&self, lent: u64) -> Seen {
        Seen { lent, counts: self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect() }
    }

    /// Begins a new period: [`Waits::p99`] tells of the present one and the one before it.
    pub(crate) fn turn(&self, lent: u64) {
        let now = self.seen(lent);
        let mut before = self.before.lock();
        before.swap(0, 1);
        before[1] = now;
    }

    /// Below what 99 of 100 borrowers waited lately, all those counted who did not wait at all. `None`: nobody came.
    pub(crate) fn p99(&self, lent: u64) -> Option<Duration> {
        let now = self.seen(lent);
        let before = self.before.lock();
        let at = |seen: &Seen, bucket: usize| seen.counts.get(bucket).copied().unwrap_or(0);
        let lately: Vec<u64> = (0..BUCKETS).map(|b| at(&now, b).saturating_sub(at(&before[0], b))).collect();
        let waited: u64 = lately.iter().sum();
        let all = lent.saturating_sub(before[0].lent).max(waited);
        if all == 0 {
            return None;
        }
        // How many may wait longer than what is told.
        let mut slower = all / 100;
        for (bucket, count) in lately.iter().enumerate().rev() {
            if *count > slower {
                return Some(upper(bucket));
            }
            slower -= count;
        }
        Some(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_lies_below_the_upper_end_of_its_bucket_and_near_it() {
        for micros in [1, 2, 3, 5, 7, 100, 1234, 1_000_000, 59_000_000] {
            let wait = Duration::from_micros(micros);
            let upper = upper(bucket(wait));
            assert!(wait <= upper && upper <= 2 * wait, "{wait:?} {upper:?}");
        }
    }

    #[test]
    fn the_ninety_ninth_of_a_hundred_counts_those_who_did_not_wait() {
        let waits = Waits::new();
        assert_eq!(waits.p99(0), None);
        waits.record(Duration::from_millis(100));
        assert_eq!(waits.p99(200), Some(Duration::ZERO));
        waits.record(Duration::from_millis(100));
        waits.record(Duration::from_millis(100));
        let p99 = waits.p99(200).unwrap();
        assert!(p99 >= Duration::from_millis(100) && p99 < Duration::from_millis(130), "{p99:?}");
        // Two periods later it is forgotten.
        waits.turn(200);
        waits.turn(200);
        assert_eq!(waits.p99(200), None);
    }
}
