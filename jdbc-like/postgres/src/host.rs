//! [`Host`]: who drives a connection's own future. The rest of the driver is the same for both.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use batis_dbc::driver::Canceller;
use batis_dbc::{BoxFuture, Runner};
use tokio_postgres::CancelToken;

use crate::async_host::AsyncHost;
use crate::blocking_host::{self, BlockingHost};
use crate::shared_io::Turn;
use crate::socket::Peer;

/// The connection's own future: it reads and writes the socket.
pub(crate) type Io = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long a cancelled statement may take to end, and the request for it to be answered.
///
/// Source: `cancelSignalTimeout` of pgjdbc.
pub(crate) const CANCEL_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Host {
    driver: Driver,
    peer: Peer,
}

enum Driver {
    Async(AsyncHost),
    Blocking(Arc<BlockingHost>),
}

impl Host {
    pub(crate) fn for_tasks(host: AsyncHost, peer: Peer) -> Self {
        Self { driver: Driver::Async(host), peer }
    }

    pub(crate) fn for_threads(host: Arc<BlockingHost>, peer: Peer) -> Self {
        Self { driver: Driver::Blocking(host), peer }
    }

    /// Who waits on behalf of a blocking caller.
    pub(crate) fn runner(&self) -> Arc<dyn Runner> {
        match &self.driver {
            Driver::Async(host) => host.runner(),
            Driver::Blocking(host) => Arc::clone(host) as Arc<dyn Runner>,
        }
    }

    /// Ends at this instant. For threads only where the connection's own runner drives it, which is where they wait.
    pub(crate) fn timer(&self, at: Instant) -> BoxFuture<'static, ()> {
        match &self.driver {
            Driver::Async(host) => host.timer(at),
            Driver::Blocking(host) => host.timer(at),
        }
    }

    /// Cancels what runs on the server, and ends when the server has done so.
    pub(crate) fn cancel(&self, token: CancelToken) -> BoxFuture<'static, io::Result<()>> {
        match &self.driver {
            Driver::Async(host) => host.cancel(token, self.peer.clone()),
            Driver::Blocking(_) => blocking_host::cancel_aside(token, self.peer.clone()),
        }
    }

    /// What cancels and aborts from other threads.
    pub(crate) fn canceller(&self, token: CancelToken) -> Arc<dyn Canceller> {
        let peer = self.peer.clone();
        match &self.driver {
            Driver::Async(host) => Arc::new(host.canceller(token, peer)),
            Driver::Blocking(host) => Arc::new(host.canceller(token, peer)),
        }
    }

    /// What an operation drives the connection with while it waits; none: its runner does that.
    pub(crate) fn turn(&self) -> Option<Turn> {
        match &self.driver {
            Driver::Async(host) => Some(host.turn()),
            Driver::Blocking(_) => None,
        }
    }

    /// The host of a connection for threads; none for one for tasks.
    pub(crate) fn threads(&self) -> Option<&Arc<BlockingHost>> {
        match &self.driver {
            Driver::Async(_) => None,
            Driver::Blocking(host) => Some(host),
        }
    }

    /// Lets the connection do what it can do without waiting: send what is queued, read what is there.
    pub(crate) fn nudge(&self) {
        match &self.driver {
            Driver::Async(host) => host.nudge(),
            Driver::Blocking(host) => host.nudge(),
        }
    }

    /// The connection is dropped while something runs: a task cancels it on the server. A thread would have to wait for that, so the
    /// server learns there that nobody listens when it sends the answer.
    pub(crate) fn leave(&mut self, token: CancelToken) {
        if let Driver::Async(host) = &mut self.driver {
            host.cancel_and_end(token, self.peer.clone());
        }
    }

    /// What ends when the connection has said goodbye. Its client must be dropped before that is awaited.
    pub(crate) fn goodbye(&mut self, idle: bool) -> BoxFuture<'static, ()> {
        match &mut self.driver {
            Driver::Async(host) => host.goodbye(idle),
            Driver::Blocking(_) => Box::pin(async {}),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A task ends by itself when it sees that the client is gone.
        if let Driver::Blocking(host) = &self.driver {
            host.end();
        }
    }
}
