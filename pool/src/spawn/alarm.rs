//! Timers without a runtime: one thread that sleeps until the next of them is due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::sync::{Arc, Condvar, Weak, host};

/// When it is due, and the number that tells equals apart.
type Entry = (Instant, u64);

#[derive(Debug, Default)]
pub(super) struct Alarm {
    state: host::Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    due: BinaryHeap<Reverse<Entry>>,
    wakers: HashMap<u64, Waker>,
    next: u64,
    running: bool,
    /// The owner is gone: nothing is kept any more, so that a task that falls asleep now is dropped.
    off: bool,
}

impl Alarm {
    fn lock(&self) -> host::MutexGuard<'_, State> {
        host::lock(&self.state)
    }

    /// Ends the thread once its owner is gone.
    pub(super) fn ring_off(&self) {
        let left = {
            let mut state = self.lock();
            let running = state.running;
            std::mem::replace(&mut *state, State { running, off: true, ..State::default() })
        };
        self.changed.notify_all();
        // Wakers are dropped with nothing locked: the last one of a task drops the task.
        drop(left);
    }

    fn set(self: &Arc<Self>, at: Instant, waker: &Waker, name: &str) -> u64 {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        if state.off {
            return id;
        }
        state.due.push(Reverse((at, id)));
        state.wakers.insert(id, waker.clone());
        if state.running {
            drop(state);
            self.changed.notify_one();
            return id;
        }
        let weak = Arc::downgrade(self);
        let thread = std::thread::Builder::new().name(format!("{name}-timer"));
        state.running = thread.spawn(move || run(&weak)).is_ok();
        id
    }
}

/// Wakes what is due and sleeps until the next; ends when nothing is left.
fn run(alarm: &Weak<Alarm>) {
    let Some(alarm) = alarm.upgrade() else { return };
    let mut state = alarm.lock();
    loop {
        let now = Instant::now();
        let mut due = Vec::new();
        while let Some(Reverse((at, id))) = state.due.peek().copied() {
            // One whose future was dropped has no waker any more: nothing to get up for.
            if state.wakers.contains_key(&id) {
                if at > now {
                    break;
                }
                due.extend(state.wakers.remove(&id));
            }
            state.due.pop();
        }
        if !due.is_empty() {
            drop(state);
            due.into_iter().for_each(Waker::wake);
            state = alarm.lock();
            continue;
        }
        let Some(Reverse((at, _))) = state.due.peek().copied() else {
            state.running = false;
            return;
        };
        let wait = at.saturating_duration_since(now);
        state = match alarm.changed.wait_timeout(state, wait) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

/// A sleep, set when it is first polled and forgotten when it is dropped.
#[derive(Debug)]
pub(super) struct Nap {
    pub(super) alarm: Arc<Alarm>,
    pub(super) name: Arc<str>,
    pub(super) at: Instant,
    pub(super) id: Option<u64>,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        if let Some(id) = self.id {
            let before = {
                let mut state = self.alarm.lock();
                if state.off { None } else { state.wakers.insert(id, cx.waker().clone()) }
            };
            drop(before);
            return Poll::Pending;
        }
        self.id = Some(self.alarm.set(self.at, cx.waker(), &self.name));
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            // Dropped after the lock is: the last waker of a task drops the task.
            let waker = self.alarm.lock().wakers.remove(&id);
            drop(waker);
        }
    }
}
