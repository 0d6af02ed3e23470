//! [`Op`]: an operation that is done in the call, or a boxed future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A boxed future that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an operation of a driver returns: ready (the work was done in the call; nothing is boxed), or a boxed future.
///
/// The work may happen in the call itself, so an `Op` is made only where it is awaited at once.
#[must_use = "nothing more happens until it is awaited"]
pub enum Op<'a, T> {
    /// The result; `None` once it was taken.
    Ready(Option<T>),
    /// Still to do.
    Boxed(BoxFuture<'a, T>),
}

impl<'a, T> Op<'a, T> {
    /// Done.
    #[inline]
    pub fn ready(value: T) -> Self {
        Self::Ready(Some(value))
    }

    /// To be done by this future.
    pub fn boxed(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Boxed(Box::pin(future))
    }
}

// Nothing inside is pinned in place: `Ready` is moved out, and a boxed future is pinned on the heap.
impl<T> Unpin for Op<'_, T> {}

/// # Panics
/// If it is polled again after it was ready, as any future may.
impl<T> Future for Op<'_, T> {
    type Output = T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.get_mut() {
            Self::Ready(value) => Poll::Ready(value.take().expect("an Op was polled after it was ready")),
            Self::Boxed(future) => future.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for Op<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "Op::Ready",
            Self::Boxed(_) => "Op::Boxed",
        })
    }
}
