use super::BatchStrategy;
use crate::row::Row;

/// The rows that the items of a batch wrote, in the order of the items. Made by
/// [`Connection::execute_batch_returning`](crate::Connection::execute_batch_returning).
///
/// An insert has one row, unless its `ON CONFLICT` or a trigger skipped it; an update or delete has as many as it changed.
#[doc(alias = "getGeneratedKeys")]
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BatchRows {
    rows: Vec<Row>,
    /// Where the rows of each item end.
    ends: Vec<usize>,
    strategy: BatchStrategy,
}

impl BatchRows {
    pub(super) fn set_strategy(&mut self, strategy: BatchStrategy) {
        self.strategy = strategy;
    }

    /// The next item wrote these.
    pub(super) fn add_item(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
        self.ends.push(self.rows.len());
    }

    /// The next items wrote one of these each.
    pub(super) fn add_each(&mut self, rows: Vec<Row>) {
        let before = self.rows.len();
        self.ends.extend((1..=rows.len()).map(|row| before + row));
        self.rows.extend(rows);
    }

    /// How many items there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there were no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The rows of this item, from 0; empty if there was no such item.
    #[must_use]
    pub fn item(&self, item: usize) -> &[Row] {
        let Some(end) = self.ends.get(item) else { return &[] };
        let begin = item.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[begin..*end]
    }

    /// The rows of each item.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Row]> {
        (0..self.len()).map(|item| self.item(item))
    }

    /// All rows, as `getGeneratedKeys` of JDBC gives them.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Takes all rows out.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    /// How the items reached the database.
    #[must_use]
    pub fn strategy(&self) -> BatchStrategy {
        self.strategy
    }
}
