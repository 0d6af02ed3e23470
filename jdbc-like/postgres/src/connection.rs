//! [`PostgresConnection`]: the driver's side of a connection.

use std::any::Any;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use batis_dbc::driver::{
    Batching, Call, Canceller, ConnectionInfo, Control, Introspection, Items, Outcome, RawConnection, RawCopy, Wire,
};
use batis_dbc::{
    BoxFuture, CallOptions, Capabilities, Description, Op, PreparedStatement, Result, Row, Runner, Shape, SqlError,
    TimedOut, ValueRef,
};
use tokio_postgres::{Client, Error};

use crate::cache::StatementCache;
use crate::catalog::Catalog;
use crate::control::TransactionState;
use crate::copy_in::Copying;
use crate::cursor::{Cursor, Step};
use crate::error::{Fate, is_fatal};
use crate::host::Host;
use crate::introspection::{self, CAPABILITIES, MOST_PARAMETERS};
use crate::messages::{Inbox, Notice};
use crate::options::Options;
use crate::portal::Portal;
use crate::shared_io::{Driving, Turn};
use crate::target::Role;
use crate::watch::Watch;

/// A connection to PostgreSQL, under `batis_dbc::Connection`: `conn.raw::<PostgresConnection>()`.
pub struct PostgresConnection {
    // Before the cache: without its client a statement that is dropped sends no message to close it.
    pub(crate) client: Arc<Client>,
    pub(crate) cache: StatementCache,
    pub(crate) cursor: Cursor,
    /// Where the rows of the cursor come from, if they come by portions.
    pub(crate) portal: Option<Box<Portal>>,
    /// How many of those there were, for their names.
    pub(crate) portals: u32,
    pub(crate) wire: Wire,
    /// What is copied inwards just now.
    pub(crate) copy: Option<Box<Copying>>,
    pub(crate) affected: u64,
    pub(crate) transaction: TransactionState,
    pub(crate) catalog: Catalog,
    /// A cancel request that is under way. It must end before anything else is sent, since it would hit that.
    pub(crate) fence: Option<BoxFuture<'static, io::Result<()>>>,
    /// The deadline of the open cursor.
    pub(crate) timer: Option<BoxFuture<'static, ()>>,
    /// Drives the connection while a row is waited for.
    turn: Option<Turn>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) fate: Arc<Fate>,
    pub(crate) inbox: Arc<Inbox>,
    /// From which use on a statement has a name; 0: never, -1: always.
    pub(crate) prepare_threshold: i32,
    socket_timeout: Option<Duration>,
    info: Arc<ConnectionInfo>,
    // Last: it closes the socket.
    pub(crate) host: Host,
}

/// What a login gave.
pub(crate) struct Login {
    pub(crate) client: Client,
    pub(crate) watch: Arc<Watch>,
    pub(crate) fate: Arc<Fate>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) info: ConnectionInfo,
    /// What the session is like, if the server said it.
    pub(crate) role: Option<Role>,
}

/// How many rows that have come already are read over to end a result that was left early.
const READ_OVER: usize = 1000;

impl PostgresConnection {
    pub(crate) fn new(login: Login, host: Host, options: &Options) -> Self {
        Self {
            client: Arc::new(login.client),
            cache: StatementCache::new(options.statement_cache, options.statement_cache_bytes),
            cursor: Cursor::new(),
            portal: None,
            portals: 0,
            wire: Wire::Idle,
            copy: None,
            affected: 0,
            transaction: TransactionState::default(),
            catalog: Catalog::default(),
            fence: None,
            timer: None,
            turn: None,
            watch: login.watch,
            fate: login.fate,
            inbox: login.inbox,
            prepare_threshold: options.prepare_threshold,
            socket_timeout: options.socket_timeout,
            info: Arc::new(login.info),
            host,
        }
    }

    /// The tokio-postgres client below, for what batis does not cover.
    ///
    /// Transactions and settings that are begun there must be ended there. Types that not every server has are shown to it as `unknown`.
    /// In blocking mode its futures need the connection's runner: `batis_dbc::block(conn.runner().as_deref(), None, future)`.
    #[cfg(feature = "raw-tokio-postgres-07")]
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the server has said beside its answers since this was asked last, the oldest first: at most the 64 newest.
    ///
    /// `conn.warnings()` of the connection itself gives (and takes) the same as [`SqlError`]s.
    ///
    /// Source: `Statement.getWarnings`.
    #[doc(alias = "getWarnings")]
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.host.nudge();
        self.inbox.take_notices()
    }

    /// Something is sent; what is left of the last statement goes.
    pub(crate) fn begin(&mut self) {
        if self.portal.is_some() {
            self.close_portal();
        }
        self.forget_result();
        self.copy = None;
        self.affected = 0;
        self.wire = Wire::InFlight;
        if self.watch.take_schema_changed() {
            self.cache.forget_named();
            self.catalog.forget_tables();
        }
    }

    /// The answer has come, and with it those to all that was sent before.
    pub(crate) fn answered(&mut self) {
        self.transaction.owed = None;
        self.wire = Wire::Idle;
    }

    /// Nothing more is read of the last statement.
    fn forget_result(&mut self) {
        self.cursor.clear();
        self.portal = None;
        self.timer = None;
    }

    /// The error to report for this one.
    pub(crate) fn failed(&mut self, error: &Error) -> SqlError {
        self.forget_result();
        if is_fatal(error) {
            self.wire = Wire::Broken;
        } else {
            self.answered();
        }
        self.fate.convert(error)
    }

    /// Whether a transaction is open, what was sent to end it left aside.
    pub(crate) fn has_transaction(&self) -> bool {
        self.transaction.owed != Some(0) && self.watch.in_transaction()
    }

    /// An operation of this connection, which drives it while it waits.
    pub(crate) fn operation<'a, T, F>(&'a mut self, operation: impl FnOnce(&'a mut Self) -> F) -> Op<'a, T>
    where
        F: Future<Output = T> + Send + 'a,
    {
        // One that waited for a row and was dropped has no say any more.
        self.turn = None;
        let (turn, threads) = (self.host.turn(), self.host.threads().cloned());
        Op::boxed(Driving::new(operation(self), turn, threads))
    }

    /// Waits for a row, driving the connection.
    #[cold]
    fn await_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(mut turn) = self.turn.take().or_else(|| self.host.turn()) else {
            self.host.threads().inspect(|host| host.stand_in(cx));
            return Poll::Pending;
        };
        let row = turn.poll(cx, |cx| self.next_row(cx));
        if row.is_pending() {
            self.turn = Some(turn);
        }
        row
    }

    fn next_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.wire != Wire::Cursor {
            return Poll::Ready(Ok(false));
        }
        let step = if self.portal.is_none() { self.cursor.poll(cx) } else { self.poll_portal(cx) };
        match step {
            Poll::Ready(Ok(Step::Row)) => Poll::Ready(Ok(true)),
            Poll::Ready(Ok(Step::End(count))) => {
                self.ended(count);
                Poll::Ready(Ok(false))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.row_failed(&error))),
            Poll::Pending => self.look_at_timer(cx),
        }
    }

    fn ended(&mut self, count: u64) {
        // Of statements with rows only these change some: INSERT, UPDATE, DELETE, MERGE. `SELECT 3` counts what was read.
        self.affected = if matches!(self.watch.tag(), b'I' | b'U' | b'D' | b'M') { count } else { 0 };
        self.timer = None;
        self.wire = Wire::Idle;
        if self.portal.is_some() {
            self.close_portal();
        }
    }

    #[cold]
    fn row_failed(&mut self, error: &Error) -> SqlError {
        let told = self.failed(error);
        match &self.cursor.plan.sql {
            Some(sql) => told.sql_text(Arc::clone(sql)),
            None => told,
        }
    }

    fn look_at_timer(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let passed = self.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if !passed {
            return Poll::Pending;
        }
        // What a portal asked for is cancelled, and the transaction fails with it. Nobody waits for that here: the next operation does.
        self.forget_result();
        self.wire = Wire::InFlight;
        self.fence = Some(self.host.cancel(self.client.cancel_token()));
        Poll::Ready(Err(TimedOut.into_error()))
    }

    /// Reads over rows that have come already (of a result in portions: of this portion); whether that was all.
    fn read_over(&mut self) -> bool {
        if self.portal.as_ref().is_some_and(|portal| portal.is_asked()) {
            return false;
        }
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut nudged = false;
        for _ in 0..READ_OVER {
            match self.cursor.poll(&mut cx) {
                Poll::Ready(Ok(Step::Row)) => {}
                Poll::Ready(Ok(Step::End(count))) => {
                    self.ended(count);
                    return true;
                }
                Poll::Ready(Err(error)) => {
                    self.failed(&error);
                    return self.wire == Wire::Idle;
                }
                Poll::Pending if nudged => return false,
                Poll::Pending => {
                    self.host.nudge();
                    nudged = true;
                }
            }
        }
        false
    }

    fn queue_rollback(&mut self, depth: u32) -> bool {
        if self.client.is_closed() {
            return false;
        }
        let open = self.has_transaction();
        if let Some(text) = self.transaction.start_rollback(depth, open) {
            send_unanswered(&self.client, &text);
            self.host.nudge();
        }
        true
    }
}

/// Puts a text on its way, ahead of all that follows: the first poll does that. Nobody waits for the answer.
pub(crate) fn send_unanswered(client: &Client, text: &str) {
    let mut sent = pin!(client.batch_execute(text));
    let _ = sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

impl RawConnection for PostgresConnection {
    fn info(&self) -> &Arc<ConnectionInfo> {
        &self.info
    }

    #[inline]
    fn start<'a>(&'a mut self, call: Call<'a>) -> Op<'a, Result<Outcome>> {
        self.operation(|conn| conn.run(call))
    }

    #[inline]
    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.turn.is_none()
            && let Poll::Ready(row) = self.next_row(cx)
        {
            return Poll::Ready(row);
        }
        self.await_row(cx)
    }

    #[inline]
    fn value(&self, column: usize) -> ValueRef<'_> {
        self.cursor.value(column)
    }

    #[inline]
    fn shape(&self) -> &Arc<Shape> {
        &self.cursor.plan.shape
    }

    fn affected(&self) -> u64 {
        self.affected
    }

    fn describe<'a>(&'a mut self, statement: &'a PreparedStatement) -> Op<'a, Result<Description>> {
        self.operation(|conn| conn.describe_statement(statement))
    }

    fn script<'a>(&'a mut self, sql: &'a str, _: &'a CallOptions) -> Op<'a, Result<()>> {
        self.operation(|conn| conn.run_script(sql))
    }

    fn control<'a>(&'a mut self, step: Control<'a>) -> Op<'a, Result<()>> {
        self.operation(|conn| conn.run_control(step))
    }

    fn in_transaction(&self) -> bool {
        self.has_transaction()
    }

    fn ping(&mut self) -> Op<'_, Result<()>> {
        self.operation(|conn| conn.check())
    }

    fn wire(&self) -> Wire {
        if self.client.is_closed() { Wire::Broken } else { self.wire }
    }

    fn abandon(&mut self) -> bool {
        self.turn = None;
        match self.wire {
            Wire::Idle => true,
            Wire::Cursor => self.read_over(),
            Wire::InFlight => self.drop_copy(),
            Wire::Broken => false,
        }
    }

    fn start_rollback(&mut self, depth: u32) -> bool {
        self.queue_rollback(depth)
    }

    fn settle(&mut self) -> Op<'_, Result<()>> {
        self.operation(|conn| conn.end_what_runs())
    }

    fn runner(&self) -> Option<Arc<dyn Runner>> {
        Some(self.host.runner())
    }

    fn timer(&self, deadline: Instant) -> Option<BoxFuture<'static, ()>> {
        Some(self.host.timer(deadline))
    }

    fn lost(&self) -> Option<SqlError> {
        self.fate.told()
    }

    fn take_warnings(&mut self) -> Vec<SqlError> {
        self.take_notices().into_iter().map(Notice::into_warning).collect()
    }

    fn network_timeout(&self) -> Option<Duration> {
        self.socket_timeout
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn introspection(&self, what: Introspection) -> Option<&'static str> {
        introspection::sql(what)
    }

    fn batching(&self) -> Batching {
        Batching::all(MOST_PARAMETERS)
    }

    fn run_many<'a>(
        &'a mut self,
        statement: &'a PreparedStatement,
        items: Items<'a>,
        options: &'a CallOptions,
    ) -> Op<'a, Result<Vec<u64>>> {
        self.operation(|conn| conn.pipeline(statement, items, options))
    }

    fn query_many<'a>(
        &'a mut self,
        statement: &'a PreparedStatement,
        items: Items<'a>,
        options: &'a CallOptions,
    ) -> Op<'a, Result<Vec<Vec<Row>>>> {
        self.operation(|conn| conn.pipeline_rows(statement, items, options))
    }

    fn copying(&mut self) -> Option<&mut dyn RawCopy> {
        Some(self)
    }

    fn canceller(&self) -> Option<Arc<dyn Canceller>> {
        Some(self.host.canceller(self.client.cancel_token()))
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        if !matches!(self.wire, Wire::InFlight | Wire::Cursor) {
            let said = self.host.goodbye(self.wire == Wire::Idle);
            drop(self);
            return said;
        }
        let cancelled = self.host.cancel(self.client.cancel_token());
        // Nothing is left to do for the destructor.
        self.wire = Wire::Broken;
        drop(self);
        Box::pin(async {
            // Where no cancel request can be sent the statement runs to its end, as after any lost connection.
            let _ = cancelled.await;
        })
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        if matches!(self.wire, Wire::InFlight | Wire::Cursor) {
            self.host.leave(self.client.cancel_token());
        }
    }
}

impl std::fmt::Debug for PostgresConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresConnection").field("wire", &self.wire).finish_non_exhaustive()
    }
}
