//! Deadlines, for tasks and for threads, so that everything above is written once.
//!
//! A task's deadline is a future of the [`Spawner`]. A thread drives the same future itself ([`block_on`]) and parks in
//! between: it notes the deadline in its [`Parking`] and sleeps no longer than that. Neither is made before somebody
//! really has to wait.

use std::cell::OnceCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;

use crate::spawn::{BoxFuture, Spawner};
use crate::sync::{Arc, Mutex};

/// Who watches the time.
#[derive(Clone, Copy)]
pub(crate) enum Timer<'a> {
    /// The background.
    Spawner(&'a dyn Spawner),
    /// The thread that drives the future.
    Parking(&'a Parking),
    /// Nobody: the time is looked at when something else wakes the task.
    Unwatched,
}

impl<'a> Timer<'a> {
    /// A future that ends at `deadline`, or never.
    pub(crate) fn until(self, deadline: Option<Instant>) -> Sleep<'a> {
        match (self, deadline) {
            (_, None) => Sleep::Never,
            (Timer::Spawner(spawner), Some(at)) => {
                Sleep::Spawner(spawner.sleep(at.saturating_duration_since(Instant::now())))
            }
            (Timer::Parking(parking), Some(at)) => Sleep::Parking(parking, at),
            (Timer::Unwatched, Some(at)) => Sleep::Unwatched(at),
        }
    }
}

pub(crate) enum Sleep<'a> {
    Never,
    Spawner(BoxFuture<'static, ()>),
    Parking(&'a Parking, Instant),
    Unwatched(Instant),
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self {
            Sleep::Never => Poll::Pending,
            Sleep::Spawner(sleep) => sleep.as_mut().poll(cx),
            Sleep::Parking(parking, at) => parking.poll(*at),
            Sleep::Unwatched(at) => passed(*at),
        }
    }
}

fn passed(at: Instant) -> Poll<()> {
    if Instant::now() >= at { Poll::Ready(()) } else { Poll::Pending }
}

/// Runs `work` until it or `limit` ends; `None`: the limit came first. Work that is done is done, however late.
pub(crate) async fn within<F: Future>(limit: impl Future<Output = ()>, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut limit = pin!(limit);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// When a waiting thread has to get up by itself.
#[derive(Debug)]
pub(crate) struct Parking(Mutex<Option<Instant>>);

impl Parking {
    pub(crate) fn new() -> Self {
        Parking(Mutex::new(None))
    }

    fn poll(&self, at: Instant) -> Poll<()> {
        if passed(at).is_ready() {
            return Poll::Ready(());
        }
        let mut next = self.0.lock();
        *next = Some(next.map_or(at, |known| known.min(at)));
        Poll::Pending
    }
}

struct Unparker(Thread);

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

fn thread_waker() -> Waker {
    thread_local!(static WAKER: OnceCell<Waker> = const { OnceCell::new() });
    let make = || Waker::from(Arc::new(Unparker(std::thread::current())));
    // Where the thread is ending and its cells are gone, one is made for the occasion.
    WAKER.try_with(|waker| waker.get_or_init(make).clone()).unwrap_or_else(|_| make())
}

/// Drives a future on this thread, parked in between.
pub(crate) fn block_on<F: Future>(parking: &Parking, future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = thread_waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        *parking.0.lock() = None;
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        let next = *parking.0.lock();
        match next {
            None => std::thread::park(),
            Some(at) => std::thread::park_timeout(at.saturating_duration_since(Instant::now())),
        }
    }
}
