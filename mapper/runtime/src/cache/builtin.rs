//! [`BuiltIn`]: the cache of a `<cache>` that names no other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use batis_script::CacheElement;
use hashlink::LinkedHashMap;

use super::{Cache, CacheKey};
use crate::result::OwnedRows;

/// Entries where the element says no `size`, as in MyBatis.
const SIZE: usize = 1024;

/// A number of results in memory. The one that was used (LRU) or kept (FIFO) longest ago goes first.
///
/// Source: `LruCache`, `FifoCache` and `ScheduledCache` of MyBatis around its `PerpetualCache`. SOFT and WEAK mean that Java's garbage
/// collector may take entries; here they are LRU.
pub(super) struct BuiltIn {
    entries: Mutex<Entries>,
    size: usize,
    first_in_first_out: bool,
    interval: Option<Duration>,
}

#[derive(Default)]
struct Entries {
    map: LinkedHashMap<CacheKey, Arc<OwnedRows>>,
    /// When all of them are too old; none where there is no such time.
    due: Option<Instant>,
}

impl BuiltIn {
    pub(super) fn new(element: &CacheElement) -> Self {
        let eviction = element.eviction.rsplit('.').next().unwrap_or_default();
        Self {
            entries: Mutex::default(),
            size: element.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(SIZE),
            first_in_first_out: matches!(eviction, "FIFO" | "FifoCache"),
            interval: element.flush_interval.map(Duration::from_millis),
        }
        .started(Instant::now())
    }

    fn started(self, now: Instant) -> Self {
        self.lock().due = self.next(now);
        self
    }

    fn next(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.interval?)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entries, after they were dropped if that is due. Without an interval nobody looks at the time.
    fn entries(&self, now: impl FnOnce() -> Instant) -> MutexGuard<'_, Entries> {
        let mut entries = self.lock();
        if let Some(due) = entries.due {
            let now = now();
            if now > due {
                entries.map.clear();
                entries.due = self.next(now);
            }
        }
        entries
    }

    fn get_at(&self, key: &CacheKey, now: impl FnOnce() -> Instant) -> Option<Arc<OwnedRows>> {
        let mut entries = self.entries(now);
        if self.first_in_first_out {
            return entries.map.get(key).cloned();
        }
        entries.map.to_back(key).map(|rows| Arc::clone(rows))
    }
}

impl Cache for BuiltIn {
    fn get(&self, key: &CacheKey) -> Option<Arc<OwnedRows>> {
        self.get_at(key, Instant::now)
    }

    fn put(&self, key: CacheKey, rows: Arc<OwnedRows>) {
        let mut entries = self.entries(Instant::now);
        match entries.map.get_mut(&key) {
            Some(known) => *known = rows,
            None => _ = entries.map.insert(key, rows),
        }
        while entries.map.len() > self.size {
            entries.map.pop_front();
        }
    }

    fn clear(&self) {
        let mut entries = self.entries(Instant::now);
        entries.map.clear();
        entries.due = self.next(Instant::now());
    }

    fn len(&self) -> usize {
        self.entries(Instant::now).map.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_dbc::ValueRef;
    use batis_script::MapperSet;

    struct Fixture {
        cache: BuiltIn,
        statement: Arc<batis_script::Statement>,
    }

    fn fixture(attributes: &str) -> Fixture {
        let xml = format!(r#"<mapper namespace="t"><cache {attributes}/><select id="a">select 1</select></mapper>"#);
        let set = MapperSet::builder().file("t.xml", xml).link().unwrap();
        Fixture { cache: BuiltIn::new(&set.caches()[0]), statement: Arc::clone(set.statement("t.a").unwrap()) }
    }

    impl Fixture {
        fn key(&self, n: i64) -> CacheKey {
            CacheKey::new(&self.statement, None, std::iter::once(ValueRef::Int(n)))
        }

        fn put(&self, n: i64) {
            self.cache.put(self.key(n), Arc::new(OwnedRows::empty(Arc::default())));
        }

        fn has(&self, n: i64) -> bool {
            self.cache.lock().map.contains_key(&self.key(n))
        }

        fn kept(&self) -> Vec<i64> {
            (0..9).filter(|n| self.has(*n)).collect()
        }
    }

    /// `LruCacheTest` of MyBatis.
    #[test]
    fn what_was_read_longest_ago_goes_first() {
        let all = fixture(r#"size="5""#);
        (0..5).for_each(|n| all.put(n));
        assert!(all.cache.get(&all.key(0)).is_some());
        all.put(5);
        assert_eq!((all.kept(), all.cache.len()), (vec![0, 2, 3, 4, 5], 5));
        all.put(3);
        assert_eq!(all.cache.len(), 5, "the same key evicts nothing");
        assert!(all.cache.get(&all.key(1)).is_none());
    }

    /// `FifoCacheTest` of MyBatis.
    #[test]
    fn what_was_kept_longest_ago_goes_first() {
        let all = fixture(r#"eviction="FIFO" size="5""#);
        (0..5).for_each(|n| all.put(n));
        assert!(all.cache.get(&all.key(0)).is_some());
        all.put(0);
        all.put(5);
        assert_eq!(all.kept(), [1, 2, 3, 4, 5]);
        all.cache.clear();
        assert_eq!(all.cache.len(), 0);
    }

    /// `ScheduledCacheTest` of MyBatis, without sleeping.
    #[test]
    fn all_is_gone_at_the_first_access_after_the_interval() {
        let all = fixture(r#"flushInterval="1000000""#);
        all.put(1);
        let due = all.cache.lock().due.unwrap();
        assert!(all.cache.get_at(&all.key(1), || due).is_some());
        let later = due + Duration::from_millis(1);
        assert!(all.cache.get_at(&all.key(1), || later).is_none());
        assert_eq!(all.cache.lock().due, Some(later + Duration::from_secs(1000)), "the next interval begins");
    }

    #[test]
    fn sizes_and_evictions_of_all_names() {
        for (attributes, size, fifo) in [
            ("", 1024, false),
            (r#"eviction="SOFT""#, 1024, false),
            (r#"eviction="org.apache.ibatis.cache.decorators.FifoCache" size="7""#, 7, true),
            (r#"eviction="WEAK" size="0""#, 0, false),
        ] {
            let all = fixture(attributes);
            assert_eq!((all.cache.size, all.cache.first_in_first_out), (size, fifo), "{attributes}");
            all.put(1);
            assert_eq!(all.cache.len(), size.min(1));
        }
    }
}
