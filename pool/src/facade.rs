//! The pool's figures through the crate `metrics`, under the names of OpenTelemetry's conventions for database clients.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::stats::PoolStats;
use crate::watch::{Evicted, PoolMetrics};

/// Reports to whatever recorder the crate `metrics` has installed, each figure with the label
/// `db.client.connection.pool.name`.
///
/// | name | kind | when |
/// | --- | --- | --- |
/// | `db.client.connection.count` (label `db.client.connection.state`: `idle`, `used`) | gauge | housekeeping |
/// | `db.client.connection.max`, `.idle.max`, `.idle.min`, `.pending_requests` | gauge | housekeeping |
/// | `db.client.connection.timeouts` | counter | each |
/// | `db.client.connection.create_time`, `.wait_time`, `.use_time` | histogram, seconds | each |
/// | `batis.pool.connect_failures`, `.closed` (label `reason`), `.leaks` | counter | each |
///
/// ```
/// # use batis_pool::{Blocking, BlockingManager, MetricsFacade, Pool};
/// # struct Numbers;
/// # impl BlockingManager for Numbers {
/// #     type Item = u32;
/// #     type Error = std::convert::Infallible;
/// #     fn connect(&self) -> Result<u32, Self::Error> { Ok(7) }
/// # }
/// let pool = Pool::builder(Blocking(Numbers)).name("shop").metrics(MetricsFacade::new("shop")).build()?;
/// # Ok::<(), batis_pool::PoolError>(())
/// ```
pub struct MetricsFacade {
    name: String,
    idle: Gauge,
    used: Gauge,
    max: Gauge,
    idle_max: Gauge,
    idle_min: Gauge,
    pending: Gauge,
    timeouts: Counter,
    failures: Counter,
    leaks: Counter,
    create: Histogram,
    wait: Histogram,
    usage: Histogram,
}

const POOL: &str = "db.client.connection.pool.name";
const STATE: &str = "db.client.connection.state";

impl MetricsFacade {
    /// For the pool of this name. The recorder must be installed already.
    #[must_use]
    pub fn new(pool: impl Into<String>) -> Self {
        let name = pool.into();
        let label = || name.clone();
        MetricsFacade {
            idle: gauge!("db.client.connection.count", POOL => label(), STATE => "idle"),
            used: gauge!("db.client.connection.count", POOL => label(), STATE => "used"),
            max: gauge!("db.client.connection.max", POOL => label()),
            idle_max: gauge!("db.client.connection.idle.max", POOL => label()),
            idle_min: gauge!("db.client.connection.idle.min", POOL => label()),
            pending: gauge!("db.client.connection.pending_requests", POOL => label()),
            timeouts: counter!("db.client.connection.timeouts", POOL => label()),
            failures: counter!("batis.pool.connect_failures", POOL => label()),
            leaks: counter!("batis.pool.leaks", POOL => label()),
            create: histogram!("db.client.connection.create_time", POOL => label()),
            wait: histogram!("db.client.connection.wait_time", POOL => label()),
            usage: histogram!("db.client.connection.use_time", POOL => label()),
            name,
        }
    }
}

impl std::fmt::Debug for MetricsFacade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsFacade").field("pool", &self.name).finish_non_exhaustive()
    }
}

impl PoolMetrics for MetricsFacade {
    fn created(&self, took: Duration) {
        self.create.record(took);
    }

    fn connect_failed(&self) {
        self.failures.increment(1);
    }

    fn acquired(&self, waited: Duration) {
        self.wait.record(waited);
    }

    fn released(&self, used: Duration) {
        self.usage.record(used);
    }

    fn timed_out(&self, _waited: Duration) {
        self.timeouts.increment(1);
    }

    fn closed(&self, why: Evicted) {
        let reason = format!("{why:?}").to_lowercase();
        counter!("batis.pool.closed", POOL => self.name.clone(), "reason" => reason).increment(1);
    }

    fn leaked(&self, _holder: &crate::watch::Holder) {
        self.leaks.increment(1);
    }

    fn stats(&self, stats: &PoolStats) {
        self.idle.set(stats.idle);
        self.used.set(stats.active);
        self.max.set(stats.max_size);
        self.idle_max.set(stats.max_size);
        self.idle_min.set(stats.min_idle);
        #[allow(clippy::cast_precision_loss)] // nobody has 2^52 waiters
        self.pending.set(stats.waiting as f64);
    }
}
