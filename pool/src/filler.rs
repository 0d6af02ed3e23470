//! Makes connections, in the background: borrowers only ever wait for the pool itself.
//!
//! One is made at a time, and only while there is demand *now*: a crowd that came at once is mostly served by
//! connections that come back before new ones could be made, and then none are (HikariCP calls it elision). After a
//! failure it pauses, 10 ms at first and twice as long each time, up to 5 s.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::error::Cause;
use crate::lifetime::stamp;
use crate::manager::Manager;
use crate::shared::{PoolBag, PoolHold, Shared};
use crate::sync::{Arc, Ordering, Weak, fence};
use crate::timer::{Timer, within};

const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether one more connection is wanted.
pub(crate) fn wanted<M: Manager>(bag: &PoolBag<M>, shared: &Shared<M>) -> bool {
    let counts = bag.counts();
    // Those that prewarming makes just now will be idle.
    let soon = counts.idle + shared.prewarming.load(Ordering::Relaxed);
    counts.total() < shared.live.max_size() && (soon < shared.live.min_idle() || shared.line.waiting() > soon as usize)
}

/// Serves the demand until the pool is closed or gone.
pub(crate) async fn run<M: Manager>(bag: Weak<PoolBag<M>>, shared: Arc<Shared<M>>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let heard = shared.demand.rings();
        if shared.is_closed() {
            return;
        }
        let claimed = match bag.upgrade() {
            Some(bag) if wanted(&bag, &shared) => bag.claim(),
            Some(_) => None,
            None => return,
        };
        match claimed {
            None => shared.demand.wait(heard).await,
            Some(hold) => match fill(&shared, hold).await {
                Ok(()) => pause = SHORTEST_PAUSE,
                Err(_) => {
                    shared.rest(shared.timer(), pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
            },
        }
    }
}

/// Connects into a slot and gives it to whoever waits.
pub(crate) async fn fill<M: Manager>(shared: &Arc<Shared<M>>, mut hold: PoolHold<M>) -> Result<(), Cause> {
    connect_into(shared, &mut hold, shared.timer()).await?;
    hold.put_back();
    shared.warmed.ring();
    Ok(())
}

/// Connects into a slot that one owns. A connect that panics or hangs has failed like any other.
pub(crate) async fn connect_into<M: Manager>(
    shared: &Shared<M>,
    hold: &mut PoolHold<M>,
    timer: Timer<'_>,
) -> Result<(), Cause> {
    // Closing looks at the slots after it said so: one of the two sees the other, and nothing is made for a closed pool.
    fence(Ordering::SeqCst);
    if shared.is_closed() {
        return Err(Arc::new(Refused("the pool is closed".to_owned())));
    }
    let begun = Instant::now();
    let limit = shared.live.connection_timeout().unwrap_or(Duration::MAX);
    let create = async {
        let mut item = shared.manager.connect().await?;
        shared.tell_created(&mut item, begun.elapsed());
        Ok::<_, M::Error>(item)
    };
    let failed: Cause = match within(shared.rest(timer, limit), caught(create)).await {
        Some(Ok(Ok(item))) => {
            stamp(shared, hold);
            hold.put(item);
            shared.set_last_failure(None);
            return Ok(());
        }
        Some(Ok(Err(error))) => Arc::new(error),
        Some(Err(panic)) => Arc::new(Refused(format!("connecting panicked: {}", text(&*panic)))),
        // Or the pool was closed; then nobody will read it.
        None => Arc::new(Refused(format!("connecting took longer than {limit:?}"))),
    };
    shared.set_last_failure(Some(Arc::clone(&failed)));
    shared.tell_connect_failed(&failed);
    Err(failed)
}

/// Polls a future, and stops at a panic.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    panic.downcast_ref::<&str>().copied().or_else(owned).unwrap_or("no message")
}

/// A connect failure that is not the manager's own word.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}
