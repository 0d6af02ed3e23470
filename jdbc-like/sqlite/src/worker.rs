//! `?threading=worker`: a connection on a thread of its own, so that long statements do not hold up the tasks of an async runtime.
//!
//! Jobs reach the thread in order. A future that is dropped leaves its job there; what follows waits behind it, and `settle` interrupts it.

use std::any::Any;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

use batis_dbc::driver::{
    Batching, Call, Canceller, ConnectionInfo, Control, Introspection, Items, Outcome, RawConnection, ScriptStatement,
    Wire,
};
use batis_dbc::{
    BoxFuture, CallOptions, Capabilities, Description, Op, PreparedStatement, Result, Shape, SqlError, SqlState,
    TransactionOptions, Value, ValueRef,
};
use tokio::sync::oneshot;

use crate::connection::SqliteConnection;
use crate::introspection::{self, CAPABILITIES};

/// Between two interrupts of a statement that was left.
const PAUSE: Duration = Duration::from_millis(1);

/// Rows that the thread reads ahead at a time.
const BATCH: usize = 128;

type Job = Box<dyn FnOnce(&mut SqliteConnection) + Send>;

/// The face of a connection that lives on a thread of its own.
pub(crate) struct WorkerConnection {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    info: Arc<ConnectionInfo>,
    canceller: Option<Arc<dyn Canceller>>,
    shape: Arc<Shape>,
    affected: u64,
    cursor: Option<Cursor>,
}

/// What the thread tells beside its answers.
#[derive(Debug, Default)]
struct Shared {
    /// Jobs that are not done.
    under_way: AtomicUsize,
    in_transaction: AtomicBool,
    /// The row that was inserted last; 0: none.
    last_insert_id: AtomicI64,
    /// A rollback that nobody waits for is under way: what is done next waits for it, and must not interrupt it.
    rolling_back: AtomicBool,
    /// A rollback that nobody waited for failed.
    failed: AtomicBool,
}

/// An open result: rows that were read ahead, and those that were asked for.
#[derive(Debug)]
struct Cursor {
    /// How the statement ended behind the rows that were read ahead; none: the thread has more.
    ended: Option<Result<()>>,
    rows: VecDeque<Vec<Value>>,
    current: Vec<Value>,
    asked: Option<oneshot::Receiver<Result<Batch>>>,
}

/// Rows in a bunch, and how the statement ended behind them, if it did.
#[derive(Debug, Default)]
struct Batch {
    rows: VecDeque<Vec<Value>>,
    /// How many rows the statement changed.
    ended: Option<Result<u64>>,
}

/// What a started statement answers.
struct Started {
    outcome: Outcome,
    shape: Arc<Shape>,
    first: Batch,
}

/// Moves a connection to a thread of its own.
///
/// # Errors
/// If no thread can be started.
pub(crate) fn start(connection: SqliteConnection) -> Result<WorkerConnection> {
    let (jobs, todo) = mpsc::channel::<Job>();
    let (info, canceller) = (Arc::clone(connection.info()), connection.canceller());
    let run = move || {
        let mut connection = connection;
        while let Ok(job) = todo.recv() {
            job(&mut connection);
        }
    };
    thread::Builder::new().name("batis-sqlite".to_owned()).spawn(run).map_err(|e| {
        SqlError::new(SqlState::CONNECT_FAILED, "no thread can be started for the connection").caused_by(e)
    })?;
    let (shared, shape) = (Arc::default(), Arc::default());
    Ok(WorkerConnection { jobs, shared, info, canceller, shape, affected: 0, cursor: None })
}

fn thread_is_gone() -> SqlError {
    SqlError::new(SqlState::CONNECTION_FAILURE, "the thread of the connection has ended")
}

fn not_rolled_back() -> SqlError {
    SqlError::new(SqlState::CONNECTION_FAILURE, "a transaction that was given up could not be rolled back")
}

impl WorkerConnection {
    /// Sends a job; its answer comes through the receiver, which may be dropped.
    fn send<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, asked) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        shared.under_way.fetch_add(1, Ordering::AcqRel);
        let job: Job = Box::new(move |connection| {
            let done = job(connection);
            shared.in_transaction.store(connection.in_transaction(), Ordering::Release);
            shared.last_insert_id.store(connection.last_insert_id().unwrap_or_default(), Ordering::Release);
            shared.under_way.fetch_sub(1, Ordering::AcqRel);
            let _ = answer.send(done);
        });
        // A thread that is gone drops the job, and with it the other end of the answer.
        let _ = self.jobs.send(job);
        asked
    }

    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.send(job).await.unwrap_or_else(|_| Err(thread_is_gone()))
    }

    /// Ends what is under way; answered when the thread has come behind it. The interrupt is repeated, because one that comes before the
    /// statement has begun does nothing.
    fn stop(&self) -> oneshot::Receiver<()> {
        let mark = Arc::new(Mutex::new(false));
        let waiting = Arc::downgrade(&mark);
        let answer = self.send(move |connection| {
            *mark.lock().unwrap_or_else(PoisonError::into_inner) = true;
            connection.abandon();
        });
        if let Some(canceller) = self.canceller.clone() {
            canceller.abort();
            // Without a thread there is this one interrupt, which is enough unless it came too early.
            let _ = thread::Builder::new()
                .name("batis-sqlite-stop".to_owned())
                .spawn(move || interrupt_until(&waiting, &*canceller));
        }
        answer
    }

    async fn run(&mut self, statement: PreparedStatement, params: Vec<Value>, options: CallOptions) -> Result<Outcome> {
        self.cursor = None;
        let started = self.ask(move |connection| begin(connection, &statement, &params, &options)).await?;
        self.shape = started.shape;
        match started.outcome {
            Outcome::Rows => {
                self.show(started.first);
            }
            Outcome::Count(count) => self.affected = count,
            _ => {}
        }
        Ok(started.outcome)
    }

    /// These are the rows that come next.
    fn show(&mut self, batch: Batch) {
        let Batch { rows, ended } = batch;
        self.affected = ended.as_ref().and_then(|ended| ended.as_ref().ok()).copied().unwrap_or_default();
        let ended = ended.map(|ended| ended.map(|_| ()));
        self.cursor = Some(Cursor { ended, rows, current: Vec::new(), asked: None });
    }

    fn next_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        loop {
            let Some(cursor) = &mut self.cursor else { return Poll::Ready(Ok(false)) };
            if let Some(row) = cursor.rows.pop_front() {
                cursor.current = row;
                return Poll::Ready(Ok(true));
            }
            if let Some(ended) = cursor.ended.take() {
                self.cursor = None;
                return Poll::Ready(ended.map(|()| false));
            }
            match ready!(self.poll_batch(cx)) {
                Ok(batch) => self.show(batch),
                Err(error) => {
                    self.cursor = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    /// The next rows from the thread. They stay asked for when who waits for them goes away.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Result<Batch>> {
        let mut asked = match self.cursor.as_mut().and_then(|cursor| cursor.asked.take()) {
            Some(asked) => asked,
            None => self.send(next_batch),
        };
        let answer = Pin::new(&mut asked).poll(cx);
        if answer.is_pending()
            && let Some(cursor) = &mut self.cursor
        {
            cursor.asked = Some(asked);
        }
        answer.map(|answer| answer.unwrap_or_else(|_| Err(thread_is_gone())))
    }
}

/// On the thread: starts a statement, and reads its first row.
fn begin(
    connection: &mut SqliteConnection,
    statement: &PreparedStatement,
    params: &[Value],
    options: &CallOptions,
) -> Result<Started> {
    let cells: Vec<ValueRef<'_>> = params.iter().map(Value::as_ref).collect();
    let outcome = in_call(connection.start(Call::new(statement, &cells, options)))?;
    let first = if outcome == Outcome::Rows { read(connection, 1)? } else { Batch::default() };
    Ok(Started { outcome, shape: Arc::clone(connection.shape()), first })
}

fn next_batch(connection: &mut SqliteConnection) -> Result<Batch> {
    read(connection, BATCH)
}

fn read(connection: &mut SqliteConnection, rows: usize) -> Result<Batch> {
    let width = connection.shape().len();
    let mut batch = Batch { rows: VecDeque::with_capacity(rows), ended: None };
    let mut cx = Context::from_waker(Waker::noop());
    while batch.rows.len() < rows {
        match connection.poll_row(&mut cx) {
            Poll::Ready(Ok(true)) => batch.rows.push_back((0..width).map(|c| connection.value(c).to_owned()).collect()),
            Poll::Ready(Ok(false)) => {
                batch.ended = Some(Ok(connection.affected()));
                break;
            }
            Poll::Ready(Err(error)) if batch.rows.is_empty() => return Err(error),
            // It is told when the rows before it were read.
            Poll::Ready(Err(error)) => {
                batch.ended = Some(Err(error));
                break;
            }
            Poll::Pending => return Err(not_in_call()),
        }
    }
    Ok(batch)
}

/// The result of an operation that SQLite does in the call.
fn in_call<T>(op: Op<'_, Result<T>>) -> Result<T> {
    match op {
        Op::Ready(Some(done)) => done,
        _ => Err(not_in_call()),
    }
}

fn not_in_call() -> SqlError {
    SqlError::new(SqlState::GENERAL, "SQLite did not answer in the call")
}

/// A step of transaction control that can be sent to the thread.
#[derive(Clone, Copy)]
enum Step {
    Begin(TransactionOptions),
    Other(Control<'static>),
}

impl Step {
    fn of(step: Control<'_>) -> Result<Self> {
        Ok(match step {
            Control::Begin(options) => Self::Begin(*options),
            Control::Commit => Self::Other(Control::Commit),
            Control::Rollback => Self::Other(Control::Rollback),
            Control::Savepoint(depth) => Self::Other(Control::Savepoint(depth)),
            Control::Release(depth) => Self::Other(Control::Release(depth)),
            Control::RollbackTo(depth) => Self::Other(Control::RollbackTo(depth)),
            other => return Err(SqlError::unsupported(format!("{other:?}"))),
        })
    }

    fn run(self, connection: &mut SqliteConnection) -> Result<()> {
        match self {
            Self::Begin(options) => in_call(connection.control(Control::Begin(&options))),
            Self::Other(step) => in_call(connection.control(step)),
        }
    }
}

impl RawConnection for WorkerConnection {
    fn info(&self) -> &Arc<ConnectionInfo> {
        &self.info
    }

    fn finds_placeholders(&self) -> bool {
        true
    }

    fn start<'a>(&'a mut self, call: Call<'a>) -> Op<'a, Result<Outcome>> {
        let params = call.params.iter().map(|cell| Value::from(*cell)).collect();
        Op::boxed(self.run(call.statement.clone(), params, call.options.clone()))
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        self.next_row(cx)
    }

    fn value(&self, column: usize) -> ValueRef<'_> {
        let current = self.cursor.as_ref().and_then(|cursor| cursor.current.get(column));
        current.map_or(ValueRef::Null, Value::as_ref)
    }

    fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    fn affected(&self) -> u64 {
        self.affected
    }

    fn last_insert_id(&self) -> Option<i64> {
        Some(self.shared.last_insert_id.load(Ordering::Acquire)).filter(|id| *id != 0)
    }

    fn describe<'a>(&'a mut self, statement: &'a PreparedStatement) -> Op<'a, Result<Description>> {
        let statement = statement.clone();
        Op::boxed(async move { self.ask(move |connection| in_call(connection.describe(&statement))).await })
    }

    fn script<'a>(&'a mut self, sql: &'a str, options: &'a CallOptions) -> Op<'a, Result<()>> {
        let (sql, options) = (sql.to_owned(), options.clone());
        Op::boxed(async move { self.ask(move |connection| in_call(connection.script(&sql, &options))).await })
    }

    fn first_statement<'a>(&'a mut self, sql: &'a Arc<str>, from: usize) -> Op<'a, Result<Option<ScriptStatement>>> {
        let sql = Arc::clone(sql);
        Op::boxed(async move { self.ask(move |connection| in_call(connection.first_statement(&sql, from))).await })
    }

    fn control<'a>(&'a mut self, step: Control<'a>) -> Op<'a, Result<()>> {
        let step = Step::of(step);
        Op::boxed(async move {
            let step = step?;
            self.ask(move |connection| step.run(connection)).await
        })
    }

    fn in_transaction(&self) -> bool {
        self.shared.in_transaction.load(Ordering::Acquire)
    }

    fn ping(&mut self) -> Op<'_, Result<()>> {
        Op::boxed(async move { self.ask(|connection| in_call(connection.ping())).await })
    }

    fn wire(&self) -> Wire {
        if self.shared.failed.load(Ordering::Acquire) {
            Wire::Broken
        } else if self.cursor.is_some() {
            Wire::Cursor
        } else if self.shared.under_way.load(Ordering::Acquire) > 0 {
            Wire::InFlight
        } else {
            Wire::Idle
        }
    }

    /// What is under way on the thread cannot be ended without waiting.
    fn abandon(&mut self) -> bool {
        if self.wire() == Wire::Cursor && self.shared.under_way.load(Ordering::Acquire) == 0 {
            // Rows that were read to the end, or a cursor that waits: the thread closes it before it does anything else.
            self.cursor = None;
            drop(self.send(|connection| connection.abandon()));
            return true;
        }
        self.wire() == Wire::Idle
    }

    fn start_rollback(&mut self, depth: u32) -> bool {
        let shared = Arc::clone(&self.shared);
        shared.rolling_back.store(true, Ordering::Release);
        drop(self.send(move |connection| {
            if !connection.start_rollback(depth) {
                shared.failed.store(true, Ordering::Release);
            }
            shared.rolling_back.store(false, Ordering::Release);
        }));
        true
    }

    fn settle(&mut self) -> Op<'_, Result<()>> {
        Op::boxed(async move {
            self.cursor = None;
            let behind = match self.shared.rolling_back.load(Ordering::Acquire) {
                true => self.send(|_| ()),
                false => self.stop(),
            };
            behind.await.map_err(|_| thread_is_gone())?;
            if self.shared.failed.load(Ordering::Acquire) { Err(not_rolled_back()) } else { Ok(()) }
        })
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
        let (statement, columns, options) = (statement.clone(), items.to_columns(), options.clone());
        let count = items.len();
        Op::boxed(async move {
            self.cursor = None;
            self.ask(move |connection| {
                in_call(connection.run_many(&statement, Items::new(&columns, 0..count), &options))
            })
            .await
        })
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn introspection(&self, what: Introspection) -> Option<&'static str> {
        introspection::sql(what)
    }

    fn canceller(&self) -> Option<Arc<dyn Canceller>> {
        self.canceller.clone()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        // The thread ends, and the connection with it, when the last job is done.
        drop(self);
        Box::pin(std::future::ready(()))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Drop for WorkerConnection {
    fn drop(&mut self) {
        if self.shared.under_way.load(Ordering::Acquire) > 0 {
            drop(self.stop());
        }
    }
}

/// Interrupts until the job that holds the mark has set it, or is gone. Never after it was set: that would hit what follows.
fn interrupt_until(mark: &Weak<Mutex<bool>>, canceller: &dyn Canceller) {
    while let Some(mark) = mark.upgrade() {
        {
            let reached = mark.lock().unwrap_or_else(PoisonError::into_inner);
            if *reached {
                return;
            }
            canceller.abort();
        }
        drop(mark);
        thread::sleep(PAUSE);
    }
}
