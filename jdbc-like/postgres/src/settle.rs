//! Ending what was left behind: a result that was not read to its end, an operation whose future was dropped.
//!
//! A cancel request hits whatever runs when it arrives, so it is *fenced*: sent, waited for until the server closes its socket (it has
//! signalled the session by then), and followed by a round trip; only then the next statement is sent.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use batis_dbc::driver::Wire;
use batis_dbc::{BoxFuture, Result, SqlError, SqlState};
use tokio_postgres::Error;

use crate::connection::PostgresConnection;
use crate::control::rollback_to;
use crate::host::CANCEL_LIMIT;

/// After which time a request that did nothing is repeated; the next pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

impl PostgresConnection {
    pub(crate) async fn end_what_runs(&mut self) -> Result<()> {
        match self.wire {
            Wire::Idle => return Ok(()),
            Wire::Broken => return self.check().await,
            // A cancelled statement would fail the transaction, or take back what it has done: its rows are read over instead.
            Wire::Cursor if self.watch.in_transaction() || !self.cursor.only_reads => return self.check().await,
            Wire::Cursor | Wire::InFlight => {}
        }
        let owed = self.transaction.owed;
        self.begin();
        match self.cancelled().await {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(error))) if self.client.is_closed() => return Err(self.failed(&error)),
            // An answer that does not fit; the connection cannot be trusted.
            Ok(Some(Err(_))) => return Err(self.give_up("the connection is out of step after a cancelled statement")),
            Ok(None) => return Err(self.give_up("the server did not end a cancelled statement in time")),
            Err(io) => return Err(self.give_up(&format!("a statement could not be cancelled: {io}"))),
        }
        self.answered();
        self.repay(owed).await
    }

    /// Cancels what runs until all that was sent is answered; inner none: that took too long.
    async fn cancelled(&mut self) -> io::Result<Option<Result<(), Error>>> {
        let Self { client, host, fence, .. } = self;
        let end = Instant::now() + CANCEL_LIMIT;
        let mut pause = FIRST_PAUSE;
        // It is sent behind what runs, and answered when nothing runs any more.
        let mut answer = pin!(client.check_connection());
        let mut answered = at_once(answer.as_mut()).await;
        loop {
            if answered.is_none() || fence.is_some() {
                // One that was begun by a future that was dropped is waited for first: it is still on its way.
                let request = fence.get_or_insert_with(|| host.cancel(client.cancel_token()));
                let done = request.as_mut().await;
                *fence = None;
                done?;
            }
            if answered.is_some() || Instant::now() >= end {
                return Ok(answered);
            }
            // A request that comes before the statement has begun does nothing: then there must be another one.
            answered = within(host.timer(Instant::now() + pause), answer.as_mut()).await;
            if answered.is_some() {
                return Ok(answered);
            }
            pause *= 2;
        }
    }

    #[cold]
    fn give_up(&mut self, why: &str) -> SqlError {
        self.wire = Wire::Broken;
        SqlError::new(SqlState::CONNECTION_FAILURE, why)
    }

    /// Does a rollback again that was sent without waiting and may have been cancelled.
    async fn repay(&mut self, owed: Option<u32>) -> Result<()> {
        let text = match owed {
            Some(0) if self.watch.in_transaction() => "ROLLBACK".to_owned(),
            Some(depth) if depth > 0 && self.watch.has_failed() => rollback_to(depth + 1),
            _ => return Ok(()),
        };
        self.begin();
        let done = self.client.batch_execute(&text).await;
        match done {
            Ok(()) => self.answered(),
            Err(error) => {
                let told = self.failed(&error);
                // A savepoint that is gone was rolled back to before; then the transaction failed later, and its owner will see that.
                if self.wire == Wire::Broken || owed == Some(0) {
                    return Err(told);
                }
                return self.check().await;
            }
        }
        Ok(())
    }
}

/// The answer, unless the limit comes first.
async fn within(
    mut limit: BoxFuture<'static, ()>,
    mut answer: Pin<&mut impl Future<Output = Result<(), Error>>>,
) -> Option<Result<(), Error>> {
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Begins to ask, and gives the connection a turn to send it; the answer if it is there after that.
async fn at_once(mut answer: Pin<&mut impl Future<Output = Result<(), Error>>>) -> Option<Result<(), Error>> {
    let mut waited = false;
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if waited => Poll::Ready(None),
        Poll::Pending => {
            waited = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}
