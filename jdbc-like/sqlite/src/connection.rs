//! [`SqliteConnection`]: the driver's side of a connection.

use std::any::Any;
use std::iter;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use batis_dbc::driver::{
    Batching, Call, Canceller, ConnectionInfo, Control, Introspection, Items, Outcome, RawConnection, ScriptStatement,
    Wire,
};
use batis_dbc::{
    BoxFuture, CallOptions, Capabilities, Description, LockMode, Op, PreparedStatement, Result, Shape, SqlError,
    SqlState, SqlType, ValueRef,
};

use crate::accesses;
use crate::busy::Limits;
use crate::cache::{Slot, StatementCache};
use crate::control::{Texts, TransactionState};
use crate::introspection::{self, CAPABILITIES};
use crate::nullable;
use crate::options::Options;
use crate::script;
use crate::statement::{Statement, Step, Use};

/// A connection to a SQLite database, under `batis_dbc::Connection`: `conn.raw::<SqliteConnection>()`.
pub struct SqliteConnection {
    // Before `db`, so that all statements are finalized when the database closes.
    cache: StatementCache,
    db: rusqlite::Connection,
    info: Arc<ConnectionInfo>,
    no_columns: Arc<Shape>,
    cursor: Cursor,
    /// The place of the last statement in the cache.
    current: usize,
    /// The place of the statement whose current row may be read; `NOWHERE` if there is no row.
    readable: usize,
    affected: u64,
    /// SQLite's running total before the statement, by which statements that change no rows are known.
    changes_before: u64,
    transaction: TransactionState,
    texts: Texts,
    limits: Limits,
    lock: LockMode,
}

/// No place in the cache.
const NOWHERE: usize = usize::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    Idle,
    /// On the first row, which nobody asked for yet.
    First,
    /// On a row, or before the next one.
    Open,
}

impl SqliteConnection {
    pub(crate) fn new(db: rusqlite::Connection, options: &Options, limits: Limits) -> Self {
        Self {
            cache: StatementCache::new(options.statement_cache),
            db,
            info: Arc::new(ConnectionInfo::new("SQLite", rusqlite::version())),
            no_columns: Arc::default(),
            cursor: Cursor::Idle,
            current: NOWHERE,
            readable: NOWHERE,
            affected: 0,
            changes_before: 0,
            transaction: TransactionState::default(),
            texts: Texts::new(),
            limits,
            lock: options.lock,
        }
    }

    /// The `rusqlite` connection; `with_rusqlite` reaches it in both threading modes. By reference only: it and the statements of batis
    /// must not be parted.
    ///
    /// Transactions and settings that are begun there must be ended there. In async mode SQLite does not wait for locks in there;
    /// `with_rusqlite` sees to it that it does.
    #[cfg(feature = "raw-rusqlite-042")]
    #[must_use]
    pub fn rusqlite(&self) -> &rusqlite::Connection {
        &self.db
    }

    /// Work with the `rusqlite` connection, in which SQLite itself waits for locks.
    #[cfg(feature = "raw-rusqlite-042")]
    pub(crate) fn waiting<T>(&mut self, work: impl FnOnce(&rusqlite::Connection) -> Result<T>) -> Result<T> {
        self.limits.waiting(&mut self.db, work)
    }

    #[inline]
    fn run(&mut self, call: Call<'_>) -> Result<Outcome> {
        self.end_cursor();
        self.transaction.check()?;
        let place = place(&mut self.cache, &self.db, call.statement)?;
        self.current = place;
        if call.options.deadline.is_some() {
            self.limits.set(&mut self.db, call.options.deadline)?;
        }
        match self.run_at(place, call.params) {
            Ok(outcome) => {
                if self.cursor == Cursor::Idle {
                    self.limits.clear(&mut self.db);
                }
                Ok(outcome)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    #[inline]
    fn run_at(&mut self, place: usize, params: &[ValueRef<'_>]) -> Result<Outcome> {
        let Some(slot) = self.cache.get_mut(place) else { return Err(vanished()) };
        check_count(slot.statement.parameters(), params.len())?;
        self.transaction.allow(&slot.statement)?;
        self.affected = 0;
        if !slot.statement.returns_rows() {
            self.affected = self.execute_at(place, params.iter().copied())?;
            return Ok(Outcome::Count(self.affected));
        }
        if !slot.statement.is_read_only() {
            self.changes_before = self.db.total_changes();
        }
        let first = slot.statement.open(params)?;
        slot.look_again();
        match first {
            Step::Row => self.cursor = Cursor::First,
            Step::Done => self.ended(),
        }
        Ok(Outcome::Rows)
    }

    /// Runs a statement to its end; how many rows it changed.
    #[inline]
    fn execute_at<'p>(&mut self, place: usize, params: impl Iterator<Item = ValueRef<'p>>) -> Result<u64> {
        let Some(slot) = self.cache.get_mut(place) else { return Err(vanished()) };
        if slot.statement.is_read_only() {
            slot.statement.execute(params)?;
            self.transaction.typed(self.db.is_autocommit());
            return Ok(0);
        }
        let before = self.db.total_changes();
        slot.statement.execute(params)?;
        Ok(self.changed_since(before))
    }

    /// How many rows the last statement changed, which began at this running total.
    #[inline]
    fn changed_since(&self, before: u64) -> u64 {
        if self.db.total_changes() == before { 0 } else { self.db.changes() }
    }

    /// Runs a statement for each item behind those that are counted already.
    fn repeat(
        &mut self,
        statement: &PreparedStatement,
        items: Items<'_>,
        options: &CallOptions,
        counts: &mut Vec<u64>,
    ) -> Result<()> {
        self.end_cursor();
        self.transaction.check()?;
        let place = place(&mut self.cache, &self.db, statement)?;
        self.current = place;
        self.limits.set(&mut self.db, options.deadline)?;
        match self.repeat_at(place, items, counts) {
            Ok(()) => {
                self.limits.clear(&mut self.db);
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn repeat_at(&mut self, place: usize, items: Items<'_>, counts: &mut Vec<u64>) -> Result<()> {
        let Some(slot) = self.cache.get_mut(place) else { return Err(vanished()) };
        check_count(slot.statement.parameters(), items.parameters())?;
        self.transaction.allow(&slot.statement)?;
        for item in counts.len()..items.len() {
            counts.push(self.execute_at(place, items.params(item))?);
        }
        Ok(())
    }

    /// The cursor has come to its end.
    #[inline]
    fn ended(&mut self) {
        if let Some(slot) = self.cache.get_mut(self.current) {
            let writes = !slot.statement.is_read_only();
            slot.statement.reset();
            if writes {
                self.affected = self.changed_since(self.changes_before);
            }
        }
        self.cursor = Cursor::Idle;
        self.readable = NOWHERE;
        self.limits.clear(&mut self.db);
    }

    /// Ends a cursor that was left early.
    #[inline]
    fn end_cursor(&mut self) {
        if self.cursor != Cursor::Idle {
            self.ended();
        }
    }

    #[cold]
    fn failed(&mut self, error: SqlError) -> SqlError {
        let error = self.limits.explain(error);
        self.limits.clear(&mut self.db);
        self.transaction.failed(self.db.is_autocommit());
        error
    }

    #[inline]
    fn next_row(&mut self) -> Result<bool> {
        match self.cursor {
            Cursor::Idle => return Ok(false),
            Cursor::First => {
                self.cursor = Cursor::Open;
                self.readable = self.current;
                return Ok(true);
            }
            Cursor::Open => {}
        }
        let Some(slot) = self.cache.get_mut(self.current) else { return Err(vanished()) };
        match slot.statement.step() {
            Ok(Step::Row) => Ok(true),
            Ok(Step::Done) => {
                self.ended();
                Ok(false)
            }
            Err(error) => {
                slot.statement.reset();
                let error = error.sql_text(Arc::clone(&slot.sql));
                self.cursor = Cursor::Idle;
                self.readable = NOWHERE;
                Err(self.failed(error))
            }
        }
    }

    fn run_control(&mut self, step: Control<'_>) -> Result<()> {
        self.end_cursor();
        let autocommit = self.db.is_autocommit();
        for text in self.transaction.texts(step, autocommit, self.lock, &mut self.texts)? {
            let place = place(&mut self.cache, &self.db, text)?;
            let Some(slot) = self.cache.get_mut(place) else { return Err(vanished()) };
            slot.statement.execute(iter::empty())?;
        }
        self.transaction.done(step);
        Ok(())
    }

    /// Does it in the call, and only if it meets another connection's lock in async code, again and again.
    #[inline]
    fn patiently<'a, T: Send + 'a>(
        &'a mut self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Self) -> Result<T> + Send + 'a,
    ) -> Op<'a, Result<T>> {
        match attempt(self) {
            Ok(done) => Op::ready(Ok(done)),
            Err(error) => match self.limits.patience(&error, deadline) {
                None => Op::ready(Err(error)),
                Some(patience) => Op::boxed(patience.again(move || attempt(self))),
            },
        }
    }

    fn run_script(&mut self, sql: &str, options: &CallOptions) -> Result<()> {
        self.end_cursor();
        self.transaction.check()?;
        self.limits.set(&mut self.db, options.deadline)?;
        let run = |db: &rusqlite::Connection| script::run(db, sql, |statement| self.transaction.allow(statement));
        match self.limits.waiting(&mut self.db, run) {
            Ok(()) => {
                self.limits.clear(&mut self.db);
                self.transaction.typed(self.db.is_autocommit());
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn look_at(&mut self, statement: &PreparedStatement) -> Result<Description> {
        self.end_cursor();
        let (accesses, shape) = accesses::of(&mut self.db, statement.sql())?;
        let place = place(&mut self.cache, &self.db, statement)?;
        let Some(slot) = self.cache.get(place) else { return Err(vanished()) };
        let shape = nullable::told(&self.db, &shape)?;
        let description = Description::new(vec![SqlType::Null; slot.statement.parameters()], shape);
        Ok(description.with_accesses(accesses))
    }

    fn current(&self) -> Option<&Slot> {
        self.cache.get(self.current)
    }
}

/// The place of a statement in the cache; it is prepared if it is not there.
#[inline]
fn place(cache: &mut StatementCache, db: &rusqlite::Connection, statement: &PreparedStatement) -> Result<usize> {
    match cache.find(statement.key()) {
        Some(place) => Ok(place),
        None => Ok(cache.insert(statement, prepare(db, statement.sql())?)),
    }
}

/// Prepares a text of exactly one statement.
#[cold]
fn prepare(db: &rusqlite::Connection, sql: &str) -> Result<Statement> {
    let (statement, mut end) = Statement::prepare(db, sql, Use::Kept)?;
    let Some(statement) = statement else {
        return Err(SqlError::new(SqlState::SYNTAX_ERROR, "there is no statement in the SQL text"));
    };
    while end < sql.len() {
        match Statement::prepare(db, &sql[end..], Use::Once) {
            // Space, comments or a lone semicolon.
            Ok((None, length)) if length > 0 => end += length,
            Ok((None, _)) => break,
            Ok((Some(_), _)) | Err(_) => return Err(several_statements(sql, end)),
        }
    }
    Ok(statement)
}

fn several_statements(sql: &str, end: usize) -> SqlError {
    let space = sql[end..].len() - sql[end..].trim_start().len();
    SqlError::new(SqlState::SYNTAX_ERROR, "the SQL text has more than one statement")
        .hint("use `execute_script` for several statements")
        .at(end + space)
}

#[inline]
fn check_count(expected: usize, given: usize) -> Result<()> {
    if expected == given { Ok(()) } else { Err(wrong_count(expected, given)) }
}

#[cold]
fn wrong_count(expected: usize, given: usize) -> SqlError {
    SqlError::new(
        SqlState::WRONG_PARAMETER_COUNT,
        format!("the statement has {expected} placeholder(s), but {given} parameter(s) were given"),
    )
}

#[cold]
fn vanished() -> SqlError {
    SqlError::new(SqlState::GENERAL, "the statement is not in the cache of its connection")
}

impl RawConnection for SqliteConnection {
    fn info(&self) -> &Arc<ConnectionInfo> {
        &self.info
    }

    fn finds_placeholders(&self) -> bool {
        true
    }

    #[inline]
    fn start<'a>(&'a mut self, call: Call<'a>) -> Op<'a, Result<Outcome>> {
        self.patiently(call.options.deadline, move |this| this.run(call))
    }

    #[inline]
    fn poll_row(&mut self, _: &mut Context<'_>) -> Poll<Result<bool>> {
        Poll::Ready(self.next_row())
    }

    #[inline]
    fn value(&self, column: usize) -> ValueRef<'_> {
        self.cache.get(self.readable).map_or(ValueRef::Null, |slot| slot.statement.column(column))
    }

    #[inline]
    fn shape(&self) -> &Arc<Shape> {
        self.current().map_or(&self.no_columns, |slot| &slot.shape)
    }

    fn affected(&self) -> u64 {
        self.affected
    }

    fn last_insert_id(&self) -> Option<i64> {
        Some(self.db.last_insert_rowid()).filter(|id| *id != 0)
    }

    fn describe<'a>(&'a mut self, statement: &'a PreparedStatement) -> Op<'a, Result<Description>> {
        self.patiently(None, move |this| this.look_at(statement))
    }

    fn script<'a>(&'a mut self, sql: &'a str, options: &'a CallOptions) -> Op<'a, Result<()>> {
        Op::ready(self.run_script(sql, options))
    }

    fn first_statement<'a>(&'a mut self, sql: &'a Arc<str>, from: usize) -> Op<'a, Result<Option<ScriptStatement>>> {
        self.end_cursor();
        Op::ready(script::first(&self.db, sql, from))
    }

    fn control<'a>(&'a mut self, step: Control<'a>) -> Op<'a, Result<()>> {
        self.patiently(None, move |this| this.run_control(step))
    }

    fn in_transaction(&self) -> bool {
        !self.db.is_autocommit()
    }

    fn ping(&mut self) -> Op<'_, Result<()>> {
        self.end_cursor();
        let alive = Statement::prepare(&self.db, "select 1", Use::Once);
        Op::ready(alive.and_then(|(statement, _)| match statement {
            Some(mut statement) => statement.open(&[]).map(|_| ()),
            None => Ok(()),
        }))
    }

    fn wire(&self) -> Wire {
        if self.cursor == Cursor::Idle { Wire::Idle } else { Wire::Cursor }
    }

    fn abandon(&mut self) -> bool {
        self.end_cursor();
        true
    }

    fn start_rollback(&mut self, depth: u32) -> bool {
        let step = if depth == 0 { Control::Rollback } else { Control::RollbackTo(depth + 1) };
        self.run_control(step).is_ok()
    }

    fn settle(&mut self) -> Op<'_, Result<()>> {
        self.end_cursor();
        Op::ready(Ok(()))
    }

    fn batching(&self) -> Batching {
        Batching::repeating()
    }

    fn run_many<'a>(
        &'a mut self,
        statement: &'a PreparedStatement,
        items: Items<'a>,
        options: &'a CallOptions,
    ) -> Op<'a, Result<Vec<u64>>> {
        let mut counts = Vec::with_capacity(items.len());
        self.patiently(options.deadline, move |this| {
            let done = this.repeat(statement, items, options, &mut counts);
            done.map_err(|error| error.in_batch(counts.len()))?;
            Ok(std::mem::take(&mut counts))
        })
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn introspection(&self, what: Introspection) -> Option<&'static str> {
        introspection::sql(what)
    }

    fn canceller(&self) -> Option<Arc<dyn Canceller>> {
        Some(Arc::new(Interrupt(self.db.get_interrupt_handle())))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        Box::pin(std::future::ready(()))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// SQLite's own way of stopping what a connection runs. It does nothing when nothing runs or the connection is closed.
struct Interrupt(rusqlite::InterruptHandle);

impl Canceller for Interrupt {
    fn cancel(&self) -> Op<'_, Result<()>> {
        self.0.interrupt();
        Op::ready(Ok(()))
    }

    fn abort(&self) {
        self.0.interrupt();
    }
}

impl std::fmt::Debug for SqliteConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteConnection").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
