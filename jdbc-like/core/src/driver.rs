//! The interface that a driver implements: [`Driver`] and [`RawConnection`].
//!
//! It is small on purpose (as Go's `database/sql/driver`): users never call it, they call [`Connection`](crate::Connection), which is concrete.
//! There is one object, the raw connection; statement and cursor are *states* of it, not objects that borrow it. A raw connection runs one
//! statement at a time, held by `&mut`.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

pub use crate::batch::{Batching, Items};
pub use crate::cancel::Canceller;
pub use crate::copy::{Copied, RawCopy};
use crate::error::{Result, SqlError};
use crate::metadata::Capabilities;
pub use crate::metadata::Introspection;
use crate::op::{BoxFuture, Op};
use crate::options::{CallOptions, TransactionOptions};
use crate::placeholder::Placeholders;
use crate::row::Row;
use crate::runner::Runner;
use crate::shape::{Description, Shape};
use crate::statement::PreparedStatement;
use crate::url::{PropertyInfo, Url};
use crate::value::ValueRef;

/// A database driver: makes raw connections from URLs.
///
/// Source: `java.sql.Driver`.
pub trait Driver: Send + Sync + 'static {
    /// The URL schemes it serves, in lower case.
    #[doc(alias = "acceptsURL")]
    fn schemes(&self) -> &[&'static str];

    /// The database's product name, as MyBatis' `databaseId` mapping sees it: `SQLite`, `PostgreSQL`.
    #[doc(alias = "getDatabaseProductName")]
    fn product(&self) -> &'static str;

    /// The options its URLs know.
    #[doc(alias = "getPropertyInfo")]
    fn properties(&self) -> &[PropertyInfo];

    /// How many connections of this URL make sense: `Some(1)` for a private in-memory database, which lives and dies with its connection.
    fn connection_limit(&self, url: &Url) -> Option<usize> {
        let _ = url;
        None
    }

    /// Connects. In [`Mode::Blocking`] all is done in the call, without any async runtime.
    fn connect<'a>(&'a self, url: &'a Url, options: &'a ConnectOptions) -> Op<'a, Result<Box<dyn RawConnection>>>;
}

/// Who will wait for a connection's answers. A connection keeps its mode for life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Tasks of an async runtime.
    Async,
    /// Plain threads; no runtime is needed.
    Blocking,
}

/// How to connect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Who will wait.
    pub mode: Mode,
    /// When the connection must be there; none: the driver's own limit.
    pub deadline: Option<Instant>,
}

impl ConnectOptions {
    /// Options of this mode, without a deadline.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode, deadline: None }
    }

    /// With a deadline.
    #[must_use]
    pub fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }
}

/// One statement to run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Call<'a> {
    /// What to run.
    pub statement: &'a PreparedStatement,
    /// The parameters; their number was checked against the placeholders, unless the driver
    /// [finds them itself](RawConnection::finds_placeholders).
    pub params: &'a [ValueRef<'a>],
    /// Deadline and limits.
    pub options: &'a CallOptions,
}

impl<'a> Call<'a> {
    /// A call of this statement with these parameters.
    #[must_use]
    pub fn new(statement: &'a PreparedStatement, params: &'a [ValueRef<'a>], options: &'a CallOptions) -> Self {
        Self { statement, params, options }
    }
}

/// A statement of a text of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptStatement {
    /// Where it stands in the text.
    pub place: Range<usize>,
    /// How many parameters it takes.
    pub parameters: usize,
}

/// How a started statement goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It returns rows: a cursor is open, [`RawConnection::poll_row`] moves it.
    Rows,
    /// It is done and changed this many rows.
    Count(u64),
}

/// What is under way on a raw connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Nothing: the next operation can start.
    Idle,
    /// A cursor is open.
    Cursor,
    /// An operation was left before its answer was read.
    InFlight,
    /// The connection is lost.
    Broken,
}

/// A step of transaction control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Control<'a> {
    /// `BEGIN` with these options.
    Begin(&'a TransactionOptions),
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`; harmless when no transaction is open.
    Rollback,
    /// `SAVEPOINT` of this depth (2 is the first); see [`savepoint_name`].
    Savepoint(u32),
    /// `RELEASE` of the savepoint of this depth.
    Release(u32),
    /// Back to the savepoint of this depth, and release it.
    RollbackTo(u32),
    /// `PREPARE TRANSACTION` under this name: the transaction leaves the session, and can be committed by any other. Where the database has
    /// two-phase commit.
    Prepare(&'a str),
    /// `COMMIT PREPARED` of this name. Outside of a transaction.
    CommitPrepared(&'a str),
    /// `ROLLBACK PREPARED` of this name. Outside of a transaction.
    RollbackPrepared(&'a str),
}

/// The name of the savepoint of this depth.
#[must_use]
pub fn savepoint_name(depth: u32) -> String {
    format!("batis_{depth}")
}

/// What is known of a connection's database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The product's name: `SQLite`, `PostgreSQL`.
    pub product: &'static str,
    /// The server's or library's version: `15.8`, `3.46.0`.
    #[doc(alias = "getDatabaseProductVersion")]
    pub version: String,
    /// Where the server is: a name, an address, or the path of a socket; none: the database is in the process.
    pub server: Option<String>,
    /// The server's port, if it has one.
    pub port: Option<u16>,
    /// The database's name on its server.
    #[doc(alias = "getCatalog")]
    pub database: Option<String>,
}

impl ConnectionInfo {
    /// Of this product and version.
    #[must_use]
    pub fn new(product: &'static str, version: impl Into<String>) -> Self {
        Self { product, version: version.into(), server: None, port: None, database: None }
    }

    /// On this server.
    #[must_use]
    pub fn on(mut self, server: impl Into<String>, port: Option<u16>) -> Self {
        (self.server, self.port) = (Some(server.into()), port);
        self
    }

    /// Of this database.
    #[must_use]
    pub fn of_database(mut self, name: Option<&str>) -> Self {
        self.database = name.map(str::to_owned);
        self
    }
}

/// A connection as the driver sees it. `Send`, never shared.
///
/// Any future of it may be dropped at any await. What was begun then shows in [`wire`](Self::wire); [`abandon`](Self::abandon) and
/// [`settle`](Self::settle) end it before the next operation. A driver owns no timers: deadlines are enforced by who waits, except that work
/// done inside a call must look at `options.deadline` itself.
pub trait RawConnection: Send + 'static {
    /// What is known of the database.
    fn info(&self) -> &Arc<ConnectionInfo>;

    /// Whether the driver finds the placeholders of a text itself, as a database does that takes `?` as it is, and refuses a wrong number of
    /// parameters (07001); otherwise those of [`PreparedStatement::placeholders`] count.
    fn finds_placeholders(&self) -> bool {
        false
    }

    /// Runs a statement. A statement that returns rows must not run further than its first row before [`poll_row`](Self::poll_row) asks.
    fn start<'a>(&'a mut self, call: Call<'a>) -> Op<'a, Result<Outcome>>;

    /// Moves to the next row; `false`: the result has ended, and the connection is idle again.
    ///
    /// # Errors
    /// The database's error; the cursor has ended then.
    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>>;

    /// A column of the current row, from 0. Null if there is no row or no such column.
    fn value(&self, column: usize) -> ValueRef<'_>;

    /// The columns of the current result, or of the last one. The same `Arc` for each run of a cached statement.
    fn shape(&self) -> &Arc<Shape>;

    /// How many rows the last statement changed, once its rows were read to the end; 0 for a plain select.
    fn affected(&self) -> u64;

    /// The key that the database counted up for the row that was inserted last; none if there is no such thing, or was no row.
    fn last_insert_id(&self) -> Option<i64> {
        None
    }

    /// Prepares a statement and says what it takes and gives, without running it.
    fn describe<'a>(&'a mut self, statement: &'a PreparedStatement) -> Op<'a, Result<Description>>;

    /// Runs a text of any number of statements, without parameters; rows are dropped. The error says which statement it is of
    /// ([`SqlError::in_script`](crate::SqlError::in_script)), and with its place if the driver knows it.
    fn script<'a>(&'a mut self, sql: &'a str, options: &'a CallOptions) -> Op<'a, Result<()>>;

    /// The first statement of a text behind this byte; none if there is no further one. The place of an error counts from there.
    ///
    /// Provided for databases whose statements end at a `;` outside of text, names, comments, parentheses and `begin atomic .. end`.
    fn first_statement<'a>(&'a mut self, sql: &'a Arc<str>, from: usize) -> Op<'a, Result<Option<ScriptStatement>>> {
        let place = crate::sql_text::first_statement(sql, from);
        Op::ready(Ok(place.map(|place| {
            let parameters = Placeholders::of(&sql[place.clone()]).count();
            ScriptStatement { place, parameters }
        })))
    }

    /// Runs a step of transaction control.
    fn control<'a>(&'a mut self, step: Control<'a>) -> Op<'a, Result<()>>;

    /// Whether a transaction is open, as far as the driver can see (also one that was begun by SQL text).
    fn in_transaction(&self) -> bool;

    /// The cheapest round trip that proves the connection alive.
    #[doc(alias = "isValid")]
    fn ping(&mut self) -> Op<'_, Result<()>>;

    /// What is under way.
    fn wire(&self) -> Wire;

    /// Why the connection is lost, if it is and the reason is known.
    fn lost(&self) -> Option<SqlError> {
        None
    }

    /// What the database has said beside its answers since this was asked last: notices and warnings, the oldest first. A bounded number
    /// of them.
    #[doc(alias = "getWarnings")]
    fn take_warnings(&mut self) -> Vec<SqlError> {
        Vec::new()
    }

    /// Ends what is under way without waiting, if that is possible; `true`: the connection is idle.
    fn abandon(&mut self) -> bool;

    /// Begins to roll back to this depth (0: all), without waiting; `true`: nothing that follows can run before it is done. Only when idle.
    fn start_rollback(&mut self, depth: u32) -> bool {
        let _ = depth;
        false
    }

    /// Ends what is under way: cancels it on the server, waits until the server did so, reads what is left.
    fn settle(&mut self) -> Op<'_, Result<()>>;

    /// Who waits on behalf of a blocking caller; none: parking the thread is enough.
    fn runner(&self) -> Option<Arc<dyn Runner>> {
        None
    }

    /// A future that ends at this instant, on the runtime or by the runner that drives the connection; none where only the runner's own
    /// deadline keeps the time.
    fn timer(&self, deadline: Instant) -> Option<BoxFuture<'static, ()>> {
        let _ = deadline;
        None
    }

    /// How long an answer may be waited for before the connection counts as lost, unless the user says otherwise; none: for ever.
    fn network_timeout(&self) -> Option<Duration> {
        None
    }

    /// What can be done for batches beside running one item after the other.
    fn batching(&self) -> Batching {
        Batching::one_by_one()
    }

    /// Runs a statement once for each item of a batch, inside of a transaction: all on the way at once, or one after the other; the counts of
    /// changed rows. Called only if [`batching`](Self::batching) says so. The error of the first item that fails carries its index
    /// ([`SqlError::in_batch`](crate::SqlError::in_batch)).
    fn run_many<'a>(
        &'a mut self,
        statement: &'a PreparedStatement,
        items: Items<'a>,
        options: &'a CallOptions,
    ) -> Op<'a, Result<Vec<u64>>> {
        let _ = (statement, items, options);
        Op::ready(Err(SqlError::unsupported("pipelining")))
    }

    /// The same as [`run_many`](Self::run_many), of a statement that returns rows: those of each item, if the driver pipelines.
    fn query_many<'a>(
        &'a mut self,
        statement: &'a PreparedStatement,
        items: Items<'a>,
        options: &'a CallOptions,
    ) -> Op<'a, Result<Vec<Vec<Row>>>> {
        let _ = (statement, items, options);
        Op::ready(Err(SqlError::unsupported("pipelining")))
    }

    /// The connection as one that copies many rows at once; none where the database has no such thing.
    fn copying(&mut self) -> Option<&mut dyn RawCopy> {
        None
    }

    /// What the database can do.
    fn capabilities(&self) -> &'static Capabilities {
        const NONE: Capabilities = Capabilities::none();
        &NONE
    }

    /// The SQL that answers a question about the database; none where it has no such thing.
    fn introspection(&self, what: Introspection) -> Option<&'static str> {
        let _ = what;
        None
    }

    /// What stops this connection from another thread; none if nothing can.
    fn canceller(&self) -> Option<Arc<dyn Canceller>> {
        None
    }

    /// Says goodbye and closes. Dropping the connection closes it too, without waiting.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;

    /// For [`Connection::raw`](crate::Connection::raw).
    fn as_any(&mut self) -> &mut dyn Any;
}
