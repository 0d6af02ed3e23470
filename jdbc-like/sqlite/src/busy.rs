//! How long a call may take: the deadline of one call, over the connection's own patience with locks.
//!
//! On a thread of its own a call waits for another connection's lock inside of SQLite. In async code that could wait for
//! ever: whoever holds the lock may be a task of this very thread. There SQLite does not wait at all, and the call is
//! tried again after the other tasks had their turn.

use std::cell::Cell;
use std::ffi::c_int;
use std::future::poll_fn;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use batis_dbc::driver::Mode;
use batis_dbc::{Result, SqlError, TimedOut};
use rusqlite::ffi;

use crate::error::foreign;

/// Steps of SQLite's virtual machine between two looks at the clock: some tens of microseconds.
const STEPS_PER_LOOK: c_int = 1000;

/// Between two tries in async code; twice as long each time.
const PAUSES: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(2)];
/// For so long a waiting task only gives way to others. Then it naps at each turn, so that no core is kept busy.
const BRISK: Duration = Duration::from_millis(20);
const NAP: Duration = Duration::from_micros(100);

thread_local! {
    /// SQLite has asked whether to wait. It does not where waiting could not help, since two wait for each other.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// SQLite asks whether it should wait for a lock: the caller does.
fn ask_the_caller(_: c_int) -> bool {
    ASKED.set(true);
    false
}

/// The limits of the call that is under way.
#[derive(Debug)]
pub(crate) struct Limits {
    busy_timeout: Duration,
    mode: Mode,
    deadline: Option<Instant>,
}

impl Limits {
    /// No deadline.
    pub(crate) fn new(busy_timeout: Duration, mode: Mode) -> Self {
        Self { busy_timeout, mode, deadline: None }
    }

    /// What SQLite does when it meets a lock.
    pub(crate) fn set_handler(&self, db: &mut rusqlite::Connection) -> Result<()> {
        let set = match self.mode {
            Mode::Async => db.busy_handler(Some(ask_the_caller)),
            Mode::Blocking => db.busy_timeout(self.busy_timeout),
        };
        set.map_err(|e| foreign(&e))
    }

    /// Has SQLite itself wait for locks while this runs, for work that cannot be tried again.
    pub(crate) fn waiting<T>(
        &self,
        db: &mut rusqlite::Connection,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T>,
    ) -> Result<T> {
        if self.mode == Mode::Blocking {
            return work(db);
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        db.busy_timeout(left.map_or(self.busy_timeout, |left| self.within(left))).map_err(|e| foreign(&e))?;
        let done = work(db);
        self.set_handler(db)?;
        done
    }

    /// How long SQLite may wait where so much time is left: rounded up, so that the deadline has passed for certain when the wait ends.
    fn within(&self, left: Duration) -> Duration {
        self.busy_timeout.min(left + Duration::from_millis(1))
    }

    /// How long a call that met a lock is tried again; none: SQLite has waited, or it would not help.
    #[cold]
    pub(crate) fn patience(&self, error: &SqlError, deadline: Option<Instant>) -> Option<Patience> {
        if self.mode == Mode::Blocking || !is_locked(error) {
            return None;
        }
        let end = Instant::now() + self.busy_timeout;
        Some(Patience(deadline.map_or(end, |deadline| deadline.min(end))))
    }

    /// From now on work and waiting end at this instant.
    pub(crate) fn set(&mut self, db: &mut rusqlite::Connection, deadline: Option<Instant>) -> Result<()> {
        let Some(deadline) = deadline else { return Ok(()) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(TimedOut.into_error());
        }
        self.deadline = Some(deadline);
        if self.mode == Mode::Blocking {
            db.busy_timeout(self.within(left)).map_err(|e| foreign(&e))?;
        }
        let late = move || Instant::now() >= deadline;
        db.progress_handler(STEPS_PER_LOOK, Some(late)).map_err(|e| foreign(&e))
    }

    /// Ends the limits of a call.
    #[inline]
    pub(crate) fn clear(&mut self, db: &mut rusqlite::Connection) {
        if self.deadline.is_some() {
            self.lift(db);
        }
    }

    #[cold]
    fn lift(&mut self, db: &mut rusqlite::Connection) {
        self.deadline = None;
        // Both only set a field of the open database; neither has a way to fail.
        let _ = self.set_handler(db);
        let _ = db.progress_handler(0, None::<fn() -> bool>);
    }

    /// The error to tell: one that the deadline caused is told as such.
    pub(crate) fn explain(&self, error: SqlError) -> SqlError {
        let caused = matches!(error.vendor_code().map(|c| c & 0xff), Some(ffi::SQLITE_INTERRUPT | ffi::SQLITE_BUSY));
        match self.deadline {
            Some(deadline) if caused && Instant::now() >= deadline => TimedOut.into_error().caused_by(error),
            _ => error,
        }
    }
}

/// A lock that is waited for: not one that no waiting helps against (the data changed since it was read), nor one of two
/// that wait for each other.
fn is_locked(error: &SqlError) -> bool {
    error.vendor_code() == Some(ffi::SQLITE_BUSY) && ASKED.take()
}

/// Until when a call that met a lock is tried again.
pub(crate) struct Patience(Instant);

impl Patience {
    /// Tries again, until the lock is free or the time is up.
    pub(crate) async fn again<T>(self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let begun = Instant::now();
        let [mut pause, longest] = PAUSES;
        loop {
            others_first(begun, Instant::now() + pause).await;
            pause = longest.min(2 * pause);
            match attempt() {
                Err(error) if is_locked(&error) && Instant::now() < self.0 => {}
                done => return done,
            }
        }
    }
}

/// Lets the other tasks of this thread run until then. Who waits since `begun` for longer naps in between: there is no
/// timer here, since a connection in async code belongs to no runtime.
async fn others_first(begun: Instant, end: Instant) {
    poll_fn(|cx| {
        let now = Instant::now();
        if now >= end {
            return Poll::Ready(());
        }
        if now > begun + BRISK {
            thread::sleep(NAP);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
