//! Running a batch: the strategy chosen, chunks, and the failing item found.

use std::ops::Range;

use super::insert::Insert;
use super::{Batch, BatchOptions, BatchOutcome, BatchStrategy, Batching};
use crate::connection::Connection;
use crate::copy::{Copied, CopyIn};
use crate::error::{Result, SqlError};
use crate::options::{CallOptions, TransactionOptions};
use crate::params::Cells;
use crate::statement::{PreparedStatement, StatementRef};
use crate::value::ValueRef;

/// Fewer items than this are not worth a rewritten statement.
const FEW: usize = 4;

/// The way that was chosen, with what it needs.
enum Way<'b> {
    OneByOne,
    Pipelined,
    MultiValues(Insert<'b>),
    Unnest(PreparedStatement),
    Copy(&'b str),
}

impl Way<'_> {
    fn strategy(&self) -> BatchStrategy {
        match self {
            Self::OneByOne => BatchStrategy::OneByOne,
            Self::Pipelined => BatchStrategy::Pipelined,
            Self::MultiValues(_) => BatchStrategy::MultiValues,
            Self::Unnest(_) => BatchStrategy::Unnest,
            Self::Copy(_) => BatchStrategy::Copy,
        }
    }
}

impl Connection {
    /// Runs a batch, all or nothing, the fastest way.
    ///
    /// # Errors
    /// What the database says of an item; [`SqlError::batch_index`] tells which one. Nothing is done then.
    #[doc(alias = "executeBatch")]
    pub async fn execute_batch(&mut self, batch: &Batch) -> Result<BatchOutcome> {
        self.execute_batch_with(batch, &BatchOptions::new()).await
    }

    /// Runs a batch with options.
    ///
    /// # Errors
    /// What the database says of an item; [`SqlError::batch_index`] tells which one. With `atomic` nothing is done then, otherwise all
    /// items before it. 57014 if the deadline passes; 0A000 for a strategy that the statement or the database cannot have.
    pub async fn execute_batch_with(&mut self, batch: &Batch, options: &BatchOptions) -> Result<BatchOutcome> {
        if batch.is_empty() {
            return Ok(BatchOutcome::default());
        }
        let depth = self.base_depth();
        self.settle_to(depth).await?;
        let way = self.way(batch, options).await?;
        let mut run =
            Run { batch, options, outcome: BatchOutcome { strategy: way.strategy(), ..BatchOutcome::default() } };
        if !options.atomic {
            run.all(self, &way).await?;
            return Ok(run.outcome);
        }
        self.enter(depth + 1, &TransactionOptions::new()).await?;
        match run.all_at(self, &way, depth + 1).await {
            Ok(()) => {
                self.leave(depth + 1).await?;
                Ok(run.outcome)
            }
            Err(error) => {
                // The item's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
                let _ = self.settle_to(depth).await;
                Err(error)
            }
        }
    }

    async fn way<'b>(&mut self, batch: &'b Batch, options: &BatchOptions) -> Result<Way<'b>> {
        let can = self.raw_mut().batching();
        let insert = Insert::of(batch.statement.sql());
        let found = match options.strategy {
            BatchStrategy::OneByOne => Some(Way::OneByOne),
            BatchStrategy::Pipelined => can.pipelines.then_some(Way::Pipelined),
            BatchStrategy::MultiValues => insert.map(Way::MultiValues),
            BatchStrategy::Unnest => self.unnest(batch, insert.as_ref(), can).await?.map(Way::Unnest),
            BatchStrategy::Copy if self.raw_mut().copying().is_none() => None,
            BatchStrategy::Copy => insert.and_then(|insert| insert.copy_target()).map(Way::Copy),
            BatchStrategy::Auto => Some(self.best(batch, insert, can).await?),
        };
        found.ok_or_else(|| {
            let what = format!("the batch strategy `{}` for this statement on this database", options.strategy);
            SqlError::unsupported(what).sql_text(batch.statement.sql())
        })
    }

    async fn best<'b>(&mut self, batch: &'b Batch, insert: Option<Insert<'b>>, can: Batching) -> Result<Way<'b>> {
        let one_by_one = if can.pipelines { Way::Pipelined } else { Way::OneByOne };
        let Some(insert) = insert.filter(|_| can.multi_values && batch.len() >= FEW) else { return Ok(one_by_one) };
        let plain = insert.tail.trim().is_empty();
        match self.unnest(batch, Some(&insert).filter(|_| plain), can).await? {
            Some(statement) => Ok(Way::Unnest(statement)),
            None => Ok(Way::MultiValues(insert)),
        }
    }

    /// The statement that takes an array for each column, if the insert can be written so.
    async fn unnest(
        &mut self,
        batch: &Batch,
        insert: Option<&Insert<'_>>,
        can: Batching,
    ) -> Result<Option<PreparedStatement>> {
        let Some(insert) = insert.filter(|_| can.unnest) else { return Ok(None) };
        let described = self.describe(&batch.statement).await?;
        let types: Vec<&str> = described.parameter_types.iter().map(|name| &**name).collect();
        if types.len() != batch.columns.len() {
            return Ok(None);
        }
        let Some(sql) = insert.of_arrays(&types) else { return Ok(None) };
        Ok(Some(self.statement(StatementRef::Text(&sql))))
    }
}

/// One run of a batch.
struct Run<'b> {
    batch: &'b Batch,
    options: &'b BatchOptions,
    outcome: BatchOutcome,
}

impl Run<'_> {
    fn call_options(&self) -> CallOptions {
        match self.options.deadline {
            Some(deadline) => CallOptions::new().deadline(deadline),
            None => CallOptions::new(),
        }
    }

    /// Where each item may stay although a later one fails.
    async fn all(&mut self, conn: &mut Connection, way: &Way<'_>) -> Result<()> {
        let depth = conn.base_depth();
        for chunk in self.chunks(way, conn) {
            if depth == 0 && matches!(way, Way::OneByOne) {
                self.items(conn, chunk, 0).await?;
                continue;
            }
            // A chunk that fails as a whole must leave nothing behind, so that its items can be run one by one.
            conn.enter(depth + 1, &TransactionOptions::new()).await?;
            let before = self.outcome.clone();
            match self.chunk(conn, way, chunk.clone(), depth + 1).await {
                Ok(()) => conn.leave(depth + 1).await?,
                Err(error) => {
                    conn.settle_to(depth).await?;
                    self.outcome = before;
                    self.items_until_failure(conn, chunk, depth, error).await?;
                }
            }
        }
        Ok(())
    }

    /// The items of a chunk that failed, each by itself, up to the one that fails.
    async fn items_until_failure(
        &mut self,
        conn: &mut Connection,
        chunk: Range<usize>,
        depth: u32,
        error: SqlError,
    ) -> Result<()> {
        for item in chunk {
            conn.enter(depth + 1, &TransactionOptions::new()).await?;
            match self.item(conn, item, depth + 1).await {
                Ok(()) => conn.leave(depth + 1).await?,
                Err(error) => {
                    conn.settle_to(depth).await?;
                    return Err(error);
                }
            }
        }
        // One by one they went through: what failed was the chunk itself (a deadline, a limit).
        Err(error)
    }

    /// Inside of a transaction of this depth, which is rolled back when an item fails.
    async fn all_at(&mut self, conn: &mut Connection, way: &Way<'_>, depth: u32) -> Result<()> {
        for chunk in self.chunks(way, conn) {
            if matches!(way, Way::OneByOne) {
                self.items(conn, chunk, depth).await?;
                continue;
            }
            conn.enter(depth + 1, &TransactionOptions::new()).await?;
            match self.chunk(conn, way, chunk.clone(), depth + 1).await {
                Ok(()) => conn.leave(depth + 1).await?,
                Err(error) if error.batch_index().is_some() => return Err(error),
                Err(error) => {
                    conn.settle_to(depth).await?;
                    return Err(self.blamed(conn, chunk, depth, error).await);
                }
            }
        }
        Ok(())
    }

    /// The error of the item because of which a chunk failed. What this does is rolled back.
    async fn blamed(&mut self, conn: &mut Connection, chunk: Range<usize>, depth: u32, error: SqlError) -> SqlError {
        if error.breaks_connection() {
            return error;
        }
        self.items(conn, chunk, depth).await.err().unwrap_or(error)
    }

    async fn items(&mut self, conn: &mut Connection, items: Range<usize>, depth: u32) -> Result<()> {
        for item in items {
            self.item(conn, item, depth).await?;
        }
        Ok(())
    }

    async fn item(&mut self, conn: &mut Connection, item: usize, depth: u32) -> Result<()> {
        let cells = self.batch.cells(item);
        let done = conn.execute_at(depth, &self.batch.statement, &cells, &self.call_options()).await;
        self.outcome.add_one(done.map_err(|e| e.in_batch(item))?);
        Ok(())
    }

    /// One call of the database for several items.
    async fn chunk(&mut self, conn: &mut Connection, way: &Way<'_>, chunk: Range<usize>, depth: u32) -> Result<()> {
        let items = chunk.len();
        let sum = match way {
            Way::OneByOne => return self.items(conn, chunk, depth).await,
            Way::Pipelined => return self.pipelined(conn, chunk).await,
            Way::Copy(target) => self.copied(conn, target, chunk, depth).await?,
            Way::MultiValues(insert) => {
                let sql = insert.of_rows(items);
                let full = items == self.options.chunk;
                // Only the statement of full chunks is worth keeping.
                let statement =
                    if full { conn.statement(StatementRef::Text(&sql)) } else { PreparedStatement::new(sql) };
                let cells: Cells<'_> = chunk.flat_map(|item| self.batch.cells(item)).collect();
                conn.execute_at(depth, &statement, &cells, &self.call_options()).await?
            }
            Way::Unnest(statement) => {
                let cells: Cells<'_> =
                    self.batch.columns.iter().map(|column| ValueRef::Array(&column[chunk.clone()])).collect();
                conn.execute_at(depth, statement, &cells, &self.call_options()).await?
            }
        };
        self.outcome.add_several(items, sum);
        Ok(())
    }

    async fn pipelined(&mut self, conn: &mut Connection, chunk: Range<usize>) -> Result<()> {
        let first = chunk.start;
        let rows: Vec<Vec<ValueRef<'_>>> = chunk.map(|item| self.batch.cells(item).into_vec()).collect();
        let options = self.call_options();
        let limit = conn.limit(None);
        let done = limit.during(conn.raw_mut().run_many(&self.batch.statement, &rows, &options)).await;
        let counts = done.map_err(|error| {
            let index = error.batch_index().unwrap_or_default();
            conn.note(error).in_batch(first + index).sql_text(self.batch.statement.sql())
        })?;
        counts.into_iter().for_each(|count| self.outcome.add_one(count));
        Ok(())
    }

    /// The error of a row carries its index already.
    async fn copied(&self, conn: &mut Connection, target: &str, chunk: Range<usize>, depth: u32) -> Result<u64> {
        let first = chunk.start;
        let copied = async {
            let what = Copied::Literals(target);
            let mut copy = CopyIn::start(conn, depth, what, &self.call_options()).await?;
            for item in chunk {
                copy.send_row(&self.batch.cells(item)).await?;
            }
            copy.finish().await
        };
        copied.await.map_err(|error| match error.batch_index() {
            Some(index) => error.in_batch(first + index),
            None => error,
        })
    }

    fn chunks(&self, way: &Way<'_>, conn: &mut Connection) -> Vec<Range<usize>> {
        let size = match way {
            Way::MultiValues(_) => {
                let most = conn.raw_mut().batching().most_parameters.max(1);
                self.options.chunk.min(most / self.batch.columns.len().max(1)).max(1)
            }
            Way::Copy(_) => self.batch.len(),
            _ => self.options.chunk.max(1),
        };
        let items = self.batch.len();
        (0..items).step_by(size).map(|start| start..(start + size).min(items)).collect()
    }
}
