//! The way home: who cleans what, decided in the guard's destructor without waiting.
//!
//! 1. Clean, or its cleaning was started and needs nobody: back at once.
//! 2. Something in flight: a task settles it, the slot stays reserved meanwhile.
//! 3. Broken, too old, or its holder panicked: closed, and the slot is free.
//!
//! In a fork of the process it is left alone: it is the parent's.

use crate::local;
use crate::manager::{GiveBack, Manager};
use crate::retire::{overdue, retire};
use crate::shared::{PoolHold, deadline_in};
use crate::sync::Arc;
use crate::timer::within;
use crate::watch::Evicted;

/// Takes an item home.
#[inline]
pub(crate) fn give_back<M: Manager>(mut hold: PoolHold<M>, mut item: M::Item) {
    let shared = &**hold.place();
    if shared.is_foreign() {
        return std::mem::forget((hold, item));
    }
    if shared.is_watched() && !shared.came_back(&hold, &mut item) {
        return discard(hold, item, Evicted::Broken);
    }
    if std::thread::panicking() {
        return discard(hold, item, Evicted::Panic);
    }
    // Should the manager panic here, item and hold are dropped by the unwinding, which closes one and frees the other.
    match shared.manager.give_back(&mut item) {
        GiveBack::Ready if hold.notes().expires() != 0 => {
            hold.notes().touch(shared.clock.now());
            local::remember(shared.number, hold.slot().index());
            hold.put(item);
            hold.put_back();
        }
        GiveBack::Settle => settle(hold, item),
        GiveBack::Ready => discard(hold, item, Evicted::Requested),
        GiveBack::Discard => discard(hold, item, Evicted::Broken),
    }
}

/// Closes an item instead of taking it back.
#[cold]
pub(crate) fn discard<M: Manager>(mut hold: PoolHold<M>, item: M::Item, why: Evicted) {
    hold.put(item);
    retire(hold, why);
}

#[cold]
fn settle<M: Manager>(mut hold: PoolHold<M>, mut item: M::Item) {
    hold.reserve();
    let shared = Arc::clone(hold.place());
    let runner = Arc::clone(&shared);
    runner.run(async move {
        let limit = shared.timer().until(deadline_in(shared.settle_timeout));
        let settled = within(limit, shared.manager.settle(&mut item)).await;
        hold.put(item);
        if !matches!(settled, Some(Ok(()))) {
            return crate::retire::close(hold, Evicted::Broken).await;
        }
        if hold.notes().expires() == 0 {
            let why = overdue(&hold);
            return crate::retire::close(hold, why).await;
        }
        hold.notes().touch(shared.clock.now());
        hold.put_back();
    });
}
