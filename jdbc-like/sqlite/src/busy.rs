//! How long a call may take: the deadline of one call, over the connection's own patience with locks.
//!
//! On a thread of its own a call waits for another connection's lock inside of SQLite. In async code that could wait for
//! ever: whoever holds the lock may be a task of this very thread. There a call waits a moment only, and is tried again
//! after the other tasks had their turn.

use std::ffi::c_int;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use batis_dbc::driver::Mode;
use batis_dbc::{Result, SqlError, TimedOut};
use rusqlite::ffi;

use crate::error::foreign;

/// Steps of SQLite's virtual machine between two looks at the clock: some tens of microseconds.
const STEPS_PER_LOOK: c_int = 1000;

/// How long a call in async code waits for a lock before others have their turn.
const MOMENT: Duration = Duration::from_millis(1);

/// The limits of the call that is under way.
#[derive(Debug)]
pub(crate) struct Limits {
    busy_timeout: Duration,
    /// How long SQLite itself waits for a lock.
    inside: Duration,
    deadline: Option<Instant>,
}

impl Limits {
    /// No deadline.
    pub(crate) fn new(busy_timeout: Duration, mode: Mode) -> Self {
        let inside = match mode {
            Mode::Async => busy_timeout.min(MOMENT),
            Mode::Blocking => busy_timeout,
        };
        Self { busy_timeout, inside, deadline: None }
    }

    /// What the database is to be opened with.
    pub(crate) fn inside(&self) -> Duration {
        self.inside
    }

    /// How long a call that met a lock is tried again; none: SQLite has waited for all of it.
    #[cold]
    pub(crate) fn patience(&self, error: &SqlError, deadline: Option<Instant>) -> Option<Patience> {
        if self.inside == self.busy_timeout || !is_locked(error) {
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
        // Rounded up, so that the deadline has passed for certain when the wait ends.
        let patience = self.inside.min(left + Duration::from_millis(1));
        db.busy_timeout(patience).map_err(|e| foreign(&e))?;
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
        let _ = db.busy_timeout(self.inside);
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

/// A lock for which SQLite waits; not one that no waiting helps against (the data changed since it was read).
fn is_locked(error: &SqlError) -> bool {
    error.vendor_code() == Some(ffi::SQLITE_BUSY)
}

/// Until when a call that met a lock is tried again.
pub(crate) struct Patience(Instant);

impl Patience {
    /// Tries again, until the lock is free or the time is up. A refusal without any waiting is SQLite's way to say that two
    /// wait for each other: it is told.
    pub(crate) async fn again<T>(self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        loop {
            others_first().await;
            let begun = Instant::now();
            match attempt() {
                Err(error) if is_locked(&error) && begun.elapsed() >= MOMENT / 2 && Instant::now() < self.0 => {}
                done => return done,
            }
        }
    }
}

/// Lets the other tasks of this thread run.
async fn others_first() {
    let mut gone = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut gone, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
