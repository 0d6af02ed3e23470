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
    pub(crate) properties: Arc<[Arc<str>]>,
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
        Ok(read.map_err(|e| SqlError::conversion(e.sql_state(), format!("the generated key: {e}")))?)
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

    /// Writes the keys of a row into an object.
    fn write_row(&self, row: &[Value], target: &mut (impl SetKey + ?Sized)) -> batis_dbc::Result<()> {
        self.properties.iter().zip(row).try_for_each(|(property, value)| target.set_key(property, value.as_ref()))
    }

    /// Writes the keys of each row into the object that it was made from.
    fn write_rows<T: SetKey>(&self, targets: &mut [T]) -> batis_dbc::Result<()> {
        if self.rows.len() != targets.len() {
            let message = format!("of {} objects the statement gave keys for {}", targets.len(), self.rows.len());
            return Err(SqlError::conversion(SqlState::RESTRICTED_TYPE, message)
                .hint("which key is whose cannot be known; read them by `insert_keys`"));
        }
        self.rows.iter().zip(targets).try_for_each(|(row, target)| self.write_row(row, target))
    }
}

/// An object that takes the keys that the database gave to its row, or a list of such objects.
///
/// ```
/// use batis_dbc::{FromSql, Result, ValueRef};
/// use batis_mapper::SetKey;
///
/// #[derive(serde::Serialize)]
/// struct NewUser { id: Option<i64>, name: String }
///
/// impl SetKey for NewUser {
///     fn set_key(&mut self, _property: &str, value: ValueRef<'_>) -> Result<()> {
///         self.id = Some(i64::from_sql(value)?);
///         Ok(())
///     }
/// }
/// # async fn f(session: batis_mapper::SqlSession) -> batis_mapper::Result<()> {
/// let mut users = vec![NewUser { id: None, name: "Ann".into() }, NewUser { id: None, name: "Bob".into() }];
/// session.insert_with_keys("users.insertAll", &mut users).await?;
/// # Ok(()) }
/// ```
///
/// Source: the setters that MyBatis calls for `keyProperty`. A list must have an object for each new row: MyBatis leaves those at the end without a
/// key when there are fewer rows (`on conflict do nothing`), and may have given the others wrong ones.
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

    /// Takes all that a statement gave. Provided: the keys of the first row, one by one.
    ///
    /// # Errors
    /// As [`set_key`](Self::set_key); of a list, if it has not as many objects as there are new rows.
    fn set_keys(&mut self, keys: &GeneratedKeys) -> batis_dbc::Result<()> {
        keys.rows.first().map_or(Ok(()), |row| keys.write_row(row, self))
    }
}

impl<T: SetKey> SetKey for [T] {
    /// Of a list with one object only.
    fn set_key(&mut self, property: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        match self {
            [only] => only.set_key(property, value),
            _ => Err(SqlError::unsupported("one key for a list of objects")),
        }
    }

    fn set_keys(&mut self, keys: &GeneratedKeys) -> batis_dbc::Result<()> {
        keys.write_rows(self)
    }
}

impl<T: SetKey> SetKey for Vec<T> {
    fn set_key(&mut self, property: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        self.as_mut_slice().set_key(property, value)
    }

    fn set_keys(&mut self, keys: &GeneratedKeys) -> batis_dbc::Result<()> {
        keys.write_rows(self)
    }
}

impl<S: BuildHasher> SetKey for HashMap<String, Value, S> {
    fn set_key(&mut self, property: &str, value: ValueRef<'_>) -> batis_dbc::Result<()> {
        self.insert(property.to_owned(), value.to_owned());
        Ok(())
    }
}
