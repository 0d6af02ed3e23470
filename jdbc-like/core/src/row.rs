//! [`Row`] (owned), [`RowRef`] (the cursor's current row) and [`RowIndex`].

use std::fmt;
use std::sync::Arc;

use crate::driver::RawConnection;
use crate::error::{Result, SqlError};
use crate::from_sql::{FromSql, FromSqlError};
use crate::shape::Shape;
use crate::sql_state::SqlState;
use crate::url::nearest;
use crate::value::{Value, ValueRef};

/// A column by its index from 0 (JDBC counts from 1) or by its label.
pub trait RowIndex: fmt::Display {
    /// The index of the column, if there is one.
    fn find(&self, shape: &Shape) -> Option<usize>;

    /// The same without the columns, where they are not needed for that; there may be no such column then.
    #[inline]
    fn known(&self) -> Option<usize> {
        None
    }
}

impl RowIndex for usize {
    #[inline]
    fn find(&self, shape: &Shape) -> Option<usize> {
        (*self < shape.len()).then_some(*self)
    }

    #[inline]
    fn known(&self) -> Option<usize> {
        Some(*self)
    }
}

impl RowIndex for &str {
    #[inline]
    fn find(&self, shape: &Shape) -> Option<usize> {
        shape.index(self)
    }
}

#[inline]
fn find(index: &impl RowIndex, shape: &Shape) -> Result<usize> {
    index.find(shape).ok_or_else(|| no_column(&index.to_string(), shape))
}

#[cold]
fn no_column(asked: &str, shape: &Shape) -> SqlError {
    let names: Vec<&str> = shape.columns().iter().map(|c| &*c.name).collect();
    let error = SqlError::new(SqlState::INVALID_COLUMN, format!("the result has no column {asked}"));
    match nearest(asked, names.iter().copied()) {
        Some(best) => error.hint(format!("did you mean `{best}`?")),
        None => error.hint(format!("its columns are: {}", names.join(", "))),
    }
}

#[cold]
fn bad_column(error: FromSqlError, index: usize, shape: &Shape) -> SqlError {
    let name = shape.columns().get(index).map_or("", |c| &c.name);
    let text = format!("column `{name}` (index {index}): {error}");
    SqlError::conversion(error.sql_state(), text).on(None, None, Some(name))
}

/// The current row of a [`ResultSet`](crate::ResultSet): reads columns without copying.
///
/// It holds the connection exclusively, so it can stay alive across an await in a spawned task.
pub struct RowRef<'r> {
    raw: &'r mut dyn RawConnection,
}

impl<'r> RowRef<'r> {
    pub(crate) fn new(raw: &'r mut dyn RawConnection) -> Self {
        Self { raw }
    }

    /// Reads a column, by index from 0 or by label.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// let mut rows = conn.query("select id, name from users", ()).await?;
    /// while let Some(row) = rows.next().await? {
    ///     let (id, name): (i64, &str) = (row.get(0)?, row.get("name")?);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// 07009 for an unknown column, 22002 for null in a type that is no `Option`, 07006 for another type, 22003 for a number that does not fit.
    #[doc(alias = "getObject")]
    #[doc(alias = "getString")]
    #[doc(alias = "getInt")]
    #[doc(alias = "getLong")]
    #[inline]
    pub fn get<'a, T: FromSql<'a>>(&'a self, index: impl RowIndex) -> Result<T> {
        let at = match index.known() {
            Some(at) => at,
            None => find(&index, self.raw.shape())?,
        };
        let value = self.raw.value(at);
        // Only a null can be that of no column.
        if matches!(value, ValueRef::Null) {
            find(&index, self.raw.shape())?;
        }
        T::from_sql(value).map_err(|e| bad_column(e, at, self.raw.shape()))
    }

    /// The value of a column; null if there is no such column.
    #[must_use]
    #[inline]
    pub fn value(&self, column: usize) -> ValueRef<'_> {
        self.raw.value(column)
    }

    /// The columns.
    #[must_use]
    #[inline]
    pub fn shape(&self) -> &Arc<Shape> {
        self.raw.shape()
    }

    /// Copies the row.
    #[must_use]
    pub fn to_row(&self) -> Row {
        let shape = Arc::clone(self.raw.shape());
        let values = (0..shape.len()).map(|i| self.raw.value(i).to_owned()).collect();
        Row { shape, values }
    }
}

impl fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.shape().columns().iter().enumerate();
        f.debug_map().entries(columns.map(|(i, c)| (&c.name, self.value(i)))).finish()
    }
}

/// An owned row.
#[derive(Clone, PartialEq)]
pub struct Row {
    shape: Arc<Shape>,
    values: Box<[Value]>,
}

impl Row {
    /// A row of these values; missing ones are null.
    #[must_use]
    pub fn new(shape: Arc<Shape>, mut values: Vec<Value>) -> Self {
        values.resize(shape.len(), Value::Null);
        Self { shape, values: values.into() }
    }

    /// Reads a column, by index from 0 or by label.
    ///
    /// # Errors
    /// As [`RowRef::get`].
    #[doc(alias = "getObject")]
    pub fn get<'a, T: FromSql<'a>>(&'a self, index: impl RowIndex) -> Result<T> {
        let at = find(&index, &self.shape)?;
        T::from_sql(self.values[at].as_ref()).map_err(|e| bad_column(e, at, &self.shape))
    }

    /// The columns.
    #[must_use]
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// The values in column order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values in column order, to be changed. The row's columns say the same of them as before.
    #[must_use]
    pub fn values_mut(&mut self) -> &mut [Value] {
        &mut self.values
    }

    /// Takes the values out.
    #[must_use]
    pub fn into_values(self) -> Box<[Value]> {
        self.values
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.shape.columns().iter().map(|c| &c.name);
        f.debug_map().entries(names.zip(&self.values)).finish()
    }
}
