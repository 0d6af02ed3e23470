//! The statements that a connection remembers: the least recently used one leaves when there are too many.

use std::sync::Arc;

use batis_dbc::PreparedStatement;
use hashlink::LruCache;
use rustc_hash::FxBuildHasher;
use tokio_postgres::Statement;

use crate::plan::Plan;
use crate::statement::{is_query, only_reads, render};
use crate::watch::Watch;

/// What a connection knows of a statement.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The text with `$1`, `$2`, ..
    pub(crate) sql: Arc<str>,
    /// How often it was run without a name.
    pub(crate) uses: u32,
    /// The statement that the server keeps. Dropping it queues a message that closes it there.
    pub(crate) named: Option<Statement>,
    /// The types of its parameters, as the server saw them when it was prepared.
    pub(crate) parameters: Box<[u32]>,
    /// The columns of the last run.
    pub(crate) plan: Arc<Plan>,
    /// Whether it surely changes nothing, so that it may be cancelled when its rows are left early.
    pub(crate) only_reads: bool,
    given: Arc<str>,
    /// What it takes here, about; the server keeps as much.
    bytes: usize,
}

impl Entry {
    fn new(statement: &PreparedStatement) -> Self {
        let sql = render(statement).map_or_else(|| Arc::clone(statement.shared_sql()), Arc::from);
        let only_reads = only_reads(&sql);
        let given = Arc::clone(statement.shared_sql());
        let plan = Arc::new(Plan::of(None, Some(Arc::clone(&given)), Arc::default()));
        let bytes = size_of::<Self>() + sql.len() + given.len();
        Self { sql, uses: 0, named: None, parameters: Box::default(), plan, only_reads, given, bytes }
    }

    /// Whether its columns have types of which the catalog must be asked first.
    #[inline]
    pub(crate) fn needs_types(&self) -> bool {
        self.plan.is_unresolved
    }

    /// Whether it is a query that the server can keep as a cursor.
    pub(crate) fn is_query(&self) -> bool {
        self.only_reads && is_query(&self.sql)
    }

    /// Looks at the columns that the server described last: those of this statement.
    pub(crate) fn look(&mut self, watch: &Watch) {
        watch.description(|seen| {
            if !self.plan.is_of(seen) {
                self.plan = Arc::new(Plan::of(seen, Some(Arc::clone(&self.given)), watch.types()));
            }
        });
    }

    /// Keeps the statement that the server has just prepared.
    pub(crate) fn keep(&mut self, named: Statement, watch: &Watch) -> &Statement {
        self.look(watch);
        self.parameters = watch.parameters();
        self.named.insert(named)
    }
}

#[derive(Debug)]
pub(crate) struct StatementCache {
    entries: LruCache<u64, Entry, FxBuildHasher>,
    /// Bytes that all entries have together, and may have.
    bytes: usize,
    most_bytes: usize,
}

impl StatementCache {
    /// A cache of this many statements; at least one, however large it is. `most_bytes` 0: no other limit.
    pub(crate) fn new(capacity: usize, most_bytes: usize) -> Self {
        let most_bytes = if most_bytes == 0 { usize::MAX } else { most_bytes };
        let entries = LruCache::with_hasher(capacity.max(1), FxBuildHasher);
        Self { entries, bytes: 0, most_bytes }
    }

    /// Gives up all that the server keeps; what is used again is prepared again.
    #[cold]
    pub(crate) fn forget_named(&mut self) {
        for (_, entry) in self.entries.iter_mut() {
            entry.named = None;
        }
    }

    /// What is known of a statement, which is the most recently used one now.
    #[inline]
    pub(crate) fn entry(&mut self, statement: &PreparedStatement) -> &mut Entry {
        let key = statement.key();
        if !self.entries.contains_key(&key) {
            self.add(key, Entry::new(statement));
        }
        self.entries.entry(key).or_insert_with(|| Entry::new(statement))
    }

    /// Adds one; the least recently used ones leave if there is no room.
    #[cold]
    fn add(&mut self, key: u64, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        while self.bytes > self.most_bytes || self.entries.len() >= self.entries.capacity() {
            let Some((_, left)) = self.entries.remove_lru() else { break };
            self.bytes = self.bytes.saturating_sub(left.bytes);
        }
        self.entries.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_has_a_limit_in_statements_and_one_in_bytes() {
        let statement = |n: usize| PreparedStatement::new(format!("select {n} -- {}", "x".repeat(1000)));
        let all: Vec<PreparedStatement> = (0..20).map(statement).collect();
        let mut cache = StatementCache::new(5, 0);
        for statement in &all {
            cache.entry(statement);
        }
        assert_eq!(cache.entries.len(), 5);
        let mut cache = StatementCache::new(100, 10_000);
        for statement in &all {
            cache.entry(statement).uses += 1;
            assert_eq!(cache.entry(&all[0]).uses, 1, "the one that is used most stays");
        }
        assert!(cache.bytes <= 10_000 && cache.entries.len() < 10, "{} in {}", cache.bytes, cache.entries.len());
        let large = PreparedStatement::new("x".repeat(20_000));
        cache.entry(&large).uses += 1;
        assert_eq!((cache.entry(&large).uses, cache.entries.len()), (1, 1), "one that is too large is kept alone");
        cache.entry(&all[1]);
        assert_eq!(cache.entries.len(), 1);
        assert!(cache.bytes < 10_000);
    }
}
