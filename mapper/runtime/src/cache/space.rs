//! [`Space`]: the cache of a namespace, which keeps nothing that was read before it was emptied.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::{Clock, Emptied, Moment};
use super::flights::Flights;
use super::{Cache, CacheKey};
use crate::result::OwnedRows;

/// A cache over one data source.
pub(crate) struct Space {
    namespace: Arc<str>,
    /// None where it could not be made: nothing is kept then.
    cache: Option<Box<dyn Cache>>,
    /// Held while something is put in and while it is emptied, so that these exclude each other; not while it is read.
    emptied: Mutex<Emptied>,
    /// `blocking="true"`.
    flights: Option<Flights>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Space {
    pub(super) fn new(namespace: Arc<str>, cache: Option<Box<dyn Cache>>, blocking: bool) -> Self {
        Self {
            namespace,
            cache,
            emptied: Mutex::default(),
            flights: blocking.then(Flights::default),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    fn emptied(&self) -> MutexGuard<'_, Emptied> {
        self.emptied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows of this key; counted if they are there.
    pub(crate) fn find(&self, key: &CacheKey) -> Option<Arc<OwnedRows>> {
        let found = self.cache.as_ref()?.get(key)?;
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// Counts a question that the database had to answer.
    pub(crate) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps rows that were read from this moment on, unless that was too early. Says whether it did.
    pub(crate) fn keep(&self, key: CacheKey, rows: Arc<OwnedRows>, read: Moment) -> bool {
        let Some(cache) = &self.cache else { return false };
        let emptied = self.emptied();
        let in_time = emptied.is_before(read);
        if in_time {
            cache.put(key, rows);
        }
        in_time
    }

    /// Drops everything, and what is being read now.
    pub(crate) fn empty(&self, clock: &Clock, in_doubt: bool) {
        let mut emptied = self.emptied();
        emptied.now(clock, in_doubt);
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }

    pub(crate) fn flights(&self) -> Option<&Flights> {
        self.flights.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.cache.as_ref().map_or(0, |cache| cache.len())
    }

    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    pub(super) fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::builtin::BuiltIn;
    use batis_dbc::{Column, Row, Shape, SqlType, Value, ValueRef};
    use batis_script::MapperSet;

    /// A cache, a database that is nothing but a version, and those who use both. All ways in which their steps can follow each other are tried.
    struct World {
        space: Space,
        clock: Clock,
        key: CacheKey,
        /// What is committed.
        version: i64,
        /// The last change whose cache was emptied: nobody may find anything older.
        known: i64,
        readers: [Reader; 2],
        writers: [usize; 2],
    }

    #[derive(Default)]
    struct Reader {
        steps: usize,
        moment: Option<Moment>,
        read: i64,
    }

    const STEPS: [usize; 4] = [3, 3, 2, 2];

    impl World {
        fn new(set: &MapperSet) -> Self {
            let space = Space::new("t".into(), Some(Box::new(BuiltIn::new(&set.caches()[0]))), false);
            let key = CacheKey::new(set.statement("t.a").unwrap(), None, std::iter::empty());
            let (readers, writers) = (Default::default(), Default::default());
            Self { space, clock: Clock::default(), key, version: 0, known: 0, readers, writers }
        }

        fn step(&mut self, actor: usize, asks_the_clock: usize) {
            if let Some(writer) = actor.checked_sub(2) {
                self.writers[writer] += 1;
                match self.writers[writer] {
                    1 => self.version += 1,
                    _ => {
                        self.space.empty(&self.clock, false);
                        self.known = self.version;
                    }
                }
                return;
            }
            let reader = &mut self.readers[actor];
            reader.steps += 1;
            if reader.steps == asks_the_clock {
                reader.moment = Some(self.clock.now());
            }
            match reader.steps {
                2 => reader.read = self.version,
                3 => {
                    let shape = Arc::new(Shape::new([Column::new("version", SqlType::BigInt, "")]));
                    let row = Row::new(Arc::clone(&shape), vec![Value::Int(reader.read)]);
                    let rows = Arc::new(OwnedRows::new(shape, [row]));
                    self.space.keep(self.key.clone(), rows, reader.moment.expect("it was asked"));
                }
                _ => {}
            }
        }

        fn is_stale(&self) -> bool {
            let found = self.space.find(&self.key);
            found.is_some_and(|rows| !matches!(rows.value(0, 0), ValueRef::Int(read) if read >= self.known))
        }
    }

    /// Runs all orders that begin like this one. Says whether something stale was found in one of them, and how many there were.
    fn run(set: &MapperSet, order: &mut Vec<usize>, left: &mut [usize; 4], asks_the_clock: usize) -> (bool, usize) {
        let (mut stale, mut orders) = (false, 0);
        for actor in 0..4 {
            if left[actor] > 0 {
                left[actor] -= 1;
                order.push(actor);
                let (is_stale, count) = run(set, order, left, asks_the_clock);
                (stale, orders) = (stale | is_stale, orders + count);
                order.pop();
                left[actor] += 1;
            }
        }
        if orders > 0 {
            return (stale, orders);
        }
        let mut world = World::new(set);
        let found = order.iter().any(|actor| {
            world.step(*actor, asks_the_clock);
            world.is_stale()
        });
        (found, 1)
    }

    #[test]
    fn nothing_that_was_read_before_a_change_is_found_behind_it() {
        let xml = r#"<mapper namespace="t"><cache/><select id="a">select 1</select></mapper>"#;
        let set = MapperSet::builder().file("t.xml", xml).link().unwrap();
        assert_eq!(run(&set, &mut Vec::new(), &mut STEPS.clone(), 1), (false, 25_200));
        // Whoever asks the clock behind the database finds old data: the orders are those that matter.
        assert!(run(&set, &mut Vec::new(), &mut STEPS.clone(), 3).0);
    }
}
