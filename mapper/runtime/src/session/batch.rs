//! Batches: one statement, many parameter objects.

use std::future::Future;

use batis_dbc::BatchOptions;
use batis_script::Value;

use super::operations::{Request, changes_rows};
use super::{SqlSession, ToMappedStatement};
use crate::batch_result::BatchResult;
use crate::error::Result;
use crate::executor::Executor;
use crate::mapped_statement::MappedStatement;
use crate::params::IntoParams;

/// A statement and the parameter objects of its items.
pub(crate) struct BatchRequest<'s> {
    pub(crate) statement: &'s MappedStatement,
    items: Vec<Value>,
    options: BatchOptions,
}

impl<'s> BatchRequest<'s> {
    pub(crate) fn new(
        session: &'s SqlSession,
        statement: impl ToMappedStatement + 's,
        items: impl IntoIterator<Item: IntoParams<'s>>,
        options: BatchOptions,
    ) -> Result<Self> {
        let statement = changes_rows(statement.find(&session.configuration)?)?;
        let values = items.into_iter().enumerate().map(|(nth, item)| {
            let item = Request::of(statement, item.into_params().into_value());
            item.map(|item| item.parameter).map_err(|e| e.in_batch(nth))
        });
        Ok(Self { statement, items: values.collect::<Result<_>>()?, options })
    }

    /// What nothing does; none if there is something to do.
    pub(crate) fn nothing(&self) -> Option<BatchResult> {
        self.items.is_empty().then(|| BatchResult::of(self.statement))
    }

    pub(crate) async fn run(mut self, mut executor: Executor<'_>) -> Result<BatchResult> {
        executor.batch(self.statement, &mut self.items, self.options).await
    }
}

impl SqlSession {
    /// Runs an `<insert>`, `<update>` or `<delete>` once for each item, all or nothing, the fastest way that the statement and the database
    /// allow. Inside of a transaction it is a savepoint. Without items nothing is done, and no connection is asked for.
    ///
    /// ```no_run
    /// # #[derive(serde::Serialize)] struct NewUser { name: String }
    /// # async fn f(session: batis_mapper::SqlSession, users: Vec<NewUser>) -> batis_mapper::Result<()> {
    /// let done = session.execute_batch("users.insert", &users).await?;
    /// assert_eq!(done.total(), 3);
    /// let ids: Vec<i64> = done.first_keys()?;
    /// # Ok(()) }
    /// ```
    ///
    /// Each item is a parameter object like that of a single call: `&users`, numbers, [`params!`](crate::params). Items that follow each other
    /// and have the same SQL are one [`Batch`](batis_dbc::Batch); where the SQL changes the next one begins, so the items always run in their
    /// order. Keys by `useGeneratedKeys` come with the items' rows. With `<selectKey>`, whether `BEFORE` or `AFTER`, each item runs by itself
    /// with its query: right, but not faster than single calls in a transaction.
    ///
    /// All items are rendered first and kept in memory. The statement's `timeout` is that of the whole batch.
    ///
    /// Source: `ExecutorType.BATCH` of MyBatis, where a session collects the items of all calls until `flushStatements`, a commit or a query: here
    /// the items are given together, so nothing waits to be flushed. MyBatis runs the queries of `<selectKey>` before or after all items,
    /// so that those for the last key (`last_insert_rowid()`) give it to each of them.
    ///
    /// # Errors
    /// What a single call would say, with the item's number ([`Error::batch_index`](crate::Error::batch_index), from 0). Nothing is done then;
    /// only when a result has no column for a `keyProperty`, which no database can tell before, the items have run.
    #[doc(alias = "ExecutorType.BATCH")]
    #[doc(alias = "BatchExecutor")]
    #[doc(alias = "flushStatements")]
    pub fn execute_batch<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        items: impl IntoIterator<Item: IntoParams<'s>>,
    ) -> impl Future<Output = Result<BatchResult>> + Send {
        self.execute_batch_with(statement, items, BatchOptions::new())
    }

    /// As [`execute_batch`](Self::execute_batch), with a strategy, a deadline and the like.
    ///
    /// # Errors
    /// As there; 57014 if the deadline passes; 0A000 for a strategy that the statement or the database cannot have. With `atomic(false)` what
    /// is before the failing item stays.
    pub fn execute_batch_with<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        items: impl IntoIterator<Item: IntoParams<'s>>,
        options: BatchOptions,
    ) -> impl Future<Output = Result<BatchResult>> + Send {
        let request = BatchRequest::new(self, statement, items, options);
        async move {
            let request = request?;
            if let Some(nothing) = request.nothing() {
                return Ok(nothing);
            }
            let statement = request.statement;
            let mut held = self.held(statement).await?;
            request.run(held.executor(statement)?).await
        }
    }
}
