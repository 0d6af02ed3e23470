//! The statements that a connection keeps prepared: the least recently used one leaves when there are too many.

use std::ffi::c_int;
use std::sync::Arc;

use batis_dbc::{PreparedStatement, Shape};
use rustc_hash::FxHashMap;

use crate::statement::Statement;

/// A cached statement with the columns of its result.
#[derive(Debug)]
pub(crate) struct Slot {
    key: u64,
    used: u64,
    /// The text as it was given, for errors that come with the rows.
    pub(crate) sql: Arc<str>,
    pub(crate) statement: Statement,
    pub(crate) shape: Arc<Shape>,
    reprepared: c_int,
}

impl Slot {
    fn new(of: &PreparedStatement, used: u64, statement: Statement) -> Self {
        let shape = Arc::new(statement.shape());
        let reprepared = statement.reprepared();
        Self { key: of.key(), used, sql: Arc::clone(of.shared_sql()), statement, shape, reprepared }
    }

    /// Describes the columns anew if SQLite has prepared the statement anew.
    #[inline]
    pub(crate) fn look_again(&mut self) {
        let reprepared = self.statement.reprepared();
        if reprepared != self.reprepared {
            self.describe_again(reprepared);
        }
    }

    #[cold]
    fn describe_again(&mut self, reprepared: c_int) {
        self.reprepared = reprepared;
        self.statement.refresh();
        if !self.statement.shows(&self.shape) {
            self.shape = Arc::new(self.statement.shape());
        }
    }
}

#[derive(Debug)]
pub(crate) struct StatementCache {
    slots: Vec<Slot>,
    places: FxHashMap<u64, usize>,
    capacity: usize,
    clock: u64,
    last: usize,
}

impl StatementCache {
    /// A cache of this many statements; at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { slots: Vec::new(), places: FxHashMap::default(), capacity: capacity.max(1), clock: 0, last: 0 }
    }

    /// The place of a statement, which is the most recently used one now.
    #[inline]
    pub(crate) fn find(&mut self, key: u64) -> Option<usize> {
        if self.slots.get(self.last).is_some_and(|slot| slot.key == key) {
            return Some(self.last);
        }
        let place = *self.places.get(&key)?;
        self.clock += 1;
        self.slots[place].used = self.clock;
        self.last = place;
        Some(place)
    }

    /// Puts a statement in; the least recently used one leaves if the cache is full.
    pub(crate) fn insert(&mut self, of: &PreparedStatement, statement: Statement) -> usize {
        self.clock += 1;
        let slot = Slot::new(of, self.clock, statement);
        let place = if self.slots.len() < self.capacity {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            let place = self.oldest();
            let old = std::mem::replace(&mut self.slots[place], slot);
            self.places.remove(&old.key);
            place
        };
        self.places.insert(of.key(), place);
        self.last = place;
        place
    }

    /// A scan: it happens only beside a prepare, which costs far more.
    fn oldest(&self) -> usize {
        let by_age = self.slots.iter().enumerate().min_by_key(|(_, slot)| slot.used);
        by_age.map_or(0, |(place, _)| place)
    }

    #[inline]
    pub(crate) fn get(&self, place: usize) -> Option<&Slot> {
        self.slots.get(place)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Slot> {
        self.slots.get_mut(place)
    }
}
