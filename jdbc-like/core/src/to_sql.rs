//! [`ToSql`]: Rust values as parameters.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::{Result, SqlError};
use crate::sql_state::SqlState;
use crate::value::{Interval, Value, ValueRef};

/// A Rust type that can be a parameter.
///
/// Implemented for bool, the integers (`u64` and `i128`-sized ones as long as they fit a signed 64-bit integer, otherwise as a decimal),
/// floats, text, bytes, [`Interval`], `Option`, references and boxes of these, [`Value`] and [`ValueRef`]; types of other crates behind features.
/// Databases keep microseconds: what a time has below one is cut off.
///
/// Source: `PreparedStatement.setObject` of JDBC.
#[doc(alias = "setObject")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a SQL parameter",
    label = "not a parameter type",
    note = "implement `batis_dbc::ToSql` for it, or turn on the feature for its crate (`uuid1`, `json1`, `jiff1`, `chrono04`, `time03`, `rust_decimal1`, `bigdecimal04`)"
)]
pub trait ToSql: Send + Sync {
    /// The value to bind.
    ///
    /// # Errors
    /// If this particular value has no SQL form.
    fn to_sql(&self) -> Result<ToSqlOutput<'_>>;
}

/// What [`ToSql::to_sql`] gives: a value that borrows from the parameter, or one made for the call.
#[derive(Clone, Debug, PartialEq)]
pub enum ToSqlOutput<'a> {
    /// Borrowed from the parameter.
    Borrowed(ValueRef<'a>),
    /// Made for the call.
    Owned(Value),
    /// None: the parameter only comes back ([`Out`](crate::Out)).
    Out,
}

impl ToSqlOutput<'_> {
    /// The value itself.
    #[must_use]
    #[inline]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Borrowed(value) => *value,
            Self::Owned(value) => value.as_ref(),
            Self::Out => ValueRef::Null,
        }
    }

    #[inline]
    pub(crate) fn take_value(&mut self) -> Value {
        match self {
            Self::Borrowed(value) => value.to_owned(),
            Self::Owned(value) => std::mem::take(value),
            Self::Out => Value::Null,
        }
    }
}

impl<'a> From<ValueRef<'a>> for ToSqlOutput<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        Self::Borrowed(value)
    }
}

macro_rules! lossless {
    ($($t:ty => $variant:ident as $via:ty),* $(,)?) => {$(
        impl ToSql for $t {
            #[inline]
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(ValueRef::$variant(<$via>::from(*self)).into())
            }
        }
    )*};
}

lossless! {
    bool => Bool as bool,
    i8 => Int as i64, i16 => Int as i64, i32 => Int as i64, i64 => Int as i64,
    u8 => Int as i64, u16 => Int as i64, u32 => Int as i64,
    f32 => Float as f64, f64 => Float as f64,
}

macro_rules! wide {
    ($($t:ty),*) => {$(
        impl ToSql for $t {
            #[inline]
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(match i64::try_from(*self) {
                    Ok(v) => ValueRef::Int(v).into(),
                    Err(_) => ToSqlOutput::Owned(Value::Numeric(self.to_string().into())),
                })
            }
        }
    )*};
}

wide!(u64, usize, isize, i128, u128);

impl ToSql for str {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Text(self).into())
    }
}

impl ToSql for String {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Text(self).into())
    }
}

impl ToSql for char {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Text(self.to_string().into())))
    }
}

impl ToSql for [u8] {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Bytes(self).into())
    }
}

impl<const N: usize> ToSql for [u8; N] {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Bytes(self).into())
    }
}

impl ToSql for Vec<u8> {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Bytes(self).into())
    }
}

impl ToSql for Interval {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Interval(*self).into())
    }
}

impl ToSql for Value {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.as_ref().into())
    }
}

impl ToSql for ValueRef<'_> {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok((*self).into())
    }
}

impl<T: ToSql> ToSql for Option<T> {
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        match self {
            Some(value) => value.to_sql(),
            None => Ok(ValueRef::Null.into()),
        }
    }
}

impl<T: ToSql + ToOwned + ?Sized> ToSql for Cow<'_, T>
where
    T::Owned: Send + Sync,
{
    #[inline]
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_ref().to_sql()
    }
}

macro_rules! through {
    ($($t:ty),*) => {$(
        impl<T: ToSql + ?Sized> ToSql for $t {
            #[inline]
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                (**self).to_sql()
            }
        }
    )*};
}

through!(&T, &mut T, Box<T>, Arc<T>);

/// Text of a value that cannot be a parameter, so that a wrong call has one wording everywhere.
pub(crate) fn wrong_parameter_count(expected: usize, given: usize) -> SqlError {
    SqlError::new(
        SqlState::WRONG_PARAMETER_COUNT,
        format!("the statement has {expected} placeholder(s), but {given} parameter(s) were given"),
    )
}
