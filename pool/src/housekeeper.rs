//! Comes by now and then: retires what is too old or idle for too long, keeps idle connections alive, reports leaks, and
//! sees to it that enough are left.

use std::time::{Duration, Instant};

use crate::bag::Notes;
use crate::clock::millis;
use crate::filler::caught;
use crate::lifetime::keepalive_due;
use crate::manager::Manager;
use crate::retire::close;
use crate::shared::{PoolBag, PoolHold, PoolSlot, Shared, deadline_in};
use crate::sync::{Arc, Ordering, Weak};
use crate::timer::within;
use crate::watch::Evicted;

/// A clock that went back by more than this was set to another time.
const BACK: u64 = 128;
/// However short the times it watches are, it comes by no more often than this.
const SHORTEST_REST: u64 = 250;

/// Comes by until the pool is closed or gone. The time counts from this call on, not from when the task first runs: connections may be made,
/// and the clock may go back, before that.
pub(crate) fn run<M: Manager>(bag: Weak<PoolBag<M>>, shared: Arc<Shared<M>>) -> impl Future<Output = ()> + Send {
    let rounds = Rounds::new(&shared);
    come_by(bag, shared, rounds)
}

async fn come_by<M: Manager>(bag: Weak<PoolBag<M>>, shared: Arc<Shared<M>>, mut rounds: Rounds) {
    loop {
        let heard = shared.timetable.rings();
        // It may have been closed before this task ran at all.
        if shared.is_closed() {
            return;
        }
        let limit = shared.timer().until(deadline_in(rounds.rest(&shared)));
        let called = within(limit, shared.timetable.wait(heard)).await.is_some();
        if shared.is_closed() {
            return;
        }
        if called {
            continue;
        }
        let Some(bag) = bag.upgrade() else { return };
        rounds.jump(&bag, &shared);
        // A manager's panic ends this round, not the housekeeper.
        let _ = caught(pass(&bag, &shared)).await;
        rounds.turn(&bag, &shared);
    }
}

/// When it came by last.
struct Rounds {
    seen: u64,
    rested: u64,
    turned: Instant,
}

impl Rounds {
    fn new<M: Manager>(shared: &Shared<M>) -> Self {
        Rounds { seen: shared.clock.now(), rested: 0, turned: Instant::now() }
    }

    /// The configured period, or less where a time it watches would be overstepped by more than its own variance.
    fn rest<M: Manager>(&mut self, shared: &Shared<M>) -> Duration {
        let live = &shared.live;
        let watched = [
            (live.leak_detection_threshold(), 2),
            (live.keepalive_interval(), 10),
            (live.max_lifetime(), 40),
            (live.idle_timeout(), 10),
        ];
        let shares = watched.into_iter().filter(|(time, _)| *time > 0).map(|(time, parts)| time / parts);
        let least = shares.min().unwrap_or(u64::MAX).max(SHORTEST_REST);
        self.rested = least.min(millis(shared.housekeeping_period));
        Duration::from_millis(self.rested)
    }

    fn jump<M: Manager>(&mut self, bag: &PoolBag<M>, shared: &Shared<M>) {
        let now = shared.clock.now();
        let before = std::mem::replace(&mut self.seen, now);
        notice(bag, shared, before, now, self.rested);
    }

    fn turn<M: Manager>(&mut self, bag: &PoolBag<M>, shared: &Shared<M>) {
        if self.turned.elapsed() >= shared.housekeeping_period {
            self.turned = Instant::now();
            shared.waits.turn(bag.counts().lent);
        }
    }
}

/// Looks how the clock went between two rounds. One that went back tells no ages any more: everything is replaced. One
/// that leapt ahead (the machine slept, or threads starve) is only told: ages are then what they are.
pub(crate) fn notice<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>, before: u64, now: u64, rested: u64) {
    if now.saturating_add(BACK) < before {
        shared.tell_jump(true);
        bag.expire_from(0);
    } else if now > before.saturating_add(rested + rested / 2 + SHORTEST_REST) {
        shared.tell_jump(false);
    }
}

/// One round. Every slot is reserved before it is judged, so that no borrower has it meanwhile; those in use are left
/// alone and judged when they come back.
pub(crate) async fn pass<M: Manager>(bag: &PoolBag<M>, shared: &Arc<Shared<M>>) {
    for slot in bag.slots() {
        if slot.is_in_use() {
            report_leak(shared, slot);
        }
        if !slot.is_idle() || due(bag, shared, &slot.notes, 0).is_none() {
            continue;
        }
        let Some(hold) = bag.reserve(slot) else { continue };
        // Judged again, now that nobody else has it; with the slot itself, which counts as idle before and not after.
        match due(bag, shared, &slot.notes, 1) {
            Some(Due::Close(why)) => close(hold, why).await,
            Some(Due::Check) => keep_alive(shared, hold).await,
            None => hold.put_back(),
        }
    }
    if let Some(metrics) = &shared.metrics {
        metrics.stats(&shared.stats(bag));
    }
    shared.demand.ring();
}

/// What an idle slot is due for.
enum Due {
    Close(Evicted),
    Check,
}

fn due<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>, notes: &Notes, itself: u32) -> Option<Due> {
    let now = shared.clock.now();
    match notes.expires() {
        0 => return Some(Due::Close(Evicted::Requested)),
        at if now >= at => return Some(Due::Close(Evicted::Lifetime)),
        _ => {}
    }
    let idle = now.saturating_sub(notes.touched());
    let limit = shared.live.idle_timeout();
    if limit > 0 && idle >= limit && bag.counts().idle + itself > shared.live.min_idle() {
        return Some(Due::Close(Evicted::Idle));
    }
    keepalive_due(shared, notes).filter(|at| now >= *at).map(|_| Due::Check)
}

/// Checks one that lies idle, so that neither server nor network forgets it.
async fn keep_alive<M: Manager>(shared: &Arc<Shared<M>>, mut hold: PoolHold<M>) {
    let Some(mut item) = hold.take() else { return };
    let limit = shared.timer().until(deadline_in(shared.live.validation_timeout()));
    let alive = within(limit, shared.manager.check(&mut item)).await;
    hold.put(item);
    if matches!(alive, Some(Ok(()))) {
        hold.notes().alive.store(shared.clock.now(), Ordering::Relaxed);
        hold.put_back();
    } else {
        close(hold, Evicted::Invalid).await;
    }
}

fn report_leak<M: Manager>(shared: &Shared<M>, slot: &PoolSlot<M>) {
    let threshold = shared.live.leak_detection_threshold();
    if threshold == 0 || shared.clock.now().saturating_sub(slot.notes.touched()) < threshold {
        return;
    }
    if !slot.notes.leaked.swap(true, Ordering::Relaxed) {
        shared.tell_leaked(&shared.holder(slot));
    }
}

impl<M: Manager> Shared<M> {
    /// Who holds connections, the longest first.
    pub(crate) fn holders(&self, bag: &PoolBag<M>) -> Vec<crate::watch::Holder> {
        let mut holders: Vec<_> = bag.slots().filter(|slot| slot.is_in_use()).map(|slot| self.holder(slot)).collect();
        holders.sort_by_key(|holder| std::cmp::Reverse(holder.age));
        holders
    }
}
