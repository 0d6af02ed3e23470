//! How old a connection may become, and when it is due to be looked at.

use std::hash::{BuildHasher, RandomState};

use crate::bag::Notes;
use crate::manager::Manager;
use crate::shared::{PoolHold, Shared};
use crate::sync::Ordering;

/// Marks a slot as filled just now: when its item was last known alive, and when it must be retired.
pub(crate) fn stamp<M: Manager>(shared: &Shared<M>, hold: &PoolHold<M>) {
    let now = shared.clock.now();
    let notes = hold.notes();
    notes.touch(now);
    notes.alive.store(now, Ordering::Relaxed);
    notes.created.store(now, Ordering::Relaxed);
    let expires = match shared.live.max_lifetime() {
        0 => u64::MAX,
        // Up to 2.5 % less, so that connections made together do not end together.
        life => now.saturating_add(shortened(life, 40, random(now))),
    };
    notes.expires.store(expires, Ordering::Relaxed);
}

/// When an idle item is due to be checked; `None`: never.
pub(crate) fn keepalive_due<M: Manager>(shared: &Shared<M>, notes: &Notes) -> Option<u64> {
    let interval = shared.live.keepalive_interval();
    let alive = notes.alive.load(Ordering::Relaxed).max(notes.touched());
    // Up to 10 % less; the same for the same wait, so that a due one stays due.
    (interval > 0).then(|| alive.saturating_add(shortened(interval, 10, alive.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
}

fn random(seed: u64) -> u64 {
    RandomState::new().hash_one(seed)
}

/// Less by up to one part in `parts`.
fn shortened(time: u64, parts: u64, random: u64) -> u64 {
    time - random % (time / parts + 1)
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn at_most_a_fortieth_less() {
        let lives: Vec<u64> = (0..50_000).map(|random| shortened(1_800_000, 40, random)).collect();
        assert_eq!(lives.iter().max(), Some(&1_800_000));
        assert_eq!(lives.iter().min(), Some(&1_755_000));
        assert_eq!(shortened(30, 40, 7), 30);
        assert_eq!(shortened(30_000, 10, 3000), 27_000);
    }
}
