//! Cancel and abort from other threads.

use std::io;
use std::sync::Arc;

use batis_dbc::driver::Canceller;
use batis_dbc::{Op, Result, SqlError, SqlState};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_postgres::CancelToken;

use crate::blocking_socket::Link;
use crate::socket::Peer;
use crate::{async_host, blocking_host};

/// For a connection that a runtime drives: the request is made by a task of it, so that any thread may ask.
pub(crate) struct TaskCanceller {
    pub(crate) token: CancelToken,
    pub(crate) peer: Peer,
    pub(crate) runtime: Handle,
    pub(crate) io: Option<AbortHandle>,
}

/// For a connection for plain threads: the request is made on the thread that asks.
pub(crate) struct ThreadCanceller {
    pub(crate) token: CancelToken,
    pub(crate) peer: Peer,
    pub(crate) link: Arc<Link>,
}

fn failed(cause: io::Error) -> SqlError {
    SqlError::new(SqlState::CONNECT_FAILED, "the cancel request did not reach the server").caused_by(cause)
}

impl Canceller for TaskCanceller {
    fn cancel(&self) -> Op<'_, Result<()>> {
        let asked = async_host::cancel_by_task(&self.runtime, self.token.clone(), self.peer.clone());
        Op::boxed(async move { asked.await.map_err(failed) })
    }

    fn abort(&self) {
        if let Some(io) = &self.io {
            io.abort();
        }
    }
}

impl Canceller for ThreadCanceller {
    fn cancel(&self) -> Op<'_, Result<()>> {
        Op::ready(blocking_host::cancel(&self.token, &self.peer).map_err(failed))
    }

    fn abort(&self) {
        self.link.hang_up();
    }
}
