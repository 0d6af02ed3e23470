//! A model of the relay under every interleaving of what wakes, what waits and what takes over: no wake-up is lost.

#[path = "../src/relay.rs"]
#[allow(dead_code)]
mod relay;

/// loom's in place of the standard library's.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU8, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().expect("no model panics inside of a lock")
    }
}

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::Notify;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use relay::{Relay, Side};

/// A task that was woken: the model waits for that by `notified`.
struct Task(Notify);

impl Task {
    fn new() -> Arc<Self> {
        Arc::new(Self(Notify::new()))
    }

    fn waker(self: &Arc<Self>) -> Waker {
        Arc::clone(self).into()
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// Drives as an operation does, until what it waits for is there: it looks where it would poll one of the two futures, and only there.
fn operate(relay: &Relay, task: &Arc<Task>, is_there: impl Fn() -> bool) {
    let waker = task.waker();
    relay.begin();
    relay.take(Side::Operation);
    let mut woken = true;
    while !(woken && is_there() || relay.take(Side::Io) && is_there()) {
        woken = relay.take(Side::Operation);
        if !woken && relay.wait(&waker) {
            // Without a wake-up the model ends here, as a deadlock.
            task.0.wait();
            relay.begin();
            woken = relay.take(Side::Operation);
        }
    }
    relay.end();
}

/// Runs the model with this many interruptions at the worst places; none: with any number.
fn explore(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

#[test]
fn an_operation_that_waits_is_woken_by_either_side() {
    for side in [Side::Io, Side::Operation] {
        explore(None, move || {
            let (relay, answers) = (Arc::<Relay>::default(), Arc::new(AtomicUsize::new(0)));
            let waker = relay.waker(side);
            let sender = thread::spawn({
                let answers = Arc::clone(&answers);
                move || {
                    answers.store(1, Ordering::Release);
                    waker.wake();
                }
            });
            operate(&relay, &Task::new(), || answers.load(Ordering::Acquire) == 1);
            sender.join().expect("the sender ends");
        });
    }
}

#[test]
fn what_comes_while_an_operation_ends_reaches_the_standby() {
    explore(Some(3), || {
        let (relay, told) = (Arc::<Relay>::default(), Arc::new(AtomicUsize::new(0)));
        let (standby, operation) = (Task::new(), Task::new());
        // The standby was there once, before the operation began.
        assert!(relay.stands_by(&standby.waker()));
        let io = relay.waker(Side::Io);
        let server = thread::spawn({
            let told = Arc::clone(&told);
            move || {
                told.store(1, Ordering::Release);
                io.wake();
            }
        });
        let ends = thread::spawn({
            let relay = Arc::clone(&relay);
            move || operate(&relay, &operation, || true)
        });
        // Whoever of the two drives: at the end the standby has been woken and may drive, and sees what was told.
        while !(told.load(Ordering::Acquire) == 1 && relay.stands_by(&standby.waker())) {
            standby.0.wait();
        }
        server.join().expect("the server ends");
        ends.join().expect("the operation ends");
    });
}

#[test]
fn an_operation_takes_what_woke_the_standby() {
    explore(Some(3), || {
        let (relay, told) = (Arc::<Relay>::default(), Arc::new(AtomicUsize::new(0)));
        let standby = Task::new();
        assert!(relay.stands_by(&standby.waker()));
        let io = relay.waker(Side::Io);
        let server = thread::spawn({
            let told = Arc::clone(&told);
            move || {
                told.store(1, Ordering::Release);
                io.wake();
            }
        });
        // Woken or not, a standby that is polled meanwhile does not take the operation's wake-up.
        let polled = thread::spawn({
            let (relay, standby) = (Arc::clone(&relay), Arc::clone(&standby));
            move || relay.stands_by(&standby.waker())
        });
        operate(&relay, &Task::new(), || told.load(Ordering::Acquire) == 1);
        server.join().expect("the server ends");
        polled.join().expect("the standby was polled");
    });
}
