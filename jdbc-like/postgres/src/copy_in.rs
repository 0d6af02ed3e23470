//! Copying inwards: `COPY .. FROM STDIN`.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use batis_dbc::driver::{Copied, RawCopy, Wire};
use batis_dbc::{CallOptions, Op, Result, SqlError, SqlState, ValueRef};
use bytes::{Bytes, BytesMut};
use futures_util::Sink as _;
use tokio_postgres::{CopyInSink, Error};

use crate::connection::PostgresConnection;
use crate::copy_out::copied_columns;
use crate::error::{in_copy, in_text};
use crate::plan::Plan;
use crate::statement::{check_copy, check_text};
use crate::value::copy::{Format, put_row};

/// Bytes that are worth a message.
const PORTION: usize = 32 * 1024;

/// What is copied inwards just now.
pub(crate) struct Copying {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    /// What was not sent yet.
    buffer: BytesMut,
    rows: Option<Rows>,
    sql: Arc<str>,
    /// A portion is on its way; true afterwards if it was left there.
    torn: bool,
}

struct Rows {
    plan: Plan,
    format: Format,
    count: usize,
}

impl PostgresConnection {
    async fn begin_copy(&mut self, what: Copied<'_>) -> Result<()> {
        self.check_proxy()?;
        let (sql, rows) = match what {
            Copied::Statement(sql) => {
                check_copy(sql, "FROM", "copy_in")?;
                (Cow::Borrowed(sql), None)
            }
            Copied::Rows(target) => self.rows_of(target, true).await?,
            Copied::Literals(target) => self.rows_of(target, false).await?,
            other => return Err(SqlError::unsupported(format!("{other:?}"))),
        };
        check_text(&sql)?;
        self.begin();
        let mut buffer = BytesMut::new();
        if let Some(rows) = &rows {
            rows.format.put_header(&mut buffer);
        }
        match self.start_copy(&sql).await {
            Ok(sink) => {
                self.copy = Some(Box::new(Copying { sink, buffer, rows, sql: sql.into(), torn: false }));
                Ok(())
            }
            Err(error) => {
                let told = self.failed(&error);
                Err(in_text(told, &error, &sql))
            }
        }
    }

    async fn start_copy(&mut self, sql: &str) -> Result<Pin<Box<CopyInSink<Bytes>>>, Error> {
        let statement = self.client.prepare(sql).await?;
        self.watch.copy_begins();
        let begun = self.client.copy_in(&statement).await;
        if begun.is_err() {
            self.watch.copy_is_unsent();
        }
        begun.map(Box::pin)
    }

    /// The statement that copies rows into this table, and how they are sent: in binary form only if all columns have one.
    async fn rows_of<'a>(&mut self, target: &str, binary: bool) -> Result<(Cow<'a, str>, Option<Rows>)> {
        let plan = copied_columns(self, target).await?;
        let format = if binary && plan.decoders.iter().all(Format::has_binary) { Format::Binary } else { Format::Text };
        let sql = format!("COPY {target} FROM STDIN{}", format.option());
        Ok((sql.into(), Some(Rows { plan, format, count: 0 })))
    }

    /// Sends what is buffered.
    async fn pass_on(&mut self) -> Result<()> {
        let Some(copy) = &mut self.copy else { return Err(has_ended()) };
        copy.torn = true;
        let ready = poll_fn(|cx| copy.sink.as_mut().poll_ready(cx)).await;
        let data = copy.buffer.split().freeze();
        let sent = ready.and_then(|()| copy.sink.as_mut().start_send(data));
        copy.torn = false;
        match sent {
            Ok(()) if self.watch.copy_is_refused() => self.end_copy().await.map(|_| ()),
            Ok(()) => Ok(()),
            Err(error) => {
                let (sql, of_rows) = (Arc::clone(&copy.sql), copy.rows.is_some());
                Err(self.copy_failed(&error, sql, of_rows))
            }
        }
    }

    #[cold]
    fn copy_failed(&mut self, error: &Error, sql: Arc<str>, of_rows: bool) -> SqlError {
        in_copy(self.failed(error).sql_text(sql), error, of_rows)
    }

    async fn end_copy(&mut self) -> Result<u64> {
        let Some(mut copy) = self.copy.take() else { return Err(has_ended()) };
        if let Some(rows) = &copy.rows {
            rows.format.put_end(&mut copy.buffer);
        }
        match copy.all_sent().await {
            Ok(count) => {
                self.answered();
                self.affected = count;
                Ok(count)
            }
            Err(error) => Err(self.copy_failed(&error, copy.sql, copy.rows.is_some())),
        }
    }

    /// Ends a copy that is not finished, without waiting: the server is told that it has failed. `false`: there is none.
    pub(crate) fn drop_copy(&mut self) -> bool {
        if self.copy.take().is_none() {
            return false;
        }
        self.wire = Wire::Idle;
        self.host.nudge();
        true
    }

    /// A proxy that gives each transaction another session would divide a copy from its statement.
    pub(crate) fn check_proxy(&self) -> Result<()> {
        if self.prepare_threshold != 0 || self.watch.in_transaction() {
            return Ok(());
        }
        Err(SqlError::new(SqlState::INVALID_TRANSACTION_STATE, "with `prepare_threshold=0` COPY needs a transaction")
            .hint("begin one around it: a proxy may give the statement and its data different sessions else"))
    }
}

impl Copying {
    fn check(&self) -> Result<()> {
        if !self.torn {
            return Ok(());
        }
        Err(SqlError::new(SqlState::QUERY_CANCELED, "a portion of the copy was left on its way, so nothing is stored"))
    }

    async fn all_sent(&mut self) -> Result<u64, Error> {
        if !self.buffer.is_empty() {
            poll_fn(|cx| self.sink.as_mut().poll_ready(cx)).await?;
            self.sink.as_mut().start_send(self.buffer.split().freeze())?;
        }
        self.sink.as_mut().finish().await
    }

    fn put(&mut self, row: &[ValueRef<'_>]) -> Result<()> {
        let Some(rows) = &mut self.rows else { return Err(SqlError::unsupported("a row in a copy of bytes")) };
        let index = rows.count;
        rows.count += 1;
        put_row(rows.format, &rows.plan, row, &mut self.buffer)
            .map_err(|error| error.in_batch(index).sql_text(Arc::clone(&self.sql)))
    }
}

impl RawCopy for PostgresConnection {
    fn copy_in<'a>(&'a mut self, what: Copied<'a>, _: &'a CallOptions) -> Op<'a, Result<()>> {
        self.operation(|conn| conn.begin_copy(what))
    }

    fn send<'a>(&'a mut self, data: &'a [u8]) -> Op<'a, Result<()>> {
        let Some(copy) = &mut self.copy else { return Op::ready(Err(has_ended())) };
        if let Err(error) = copy.check() {
            return Op::ready(Err(error));
        }
        copy.buffer.extend_from_slice(data);
        if copy.buffer.len() < PORTION { Op::ready(Ok(())) } else { self.operation(|conn| conn.pass_on()) }
    }

    fn send_row<'a>(&'a mut self, row: &'a [ValueRef<'a>]) -> Op<'a, Result<()>> {
        let Some(copy) = &mut self.copy else { return Op::ready(Err(has_ended())) };
        if let Err(error) = copy.check().and_then(|()| copy.put(row)) {
            return Op::ready(Err(error));
        }
        if copy.buffer.len() < PORTION { Op::ready(Ok(())) } else { self.operation(|conn| conn.pass_on()) }
    }

    fn finish(&mut self) -> Op<'_, Result<u64>> {
        match self.copy.as_ref().map(|copy| copy.check()) {
            Some(Ok(())) => self.operation(|conn| conn.end_copy()),
            Some(Err(error)) => {
                self.drop_copy();
                Op::ready(Err(error))
            }
            None => Op::ready(Err(has_ended())),
        }
    }

    fn copy_out<'a>(&'a mut self, what: Copied<'a>, options: &'a CallOptions) -> Op<'a, Result<()>> {
        self.operation(|conn| conn.begin_copy_out(what, options))
    }
}

#[cold]
fn has_ended() -> SqlError {
    SqlError::new(SqlState::GENERAL, "no copy is open on this connection")
}
