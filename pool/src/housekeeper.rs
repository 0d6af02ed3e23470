//! Comes by now and then: retires what is too old or idle for too long, and sees to it that enough are left.

use crate::clock::millis;
use crate::manager::Manager;
use crate::retire::close;
use crate::shared::{PoolBag, Shared};
use crate::sync::{Arc, Weak};

/// Comes by until the pool is closed or gone.
pub(crate) async fn run<M: Manager>(bag: Weak<PoolBag<M>>, shared: Arc<Shared<M>>) {
    loop {
        shared.rest(shared.config.housekeeping_period).await;
        if shared.is_closed() {
            return;
        }
        let Some(bag) = bag.upgrade() else { return };
        pass(&bag, &shared).await;
    }
}

/// One round. Every slot is reserved before it is judged, so that no borrower has it meanwhile; those in use are left
/// alone and judged when they come back.
pub(crate) async fn pass<M: Manager>(bag: &PoolBag<M>, shared: &Arc<Shared<M>>) {
    for slot in bag.slots() {
        // With the slot itself, which counts as idle before it is reserved and not after.
        let due = |itself: u32| {
            let now = shared.clock.now();
            let idle = || bag.counts().idle + itself > shared.config.min_idle;
            now >= slot.expires() || lies_too_long(shared, now.saturating_sub(slot.touched())) && idle()
        };
        if !slot.is_idle() || !due(0) {
            continue;
        }
        let Some(hold) = bag.reserve(slot) else { continue };
        if due(1) {
            close(hold).await;
        } else {
            hold.put_back();
        }
    }
    shared.demand.ring();
}

fn lies_too_long<M: Manager>(shared: &Shared<M>, idle: u64) -> bool {
    match millis(shared.config.idle_timeout) {
        0 => false,
        limit => idle >= limit,
    }
}
