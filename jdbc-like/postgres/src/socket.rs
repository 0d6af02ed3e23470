//! [`Socket`]: a connected socket of the standard library, TCP or unix.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::net::sockopt;

use crate::options::{Address, Keepalives};
use crate::secure::Tls;

/// A connected server, for further connections to it: cancel requests.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) place: Place,
    /// With what the connection is secured; none: it is not.
    pub(crate) tls: Option<Tls>,
}

/// Where a connected server is: an address whose name was looked up, so that a cancel request reaches the same server.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Connects to the first address of a host that answers.
    pub(crate) fn dial(address: &Address, until: Option<Instant>) -> io::Result<(Self, Place)> {
        match address {
            Address::Unix(path) => connected(Place::Unix(path.clone()), until),
            Address::Tcp(host, port) => {
                let mut failed = no_address();
                for found in (host.as_str(), *port).to_socket_addrs()? {
                    match connected(Place::Tcp(found), until) {
                        Ok(done) => return Ok(done),
                        Err(error) => failed = error,
                    }
                }
                Err(failed)
            }
        }
    }

    /// Connects to a server that was connected to before.
    pub(crate) fn connect(place: &Place, until: Option<Instant>) -> io::Result<Self> {
        match place {
            Place::Unix(path) => UnixStream::connect(path).map(Self::Unix),
            Place::Tcp(address) => match left(until)? {
                Some(time) => TcpStream::connect_timeout(address, time),
                None => TcpStream::connect(address),
            }
            .map(Self::Tcp),
        }
    }

    pub(crate) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(true),
            Self::Unix(stream) => stream.set_nonblocking(true),
        }
    }

    /// Reads what is there; none: nothing is.
    pub(crate) fn read_now(&self, out: &mut [u8]) -> io::Result<Option<usize>> {
        now(|| match self {
            Self::Tcp(stream) => (&*stream).read(out),
            Self::Unix(stream) => (&*stream).read(out),
        })
    }

    /// Writes what there is room for; none: there is none.
    pub(crate) fn write_now(&self, data: &[u8]) -> io::Result<Option<usize>> {
        now(|| match self {
            Self::Tcp(stream) => (&*stream).write(data),
            Self::Unix(stream) => (&*stream).write(data),
        })
    }
}

/// What a call on a non-blocking socket comes to; none: it would have to wait.
fn now(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<Option<usize>> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            done => return done.map(Some),
        }
    }
}

fn connected(place: Place, until: Option<Instant>) -> io::Result<(Socket, Place)> {
    Ok((Socket::connect(&place, until)?, place))
}

/// The time that is left; none: no limit.
fn left(until: Option<Instant>) -> io::Result<Option<Duration>> {
    match until.map(|u| u.saturating_duration_since(Instant::now())) {
        Some(Duration::ZERO) => Err(io::ErrorKind::TimedOut.into()),
        time => Ok(time),
    }
}

/// Whether a failed read says that the other side is gone: by a reset, or in TLS without a goodbye.
pub(crate) fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof)
}

pub(crate) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the name has no address")
}

/// Sets what connections over TCP need: no delay of small messages, and probes while idle.
pub(crate) fn tune(socket: impl AsFd, keepalives: Option<&Keepalives>) -> io::Result<()> {
    sockopt::set_tcp_nodelay(&socket, true)?;
    let Some(keepalives) = keepalives else { return Ok(()) };
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, keepalives.idle)?;
    if let Some(interval) = keepalives.interval {
        sockopt::set_tcp_keepintvl(&socket, interval)?;
    }
    if let Some(count) = keepalives.count {
        sockopt::set_tcp_keepcnt(&socket, count)?;
    }
    Ok(())
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
