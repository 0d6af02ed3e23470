//! The host on tokio: the only file of this crate that calls it.

use std::time::Duration;

use tokio::runtime::Handle;

use super::{BoxFuture, Spawner};

/// Background work on a tokio runtime. The runtime must have its timer enabled (`enable_time`, as `#[tokio::main]` has).
///
/// When that runtime shuts down, its pool connects no more, and async connections that were made on it are dead anyway;
/// a `get` that finds nothing to lend says so at once. Give every runtime its own pool (each `#[tokio::test]` is a runtime).
#[derive(Debug, Clone)]
pub struct TokioSpawner(Handle);

impl TokioSpawner {
    /// On the given runtime.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        TokioSpawner(handle)
    }

    /// On the runtime in which this is called; `None` outside of any.
    #[must_use]
    pub fn current() -> Option<Self> {
        Handle::try_current().ok().map(TokioSpawner)
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        self.0.spawn(future);
    }

    // This is the async host: the pool's own deadlines need a timer, and this is where they get it.
    #[allow(clippy::disallowed_methods)]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // The timer of the task that waits, if it runs on another runtime than the pool: ours may have ended before it.
        let handle = Handle::try_current().unwrap_or_else(|_| self.0.clone());
        let _entered = handle.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}
