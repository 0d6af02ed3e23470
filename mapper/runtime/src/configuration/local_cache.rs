//! [`LocalCacheScope`]: how long a session remembers what it read.

/// How long a session remembers what it read, beside the shared caches.
///
/// Source: `localCacheScope` of MyBatis, which is `SESSION` by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LocalCacheScope {
    /// For one call: equal nested selects run once. The default.
    #[default]
    Statement,
    /// For one transaction, until it changes something, a savepoint is rolled back, or [`clear_cache`](crate::SqlSession::clear_cache) is
    /// called: the same select with the same values does not ask the database again. What others committed meanwhile is not seen then, and
    /// all rows that were read stay in memory. Over a data source, where each statement commits by itself, it means nothing.
    Session,
}
