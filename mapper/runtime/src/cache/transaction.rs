//! [`TxCaches`]: what a transaction read and emptied, which others see when it commits; and its local cache.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::CacheKey;
use super::caches::Caches;
use super::clock::Moment;
use crate::mapped_statement::MappedStatement;
use crate::result::OwnedRows;

/// The caches as one transaction sees them.
///
/// Source: `TransactionalCache` and the local cache of `BaseExecutor` in MyBatis.
pub(crate) struct TxCaches {
    shared: Option<Shared>,
    /// `localCacheScope` is SESSION.
    local: Option<HashMap<CacheKey, Arc<OwnedRows>>>,
}

struct Shared {
    caches: Arc<Caches>,
    /// Before BEGIN, and so before the snapshot that it may read from.
    began: Moment,
    /// Something was changed: what is read from then on may be rolled back, a savepoint's change among it.
    changed: bool,
    /// The caches that it emptied, for itself at once and for others when it commits.
    emptied: Vec<usize>,
    /// What it read, for others when it commits.
    read: HashMap<CacheKey, (usize, Arc<OwnedRows>)>,
}

/// How a transaction ended, for its caches; `Unknown` as long as nobody says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TxEnd {
    Committed,
    RolledBack,
    Unknown,
}

/// A COMMIT on its way. When this is dropped, others see what the transaction emptied and read.
#[must_use]
pub(crate) struct Ending {
    shared: Option<Shared>,
    outcome: TxEnd,
}

impl TxCaches {
    /// To be made before BEGIN is sent; none where there is nothing to keep anything in.
    pub(crate) fn begin(caches: Option<&Arc<Caches>>, local: bool) -> Option<Box<Self>> {
        let shared = caches.map(|caches| Shared {
            caches: Arc::clone(caches),
            began: caches.now(),
            changed: false,
            emptied: Vec::new(),
            read: HashMap::new(),
        });
        let local = local.then(HashMap::new);
        (shared.is_some() || local.is_some()).then(|| Box::new(Self { shared, local }))
    }

    /// A statement is about to run that changes data, or may do so.
    pub(super) fn changes(&mut self, statement: &MappedStatement) {
        self.clear_local();
        if let Some(shared) = &mut self.shared {
            shared.changed = true;
            let cache = shared.caches.emptied_by(statement).filter(|cache| !shared.emptied.contains(cache));
            shared.emptied.extend(cache);
        }
    }

    pub(super) fn find(&self, statement: &MappedStatement, key: &CacheKey) -> Option<Arc<OwnedRows>> {
        if let Some(found) = self.local.as_ref().and_then(|local| local.get(key)) {
            return Some(Arc::clone(found));
        }
        self.shared.as_ref()?.space_of(statement)?.find(key)
    }

    pub(super) fn asks(&self, statement: &MappedStatement) -> Option<Moment> {
        if let Some(space) = self.shared.as_ref().and_then(|shared| shared.caches.read_by(statement)) {
            space.missed();
        }
        None
    }

    pub(super) fn keep(&mut self, statement: &MappedStatement, key: &CacheKey, rows: &Arc<OwnedRows>) {
        if let Some(local) = &mut self.local {
            local.insert(key.clone(), Arc::clone(rows));
        }
        if let Some(shared) = &mut self.shared
            && !shared.changed
            && let Some(cache) = statement.caching().reads.filter(|_| shared.caches.read_by(statement).is_some())
        {
            shared.read.insert(key.clone(), (cache, Arc::clone(rows)));
        }
    }

    /// What it read may be no more: a savepoint was rolled back, or the user says so.
    pub(crate) fn clear_local(&mut self) {
        if let Some(local) = &mut self.local {
            local.clear();
        }
    }

    /// COMMIT is about to be sent.
    pub(crate) fn commit(self) -> Ending {
        Ending { shared: self.shared, outcome: TxEnd::Unknown }
    }
}

impl Shared {
    /// The cache that a statement reads, unless this transaction emptied it.
    fn space_of(&self, statement: &MappedStatement) -> Option<&super::space::Space> {
        let emptied = statement.caching().reads.is_some_and(|cache| self.emptied.contains(&cache));
        if emptied { None } else { self.caches.read_by(statement) }
    }
}

impl Ending {
    pub(crate) fn ended(mut self, outcome: TxEnd) {
        self.outcome = outcome;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take().filter(|_| self.outcome != TxEnd::RolledBack) else { return };
        let Shared { caches, began, emptied, read, .. } = shared;
        let known = self.outcome == TxEnd::Committed;
        emptied.into_iter().for_each(|cache| caches.empty(cache, !known));
        if !known {
            return;
        }
        for (key, (cache, rows)) in read {
            if let Some(space) = caches.space(cache) {
                space.keep(key, rows, began);
            }
        }
    }
}

impl fmt::Debug for TxCaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxCaches").field("local", &self.local.is_some()).finish_non_exhaustive()
    }
}
