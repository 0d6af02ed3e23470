use std::fmt;

use super::{ResultSet, SharedRunner, wait};
use crate::batch::{Batch, BatchOptions, BatchOutcome, BatchRows};
use crate::error::Result;
use crate::options::CallOptions;
use crate::params::Params;
use crate::row::Row;
use crate::statement::ToStatement;
use crate::transaction::Transaction as AsyncTransaction;

/// An open transaction, for plain threads. See [`batis_dbc::Transaction`](crate::Transaction).
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'c> {
    inner: AsyncTransaction<'c>,
    runner: &'c SharedRunner,
}

impl<'c> Transaction<'c> {
    pub(super) fn new(inner: AsyncTransaction<'c>, runner: &'c SharedRunner) -> Self {
        Self { inner, runner }
    }

    /// The transaction and who waits for it.
    pub(super) fn parts(&mut self) -> (&mut AsyncTransaction<'c>, &SharedRunner) {
        (&mut self.inner, self.runner)
    }

    /// See [`query`](AsyncTransaction::query).
    ///
    /// # Errors
    /// As there.
    pub fn query(&mut self, statement: impl ToStatement, params: impl Params) -> Result<ResultSet<'_>> {
        self.query_with(statement, params, &CallOptions::new())
    }

    /// See [`query_with`](AsyncTransaction::query_with).
    ///
    /// # Errors
    /// As there.
    pub fn query_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<ResultSet<'_>> {
        let patience = self.inner.parts().0.patience(options.deadline);
        let rows = wait(self.runner, patience, self.inner.query_with(statement, params, options))?;
        Ok(ResultSet::new(rows, self.runner, patience))
    }

    /// See [`execute`](AsyncTransaction::execute).
    ///
    /// # Errors
    /// As there.
    pub fn execute(&mut self, statement: impl ToStatement, params: impl Params) -> Result<u64> {
        wait(self.runner, None, self.inner.execute(statement, params))
    }

    /// See [`execute_with`](AsyncTransaction::execute_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<u64> {
        let patience = self.inner.parts().0.patience(options.deadline);
        wait(self.runner, patience, self.inner.execute_with(statement, params, options))
    }

    /// See [`execute_script`](AsyncTransaction::execute_script).
    ///
    /// # Errors
    /// As there.
    pub fn execute_script(&mut self, sql: &str) -> Result<()> {
        wait(self.runner, None, self.inner.execute_script(sql))
    }

    /// See [`last_insert_id`](AsyncTransaction::last_insert_id).
    #[must_use]
    pub fn last_insert_id(&mut self) -> Option<i64> {
        self.inner.last_insert_id()
    }

    /// See [`execute_returning`](AsyncTransaction::execute_returning).
    ///
    /// # Errors
    /// As there.
    pub fn execute_returning(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        columns: &[&str],
    ) -> Result<Vec<Row>> {
        wait(self.runner, None, self.inner.execute_returning(statement, params, columns))
    }

    /// See [`execute_batch`](AsyncTransaction::execute_batch).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch(&mut self, batch: &Batch) -> Result<BatchOutcome> {
        self.execute_batch_with(batch, &BatchOptions::new())
    }

    /// See [`execute_batch_with`](AsyncTransaction::execute_batch_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_with(&mut self, batch: &Batch, options: &BatchOptions) -> Result<BatchOutcome> {
        let patience = self.inner.parts().0.patience(options.deadline);
        wait(self.runner, patience, self.inner.execute_batch_with(batch, options))
    }

    /// See [`execute_batch_returning`](AsyncTransaction::execute_batch_returning).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_returning(&mut self, batch: &Batch, columns: &[&str]) -> Result<BatchRows> {
        self.execute_batch_returning_with(batch, columns, &BatchOptions::new())
    }

    /// See [`execute_batch_returning_with`](AsyncTransaction::execute_batch_returning_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_returning_with(
        &mut self,
        batch: &Batch,
        columns: &[&str],
        options: &BatchOptions,
    ) -> Result<BatchRows> {
        let patience = self.inner.parts().0.patience(options.deadline);
        wait(self.runner, patience, self.inner.execute_batch_returning_with(batch, columns, options))
    }

    /// See [`query_one`](AsyncTransaction::query_one).
    ///
    /// # Errors
    /// As there.
    pub fn query_one(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Row> {
        wait(self.runner, None, self.inner.query_one(statement, params))
    }

    /// See [`query_opt`](AsyncTransaction::query_opt).
    ///
    /// # Errors
    /// As there.
    pub fn query_opt(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Option<Row>> {
        wait(self.runner, None, self.inner.query_opt(statement, params))
    }

    /// See [`call`](AsyncTransaction::call).
    ///
    /// # Errors
    /// As there.
    pub fn call(&mut self, sql: &str, params: impl Params) -> Result<Row> {
        wait(self.runner, None, self.inner.call(sql, params))
    }

    /// See [`savepoint`](AsyncTransaction::savepoint).
    ///
    /// # Errors
    /// As there.
    pub fn savepoint(&mut self) -> Result<Transaction<'_>> {
        let inner = wait(self.runner, None, self.inner.savepoint())?;
        Ok(Transaction::new(inner, self.runner))
    }

    /// See [`commit`](AsyncTransaction::commit).
    ///
    /// # Errors
    /// As there.
    pub fn commit(self) -> Result<()> {
        wait(self.runner, None, self.inner.commit())
    }

    /// See [`rollback`](AsyncTransaction::rollback).
    ///
    /// # Errors
    /// As there.
    pub fn rollback(self) -> Result<()> {
        wait(self.runner, None, self.inner.rollback())
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
