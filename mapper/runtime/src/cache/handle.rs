//! [`CacheHandle`]: a namespace's cache, to look at and to empty.

use std::fmt;
use std::sync::Arc;

use super::caches::Caches;

/// The shared cache of a namespace, of its own or by `<cache-ref>`, over the data source of a session; from
/// [`SqlSession::cache`](crate::SqlSession::cache). Cheap to clone, and good for any thread.
///
/// Its use is to empty it when something else changed the data: another program, a statement without a mapper file, a trigger. On PostgreSQL
/// such programs can say so by `NOTIFY`.
///
/// ```no_run
/// # fn f(session: batis_mapper::SqlSession) {
/// if let Some(users) = session.cache("users") {
///     users.clear();
///     println!("{} results, {} of all questions answered", users.len(), users.hit_ratio());
/// }
/// # }
/// ```
///
/// Source: `Configuration.getCache` of MyBatis; the figures are those of its `LoggingCache`.
#[derive(Clone)]
pub struct CacheHandle {
    caches: Arc<Caches>,
    cache: usize,
}

impl CacheHandle {
    pub(crate) fn of(caches: &Arc<Caches>, namespace: &str) -> Option<Self> {
        let cache = caches.number(namespace)?;
        Some(Self { caches: Arc::clone(caches), cache })
    }

    /// The namespace whose `<cache>` it is.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.caches.space(self.cache).map_or("", |space| space.namespace())
    }

    /// Drops everything, at once and for all. What is being read at this moment is not kept either.
    pub fn clear(&self) {
        self.caches.empty(self.cache, false);
    }

    /// How many results are kept.
    #[must_use]
    #[doc(alias = "getSize")]
    pub fn len(&self) -> usize {
        self.caches.space(self.cache).map_or(0, |space| space.len())
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many queries were answered by it.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.caches.space(self.cache).map_or(0, |space| space.hits())
    }

    /// How many queries that use it were answered by the database.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.caches.space(self.cache).map_or(0, |space| space.misses())
    }

    /// The part of the queries that it answered, from 0 to 1; 0 before the first one.
    #[must_use]
    #[doc(alias = "Cache Hit Ratio")]
    pub fn hit_ratio(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // a ratio for people
        let (hits, misses) = (self.hits() as f64, self.misses() as f64);
        if hits + misses > 0.0 { hits / (hits + misses) } else { 0.0 }
    }
}

impl fmt::Debug for CacheHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut figures = f.debug_struct("CacheHandle");
        figures.field("namespace", &self.namespace()).field("len", &self.len());
        figures.field("hits", &self.hits()).field("misses", &self.misses()).finish_non_exhaustive()
    }
}
