//! [`SharedIo`]: a connection's own future for tasks, polled by the operation that waits for its answer.
//!
//! In a task of its own it would cost each statement two changes of tasks, and two of threads where the runtime has several. So that task only
//! stands by: for notices, notifications and the connection's end while nothing is asked, and for what an operation left that was dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use crate::blocking_host::BlockingHost;
use crate::host::Io;
use crate::relay::{Relay, Side};
use crate::sync::{Mutex, lock};

/// How often an operation and the connection's future are polled in turn before the task gives way to others. Both go on by themselves
/// when the runtime's budget of a task is used up, so there has to be an end.
const TURNS: u32 = 8;

pub(crate) struct SharedIo {
    /// None once the connection has ended.
    io: Mutex<Option<Io>>,
    relay: Arc<Relay>,
    io_waker: Waker,
    operation_waker: Waker,
}

impl SharedIo {
    pub(crate) fn new(io: Io) -> Arc<Self> {
        let relay = Arc::<Relay>::default();
        let (io_waker, operation_waker) = (relay.waker(Side::Io), relay.waker(Side::Operation));
        Arc::new(Self { io: Mutex::new(Some(io)), relay, io_waker, operation_waker })
    }

    /// Drives the connection while nothing else does; ends with it. Dropped, it ends the connection.
    pub(crate) fn standby(self: &Arc<Self>) -> Standby {
        Standby(Arc::clone(self))
    }

    /// What an operation drives the connection with.
    pub(crate) fn turn(self: &Arc<Self>) -> Turn {
        Turn { io: Arc::clone(self), begun: false }
    }

    /// Lets the connection do what it can do without waiting: send what is queued, read what is there. Whether it has ended.
    pub(crate) fn poll(&self) -> bool {
        let mut io = lock(&self.io);
        let Some(future) = &mut *io else { return true };
        let ended = future.as_mut().poll(&mut Context::from_waker(&self.io_waker)).is_ready();
        if ended {
            // Who still waits for an answer learns so that there will be none.
            let future = io.take();
            drop(io);
            drop(future);
            self.relay.dismiss();
        }
        ended
    }

    fn end(&self) {
        let future = lock(&self.io).take();
        drop(future);
    }
}

/// See [`SharedIo::standby`].
pub(crate) struct Standby(Arc<SharedIo>);

impl Future for Standby {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &self.0;
        if shared.relay.stands_by(cx.waker()) {
            return if shared.poll() { Poll::Ready(()) } else { Poll::Pending };
        }
        if lock(&shared.io).is_none() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        self.0.end();
    }
}

pin_project! {
    /// An operation that drives the connection while it waits; without one: merely the operation.
    pub(crate) struct Driving<F> {
        #[pin]
        operation: F,
        turn: Option<Turn>,
        threads: Option<Arc<BlockingHost>>,
    }
}

impl<F> Driving<F> {
    pub(crate) fn new(operation: F, turn: Option<Turn>, threads: Option<Arc<BlockingHost>>) -> Self {
        Self { operation, turn, threads }
    }
}

impl<F: Future> Future for Driving<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        match this.turn {
            None => {
                let done = this.operation.poll(cx);
                if done.is_pending()
                    && let Some(host) = this.threads
                {
                    host.stand_in(cx);
                }
                done
            }
            Some(turn) => {
                let done = ready!(turn.poll(cx, |cx| this.operation.as_mut().poll(cx)));
                // The standby takes over at once, not when the future is dropped.
                *this.turn = None;
                Poll::Ready(done)
            }
        }
    }
}

/// What drives a connection from the first poll of an operation to its end.
pub(crate) struct Turn {
    io: Arc<SharedIo>,
    begun: bool,
}

impl Turn {
    /// Polls the operation, and the connection as long as one waits for the other.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let SharedIo { relay, operation_waker, .. } = &*self.io;
        let mut own = Context::from_waker(operation_waker);
        relay.begin();
        let mut woken = relay.take(Side::Operation) || !self.begun;
        self.begun = true;
        for _ in 0..TURNS {
            if woken && let Poll::Ready(done) = operation(&mut own) {
                return Poll::Ready(done);
            }
            if relay.take(Side::Io) {
                self.io.poll();
            }
            woken = relay.take(Side::Operation);
            if !woken && relay.wait(cx.waker()) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.begun {
            self.io.relay.end();
        }
    }
}
