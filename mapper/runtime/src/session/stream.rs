//! [`RowStream`]: rows one at a time, from a connection of their own.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use batis_dbc::{BoxFuture, DataSource};
use batis_script::Value;
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::to_statement::ToMappedStatement;
use super::{On, Request, SqlSession};
use crate::cache::{CacheScope, Caches, Flush};
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::interceptor::Outcome;
use crate::mapped_statement::MappedStatement;
use crate::params::IntoParams;
use crate::result_set_handler::ResultSetHandler;
use crate::statement_handler::StatementHandler;

/// The rows of a query as a stream. It owns a connection until its end; dropping it early gives the connection back, which cancels the query.
///
/// Source: `Cursor` of MyBatis (`selectCursor`), which must be closed.
#[must_use = "streams do nothing unless polled"]
#[doc(alias = "Cursor")]
pub struct RowStream<T> {
    /// Reads one row after the other into the slot and waits until it is taken. None at the end.
    reader: Option<BoxFuture<'static, Result<()>>>,
    slot: Slot<T>,
}

/// The way of a row from the reader to who polls the stream; both run in one poll, so nobody ever waits for the lock.
struct Slot<T>(Arc<Mutex<Option<T>>>);

impl<T> Slot<T> {
    fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until the value was taken.
    async fn taken(&self) {
        let mut put = true;
        poll_fn(|_| if std::mem::take(&mut put) { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

impl SqlSession {
    /// The rows of a query one at a time, from a connection of their own.
    ///
    /// Where a result map nests, an object comes when it is complete: with `resultOrdered="true"` when the next one begins, otherwise, and
    /// always with nested selects, after the last row.
    ///
    /// In a transaction it is refused with 0A000: a stream would keep the transaction's only connection from everybody else, the loop over
    /// its rows included. Collect the rows there.
    #[doc(alias = "selectCursor")]
    pub fn stream<'s, T: DeserializeOwned + Send + 'static>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> RowStream<T> {
        let slot = Slot(Arc::new(Mutex::new(None)));
        let reader: BoxFuture<'static, Result<()>> = match self.streamed(statement, params) {
            Err(error) => Box::pin(async { Err(error) }),
            Ok((source, id, parameter)) => {
                let slot = Slot(Arc::clone(&slot.0));
                Box::pin(run(self.clone(), source, id, parameter, slot))
            }
        };
        RowStream { reader: Some(reader), slot }
    }

    fn streamed<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<(Arc<dyn DataSource>, String, Value)> {
        let Request { statement, parameter } = Request::new(self, statement, params)?;
        match &self.on {
            On::Source(source) => Ok((Arc::clone(source), statement.id().to_owned(), parameter)),
            On::Tx { .. } => Err(statement.blame(
                Error::new(ErrorKind::Unsupported, "a stream inside a transaction is not supported")
                    .hint("collect the rows with select_list, or stream outside of the transaction"),
            )),
        }
    }
}

/// Its own rows are always the database's, but it empties the statement's cache if it says so. Nested selects are those of any other query.
async fn run<T: DeserializeOwned>(
    session: SqlSession,
    source: Arc<dyn DataSource>,
    id: String,
    parameter: Value,
    slot: Slot<T>,
) -> Result<()> {
    let statement: &MappedStatement = session.configuration.statement(&id)?;
    let caches = session.caches.as_deref();
    let flush = caches.and_then(|caches| Flush::of(caches, statement));
    let done = read(statement, &source, caches, parameter, slot).await;
    Flush::ended(flush, &done);
    done
}

async fn read<T: DeserializeOwned>(
    statement: &MappedStatement,
    source: &Arc<dyn DataSource>,
    caches: Option<&Caches>,
    parameter: Value,
    slot: Slot<T>,
) -> Result<()> {
    let mut call = StatementHandler::prepare(statement, &parameter)?;
    let mut lease = source.connection().await.map_err(|e| statement.blame(e.into()))?;
    lease.note_use(statement.id());
    let mut rows = call.query(&mut lease).await?;
    let mut handler: Option<ResultSetHandler<'_>> = None;
    while rows.advance().await.map_err(|e| call.failed(e))? {
        let handler = match &mut handler {
            Some(handler) => handler,
            none => none.insert(ResultSetHandler::new(statement, statement.plan(rows.shape()))),
        };
        let mut put = false;
        let row = handler.shown_row(&rows.row(), |record| {
            put = true;
            record.value().map(|value| slot.put(value))
        });
        row.map_err(|e| call.failed(e))?;
        if put {
            slot.taken().await;
        }
    }
    let Some(mut handler) = handler else {
        call.finished(Outcome::Rows(0));
        return Ok(());
    };
    if let Some(forest) = handler.nested_selects() {
        let caches = caches.map_or(CacheScope::Off, CacheScope::Shared);
        let loaded = Box::pin(Executor::new(&mut lease).with_caches(caches).load_nested(statement, forest)).await;
        loaded.map_err(|e| call.failed(e))?;
    }
    while let Some(value) = handler.next_object().map(|record| record.value()) {
        slot.put(value.map_err(|e| call.failed(e))?);
        slot.taken().await;
    }
    call.finished(Outcome::Rows(handler.count()));
    Ok(())
}

impl<T> Stream for RowStream<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.get_mut();
        let Some(reader) = &mut this.reader else { return Poll::Ready(None) };
        let ended = match reader.as_mut().poll(cx) {
            Poll::Pending => match this.slot.take() {
                Some(value) => return Poll::Ready(Some(Ok(value))),
                None => return Poll::Pending,
            },
            Poll::Ready(ended) => ended,
        };
        this.reader = None;
        match ended {
            Ok(()) => Poll::Ready(None),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

// Nothing is pinned in place: the reader is boxed.
impl<T> Unpin for RowStream<T> {}

impl<T> fmt::Debug for RowStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream").field("ended", &self.reader.is_none()).finish_non_exhaustive()
    }
}
