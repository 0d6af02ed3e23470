//! What travels with a call: [`CallOptions`], [`TransactionOptions`], [`IsolationLevel`].

use std::time::{Duration, Instant};

/// Options of one call. Deadlines are instants, so that waiting for a connection, connecting and running share one.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// When the call must be over; none: never. The statement is stopped then, on a server too, and the caller is told (57014). If the server
    /// does not say within 250 ms that it has stopped, that is left to the next use of the connection. A result whose first rows came in time
    /// is stopped then too, but nobody waits for that before the connection's next use.
    pub deadline: Option<Instant>,
    /// Rows to fetch at a time; 0: the driver chooses. Default 0.
    ///
    /// PostgreSQL inside of a transaction: the server computes so many rows of a query and waits until they were read; a result that is left
    /// early ends at once, and costs the server no more than a portion. Outside of a transaction, for statements that write, and on SQLite
    /// the number changes nothing: rows are read as they come, never all of them into memory. Unlike pgjdbc, which reads the whole result
    /// into memory unless there is a fetch size and a transaction.
    pub fetch_size: u32,
    /// Rows after which the result ends; 0: no limit.
    pub max_rows: u64,
}

impl CallOptions {
    /// No deadline, no limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The call must be over within this time from now; a time beyond what an instant can say is no deadline.
    #[must_use]
    #[doc(alias = "setQueryTimeout")]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Instant::now().checked_add(timeout);
        self
    }

    /// The call must be over at this instant.
    #[must_use]
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Rows to fetch at a time (0: the driver chooses).
    #[must_use]
    #[doc(alias = "setFetchSize")]
    pub fn fetch_size(mut self, rows: u32) -> Self {
        self.fetch_size = rows;
        self
    }

    /// Rows after which the result ends (0: no limit).
    #[must_use]
    #[doc(alias = "setMaxRows")]
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }
}

/// How far a transaction is kept apart from others.
///
/// Source: `Connection.setTransactionIsolation` of JDBC. SQLite is always serializable and takes any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "setTransactionIsolation")]
pub enum IsolationLevel {
    /// Sees what others have not committed (PostgreSQL: the same as the next).
    ReadUncommitted,
    /// Sees what others had committed when the statement began.
    ReadCommitted,
    /// Sees what others had committed when the transaction began.
    RepeatableRead,
    /// As if transactions ran one after another.
    Serializable,
}

impl IsolationLevel {
    /// The name in SQL.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

/// When a SQLite transaction takes its write lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockMode {
    /// At the first write; it may then fail with `55P03`.
    Deferred,
    /// At the beginning. Default for transactions that are not read-only.
    Immediate,
    /// At the beginning, and readers are kept out too (unless the database is in WAL mode).
    Exclusive,
}

/// How a transaction begins. What is not set follows the database's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionOptions {
    /// Isolation; none: the database's default.
    pub isolation: Option<IsolationLevel>,
    /// Whether writing is refused; none: the database's default (writing is allowed).
    pub read_only: Option<bool>,
    /// PostgreSQL: wait for a snapshot that needs no checks (serializable, read-only). Ignored by SQLite.
    pub deferrable: bool,
    /// SQLite: when the write lock is taken. Ignored by PostgreSQL.
    pub lock: Option<LockMode>,
}

impl TransactionOptions {
    /// The database's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the isolation.
    #[must_use]
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.isolation = Some(level);
        self
    }

    /// Sets whether writing is refused.
    #[must_use]
    #[doc(alias = "setReadOnly")]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = Some(read_only);
        self
    }

    /// Sets whether to wait for a snapshot that needs no checks (PostgreSQL).
    #[must_use]
    pub fn deferrable(mut self, deferrable: bool) -> Self {
        self.deferrable = deferrable;
        self
    }

    /// Sets when the write lock is taken (SQLite).
    #[must_use]
    pub fn lock(mut self, mode: LockMode) -> Self {
        self.lock = Some(mode);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_duration_is_a_timeout() {
        assert_eq!(CallOptions::new().timeout(Duration::MAX).deadline, None);
        assert!(CallOptions::new().timeout(Duration::ZERO).deadline.is_some_and(|end| end <= Instant::now()));
    }
}
