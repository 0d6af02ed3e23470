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

/// Takes its bytes in pieces of this size.
struct Taken(Vec<u8>, usize);

impl AsyncWrite for Taken {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let take = self.1.min(data.len());
        self.0.extend_from_slice(&data[..take]);
        Poll::Ready(Ok(take))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn the_sync_of_a_copy_is_kept_back() {
    let close = [&message(b'C', b"Ss1\0")[..], SYNC].concat();
    let bind = message(b'B', b"\0s2\0\0\0\0\0\0\x01\0\x01");
    let rest = [&message(b'd', EXECUTE)[..], SYNC, EXECUTE, SYNC].concat();
    let given = [&close[..], &bind, EXECUTE, SYNC, &rest].concat();
    let expected = [&close[..], &bind, EXECUTE, &rest].concat();
    for piece in 1..given.len() {
        let watch = Watch::new();
        let mut stream = Watched::new(Taken(Vec::new(), piece), Arc::clone(&watch));
        watch.copy_begins();
        let mut at = 0;
        while at < given.len() {
            let mut cx = Context::from_waker(Waker::noop());
            let Poll::Ready(Ok(taken)) = Pin::new(&mut stream).poll_write(&mut cx, &given[at..]) else { panic!() };
            at += taken;
        }
        assert_eq!(stream.inner.0, expected, "{piece}");
        assert!(watch.is_copying(copying::SENT));
    }
}

#[test]
fn a_refused_copy_is_seen() {
    let watch = Watch::new();
    let (ready, refused) = (message(b'Z', b"I"), message(b'E', b"x"));
    let see = |state: u8, messages: &[&[u8]]| {
        watch.copying.store(state, Ordering::Release);
        read_all(messages.concat(), vec![], &watch);
        watch.copying.load(Ordering::Acquire)
    };
    let begun = message(b'G', b"\0\0\0");
    // The first answer is that of the statement that was prepared before.
    assert_eq!(see(copying::SENT, &[&ready, &begun]), copying::RUNS);
    assert_eq!(see(copying::SENT, &[&ready, &begun, &refused]), copying::REFUSED);
    assert_eq!(see(copying::SENT, &[&begun, &refused, &ready]), copying::NONE);
    assert_eq!(see(copying::SENT, &[&ready, &refused]), copying::NONE);
    assert_eq!(see(copying::NONE, &[&refused]), copying::NONE);
}

#[test]
fn no_data_forgets_the_columns() {
    let watch = Watch::new();
    read_all([message(b'T', &columns(&[25])), message(b'n', b"")].concat(), vec![], &watch);
    watch.description(|kept| assert_eq!(kept, None));
}
