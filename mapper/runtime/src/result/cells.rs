//! [`Cells`]: where the columns of an object are read from: a row of the database, or a tree that rows were folded into.

use batis_dbc::{Row, RowRef, Shape, Value, ValueRef};
use serde::de::DeserializeSeed;

use super::error::Failure;
use super::plan::Tags;

/// The columns and the objects inside of one object; a single row has no objects. A column's number is that of its
/// [`Group`](super::group::Group).
pub(crate) trait Cells: Copy {
    /// The value of a column.
    fn value(&self, column: usize) -> ValueRef<'_>;

    /// The column's index in the row, for messages.
    fn place(&self, column: usize) -> usize;

    /// The columns of the row.
    fn shape(&self) -> &Shape;

    /// Whether nothing was found for a property that is filled by rows of its own.
    fn is_empty(&self, _child: usize) -> bool {
        true
    }

    /// Reads such a property.
    fn child<'de, S: DeserializeSeed<'de>>(&self, _child: usize, _seed: S) -> Result<S::Value, Failure> {
        Err(Failure::new("a single row has no objects made of several rows"))
    }

    /// What the object may be called as a variant of an enum.
    fn tags(&self) -> Option<&Tags> {
        None
    }
}

impl Cells for &RowRef<'_> {
    #[inline]
    fn value(&self, column: usize) -> ValueRef<'_> {
        RowRef::value(self, column)
    }

    #[inline]
    fn place(&self, column: usize) -> usize {
        column
    }

    fn shape(&self) -> &Shape {
        RowRef::shape(self)
    }
}

/// A row that was taken out of its result.
impl Cells for &Row {
    fn value(&self, column: usize) -> ValueRef<'_> {
        self.values().get(column).map_or(ValueRef::Null, Value::as_ref)
    }

    fn place(&self, column: usize) -> usize {
        column
    }

    fn shape(&self) -> &Shape {
        Row::shape(self)
    }
}
