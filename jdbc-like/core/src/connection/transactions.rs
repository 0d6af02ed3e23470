//! Transactions of a connection: as guards, as closures, run again, and without a guard.

use std::time::{Duration, Instant};

use super::Connection;
use super::settle::outcome_unknown;
use crate::driver::{Control, Wire};
use crate::error::{Result, SqlError};
use crate::options::TransactionOptions;
use crate::retry::Retry;
use crate::sql_state::SqlState;
use crate::transaction::Transaction;

impl Connection {
    /// Begins a transaction with the database's defaults; the guard rolls back when it is dropped.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "setAutoCommit")]
    pub async fn transaction(&mut self) -> Result<Transaction<'_>> {
        self.transaction_with(&TransactionOptions::new()).await
    }

    /// Begins a transaction with options. Inside of one that was begun by [`begin`](Self::begin) it is a savepoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn transaction_with(&mut self, options: &TransactionOptions) -> Result<Transaction<'_>> {
        let depth = self.inner.base + 1;
        self.enter(depth, options).await?;
        Ok(Transaction::new(self, depth))
    }

    /// Runs a closure in a transaction: commits if it returns `Ok`, rolls back if it returns `Err`, panics or is dropped.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// let count = conn.tx(async |t| {
    ///     t.execute("update a set n = n - 1", ()).await?;
    ///     t.execute("update b set n = n + 1", ()).await
    /// }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What the closure returns, and what BEGIN or COMMIT say.
    pub async fn tx<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        E: From<SqlError>,
        F: AsyncFnOnce(&mut Transaction<'_>) -> Result<T, E>,
    {
        self.tx_with(&TransactionOptions::new(), f).await
    }

    /// As [`tx`](Self::tx), with options.
    ///
    /// # Errors
    /// As there.
    pub async fn tx_with<T, E, F>(&mut self, options: &TransactionOptions, f: F) -> Result<T, E>
    where
        E: From<SqlError>,
        F: AsyncFnOnce(&mut Transaction<'_>) -> Result<T, E>,
    {
        let mut transaction = self.transaction_with(options).await?;
        match f(&mut transaction).await {
            Ok(value) => transaction.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                // The closure's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs a closure in a transaction, and again from the beginning when the database says that it lost against another transaction
    /// (40001, 40P01, SQLite's outdated snapshot), also when it says so at COMMIT. Never when the outcome of a COMMIT is unknown, and not
    /// inside of a transaction that was begun by [`begin`](Self::begin), which would have to be run again as a whole.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// use batis_dbc::{IsolationLevel, Retry, TransactionOptions};
    /// let serializable = TransactionOptions::new().isolation(IsolationLevel::Serializable);
    /// conn.tx_retry(&Retry::new().options(serializable), async |t| {
    ///     let n: i64 = t.query_one("select n from a", ()).await?.get(0)?;
    ///     t.execute("update a set n = ?", (n + 1,)).await
    /// }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`tx`](Self::tx), for the last try.
    pub async fn tx_retry<T, E, F>(&mut self, retry: &Retry, f: F) -> Result<T, E>
    where
        E: From<SqlError>,
        F: AsyncFnOnce(&mut Transaction<'_>) -> Result<T, E> + Clone,
    {
        let mut failed = 0;
        loop {
            let outcome = self.tx_with(&retry.options, f.clone()).await;
            failed += 1;
            match self.retry_delay(retry, failed).filter(|_| outcome.is_err()) {
                Some(delay) => self.pause(delay).await,
                None => return outcome,
            }
        }
    }

    /// How long to wait before the next try after this many failed ones; none if there is to be no other: the last transaction did not lose
    /// against another one, or there were enough. What [`tx_retry`](Self::tx_retry) asks, for who runs transactions without it.
    #[must_use]
    pub fn retry_delay(&self, retry: &Retry, failed: u32) -> Option<Duration> {
        let lost = self.inner.conflict && !self.inner.broken;
        let outermost = self.inner.base == self.inner.floor && self.inner.floor == 0;
        (lost && outermost && failed < retry.attempts).then(|| retry.delay(failed))
    }

    /// Waits, on the timer of the runtime that owns the connection. Where nothing can keep the time (SQLite) it does not wait.
    pub async fn pause(&mut self, delay: Duration) {
        let Some(end) = Instant::now().checked_add(delay) else { return std::future::pending().await };
        if let Some(timer) = self.raw_mut().timer(end) {
            timer.await;
        }
    }

    /// Begins a transaction without a guard (inside another one: a savepoint). It ends by [`commit`](Self::commit) or
    /// [`rollback`](Self::rollback), or is rolled back when the connection goes back to its pool.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(&mut self, options: &TransactionOptions) -> Result<()> {
        let depth = self.inner.base + 1;
        self.enter(depth, options).await?;
        self.inner.base = depth;
        Ok(())
    }

    /// Commits what [`begin`](Self::begin) began (the innermost).
    ///
    /// # Errors
    /// 25000 if nothing was begun; what the database says: the transaction is rolled back then; 08007 if the connection broke before the
    /// answer came, so that nobody knows whether it was committed.
    pub async fn commit(&mut self) -> Result<()> {
        let depth = self.open_depth("commit")?;
        self.inner.base = depth - 1;
        self.leave(depth).await
    }

    /// Rolls back what [`begin`](Self::begin) began (the innermost).
    ///
    /// # Errors
    /// 25000 if nothing was begun; what the database says.
    pub async fn rollback(&mut self) -> Result<()> {
        let depth = self.open_depth("roll back")?;
        self.inner.base = depth - 1;
        self.settle_to(depth - 1).await
    }

    /// How many transactions and savepoints are open through [`begin`](Self::begin); 0: each statement commits by itself.
    #[must_use]
    pub fn transaction_depth(&self) -> u32 {
        self.inner.base - self.inner.floor.max(self.inner.held)
    }

    fn open_depth(&self, what: &str) -> Result<u32> {
        if self.inner.base > self.inner.floor.max(self.inner.held) {
            return Ok(self.inner.base);
        }
        Err(SqlError::new(SqlState::INVALID_TRANSACTION_STATE, format!("there is no transaction to {what}")))
    }

    /// What was begun so far is never committed or rolled back through this connection any more.
    pub(crate) fn pin_transaction(&mut self) {
        self.inner.floor = self.inner.base;
    }

    /// What was begun so far is committed and rolled back by its holder only: not by `commit` and `rollback`, but still by the return to a
    /// data source.
    #[cfg(feature = "xa")]
    pub(crate) fn hold_transaction(&mut self) {
        self.inner.held = self.inner.base;
    }

    /// The holder lets it go: it is over, or is rolled back by the next operation.
    #[cfg(feature = "xa")]
    pub(crate) fn let_transaction_go(&mut self) {
        self.inner.held = 0;
        self.inner.base = 0;
    }

    /// Ends what was begun in the transaction that is held.
    #[cfg(feature = "xa")]
    pub(crate) async fn settle_to_held(&mut self) -> Result<()> {
        self.inner.base = self.inner.held;
        self.settle_to(self.inner.held).await
    }

    /// A step of control outside of any transaction.
    #[cfg(feature = "xa")]
    pub(crate) async fn control_free(&mut self, step: Control<'_>) -> Result<()> {
        self.settle_to(0).await?;
        let limit = self.limit(None);
        let done = limit.during(self.raw_mut().control(step)).await;
        done.map_err(|e| self.note(e))
    }

    /// The depth at which operations on the connection itself run.
    pub(crate) fn base_depth(&self) -> u32 {
        self.inner.base
    }

    /// Opens the transaction (depth 1) or savepoint of this depth.
    pub(crate) async fn enter(&mut self, depth: u32, options: &TransactionOptions) -> Result<()> {
        self.settle_to(depth - 1).await?;
        self.inner.depth = depth;
        self.inner.conflict &= depth > 1;
        let step = if depth == 1 { Control::Begin(options) } else { Control::Savepoint(depth) };
        let limit = self.limit(None);
        let begun = limit.during(self.raw_mut().control(step)).await;
        if begun.is_err() && self.raw_mut().wire() == Wire::Idle {
            // It was answered: nothing was begun, so nothing is to be rolled back. A transaction begun by a text stays.
            self.inner.depth = depth - 1;
        }
        begun.map_err(|e| self.note(e))
    }

    /// Commits or releases this depth.
    pub(crate) async fn leave(&mut self, depth: u32) -> Result<()> {
        self.leave_by(depth, if depth == 1 { Control::Commit } else { Control::Release(depth) }).await
    }

    /// Ends this depth by this step.
    pub(crate) async fn leave_by(&mut self, depth: u32, step: Control<'_>) -> Result<()> {
        self.settle_to(depth).await?;
        if self.inner.depth < depth {
            return Err(SqlError::new(SqlState::INVALID_TRANSACTION_STATE, "the transaction has ended already"));
        }
        let limit = self.limit(None);
        self.inner.committing = depth == 1;
        let left = limit.during(self.raw_mut().control(step)).await;
        self.inner.committing = false;
        match left {
            Ok(()) => {
                self.inner.depth = depth - 1;
                Ok(())
            }
            Err(error) if depth == 1 && error.breaks_connection() => Err(self.note(outcome_unknown().caused_by(error))),
            Err(error) => Err(self.note(error)),
        }
    }
}
