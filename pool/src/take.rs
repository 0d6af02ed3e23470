//! Borrowing. The fast path takes an idle slot: no lock, no allocation, no timer, no write that other borrowers wait
//! for. Everything else is [`slow`].

use std::panic::Location;
use std::time::{Duration, Instant};

use crate::bag::Look;
use crate::error::PoolError;
use crate::filler::connect_into;
use crate::guard::Pooled;
use crate::local;
use crate::manager::Manager;
use crate::retire::{overdue, retire};
use crate::shared::{CLOSED, PoolBag, PoolHold, SUSPENDED, Shared, WATCHED};
use crate::sync::{Arc, Ordering};
use crate::timekeeper::{NEVER, nanos_at};
use crate::timer::{Timer, within};
use crate::waiter::Unserved;
use crate::watch::Evicted;

/// Where it was asked for, if that is known.
pub(crate) type Place = Option<&'static Location<'static>>;

/// What a borrower asks for.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// How long it would wait; `None`: for ever.
    pub(crate) timeout: Option<Duration>,
    pub(crate) timer: Timer<'a>,
    pub(crate) at: Place,
}

/// What the fast path found.
pub(crate) enum Found<M: Manager> {
    Fresh(Pooled<M>),
    /// One that must be looked at first.
    Stale(PoolHold<M>),
    Nothing,
}

#[inline]
pub(crate) fn fast<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>, at: Place) -> Found<M> {
    let gate = shared.gate();
    if gate & (CLOSED | SUSPENDED) != 0 || shared.is_foreign() {
        return Found::Nothing;
    }
    loop {
        let recent = local::find(shared.number, |slot| bag.take_at(slot));
        let Some(hold) = recent.or_else(|| bag.take(local::start())) else { return Found::Nothing };
        let now = shared.clock.now();
        if !shared.is_fresh(&hold, now) {
            return Found::Stale(hold);
        }
        let mut pooled = match lend(shared, hold, now, at) {
            Ok(Some(pooled)) => pooled,
            Ok(None) => continue,
            Err(hold) => return Found::Stale(hold),
        };
        if gate & WATCHED != 0 {
            shared.lent(&mut pooled, Duration::ZERO);
        }
        return Found::Fresh(pooled);
    }
}

/// The item of a slot, noted as lent; none if it had died and is closed now. The hold comes back if there is no item.
#[inline]
pub(crate) fn lend<M: Manager>(
    shared: &Shared<M>,
    hold: PoolHold<M>,
    now: u64,
    at: Place,
) -> Result<Option<Pooled<M>>, PoolHold<M>> {
    let notes = hold.notes();
    notes.touch(now);
    notes.set_place(at);
    notes.count_loan();
    let mut pooled = Pooled::new(hold)?;
    if shared.manager.is_broken(&mut pooled) {
        Pooled::close(pooled, Evicted::Broken);
        return Ok(None);
    }
    Ok(Some(pooled))
}

/// Waits, checks, connects: until there is a good one or the time is up.
#[cold]
pub(crate) async fn slow<M: Manager>(
    bag: &PoolBag<M>,
    shared: &Arc<Shared<M>>,
    stale: Option<PoolHold<M>>,
    ask: Ask<'_>,
) -> Result<Pooled<M>, PoolError> {
    if shared.is_foreign() {
        return Err(PoolError::foreign(&shared.name));
    }
    let begun = Instant::now();
    let deadline = ask.timeout.and_then(|timeout| begun.checked_add(timeout));
    let found = find(bag, shared, stale, ask, deadline).await;
    let waited = begun.elapsed();
    match found {
        Ok(mut pooled) => {
            shared.waits.record(waited);
            if shared.is_watched() {
                shared.lent(&mut pooled, waited);
            }
            Ok(pooled)
        }
        Err(error) => {
            if let (true, Some(stats)) = (error.is_timeout(), error.stats()) {
                shared.waits.record(waited);
                shared.tell_timed_out(waited, stats);
            }
            Err(error)
        }
    }
}

async fn find<M: Manager>(
    bag: &PoolBag<M>,
    shared: &Arc<Shared<M>>,
    mut stale: Option<PoolHold<M>>,
    ask: Ask<'_>,
    deadline: Option<Instant>,
) -> Result<Pooled<M>, PoolError> {
    loop {
        let hold = match stale.take() {
            Some(hold) => hold,
            None => next(bag, shared, ask, deadline).await?,
        };
        match make_ready(shared, hold, ask, deadline).await? {
            Ready::Yes(pooled) => return Ok(pooled),
            Ready::Retired => {}
            Ready::OutOfTime => return Err(timed_out(bag, shared, ask, 0)),
        }
    }
}

/// The next slot, waited for if there is none.
async fn next<M: Manager>(
    bag: &PoolBag<M>,
    shared: &Arc<Shared<M>>,
    ask: Ask<'_>,
    deadline: Option<Instant>,
) -> Result<PoolHold<M>, PoolError> {
    if shared.gate() & SUSPENDED != 0 && !Box::pin(shared.admitted(ask.timer, deadline)).await {
        return Err(PoolError::suspended(&shared.name, ask.timeout.unwrap_or_default(), shared.stats(bag)));
    }
    if shared.is_closed() {
        return Err(shared.closed_error());
    }
    // Threads keep their own time, tasks leave it to the timekeeper.
    let alarm = match (ask.timer, deadline) {
        (Timer::Spawner(_), Some(deadline)) => nanos_at(deadline),
        _ => NEVER,
    };
    let mut place = shared.line.join(alarm).map_err(|_| shared.closed_error())?;
    // The look that counts: what came back before the line knew of us was not offered to us.
    match bag.take_or_want() {
        Look::Taken(hold) => return Ok(hold),
        // Nobody is left to make one.
        Look::Room if shared.is_forsaken() => return Err(PoolError::forsaken(&shared.name)),
        Look::Room if shared.spawner.is_some() => shared.demand.ring(),
        Look::Room => {
            if let Some(empty) = bag.claim() {
                return Ok(empty);
            }
        }
        Look::Full => {}
    }
    let kept = alarm != NEVER && shared.set_alarm(alarm);
    let waited = if kept { Some((&mut place).await) } else { within(ask.timer.until(deadline), &mut place).await };
    match waited {
        Some(Ok(handed)) => Ok(handed),
        Some(Err(Unserved::Closed)) => Err(shared.closed_error()),
        Some(Err(Unserved::Late)) if shared.is_forsaken() => Err(PoolError::forsaken(&shared.name)),
        Some(Err(Unserved::Late)) => Err(timed_out(bag, shared, ask, 1)),
        None => {
            // Made before leaving the line, so that the waiting count includes this one.
            let error = timed_out(bag, shared, ask, 0);
            // Something may have been handed in this very moment.
            place.give_up().ok_or(error)
        }
    }
}

/// With those who have left the line but are meant to be counted.
fn timed_out<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>, ask: Ask<'_>, left: usize) -> PoolError {
    let waited = ask.timeout.unwrap_or_default();
    let (mut stats, holders) = (shared.stats(bag), shared.holders(bag));
    stats.waiting += left;
    PoolError::timeout(&shared.name, waited, stats, ask.at, shared.last_failure(), holders)
}

/// Whether an item can be lent.
enum Ready<M: Manager> {
    Yes(Pooled<M>),
    /// It was too old or did not pass its check.
    Retired,
    /// The borrower's time was up during the check.
    OutOfTime,
}

/// Makes an item of a slot fit to be lent. What is rare is boxed, so that a wait's own future stays small.
async fn make_ready<M: Manager>(
    shared: &Arc<Shared<M>>,
    hold: PoolHold<M>,
    ask: Ask<'_>,
    deadline: Option<Instant>,
) -> Result<Ready<M>, PoolError> {
    let now = shared.clock.now();
    if !hold.is_vacant() && now >= hold.notes().expires() {
        let why = overdue(&hold);
        retire(hold, why);
        return Ok(Ready::Retired);
    }
    let fresh = shared.is_fresh(&hold, now);
    hold.set_in_use();
    let pooled = match lend(shared, hold, now, ask.at) {
        Ok(Some(pooled)) => pooled,
        Ok(None) => return Ok(Ready::Retired),
        Err(vacant) => return Box::pin(connect(shared, vacant, ask)).await.map(Ready::Yes),
    };
    if fresh { Ok(Ready::Yes(pooled)) } else { Ok(Box::pin(check(shared, pooled, ask, deadline)).await) }
}

/// Validates one that lay idle for a while. Left half-way, because the borrower's time is up or it was cancelled, the
/// guard takes the item home as it does any other, and the manager says what that needs.
async fn check<M: Manager>(
    shared: &Arc<Shared<M>>,
    mut pooled: Pooled<M>,
    ask: Ask<'_>,
    deadline: Option<Instant>,
) -> Ready<M> {
    let limit = Instant::now().checked_add(shared.live.validation_timeout());
    let cut_short = deadline.is_some_and(|deadline| limit.is_none_or(|limit| deadline < limit));
    let until = if cut_short { deadline } else { limit };
    match within(ask.timer.until(until), shared.manager.check(&mut pooled)).await {
        Some(Ok(())) => {
            if let Some(hold) = pooled.hold() {
                hold.notes().alive.store(shared.clock.now(), Ordering::Relaxed);
            }
            Ready::Yes(pooled)
        }
        None if cut_short => Ready::OutOfTime,
        Some(Err(_)) | None => {
            Pooled::close(pooled, Evicted::Invalid);
            Ready::Retired
        }
    }
}

/// Connects in the borrower's own call, where there is no background.
async fn connect<M: Manager>(
    shared: &Arc<Shared<M>>,
    mut hold: PoolHold<M>,
    ask: Ask<'_>,
) -> Result<Pooled<M>, PoolError> {
    match connect_into(shared, &mut hold, ask.timer).await {
        Ok(()) => Pooled::new(hold).map_err(|_| shared.closed_error()),
        Err(_) if shared.is_closed() => Err(shared.closed_error()),
        Err(cause) => Err(PoolError::connect(&shared.name, cause)),
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::manager::{Blocking, BlockingManager};
    use crate::pool::{Inner, Pool};

    struct Nothing;

    impl BlockingManager for Nothing {
        type Item = u32;
        type Error = std::convert::Infallible;
        fn connect(&self) -> Result<u32, Self::Error> {
            Ok(7)
        }
    }

    #[test]
    fn futures_are_as_small_as_the_documentation_says() {
        let pool = Pool::builder(Blocking(Nothing)).without_spawner().build().unwrap();
        let Inner { bag, shared } = &*pool.inner;
        let ask = Ask { timeout: None, timer: shared.timer(), at: None };
        let waits = size_of_val(&slow(bag, shared, None, ask));
        assert!(waits <= 640, "{waits}");
        let asks = size_of_val(&pool.get());
        assert!(asks <= 96, "{asks}");
        let pool = size_of::<Shared<Blocking<Nothing>>>();
        assert!(pool <= 1536, "{pool}");
    }
}
