//! Borrowing. The fast path takes an idle slot: no lock, no allocation, no timer, no write that other borrowers wait
//! for. Everything else is [`slow`].

use std::panic::Location;
use std::time::{Duration, Instant};

use crate::clock::millis;
use crate::error::{Cause, PoolError};
use crate::guard::Pooled;
use crate::lifetime::stamp;
use crate::local;
use crate::manager::Manager;
use crate::retire::retire;
use crate::shared::{PoolBag, PoolHold, Shared};
use crate::sync::Arc;
use crate::timer::{Timer, within};

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
pub(crate) fn fast<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>) -> Found<M> {
    if shared.is_closed() {
        return Found::Nothing;
    }
    let recent = local::find(shared.number, |slot| bag.take_at(slot));
    match recent.or_else(|| bag.take(local::start())) {
        Some(hold) => {
            let now = shared.clock.now();
            if shared.is_fresh(&hold, now) {
                hold.touch(now);
                Pooled::new(hold).map_or_else(Found::Stale, Found::Fresh)
            } else {
                Found::Stale(hold)
            }
        }
        None => Found::Nothing,
    }
}

/// Waits, checks, connects: until there is a good one or the time is up.
#[cold]
pub(crate) async fn slow<M: Manager>(
    bag: &PoolBag<M>,
    shared: &Arc<Shared<M>>,
    mut stale: Option<PoolHold<M>>,
    ask: Ask<'_>,
) -> Result<Pooled<M>, PoolError> {
    let deadline = ask.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let hold = match stale.take() {
            Some(hold) => hold,
            None => next(bag, shared, ask, deadline).await?,
        };
        match make_ready(shared, hold, ask, deadline).await? {
            Ready::Yes(pooled) => return Ok(pooled),
            Ready::Retired => {}
            Ready::OutOfTime => return Err(timed_out(bag, shared, ask)),
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
    if shared.is_closed() {
        return Err(shared.closed_error());
    }
    if let Some(hold) = bag.take(local::start()) {
        return Ok(hold);
    }
    let mut place = shared.line.join().map_err(|_| shared.closed_error())?;
    // The second look: what came back before the line knew of us was not offered to us.
    if let Some(hold) = bag.take(local::start()) {
        return Ok(hold);
    }
    if shared.spawner.is_none() {
        if let Some(empty) = bag.claim() {
            return Ok(empty);
        }
    } else {
        shared.demand.ring();
    }
    match within(ask.timer.until(deadline), &mut place).await {
        Some(handed) => handed.map_err(|_| shared.closed_error()),
        None => {
            // Made before leaving the line, so that the waiting count includes this one.
            let error = timed_out(bag, shared, ask);
            // Something may have been handed in this very moment.
            place.give_up().ok_or(error)
        }
    }
}

fn timed_out<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>, ask: Ask<'_>) -> PoolError {
    let waited = ask.timeout.unwrap_or_default();
    PoolError::timeout(&shared.config.name, waited, shared.stats(bag), ask.at, shared.last_failure())
}

/// Whether an item can be lent.
enum Ready<M: Manager> {
    Yes(Pooled<M>),
    /// It was too old or did not pass its check.
    Retired,
    /// The borrower's time was up during the check.
    OutOfTime,
}

/// Makes an item of a slot fit to be lent.
async fn make_ready<M: Manager>(
    shared: &Arc<Shared<M>>,
    hold: PoolHold<M>,
    ask: Ask<'_>,
    deadline: Option<Instant>,
) -> Result<Ready<M>, PoolError> {
    let now = shared.clock.now();
    if !hold.is_vacant() && now >= hold.slot().expires() {
        retire(hold);
        return Ok(Ready::Retired);
    }
    let alive = now.saturating_sub(hold.slot().touched()) <= millis(shared.config.alive_bypass);
    hold.touch(now);
    let pooled = match Pooled::new(hold) {
        Ok(pooled) => pooled,
        Err(vacant) => return connect(shared, vacant).await.map(Ready::Yes),
    };
    if alive { Ok(Ready::Yes(pooled)) } else { Ok(check(shared, pooled, ask, deadline).await) }
}

/// Validates one that lay idle for a while. Left half-way, because the borrower's time is up or it was cancelled, the
/// guard takes the item home as it does any other, and the manager says what that needs.
async fn check<M: Manager>(
    shared: &Arc<Shared<M>>,
    mut pooled: Pooled<M>,
    ask: Ask<'_>,
    deadline: Option<Instant>,
) -> Ready<M> {
    let limit = Instant::now().checked_add(shared.config.validation_timeout);
    let cut_short = deadline.is_some_and(|deadline| limit.is_none_or(|limit| deadline < limit));
    let until = if cut_short { deadline } else { limit };
    match within(ask.timer.until(until), shared.manager.check(&mut pooled)).await {
        Some(Ok(())) => Ready::Yes(pooled),
        None if cut_short => Ready::OutOfTime,
        Some(Err(_)) | None => {
            Pooled::discard(pooled);
            Ready::Retired
        }
    }
}

/// Connects in the borrower's own call, where there is no background.
async fn connect<M: Manager>(shared: &Arc<Shared<M>>, mut hold: PoolHold<M>) -> Result<Pooled<M>, PoolError> {
    match shared.manager.connect().await {
        Ok(item) => {
            shared.set_last_failure(None);
            stamp(shared, &hold);
            hold.put(item);
            Pooled::new(hold).map_err(|_| shared.closed_error())
        }
        Err(error) => {
            let cause: Cause = Arc::new(error);
            shared.set_last_failure(Some(Arc::clone(&cause)));
            Err(PoolError::connect(&shared.config.name, cause))
        }
    }
}
