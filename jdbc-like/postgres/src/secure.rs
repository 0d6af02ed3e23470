//! [`Channel`]: the bytes to the server, plain or in TLS, over whichever socket the connection's host has.
//!
//! TLS is begun here and not by tokio-postgres, since what the server says is read above of it (see [`watch`](crate::watch)), and so that
//! each way to fail has an error of its own. tokio-postgres is told that TLS is required and begins at once, which is what it finds.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

#[cfg(feature = "tls")]
pub(crate) use crate::tls::Tls;

/// Without the feature there is no TLS to be had.
#[cfg(not(feature = "tls"))]
#[derive(Clone, Debug)]
pub(crate) enum Tls {}

/// How a connection is begun.
#[derive(Clone, Debug)]
pub(crate) enum Security {
    Plain,
    /// In TLS if the server can, else plain.
    #[cfg(feature = "tls")]
    Prefer(Tls),
    Require(Tls),
}

/// Why there is no channel.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The socket broke.
    Broken(io::Error),
    /// The server has no TLS, or the handshake failed: without TLS it may go.
    Tls(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// A socket, or TLS over one.
#[derive(Debug)]
pub(crate) enum Channel<S> {
    Plain(S),
    #[cfg(feature = "tls")]
    Tls(Box<crate::tls::TlsSocket<S>>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<S> {
    /// Begins a connection. The second says whether it is in TLS.
    pub(crate) async fn open(mut socket: S, security: &Security) -> Result<(Self, Option<Tls>), Refusal> {
        let (tls, required) = match security {
            Security::Plain => return Ok((Self::Plain(socket), None)),
            #[cfg(feature = "tls")]
            Security::Prefer(tls) => (tls, false),
            Security::Require(tls) => (tls, true),
        };
        if ask(&mut socket).await? {
            return Ok((Self::shake_hands(socket, tls).await?, Some(tls.clone())));
        }
        match required {
            true => Err(Refusal::Tls("the server does not support TLS".into())),
            false => Ok((Self::Plain(socket), None)),
        }
    }

    /// A further connection to the same server, secured as the first one was.
    pub(crate) async fn again(socket: S, tls: Option<&Tls>) -> io::Result<Self> {
        let security = tls.map_or(Security::Plain, |tls| Security::Require(tls.clone()));
        let opened = Self::open(socket, &security).await;
        opened.map(|(channel, _)| channel).map_err(|refusal| match refusal {
            Refusal::Broken(error) => error,
            Refusal::Tls(text) => io::Error::other(text),
        })
    }

    #[cfg(feature = "tls")]
    async fn shake_hands(socket: S, tls: &Tls) -> Result<Self, Refusal> {
        match tls.connect(socket).await {
            Ok(stream) => Ok(Self::Tls(Box::new(stream))),
            Err(error) => Err(Refusal::Tls(format!("the TLS handshake failed: {error}"))),
        }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async)] // as with the feature
    async fn shake_hands(_: S, tls: &Tls) -> Result<Self, Refusal> {
        match *tls {}
    }

    /// What binds a login to this channel (`tls-server-end-point` of RFC 5929); none without TLS.
    fn end_point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain(_) => None,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => crate::tls::end_point(stream),
        }
    }
}

/// Asks the server for TLS; whether it agrees. Exactly the answer's byte is read: what follows belongs to TLS.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut S) -> Result<bool, Refusal> {
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];
    socket.write_all(&REQUEST).await?;
    socket.flush().await?;
    let mut answer = [0];
    socket.read_exact(&mut answer).await?;
    match answer {
        [b'S'] => Ok(true),
        [b'N'] => Ok(false),
        // An error: a server that is older than TLS, or that could not even begin. What it says cannot be trusted, so nobody reads it.
        [b'E'] => Err(Refusal::Tls("the server answered the request for TLS by an error".into())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "this is not PostgreSQL's protocol").into()),
    }
}

macro_rules! forward {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Channel::Plain(socket) => {
                let $stream = Pin::new(socket);
                $call
            }
            #[cfg(feature = "tls")]
            Channel::Tls(tls) => {
                let $stream = Pin::new(&mut **tls);
                $call
            }
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Channel<S> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => stream.poll_read(cx, out))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Channel<S> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        forward!(self, stream => stream.poll_write(cx, data))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => stream.poll_shutdown(cx))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Channel<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.end_point().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// For tokio-postgres: the stream is as it has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsItIs;

impl<S: TlsStream + Unpin> TlsConnect<S> for AsItIs {
    type Stream = S;
    type Error = io::Error;
    type Future = Ready<io::Result<S>>;

    fn connect(self, stream: S) -> Self::Future {
        ready(Ok(stream))
    }
}
