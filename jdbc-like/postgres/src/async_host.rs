//! The host of connections for tasks. Only here and in their [sockets](AsyncSocket) is a runtime used.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use batis_dbc::{BoxFuture, Result, Runner, SqlError, SqlState, TimedOut};
use tokio::net::lookup_host;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::CancelToken;

use crate::async_socket::AsyncSocket;
use crate::cancel_request;
use crate::canceller::TaskCanceller;
use crate::host::{CANCEL_LIMIT, Io};
use crate::options::Address;
use crate::secure::Channel;
use crate::shared_io::{SharedIo, Turn};
use crate::socket::{Peer, Place, no_address};

/// How long a goodbye may take.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

/// The runtime whose sockets and timers a connection uses.
pub(crate) struct AsyncHost {
    runtime: Handle,
    io: Arc<SharedIo>,
    /// What drives the connection while no operation does; none once it was told to end.
    standby: Option<JoinHandle<()>>,
}

/// The runtime of the calling task.
pub(crate) fn runtime() -> Result<Handle> {
    Handle::try_current().map_err(|_| {
        SqlError::new(
            SqlState::CONNECT_FAILED,
            "an async PostgreSQL connection needs a tokio runtime, and there is none here",
        )
        .hint("connect inside of a tokio task, or use `connect_blocking`, which needs no runtime")
    })
}

/// Waits on a plain thread for a connection that a runtime drives. When nothing comes for a while it asks whether the runtime works at all:
/// a caller that stands on its only worker would wait for itself.
#[derive(Debug)]
pub(crate) struct TaskRunner {
    runtime: Handle,
    /// The last run was given up because the runtime did nothing.
    blocked: AtomicBool,
}

/// How long a thread waits before it asks whether the runtime works, and how long for the answer.
const QUIET: Duration = Duration::from_secs(1);
const PROBE_LIMIT: Duration = Duration::from_secs(3);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Runner for TaskRunner {
    fn run(
        &self,
        mut future: Pin<&mut (dyn Future<Output = ()> + '_)>,
        deadline: Option<Instant>,
    ) -> std::result::Result<(), TimedOut> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        let mut asked: Option<JoinHandle<()>> = None;
        let mut next = Instant::now() + QUIET;
        loop {
            if future.as_mut().poll(&mut cx).is_ready() {
                return Ok(());
            }
            let now = Instant::now();
            if deadline.is_some_and(|d| now >= d) {
                return Err(TimedOut);
            }
            if now >= next {
                match &asked {
                    // It works; what is asked of the server takes its time.
                    Some(probe) if probe.is_finished() => (asked, next) = (None, now + QUIET),
                    Some(_) => {
                        self.blocked.store(true, Ordering::Relaxed);
                        return Err(TimedOut);
                    }
                    None => (asked, next) = (Some(self.runtime.spawn(async {})), now + PROBE_LIMIT),
                }
            }
            thread::park_timeout(deadline.map_or(next, |d| d.min(next)).saturating_duration_since(now));
        }
    }

    fn explain(&self, given_up: TimedOut) -> SqlError {
        if !self.blocked.swap(false, Ordering::Relaxed) {
            return given_up.into_error();
        }
        SqlError::new(SqlState::QUERY_CANCELED, "the runtime that drives this connection is blocked").hint(
            "was this called from its only worker? Await it there, or use a connection made by `connect_blocking`",
        )
    }
}

impl AsyncHost {
    pub(crate) fn runner(&self) -> Arc<dyn Runner> {
        Arc::new(TaskRunner { runtime: self.runtime.clone(), blocked: AtomicBool::new(false) })
    }

    pub(crate) fn new(runtime: Handle, io: Io) -> Self {
        let io = SharedIo::new(io);
        let standby = Some(runtime.spawn(io.standby()));
        Self { runtime, io, standby }
    }

    /// What an operation drives the connection with.
    pub(crate) fn turn(&self) -> Turn {
        self.io.turn()
    }

    pub(crate) fn nudge(&self) {
        self.io.poll();
    }

    /// Ends at this instant.
    pub(crate) fn timer(&self, at: Instant) -> BoxFuture<'static, ()> {
        // A timer belongs to the runtime in which it is made; the caller may stand outside of any.
        let _inside = self.runtime.enter();
        Box::pin(tokio::time::sleep_until(at.into()))
    }

    /// Cancels what runs.
    pub(crate) fn cancel(&self, token: CancelToken, peer: Peer) -> BoxFuture<'static, io::Result<()>> {
        cancel_by_task(&self.runtime, token, peer)
    }

    /// What cancels and aborts from other threads.
    pub(crate) fn canceller(&self, token: CancelToken, peer: Peer) -> TaskCanceller {
        TaskCanceller {
            token,
            peer,
            runtime: self.runtime.clone(),
            io: self.standby.as_ref().map(JoinHandle::abort_handle),
        }
    }

    /// Cancels what runs, then closes the connection; nobody waits for it.
    pub(crate) fn cancel_and_end(&mut self, token: CancelToken, peer: Peer) {
        let Some(standby) = self.standby.take() else { return };
        self.runtime.spawn(async move {
            // A server that cannot be reached cancels nothing; the connection ends all the same.
            let _ = cancel(token, peer).await;
            standby.abort();
        });
    }

    /// Waits until the connection has said goodbye; one that is busy is cut.
    pub(crate) fn goodbye(&mut self, idle: bool) -> BoxFuture<'static, ()> {
        let (Some(mut standby), limit) = (self.standby.take(), self.timer(Instant::now() + GOODBYE_LIMIT)) else {
            return Box::pin(async {});
        };
        Box::pin(async move {
            let said = idle && first(&mut standby, limit).await;
            if !said {
                standby.abort();
            }
        })
    }
}

/// Cancels what runs by a task, which goes on even if nobody waits for it any more.
pub(crate) fn cancel_by_task(runtime: &Handle, token: CancelToken, peer: Peer) -> BoxFuture<'static, io::Result<()>> {
    let task = runtime.spawn(cancel(token, peer));
    Box::pin(async move { task.await.unwrap_or_else(|ended| Err(io::Error::other(ended))) })
}

/// Whether the future ends before the limit.
async fn first<T>(mut future: impl Future<Output = T> + Unpin, mut limit: BoxFuture<'static, ()>) -> bool {
    std::future::poll_fn(|cx| match Pin::new(&mut future).poll(cx) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| false),
    })
    .await
}

/// Waits.
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep_until((Instant::now() + duration).into()).await;
}

/// Runs a future until this instant; none: without a limit.
pub(crate) async fn until<T>(at: Option<Instant>, future: impl Future<Output = T>) -> io::Result<T> {
    match at {
        Some(at) => {
            tokio::time::timeout_at(at.into(), future).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))
        }
        None => Ok(future.await),
    }
}

/// Asks the server to cancel what runs, and waits until it has done so: it closes the socket after that.
async fn cancel(token: CancelToken, peer: Peer) -> io::Result<()> {
    until(Some(Instant::now() + CANCEL_LIMIT), async move {
        let socket = AsyncSocket::connect(&peer.place).await?;
        cancel_request::send(Channel::again(socket, peer.tls.as_ref()).await?, &token).await
    })
    .await?
}

/// Connects to the first address of a host that answers.
pub(crate) async fn dial(address: &Address) -> io::Result<(AsyncSocket, Place)> {
    match address {
        Address::Unix(path) => {
            let place = Place::Unix(path.clone());
            Ok((AsyncSocket::connect(&place).await?, place))
        }
        Address::Tcp(host, port) => {
            let mut failed = no_address();
            for found in lookup_host((host.as_str(), *port)).await? {
                let place = Place::Tcp(found);
                match AsyncSocket::connect(&place).await {
                    Ok(socket) => return Ok((socket, place)),
                    Err(error) => failed = error,
                }
            }
            Err(failed)
        }
    }
}
