//! One borrower that waits: a thread or a task, both are a [`Waker`].
//!
//! | state | meaning | next |
//! | --- | --- | --- |
//! | `Waiting` | in the line, nothing for it yet | `Handed` (a giver), `Over` (the pool, the timekeeper), `Gone` (itself) |
//! | `Handed` | a baton lies here, the giver has forgotten it | `Gone` (itself: took it, or was cancelled and passes it on) |
//! | `Over` | the pool was closed, or the time is up: nothing will come | - |
//! | `Gone` | given up or served; a giver that meets it goes on to the next | - |
//!
//! Who leaves `Waiting` takes the waiter off the line's count, before it lets go of the waiter's lock: a giver that
//! finds a waiter gone may rely on the count no longer knowing it.

use std::task::{Poll, Waker};

use crate::sync::{AtomicUsize, Guard, Mutex, Ordering};

/// What is handed from a giver to a waiter.
pub(crate) trait Baton: Send + Sized {
    /// Called when the waiter it was handed to has gone: give it to the next one.
    fn pass_on(self);
}

/// Why nothing will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unserved {
    /// The pool was closed.
    Closed,
    /// The time is up.
    Late,
}

/// How a waiter left.
#[derive(Debug)]
pub(crate) enum Left<B> {
    /// While it still waited: its entry may still stand in the line.
    Unserved,
    /// With a baton that nobody had picked up yet.
    Handed(B),
    /// It was over before.
    Over,
}

#[derive(Debug)]
pub(crate) struct Waiter<B> {
    state: Mutex<State<B>>,
    /// When the timekeeper tells it that its time is up.
    deadline: u64,
}

#[derive(Debug)]
enum State<B> {
    Waiting(Option<Waker>),
    Handed(B),
    Over(Unserved),
    Gone,
}

/// A waiter that waits for sure.
pub(crate) struct Seat<'a, B>(Guard<'a, State<B>>);

impl<B> Seat<'_, B> {
    /// Hands over. The caller has taken the waiter off the count, and wakes the returned waker.
    pub(crate) fn hand(mut self, baton: B) -> Option<Waker> {
        match std::mem::replace(&mut *self.0, State::Handed(baton)) {
            State::Waiting(waker) => waker,
            _ => None,
        }
    }
}

impl<B> Waiter<B> {
    pub(crate) fn new(deadline: u64) -> Self {
        Waiter { state: Mutex::new(State::Waiting(None)), deadline }
    }

    pub(crate) fn deadline(&self) -> u64 {
        self.deadline
    }

    pub(crate) fn is_waiting(&self) -> bool {
        matches!(*self.state.lock(), State::Waiting(_))
    }

    /// Somebody to whom a baton can be handed, who cannot go before; `None`: nobody waits here any more.
    pub(crate) fn seat(&self) -> Option<Seat<'_, B>> {
        let state = self.state.lock();
        matches!(*state, State::Waiting(_)).then_some(Seat(state))
    }

    /// Tells it that nothing will come.
    pub(crate) fn dismiss(&self, why: Unserved, claims: &AtomicUsize) -> Option<Waker> {
        let mut state = self.state.lock();
        let State::Waiting(waker) = &mut *state else { return None };
        let waker = waker.take();
        claims.fetch_sub(1, Ordering::SeqCst);
        *state = State::Over(why);
        waker
    }

    /// Stops waiting; a baton that had been handed already is the caller's.
    pub(crate) fn give_up(&self, claims: &AtomicUsize) -> Left<B> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, State::Gone) {
            State::Waiting(_) => {
                claims.fetch_sub(1, Ordering::SeqCst);
                Left::Unserved
            }
            State::Handed(baton) => Left::Handed(baton),
            State::Over(_) | State::Gone => Left::Over,
        }
    }

    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Result<B, Unserved>> {
        let mut state = self.state.lock();
        match &mut *state {
            State::Waiting(Some(known)) if known.will_wake(waker) => Poll::Pending,
            State::Waiting(slot) => {
                *slot = Some(waker.clone());
                Poll::Pending
            }
            State::Handed(_) => match std::mem::replace(&mut *state, State::Gone) {
                State::Handed(baton) => Poll::Ready(Ok(baton)),
                _ => Poll::Pending,
            },
            State::Over(why) => Poll::Ready(Err(*why)),
            State::Gone => Poll::Ready(Err(Unserved::Closed)),
        }
    }
}
