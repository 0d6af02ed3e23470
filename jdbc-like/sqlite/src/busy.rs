//! How long a call may take: the deadline of one call, over the connection's own patience with locks.

use std::ffi::c_int;
use std::time::{Duration, Instant};

use batis_dbc::{Result, SqlError, TimedOut};
use rusqlite::ffi;

use crate::error::foreign;

/// Steps of SQLite's virtual machine between two looks at the clock: some tens of microseconds.
const STEPS_PER_LOOK: c_int = 1000;

/// The limits of the call that is under way.
#[derive(Debug)]
pub(crate) struct Limits {
    busy_timeout: Duration,
    deadline: Option<Instant>,
}

impl Limits {
    /// No deadline; `busy_timeout` is what the database was opened with.
    pub(crate) fn new(busy_timeout: Duration) -> Self {
        Self { busy_timeout, deadline: None }
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
        let patience = self.busy_timeout.min(left + Duration::from_millis(1));
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
        let _ = db.busy_timeout(self.busy_timeout);
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
