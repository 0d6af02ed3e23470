//! How full the pool is.

use std::fmt;

/// A snapshot of a pool, taken by looking at its slots one by one: while others borrow and return it is a blend of
/// moments close together, never a lock.
///
/// HikariCP spreads the same figures over its management bean (`getActiveConnections` and so on).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[doc(alias = "HikariPoolMXBean")]
pub struct PoolStats {
    /// The most connections the pool will have.
    #[doc(alias = "getMaximumPoolSize")]
    pub max_size: u32,
    /// Connections the pool is responsible for: active, idle, and those it is making, cleaning or closing itself.
    #[doc(alias = "getTotalConnections")]
    pub total: u32,
    /// Connections in borrowers' hands.
    #[doc(alias = "getActiveConnections")]
    pub active: u32,
    /// Connections ready to be taken.
    #[doc(alias = "getIdleConnections")]
    pub idle: u32,
    /// Borrowers in line.
    #[doc(alias = "getThreadsAwaitingConnection")]
    pub waiting: usize,
    /// How many connections the pool keeps idle.
    #[doc(alias = "getMinimumIdle")]
    pub min_idle: u32,
    /// How often a connection was lent, since the pool was built.
    pub lent: u64,
    /// How many connections were made, since the pool was built.
    pub created: u64,
    /// How many of them the pool has closed.
    pub closed: u64,
    /// How many borrowers gave up.
    pub timeouts: u64,
}

impl fmt::Display for PoolStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PoolStats { max_size, total, active, idle, waiting, .. } = self;
        write!(f, "total={total}, active={active}, idle={idle}, waiting={waiting}, max={max_size}")
    }
}

/// Slots by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) idle: u32,
    pub(crate) active: u32,
    pub(crate) reserved: u32,
    pub(crate) lent: u64,
}

impl Counts {
    pub(crate) fn total(self) -> u32 {
        self.idle + self.active + self.reserved
    }
}
