//! Who has written reads from where it wrote, for a while: replicas lag behind.

use std::time::Duration;

use batis_dbc::{Connection, Home, Lease};

use crate::clock::{Clock, millis};
use crate::sync::{Arc, AtomicU32, AtomicU64, Ordering};

/// What one view of a routing data source knows of its writes.
pub(super) struct Sticky {
    clock: Clock,
    window: u64,
    /// Connections for writes that are out.
    out: AtomicU32,
    /// Until when reads follow the last write.
    until: AtomicU64,
}

impl Sticky {
    pub(super) fn new(clock: Clock, window: Duration) -> Arc<Self> {
        let (out, until) = (AtomicU32::new(0), AtomicU64::new(0));
        Arc::new(Sticky { clock, window: millis(window), out, until })
    }

    /// Whether a replica may not have yet what was written.
    pub(super) fn holds(&self) -> bool {
        self.out.load(Ordering::Acquire) > 0 || self.clock.now() < self.until.load(Ordering::Acquire)
    }

    /// A connection for writes, whose return will be noticed.
    pub(super) fn lent(self: &Arc<Self>, lease: Lease) -> Lease {
        self.out.fetch_add(1, Ordering::AcqRel);
        lease.around(|home| Arc::new(Noticed { home, sticky: Arc::clone(self) }))
    }

    fn came_back(&self) {
        let until = self.clock.now().saturating_add(self.window);
        self.until.fetch_max(until, Ordering::AcqRel);
        self.out.fetch_sub(1, Ordering::AcqRel);
    }
}

struct Noticed {
    home: Arc<dyn Home>,
    sticky: Arc<Sticky>,
}

impl Home for Noticed {
    fn take_back(self: Arc<Self>, connection: Connection) {
        self.sticky.came_back();
        Arc::clone(&self.home).take_back(connection);
    }

    fn detached(self: Arc<Self>) {
        self.sticky.came_back();
        Arc::clone(&self.home).detached();
    }

    fn note_use(&self, what: &str) {
        self.home.note_use(what);
    }
}
