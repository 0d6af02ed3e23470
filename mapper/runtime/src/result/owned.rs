//! [`OwnedRows`]: the rows of a result, taken out of it.

use std::fmt;
use std::sync::Arc;

use batis_dbc::{Row, Shape, Value, ValueRef};

use super::cells::Cells;
use super::values::Values;

/// The rows of a result, as the database gave them: what a [`Cache`](crate::Cache) keeps. Their values stand in a few buffers together, 24 bytes
/// for each beside its text or bytes.
///
/// ```
/// # use std::sync::Arc;
/// use batis_dbc::{Column, Row, Shape, SqlType, Value, ValueRef};
/// let shape = Arc::new(Shape::new([Column::new("name", SqlType::Text, "text")]));
/// let row = Row::new(Arc::clone(&shape), vec![Value::Text("Ann".into())]);
/// let rows = batis_mapper::OwnedRows::new(shape, [row]);
/// assert_eq!((rows.len(), rows.value(0, 0)), (1, ValueRef::Text("Ann")));
/// ```
pub struct OwnedRows {
    shape: Arc<Shape>,
    values: Values,
    rows: usize,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct OwnedRow<'a> {
    rows: &'a OwnedRows,
    row: usize,
}

impl OwnedRows {
    /// Rows of these columns, for caches that bring them from elsewhere. What a row has too many is left out, what it has not is null.
    #[must_use]
    pub fn new(shape: Arc<Shape>, rows: impl IntoIterator<Item = Row>) -> Self {
        let mut all = Self::empty(shape);
        rows.into_iter().for_each(|row| all.push(&row));
        all
    }

    pub(crate) fn empty(shape: Arc<Shape>) -> Self {
        Self { shape, values: Values::default(), rows: 0 }
    }

    /// Copies a row.
    pub(crate) fn push(&mut self, row: impl Cells) {
        (0..self.shape.len()).for_each(|column| self.values.push(row.value(column)));
        self.rows += 1;
    }

    /// The columns.
    #[must_use]
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// A value, by row and column from 0; null if there is no such one.
    #[must_use]
    pub fn value(&self, row: usize, column: usize) -> ValueRef<'_> {
        if column < self.shape.len() { self.values.get(row * self.shape.len() + column) } else { ValueRef::Null }
    }

    /// The rows one by one, copied.
    pub fn to_rows(&self) -> impl Iterator<Item = Row> {
        let values =
            |row| (0..self.shape.len()).map(|column| self.value(row, column).to_owned()).collect::<Vec<Value>>();
        (0..self.rows).map(move |row| Row::new(Arc::clone(&self.shape), values(row)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = OwnedRow<'_>> {
        (0..self.rows).map(|row| OwnedRow { rows: self, row })
    }
}

/// How many and of which columns; the values are nobody's business in a log.
impl fmt::Debug for OwnedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self.shape.columns().iter().map(|column| &*column.name).collect();
        f.debug_struct("OwnedRows").field("columns", &columns).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Cells for OwnedRow<'_> {
    #[inline]
    fn value(&self, column: usize) -> ValueRef<'_> {
        self.rows.value(self.row, column)
    }

    fn place(&self, column: usize) -> usize {
        column
    }

    fn shape(&self) -> &Shape {
        &self.rows.shape
    }
}
