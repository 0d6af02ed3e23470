//! [`Wakeup`]: how a thread that waits in `poll(2)` learns that its future can go on.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::thread::{self, ThreadId};

/// The wake-up of one thread. Its own wakes set a flag, which is all that a connection needs; those of other threads also write to a pipe.
#[derive(Debug)]
pub(crate) struct Wakeup {
    flag: AtomicBool,
    owner: ThreadId,
    /// None if there were no descriptors left; the thread then looks at the flag from time to time.
    pipe: Option<(UnixStream, UnixStream)>,
}

thread_local! {
    static OWN: (Arc<Wakeup>, Waker) = Wakeup::new();
}

impl Wakeup {
    fn new() -> (Arc<Self>, Waker) {
        let owner = thread::current().id();
        let made = Arc::new(Self { flag: AtomicBool::new(false), owner, pipe: pipe() });
        (Arc::clone(&made), Waker::from(made))
    }

    /// The wake-up of this thread, and its waker.
    pub(crate) fn own() -> (Arc<Self>, Waker) {
        // When the thread is ending, its own one may be gone already.
        OWN.try_with(Clone::clone).unwrap_or_else(|_| Self::new())
    }

    pub(crate) fn clear(&self) {
        self.flag.store(false, Ordering::Release);
    }

    pub(crate) fn set(&self) {
        self.flag.store(true, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    /// What becomes readable when another thread wakes this one.
    pub(crate) fn pipe(&self) -> Option<&UnixStream> {
        self.pipe.as_ref().map(|(read, _)| read)
    }

    /// Empties the pipe.
    pub(crate) fn drain(&self) {
        let mut space = [0; 64];
        if let Some((read, _)) = &self.pipe {
            while (&*read).read(&mut space).is_ok_and(|n| n == space.len()) {}
        }
    }
}

fn pipe() -> Option<(UnixStream, UnixStream)> {
    let (read, write) = UnixStream::pair().ok()?;
    read.set_nonblocking(true).ok()?;
    write.set_nonblocking(true).ok()?;
    Some((read, write))
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.set();
        if let Some((_, write)) = &self.pipe
            && thread::current().id() != self.owner
        {
            // A pipe that is full wakes as well.
            let _ = (&*write).write(&[1]);
        }
    }
}
