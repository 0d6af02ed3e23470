//! What the server says, read on its way in: transaction status, command tag, and the columns of results.
//!
//! tokio-postgres keeps these to itself. It also looks up each type that it does not know by statements of its own, which hangs when they are
//! sent while rows of the same connection wait to be read (a result with an enum column and more than a few thousand rows), and which fails
//! behind PgBouncer, since they are named. So the types that it does not know are shown to it as `unknown`, and the real ones are kept here.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use postgres_types::Type;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::sync::lock;
use crate::types::TypeMap;

/// What was seen last.
#[derive(Debug)]
pub(crate) struct Watch {
    status: AtomicU8,
    tag: AtomicU8,
    /// The schema was changed, or prepared statements were taken away, since this was looked at last.
    schema_changed: AtomicBool,
    /// The same, in the open transaction: its rollback changes the schema back.
    changed_in_transaction: AtomicBool,
    /// The types of the parameters of the statement that was prepared last.
    parameters: Mutex<Box<[u32]>>,
    /// Where a copy inwards stands: one of [`copying`].
    copying: AtomicU8,
    /// What the catalog said of types.
    types: Mutex<Arc<TypeMap>>,
    /// The body of the last row description as the server sent it; none after "no data".
    description: Mutex<Option<Vec<u8>>>,
}

impl Watch {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            status: AtomicU8::new(b'I'),
            tag: AtomicU8::new(0),
            schema_changed: AtomicBool::new(false),
            changed_in_transaction: AtomicBool::new(false),
            parameters: Mutex::default(),
            copying: AtomicU8::new(copying::NONE),
            types: Mutex::default(),
            description: Mutex::new(None),
        })
    }

    /// Whether statements that were prepared before may not fit any more; says so once.
    ///
    /// Source: `flushCacheOnDdl` of pgjdbc.
    #[inline]
    pub(crate) fn take_schema_changed(&self) -> bool {
        self.schema_changed.load(Ordering::Relaxed) && self.schema_changed.swap(false, Ordering::Relaxed)
    }

    fn completed(&self, tag: &[u8]) {
        self.tag.store(tag.first().copied().unwrap_or(0), Ordering::Release);
        // What most statements are is neither.
        if !matches!(tag.first(), Some(b'A' | b'C' | b'D' | b'R')) {
            return;
        }
        let is = |words: &[&[u8]]| words.iter().any(|word| tag.starts_with(word));
        if is(&[b"CREATE ", b"ALTER ", b"DROP ", b"DISCARD", b"DEALLOCATE"]) {
            self.schema_changed.store(true, Ordering::Relaxed);
            self.changed_in_transaction.store(true, Ordering::Relaxed);
        } else if is(&[b"ROLLBACK"]) && self.changed_in_transaction.load(Ordering::Relaxed) {
            self.schema_changed.store(true, Ordering::Relaxed);
        }
    }

    fn ready(&self, status: u8) {
        if status == b'I' {
            self.changed_in_transaction.store(false, Ordering::Relaxed);
        }
        self.status.store(status, Ordering::Release);
        if self.copying.load(Ordering::Acquire) != copying::NONE {
            self.copy_sees(b'Z');
        }
    }

    /// A copy inwards is about to be sent.
    pub(crate) fn copy_begins(&self) {
        self.copying.store(copying::BEGUN, Ordering::Release);
    }

    /// It was not sent after all.
    pub(crate) fn copy_is_unsent(&self) {
        let _ = self.copying.compare_exchange(copying::BEGUN, copying::NONE, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Whether the server refuses what was copied; it ignores the rest of it.
    pub(crate) fn copy_is_refused(&self) -> bool {
        self.is_copying(copying::REFUSED)
    }

    fn is_copying(&self, state: u8) -> bool {
        self.copying.load(Ordering::Acquire) == state
    }

    #[cold]
    fn copy_sees(&self, message: u8) {
        let state = match (self.copying.load(Ordering::Acquire), message) {
            (copying::SENT, b'G') => copying::RUNS,
            (copying::RUNS, b'E') => copying::REFUSED,
            (copying::SENT, b'E') | (copying::RUNS | copying::REFUSED, b'Z') => copying::NONE,
            _ => return,
        };
        self.copying.store(state, Ordering::Release);
    }

    /// Whether a transaction was open when the server last was ready; a failed one counts.
    pub(crate) fn in_transaction(&self) -> bool {
        self.status.load(Ordering::Acquire) != b'I'
    }

    /// Whether a transaction was open that has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.status.load(Ordering::Acquire) == b'E'
    }

    /// The first byte of the last command tag: `S` of `SELECT 3`, `R` of `ROLLBACK`.
    pub(crate) fn tag(&self) -> u8 {
        self.tag.load(Ordering::Acquire)
    }

    /// Makes it the last command tag again: something was asked in between.
    pub(crate) fn set_tag(&self, tag: u8) {
        self.tag.store(tag, Ordering::Release);
    }

    /// The types of the parameters of the statement that was prepared last, as the server sees them.
    pub(crate) fn parameters(&self) -> Box<[u32]> {
        lock(&self.parameters).clone()
    }

    /// How types are read that not every server has.
    pub(crate) fn types(&self) -> Arc<TypeMap> {
        Arc::clone(&lock(&self.types))
    }

    /// Remembers how types are read.
    pub(crate) fn learn(&self, learn: impl FnOnce(&mut TypeMap)) {
        learn(Arc::make_mut(&mut lock(&self.types)));
    }

    /// Looks at the last row description; none: the statement returns no rows.
    pub(crate) fn description<T>(&self, look: impl FnOnce(Option<&[u8]>) -> T) -> T {
        look(lock(&self.description).as_deref())
    }

    fn describe(&self, body: Option<&[u8]>) {
        let mut kept = lock(&self.description);
        match (body, &mut *kept) {
            (Some(body), Some(kept)) => {
                kept.clear();
                kept.extend_from_slice(body);
            }
            (body, kept) => *kept = body.map(<[u8]>::to_vec),
        }
    }
}

/// A copy inwards is sent by tokio-postgres with a `Sync` at its beginning and one at its end. The server ignores the first one when it reads
/// it as data; if the copy fails before that (no such table, a trigger) it answers both, and tokio-postgres takes the second answer for that
/// to its next request. So the first one is kept from the server.
mod copying {
    pub(super) const NONE: u8 = 0;
    /// It will be the next to be executed.
    pub(super) const BEGUN: u8 = 1;
    /// It is on its way.
    pub(super) const SENT: u8 = 2;
    /// The server waits for data.
    pub(super) const RUNS: u8 = 3;
    /// The server has refused what was sent.
    pub(super) const REFUSED: u8 = 4;
}

const EXECUTE: &[u8] = b"E\0\0\0\x09\0\0\0\0\0";
const SYNC: &[u8] = b"S\0\0\0\x04";

const HEADER: usize = 5;
/// The first size of the buffer, and to which it grows where much comes: fewer system calls, and changes between client and server.
const BUFFER: usize = 8 * 1024;
const LARGE_BUFFER: usize = 128 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In a message's header, of which this many bytes were seen.
    Header(usize),
    /// In a body that is let through, with this many bytes to come.
    Skip(usize),
    /// At the beginning of a body that is let through as a whole, once it is there.
    Whole(usize),
}

/// A stream of which all that comes in is looked at.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    watch: Arc<Watch>,
    at: At,
    header: [u8; HEADER],
    /// `from..ready` can be given on, `ready..filled` must wait for more.
    buffer: Box<[u8]>,
    from: usize,
    ready: usize,
    filled: usize,
    /// Bytes that go out before the `Sync` that does not.
    before_sync: Option<usize>,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, watch: Arc<Watch>) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self {
            inner,
            watch,
            at: At::Header(0),
            header: [0; HEADER],
            buffer,
            from: 0,
            ready: 0,
            filled: 0,
            before_sync: None,
        }
    }

    /// Looks at `ready..filled` and moves `ready` as far as it goes.
    fn scan(&mut self) {
        while self.ready < self.filled {
            if self.at == At::Header(0) {
                self.ready += rows(&self.buffer[self.ready..self.filled]);
            }
            let left = self.filled - self.ready;
            match self.at {
                At::Header(seen) => {
                    let take = left.min(HEADER - seen);
                    self.header[seen..seen + take].copy_from_slice(&self.buffer[self.ready..self.ready + take]);
                    self.ready += take;
                    self.at = if seen + take == HEADER { self.body() } else { At::Header(seen + take) };
                }
                At::Skip(len) => {
                    let take = left.min(len);
                    self.ready += take;
                    self.at = if take == len { At::Header(0) } else { At::Skip(len - take) };
                }
                At::Whole(len) if left < len => return,
                At::Whole(len) => {
                    self.whole(len);
                    self.ready += len;
                    self.at = At::Header(0);
                }
            }
        }
    }

    /// What to do with the body of the message whose header was read.
    fn body(&self) -> At {
        let [kind, a, b, c, d] = self.header;
        let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX).saturating_sub(4);
        match (kind, len) {
            (b'n', _) => {
                self.watch.describe(None);
                At::Header(0)
            }
            (b'E' | b'G', _) => {
                self.watch.copy_sees(kind);
                if len == 0 { At::Header(0) } else { At::Skip(len) }
            }
            (_, 0) => At::Header(0),
            (b'T' | b't' | b'Z' | b'C', _) => At::Whole(len),
            _ => At::Skip(len),
        }
    }

    fn whole(&mut self, len: usize) {
        let body = &mut self.buffer[self.ready..self.ready + len];
        match self.header[0] {
            b'Z' => self.watch.ready(body[0]),
            b'C' => self.watch.completed(body),
            b'T' => {
                self.watch.describe(Some(body));
                hide_columns(body);
            }
            _ => {
                *lock(&self.watch.parameters) = parameters(body).collect();
                hide_parameters(body);
            }
        }
    }

    /// Makes room behind `filled`, moving what waits to the front.
    fn make_room(&mut self) {
        let was_filled = self.filled == self.buffer.len();
        self.buffer.copy_within(self.from..self.filled, 0);
        self.filled -= self.from;
        self.ready -= self.from;
        self.from = 0;
        // Larger only than what must wait as a whole for its end.
        if self.filled == self.buffer.len() || was_filled && self.buffer.len() < LARGE_BUFFER {
            let mut larger = std::mem::take(&mut self.buffer).into_vec();
            larger.resize(larger.len() * 2, 0);
            self.buffer = larger.into_boxed_slice();
        }
    }
}

/// How many bytes at the beginning are whole messages with rows: most of what comes, and nothing to look at.
fn rows(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some([b'D', a, b, c, d]) = data[at..].first_chunk() {
        let length = u32::from_be_bytes([*a, *b, *c, *d]).max(4) as usize;
        let end = at.saturating_add(length).saturating_add(1);
        if end > data.len() {
            break;
        }
        at = end;
    }
    at
}

/// Writes `unknown` over a type that tokio-postgres would look up.
fn hide(oid: &mut [u8]) {
    let known = <[u8; 4]>::try_from(&*oid).map(u32::from_be_bytes).ok().and_then(Type::from_oid);
    if known.is_none() {
        oid.copy_from_slice(&Type::UNKNOWN.oid().to_be_bytes());
    }
}

/// Row description: count, then name, table, attribute, type, size, modifier and format of each column.
fn hide_columns(body: &mut [u8]) {
    let mut at = 2;
    while let Some(name) = body.get(at..).and_then(|rest| memchr::memchr(0, rest)) {
        let oid = at + name + 7;
        let Some(bytes) = body.get_mut(oid..oid + 4) else { return };
        hide(bytes);
        at = oid + 12;
    }
}

/// Parameter description: count, then the types.
fn parameters(body: &[u8]) -> impl Iterator<Item = u32> {
    let types = body.get(2..).into_iter().flat_map(|oids| oids.chunks_exact(4));
    types.filter_map(|oid| oid.try_into().ok().map(u32::from_be_bytes))
}

/// The same, hidden.
fn hide_parameters(body: &mut [u8]) {
    body.get_mut(2..).into_iter().flat_map(|oids| oids.chunks_exact_mut(4)).for_each(hide);
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.from == this.ready {
            this.make_room();
            let mut room = ReadBuf::new(&mut this.buffer[this.filled..]);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut room))?;
            let read = room.filled().len();
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            this.filled += read;
            this.scan();
        }
        let give = out.remaining().min(this.ready - this.from);
        out.put_slice(&this.buffer[this.from..this.from + give]);
        this.from += give;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.watch.is_copying(copying::BEGUN) {
            return this.write_copy(cx, data);
        }
        Pin::new(&mut this.inner).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Writes all but the `Sync` behind the first `Execute`. Both are given at once, since they are one message of tokio-postgres.
    #[cold]
    fn write_copy(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let found = || memchr::memmem::find(data, &[EXECUTE, SYNC].concat()).map(|at| at + EXECUTE.len());
        let Some(before) = self.before_sync.or_else(found) else {
            return Pin::new(&mut self.inner).poll_write(cx, data);
        };
        if before == 0 {
            self.before_sync = None;
            self.watch.copying.store(copying::SENT, Ordering::Release);
            return Poll::Ready(Ok(SYNC.len()));
        }
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &data[..before]))?;
        self.before_sync = Some(before - written);
        Poll::Ready(Ok(written))
    }
}

impl<S: TlsStream + Unpin> TlsStream for Watched<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

#[cfg(test)]
mod tests;
