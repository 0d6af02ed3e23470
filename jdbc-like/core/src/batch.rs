//! [`Batch`]: one statement with many sets of parameters, run the fastest way that the statement and the database allow.

mod insert;
mod items;
mod rows;
mod run;
mod way;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use crate::error::{Result, SqlError};
use crate::params::{Cells, Params};
use crate::sql_state::SqlState;
use crate::statement::{PreparedStatement, StatementRef};
use crate::value::Value;

pub use items::Items;
pub use rows::BatchRows;

/// One statement with many sets of parameters.
///
/// ```no_run
/// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
/// let mut batch = batis_dbc::Batch::new("insert into users (id, name) values (?, ?)");
/// for (id, name) in [(1, "Ann"), (2, "Bob")] {
///     batch.add((id, name))?;
/// }
/// let outcome = conn.execute_batch(&batch).await?;
/// assert_eq!(outcome.total(), 2);
/// # Ok(()) }
/// ```
///
/// The values are copied, and kept column by column: 24 bytes for each, and the text.
///
/// Source: `addBatch` and `executeBatch` of JDBC, with pgjdbc's rewriting of inserts and more.
#[doc(alias = "addBatch")]
#[derive(Clone, Debug)]
pub struct Batch {
    statement: PreparedStatement,
    /// Made of a text: a connection may know that text by another handle.
    by_text: bool,
    columns: Vec<Vec<Value>>,
    items: usize,
}

impl Batch {
    /// A batch of this text without items.
    #[must_use]
    pub fn new(sql: impl Into<Arc<str>>) -> Self {
        Self { by_text: true, ..Self::of(&PreparedStatement::new(sql)) }
    }

    /// A batch of this statement without items.
    #[must_use]
    pub fn of(statement: &PreparedStatement) -> Self {
        Self { statement: statement.clone(), by_text: false, columns: Vec::new(), items: 0 }
    }

    /// Adds a set of parameters, as many as the first one has. Whether the statement takes so many its database says when the batch is run:
    /// `?1, ?1` is one parameter in SQLite.
    ///
    /// # Errors
    /// 07001 if the first item has another number of them; if a value has no SQL form. [`SqlError::batch_index`] tells the item.
    #[doc(alias = "addBatch")]
    pub fn add(&mut self, params: impl Params) -> Result<()> {
        let mut bound = params.bind().map_err(|error| error.in_batch(self.items))?;
        if self.items == 0 {
            self.columns.resize_with(bound.len(), Vec::new);
        }
        if bound.len() != self.columns.len() {
            return Err(self.uneven(bound.len()));
        }
        for (column, value) in self.columns.iter_mut().zip(bound.take_values()) {
            column.push(value);
        }
        self.items += 1;
        Ok(())
    }

    #[cold]
    fn uneven(&self, given: usize) -> SqlError {
        let text = format!("each item before has {} parameter(s), but {given} were given", self.columns.len());
        let error = SqlError::new(SqlState::WRONG_PARAMETER_COUNT, text).in_batch(self.items);
        error.sql_text(Arc::clone(self.statement.shared_sql()))
    }

    /// The statement.
    #[must_use]
    pub fn statement(&self) -> &PreparedStatement {
        &self.statement
    }

    /// How many sets of parameters there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items
    }

    /// Whether there is no set of parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Forgets the sets of parameters; the statement stays.
    #[doc(alias = "clearBatch")]
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
        self.items = 0;
    }

    /// The statement as a connection is to find it.
    fn reference(&self) -> StatementRef<'_> {
        if self.by_text { StatementRef::Text(self.statement.sql()) } else { StatementRef::Prepared(&self.statement) }
    }

    /// The parameters of one item.
    fn cells(&self, item: usize) -> Cells<'_> {
        self.part(item..item + 1).params(0).collect()
    }

    /// Some of the items, as drivers take them.
    fn part(&self, range: Range<usize>) -> Items<'_> {
        Items::new(&self.columns, range)
    }
}

/// How the items of a batch reach the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BatchStrategy {
    /// What is fastest for the statement and the database.
    #[default]
    Auto,
    /// A call for each item.
    OneByOne,
    /// A call for each item, all on the way at once.
    Pipelined,
    /// `VALUES (..), (..), ..`: inserts, also with `ON CONFLICT`.
    #[doc(alias = "reWriteBatchedInserts")]
    MultiValues,
    /// An array for each column, taken apart by the database's `unnest`: plain inserts on PostgreSQL.
    Unnest,
    /// `COPY`: plain inserts on PostgreSQL, all items in one call. Fastest, and never chosen by `Auto`, since the database's rules (`CREATE
    /// RULE`) do not see the rows.
    Copy,
}

/// How a batch is run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchOptions {
    /// How the items reach the database. Default: the fastest way. One that does not fit the statement or database is an error (0A000).
    pub strategy: BatchStrategy,
    /// All items or none, in a transaction of its own (inside of one: a savepoint). Otherwise what is before the failing item stays.
    /// Default true.
    pub atomic: bool,
    /// Items in one call of the rewriting strategies, at most. Default 1024.
    pub chunk: usize,
    /// When the whole batch must be over; none: never.
    pub deadline: Option<Instant>,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { strategy: BatchStrategy::Auto, atomic: true, chunk: 1024, deadline: None }
    }
}

impl BatchOptions {
    /// All or nothing, the fastest way.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the items reach the database.
    #[must_use]
    pub fn strategy(mut self, strategy: BatchStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets whether it is all items or none.
    #[must_use]
    pub fn atomic(mut self, atomic: bool) -> Self {
        self.atomic = atomic;
        self
    }

    /// Sets how many items go into one call at most; 0 counts as 1.
    #[must_use]
    pub fn chunk(mut self, items: usize) -> Self {
        self.chunk = items.max(1);
        self
    }

    /// Sets when the whole batch must be over.
    #[must_use]
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

/// What a batch did.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BatchOutcome {
    /// Rows changed by each item; none where the database told only the sum of several.
    #[doc(alias = "SUCCESS_NO_INFO")]
    pub counts: Vec<Option<u64>>,
    /// How the items reached the database; but a chunk that it refused as a whole, which it may not do, went item by item.
    pub strategy: BatchStrategy,
    total: u64,
}

impl BatchOutcome {
    /// Rows changed by all items.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    fn add_one(&mut self, count: u64) {
        self.counts.push(Some(count));
        self.total += count;
    }

    /// The sum of several items: when it is their number, each of them changed a row.
    fn add_several(&mut self, items: usize, sum: u64) {
        let each = (usize::try_from(sum) == Ok(items)).then_some(1);
        self.counts.extend(std::iter::repeat_n(each, items));
        self.total += sum;
    }
}

/// What a driver can do for batches beside running one item after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Batching {
    /// Several calls may be on the way at once: [`run_many`](crate::driver::RawConnection::run_many) and
    /// [`query_many`](crate::driver::RawConnection::query_many) do so.
    pub pipelines: bool,
    /// [`run_many`](crate::driver::RawConnection::run_many) runs one item after the other, cheaper than by a call for each.
    pub repeats: bool,
    /// Inserting several rows by one `VALUES` is faster than one by one.
    pub multi_values: bool,
    /// `unnest` of array parameters works.
    pub unnest: bool,
    /// Parameters that one call may have.
    pub most_parameters: usize,
}

impl Batching {
    /// One item after the other is best.
    #[must_use]
    pub fn one_by_one() -> Self {
        Self::default()
    }

    /// One item after the other is best, by [`run_many`](crate::driver::RawConnection::run_many).
    #[must_use]
    pub fn repeating() -> Self {
        Self { repeats: true, ..Self::default() }
    }

    /// All ways, with this many parameters in a call at most.
    #[must_use]
    pub fn all(most_parameters: usize) -> Self {
        Self { pipelines: true, repeats: false, multi_values: true, unnest: true, most_parameters }
    }
}

impl fmt::Display for BatchStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::OneByOne => "one by one",
            Self::Pipelined => "pipelined",
            Self::MultiValues => "multi-values",
            Self::Unnest => "unnest",
            Self::Copy => "copy",
        })
    }
}
