use std::ops::Range;

use crate::value::{Value, ValueRef};

/// Some items of a [`Batch`](crate::Batch), as drivers take them: the values of each parameter, in the order of the items.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    columns: &'a [Vec<Value>],
    first: usize,
    count: usize,
}

impl<'a> Items<'a> {
    /// The items of this range.
    #[must_use]
    pub fn new(columns: &'a [Vec<Value>], range: Range<usize>) -> Self {
        Self { columns, first: range.start, count: range.len() }
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many parameters each item has.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.columns.len()
    }

    /// The parameters of an item, from 0; nulls if there is no such item.
    #[inline]
    pub fn params(&self, item: usize) -> impl ExactSizeIterator<Item = ValueRef<'a>> + use<'a> {
        let at = self.first + item;
        self.columns.iter().map(move |column| column.get(at).map_or(ValueRef::Null, Value::as_ref))
    }

    /// Copies of these items only.
    #[must_use]
    pub fn to_columns(&self) -> Vec<Vec<Value>> {
        let range = self.first..self.first + self.count;
        self.columns.iter().map(|column| column.get(range.clone()).unwrap_or_default().to_vec()).collect()
    }
}
