//! Ending a connection: closed first, then its slot is free.

use crate::bag::{Hold, Place};
use crate::line::Line;
use crate::manager::Manager;
use crate::shared::{PoolHold, Shared, deadline_in};
use crate::sync::Arc;
use crate::timer::within;
use crate::watch::Evicted;

/// Closes what a hold has, and frees its slot. The slot stays taken until the item is closed (or the time for it is up),
/// so that there are never more connections than slots.
pub(crate) async fn close<M: Manager>(mut hold: PoolHold<M>, why: Evicted) {
    hold.reserve();
    let Some(mut item) = hold.take() else { return };
    let shared = Arc::clone(hold.place());
    shared.tell_evicted(&mut item, why);
    let limit = shared.timer().until(deadline_in(shared.settle_timeout));
    let _ = within(limit, shared.manager.close(item)).await;
    shared.tell_closed(why);
    drop(hold);
}

/// The same, without waiting for it.
pub(crate) fn retire<M: Manager>(hold: PoolHold<M>, why: Evicted) {
    hold.reserve();
    let shared = Arc::clone(hold.place());
    shared.run(close(hold, why));
}

/// Why one is retired whose time is over by its slot's notes: zero was set by who asked for it.
pub(crate) fn overdue<M: Manager>(hold: &PoolHold<M>) -> Evicted {
    if hold.notes().expires() == 0 { Evicted::Requested } else { Evicted::Lifetime }
}

impl<M: Manager> Place for Shared<M> {
    type Item = M::Item;

    #[inline]
    fn line(&self) -> &Line<Hold<Self>> {
        &self.line
    }

    fn waiters_connect(&self) -> bool {
        self.spawner.is_none()
    }

    fn freed(&self) {
        self.demand.ring();
        self.vacated.ring();
    }

    fn came_back_closed(hold: Hold<Self>) {
        retire(hold, Evicted::Closed);
    }
}
