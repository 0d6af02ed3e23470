//! [`Connection`]: what users call.

mod returning;
mod settle;
mod transactions;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hashlink::LruCache;

use crate::cancel::{CancelHandle, Gate};
use crate::driver::{Call, ConnectionInfo, Items, Outcome, RawConnection, Wire};
use crate::error::{Result, SqlError};
use crate::limit::Network;
use crate::observe::{Observability, Watch};
use crate::op::Op;
use crate::options::CallOptions;
use crate::params::Params;
use crate::result_set::ResultSet;
use crate::row::{Row, RowRef};
use crate::runner::Runner;
use crate::shape::Description;
use crate::sql_state::SqlState;
use crate::statement::{PreparedStatement, StatementRef, ToStatement};
use crate::to_sql::wrong_parameter_count;
use crate::value::ValueRef;

pub use returning::with_returning;

/// How many SQL texts a connection remembers the handles of.
const STATEMENT_CACHE: usize = 256;

/// A connection to a database. One statement runs at a time, held by `&mut`.
///
/// Any future of it may be dropped: what was left behind is ended by the next operation (cancelled on the server, a transaction rolled back).
///
/// ```no_run
/// # async fn f(manager: batis_dbc::DriverManager) -> batis_dbc::Result<()> {
/// let mut conn = manager.connect("sqlite::memory:").await?;
/// conn.execute("create table t (id integer primary key, name text)", ()).await?;
/// conn.execute("insert into t (name) values (?)", ("Ann",)).await?;
/// let name: String = conn.query_one("select name from t where id = ?", (1,)).await?.get(0)?;
/// # Ok(()) }
/// ```
///
/// Source: `java.sql.Connection` and `Statement`. Unlike there, statements are owned handles that need no closing, and a transaction is
/// begun by name instead of by switching auto-commit off.
pub struct Connection {
    inner: Box<Inner>,
}

struct Inner {
    // A lock that is never taken (only `get_mut`): it makes the connection `Sync` although a driver is not.
    raw: Mutex<Box<dyn RawConnection>>,
    /// How deep the server may be: raised before BEGIN leaves, lowered after the answer of COMMIT.
    depth: u32,
    /// The depth at which operations on the connection itself run: that of `begin`, without the guards'.
    base: u32,
    /// The depth that `commit`, `rollback` and the return to a data source do not go below.
    floor: u32,
    /// The depth that `commit` and `rollback` do not go below either: that of a branch of a transaction over several databases.
    held: u32,
    /// A COMMIT was sent whose answer has not been read.
    committing: bool,
    broken: bool,
    /// The transaction lost against another one and may be run again.
    conflict: bool,
    /// Set once somebody may cancel from outside.
    gate: Option<Arc<Gate>>,
    observability: Observability,
    statements: LruCache<Arc<str>, PreparedStatement>,
    /// The statement of the text that was looked up last.
    last: Option<PreparedStatement>,
    mark: Option<Mark>,
    created: Instant,
    /// Which errors break the connection, where it is not the usual ones.
    verdict: Option<Verdict>,
    // A lock for the same reason as that of `raw`.
    network: Mutex<Network>,
}

/// Says of an error whether the connection on which it was seen must be closed. See [`Connection::set_verdict`].
pub type Verdict = Arc<dyn Fn(&SqlError) -> bool + Send + Sync>;

/// Who lent a connection: the pool's number and the slot. A pool puts it on the connections that it makes and takes back no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The pool's number, never used twice in a process.
    pub pool: u64,
    /// The place in the pool.
    pub slot: u32,
}

/// In which state a connection comes back to its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandBack {
    /// Clean, or its rollback is on the way ahead of anything else: it can be lent again at once.
    Ready,
    /// Something is in flight: [`Connection::settle`] must end first.
    Settle,
    /// It must be closed.
    Broken,
}

impl Connection {
    /// A connection over a driver's raw one.
    #[must_use]
    pub fn new(raw: Box<dyn RawConnection>) -> Self {
        let network = Mutex::new(Network::usual(raw.network_timeout()));
        Self {
            inner: Box::new(Inner {
                raw: Mutex::new(raw),
                depth: 0,
                base: 0,
                floor: 0,
                held: 0,
                committing: false,
                broken: false,
                conflict: false,
                gate: None,
                observability: Observability::default(),
                statements: LruCache::new(STATEMENT_CACHE),
                last: None,
                mark: None,
                created: Instant::now(),
                verdict: None,
                network,
            }),
        }
    }

    #[inline]
    pub(crate) fn raw_mut(&mut self) -> &mut dyn RawConnection {
        &mut **self.inner.raw.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn network_mut(&mut self) -> &mut Network {
        self.inner.network.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares a statement: the database checks it now, and the handle can be used on any connection.
    ///
    /// # Errors
    /// What the database says of the text.
    #[doc(alias = "prepareStatement")]
    pub async fn prepare(&mut self, sql: &str) -> Result<PreparedStatement> {
        let statement = self.statement(StatementRef::Text(sql));
        self.describe(&statement).await?;
        Ok(statement)
    }

    /// What a statement takes and gives, as the database sees it: the types of its parameters (PostgreSQL), and its columns with the table
    /// columns behind them and whether those may be null. Nothing is executed.
    ///
    /// # Errors
    /// What the database says of the text.
    #[doc(alias = "getParameterMetaData")]
    pub async fn describe(&mut self, statement: impl ToStatement) -> Result<Description> {
        let (statement, base) = (self.statement(statement.to_statement()), self.inner.base);
        self.describe_at(base, &statement).await
    }

    pub(crate) async fn describe_at(&mut self, depth: u32, statement: &PreparedStatement) -> Result<Description> {
        self.settle_to(depth).await?;
        let limit = self.limit(None);
        let described = limit.during(self.raw_mut().describe(statement)).await;
        described.map_err(|e| self.note(e).sql_text(Arc::clone(statement.shared_sql())))
    }

    /// Runs a query.
    ///
    /// # Errors
    /// What the database says, or 07001 if the number of parameters is wrong.
    #[doc(alias = "executeQuery")]
    pub async fn query(&mut self, statement: impl ToStatement, params: impl Params) -> Result<ResultSet<'_>> {
        self.query_with(statement, params, &CallOptions::new()).await
    }

    /// Runs a query with a deadline or limits.
    ///
    /// # Errors
    /// As [`query`](Self::query), and 57014 if the deadline passes.
    pub async fn query_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<ResultSet<'_>> {
        let bound = params.bind()?;
        let statement = self.statement(statement.to_statement());
        self.query_cells(&statement, &bound.cells(), options).await
    }

    /// Runs a query whose parameters are cells already.
    ///
    /// # Errors
    /// As [`query_with`](Self::query_with).
    pub async fn query_cells(
        &mut self,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
        options: &CallOptions,
    ) -> Result<ResultSet<'_>> {
        let base = self.inner.base;
        self.query_at(base, statement, params, options).await
    }

    pub(crate) async fn query_at(
        &mut self,
        depth: u32,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
        options: &CallOptions,
    ) -> Result<ResultSet<'_>> {
        let outcome = self.start_at(depth, statement, params, options).await?;
        Ok(ResultSet::new(self, outcome != Outcome::Rows, options.max_rows))
    }

    /// Runs a statement and says how many rows it changed. Rows that it returns are read and dropped; a select changes 0.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    #[doc(alias = "executeUpdate")]
    pub async fn execute(&mut self, statement: impl ToStatement, params: impl Params) -> Result<u64> {
        self.execute_with(statement, params, &CallOptions::new()).await
    }

    /// Runs a statement with a deadline.
    ///
    /// # Errors
    /// As [`query_with`](Self::query_with).
    pub async fn execute_with(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<u64> {
        let bound = params.bind()?;
        let statement = self.statement(statement.to_statement());
        self.execute_cells(&statement, &bound.cells(), options).await
    }

    /// Runs a statement whose parameters are cells already.
    ///
    /// # Errors
    /// As [`query_with`](Self::query_with).
    pub async fn execute_cells(
        &mut self,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
        options: &CallOptions,
    ) -> Result<u64> {
        let base = self.inner.base;
        self.execute_at(base, statement, params, options).await
    }

    pub(crate) async fn execute_at(
        &mut self,
        depth: u32,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
        options: &CallOptions,
    ) -> Result<u64> {
        match self.start_at(depth, statement, params, options).await? {
            Outcome::Count(count) => Ok(count),
            Outcome::Rows => ResultSet::new(self, false, 0).finish().await,
        }
    }

    /// The only row of a query.
    ///
    /// # Errors
    /// As [`query`](Self::query); 02000 if there is no row, 21000 if there are more.
    pub async fn query_one(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Row> {
        self.query_opt(statement, params).await?.ok_or_else(no_row)
    }

    /// The only row of a query, or none.
    ///
    /// # Errors
    /// As [`query`](Self::query); 21000 if there are more rows than one.
    pub async fn query_opt(&mut self, statement: impl ToStatement, params: impl Params) -> Result<Option<Row>> {
        self.query_opt_with(statement, params, |row| Ok(row.to_row())).await
    }

    /// The only row of a query, or none, read in place by a function: nothing is copied.
    ///
    /// # Errors
    /// As [`query_opt`](Self::query_opt), and what the function returns.
    pub async fn query_opt_with<T>(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        f: impl FnOnce(&RowRef<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut rows = self.query(statement, params).await?;
        only_row(&mut rows, f).await
    }

    /// Runs a text of any number of statements, separated by `;`, without parameters. Their rows are dropped; see
    /// [`query_script`](Self::query_script) for those.
    ///
    /// # Errors
    /// The first error; [`SqlError::statement_index`] tells which statement it is of. What ran before it stays, unless a transaction is
    /// open, and except on PostgreSQL, where a script is one transaction if it begins none itself.
    #[doc(alias = "execute")]
    pub async fn execute_script(&mut self, sql: &str) -> Result<()> {
        self.script_at(self.inner.base, sql).await
    }

    pub(crate) async fn script_at(&mut self, depth: u32, sql: &str) -> Result<()> {
        self.settle_to(depth).await?;
        let limit = self.limit(None);
        let run = limit.during(self.raw_mut().script(sql, &CallOptions::new())).await;
        run.map_err(|e| self.in_script(e, sql))
    }

    pub(crate) async fn start_at(
        &mut self,
        depth: u32,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
        options: &CallOptions,
    ) -> Result<Outcome> {
        if !self.is_settled(depth) {
            Box::pin(self.settle_within(depth, options.deadline)).await?;
        }
        self.check_count(statement, params.len())?;
        let limit = self.limit(options.deadline);
        let raw = &mut **self.inner.raw.get_mut().unwrap_or_else(PoisonError::into_inner);
        let watch = Watch::begin(raw, &self.inner.observability, statement, params);
        let started = match raw.start(Call::new(statement, params, options)) {
            // Done in the call: there is nothing to wait for.
            Op::Ready(Some(done)) => done,
            op => watch.during(limit.during(op)).await,
        };
        match started {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                watch.failed(&error);
                let error = Box::pin(self.failed(error, options.deadline)).await;
                Err(error.sql_text(Arc::clone(statement.shared_sql())))
            }
        }
    }

    /// Watches a statement that is run once for each item of a batch.
    pub(crate) fn watch_batch(&mut self, statement: &PreparedStatement, items: Items<'_>) -> Watch {
        let raw = &**self.inner.raw.get_mut().unwrap_or_else(PoisonError::into_inner);
        Watch::begin_batch(raw, &self.inner.observability, statement, items)
    }

    /// Refuses another number of parameters than the statement has placeholders, where batis finds these.
    #[inline]
    pub(crate) fn check_count(&mut self, statement: &PreparedStatement, given: usize) -> Result<()> {
        let expected = statement.placeholders().count();
        let wrong = expected != given && !statement.placeholders().is_empty();
        if wrong && !self.raw_mut().finds_placeholders() {
            return Err(wrong_parameter_count(expected, given).sql_text(Arc::clone(statement.shared_sql())));
        }
        Ok(())
    }

    /// Remembers that an error broke the connection, or that the transaction may be run again.
    pub(crate) fn note(&mut self, error: SqlError) -> SqlError {
        let error = match &self.inner.gate {
            Some(gate) if gate.is_aborted() => aborted(error),
            _ => error,
        };
        self.inner.broken |= match &self.inner.verdict {
            None => error.breaks_connection(),
            Some(verdict) => verdict(&error),
        };
        self.inner.conflict |= error.is_retryable();
        error
    }

    pub(crate) fn statement(&mut self, statement: StatementRef<'_>) -> PreparedStatement {
        match statement {
            StatementRef::Prepared(handle) => handle.clone(),
            // A loop runs the same text again and again.
            StatementRef::Text(sql) => match &self.inner.last {
                Some(last) if last.sql() == sql => last.clone(),
                _ => self.look_up(sql),
            },
        }
    }

    fn look_up(&mut self, sql: &str) -> PreparedStatement {
        let statement = match self.inner.statements.get(sql) {
            Some(known) => known.clone(),
            None => self.remember(sql),
        };
        self.inner.last = Some(statement.clone());
        statement
    }

    #[cold]
    fn remember(&mut self, sql: &str) -> PreparedStatement {
        let statement = PreparedStatement::new(sql);
        self.inner.statements.insert(Arc::clone(statement.shared_sql()), statement.clone());
        statement
    }

    /// Proves the connection alive by the cheapest round trip, after ending what was left behind.
    ///
    /// # Errors
    /// If it is not alive.
    #[doc(alias = "isValid")]
    pub async fn ping(&mut self) -> Result<()> {
        self.settle_to(self.inner.base).await?;
        let limit = self.limit(None);
        let alive = limit.during(self.raw_mut().ping()).await;
        alive.map_err(|e| self.note(e))
    }

    /// Whether the connection is known to be lost. Asks nobody; [`ping`](Self::ping) does.
    #[must_use]
    #[doc(alias = "isClosed")]
    pub fn is_broken(&mut self) -> bool {
        self.inner.broken |= self.inner.gate.as_ref().is_some_and(|gate| gate.is_aborted());
        self.inner.broken || self.raw_mut().wire() == Wire::Broken
    }

    /// A handle that stops what the connection runs, from any thread; none if the driver has none.
    ///
    /// A connection that gave one away pays a look at it before each operation.
    #[must_use]
    #[doc(alias = "cancel")]
    #[doc(alias = "abort")]
    pub fn cancel_handle(&mut self) -> Option<CancelHandle> {
        let canceller = self.raw_mut().canceller()?;
        let gate = self.inner.gate.get_or_insert_default();
        Some(CancelHandle::new(canceller, Arc::clone(gate)))
    }

    /// What the database has said beside its answers since this was asked last, the oldest first: PostgreSQL's notices and warnings (the 64
    /// newest). Asking costs no round trip. SQLite has none.
    ///
    /// Source: `Connection.getWarnings` and `Statement.getWarnings`, with `clearWarnings` in the same step.
    #[doc(alias = "getWarnings")]
    #[doc(alias = "clearWarnings")]
    pub fn warnings(&mut self) -> Vec<SqlError> {
        self.raw_mut().take_warnings()
    }

    /// What is known of the database.
    #[must_use]
    #[doc(alias = "getMetaData")]
    pub fn info(&mut self) -> Arc<ConnectionInfo> {
        Arc::clone(self.raw_mut().info())
    }

    /// Who waits on behalf of a blocking caller; none: parking the thread is enough.
    #[must_use]
    pub fn runner(&mut self) -> Option<Arc<dyn Runner>> {
        self.raw_mut().runner()
    }

    /// Sets what is told of the statements of this connection. Default: a span each, without parameter values.
    #[cfg(feature = "tracing")]
    pub fn set_observability(&mut self, observability: Observability) {
        self.inner.observability = observability;
    }

    /// Whether somebody may cancel or abort from outside, so that there must be a look at it before each operation.
    pub(crate) fn has_canceller(&self) -> bool {
        self.inner.gate.is_some()
    }

    /// Who lent the connection. For pools.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.inner.mark
    }

    /// Says who lends the connection. For pools.
    pub fn set_mark(&mut self, mark: Mark) {
        self.inner.mark = Some(mark);
    }

    /// Decides which errors break the connection, in place of [`SqlError::breaks_connection`]. For pools. A connection whose
    /// wire is lost is broken whatever is said here.
    #[doc(alias = "SQLExceptionOverride")]
    pub fn set_verdict(&mut self, verdict: Verdict) {
        self.inner.verdict = Some(verdict);
    }

    /// When the connection was made.
    #[must_use]
    pub fn created(&self) -> Instant {
        self.inner.created
    }

    /// Says goodbye to the server and closes. Dropping closes too, without waiting.
    pub async fn close(self) {
        let raw = self.inner.raw.into_inner().unwrap_or_else(PoisonError::into_inner);
        raw.close().await;
    }

    /// The driver's own connection, for what batis does not cover. The type is named in the driver's documentation.
    ///
    /// What is done behind batis' back (transactions, settings) must be undone there too.
    #[must_use]
    #[doc(alias = "unwrap")]
    pub fn raw<T: 'static>(&mut self) -> Option<&mut T> {
        self.raw_mut().as_any().downcast_mut()
    }

    /// The driver's own connection, ready for an operation of it: what was left behind is ended first, as before each operation here. For
    /// drivers that can do more than batis knows (functions, backups and blobs of SQLite).
    ///
    /// # Errors
    /// 0A000 if the driver is another one; what ending the rest says.
    pub async fn raw_settled<T: 'static>(&mut self) -> Result<&mut T> {
        self.settle_to(self.inner.base).await?;
        let product = self.raw_mut().info().product;
        self.raw().ok_or_else(|| SqlError::unsupported(format!("an operation of another driver on {product}")))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.debug_struct("Connection").field("depth", &inner.depth).field("broken", &inner.broken).finish_non_exhaustive()
    }
}

/// An abort stopped it: it has failed with its connection, whatever the database or the driver calls that.
#[cold]
fn aborted(error: SqlError) -> SqlError {
    match error.sql_state() {
        SqlState::OUTCOME_UNKNOWN => error,
        _ => SqlError::new(SqlState::CONNECTION_CLOSED, "the connection was aborted by its cancel handle")
            .caused_by(error),
    }
}

/// Reads the only row of a result through a function.
pub(crate) async fn only_row<T>(
    rows: &mut ResultSet<'_>,
    f: impl FnOnce(&RowRef<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if !rows.advance().await? {
        return Ok(None);
    }
    let value = f(&rows.row())?;
    if rows.advance().await? {
        return Err(SqlError::new(SqlState::CARDINALITY, "the query returned more than one row")
            .hint("use `query` for several rows, or add a condition"));
    }
    Ok(Some(value))
}

pub(crate) fn no_row() -> SqlError {
    SqlError::new(SqlState::NO_DATA, "the query returned no row").hint("use `query_opt` where a row may be missing")
}
