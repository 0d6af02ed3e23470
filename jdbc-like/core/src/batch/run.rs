//! Running a batch: the strategy chosen, chunks, and the failing item found.

use std::ops::Range;

use super::insert::Insert;
use super::way::Way;
use super::{Batch, BatchOptions, BatchOutcome, BatchRows};
use crate::connection::Connection;
use crate::copy::{Copied, CopyIn};
use crate::error::{Result, SqlError};
use crate::options::{CallOptions, TransactionOptions};
use crate::params::Cells;
use crate::row::Row;
use crate::sql_state::SqlState;
use crate::statement::{PreparedStatement, StatementRef};
use crate::value::ValueRef;

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
        let base = self.base_depth();
        self.batch_at(base, batch, options).await
    }

    pub(crate) async fn batch_at(&mut self, depth: u32, batch: &Batch, options: &BatchOptions) -> Result<BatchOutcome> {
        let statement = self.statement(batch.reference());
        Ok(self.run_batch(depth, Run::new(batch, &statement, options)).await?.outcome)
    }

    /// Runs a batch, all or nothing, and returns these columns of the rows that its items wrote: keys that the database made, defaults,
    /// what a trigger changed. Without columns: all of them.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// let mut batch = batis_dbc::Batch::new("insert into users (name) values (?)");
    /// batch.add(("Ann",))?;
    /// batch.add(("Bob",))?;
    /// let keys = conn.execute_batch_returning(&batch, &["id"]).await?;
    /// let bob: i64 = keys.item(1)[0].get("id")?;
    /// # Ok(()) }
    /// ```
    ///
    /// The statement is given a `RETURNING`, as by [`execute_returning`](Self::execute_returning). Each item has its own rows: inserts go as
    /// `VALUES (..), (..), ..` where that is faster (PostgreSQL), all else item by item, also inserts with `ON CONFLICT`, of which some may
    /// write no row. The rows of several `VALUES` are taken to come in the order of these: that is what PostgreSQL and SQLite do, although
    /// their manuals do not promise it. Where they are not as many as the items (a trigger skips some) they are undone, and these items run
    /// one by one. With [`BatchStrategy::Pipelined`](crate::BatchStrategy) or `OneByOne` nothing is taken for granted.
    ///
    /// All rows are kept in memory.
    ///
    /// Source: `executeBatch` with `getGeneratedKeys` of JDBC.
    ///
    /// # Errors
    /// As [`execute_batch`](Self::execute_batch) and [`execute_returning`](Self::execute_returning).
    #[doc(alias = "getGeneratedKeys")]
    #[doc(alias = "RETURN_GENERATED_KEYS")]
    pub async fn execute_batch_returning(&mut self, batch: &Batch, columns: &[&str]) -> Result<BatchRows> {
        self.execute_batch_returning_with(batch, columns, &BatchOptions::new()).await
    }

    /// The same with options. `BatchStrategy::Copy` is none of the strategies that can return rows.
    ///
    /// # Errors
    /// As [`execute_batch_with`](Self::execute_batch_with) and [`execute_returning`](Self::execute_returning).
    pub async fn execute_batch_returning_with(
        &mut self,
        batch: &Batch,
        columns: &[&str],
        options: &BatchOptions,
    ) -> Result<BatchRows> {
        let base = self.base_depth();
        self.batch_returning_at(base, batch, columns, options).await
    }

    pub(crate) async fn batch_returning_at(
        &mut self,
        depth: u32,
        batch: &Batch,
        columns: &[&str],
        options: &BatchOptions,
    ) -> Result<BatchRows> {
        let statement = self.returning(batch.reference(), columns)?;
        let mut run = Run::new(batch, &statement, options);
        run.rows = Some(BatchRows::default());
        let run = self.run_batch(depth, run).await?;
        let mut rows = run.rows.unwrap_or_default();
        rows.set_strategy(run.outcome.strategy);
        Ok(rows)
    }

    async fn run_batch<'b>(&mut self, depth: u32, mut run: Run<'b>) -> Result<Run<'b>> {
        if run.batch.is_empty() {
            return Ok(run);
        }
        self.settle_within(depth, run.options.deadline).await?;
        // All items have the same number.
        self.check_count(run.statement, run.batch.columns.len()).map_err(|error| error.in_batch(0))?;
        let way = self.way(depth, &run).await?;
        run.outcome.strategy = way.strategy();
        if !run.options.atomic {
            run.all(self, &way, depth).await?;
            return Ok(run);
        }
        self.enter(depth + 1, &TransactionOptions::new()).await?;
        match run.all_at(self, &way, depth + 1).await {
            Ok(()) => {
                self.leave(depth + 1).await?;
                Ok(run)
            }
            Err(error) => {
                // The item's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
                let _ = self.settle_to(depth).await;
                Err(error)
            }
        }
    }
}

/// One run of a batch.
pub(super) struct Run<'b> {
    pub(super) batch: &'b Batch,
    /// That of the batch, or the same with a `RETURNING`.
    pub(super) statement: &'b PreparedStatement,
    pub(super) options: &'b BatchOptions,
    outcome: BatchOutcome,
    /// The rows of each item, if they are asked for.
    rows: Option<BatchRows>,
}

impl<'b> Run<'b> {
    fn new(batch: &'b Batch, statement: &'b PreparedStatement, options: &'b BatchOptions) -> Self {
        Self { batch, statement, options, outcome: BatchOutcome::default(), rows: None }
    }

    /// Whether rows are asked for.
    pub(super) fn returns(&self) -> bool {
        self.rows.is_some()
    }

    fn call_options(&self) -> CallOptions {
        match self.options.deadline {
            Some(deadline) => CallOptions::new().deadline(deadline),
            None => CallOptions::new(),
        }
    }

    /// Where each item may stay although a later one fails.
    async fn all(&mut self, conn: &mut Connection, way: &Way<'_>, depth: u32) -> Result<()> {
        for chunk in self.chunks(way, conn) {
            if depth == 0 && matches!(way, Way::OneByOne) {
                self.items(conn, chunk, 0).await?;
                continue;
            }
            // A chunk that fails as a whole must leave nothing behind, so that its items can be run one by one.
            conn.enter(depth + 1, &TransactionOptions::new()).await?;
            let done = self.whole(conn, way, chunk.clone(), depth + 1).await;
            if done.is_ok() {
                conn.leave(depth + 1).await?;
                continue;
            }
            conn.settle_to(depth).await?;
            self.items_until_failure(conn, chunk, depth).await?;
            // One by one they went through: what failed was the chunk itself (a deadline, a limit).
            done?;
        }
        Ok(())
    }

    /// The items of a chunk that failed, each by itself, up to the one that fails.
    async fn items_until_failure(&mut self, conn: &mut Connection, chunk: Range<usize>, depth: u32) -> Result<()> {
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
        Ok(())
    }

    /// Inside of a transaction of this depth, which is rolled back when an item fails.
    async fn all_at(&mut self, conn: &mut Connection, way: &Way<'_>, depth: u32) -> Result<()> {
        for chunk in self.chunks(way, conn) {
            if matches!(way, Way::OneByOne) {
                self.items(conn, chunk, depth).await?;
                continue;
            }
            conn.enter(depth + 1, &TransactionOptions::new()).await?;
            match self.whole(conn, way, chunk.clone(), depth + 1).await {
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

    /// A chunk inside of a transaction of this depth, which is its own.
    async fn whole(&mut self, conn: &mut Connection, way: &Way<'_>, chunk: Range<usize>, depth: u32) -> Result<()> {
        if self.chunk(conn, way, chunk.clone(), depth).await? {
            return Ok(());
        }
        conn.settle_to(depth - 1).await?;
        conn.enter(depth, &TransactionOptions::new()).await?;
        self.each(conn, chunk, depth).await
    }

    /// A call for each item, all on the way at once if the database can.
    async fn each(&mut self, conn: &mut Connection, chunk: Range<usize>, depth: u32) -> Result<()> {
        if conn.raw_mut().batching().pipelines {
            self.many(conn, chunk).await
        } else {
            self.items(conn, chunk, depth).await
        }
    }

    /// The error of the item because of which a chunk failed. What this does is rolled back.
    async fn blamed(&mut self, conn: &mut Connection, chunk: Range<usize>, depth: u32, error: SqlError) -> SqlError {
        // The end of its time is no item's doing, and there is none for a second run.
        if error.breaks_connection() || error.sql_state() == SqlState::QUERY_CANCELED {
            return error;
        }
        self.items(conn, chunk, depth).await.err().unwrap_or(error)
    }

    async fn items(&mut self, conn: &mut Connection, items: Range<usize>, depth: u32) -> Result<()> {
        let together = depth > 0 && !self.returns() && !conn.has_canceller();
        if together && conn.raw_mut().batching().repeats {
            return self.many(conn, items).await;
        }
        for item in items {
            self.item(conn, item, depth).await?;
        }
        Ok(())
    }

    async fn item(&mut self, conn: &mut Connection, item: usize, depth: u32) -> Result<()> {
        let cells = self.batch.cells(item);
        let (count, rows) = self.call(conn, self.statement, &cells, depth).await.map_err(|e| e.in_batch(item))?;
        self.outcome.add_one(count);
        if let Some(all) = &mut self.rows {
            all.add_item(rows);
        }
        Ok(())
    }

    /// How many rows a call wrote, and these if they are asked for.
    async fn call(
        &self,
        conn: &mut Connection,
        statement: &PreparedStatement,
        cells: &[ValueRef<'_>],
        depth: u32,
    ) -> Result<(u64, Vec<Row>)> {
        let options = self.call_options();
        if !self.returns() {
            return Ok((conn.execute_at(depth, statement, cells, &options).await?, Vec::new()));
        }
        let rows = conn.query_at(depth, statement, cells, &options).await?.collect().await?;
        Ok((u64::try_from(rows.len()).unwrap_or(u64::MAX), rows))
    }

    /// The items of a chunk by the way that was chosen; `false`: what it did must be undone, and each item run by itself.
    async fn chunk(&mut self, conn: &mut Connection, way: &Way<'_>, chunk: Range<usize>, depth: u32) -> Result<bool> {
        let items = chunk.len();
        let done = match way {
            Way::OneByOne => return self.items(conn, chunk, depth).await.map(|()| true),
            Way::Pipelined => return self.many(conn, chunk).await.map(|()| true),
            Way::Copy(target) => self.copied(conn, target, chunk, depth).await.map(|sum| (sum, Vec::new())),
            Way::MultiValues(insert) => self.multi_values(conn, insert, chunk, depth).await,
            Way::Unnest(statement) => self.unnested(conn, statement, chunk, depth).await,
        };
        let (sum, rows) = match done {
            // PostgreSQL: an `ON CONFLICT DO UPDATE` reaches a row by two items, which it may in two statements only.
            Err(error) if error.sql_state() == SqlState::CARDINALITY => return Ok(false),
            done => done?,
        };
        match &mut self.rows {
            // A trigger has skipped some, and nobody could tell whose the others are.
            Some(_) if rows.len() != items => return Ok(false),
            Some(all) => all.add_each(rows),
            None => {}
        }
        self.outcome.add_several(items, sum);
        Ok(true)
    }

    async fn multi_values(
        &self,
        conn: &mut Connection,
        insert: &Insert<'_>,
        chunk: Range<usize>,
        depth: u32,
    ) -> Result<(u64, Vec<Row>)> {
        let sql = insert.of_rows(chunk.len());
        let full = chunk.len() == self.options.chunk;
        // Only the statement of full chunks is worth keeping.
        let statement = if full { conn.statement(StatementRef::Text(&sql)) } else { PreparedStatement::new(sql) };
        let cells: Cells<'_> = chunk.flat_map(|item| self.batch.cells(item)).collect();
        self.call(conn, &statement, &cells, depth).await
    }

    async fn unnested(
        &self,
        conn: &mut Connection,
        statement: &PreparedStatement,
        chunk: Range<usize>,
        depth: u32,
    ) -> Result<(u64, Vec<Row>)> {
        let arrays = self.batch.columns.iter().map(|column| ValueRef::Array(&column[chunk.clone()]));
        self.call(conn, statement, &arrays.collect::<Cells<'_>>(), depth).await
    }

    /// One call of the driver for several items, each run by itself.
    async fn many(&mut self, conn: &mut Connection, chunk: Range<usize>) -> Result<()> {
        let first = chunk.start;
        let items = self.batch.part(chunk);
        let options = self.call_options();
        let limit = conn.limit(None);
        let watch = conn.watch_batch(self.statement, items);
        let raw = conn.raw_mut();
        let done = match &mut self.rows {
            None => watch.during(limit.during(raw.run_many(self.statement, items, &options))).await.map(|counts| {
                counts.into_iter().for_each(|count| self.outcome.add_one(count));
            }),
            Some(all) => {
                watch.during(limit.during(raw.query_many(self.statement, items, &options))).await.map(|rows| {
                    rows.into_iter().for_each(|rows| all.add_item(rows));
                })
            }
        };
        done.map_err(|error| {
            watch.failed(&error);
            moved(conn.note(error), first).sql_text(self.statement.sql())
        })
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
        copied.await.map_err(|error| moved(error, first))
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

/// The error of an item of a chunk that begins there; one without an index is that of the chunk.
fn moved(error: SqlError, first: usize) -> SqlError {
    match error.batch_index() {
        Some(index) => error.in_batch(first + index),
        None => error,
    }
}
