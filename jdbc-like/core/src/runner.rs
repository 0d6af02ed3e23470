//! [`Runner`]: who waits when a blocking caller needs the answer of a future.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::error::{Result, SqlError};
use crate::sql_state::SqlState;

/// Drives a future to its end on the calling thread. A connection brings its own one along if parking the thread is not enough.
pub trait Runner: Send + Sync {
    /// Runs the future until it is ready or the deadline has passed.
    ///
    /// # Errors
    /// [`TimedOut`] if the deadline passed first; the future is not ready then.
    fn run(&self, future: Pin<&mut (dyn Future<Output = ()> + '_)>, deadline: Option<Instant>) -> Result<(), TimedOut>;

    /// The error for a run that was given up. A runner that gives up for another reason than the deadline says so here.
    fn explain(&self, given_up: TimedOut) -> SqlError {
        given_up.into_error()
    }
}

/// The deadline passed before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl TimedOut {
    /// The error for a statement whose time ran out.
    #[must_use]
    pub fn into_error(self) -> SqlError {
        SqlError::new(SqlState::QUERY_CANCELED, "the deadline of the call passed before the database answered")
    }
}

/// The runner for connections whose work is done in the call or elsewhere: it parks the thread until it is woken.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParkRunner;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Runner for ParkRunner {
    fn run(
        &self,
        mut future: Pin<&mut (dyn Future<Output = ()> + '_)>,
        deadline: Option<Instant>,
    ) -> Result<(), TimedOut> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if future.as_mut().poll(&mut cx).is_ready() {
                return Ok(());
            }
            match deadline.map(|d| d.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return Err(TimedOut),
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
        }
    }
}

/// Waits for a future on the calling thread. It is polled once before anything is set up, which is all that SQLite needs.
///
/// # Errors
/// The future's own error, or 57014 if the deadline passed.
#[inline]
pub fn block<T>(
    runner: Option<&dyn Runner>,
    deadline: Option<Instant>,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => block_longer(runner, deadline, future),
    }
}

fn block_longer<T>(
    runner: Option<&dyn Runner>,
    deadline: Option<Instant>,
    future: Pin<&mut impl Future<Output = Result<T>>>,
) -> Result<T> {
    let mut result = None;
    {
        let keep = pin!(async { result = Some(future.await) });
        let runner = runner.unwrap_or(&ParkRunner);
        runner.run(keep, deadline).map_err(|given_up| runner.explain(given_up))?;
    }
    result.unwrap_or_else(|| Err(TimedOut.into_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_ready_future_needs_no_runner_and_a_woken_one_ends() {
        assert_eq!(block(None, None, async { Ok(1) }).unwrap(), 1);
        let mut polls = 0;
        let woken = std::future::poll_fn(move |cx| {
            polls += 1;
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            if polls == 3 { Poll::Ready(Ok(polls)) } else { Poll::Pending }
        });
        assert_eq!(block(None, None, woken).unwrap(), 3);
    }

    #[test]
    fn a_deadline_ends_the_wait() {
        let never = std::future::pending::<Result<()>>();
        let error = block(None, Some(Instant::now() + Duration::from_millis(5)), never).unwrap_err();
        assert_eq!(error.sql_state(), SqlState::QUERY_CANCELED);
    }
}
