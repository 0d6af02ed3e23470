//! The one place in which everything that was left behind ends: open cursors, dropped operations, transactions.

use std::time::Instant;

use super::{Connection, HandBack};
use crate::driver::{Control, RawConnection, Wire};
use crate::error::{Result, SqlError};
use crate::limit::Limit;
use crate::sql_state::SqlState;

impl Connection {
    /// Ends everything that was left behind: an open cursor, a dropped operation, transactions deeper than `depth`. Each operation begins
    /// with it, so correctness never rests on a destructor.
    #[inline]
    pub(crate) async fn settle_to(&mut self, depth: u32) -> Result<()> {
        if self.is_settled(depth) { Ok(()) } else { self.settle_slowly(depth).await }
    }

    /// The same for a call with a deadline. What was left behind may need a server that does not answer any more: that too is over then.
    pub(crate) async fn settle_within(&mut self, depth: u32, deadline: Option<Instant>) -> Result<()> {
        if self.is_settled(depth) {
            return Ok(());
        }
        let limit = deadline.and_then(|at| self.raw_mut().timer(at)).map_or(Limit::None, Limit::Deadline);
        limit.before(Box::pin(self.settle_slowly(depth))).await
    }

    #[inline]
    pub(super) fn is_settled(&mut self, depth: u32) -> bool {
        !self.inner.broken
            && self.inner.gate.is_none()
            && self.inner.depth <= depth
            && self.raw_mut().wire() == Wire::Idle
    }

    pub(super) async fn settle_slowly(&mut self, depth: u32) -> Result<()> {
        if let Some(gate) = self.inner.gate.clone() {
            gate.pass().await;
            self.inner.broken |= gate.is_aborted();
        }
        if self.inner.broken {
            return Err(closed(self.raw_mut()));
        }
        if self.raw_mut().wire() != Wire::Idle {
            self.end_cursor().await?;
        }
        if self.inner.depth > depth {
            self.roll_back_to(depth).await?;
        }
        Ok(())
    }

    /// Ends a cursor or a dropped operation.
    pub(crate) async fn end_cursor(&mut self) -> Result<()> {
        if self.raw_mut().wire() == Wire::Broken {
            self.inner.broken = true;
            if self.inner.committing {
                return Err(outcome_unknown());
            }
            // The first one to notice is told why.
            let raw = self.raw_mut();
            return Err(raw.lost().unwrap_or_else(|| closed(raw)));
        }
        if self.raw_mut().abandon() {
            return Ok(());
        }
        if self.inner.committing {
            self.inner.broken = true;
            return Err(outcome_unknown());
        }
        let limit = self.limit(None);
        let settled = limit.during(self.raw_mut().settle()).await;
        if settled.is_err() {
            self.inner.broken = true;
        }
        settled
    }

    async fn roll_back_to(&mut self, depth: u32) -> Result<()> {
        let step = if depth == 0 { Control::Rollback } else { Control::RollbackTo(depth + 1) };
        let limit = self.limit(None);
        let done = limit.during(self.raw_mut().control(step)).await;
        match done {
            Ok(()) => {
                self.inner.depth = depth;
                Ok(())
            }
            Err(error) => {
                // What cannot be rolled back cannot be trusted.
                self.inner.broken = true;
                Err(error)
            }
        }
    }

    /// A transaction guard of this depth was dropped: begin to roll back, without waiting.
    pub(crate) fn dropped_at(&mut self, depth: u32) {
        if self.inner.depth < depth || self.inner.broken {
            return;
        }
        let idle = self.raw_mut().wire() == Wire::Idle || self.raw_mut().abandon();
        if idle && self.raw_mut().start_rollback(depth - 1) {
            self.inner.depth = depth - 1;
        }
    }

    /// Ends everything that was left behind and rolls back all transactions. For pools.
    ///
    /// # Errors
    /// If that fails; the connection must be closed then.
    pub async fn settle(&mut self) -> Result<()> {
        let floor = self.back_to_the_floor();
        self.settle_to(floor).await?;
        if floor == 0 && self.raw_mut().in_transaction() {
            self.roll_back_to(0).await?;
        }
        Ok(())
    }

    /// Whoever had the connection is gone: what they set is as it was, and nothing is held. The depth at which the next one begins.
    fn back_to_the_floor(&mut self) -> u32 {
        self.network_mut().reset();
        self.inner.base = self.inner.floor;
        self.inner.held = 0;
        self.inner.floor
    }

    /// Makes the connection ready to be lent again, without waiting, as far as that goes. For pools.
    pub fn hand_back(&mut self) -> HandBack {
        let floor = self.back_to_the_floor();
        if self.is_broken() {
            return HandBack::Broken;
        }
        if self.raw_mut().wire() != Wire::Idle && !self.raw_mut().abandon() {
            return HandBack::Settle;
        }
        if self.inner.depth > floor || (floor == 0 && self.raw_mut().in_transaction()) {
            if !self.raw_mut().start_rollback(floor) {
                return HandBack::Settle;
            }
            self.inner.depth = floor;
        }
        HandBack::Ready
    }
}

/// The connection was lost before; the driver may know why.
#[cold]
fn closed(raw: &dyn RawConnection) -> SqlError {
    let error = SqlError::new(SqlState::CONNECTION_CLOSED, "the connection is lost; take a new one");
    match raw.lost() {
        Some(cause) => error.detail(format!("{} [{}]", cause.message(), cause.sql_state())).caused_by(cause),
        None => error,
    }
}

pub(super) fn outcome_unknown() -> SqlError {
    SqlError::new(
        SqlState::OUTCOME_UNKNOWN,
        "nobody knows whether the transaction was committed: the answer to COMMIT is lost",
    )
    .hint("look at the data before doing it again")
}
