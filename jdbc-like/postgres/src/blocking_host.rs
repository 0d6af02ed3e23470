//! The host of connections for plain threads: no runtime. One loop drives the caller's future and the connection's own over `poll(2)`.
//!
//! It works anywhere (inside a task of an async runtime it merely blocks it), and a connection may move from thread to thread between calls.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use batis_dbc::{BoxFuture, ParkRunner, Runner, TimedOut};
use tokio_postgres::CancelToken;

use crate::blocking_socket::{BlockingSocket, Link};
use crate::cancel_request;
use crate::canceller::ThreadCanceller;
use crate::host::{CANCEL_LIMIT, Io};
use crate::secure::Channel;
use crate::socket::{Peer, Socket};
use crate::sync::lock;
use crate::wakeup::Wakeup;

/// Drives a connection on the threads that wait for it.
pub(crate) struct BlockingHost {
    link: Arc<Link>,
    /// The connection's own future; none once the connection has ended.
    io: Mutex<Option<Io>>,
    /// When a [`timer`](Self::timer) wants to be looked at.
    alarm: Mutex<Option<Instant>>,
    /// Somebody has looked since it was run last, and found that he must wait.
    looked: AtomicBool,
}

/// How long a task that awaits a connection for threads keeps its thread at a time.
const MOMENT: Duration = Duration::from_millis(2);

impl BlockingHost {
    pub(crate) fn new(link: Arc<Link>, io: Io) -> Arc<Self> {
        Arc::new(Self { link, io: Mutex::new(Some(io)), alarm: Mutex::new(None), looked: AtomicBool::new(false) })
    }

    /// Lets the connection do what it can do without waiting: send what is queued, read what is there.
    pub(crate) fn nudge(&self) {
        // Someone who runs it just now does this anyway.
        if let Some(mut io) = self.io() {
            poll_io(&mut io);
        }
    }

    /// Sends what is queued and closes the socket.
    pub(crate) fn end(&self) {
        if let Some(mut io) = self.io() {
            poll_io(&mut io);
            *io = None;
        }
    }

    /// What cancels and aborts from other threads.
    pub(crate) fn canceller(&self, token: CancelToken, peer: Peer) -> ThreadCanceller {
        ThreadCanceller { token, peer, link: Arc::clone(&self.link) }
    }

    /// A task awaits what belongs to threads, so that nobody drives it: the task's thread does, for a moment at a time.
    pub(crate) fn stand_in(&self, cx: &Context<'_>) {
        // Somebody runs it.
        let Some(mut io) = self.io() else { return };
        // A blocking caller looks once and runs it then; a task comes again.
        if !self.looked.swap(true, Ordering::Relaxed) {
            return cx.waker().wake_by_ref();
        }
        self.link.rest();
        poll_io(&mut io);
        self.link.wait(&Wakeup::own().0, Instant::now().checked_add(MOMENT));
        poll_io(&mut io);
        cx.waker().wake_by_ref();
    }

    fn io(&self) -> Option<MutexGuard<'_, Option<Io>>> {
        match self.io.try_lock() {
            Ok(io) => Some(io),
            // A caller's future panicked; the connection's own is as it was.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn alarm(&self) -> MutexGuard<'_, Option<Instant>> {
        lock(&self.alarm)
    }

    /// Ready at this instant, if this host runs it.
    pub(crate) fn timer(self: &Arc<Self>, at: Instant) -> BoxFuture<'static, ()> {
        let host = Arc::clone(self);
        Box::pin(poll_fn(move |cx| {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            {
                let mut alarm = host.alarm();
                *alarm = Some(alarm.map_or(at, |earlier| earlier.min(at)));
            }
            host.stand_in(cx);
            Poll::Pending
        }))
    }
}

impl Runner for BlockingHost {
    fn run(
        &self,
        mut future: Pin<&mut (dyn Future<Output = ()> + '_)>,
        deadline: Option<Instant>,
    ) -> Result<(), TimedOut> {
        let Some(mut io) = self.io() else { return ParkRunner.run(future, deadline) };
        self.looked.store(false, Ordering::Relaxed);
        let (wakeup, waker) = Wakeup::own();
        let mut cx = Context::from_waker(&waker);
        let done = loop {
            *self.alarm() = None;
            wakeup.clear();
            if future.as_mut().poll(&mut cx).is_ready() {
                break Ok(());
            }
            let alarm = *self.alarm();
            if wait(&self.link, &mut io, &wakeup, deadline, alarm).is_err() {
                // Once more: the call's own limit has passed too, and its error says which statement it was.
                break if future.as_mut().poll(&mut cx).is_ready() { Ok(()) } else { Err(TimedOut) };
            }
        };
        // A loop around this one must not miss what was cleared here.
        wakeup.set();
        done
    }
}

/// Drives the connection until the caller's future is woken or its alarm rings.
fn wait(
    link: &Link,
    io: &mut Option<Io>,
    wakeup: &Wakeup,
    deadline: Option<Instant>,
    alarm: Option<Instant>,
) -> Result<(), TimedOut> {
    let until = match (deadline, alarm) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    loop {
        link.rest();
        poll_io(io);
        if deadline.is_some_and(|d| Instant::now() >= d) {
            return Err(TimedOut);
        }
        if wakeup.is_set() || alarm.is_some_and(|a| Instant::now() >= a) {
            return Ok(());
        }
        link.wait(wakeup, until);
    }
}

/// Polls the connection's own future. Nothing wakes it: it is polled whenever the socket or the caller's future went on.
fn poll_io(io: &mut Option<Io>) {
    if let Some(future) = io
        && future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    {
        // Who still waits for an answer learns so that there will be none.
        *io = None;
    }
}

/// Runs a future that reads and writes the link itself.
pub(crate) fn run_alone<T>(
    link: &Link,
    future: impl Future<Output = T>,
    deadline: Option<Instant>,
) -> Result<T, TimedOut> {
    let mut future = pin!(future);
    let (wakeup, waker) = Wakeup::own();
    let mut cx = Context::from_waker(&waker);
    loop {
        link.rest();
        wakeup.clear();
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            wakeup.set();
            return Ok(value);
        }
        if !wakeup.is_set() {
            link.wait(&wakeup, deadline);
        }
        if deadline.is_some_and(|d| Instant::now() >= d) {
            wakeup.set();
            return Err(TimedOut);
        }
    }
}

/// Connects a link.
pub(crate) fn link(socket: Socket) -> io::Result<(Arc<Link>, BlockingSocket)> {
    let link = Link::new(socket)?;
    Ok((Arc::clone(&link), BlockingSocket(link)))
}

/// Asks on a thread of its own, so that a deadline can pass while a server does not answer; ends when the server has cancelled.
pub(crate) fn cancel_aside(token: CancelToken, peer: Peer) -> BoxFuture<'static, io::Result<()>> {
    #[derive(Default)]
    struct Answer {
        done: Option<io::Result<()>>,
        waiting: Option<Waker>,
    }
    let answer = Arc::new(Mutex::new(Answer::default()));
    let (asking, ask) = (Arc::clone(&answer), move || {
        let done = cancel(&token, &peer);
        let mut answer = lock(&answer);
        answer.done = Some(done);
        answer.waiting.take().into_iter().for_each(Waker::wake);
    });
    if let Err(error) = std::thread::Builder::new().name("batis-cancel".to_owned()).spawn(ask) {
        return Box::pin(std::future::ready(Err(error)));
    }
    Box::pin(poll_fn(move |cx| {
        let mut answer = lock(&asking);
        match answer.done.take() {
            Some(done) => Poll::Ready(done),
            None => {
                answer.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }))
}

/// Asks the server to cancel what runs, and waits until it has done so: it closes the socket after that.
pub(crate) fn cancel(token: &CancelToken, peer: &Peer) -> io::Result<()> {
    let until = Some(Instant::now() + CANCEL_LIMIT);
    let (link, socket) = link(Socket::connect(&peer.place, until)?)?;
    run_alone(&link, cancel_over(socket, token, peer), until).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn cancel_over(socket: BlockingSocket, token: &CancelToken, peer: &Peer) -> io::Result<()> {
    cancel_request::send(Channel::again(socket, peer.tls.as_ref()).await?, token).await
}
