//! The line of waiters: first come, first served, for threads and tasks alike.
//!
//! A connection that comes back while somebody waits is handed over directly; it never becomes idle in between, so a
//! newcomer cannot snatch it. The lock is taken by waiters and by those who hand over, never on the fast path, which
//! does not look at the line at all: a waiter marks the slots it wants (see the bag).

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};
use crate::timekeeper::NEVER;
use crate::waiter::{Baton, Left, Unserved, Waiter};

/// Set in the claims once the pool is closed.
const CLOSED: usize = 1 << (usize::BITS - 1);

#[derive(Debug)]
pub(crate) struct Line<B> {
    /// How many wait, and the closed mark.
    claims: AtomicUsize,
    queue: Mutex<VecDeque<Arc<Waiter<B>>>>,
}

/// Who is first in line.
#[derive(Debug)]
pub(crate) enum First<B> {
    /// Taken off the line; it may have gone meanwhile.
    Waiter(Arc<Waiter<B>>),
    Nobody,
    Closed,
}

impl<B: Baton> Line<B> {
    pub(crate) fn new() -> Self {
        Line { claims: AtomicUsize::new(0), queue: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.claims.load(Ordering::SeqCst) & !CLOSED
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.claims.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Stands in line. Whoever joined must look at all slots, and mark those that are owned, before it sleeps.
    ///
    /// The deadline is for the timekeeper; `NEVER` for one who keeps the time himself.
    pub(crate) fn join(&self, deadline: u64) -> Result<Wait<'_, B>, Unserved> {
        let waiter = Arc::new(Waiter::new(deadline));
        let mut queue = self.queue.lock();
        if self.is_closed() {
            return Err(Unserved::Closed);
        }
        queue.push_back(Arc::clone(&waiter));
        self.claims.fetch_add(1, Ordering::SeqCst);
        Ok(Wait { line: self, waiter, over: false })
    }

    /// Takes the first off the line. `mark` is called under the lock, and told whether others stand behind.
    pub(crate) fn next(&self, mark: impl FnOnce(bool)) -> First<B> {
        let mut queue = self.queue.lock();
        if self.is_closed() {
            return First::Closed;
        }
        let first = queue.pop_front();
        mark(!queue.is_empty());
        first.map_or(First::Nobody, First::Waiter)
    }

    /// One of those who wait is going to be served.
    pub(crate) fn count_off(&self) {
        self.claims.fetch_sub(1, Ordering::SeqCst);
    }

    /// Nobody can join from now on, everybody who waits is told. True for the call that closed.
    pub(crate) fn close(&self) -> bool {
        let waiters = {
            let mut queue = self.queue.lock();
            if self.is_closed() {
                return false;
            }
            self.claims.fetch_or(CLOSED, Ordering::SeqCst);
            std::mem::take(&mut *queue)
        };
        for waiter in waiters {
            if let Some(waker) = waiter.dismiss(Unserved::Closed, &self.claims) {
                waker.wake();
            }
        }
        true
    }

    /// Tells those whose time is up, and says when the next one's is.
    pub(crate) fn expire(&self, now: u64) -> u64 {
        let mut late = Vec::new();
        let mut next = NEVER;
        let mut queue = self.queue.lock();
        queue.retain(|waiter| {
            if waiter.deadline() <= now {
                late.push(Arc::clone(waiter));
                return false;
            }
            next = next.min(waiter.deadline());
            true
        });
        drop(queue);
        for waiter in late {
            if let Some(waker) = waiter.dismiss(Unserved::Late, &self.claims) {
                waker.wake();
            }
        }
        next
    }

    /// Drops entries whose waiter has gone, once they outnumber the living: nobody else would while nothing comes back.
    fn sweep(&self) {
        let mut queue = self.queue.lock();
        if queue.len() > 2 * self.waiting() + 32 {
            queue.retain(|waiter| waiter.is_waiting());
        }
    }
}

/// A place in the line. Dropped early, it passes on what it may have been handed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Wait<'a, B: Baton> {
    line: &'a Line<B>,
    waiter: Arc<Waiter<B>>,
    /// It was served, or told that it will not be: nothing is left to give up.
    over: bool,
}

impl<B: Baton> Wait<'_, B> {
    /// Stops waiting; what was handed meanwhile is the caller's.
    pub(crate) fn give_up(&self) -> Option<B> {
        match self.waiter.give_up(&self.line.claims) {
            Left::Handed(baton) => Some(baton),
            Left::Over => None,
            Left::Unserved => {
                self.line.sweep();
                None
            }
        }
    }
}

impl<B: Baton> Future for Wait<'_, B> {
    type Output = Result<B, Unserved>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.waiter.poll(cx.waker());
        self.over = polled.is_ready();
        polled
    }
}

impl<B: Baton> Drop for Wait<'_, B> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if let Some(baton) = self.give_up() {
            baton.pass_on();
        }
    }
}
