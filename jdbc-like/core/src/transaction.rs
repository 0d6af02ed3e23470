//! [`Transaction`]: the guard of a transaction or savepoint.

use crate::batch::{Batch, BatchOptions, BatchOutcome, BatchRows};
use crate::connection::{Connection, no_row, only_row};
use crate::error::Result;
use crate::options::{CallOptions, TransactionOptions};
use crate::params::Params;
use crate::result_set::ResultSet;
use crate::row::Row;
use crate::statement::ToStatement;

/// An open transaction (or savepoint) of a connection. Dropping it rolls back.
///
/// The connection knows how deep the server is, and the guard how deep it is itself: an operation through a guard whose inner guard is gone
/// rolls back to its own depth first. So leaked guards and dropped futures do no harm.
///
/// Source: `Connection.setAutoCommit(false)`, `commit`, `rollback` and `Savepoint` of JDBC.
#[must_use = "a transaction that is dropped is rolled back"]
#[derive(Debug)]
#[doc(alias = "Savepoint")]
pub struct Transaction<'c> {
    conn: &'c mut Connection,
    depth: u32,
    open: bool,
}

impl Transaction<'_> {
    /// The connection, and the depth at which this guard's operations run.
    pub(crate) fn parts(&mut self) -> (&mut Connection, u32) {
        (self.conn, self.depth)
    }
}

impl<'c> Transaction<'c> {
    pub(crate) fn new(conn: &'c mut Connection, depth: u32) -> Self {
        Self { conn, depth, open: true }
    }

    /// Runs a query. See [`Connection::query`].
    ///
    /// # Errors
    /// As there.
    pub async fn query(&mut self, statement: impl ToStatement, params: impl Params) -> Result<ResultSet<'_>> {
        self.query_with(statement, params, &CallOptions::new()).await
    }

    /// Runs a query with a deadline or limits. See [`Connection::query_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn query_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<ResultSet<'_>> {
        let bound = params.bind()?;
        let statement = self.conn.statement(statement.to_statement());
        self.conn.query_at(self.depth, &statement, &bound.cells(), options).await
    }

    /// Runs a statement and says how many rows it changed. See [`Connection::execute`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute(&mut self, statement: impl ToStatement, params: impl Params) -> Result<u64> {
        self.execute_with(statement, params, &CallOptions::new()).await
    }

    /// Runs a statement with a deadline. See [`Connection::execute_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<u64> {
        let bound = params.bind()?;
        let statement = self.conn.statement(statement.to_statement());
        self.conn.execute_at(self.depth, &statement, &bound.cells(), options).await
    }

    /// Runs a text of any number of statements without parameters. See [`Connection::execute_script`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute_script(&mut self, sql: &str) -> Result<()> {
        self.conn.script_at(self.depth, sql).await
    }

    /// The key of the row that was inserted last. See [`Connection::last_insert_id`].
    #[must_use]
    pub fn last_insert_id(&mut self) -> Option<i64> {
        self.conn.last_insert_id()
    }

    /// Runs a statement and returns columns of the rows that it wrote. See [`Connection::execute_returning`].
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "getGeneratedKeys")]
    pub async fn execute_returning(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        columns: &[&str],
    ) -> Result<Vec<Row>> {
        self.conn.returning_at(self.depth, statement.to_statement(), params, columns).await
    }

    /// Runs a batch. See [`Connection::execute_batch`]; one that fails leaves the transaction as it was before.
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "executeBatch")]
    pub async fn execute_batch(&mut self, batch: &Batch) -> Result<BatchOutcome> {
        self.execute_batch_with(batch, &BatchOptions::new()).await
    }

    /// Runs a batch with options. See [`Connection::execute_batch_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute_batch_with(&mut self, batch: &Batch, options: &BatchOptions) -> Result<BatchOutcome> {
        self.conn.batch_at(self.depth, batch, options).await
    }

    /// Runs a batch and returns columns of the rows that its items wrote. See [`Connection::execute_batch_returning`].
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "getGeneratedKeys")]
    pub async fn execute_batch_returning(&mut self, batch: &Batch, columns: &[&str]) -> Result<BatchRows> {
        self.execute_batch_returning_with(batch, columns, &BatchOptions::new()).await
    }

    /// The same with options. See [`Connection::execute_batch_returning_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute_batch_returning_with(
        &mut self,
        batch: &Batch,
        columns: &[&str],
        options: &BatchOptions,
    ) -> Result<BatchRows> {
        self.conn.batch_returning_at(self.depth, batch, columns, options).await
    }

    /// The only row of a query. See [`Connection::query_one`].
    ///
    /// # Errors
    /// As there.
    pub async fn query_one(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Row> {
        self.query_opt(statement, params).await?.ok_or_else(no_row)
    }

    /// The only row of a query, or none. See [`Connection::query_opt`].
    ///
    /// # Errors
    /// As there.
    pub async fn query_opt(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Option<Row>> {
        let mut rows = self.query(statement, params).await?;
        only_row(&mut rows, |row| Ok(row.to_row())).await
    }

    /// Opens a savepoint; its guard rolls back to it when dropped.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "setSavepoint")]
    pub async fn savepoint(&mut self) -> Result<Transaction<'_>> {
        let depth = self.depth + 1;
        self.conn.enter(depth, &TransactionOptions::new()).await?;
        Ok(Transaction::new(self.conn, depth))
    }

    /// Commits (a savepoint: releases it).
    ///
    /// # Errors
    /// What the database says: the transaction is rolled back then; 08007 if the answer was lost, so that nobody knows the outcome.
    #[doc(alias = "releaseSavepoint")]
    pub async fn commit(mut self) -> Result<()> {
        let left = self.conn.leave(self.depth).await;
        self.open = left.is_err();
        left
    }

    /// Rolls back (a savepoint: back to it).
    ///
    /// # Errors
    /// What the database says; the connection is broken then.
    pub async fn rollback(mut self) -> Result<()> {
        let done = self.conn.settle_to(self.depth - 1).await;
        self.open = done.is_err();
        done
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            self.conn.dropped_at(self.depth);
        }
    }
}
