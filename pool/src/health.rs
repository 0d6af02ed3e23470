//! Whether a pool is well.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::PoolError;
use crate::manager::Manager;
use crate::pool::Pool;
use crate::shared::deadline_in;
use crate::stats::PoolStats;
use crate::timer::within;

/// What a pool must be able to do to be called well: [`Pool::health`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[doc(alias = "HealthCheckRegistry")]
pub struct HealthCheck {
    connectivity: Duration,
    wait_p99: Option<Duration>,
}

impl HealthCheck {
    /// A connection can be had and answers, both within this time. (HikariCP's `ConnectivityCheck`.)
    #[doc(alias = "connectivityCheckTimeoutMs")]
    pub fn connectivity(within: Duration) -> Self {
        HealthCheck { connectivity: within, wait_p99: None }
    }

    /// And lately 99 of 100 borrowers waited for less than this. (HikariCP's `Connection99Percent`.)
    #[doc(alias = "expected99thPercentileMs")]
    pub fn wait_p99_below(mut self, wait: Duration) -> Self {
        self.wait_p99 = Some(wait);
        self
    }
}

/// What a [`HealthCheck`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Health {
    /// How long it took to get a connection and its answer; or why there was none.
    pub connectivity: Result<Duration, PoolError>,
    /// Below what 99 of 100 borrowers waited lately (the last one to two housekeeping periods); `None`: nobody came.
    pub wait_p99: Option<Duration>,
    /// How full the pool was.
    pub stats: PoolStats,
    /// Whether all that was asked for holds.
    pub healthy: bool,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.healthy { "healthy" } else { "unhealthy" })?;
        match &self.connectivity {
            Ok(took) => write!(f, ": answered within {took:?}")?,
            Err(error) => write!(f, ": {error}")?,
        }
        if let Some(p99) = self.wait_p99 {
            write!(f, "; 99 % waited for less than {p99:?}")?;
        }
        write!(f, " ({})", self.stats)
    }
}

impl<M: Manager> Pool<M> {
    /// Looks whether the pool is well: takes a connection, has it answer, and looks at the waits of others.
    #[track_caller]
    pub fn health(&self, check: HealthCheck) -> impl Future<Output = Health> + Send {
        let get = self.get_timeout(check.connectivity);
        async move {
            // Before this very borrower is counted.
            let wait_p99 = self.wait_p99();
            let begun = Instant::now();
            let connectivity = match get.await {
                Ok(mut item) => {
                    let shared = &self.inner.shared;
                    let left = check.connectivity.saturating_sub(begun.elapsed());
                    let limit = shared.timer().until(deadline_in(left));
                    match within(limit, shared.manager.check(&mut item)).await {
                        Some(Ok(())) => Ok(begun.elapsed()),
                        Some(Err(error)) => Err(PoolError::connect(self.name(), crate::sync::Arc::new(error))),
                        None => {
                            Err(PoolError::timeout(self.name(), check.connectivity, self.stats(), None, None, vec![]))
                        }
                    }
                }
                Err(error) => Err(error),
            };
            let fast = match (check.wait_p99, wait_p99) {
                (Some(limit), Some(wait)) => wait < limit,
                _ => true,
            };
            Health { healthy: connectivity.is_ok() && fast, connectivity, wait_p99, stats: self.stats() }
        }
    }

    /// Below what 99 of 100 borrowers waited lately (the last one to two housekeeping periods), those counted who did not
    /// wait at all. `None`: nobody came.
    #[must_use]
    pub fn wait_p99(&self) -> Option<Duration> {
        self.inner.shared.waits.p99(self.stats().lent)
    }
}
