//! [`Link`]: the socket of a blocking connection, between the connection's future and the thread that waits for it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::socket::Socket;
use crate::wakeup::Wakeup;

const READ: u8 = 1;
const WRITE: u8 = 2;

/// How long a thread waits at most that other threads cannot wake.
const WITHOUT_PIPE: Duration = Duration::from_millis(20);

/// A non-blocking socket that remembers what it waits for. Nobody is woken by it: who waits asks [`wait`](Self::wait) and polls again.
#[derive(Debug)]
pub(crate) struct Link {
    socket: Socket,
    want: AtomicU8,
    /// The last read took all there was, so that the next one would find nothing until the system says so.
    drained: AtomicBool,
}

impl Link {
    pub(crate) fn new(socket: Socket) -> io::Result<Arc<Self>> {
        socket.set_nonblocking()?;
        Ok(Arc::new(Self { socket, want: AtomicU8::new(0), drained: AtomicBool::new(false) }))
    }

    /// Forgets what is waited for.
    pub(crate) fn rest(&self) {
        self.want.store(0, Ordering::Relaxed);
    }

    /// Ends the connection from any thread: who waits for it sees its end.
    pub(crate) fn hang_up(&self) {
        // A socket that is gone already is what was wanted.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
        self.drained.store(false, Ordering::Relaxed);
    }

    fn wants(&self, what: u8) {
        self.want.fetch_or(what, Ordering::Relaxed);
    }

    /// Waits until the socket can go on, the thread is woken, or the time has come.
    pub(crate) fn wait(&self, wakeup: &Wakeup, until: Option<Instant>) {
        let mut limit = until.map(|u| u.saturating_duration_since(Instant::now()));
        if wakeup.pipe().is_none() {
            limit = Some(limit.unwrap_or(Duration::MAX).min(WITHOUT_PIPE));
        }
        let limit = limit.and_then(|l| Timespec::try_from(l).ok());
        let want = self.want.load(Ordering::Relaxed);
        let mut events = PollFlags::empty();
        events.set(PollFlags::IN, want & READ != 0);
        events.set(PollFlags::OUT, want & WRITE != 0);
        // Without a wish the socket stays out of it: a peer that hung up would end each wait at once.
        let socket = (want != 0).then(|| PollFd::new(&self.socket, events));
        let pipe = wakeup.pipe().map(|pipe| PollFd::new(pipe, PollFlags::IN));
        match (socket, pipe) {
            (Some(socket), Some(pipe)) => {
                let mut both = [socket, pipe];
                sleep(&mut both, limit.as_ref());
                if !both[1].revents().is_empty() {
                    wakeup.drain();
                }
                self.found(&both[0]);
            }
            (Some(socket), None) => {
                let mut one = [socket];
                sleep(&mut one, limit.as_ref());
                self.found(&one[0]);
            }
            (None, Some(pipe)) => {
                sleep(&mut [pipe], limit.as_ref());
                wakeup.drain();
            }
            (None, None) => sleep(&mut [], limit.as_ref()),
        }
    }

    fn found(&self, socket: &PollFd<'_>) {
        if !socket.revents().is_empty() {
            self.drained.store(false, Ordering::Relaxed);
        }
    }

    fn read(&self, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.drained.load(Ordering::Relaxed) {
            self.wants(READ);
            return Poll::Pending;
        }
        let space = out.initialize_unfilled();
        let Some(count) = self.socket.read_now(space)? else {
            self.wants(READ);
            return Poll::Pending;
        };
        self.drained.store(count > 0 && count < space.len(), Ordering::Relaxed);
        out.advance(count);
        Poll::Ready(Ok(()))
    }

    fn write(&self, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.socket.write_now(data) {
            Ok(Some(count)) => return Poll::Ready(Ok(count)),
            Ok(None) => self.wants(WRITE),
            // The server hung up. Why, it said before: that is still to be read, and the end of the connection after it.
            Err(error) if is_gone(&error) => {
                self.drained.store(false, Ordering::Relaxed);
                self.wants(READ);
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
        Poll::Pending
    }
}

fn sleep(fds: &mut [PollFd<'_>], limit: Option<&Timespec>) {
    match poll(fds, limit) {
        Ok(_) | Err(Errno::INTR) => {}
        // The system has no memory to wait with: do not burn the processor meanwhile.
        Err(_) => std::thread::sleep(Duration::from_millis(1)),
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// The end of a link that the connection's future holds.
#[derive(Debug)]
pub(crate) struct BlockingSocket(pub(crate) Arc<Link>);

impl AsyncRead for BlockingSocket {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.read(out)
    }
}

impl AsyncWrite for BlockingSocket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.write(data)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket is closed when the last end of the link goes.
        Poll::Ready(Ok(()))
    }
}
