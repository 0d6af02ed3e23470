//! The rows of the running statement.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use batis_dbc::ValueRef;
use batis_dbc::driver::Outcome;
use futures_core::Stream as _;
use tokio_postgres::{Error, Row, RowStream};

use crate::copy_out::CopyOut;
use crate::plan::Plan;
use crate::value::decode::{Scratch, borrowed, raw};

/// The rows of the running statement, or what is left of the last one: its columns.
pub(crate) struct Cursor {
    // The place is allocated once for all statements of the connection: the stream may not move while it is polled.
    stream: Pin<Box<Option<RowStream>>>,
    row: Option<Row>,
    /// Rows that were read before anybody asked for them.
    ahead: Option<Box<Ahead>>,
    /// Rows that are copied outwards, instead of a stream.
    copy: Option<Box<CopyOut>>,
    scratch: Scratch,
    pub(crate) plan: Arc<Plan>,
    /// Whether the statement changes nothing and may be cancelled.
    pub(crate) only_reads: bool,
}

struct Ahead {
    rows: VecDeque<Row>,
    /// The number of the command tag, if these rows are all.
    count: Option<u64>,
}

/// What a step came to.
pub(crate) enum Step {
    Row,
    /// The end, with the number of the command tag.
    End(u64),
}

impl Cursor {
    pub(crate) fn new() -> Self {
        Self {
            stream: Box::pin(None),
            row: None,
            ahead: None,
            copy: None,
            scratch: Scratch::default(),
            plan: Arc::default(),
            only_reads: false,
        }
    }

    /// Before the first row of a statement.
    #[inline]
    pub(crate) fn open(&mut self, stream: RowStream, plan: Arc<Plan>, only_reads: bool) {
        self.stream.set(Some(stream));
        self.plan = plan;
        self.only_reads = only_reads;
    }

    /// Before the first row of a copy outwards.
    pub(crate) fn open_copy(&mut self, copy: CopyOut, plan: Arc<Plan>, only_reads: bool) {
        self.copy = Some(Box::new(copy));
        self.plan = plan;
        self.only_reads = only_reads;
    }

    /// No statement is running; the rest of its answer is dropped when it comes.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.row = None;
        self.ahead = None;
        self.copy = None;
        self.stream.set(None);
    }

    /// Moves to the next row.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, Error>> {
        if self.ahead.is_some()
            && let Some(step) = self.next_ahead()
        {
            return Poll::Ready(Ok(step));
        }
        let Some(mut stream) = self.stream.as_mut().as_pin_mut() else { return self.poll_copy(cx) };
        match ready!(stream.as_mut().poll_next(cx)) {
            Some(Ok(row)) => Poll::Ready(Ok(self.show(row))),
            Some(Err(error)) => {
                self.clear();
                Poll::Ready(Err(error))
            }
            None => {
                let count = stream.rows_affected().unwrap_or(0);
                self.clear();
                Poll::Ready(Ok(Step::End(count)))
            }
        }
    }

    #[cold]
    fn poll_copy(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, Error>> {
        let Some(copy) = &mut self.copy else { return Poll::Ready(Ok(Step::End(0))) };
        match ready!(copy.poll(cx)) {
            Ok(true) => {
                if self.plan.makes {
                    make(&mut self.scratch, &self.plan, |column| copy.field(column));
                }
                Poll::Ready(Ok(Step::Row))
            }
            ended => {
                self.clear();
                Poll::Ready(ended.map(|_| Step::End(0)))
            }
        }
    }

    #[inline]
    fn show(&mut self, row: Row) -> Step {
        if self.plan.makes {
            make(&mut self.scratch, &self.plan, |column| raw(&row, column));
        }
        self.row = Some(row);
        Step::Row
    }

    /// Reads up to this many rows ahead; whether these were all.
    pub(crate) async fn read_ahead(&mut self, limit: usize) -> Result<bool, Error> {
        let mut ahead = Ahead { rows: VecDeque::new(), count: None };
        while let Some(mut stream) = self.stream.as_mut().as_pin_mut()
            && ahead.rows.len() < limit
        {
            match poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                Some(Ok(row)) => ahead.rows.push_back(row),
                Some(Err(error)) => {
                    self.clear();
                    return Err(error);
                }
                None => {
                    ahead.count = Some(stream.rows_affected().unwrap_or(0));
                    break;
                }
            }
        }
        let all = ahead.count.is_some();
        self.ahead = Some(Box::new(ahead));
        Ok(all)
    }

    /// The next of the rows that were read ahead, or the end if they were all; none: the stream goes on.
    #[cold]
    fn next_ahead(&mut self) -> Option<Step> {
        let ahead = self.ahead.as_mut()?;
        if let Some(row) = ahead.rows.pop_front() {
            return Some(self.show(row));
        }
        let count = ahead.count;
        self.ahead = None;
        let count = count?;
        self.clear();
        Some(Step::End(count))
    }

    /// Reads to the end of a statement that returns no rows.
    pub(crate) async fn finish(&mut self) -> Result<Outcome, Error> {
        loop {
            if let Step::End(count) = poll_fn(|cx| self.poll(cx)).await? {
                // A select may have rows without any column; it has changed none.
                return Ok(Outcome::Count(if self.only_reads { 0 } else { count }));
            }
        }
    }

    /// A column of the current row. What most columns are is found on a short way.
    #[inline]
    pub(crate) fn value(&self, column: usize) -> ValueRef<'_> {
        if let (Some(row), Some(decoder), false) = (&self.row, self.plan.decoders.get(column), self.plan.makes)
            && let Some(raw) = raw(row, column)
        {
            return borrowed(decoder, raw);
        }
        self.other_value(column)
    }

    /// The same of nulls, of rows with values that are made, of rows that are copied.
    #[inline(never)]
    fn other_value(&self, column: usize) -> ValueRef<'_> {
        let raw = match &self.row {
            Some(row) => raw(row, column),
            None => self.copy.as_ref().and_then(|copy| copy.field(column)),
        };
        match (raw, self.plan.decoders.get(column)) {
            (Some(raw), Some(decoder)) if decoder.makes() => self.scratch.value(column, decoder, raw),
            (Some(raw), Some(decoder)) => borrowed(decoder, raw),
            _ => ValueRef::Null,
        }
    }
}

/// Makes the values of a row that cannot be borrowed from it.
fn make<'r>(scratch: &mut Scratch, plan: &Plan, raw: impl Fn(usize) -> Option<&'r [u8]>) {
    scratch.clear();
    for (column, decoder) in plan.decoders.iter().enumerate() {
        scratch.push(decoder, &plan.types, raw(column));
    }
}
