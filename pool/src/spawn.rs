//! Who does the pool's background work: the border to a runtime.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

mod alarm;
mod thread;
#[cfg(feature = "tokio")]
mod tokio;

pub use self::thread::ThreadSpawner;
#[cfg(feature = "tokio")]
pub use self::tokio::TokioSpawner;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs the pool's background work and its timers. A value, given to [`Builder::spawner`](crate::Builder::spawner);
/// there is no hidden runtime. (HikariCP has two executors and a scheduler of its own.)
///
/// The pool spawns three long-lived tasks, one that connects, one that keeps house and one that keeps the time of waiting
/// tasks, and short ones that settle or close
/// a connection. All end soon after the pool is closed or its last handle is dropped.
pub trait Spawner: Send + Sync + 'static {
    /// Runs a future to its end, in the background. A spawner that has shut down drops it.
    fn spawn(&self, future: BoxFuture<'static, ()>);

    /// A future that ends after `duration`, awaited inside spawned futures and inside `get`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

impl fmt::Debug for dyn Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawner")
    }
}
