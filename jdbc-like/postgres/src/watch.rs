//! What the server says, read on its way in: transaction status, command tag, and the columns of results.
//!
//! tokio-postgres keeps these to itself. It also looks up each type that it does not know by statements of its own, which hangs when they are
//! sent while rows of the same connection wait to be read (a result with an enum column and more than a few thousand rows), and which fails
//! behind PgBouncer, since they are named. So the types that it does not know are shown to it as `unknown`, and the real ones are kept here.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use postgres_types::Type;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

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
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How types are read that not every server has.
    pub(crate) fn types(&self) -> Arc<TypeMap> {
        Arc::clone(&self.types.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers how types are read.
    pub(crate) fn learn(&self, learn: impl FnOnce(&mut TypeMap)) {
        learn(Arc::make_mut(&mut self.types.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    /// Looks at the last row description; none: the statement returns no rows.
    pub(crate) fn description<T>(&self, look: impl FnOnce(Option<&[u8]>) -> T) -> T {
        look(self.description.lock().unwrap_or_else(PoisonError::into_inner).as_deref())
    }

    fn describe(&self, body: Option<&[u8]>) {
        let mut kept = self.description.lock().unwrap_or_else(PoisonError::into_inner);
        match (body, &mut *kept) {
            (Some(body), Some(kept)) => {
                kept.clear();
                kept.extend_from_slice(body);
            }
            (body, kept) => *kept = body.map(<[u8]>::to_vec),
        }
    }
}

const HEADER: usize = 5;
const BUFFER: usize = 16 * 1024;

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
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, watch: Arc<Watch>) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { inner, watch, at: At::Header(0), header: [0; HEADER], buffer, from: 0, ready: 0, filled: 0 }
    }

    /// Looks at `ready..filled` and moves `ready` as far as it goes.
    fn scan(&mut self) {
        while self.ready < self.filled {
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
                *self.watch.parameters.lock().unwrap_or_else(PoisonError::into_inner) = parameters(body).collect();
                hide_parameters(body);
            }
        }
    }

    /// Makes room behind `filled`, moving what waits to the front.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.from..self.filled, 0);
        self.filled -= self.from;
        self.ready -= self.from;
        self.from = 0;
        if self.filled == self.buffer.len() {
            let mut larger = std::mem::take(&mut self.buffer).into_vec();
            larger.resize(larger.len() * 2, 0);
            self.buffer = larger.into_boxed_slice();
        }
    }
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
        Pin::new(&mut self.get_mut().inner).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Watched<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::task::Waker;

    /// Gives its bytes in pieces of these sizes.
    struct Pieces(Vec<u8>, Vec<usize>);

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let piece = self.1.pop().unwrap_or(7).min(self.0.len()).min(out.remaining());
            let bytes: Vec<u8> = self.0.drain(..piece).collect();
            out.put_slice(&bytes);
            Poll::Ready(Ok(()))
        }
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let len = u32::try_from(body.len() + 4).unwrap();
        [&[kind][..], &len.to_be_bytes(), body].concat()
    }

    fn columns(types: &[u32]) -> Vec<u8> {
        let mut body = u16::try_from(types.len()).unwrap().to_be_bytes().to_vec();
        for oid in types {
            body.extend_from_slice(b"name\0\0\0\0\0\0\0");
            body.extend_from_slice(&oid.to_be_bytes());
            body.extend_from_slice(&[0; 8]);
        }
        body
    }

    fn read_all(bytes: Vec<u8>, pieces: Vec<usize>, watch: &Arc<Watch>) -> Vec<u8> {
        let mut stream = Watched::new(Pieces(bytes, pieces), Arc::clone(watch));
        let (mut all, mut space) = (Vec::new(), [0; 11]);
        loop {
            let mut out = ReadBuf::new(&mut space);
            let read = Pin::new(&mut stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut out);
            assert!(matches!(read, Poll::Ready(Ok(()))));
            match out.filled() {
                [] => return all,
                filled => all.extend_from_slice(filled),
            }
        }
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same(pieces in proptest::collection::vec(1usize..40, 0..60), many in 0usize..2000) {
            let types: Vec<u32> = std::iter::once(70_000).chain(std::iter::repeat_n(25, many)).collect();
            let seen: Vec<u32> = std::iter::once(705).chain(std::iter::repeat_n(25, many)).collect();
            let sent = [message(b'D', &[1; 300]), message(b'T', &columns(&types)), message(b't', &[0, 1, 0, 1, 17, 112]),
                message(b'C', b"SELECT 1\0"), message(b'Z', b"T")].concat();
            let expected = [message(b'D', &[1; 300]), message(b'T', &columns(&seen)), message(b't', &[0, 1, 0, 0, 2, 193]),
                message(b'C', b"SELECT 1\0"), message(b'Z', b"T")].concat();
            let watch = Watch::new();
            prop_assert_eq!(read_all(sent, pieces, &watch), expected);
            prop_assert!(watch.in_transaction());
            prop_assert_eq!(watch.tag(), b'S');
            watch.description(|kept| assert_eq!(kept, Some(&*columns(&types))));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read_all([message(b'T', &bytes), message(b't', &bytes), bytes].concat(), vec![], &Watch::new());
        }
    }

    #[test]
    fn a_changed_schema_is_told_once_and_again_when_it_changes_back() {
        let watch = Watch::new();
        let see = |tag: &[u8], status: u8| {
            read_all([message(b'C', tag), message(b'Z', &[status])].concat(), vec![], &watch);
            watch.take_schema_changed()
        };
        assert!(!see(b"INSERT 0 1\0", b'I') && !see(b"ROLLBACK\0", b'I'));
        assert!(see(b"CREATE TABLE\0", b'T') && !see(b"SELECT 1\0", b'T') && see(b"ROLLBACK\0", b'I'));
        assert!(see(b"DROP TABLE\0", b'I') && !see(b"ROLLBACK\0", b'I'));
    }

    #[test]
    fn no_data_forgets_the_columns() {
        let watch = Watch::new();
        read_all([message(b'T', &columns(&[25])), message(b'n', b"")].concat(), vec![], &watch);
        watch.description(|kept| assert_eq!(kept, None));
    }
}
