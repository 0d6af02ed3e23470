//! [`GeneratedKeys`] and [`SetKey`]: the keys that the database gave to new rows.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use batis_dbc::{FromSql, SqlError, SqlState, Value, ValueRef};

use crate::error::Result;

/// The keys that new rows were given, by `<selectKey>` or `useGeneratedKeys`.
///
/// Source: `KeyGenerator` of MyBatis, which writes them into the parameter object only.
#[derive(Clone, Debug, Default, PartialEq)]
#[doc(alias = "KeyGenerator")]
#[doc(alias = "getGeneratedKeys")]
pub struct GeneratedKeys {
    pub(crate) properties: Vec<Arc<str>>,
    /// One list of values for each new row.
    pub(crate) rows: Vec<Vec<Value>>,
}

impl GeneratedKeys {
    /// The first key of the first row, as any type that can be read from a column.
    ///
    /// # Errors
    /// 02000 if the statement gave no key, 07006 and the like if it is of another type.
    pub fn first<'a, T: FromSql<'a>>(&'a self) -> Result<T> {
        let value = self.rows.first().and_then(|row| row.first());
        let value = value.ok_or_else(|| {
            SqlError::new(SqlState::NO_DATA, "the statement gave no key")
                .hint("add <selectKey>, or useGeneratedKeys=\"true\" with keyProperty and keyColumn")
        })?;
        let read = T::from_sql(value.as_ref());
        Ok(read.map_err(|e| SqlError::conversion(SqlState::RESTRICTED_TYPE, format!("the generated key: {e}")))?)
    }

    /// The properties that the keys belong to (`keyProperty`).
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.properties.iter().map(|p| &**p)
    }

    /// The keys of each new row, in the order of the properties.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// Writes the keys of the first row into an object.
    pub(crate) fn write_into(&self, target: &mut (impl SetKey + ?Sized)) -> Result<()> {
        let Some(row) = self.rows.first() else { return Ok(()) };
        for (property, value) in self.properties.iter().zip(row) {
            target.set_key(property, value.as_ref())?;
        }
        Ok(())
    }
}

/// An object that takes the keys that the database gave to its row.
///
/// Source: the setters that MyBatis calls for `keyProperty`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take generated keys",
    note = "implement `batis_mapper::SetKey` for it, or use `insert_returning_key`"
)]
pub trait SetKey {
    /// Sets a property, in the spelling of the mapper file (`keyProperty`).
    ///
    /// # Errors
    /// If there is no such property, or the key does not fit it.
    fn set_key(&mut self, property: &str, value: ValueRef<'_>) -> batis_dbc::Result<()>;
}

impl<S: BuildHasher> SetKey for HashMap<String, Value, S> {
    fn set_key(&mut self, property: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        self.insert(property.to_owned(), value.to_owned());
        Ok(())
    }
}
