//! A request to cancel what runs: sent, and waited for until the server closes the socket, since it has acted by then.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio_postgres::CancelToken;
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::secure::{AsItIs, Channel};
use crate::socket::is_end;

/// Sends the request over a channel of its own.
pub(crate) async fn send<S>(mut channel: Channel<S>, token: &CancelToken) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    token.cancel_query_raw(StaysOpen(&mut channel), AsItIs).await.map_err(io::Error::other)?;
    let mut space = [0; 64];
    loop {
        match channel.read(&mut space).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // The request has been read, so this is the same end, said more roughly.
            Err(error) if is_end(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// tokio-postgres shuts its side down as soon as the request is written. PgBouncer (1.18) takes that for a client that has gone, forgets the
/// request, or falls over it. So the end of the request is left to the server, as libpq does.
struct StaysOpen<'c, S>(&'c mut Channel<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for StaysOpen<'_, S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().0).poll_read(cx, out)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for StaysOpen<'_, S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.get_mut().0).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for StaysOpen<'_, S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.0.channel_binding()
    }
}
