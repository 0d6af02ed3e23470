use std::sync::Arc;
use std::time::Duration;

use super::{ResultSet, SharedRunner, Transaction, wait};
use crate::batch::{Batch, BatchOptions, BatchOutcome, BatchRows};
use crate::cancel::CancelHandle;
use crate::connection::Connection as AsyncConnection;
use crate::data_source::Lease;
use crate::driver::ConnectionInfo;
use crate::error::{Result, SqlError};
use crate::options::{CallOptions, TransactionOptions};
use crate::params::Params;
use crate::retry::Retry;
use crate::row::{Row, RowRef};
use crate::shape::Description;
use crate::statement::{PreparedStatement, ToStatement};

/// A connection for plain threads. Each method is that of [`batis_dbc::Connection`](crate::Connection), waiting.
///
/// ```no_run
/// # fn f(manager: batis_dbc::DriverManager) -> batis_dbc::Result<()> {
/// let mut conn = manager.connect_blocking("sqlite::memory:")?;
/// let mut rows = conn.query("select 1 + ?", (1,))?;
/// while let Some(row) = rows.next()? {
///     println!("{}", row.get::<i64>(0)?);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Connection {
    inner: Lease,
    runner: Runner,
}

/// The connection's runner, printed as a word.
struct Runner(SharedRunner);

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "own" } else { "park" })
    }
}

impl Connection {
    /// A blocking face for a connection.
    #[must_use]
    pub fn new(inner: AsyncConnection) -> Self {
        Self::leased(Lease::new(inner, None))
    }

    /// A blocking face for a borrowed connection; it goes home when this is dropped.
    #[must_use]
    pub fn leased(mut inner: Lease) -> Self {
        let runner = Runner(inner.runner());
        Self { inner, runner }
    }

    /// The connection and who waits for it.
    pub(super) fn parts(&mut self) -> (&mut AsyncConnection, &SharedRunner) {
        (&mut self.inner, &self.runner.0)
    }

    /// The connection without the blocking face.
    #[must_use]
    pub fn into_inner(self) -> Lease {
        self.inner
    }

    /// See [`warnings`](AsyncConnection::warnings).
    #[doc(alias = "getWarnings")]
    pub fn warnings(&mut self) -> Vec<SqlError> {
        self.inner.warnings()
    }

    /// See [`prepare`](AsyncConnection::prepare).
    ///
    /// # Errors
    /// As there.
    pub fn prepare(&mut self, sql: &str) -> Result<PreparedStatement> {
        wait(&self.runner.0, None, self.inner.prepare(sql))
    }

    /// See [`describe`](AsyncConnection::describe).
    ///
    /// # Errors
    /// As there.
    pub fn describe(&mut self, statement: impl ToStatement) -> Result<Description> {
        wait(&self.runner.0, None, self.inner.describe(statement))
    }

    /// See [`query`](AsyncConnection::query).
    ///
    /// # Errors
    /// As there.
    pub fn query(&mut self, statement: impl ToStatement, params: impl Params) -> Result<ResultSet<'_>> {
        self.query_with(statement, params, &CallOptions::new())
    }

    /// See [`query_with`](AsyncConnection::query_with).
    ///
    /// # Errors
    /// As there.
    pub fn query_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<ResultSet<'_>> {
        let patience = self.inner.patience(options.deadline);
        let rows = wait(&self.runner.0, patience, self.inner.query_with(statement, params, options))?;
        Ok(ResultSet::new(rows, &self.runner.0, patience))
    }

    /// See [`execute`](AsyncConnection::execute).
    ///
    /// # Errors
    /// As there.
    pub fn execute(&mut self, statement: impl ToStatement, params: impl Params) -> Result<u64> {
        self.execute_with(statement, params, &CallOptions::new())
    }

    /// See [`execute_with`](AsyncConnection::execute_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<u64> {
        let patience = self.inner.patience(options.deadline);
        wait(&self.runner.0, patience, self.inner.execute_with(statement, params, options))
    }

    /// See [`execute_returning`](AsyncConnection::execute_returning).
    ///
    /// # Errors
    /// As there.
    pub fn execute_returning(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        columns: &[&str],
    ) -> Result<Vec<Row>> {
        wait(&self.runner.0, None, self.inner.execute_returning(statement, params, columns))
    }

    /// See [`last_insert_id`](AsyncConnection::last_insert_id).
    #[must_use]
    pub fn last_insert_id(&mut self) -> Option<i64> {
        self.inner.last_insert_id()
    }

    /// See [`query_one`](AsyncConnection::query_one).
    ///
    /// # Errors
    /// As there.
    pub fn query_one(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Row> {
        wait(&self.runner.0, None, self.inner.query_one(statement, params))
    }

    /// See [`query_opt`](AsyncConnection::query_opt).
    ///
    /// # Errors
    /// As there.
    pub fn query_opt(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Option<Row>> {
        wait(&self.runner.0, None, self.inner.query_opt(statement, params))
    }

    /// See [`query_opt_with`](AsyncConnection::query_opt_with).
    ///
    /// # Errors
    /// As there.
    pub fn query_opt_with<T>(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        f: impl FnOnce(&RowRef<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        wait(&self.runner.0, None, self.inner.query_opt_with(statement, params, f))
    }

    /// See [`call`](AsyncConnection::call).
    ///
    /// # Errors
    /// As there.
    pub fn call(&mut self, sql: &str, params: impl Params) -> Result<Row> {
        wait(&self.runner.0, None, self.inner.call(sql, params))
    }

    /// See [`call_with`](AsyncConnection::call_with).
    ///
    /// # Errors
    /// As there.
    pub fn call_with(&mut self, sql: &str, params: impl Params, options: &CallOptions) -> Result<Row> {
        let patience = self.inner.patience(options.deadline);
        wait(&self.runner.0, patience, self.inner.call_with(sql, params, options))
    }

    /// See [`execute_script`](AsyncConnection::execute_script).
    ///
    /// # Errors
    /// As there.
    pub fn execute_script(&mut self, sql: &str) -> Result<()> {
        wait(&self.runner.0, None, self.inner.execute_script(sql))
    }

    /// See [`transaction`](AsyncConnection::transaction).
    ///
    /// # Errors
    /// As there.
    pub fn transaction(&mut self) -> Result<Transaction<'_>> {
        self.transaction_with(&TransactionOptions::new())
    }

    /// See [`transaction_with`](AsyncConnection::transaction_with).
    ///
    /// # Errors
    /// As there.
    pub fn transaction_with(&mut self, options: &TransactionOptions) -> Result<Transaction<'_>> {
        let inner = wait(&self.runner.0, None, self.inner.transaction_with(options))?;
        Ok(Transaction::new(inner, &self.runner.0))
    }

    /// See [`tx`](AsyncConnection::tx).
    ///
    /// # Errors
    /// As there.
    pub fn tx<T, E: From<SqlError>>(&mut self, f: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>) -> Result<T, E> {
        self.tx_with(&TransactionOptions::new(), f)
    }

    /// See [`tx_with`](AsyncConnection::tx_with).
    ///
    /// # Errors
    /// As there.
    pub fn tx_with<T, E: From<SqlError>>(
        &mut self,
        options: &TransactionOptions,
        f: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.transaction_with(options)?;
        match f(&mut transaction) {
            Ok(value) => transaction.commit().map(|()| value).map_err(E::from),
            Err(error) => {
                // The closure's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
                let _ = transaction.rollback();
                Err(error)
            }
        }
    }

    /// See [`tx_retry`](AsyncConnection::tx_retry).
    ///
    /// # Errors
    /// As there.
    pub fn tx_retry<T, E: From<SqlError>>(
        &mut self,
        retry: &Retry,
        mut f: impl FnMut(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut failed = 0;
        loop {
            let outcome = self.tx_with(&retry.options, &mut f);
            failed += 1;
            match self.inner.retry_delay(retry, failed).filter(|_| outcome.is_err()) {
                Some(delay) => std::thread::sleep(delay),
                None => return outcome,
            }
        }
    }

    /// See [`begin`](AsyncConnection::begin).
    ///
    /// # Errors
    /// As there.
    pub fn begin(&mut self, options: &TransactionOptions) -> Result<()> {
        wait(&self.runner.0, None, self.inner.begin(options))
    }

    /// See [`commit`](AsyncConnection::commit).
    ///
    /// # Errors
    /// As there.
    pub fn commit(&mut self) -> Result<()> {
        wait(&self.runner.0, None, self.inner.commit())
    }

    /// See [`rollback`](AsyncConnection::rollback).
    ///
    /// # Errors
    /// As there.
    pub fn rollback(&mut self) -> Result<()> {
        wait(&self.runner.0, None, self.inner.rollback())
    }

    /// See [`transaction_depth`](AsyncConnection::transaction_depth).
    #[must_use]
    pub fn transaction_depth(&self) -> u32 {
        self.inner.transaction_depth()
    }

    /// See [`execute_batch`](AsyncConnection::execute_batch).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch(&mut self, batch: &Batch) -> Result<BatchOutcome> {
        self.execute_batch_with(batch, &BatchOptions::new())
    }

    /// See [`execute_batch_with`](AsyncConnection::execute_batch_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_with(&mut self, batch: &Batch, options: &BatchOptions) -> Result<BatchOutcome> {
        let patience = self.inner.patience(options.deadline);
        wait(&self.runner.0, patience, self.inner.execute_batch_with(batch, options))
    }

    /// See [`execute_batch_returning`](AsyncConnection::execute_batch_returning).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_returning(&mut self, batch: &Batch, columns: &[&str]) -> Result<BatchRows> {
        self.execute_batch_returning_with(batch, columns, &BatchOptions::new())
    }

    /// See [`execute_batch_returning_with`](AsyncConnection::execute_batch_returning_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_returning_with(
        &mut self,
        batch: &Batch,
        columns: &[&str],
        options: &BatchOptions,
    ) -> Result<BatchRows> {
        let patience = self.inner.patience(options.deadline);
        wait(&self.runner.0, patience, self.inner.execute_batch_returning_with(batch, columns, options))
    }

    /// Runs operations of the [connection below](AsyncConnection) and waits for them. For what has no twin here (a driver's own operations).
    ///
    /// # Errors
    /// What the function returns.
    pub fn wait_for<T>(&mut self, f: impl AsyncFnOnce(&mut AsyncConnection) -> Result<T>) -> Result<T> {
        wait(&self.runner.0, None, f(&mut self.inner))
    }

    /// See [`set_observability`](AsyncConnection::set_observability).
    #[cfg(feature = "tracing")]
    pub fn set_observability(&mut self, observability: crate::Observability) {
        self.inner.set_observability(observability);
    }

    /// See [`set_network_timeout`](AsyncConnection::set_network_timeout).
    pub fn set_network_timeout(&mut self, time: Option<Duration>) {
        self.inner.set_network_timeout(time);
    }

    /// See [`network_timeout`](AsyncConnection::network_timeout).
    #[must_use]
    pub fn network_timeout(&mut self) -> Option<Duration> {
        self.inner.network_timeout()
    }

    /// See [`cancel_handle`](AsyncConnection::cancel_handle).
    #[must_use]
    pub fn cancel_handle(&mut self) -> Option<CancelHandle> {
        self.inner.cancel_handle()
    }

    /// See [`ping`](AsyncConnection::ping).
    ///
    /// # Errors
    /// As there.
    pub fn ping(&mut self) -> Result<()> {
        wait(&self.runner.0, None, self.inner.ping())
    }

    /// See [`info`](AsyncConnection::info).
    #[must_use]
    pub fn info(&mut self) -> Arc<ConnectionInfo> {
        self.inner.info()
    }

    /// See [`is_broken`](AsyncConnection::is_broken).
    #[must_use]
    pub fn is_broken(&mut self) -> bool {
        self.inner.is_broken()
    }

    /// See [`close`](AsyncConnection::close); a borrowed connection goes home instead.
    pub fn close(self) {
        if self.inner.has_home() {
            return;
        }
        // Nothing can fail: a connection that does not answer is dropped.
        let closing = async {
            self.inner.detach().close().await;
            Ok(())
        };
        let _ = wait(&self.runner.0, None, closing);
    }

    /// See [`raw`](AsyncConnection::raw).
    #[must_use]
    pub fn raw<T: 'static>(&mut self) -> Option<&mut T> {
        self.inner.raw()
    }
}
