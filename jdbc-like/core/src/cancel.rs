//! [`CancelHandle`]: stops what a connection runs, from any thread.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::error::Result;
use crate::op::Op;
use crate::runner::block;

/// The driver's side of a [`CancelHandle`].
pub trait Canceller: Send + Sync {
    /// Asks the database to stop what the connection runs, and returns when the database has done so: nothing that the connection starts
    /// afterwards is hit. With nothing running it does nothing. On a connection for plain threads all is done in the call.
    fn cancel(&self) -> Op<'_, Result<()>>;

    /// Breaks the connection at once, without a word to the server. An operation that waits on it fails.
    fn abort(&self);
}

/// Stops what a connection runs, from any thread or task. Cheap to clone; it does not keep the connection alive.
///
/// The statement that is stopped fails with 57014. While a cancel is on its way the connection starts nothing new, so that it cannot hit
/// the next statement.
///
/// Source: `Statement.cancel` and `Connection.abort` of JDBC.
#[derive(Clone)]
#[doc(alias = "Statement.cancel")]
pub struct CancelHandle {
    canceller: Arc<dyn Canceller>,
    gate: Arc<Gate>,
}

impl CancelHandle {
    pub(crate) fn new(canceller: Arc<dyn Canceller>, gate: Arc<Gate>) -> Self {
        Self { canceller, gate }
    }

    /// Stops the statement that runs, if there is one.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn cancel(&self) -> Result<()> {
        let _closed = self.gate.close().await;
        self.canceller.cancel().await
    }

    /// As [`cancel`](Self::cancel), on a plain thread. For connections for plain threads; a connection of an async runtime may only be
    /// cancelled so from outside of that runtime's threads.
    ///
    /// # Errors
    /// As there.
    pub fn cancel_blocking(&self) -> Result<()> {
        block(None, None, self.cancel())
    }

    /// Breaks the connection at once: whoever waits on it gets an error of class 08, and it goes back to no pool.
    pub fn abort(&self) {
        self.gate.aborted.store(true, Ordering::Release);
        self.canceller.abort();
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle").finish_non_exhaustive()
    }
}

/// Between a connection and its cancel handles: closed while a cancel is on its way.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    aborted: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    waiting: Vec<Waker>,
}

/// Opens the gate again, also when the cancel was dropped half-way.
struct Closed<'g>(&'g Gate);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.0.state();
            state.closed = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is open.
    pub(crate) async fn pass(&self) {
        self.when_open(|_| ()).await;
    }

    /// Whether the connection was aborted.
    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    async fn close(&self) -> Closed<'_> {
        self.when_open(|state| state.closed = true).await;
        Closed(self)
    }

    async fn when_open(&self, then: impl Fn(&mut State)) {
        poll_fn(|cx| {
            let mut state = self.state();
            if !state.closed {
                then(&mut state);
                return Poll::Ready(());
            }
            if !state.waiting.iter().any(|known| known.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::Context;

    #[test]
    fn nothing_starts_while_a_cancel_is_on_its_way() {
        let gate = Gate::default();
        let mut cx = Context::from_waker(Waker::noop());
        let closed = block(None, None, async { Ok(gate.close().await) }).unwrap();
        let mut start = pin!(gate.pass());
        assert!(start.as_mut().poll(&mut cx).is_pending());
        let mut second = pin!(gate.close());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        drop(closed);
        assert!(start.as_mut().poll(&mut cx).is_ready());
        assert!(second.as_mut().poll(&mut cx).is_ready());
    }
}
