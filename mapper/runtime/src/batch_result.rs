//! [`BatchResult`]: what a batch of a statement did.

use std::sync::Arc;

use batis_dbc::{BatchOutcome, FromSql};
use batis_script::Statement;

use crate::error::{Error, ErrorKind, Result};
use crate::keys::{GeneratedKeys, SetKey};
use crate::mapped_statement::MappedStatement;

/// What the items of a batch did, in their order. Made by [`SqlSession::execute_batch`](crate::SqlSession::execute_batch).
///
/// Source: `BatchResult` of MyBatis, of which there is one for each text that was prepared.
#[derive(Clone, Debug)]
pub struct BatchResult {
    statement: Arc<Statement>,
    counts: Vec<Option<u64>>,
    total: u64,
    keys: Vec<GeneratedKeys>,
}

impl BatchResult {
    pub(crate) fn of(statement: &MappedStatement) -> Self {
        Self { statement: Arc::clone(statement.statement()), counts: Vec::new(), total: 0, keys: Vec::new() }
    }

    pub(crate) fn add_item(&mut self, count: u64, keys: GeneratedKeys) {
        self.counts.push(Some(count));
        self.total += count;
        self.keys.push(keys);
    }

    /// The next items, which gave no keys.
    pub(crate) fn add_counts(&mut self, outcome: BatchOutcome) {
        self.total += outcome.total();
        self.counts.extend(outcome.counts);
        self.keys.resize_with(self.counts.len(), GeneratedKeys::default);
    }

    /// How many items there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there were no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Rows changed by each item; none where the database told only the sum of several, which is not their number.
    #[must_use]
    #[doc(alias = "getUpdateCounts")]
    #[doc(alias = "SUCCESS_NO_INFO")]
    pub fn counts(&self) -> &[Option<u64>] {
        &self.counts
    }

    /// Rows changed by all items.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The keys of each item's rows: none of an item that wrote no row (`on conflict do nothing`), and of a statement without
    /// `useGeneratedKeys` and `<selectKey>`.
    #[must_use]
    #[doc(alias = "getGeneratedKeys")]
    pub fn keys(&self) -> &[GeneratedKeys] {
        &self.keys
    }

    /// The first key of each item, as any type that can be read from a column.
    ///
    /// # Errors
    /// 02000 for an item that gave no key, 07006 and the like if one is of another type.
    pub fn first_keys<K: for<'k> FromSql<'k>>(&self) -> Result<Vec<K>> {
        let keys = self.keys.iter().enumerate();
        keys.map(|(item, keys)| keys.first().map_err(|e| self.blame(item, e))).collect()
    }

    /// Writes the keys into the objects that the items were made from. Objects whose item wrote no row stay as they are.
    ///
    /// ```no_run
    /// # use batis_mapper::SetKey;
    /// # async fn f(session: batis_mapper::SqlSession, mut users: Vec<impl SetKey + serde::Serialize>) -> batis_mapper::Result<()> {
    /// session.execute_batch("users.insert", &users).await?.write_keys(&mut users)?;
    /// # Ok(()) }
    /// ```
    ///
    /// Source: MyBatis, which does so when the statements are flushed.
    ///
    /// # Errors
    /// If there are not as many objects as items; what an object says of its keys.
    #[doc(alias = "keyProperty")]
    pub fn write_keys<T: SetKey>(&self, objects: &mut [T]) -> Result<()> {
        if objects.len() != self.len() {
            let message =
                format!("the batch had {} items, and {} objects are to take their keys", self.len(), objects.len());
            return Err(Error::new(ErrorKind::Result, message).of(&self.statement.id, &self.statement.location));
        }
        let each = objects.iter_mut().zip(&self.keys).enumerate();
        for (item, (object, keys)) in each {
            object.set_keys(keys).map_err(|e| self.blame(item, e.into()))?;
        }
        Ok(())
    }

    #[cold]
    fn blame(&self, item: usize, error: Error) -> Error {
        error.in_batch(item).of(&self.statement.id, &self.statement.location)
    }
}
