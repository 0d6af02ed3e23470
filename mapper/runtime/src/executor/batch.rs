//! Batches: the items of one statement. Those that follow each other and have the same text are one batch of the driver.

use std::sync::Arc;

use batis_dbc::{Batch, BatchOptions, BatchRows, BatchStrategy, SqlError, TransactionOptions};
use batis_script::{Keys, Value};

use super::Executor;
use super::keys::{key_columns, returning};
use crate::batch_result::BatchResult;
use crate::cache::Flush;
use crate::error::{Error, ErrorKind, Result};
use crate::interceptor::Outcome;
use crate::keys::GeneratedKeys;
use crate::mapped_statement::MappedStatement;
use crate::run::Run;
use crate::statement_handler::StatementHandler;

/// Fewer items than this are calls of their own where other groups stand beside them: a batch sets savepoints, which cost as much.
const FEW: usize = 4;

/// Items that follow each other and have the same text.
struct Group {
    /// As it was rendered.
    sql: Box<str>,
    first: usize,
    batch: Batch,
}

/// The keys that come with the rows of a statement: `keyProperty` and `keyColumn`.
#[derive(Clone, Copy)]
struct Returned<'s> {
    properties: &'s [Arc<str>],
    columns: &'s [Arc<str>],
}

impl Executor<'_> {
    /// Runs a statement once for each item, and empties its cache.
    ///
    /// Source: `BatchExecutor` of MyBatis, which also goes on with the last statement only, so that the order stays.
    pub(crate) async fn batch(
        &mut self,
        statement: &MappedStatement,
        items: &mut [Value],
        options: BatchOptions,
    ) -> Result<BatchResult> {
        let flush = self.changes(statement);
        let done = self.items(statement, items, options).await;
        Flush::ended(flush, &done);
        done
    }

    async fn items(
        &mut self,
        statement: &MappedStatement,
        items: &mut [Value],
        mut options: BatchOptions,
    ) -> Result<BatchResult> {
        options.deadline = options.deadline.or(statement.options().deadline);
        self.deadline = options.deadline;
        let mut done = BatchResult::of(statement);
        let returned = match &statement.statement().keys {
            Keys::Select(key) if !key.properties.is_empty() => {
                self.with_key_queries(statement, items, &options, &mut done).await?;
                return Ok(done);
            }
            Keys::Generated { properties, columns } if !properties.is_empty() => Some(Returned { properties, columns }),
            _ => None,
        };
        let groups = groups(statement, items, returned)?;
        if groups.len() == 1 || !options.atomic {
            for group in &groups {
                self.group(statement, group, returned, &options, &mut done).await?;
            }
            return Ok(done);
        }
        self.begin(statement).await?;
        let all = self.groups(statement, items, &groups, returned, &options, &mut done).await;
        self.end(statement, all).await?;
        Ok(done)
    }

    /// All groups, in a transaction that was begun for them.
    async fn groups(
        &mut self,
        statement: &MappedStatement,
        items: &mut [Value],
        groups: &[Group],
        returned: Option<Returned<'_>>,
        options: &BatchOptions,
        done: &mut BatchResult,
    ) -> Result<()> {
        for group in groups {
            let range = group.first..group.first + group.batch.len();
            if options.strategy == BatchStrategy::Auto && range.len() < FEW {
                self.one_by_one(statement, &mut items[range], group.first, done).await?;
            } else {
                self.group(statement, group, returned, options, done).await?;
            }
        }
        Ok(())
    }

    async fn group(
        &mut self,
        statement: &MappedStatement,
        group: &Group,
        returned: Option<Returned<'_>>,
        options: &BatchOptions,
        done: &mut BatchResult,
    ) -> Result<()> {
        let sql = group.batch.statement().sql();
        let run = Run::begin(statement, sql, self.connection).await?;
        let before = done.total();
        match self.run_group(group, returned, options, done).await {
            Ok(()) => {
                run.finished(Outcome::Changed(done.total() - before));
                Ok(())
            }
            Err(error) => {
                let error = statement.blame(error).with_sql(sql);
                run.finished(Outcome::Failed(&error));
                Err(error)
            }
        }
    }

    async fn run_group(
        &mut self,
        group: &Group,
        returned: Option<Returned<'_>>,
        options: &BatchOptions,
        done: &mut BatchResult,
    ) -> Result<()> {
        let failed = |error: SqlError| match error.batch_index() {
            Some(index) => error.in_batch(group.first + index),
            None => error,
        };
        match returned {
            None => {
                let ran = self.connection.execute_batch_with(&group.batch, options).await;
                done.add_counts(ran.map_err(failed)?);
                Ok(())
            }
            Some(returned) => {
                let ran = self.connection.execute_batch_returning_with(&group.batch, &[], options).await;
                returned.read(&ran.map_err(failed)?, done)
            }
        }
    }

    /// Each item with the query for its key, which is true for the item that ran last only.
    async fn with_key_queries(
        &mut self,
        statement: &MappedStatement,
        items: &mut [Value],
        options: &BatchOptions,
        done: &mut BatchResult,
    ) -> Result<()> {
        if !matches!(options.strategy, BatchStrategy::Auto | BatchStrategy::OneByOne) {
            let message = format!("the batch strategy `{}` with a <selectKey> is not supported", options.strategy);
            return Err(statement.blame(Error::new(ErrorKind::Unsupported, message).hint(
                "its items run one by one, each with the query for its key; useGeneratedKeys=\"true\" needs none",
            )));
        }
        let together = if options.atomic { items.len().max(1) } else { 1 };
        for (nth, items) in items.chunks_mut(together).enumerate() {
            self.begin(statement).await?;
            let all = self.one_by_one(statement, items, nth * together, done).await;
            self.end(statement, all).await?;
        }
        Ok(())
    }

    async fn one_by_one(
        &mut self,
        statement: &MappedStatement,
        items: &mut [Value],
        first: usize,
        done: &mut BatchResult,
    ) -> Result<()> {
        for (nth, item) in items.iter_mut().enumerate() {
            let (count, keys) = self.update(statement, item).await.map_err(|e| e.in_batch(first + nth))?;
            done.add_item(count, keys);
        }
        Ok(())
    }

    /// Begins a transaction; inside of one, a savepoint. If the future is dropped before [`end`](Self::end), whoever has the connection next
    /// rolls back.
    async fn begin(&mut self, statement: &MappedStatement) -> Result<()> {
        self.connection.begin(&TransactionOptions::new()).await.map_err(|e| statement.blame(e.into()))
    }

    async fn end(&mut self, statement: &MappedStatement, done: Result<()>) -> Result<()> {
        match done {
            Ok(()) => self.connection.commit().await.map_err(|e| statement.blame(e.into())),
            Err(error) => {
                // The item's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
                let _ = self.connection.rollback().await;
                Err(error)
            }
        }
    }
}

/// Renders all items.
fn groups(statement: &MappedStatement, items: &[Value], returned: Option<Returned<'_>>) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for (nth, item) in items.iter().enumerate() {
        add(&mut groups, statement, nth, item, returned).map_err(|e| e.in_batch(nth))?;
    }
    Ok(groups)
}

fn add(
    groups: &mut Vec<Group>,
    statement: &MappedStatement,
    nth: usize,
    item: &Value,
    returned: Option<Returned<'_>>,
) -> Result<()> {
    let call = StatementHandler::prepare(statement, item)?;
    match groups.last_mut().filter(|last| *last.sql == *call.sql()) {
        Some(last) => call.add_to(&mut last.batch),
        None => {
            let mut batch = match returned {
                None => call.batch(),
                Some(returned) => Batch::new(returning(call.sql(), returned.columns).map_err(|e| call.failed(e))?),
            };
            call.add_to(&mut batch)?;
            groups.push(Group { sql: call.sql().into(), first: nth, batch });
            Ok(())
        }
    }
}

impl Returned<'_> {
    /// The keys of each item, by its rows.
    fn read(self, rows: &BatchRows, done: &mut BatchResult) -> Result<()> {
        let Some(first) = rows.rows().first() else {
            rows.iter().for_each(|_| done.add_item(0, GeneratedKeys::default()));
            return Ok(());
        };
        let places = key_columns(first.shape(), self.properties, self.columns)?;
        let properties: Arc<[Arc<str>]> = self.properties.into();
        for rows in rows.iter() {
            let keys = rows.iter().map(|row| places.iter().map(|at| row.values()[*at].clone()).collect()).collect();
            let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            done.add_item(count, GeneratedKeys { properties: Arc::clone(&properties), rows: keys });
        }
        Ok(())
    }
}
