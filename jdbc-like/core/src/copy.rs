//! Copying many rows at once, into a table or out of one: PostgreSQL's `COPY`.
//!
//! [`CopyIn`] and [`CopyOut`] move bytes in the format that the statement names, [`CopyRows`] and
//! [`copy_out_rows`](Connection::copy_out_rows) rows of values.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_core::Stream;

use crate::connection::Connection;
use crate::driver::Wire;
use crate::error::{Result, SqlError};
use crate::limit::Limit;
use crate::observe::CopyWatch;
use crate::op::Op;
use crate::options::CallOptions;
use crate::params::Params;
use crate::result_set::ResultSet;
use crate::sql_state::SqlState;
use crate::transaction::Transaction;
use crate::value::ValueRef;

/// What is copied, for [`RawCopy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Copied<'a> {
    /// Bytes, by this statement of the user's.
    Statement(&'a str),
    /// Rows of this table with its columns (`t (a, b)`), or, outwards, of this query in parentheses. Each value has its column's type.
    Rows(&'a str),
    /// The same, inwards; the database reads the values as it reads literals.
    Literals(&'a str),
}

impl<'a> Copied<'a> {
    /// The user's text: for errors.
    #[must_use]
    pub fn text(&self) -> &'a str {
        match self {
            Self::Statement(text) | Self::Rows(text) | Self::Literals(text) => text,
        }
    }
}

/// A raw connection that copies. A copy inwards is a state of the connection that begins with [`copy_in`](Self::copy_in) and ends with
/// [`finish`](Self::finish), with the first error, or with [`abandon`](crate::driver::RawConnection::abandon), which must be able to
/// end it without waiting: nothing is stored then. [`wire`](crate::driver::RawConnection::wire) is `InFlight` meanwhile.
pub trait RawCopy: Send {
    /// Begins to copy inwards.
    fn copy_in<'a>(&'a mut self, what: Copied<'a>, options: &'a CallOptions) -> Op<'a, Result<()>>;

    /// Sends bytes. After one that was dropped halfway every other operation of the copy must fail.
    fn send<'a>(&'a mut self, data: &'a [u8]) -> Op<'a, Result<()>>;

    /// Sends a row. The error of a row carries its index ([`SqlError::in_batch`]).
    fn send_row<'a>(&'a mut self, row: &'a [ValueRef<'a>]) -> Op<'a, Result<()>>;

    /// All is sent; the number of rows that were stored.
    fn finish(&mut self) -> Op<'_, Result<u64>>;

    /// Begins to copy outwards. What comes is read as rows are; bytes are rows of one column, a portion each.
    fn copy_out<'a>(&'a mut self, what: Copied<'a>, options: &'a CallOptions) -> Op<'a, Result<()>>;
}

/// Bytes on their way into a table. Made by [`Connection::copy_in`].
///
/// Nothing is stored before [`finish`](Self::finish). Dropping it, or the future of one of its operations, ends the copy without storing
/// anything; the connection can be used at once (inside of a transaction that has failed with it, as after any error of PostgreSQL).
#[must_use = "a copy that is not finished stores nothing"]
pub struct CopyIn<'c> {
    conn: &'c mut Connection,
    deadline: Option<Instant>,
    open: bool,
    watch: CopyWatch,
}

impl<'c> CopyIn<'c> {
    pub(crate) async fn start(
        conn: &'c mut Connection,
        depth: u32,
        what: Copied<'_>,
        options: &CallOptions,
    ) -> Result<Self> {
        conn.settle_within(depth, options.deadline).await?;
        let limit = conn.limit(options.deadline);
        let watch = CopyWatch::begin(conn.raw_mut(), what, true);
        let started = match conn.raw_mut().copying() {
            Some(raw) => watch.during(limit.during(raw.copy_in(what, options))).await,
            None => Err(cannot_copy(conn)),
        };
        if let Err(error) = started {
            watch.failed(&error);
            return Err(conn.failed(error, options.deadline).await.sql_text(what.text()));
        }
        Ok(Self { conn, deadline: options.deadline, open: true, watch })
    }

    /// Sends a portion: any piece of the data, cut anywhere.
    ///
    /// # Errors
    /// What the database has said meanwhile of data before it, 57014 if the deadline passes. The copy has ended then.
    #[doc(alias = "writeToCopy")]
    pub async fn send(&mut self, data: &[u8]) -> Result<()> {
        let (limit, raw) = self.raw(self.open)?;
        let sent = limit.during(raw.send(data)).await;
        self.watch.moved(data.len());
        sent.map_err(|error| self.failed(error))
    }

    /// Sends all that a stream gives.
    ///
    /// # Errors
    /// As [`send`](Self::send); 58030 with the stream's error as its source. Nothing is stored then.
    pub async fn send_all<B, E>(&mut self, portions: impl Stream<Item = Result<B, E>>) -> Result<()>
    where
        B: AsRef<[u8]>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let mut portions = pin!(portions);
        while let Some(portion) = poll_fn(|cx| portions.as_mut().poll_next(cx)).await {
            match portion {
                Ok(portion) => self.send(portion.as_ref()).await?,
                Err(error) => return Err(self.failed(source_failed(error))),
            }
        }
        Ok(())
    }

    pub(crate) async fn send_row(&mut self, row: &[ValueRef<'_>]) -> Result<()> {
        let (limit, raw) = self.raw(self.open)?;
        let sent = limit.during(raw.send_row(row)).await;
        sent.map_err(|error| self.failed(error))
    }

    /// Ends the copy: all that was sent is stored. The number of rows.
    ///
    /// # Errors
    /// What the database says of a row or of all of them: nothing is stored then. 57014 if the deadline passes.
    #[doc(alias = "endCopy")]
    pub async fn finish(mut self) -> Result<u64> {
        let open = std::mem::take(&mut self.open);
        let (limit, raw) = self.raw(open)?;
        match limit.during(raw.finish()).await {
            Ok(rows) => {
                self.watch.stored(rows);
                Ok(rows)
            }
            Err(error) => {
                self.watch.failed(&error);
                Err(self.conn.failed(error, self.deadline).await)
            }
        }
    }

    /// The connection, if the copy is (or was just now) open.
    fn raw(&mut self, open: bool) -> Result<(Limit, &mut dyn RawCopy)> {
        let limit = self.conn.limit(self.deadline);
        match self.conn.raw_mut().copying() {
            Some(raw) if open => Ok((limit, raw)),
            _ => Err(has_ended()),
        }
    }

    #[cold]
    pub(crate) fn failed(&mut self, error: SqlError) -> SqlError {
        self.watch.failed(&error);
        self.end();
        self.conn.note(error)
    }

    /// Without waiting. Where that is not possible the next operation sees to it.
    fn end(&mut self) {
        if std::mem::take(&mut self.open) && self.conn.raw_mut().wire() == Wire::InFlight {
            self.conn.raw_mut().abandon();
        }
    }
}

impl Drop for CopyIn<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for CopyIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyIn").field("open", &self.open).finish_non_exhaustive()
    }
}

/// Rows on their way into a table. Made by [`Connection::copy_in_rows`]; it ends as [`CopyIn`] does.
#[must_use = "a copy that is not finished stores nothing"]
#[derive(Debug)]
pub struct CopyRows<'c>(CopyIn<'c>);

impl CopyRows<'_> {
    /// Sends a row: a value for each column.
    ///
    /// # Errors
    /// The number of values is wrong (07001), or one has no form in its column's type (22000); what the database has said meanwhile of rows
    /// before it. [`SqlError::batch_index`] says which row, from 0. The copy has ended then.
    pub async fn send(&mut self, row: impl Params) -> Result<()> {
        let bound = match row.bind() {
            Ok(bound) => bound,
            Err(error) => return Err(self.0.failed(error)),
        };
        self.0.send_row(&bound.cells()).await
    }

    /// Sends rows.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_all<R: Params>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<()> {
        for row in rows {
            self.send(row).await?;
        }
        Ok(())
    }

    /// See [`CopyIn::finish`].
    ///
    /// # Errors
    /// As there; [`SqlError::batch_index`] says which row it was, where the database says it.
    pub async fn finish(self) -> Result<u64> {
        self.0.finish().await
    }
}

/// Bytes on their way out of a table. Made by [`Connection::copy_out`].
///
/// As a [`ResultSet`] it may be dropped at any time; the next operation ends what is left.
pub struct CopyOut<'c> {
    rows: ResultSet<'c>,
    watch: CopyWatch,
}

impl<'c> CopyOut<'c> {
    /// The next portion (PostgreSQL: a row in text and CSV format, with its end of line); none at the end.
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "readFromCopy")]
    pub async fn next(&mut self) -> Result<Option<&[u8]>> {
        if !self.advance().await? {
            return Ok(None);
        }
        Ok(Some(self.portion()))
    }

    pub(crate) async fn advance(&mut self) -> Result<bool> {
        poll_fn(|cx| self.poll_advance(cx)).await
    }

    fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let moved = ready!(self.rows.poll_advance(cx));
        match &moved {
            Ok(more) => {
                let bytes = if *more { self.portion().len() } else { 0 };
                self.watch.moved(bytes);
            }
            Err(error) => self.watch.failed(error),
        }
        Poll::Ready(moved)
    }

    /// The current portion.
    pub(crate) fn portion(&mut self) -> &[u8] {
        match self.rows.value(0) {
            ValueRef::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The portions as a [`Stream`], each copied.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>>> + Send + 'c {
        Portions(self)
    }
}

impl fmt::Debug for CopyOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CopyOut").field(&self.rows).finish()
    }
}

/// A copy outwards as a stream.
struct Portions<'c>(CopyOut<'c>);

impl Stream for Portions<'_> {
    type Item = Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let copy = &mut self.get_mut().0;
        Poll::Ready(match ready!(copy.poll_advance(cx)) {
            Ok(true) => Some(Ok(copy.portion().to_vec())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

/// Copying, which is PostgreSQL's `COPY`; other databases answer 0A000.
impl Connection {
    /// Begins to copy bytes into a table: `COPY t (a, b) FROM STDIN`, in the format that the statement names (text, CSV, binary).
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// let mut copy = conn.copy_in("COPY users (id, name) FROM STDIN (FORMAT csv)").await?;
    /// copy.send(b"1,Ann\n2,Bob\n").await?;
    /// assert_eq!(copy.finish().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// Source: `CopyManager.copyIn` of pgjdbc.
    ///
    /// # Errors
    /// 0A000 if the database cannot copy; what it says of the statement.
    #[doc(alias = "copyIn")]
    #[doc(alias = "CopyManager")]
    pub async fn copy_in(&mut self, statement: &str) -> Result<CopyIn<'_>> {
        self.copy_in_with(statement, &CallOptions::new()).await
    }

    /// As [`copy_in`](Self::copy_in), with a deadline for the whole copy.
    ///
    /// # Errors
    /// As there, and 57014 if the deadline passes.
    pub async fn copy_in_with(&mut self, statement: &str, options: &CallOptions) -> Result<CopyIn<'_>> {
        let depth = self.base_depth();
        CopyIn::start(self, depth, Copied::Statement(statement), options).await
    }

    /// Begins to copy rows into a table: `t (a, b)`, or `t` for all columns (where some are generated, the others must be named). It is a
    /// piece of SQL: never put a user's input into it.
    ///
    /// Values are sent in the binary form of their columns' types: integers, floats, texts and numerics go into one another's columns where
    /// nothing is lost, a text into enums, uuids and JSON; what else does not fit is an error. If a column's type has no binary form here
    /// (arrays, ranges, types of extensions), the database reads all values as literals. A [`Batch`](crate::Batch) with
    /// [`BatchStrategy::Copy`](crate::BatchStrategy) always does that.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// let mut copy = conn.copy_in_rows("users (id, name)").await?;
    /// copy.send((1, "Ann")).await?;
    /// copy.send_all((2..1_000_000).map(|id| (id, format!("user {id}")))).await?;
    /// copy.finish().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// 0A000 if the database cannot copy; what it says of the table and columns.
    pub async fn copy_in_rows(&mut self, target: &str) -> Result<CopyRows<'_>> {
        self.copy_in_rows_with(target, &CallOptions::new()).await
    }

    /// As [`copy_in_rows`](Self::copy_in_rows), with a deadline for the whole copy.
    ///
    /// # Errors
    /// As there, and 57014 if the deadline passes.
    pub async fn copy_in_rows_with(&mut self, target: &str, options: &CallOptions) -> Result<CopyRows<'_>> {
        let depth = self.base_depth();
        CopyIn::start(self, depth, Copied::Rows(target), options).await.map(CopyRows)
    }

    /// Begins to copy bytes out of a table or query: `COPY t (a, b) TO STDOUT`, `COPY (select ..) TO STDOUT (FORMAT csv)`.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection, file: &mut impl std::io::Write) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut copy = conn.copy_out("COPY users TO STDOUT (FORMAT csv, HEADER)").await?;
    /// while let Some(portion) = copy.next().await? {
    ///     file.write_all(portion)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// Source: `CopyManager.copyOut` of pgjdbc.
    ///
    /// # Errors
    /// 0A000 if the database cannot copy; what it says of the statement.
    #[doc(alias = "copyOut")]
    pub async fn copy_out(&mut self, statement: &str) -> Result<CopyOut<'_>> {
        self.copy_out_with(statement, &CallOptions::new()).await
    }

    /// As [`copy_out`](Self::copy_out), with a deadline for the whole copy.
    ///
    /// # Errors
    /// As there, and 57014 if the deadline passes.
    pub async fn copy_out_with(&mut self, statement: &str, options: &CallOptions) -> Result<CopyOut<'_>> {
        let depth = self.base_depth();
        self.copy_out_at(depth, Copied::Statement(statement), options).await
    }

    /// Begins to copy rows out of a table (`t`, `t (a, b)`) or a query in parentheses, in binary form; they are read as those of a query.
    /// The text is a piece of SQL, as that of [`copy_in_rows`](Self::copy_in_rows).
    ///
    /// # Errors
    /// 0A000 if the database cannot copy; what it says of the text.
    pub async fn copy_out_rows(&mut self, source: &str) -> Result<ResultSet<'_>> {
        let depth = self.base_depth();
        Ok(self.copy_out_at(depth, Copied::Rows(source), &CallOptions::new()).await?.rows)
    }

    async fn copy_out_at(&mut self, depth: u32, what: Copied<'_>, options: &CallOptions) -> Result<CopyOut<'_>> {
        self.settle_within(depth, options.deadline).await?;
        let limit = self.limit(options.deadline);
        let watch = CopyWatch::begin(self.raw_mut(), what, false);
        let started = match self.raw_mut().copying() {
            Some(raw) => watch.during(limit.during(raw.copy_out(what, options))).await,
            None => Err(cannot_copy(self)),
        };
        if let Err(error) = started {
            watch.failed(&error);
            return Err(self.failed(error, options.deadline).await.sql_text(what.text()));
        }
        Ok(CopyOut { rows: ResultSet::new(self, false, 0), watch })
    }
}

impl Transaction<'_> {
    /// See [`Connection::copy_in`].
    ///
    /// # Errors
    /// As there.
    pub async fn copy_in(&mut self, statement: &str) -> Result<CopyIn<'_>> {
        let (conn, depth) = self.parts();
        CopyIn::start(conn, depth, Copied::Statement(statement), &CallOptions::new()).await
    }

    /// See [`Connection::copy_in_rows`].
    ///
    /// # Errors
    /// As there.
    pub async fn copy_in_rows(&mut self, target: &str) -> Result<CopyRows<'_>> {
        let (conn, depth) = self.parts();
        CopyIn::start(conn, depth, Copied::Rows(target), &CallOptions::new()).await.map(CopyRows)
    }

    /// See [`Connection::copy_out`].
    ///
    /// # Errors
    /// As there.
    pub async fn copy_out(&mut self, statement: &str) -> Result<CopyOut<'_>> {
        let (conn, depth) = self.parts();
        conn.copy_out_at(depth, Copied::Statement(statement), &CallOptions::new()).await
    }

    /// See [`Connection::copy_out_rows`].
    ///
    /// # Errors
    /// As there.
    pub async fn copy_out_rows(&mut self, source: &str) -> Result<ResultSet<'_>> {
        let (conn, depth) = self.parts();
        Ok(conn.copy_out_at(depth, Copied::Rows(source), &CallOptions::new()).await?.rows)
    }
}

#[cold]
fn cannot_copy(conn: &mut Connection) -> SqlError {
    SqlError::unsupported(format!("COPY on {}", conn.info().product))
        .hint("insert the rows by a `Batch`, which takes the fastest way that the database has")
}

#[cold]
fn has_ended() -> SqlError {
    SqlError::new(SqlState::SEQUENCE_ERROR, "the copy has ended already")
        .hint("an operation of it has failed before; begin a new one")
}

#[cold]
pub(crate) fn source_failed(error: impl std::error::Error + Send + Sync + 'static) -> SqlError {
    SqlError::new(SqlState::IO_ERROR, format!("what was to be copied could not be read: {error}")).caused_by(error)
}
