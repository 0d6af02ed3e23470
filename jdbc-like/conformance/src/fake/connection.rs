//! [`FakeConnection`]: a raw connection whose database is a script.

use std::any::Any;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};

use batis_dbc::driver::{Call, ConnectionInfo, Control, Outcome, RawConnection, Wire};
use batis_dbc::{
    BoxFuture, CallOptions, Description, Op, PreparedStatement, Result, Shape, SqlError, SqlState, SqlType, Value,
    ValueRef,
};

use super::answer::{Answer, What, error};
use super::world::World;

/// A connection of the fake driver.
pub(super) struct FakeConnection {
    world: Arc<World>,
    number: u64,
    info: Arc<ConnectionInfo>,
    wire: Wire,
    in_transaction: bool,
    cursor: Cursor,
    affected: u64,
}

/// The rows of the last statement that had some.
#[derive(Default)]
struct Cursor {
    shape: Arc<Shape>,
    rows: Arc<[Vec<Value>]>,
    /// The number of the current row, from 1; 0 before the first.
    row: usize,
    error: Option<(SqlState, String)>,
    pending: u32,
    still_pending: u32,
}

/// Pending for so many polls; the task is woken at once each time.
pub(super) async fn wait(mut polls: u32) {
    poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl FakeConnection {
    pub(super) fn new(world: Arc<World>, number: u64) -> Self {
        Self {
            world,
            number,
            info: Arc::new(ConnectionInfo::new("Fake", "1.0")),
            wire: Wire::Idle,
            in_transaction: false,
            cursor: Cursor::default(),
            affected: 0,
        }
    }

    /// Notices that the server is gone.
    fn alive(&mut self) -> Result<()> {
        if self.number <= self.world.script().broken_before {
            self.wire = Wire::Broken;
            return Err(SqlError::new(SqlState::CONNECTION_FAILURE, "the fake server is gone"));
        }
        Ok(())
    }

    fn answer(&self, sql: &str) -> Answer {
        self.world.script().answers.get(sql).cloned().unwrap_or_else(|| Answer::count(0))
    }

    fn begin(&mut self, sql: &str) -> Result<Answer> {
        self.alive()?;
        self.world.log(self.number, sql, |c| c.statements += 1);
        Ok(self.answer(sql))
    }

    fn finish(&mut self, answer: Answer) -> Result<Outcome> {
        self.wire = Wire::Idle;
        self.affected = 0;
        match answer.what {
            What::Count(count) => Ok(Outcome::Count(count)),
            What::Error(state, message) => Err(self.failed(SqlError::new(state, message))),
            What::Panic(message) => panic!("{message}"),
            What::Never => Ok(Outcome::Count(0)),
            What::Rows { shape, rows, error } => {
                let pending = answer.pending_rows;
                self.cursor = Cursor { shape, rows, row: 0, error, pending, still_pending: pending };
                self.wire = Wire::Cursor;
                Ok(Outcome::Rows)
            }
        }
    }

    fn failed(&mut self, error: SqlError) -> SqlError {
        if error.sql_state().class() == "08" {
            self.wire = Wire::Broken;
        }
        error
    }

    fn next_row(&mut self) -> Result<bool> {
        self.alive()?;
        let cursor = &mut self.cursor;
        cursor.still_pending = cursor.pending;
        if cursor.row < cursor.rows.len() {
            cursor.row += 1;
            return Ok(true);
        }
        cursor.row = usize::MAX;
        self.wire = Wire::Idle;
        match self.cursor.error.take() {
            Some(told) => Err(self.failed(error(told))),
            None => Ok(false),
        }
    }

    fn step(&mut self, step: Control<'_>) -> Result<()> {
        self.wire = Wire::Idle;
        self.alive()?;
        let (world, number) = (Arc::clone(&self.world), self.number);
        match step {
            Control::Begin(_) => {
                self.in_transaction = true;
                world.log(number, "BEGIN", |c| c.begins += 1);
            }
            Control::Commit => {
                self.in_transaction = false;
                world.log(number, "COMMIT", |c| c.commits += 1);
            }
            Control::Rollback => {
                self.in_transaction = false;
                world.log(number, "ROLLBACK", |c| c.rollbacks += 1);
            }
            Control::Savepoint(depth) => world.log(number, &format!("SAVEPOINT {depth}"), |_| {}),
            Control::Release(depth) => world.log(number, &format!("RELEASE {depth}"), |_| {}),
            Control::RollbackTo(depth) => world.log(number, &format!("ROLLBACK TO {depth}"), |_| {}),
            other => return Err(SqlError::unsupported(format!("{other:?}"))),
        }
        Ok(())
    }
}

impl RawConnection for FakeConnection {
    fn info(&self) -> &Arc<ConnectionInfo> {
        &self.info
    }

    fn start<'a>(&'a mut self, call: Call<'a>) -> Op<'a, Result<Outcome>> {
        let answer = match self.begin(call.statement.sql()) {
            Ok(answer) => answer,
            Err(error) => return Op::ready(Err(error)),
        };
        if answer.pending == 0 && !matches!(answer.what, What::Never) {
            return Op::ready(self.finish(answer));
        }
        self.wire = Wire::InFlight;
        Op::boxed(async move {
            wait(answer.pending).await;
            if matches!(answer.what, What::Never) {
                pending::<()>().await;
            }
            self.finish(answer)
        })
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.wire != Wire::Cursor {
            return Poll::Ready(Ok(false));
        }
        if self.cursor.still_pending > 0 {
            self.cursor.still_pending -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.next_row())
    }

    fn value(&self, column: usize) -> ValueRef<'_> {
        let row = self.cursor.row.checked_sub(1).and_then(|row| self.cursor.rows.get(row));
        row.and_then(|row| row.get(column)).map_or(ValueRef::Null, Value::as_ref)
    }

    fn shape(&self) -> &Arc<Shape> {
        &self.cursor.shape
    }

    fn affected(&self) -> u64 {
        self.affected
    }

    fn describe<'a>(&'a mut self, statement: &'a PreparedStatement) -> Op<'a, Result<Description>> {
        if let Err(error) = self.alive() {
            return Op::ready(Err(error));
        }
        let shape = match self.answer(statement.sql()).what {
            What::Rows { shape, .. } => Shape::clone(&shape),
            What::Error(state, message) => return Op::ready(Err(SqlError::new(state, message))),
            _ => Shape::default(),
        };
        Op::ready(Ok(Description::new(vec![SqlType::Null; statement.placeholders().count()], shape)))
    }

    fn script<'a>(&'a mut self, sql: &'a str, _: &'a CallOptions) -> Op<'a, Result<()>> {
        if let Err(error) = self.alive() {
            return Op::ready(Err(error));
        }
        self.world.log(self.number, sql, |c| c.scripts += 1);
        match self.answer(sql).what {
            What::Error(state, message) => Op::ready(Err(self.failed(SqlError::new(state, message)))),
            _ => Op::ready(Ok(())),
        }
    }

    fn control<'a>(&'a mut self, step: Control<'a>) -> Op<'a, Result<()>> {
        let polls = self.world.script().control_pending;
        if polls == 0 {
            return Op::ready(self.step(step));
        }
        self.wire = Wire::InFlight;
        Op::boxed(async move {
            wait(polls).await;
            self.step(step)
        })
    }

    fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    fn ping(&mut self) -> Op<'_, Result<()>> {
        self.world.log(self.number, "PING", |c| c.pings += 1);
        let told = self.world.script().ping_error.clone();
        let alive = self.alive();
        Op::ready(alive.and_then(|()| told.map_or(Ok(()), |told| Err(self.failed(error(told))))))
    }

    fn wire(&self) -> Wire {
        self.wire
    }

    fn abandon(&mut self) -> bool {
        if self.wire == Wire::Cursor {
            self.cursor.row = usize::MAX;
            self.wire = Wire::Idle;
            self.world.log(self.number, "CLOSE CURSOR", |c| c.abandoned += 1);
        }
        self.wire == Wire::Idle
    }

    fn start_rollback(&mut self, depth: u32) -> bool {
        if self.world.script().control_pending > 0 {
            return false;
        }
        let step = if depth == 0 { Control::Rollback } else { Control::RollbackTo(depth + 1) };
        self.step(step).is_ok()
    }

    fn settle(&mut self) -> Op<'_, Result<()>> {
        if let Err(error) = self.alive() {
            return Op::ready(Err(error));
        }
        self.wire = Wire::Idle;
        self.world.log(self.number, "SETTLE", |c| c.settles += 1);
        Op::ready(Ok(()))
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.world.log(self.number, "GOODBYE", |c| c.goodbyes += 1);
        })
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Drop for FakeConnection {
    fn drop(&mut self) {
        self.world.log(self.number, "CLOSED", |c| c.closes += 1);
    }
}
