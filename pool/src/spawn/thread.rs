//! The host without a runtime: the pool's own small threads.

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::alarm::{Alarm, Nap};
use super::{BoxFuture, Spawner};
use crate::sync::{Arc, AtomicBool, Condvar, Ordering, Weak, host};

/// More than one, so that a connect that blocks does not hold up the housekeeper.
const MOST_WORKERS: usize = 4;
const IDLE_WORKER: Duration = Duration::from_secs(10);

/// Background work on threads of the pool's own, with no runtime: for managers that do their work in the call, and for
/// futures that need no particular runtime.
///
/// A thread is started when there is work and ends after 10 s without; there are at most four, and one more for timers
/// while something sleeps. All end after the spawner is dropped.
#[derive(Debug)]
pub struct ThreadSpawner {
    crew: Arc<Crew>,
    alarm: Arc<Alarm>,
}

#[derive(Debug)]
struct Crew {
    name: Arc<str>,
    state: host::Mutex<State>,
    work: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Arc<Task>>,
    workers: usize,
    idle: usize,
    ended: bool,
}

impl ThreadSpawner {
    /// Threads are named after `name` (the system shows the first 15 characters).
    #[must_use]
    pub fn new(name: &str) -> Self {
        let crew = Crew { name: Arc::from(name), state: host::Mutex::default(), work: Condvar::new() };
        ThreadSpawner { crew: Arc::new(crew), alarm: Arc::default() }
    }
}

impl Spawner for ThreadSpawner {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        let task = Task {
            future: host::Mutex::new(Some(future)),
            queued: AtomicBool::new(false),
            crew: Arc::downgrade(&self.crew),
        };
        Arc::new(task).wake();
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // A sleep too long for the clock is one that does not end.
        let Some(at) = Instant::now().checked_add(duration) else { return Box::pin(std::future::pending()) };
        Box::pin(Nap { alarm: Arc::clone(&self.alarm), name: Arc::clone(&self.crew.name), at, id: None })
    }
}

impl Drop for ThreadSpawner {
    fn drop(&mut self) {
        host::lock(&self.crew.state).ended = true;
        self.crew.work.notify_all();
        self.alarm.ring_off();
    }
}

impl Crew {
    fn push(self: &Arc<Self>, task: Arc<Task>) {
        let mut state = host::lock(&self.state);
        if state.ended {
            // Dropped with nothing locked: it may own anything.
            drop(state);
            drop(task);
            return;
        }
        state.queue.push_back(task);
        if state.idle >= state.queue.len() || state.workers >= MOST_WORKERS {
            drop(state);
            self.work.notify_one();
            return;
        }
        let crew = Arc::clone(self);
        let thread = std::thread::Builder::new().name(self.name.to_string());
        // Without a thread the task stays queued, for the workers there are or for the next attempt.
        if thread.spawn(move || crew.serve()).is_ok() {
            state.workers += 1;
        }
    }

    fn serve(&self) {
        let mut state = host::lock(&self.state);
        loop {
            if let Some(task) = state.queue.pop_front() {
                drop(state);
                task.run();
                drop(task);
                state = host::lock(&self.state);
                continue;
            }
            if state.ended {
                break;
            }
            state.idle += 1;
            let (woken, timeout) = match self.work.wait_timeout(state, IDLE_WORKER) {
                Ok(woken) => woken,
                Err(poisoned) => poisoned.into_inner(),
            };
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                break;
            }
        }
        state.workers -= 1;
    }
}

/// A spawned future; its waker puts it into the queue again.
struct Task {
    future: host::Mutex<Option<BoxFuture<'static, ()>>>,
    queued: AtomicBool,
    crew: Weak<Crew>,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}

impl Task {
    fn run(self: &Arc<Self>) {
        let waker = Waker::from(Arc::clone(self));
        let mut slot = host::lock(&self.future);
        // Only now may it be queued again: whoever wakes it from here on wants another poll.
        self.queued.store(false, Ordering::SeqCst);
        let Some(mut future) = slot.take() else { return };
        match poll(future.as_mut(), &waker) {
            Ok(Poll::Pending) => *slot = Some(future),
            // A panic has been reported by its hook; it ends the task, not the thread.
            Ok(Poll::Ready(())) | Err(_) => {
                drop(slot);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
            }
        }
    }
}

fn poll(future: Pin<&mut Polled>, waker: &Waker) -> Result<Poll<()>, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| future.poll(&mut Context::from_waker(waker))))
}

/// What is polled here.
type Polled = dyn Future<Output = ()> + Send;

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst)
            && let Some(crew) = self.crew.upgrade()
        {
            crew.push(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn spawned_work_runs_and_sleeps_and_survives_a_panic() {
        let spawner = Arc::new(ThreadSpawner::new("test"));
        let (done, finished) = mpsc::channel();
        spawner.spawn(Box::pin(async { panic!("a task that panics (expected in this test)") }));
        for number in 0..8 {
            let (done, sleep) = (done.clone(), spawner.sleep(Duration::from_millis(number)));
            spawner.spawn(Box::pin(async move {
                sleep.await;
                let _ = done.send(number);
            }));
        }
        let mut seen: Vec<u64> = (0..8).map(|_| finished.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn dropping_the_spawner_drops_what_still_sleeps() {
        struct Tell(mpsc::Sender<()>);
        impl Drop for Tell {
            fn drop(&mut self) {
                let _ = self.0.send(());
            }
        }
        let (done, finished) = mpsc::channel();
        let (started, begun) = mpsc::channel();
        let spawner = ThreadSpawner::new("test");
        let (tell, sleep) = (Tell(done), spawner.sleep(Duration::from_secs(3600)));
        spawner.spawn(Box::pin(async move {
            let _tell = tell;
            let _ = started.send(());
            sleep.await;
        }));
        begun.recv_timeout(Duration::from_secs(20)).unwrap();
        drop(spawner);
        assert_eq!(finished.recv_timeout(Duration::from_secs(20)), Ok(()));
    }

    #[test]
    fn what_falls_asleep_after_the_spawner_was_dropped_is_dropped() {
        let spawner = ThreadSpawner::new("test");
        let mut late = spawner.sleep(Duration::from_secs(3600));
        drop(spawner);
        let kept = Arc::new(NoWake);
        let waker = Waker::from(Arc::clone(&kept));
        assert!(late.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(late.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        assert_eq!(Arc::strong_count(&kept), 1, "a waker is kept that nobody will call");
    }

    struct NoWake;

    impl Wake for NoWake {
        fn wake(self: Arc<Self>) {}
    }
}
