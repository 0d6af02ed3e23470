use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::{SharedRunner, wait};
use crate::error::Result;
use crate::result_set::ResultSet as AsyncResultSet;
use crate::row::{Row, RowRef};
use crate::shape::Shape;

/// The rows of a query, for plain threads. See [`batis_dbc::ResultSet`](crate::ResultSet).
pub struct ResultSet<'c> {
    inner: AsyncResultSet<'c>,
    runner: &'c SharedRunner,
    patience: Option<Instant>,
}

impl<'c> ResultSet<'c> {
    pub(super) fn new(inner: AsyncResultSet<'c>, runner: &'c SharedRunner, patience: Option<Instant>) -> Self {
        Self { inner, runner, patience }
    }

    /// See [`next`](AsyncResultSet::next).
    ///
    /// # Errors
    /// As there.
    #[allow(clippy::should_implement_trait)] // it lends its rows, which `Iterator` cannot
    pub fn next(&mut self) -> Result<Option<RowRef<'_>>> {
        Ok(if self.advance()? { Some(self.inner.row()) } else { None })
    }

    /// See [`advance`](AsyncResultSet::advance).
    ///
    /// # Errors
    /// As there.
    pub fn advance(&mut self) -> Result<bool> {
        wait(self.runner, self.patience, self.inner.advance())
    }

    /// See [`row`](AsyncResultSet::row).
    pub fn row(&mut self) -> RowRef<'_> {
        self.inner.row()
    }

    /// See [`shape`](AsyncResultSet::shape).
    #[must_use]
    pub fn shape(&mut self) -> &Arc<Shape> {
        self.inner.shape()
    }

    /// See [`collect`](AsyncResultSet::collect).
    ///
    /// # Errors
    /// As there.
    pub fn collect(self) -> Result<Vec<Row>> {
        wait(self.runner, self.patience, self.inner.collect())
    }

    /// See [`map`](AsyncResultSet::map).
    ///
    /// # Errors
    /// As there.
    pub fn map<T>(self, f: impl FnMut(&RowRef<'_>) -> Result<T>) -> Result<Vec<T>> {
        wait(self.runner, self.patience, self.inner.map(f))
    }

    /// See [`finish`](AsyncResultSet::finish).
    ///
    /// # Errors
    /// As there.
    pub fn finish(self) -> Result<u64> {
        wait(self.runner, self.patience, self.inner.finish())
    }

    /// See [`close`](AsyncResultSet::close).
    ///
    /// # Errors
    /// As there.
    pub fn close(self) -> Result<()> {
        wait(self.runner, self.patience, self.inner.close())
    }
}

impl fmt::Debug for ResultSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
