//! How old a connection may become.

use std::hash::{BuildHasher, RandomState};

use crate::clock::millis;
use crate::manager::Manager;
use crate::shared::{PoolHold, Shared};

/// Marks a slot as filled just now: when its item was last known alive, and when it must be retired.
pub(crate) fn stamp<M: Manager>(shared: &Shared<M>, hold: &PoolHold<M>) {
    let now = shared.clock.now();
    hold.touch(now);
    hold.set_expires(match millis(shared.config.max_lifetime) {
        0 => u64::MAX,
        life => now.saturating_add(shortened(life, RandomState::new().hash_one(now))),
    });
}

/// Up to 2.5 % less, so that connections made together do not end together.
fn shortened(life: u64, random: u64) -> u64 {
    life - random % (life / 40 + 1)
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn at_most_a_fortieth_less() {
        let lives: Vec<u64> = (0..50_000).map(|random| shortened(1_800_000, random)).collect();
        assert_eq!(lives.iter().max(), Some(&1_800_000));
        assert_eq!(lives.iter().min(), Some(&1_755_000));
        assert_eq!(shortened(30, 7), 30);
    }
}
