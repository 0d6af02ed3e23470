//! A bell: background tasks sleep until it rings.

use std::task::{Poll, Waker};

use crate::sync::Mutex;

/// Counts its rings, so that one that rang between a look and the wait is not missed: read [`Bell::rings`], look, and
/// then wait for more than that.
#[derive(Debug)]
pub(crate) struct Bell(Mutex<State>);

#[derive(Debug)]
struct State {
    rings: u64,
    sleepers: Vec<Waker>,
}

impl Bell {
    pub(crate) fn new() -> Self {
        Bell(Mutex::new(State { rings: 0, sleepers: Vec::new() }))
    }

    pub(crate) fn rings(&self) -> u64 {
        self.0.lock().rings
    }

    pub(crate) fn ring(&self) {
        let sleepers = {
            let mut state = self.0.lock();
            state.rings += 1;
            std::mem::take(&mut state.sleepers)
        };
        for sleeper in sleepers {
            sleeper.wake();
        }
    }

    /// Ends once it has rung more often than `heard` times.
    pub(crate) async fn wait(&self, heard: u64) {
        std::future::poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.rings > heard {
                return Poll::Ready(());
            }
            if !state.sleepers.iter().any(|known| known.will_wake(cx.waker())) {
                state.sleepers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
