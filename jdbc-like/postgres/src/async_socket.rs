//! [`AsyncSocket`]: the socket of a connection for tasks, watched by a runtime.
//!
//! It is watched for what comes in, and for room to write only while a write has to wait for that. A unix socket says that there is room
//! each time the other side has read something: once for each statement the waiting task would be woken for nothing.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Handle;

use crate::socket::{Place, Socket};

/// A non-blocking socket.
#[derive(Debug)]
pub(crate) struct AsyncSocket {
    socket: AsyncFd<Socket>,
    /// Watches for room while a write waits for it.
    room: Option<AsyncFd<OwnedFd>>,
    runtime: Handle,
}

impl AsyncSocket {
    pub(crate) async fn connect(place: &Place) -> io::Result<Self> {
        let socket = match place {
            Place::Tcp(address) => Socket::Tcp(TcpStream::connect(address).await?.into_std()?),
            Place::Unix(path) => Socket::Unix(UnixStream::connect(path).await?.into_std()?),
        };
        Ok(Self { socket: watched(socket, Interest::READABLE)?, room: None, runtime: Handle::current() })
    }

    fn watch_room(&self) -> io::Result<AsyncFd<OwnedFd>> {
        // Who writes may be a plain thread.
        let _inside = self.runtime.enter();
        // One descriptor is watched once; a second one of the same socket is another matter.
        watched(self.as_fd().try_clone_to_owned()?, Interest::WRITABLE)
    }
}

// What tokio has in place of it is unsafe, since some types change their descriptor. Ours own one, and keep it.
#[allow(deprecated)]
fn watched<T: AsRawFd>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

impl AsFd for AsyncSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

impl AsyncRead for AsyncSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = &self.socket;
        let space = out.initialize_unfilled();
        loop {
            let mut guard = ready!(socket.poll_read_ready(cx))?;
            let read = socket.get_ref().read_now(space)?;
            // After a read that did not fill the space the next one would find nothing until the system says so.
            if read.is_none_or(|count| count > 0 && count < space.len()) {
                guard.clear_ready();
            }
            if let Some(count) = read {
                out.advance(count);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for AsyncSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = match &self.room {
                Some(room) => Some(ready!(room.poll_write_ready(cx))?),
                None => None,
            };
            if let Some(count) = self.socket.get_ref().write_now(data)? {
                self.room = None;
                return Poll::Ready(Ok(count));
            }
            match &mut guard {
                Some(guard) => guard.clear_ready(),
                None => self.room = Some(self.watch_room()?),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Write).map_err(io::Error::from))
    }
}
