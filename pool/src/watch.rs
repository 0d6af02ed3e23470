//! Those who watch a pool: hooks on its items, metrics, and who holds what.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::stats::PoolStats;
use crate::sync::Arc;

/// Why a connection was closed by its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evicted {
    /// It reached its `max_lifetime`.
    Lifetime,
    /// It lay idle for longer than `idle_timeout`, beyond `min_idle`.
    Idle,
    /// It did not pass its check, or [`retain`](crate::Pool::retain) did not want it.
    Invalid,
    /// It came back broken, or died while it lay idle, or could not be settled, or a hook panicked over it.
    Broken,
    /// Its holder panicked.
    Panic,
    /// It was asked for: soft evict, `discard`, a smaller `max_size`.
    Requested,
    /// The pool was closed.
    Closed,
}

impl fmt::Display for Evicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Evicted::Lifetime => "its lifetime is over",
            Evicted::Idle => "it was idle for too long",
            Evicted::Invalid => "it did not pass its check",
            Evicted::Broken => "it is broken",
            Evicted::Panic => "its holder panicked",
            Evicted::Requested => "it was asked for",
            Evicted::Closed => "the pool is closed",
        })
    }
}

/// Called at the turns of an item's life, with the item. All bodies are provided and do nothing.
///
/// They run on the thread of whoever borrows, returns or works in the background, with nothing locked, and must neither
/// block nor wait. An item over which a hook panics is closed.
pub trait PoolHooks<T>: Send + Sync + 'static {
    /// It was just connected.
    fn created(&self, item: &mut T) {
        let _ = item;
    }

    /// It is about to be lent.
    fn acquired(&self, item: &mut T) {
        let _ = item;
    }

    /// It has come back, as its holder left it.
    fn released(&self, item: &mut T) {
        let _ = item;
    }

    /// It is about to be closed.
    fn evicted(&self, item: &mut T, why: Evicted) {
        let _ = (item, why);
    }

    /// One was closed, and its place is free.
    fn closed(&self, why: Evicted) {
        let _ = why;
    }
}

/// Told what happens, in figures. All bodies are provided and do nothing. The feature `metrics` has an implementation for
/// the crate of that name ([`MetricsFacade`](crate::MetricsFacade)).
///
/// They run on the thread of whoever borrows, returns or works in the background, and must neither block nor wait.
#[doc(alias = "MetricsTracker")]
#[doc(alias = "IMetricsTracker")]
pub trait PoolMetrics: Send + Sync + 'static {
    /// A connection was made, in this time.
    #[doc(alias = "recordConnectionCreatedMillis")]
    fn created(&self, took: Duration) {
        let _ = took;
    }

    /// An attempt to connect failed.
    fn connect_failed(&self) {}

    /// A connection was lent after this wait; zero where nobody had to wait.
    #[doc(alias = "recordConnectionAcquiredNanos")]
    fn acquired(&self, waited: Duration) {
        let _ = waited;
    }

    /// A connection came back after this time in use.
    #[doc(alias = "recordConnectionUsageMillis")]
    fn released(&self, used: Duration) {
        let _ = used;
    }

    /// A borrower gave up.
    #[doc(alias = "recordConnectionTimeout")]
    fn timed_out(&self, waited: Duration) {
        let _ = waited;
    }

    /// A connection was closed.
    fn closed(&self, why: Evicted) {
        let _ = why;
    }

    /// A connection is out for longer than `leak_detection_threshold`. Told once for each time it is lent.
    fn leaked(&self, holder: &Holder) {
        let _ = holder;
    }

    /// One that was reported as leaked has come back after all.
    fn leak_returned(&self, holder: &Holder) {
        let _ = holder;
    }

    /// How full the pool is; told each time the housekeeper comes by.
    fn stats(&self, stats: &PoolStats) {
        let _ = stats;
    }
}

/// Who holds a connection, as far as the pool knows: [`Pool::holders`](crate::Pool::holders).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// For how long.
    pub age: Duration,
    /// Where it asked for it; not known through [`DataSource`](batis_dbc::DataSource) as a trait object.
    pub place: Option<&'static Location<'static>>,
    /// The thread, task and span that asked for it; noted while leak detection is on.
    pub who: Option<Arc<str>>,
    /// What it uses it for: the id of the mapper's statement, or what the holder itself [said](batis_dbc::Lease::note_use);
    /// noted while leak detection is on.
    pub what: Option<Arc<str>>,
    /// The connection's place in the pool.
    pub slot: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {:?}", self.age)?;
        if let Some(place) = self.place {
            write!(f, " since {place}")?;
        }
        if let Some(who) = &self.who {
            write!(f, " ({who})")?;
        }
        if let Some(what) = &self.what {
            write!(f, ", in `{what}`")?;
        }
        Ok(())
    }
}

/// The thread, task and span that run now.
pub(crate) fn who() -> Arc<str> {
    let thread = std::thread::current();
    #[allow(unused_mut)] // without the features nothing is added
    let mut text = format!("thread `{}`", thread.name().unwrap_or("unnamed"));
    #[cfg(feature = "tokio")]
    if let Some(task) = tokio::task::try_id() {
        text.push_str(&format!(", task {task}"));
    }
    #[cfg(feature = "tracing")]
    if let Some(span) = tracing::Span::current().metadata() {
        text.push_str(&format!(", span `{}`", span.name()));
    }
    Arc::from(text)
}
