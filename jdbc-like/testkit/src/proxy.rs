//! [`Proxy`]: stands between a client and a PostgreSQL server, and does what networks do on bad days.
//!
//! Plain threads over loopback sockets: two for each connection, which look up what to do each time a piece has come.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::messages::Messages;

/// How long a thread waits for bytes before it looks again at what it is to do.
const LOOK: Duration = Duration::from_millis(10);

/// What a [`Proxy`] does to the connections through it, those that exist and those to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Everything goes through.
    #[default]
    None,
    /// Each piece waits so long, on both ways.
    Latency(Duration),
    /// So many bytes a second come from the server, at least one in ten milliseconds.
    Throttle(usize),
    /// Nothing goes through any more, and nobody is told: the connection is half open. New ones are taken and hear nothing.
    Blackhole,
    /// So many more bytes come from the server, then the connection is reset.
    ResetAfter(usize),
    /// So many more bytes come from the server, then the connection is closed.
    CloseAfter(usize),
    /// The connection is closed between the server's CommandComplete of a COMMIT and its ReadyForQuery.
    CutCommit,
    /// The connection is closed before the CommandComplete of a COMMIT: the server has committed, and the client hears nothing of it.
    LoseCommit,
}

/// A proxy on a loopback port; its connections end when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    fault: Mutex<Fault>,
    /// Bytes that may still come from the server, for the faults that count them.
    left: AtomicUsize,
    stopped: AtomicBool,
}

impl Proxy {
    /// A proxy in front of the server of a URL like `postgres://user@127.0.0.1:5432/db`.
    ///
    /// # Errors
    /// If the URL has no address of that form, or no port is free.
    pub fn before(url: &str) -> io::Result<Self> {
        let server = place(url).ok_or_else(|| io::Error::other("the URL has no address and port"))?;
        let server = server.parse().map_err(io::Error::other)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server,
            fault: Mutex::default(),
            left: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || serving.serve(&listener));
        Ok(Self { address, shared })
    }

    /// The URL that leads through the proxy, without TLS, which would hide the messages.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let through = place(url).map_or_else(|| url.to_owned(), |at| url.replacen(at, &self.address.to_string(), 1));
        format!("{through}{}sslmode=disable", if through.contains('?') { '&' } else { '?' })
    }

    /// What is done from now on.
    pub fn set(&self, fault: Fault) {
        let bytes = match fault {
            Fault::ResetAfter(bytes) | Fault::CloseAfter(bytes) => bytes,
            _ => 0,
        };
        self.shared.left.store(bytes, Ordering::Release);
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        // The thread that takes connections waits for one.
        let _ = TcpStream::connect(self.address);
    }
}

/// `127.0.0.1:5432` of a URL.
fn place(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?']).next()?;
    let place = authority.rsplit('@').next()?;
    place.contains(':').then_some(place)
}

impl Shared {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((client, _)) = listener.accept() {
            if self.stopped.load(Ordering::Acquire) {
                return;
            }
            // A server that is gone refuses: the client sees its connection closed.
            let Ok(link) = Link::new(client, self.server) else { continue };
            let (link, shared) = (Arc::new(link), Arc::clone(&self));
            let (twin, twin_shared) = (Arc::clone(&link), Arc::clone(&self));
            thread::spawn(move || link.run(&shared, Way::ToServer));
            thread::spawn(move || twin.run(&twin_shared, Way::ToClient));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

/// One connection through the proxy. Both sockets close when both threads have let go.
struct Link {
    client: TcpStream,
    server: TcpStream,
    ended: AtomicBool,
}

impl Link {
    fn new(client: TcpStream, server: SocketAddr) -> io::Result<Self> {
        let server = TcpStream::connect(server)?;
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(LOOK))?;
        }
        Ok(Self { client, server, ended: AtomicBool::new(false) })
    }

    fn run(&self, shared: &Shared, way: Way) {
        let (mut from, mut to) = match way {
            Way::ToServer => (&self.client, &self.server),
            Way::ToClient => (&self.server, &self.client),
        };
        let (mut space, mut messages) = (vec![0; 16 * 1024], Messages::default());
        while !self.ended.load(Ordering::Acquire) && !shared.stopped.load(Ordering::Acquire) {
            match from.read(&mut space) {
                Ok(0) => break,
                Ok(count) => {
                    let piece = self.let_through(shared, way, &space[..count], &mut messages);
                    if to.write_all(piece).is_err() {
                        break;
                    }
                }
                Err(error) if is_quiet(&error) => {}
                Err(_) => break,
            }
        }
        if shared.fault() == Fault::Blackhole {
            // An end that is reached in a black hole is not told either.
            while shared.fault() == Fault::Blackhole && !shared.stopped.load(Ordering::Acquire) {
                sleep(LOOK);
            }
        }
        self.ended.store(true, Ordering::Release);
    }

    /// What goes through of a piece. When the connection is to end after it, that is noted.
    fn let_through<'a>(&self, shared: &Shared, way: Way, piece: &'a [u8], messages: &mut Messages) -> &'a [u8] {
        let commit = if way == Way::ToClient { messages.find_commit(piece) } else { None };
        match (shared.fault(), way) {
            (Fault::Blackhole, _) => &[],
            (Fault::Latency(time), _) => {
                sleep(time);
                piece
            }
            (Fault::Throttle(bytes), Way::ToClient) => {
                sleep(Duration::from_secs_f64(count(piece.len()) / count(bytes.max(100))));
                piece
            }
            (Fault::ResetAfter(_) | Fault::CloseAfter(_), Way::ToClient) => self.within_budget(shared, piece),
            (Fault::CutCommit, Way::ToClient) if commit.is_some() => self.end_after(commit.map_or(0, |c| c.end), piece),
            (Fault::LoseCommit, Way::ToClient) if commit.is_some() => {
                self.end_after(commit.map_or(0, |c| c.start), piece)
            }
            _ => piece,
        }
    }

    fn within_budget<'a>(&self, shared: &Shared, piece: &'a [u8]) -> &'a [u8] {
        let left = shared.left.load(Ordering::Acquire);
        if piece.len() < left {
            shared.left.store(left - piece.len(), Ordering::Release);
            return piece;
        }
        if matches!(shared.fault(), Fault::ResetAfter(_)) {
            // A socket that closes without lingering resets its connection.
            let _ = rustix::net::sockopt::set_socket_linger(&self.client, Some(Duration::ZERO));
        }
        self.end_after(left, piece)
    }

    fn end_after<'a>(&self, bytes: usize, piece: &'a [u8]) -> &'a [u8] {
        self.ended.store(true, Ordering::Release);
        &piece[..bytes.min(piece.len())]
    }
}

fn is_quiet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

fn count(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX))
}
