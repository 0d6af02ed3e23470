//! [`Limit`]: how long an operation may wait: the deadline of its call, and the network timeout of its connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::driver::Wire;
use crate::error::{Result, SqlError};
use crate::op::{BoxFuture, Op};
use crate::runner::TimedOut;
use crate::sql_state::SqlState;

/// What ends the wait for one operation.
pub(crate) enum Limit {
    /// Only its answer.
    None,
    /// The deadline of the call: the operation stays behind, and the next one ends it.
    Deadline(BoxFuture<'static, ()>),
    /// The network timeout: the connection is lost.
    Network(BoxFuture<'static, ()>, Duration),
}

impl Limit {
    /// The answer of the operation, unless the limit comes first. Work that was done in the call is never too late.
    #[inline]
    pub(crate) async fn during<T>(self, op: Op<'_, Result<T>>) -> Result<T> {
        match (op, self) {
            (Op::Ready(Some(done)), _) => done,
            (op, Self::None) => op.await,
            (op, limit) => limit.before(op).await,
        }
    }

    pub(crate) async fn before<T>(mut self, mut future: impl Future<Output = Result<T>> + Unpin) -> Result<T> {
        poll_fn(move |cx| match Pin::new(&mut future).poll(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => self.poll(cx).map(Err),
        })
        .await
    }

    /// The error, once the limit has come.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<SqlError> {
        match self {
            Self::None => Poll::Pending,
            Self::Deadline(timer) => timer.as_mut().poll(cx).map(|()| TimedOut.into_error()),
            Self::Network(timer, time) => timer.as_mut().poll(cx).map(|()| silent(*time)),
        }
    }
}

/// How long the end of a statement whose time was up is waited for.
const GRACE: Duration = Duration::from_millis(250);

fn silent(time: Duration) -> SqlError {
    SqlError::new(
        SqlState::CONNECTION_FAILURE,
        format!("the database did not answer within the network timeout of {time:?}"),
    )
}

impl Connection {
    /// How long the answer of the database to one request, or its next row, may be waited for; none: for ever. When the time is over the
    /// operation fails with 08006 and the connection is broken; a COMMIT fails with 08007, since nobody knows whether it was done.
    ///
    /// It is the last net under connections whose other end has vanished without a word; statements that may take long have a
    /// [deadline](crate::CallOptions::deadline), after which the connection can still be used. Default: what the driver's URL says
    /// (PostgreSQL: `socket_timeout`), to which a pool sets it back. Databases that work in the process (SQLite) ignore it.
    ///
    /// Source: `Connection.setNetworkTimeout` of JDBC, `socketTimeout` of pgjdbc.
    #[doc(alias = "setNetworkTimeout")]
    pub fn set_network_timeout(&mut self, time: Option<Duration>) {
        self.network_mut().time = time;
    }

    /// How long an answer may be waited for. See [`set_network_timeout`](Self::set_network_timeout).
    #[must_use]
    #[doc(alias = "getNetworkTimeout")]
    pub fn network_timeout(&mut self) -> Option<Duration> {
        self.network_mut().time
    }

    /// The limit of one operation.
    #[inline]
    pub(crate) fn limit(&mut self, deadline: Option<Instant>) -> Limit {
        match (deadline, self.network_mut().time) {
            (None, None) => Limit::None,
            (deadline, time) => self.timed(deadline, time),
        }
    }

    /// The error of a call with this deadline. If its time was up, it is [stopped](Self::stop).
    #[cold]
    pub(crate) async fn failed(&mut self, error: SqlError, deadline: Option<Instant>) -> SqlError {
        let error = self.note(error);
        if deadline.is_some() {
            self.stop().await;
        }
        error
    }

    /// The time of a call was up: what it left on the server is ended now. Where that takes long (the server is gone, mostly) it is left to
    /// the next operation, which goes on with it.
    async fn stop(&mut self) {
        if self.raw_mut().wire() != Wire::InFlight {
            return;
        }
        let Some(grace) = Instant::now().checked_add(GRACE).and_then(|end| self.raw_mut().timer(end)) else { return };
        // An error breaks the connection, and the next operation says so.
        let _ = Limit::Deadline(grace).before(Box::pin(self.end_cursor())).await;
    }

    /// The deadline for whoever waits for this call: the core keeps it by itself where the driver has a timer, and then needs a moment to
    /// [stop](Self::stop) the statement.
    pub(crate) fn patience(&mut self, deadline: Option<Instant>) -> Option<Instant> {
        let deadline = deadline?;
        let kept = self.raw_mut().timer(deadline).is_some();
        if kept { deadline.checked_add(2 * GRACE) } else { Some(deadline) }
    }

    fn timed(&mut self, deadline: Option<Instant>, time: Option<Duration>) -> Limit {
        let network = time.and_then(|time| Some((Instant::now().checked_add(time)?, time)));
        match (deadline, network) {
            (deadline, Some((end, time))) if deadline.is_none_or(|d| end < d) => {
                self.raw_mut().timer(end).map_or(Limit::None, |timer| Limit::Network(timer, time))
            }
            (Some(deadline), _) => self.raw_mut().timer(deadline).map_or(Limit::None, Limit::Deadline),
            (None, _) => Limit::None,
        }
    }

    /// The next row is waited for: the error, if that takes longer than the network timeout.
    #[cold]
    pub(crate) fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<SqlError> {
        if self.network_mut().time.is_none() {
            return Poll::Pending;
        }
        let mut limit = match self.network_mut().row.take() {
            Some(limit) => limit,
            None => self.limit(None),
        };
        let over = limit.poll(cx);
        if over.is_pending() {
            self.network_mut().row = Some(limit);
        }
        over
    }

    /// The next row has come.
    #[inline]
    pub(crate) fn heard(&mut self) {
        let network = self.network_mut();
        if network.row.is_some() {
            network.row = None;
        }
    }
}

/// What a connection knows of its network timeout.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) time: Option<Duration>,
    /// The driver's own, to which a pool sets it back.
    pub(crate) usual: Option<Duration>,
    /// The limit of the row that is waited for.
    row: Option<Limit>,
}

impl Network {
    pub(crate) fn usual(time: Option<Duration>) -> Self {
        Self { time, usual: time, row: None }
    }

    pub(crate) fn reset(&mut self) {
        self.time = self.usual;
    }
}
