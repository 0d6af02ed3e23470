//! [`ResultSet`]: the rows of a query, one at a time.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::connection::Connection;
use crate::error::{Result, SqlError};
use crate::row::{Row, RowRef};
use crate::script::Place;
use crate::shape::Shape;
use crate::value::ValueRef;

/// The rows of a query, read one at a time; nothing is buffered by batis.
///
/// It may be dropped at any time: the next operation on the connection ends what is left (on PostgreSQL that cancels the statement on the
/// server). It has no destructor, so it is over for the borrow checker after its last use.
///
/// Source: `java.sql.ResultSet`, forward-only and read-only.
#[doc(alias = "executeQuery")]
pub struct ResultSet<'c> {
    conn: &'c mut Connection,
    has_row: bool,
    ended: bool,
    left: u64,
    /// Where the statement stands, if it is one of a script.
    place: Option<Box<Place>>,
}

impl<'c> ResultSet<'c> {
    pub(crate) fn new(conn: &'c mut Connection, ended: bool, max_rows: u64) -> Self {
        let left = if max_rows == 0 { u64::MAX } else { max_rows };
        Self { conn, has_row: false, ended, left, place: None }
    }

    /// The same, of a statement that stands there.
    pub(crate) fn of_script(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// The next row, or none at the end.
    ///
    /// A row cannot be returned out of a loop over this method by today's borrow checker; [`advance`](Self::advance) and
    /// [`row`](Self::row) can do that.
    ///
    /// # Errors
    /// What the database reports while it goes on with the query.
    pub async fn next(&mut self) -> Result<Option<RowRef<'_>>> {
        Ok(if self.advance().await? { Some(self.row()) } else { None })
    }

    /// Moves to the next row; `false` at the end.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn advance(&mut self) -> Result<bool> {
        poll_fn(|cx| self.poll_advance(cx)).await
    }

    /// Moves to the next row, for hand-written futures.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    #[inline]
    pub fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        if self.left == 0 {
            self.ended = true;
            self.has_row = false;
            return Poll::Ready(Ok(false));
        }
        let moved = match self.conn.raw_mut().poll_row(cx) {
            Poll::Ready(moved) => moved,
            Poll::Pending => Err(ready!(self.conn.poll_silence(cx))),
        };
        self.conn.heard();
        match moved {
            Ok(more) => {
                self.has_row = more;
                self.ended = !more;
                self.left -= 1;
                Poll::Ready(Ok(more))
            }
            Err(error) => Poll::Ready(Err(self.failed(error))),
        }
    }

    #[cold]
    fn failed(&mut self, error: SqlError) -> SqlError {
        self.ended = true;
        self.has_row = false;
        let error = self.conn.note(error);
        match &self.place {
            Some(place) => place.explain(error),
            None => error,
        }
    }

    /// The current row. Before the first [`advance`](Self::advance) and after the end its values are null.
    #[inline]
    pub fn row(&mut self) -> RowRef<'_> {
        RowRef::new(self.conn.raw_mut())
    }

    /// A column of the current row.
    pub(crate) fn value(&mut self, column: usize) -> ValueRef<'_> {
        self.conn.raw_mut().value(column)
    }

    /// The columns.
    #[must_use]
    #[doc(alias = "getMetaData")]
    pub fn shape(&mut self) -> &Arc<Shape> {
        self.conn.raw_mut().shape()
    }

    /// Copies all rows that are left.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn collect(self) -> Result<Vec<Row>> {
        self.map(|row| Ok(row.to_row())).await
    }

    /// All rows that are left, each through a function.
    ///
    /// # Errors
    /// As [`next`](Self::next), and what the function returns.
    pub async fn map<T>(mut self, mut f: impl FnMut(&RowRef<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while self.advance().await? {
            all.push(f(&self.row())?);
        }
        Ok(all)
    }

    /// The rows as a [`Stream`], each through a function. No allocation per row.
    pub fn into_stream<T, F: FnMut(&RowRef<'_>) -> Result<T>>(self, f: F) -> Rows<'c, F> {
        Rows { rows: self, f }
    }

    /// Reads to the end and says how many rows the statement changed (for `INSERT .. RETURNING` and the like; 0 for a select).
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn finish(mut self) -> Result<u64> {
        while self.advance().await? {}
        Ok(self.conn.raw_mut().affected())
    }

    /// Ends the query now instead of at the next operation.
    ///
    /// # Errors
    /// If the connection breaks while the rest is cancelled.
    pub async fn close(self) -> Result<()> {
        self.conn.end_cursor().await
    }
}

impl fmt::Debug for ResultSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultSet").field("has_row", &self.has_row).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// A stream over the rows of a query. Made by [`ResultSet::into_stream`].
#[must_use = "streams do nothing unless polled"]
pub struct Rows<'c, F> {
    rows: ResultSet<'c>,
    f: F,
}

// The row source is a plain reference and the function is called by `&mut`: nothing is pinned in place.
impl<F> Unpin for Rows<'_, F> {}

impl<T, F: FnMut(&RowRef<'_>) -> Result<T>> Stream for Rows<'_, F> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match ready!(this.rows.poll_advance(cx)) {
            Ok(true) => Poll::Ready(Some((this.f)(&this.rows.row()))),
            Ok(false) => Poll::Ready(None),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl<F> fmt::Debug for Rows<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}
