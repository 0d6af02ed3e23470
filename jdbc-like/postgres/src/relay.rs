//! [`Relay`]: wakes whoever drives a connection just now: the operation that waits for an answer, or the task that stands by.

use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::sync::{AtomicU8, Mutex, Ordering, lock};

/// The states, as bits of one number, so that a wake-up and a change of who drives cannot miss each other.
///
/// | bits | who drives | a wake-up goes to |
/// |---|---|---|
/// | none | the standby | the standby |
/// | `BUSY` | an operation, which is being polled | a bit, at which it looks before it waits |
/// | `BUSY`, `WAITING` | an operation, which waits | the operation |
const BUSY: u8 = 1;
const WAITING: u8 = 1 << 1;
/// What was woken and has not been polled since.
const IO: u8 = Side::Io as u8;
const OPERATION: u8 = Side::Operation as u8;

/// What is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The connection's own future.
    Io = 1 << 2,
    /// The future of the operation.
    Operation = 1 << 3,
}

pub(crate) struct Relay {
    state: AtomicU8,
    operation: Mutex<Option<Waker>>,
    standby: Mutex<Option<Waker>>,
}

impl Default for Relay {
    /// The connection's future was never polled, so nothing wakes it yet: it counts as woken.
    fn default() -> Self {
        Self { state: AtomicU8::new(IO), operation: Mutex::new(None), standby: Mutex::new(None) }
    }
}

impl Relay {
    /// The waker to poll one side with.
    pub(crate) fn waker(self: &Arc<Self>, side: Side) -> Waker {
        match side {
            Side::Io => Arc::new(WakesIo(Arc::clone(self))).into(),
            Side::Operation => Arc::new(WakesOperation(Arc::clone(self))).into(),
        }
    }

    /// An operation takes charge, or goes on after it has waited.
    pub(crate) fn begin(&self) {
        let before = self.state.fetch_or(BUSY, Ordering::AcqRel);
        if before & WAITING != 0 {
            self.state.fetch_and(!WAITING, Ordering::AcqRel);
        }
    }

    /// Whether this side was woken; it counts as polled from now on.
    pub(crate) fn take(&self, side: Side) -> bool {
        let bit = side as u8;
        self.state.load(Ordering::Acquire) & bit != 0 && self.state.fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// The operation waits, to be woken by this; `false` if something was woken already.
    pub(crate) fn wait(&self, waker: &Waker) -> bool {
        keep(&self.operation, waker);
        self.state.compare_exchange(BUSY, BUSY | WAITING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The operation has ended, or was dropped: what was woken and is not polled yet is the standby's.
    pub(crate) fn end(&self) {
        if self.state.fetch_and(IO, Ordering::AcqRel) & IO != 0 {
            wake(&self.standby);
        }
    }

    /// Wakes the standby whoever drives: nothing is left to drive.
    pub(crate) fn dismiss(&self) {
        wake(&self.standby);
    }

    /// Whether the standby drives; from now on it is woken by this.
    pub(crate) fn stands_by(&self, waker: &Waker) -> bool {
        keep(&self.standby, waker);
        // What an operation was woken for without being there is nobody's.
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| (state & BUSY == 0).then_some(0)).is_ok()
    }

    fn wake(&self, side: Side) {
        let before = self.state.fetch_or(side as u8, Ordering::AcqRel);
        if before & WAITING != 0 {
            // The first of several is enough.
            if before & (IO | OPERATION) == 0 {
                wake(&self.operation);
            }
        } else if before & (BUSY | IO) == 0 && side == Side::Io {
            wake(&self.standby);
        }
    }
}

fn keep(place: &Mutex<Option<Waker>>, waker: &Waker) {
    let mut kept = lock(place);
    if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
        // The old one is dropped when the lock is free: that may drop a task, with whatever is inside.
        let old = kept.replace(waker.clone());
        drop(kept);
        drop(old);
    }
}

fn wake(place: &Mutex<Option<Waker>>) {
    let waker = lock(place).take();
    waker.into_iter().for_each(Waker::wake);
}

struct WakesIo(Arc<Relay>);

impl Wake for WakesIo {
    fn wake(self: Arc<Self>) {
        self.0.wake(Side::Io);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake(Side::Io);
    }
}

struct WakesOperation(Arc<Relay>);

impl Wake for WakesOperation {
    fn wake(self: Arc<Self>) {
        self.0.wake(Side::Operation);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake(Side::Operation);
    }
}
