//! [`FromSql`]: column values as Rust values.

use std::fmt;
use std::sync::Arc;

use crate::error::SqlError;
use crate::sql_state::SqlState;
use crate::temporal::parse_interval;
use crate::value::{Interval, Value, ValueRef};

/// A Rust type that can be read from a column. Nothing is narrowed silently: a number that does not fit is an error.
///
/// `Option<T>` reads null as `None` (JDBC's `wasNull`). Booleans read 0 and 1; integers read whole numerics and `'42'` is *not* read from text.
/// `String` reads any value as its text form; `&str` only what is text in the row.
///
/// Source: `ResultSet.getObject(column, type)` of JDBC.
#[doc(alias = "getObject")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a column",
    label = "not a column type",
    note = "implement `batis_dbc::FromSql` for it, use `Option<..>` for nullable columns, or turn on the feature for its crate (`uuid1`, `json1`, `jiff1`, `chrono04`, `time03`, `rust_decimal1`, `bigdecimal04`)"
)]
pub trait FromSql<'a>: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// If the value is null, of another type, or does not fit. The caller adds column and row.
    fn from_sql(value: ValueRef<'a>) -> Result<Self, FromSqlError>;
}

/// Why a column value could not be read; the column's name is added by who knows it.
#[derive(Debug)]
#[non_exhaustive]
pub enum FromSqlError {
    /// The value is null, and the target is no `Option`.
    Null {
        /// The Rust type asked for.
        target: &'static str,
    },
    /// The value is of another type.
    Type {
        /// The Rust type asked for.
        target: &'static str,
        /// The type of the value.
        found: &'static str,
    },
    /// The value does not fit the type.
    Range {
        /// The Rust type asked for.
        target: &'static str,
        /// The value as text.
        value: String,
    },
    /// An element of an array could not be read.
    Element {
        /// Which one, from 0.
        at: usize,
        /// Why not.
        error: Box<FromSqlError>,
    },
    /// Any other reason, in words.
    Other(String),
}

impl fmt::Display for FromSqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null { target } => write!(f, "NULL cannot be read as {target}; make it Option<{target}>"),
            Self::Type { target, found } => write!(f, "{found} cannot be read as {target}"),
            Self::Range { target, value } => write!(f, "the value {value} does not fit {target}"),
            Self::Element { at, error } => write!(f, "element {at} of the array: {error}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for FromSqlError {}

/// For code that reads a value on its own, outside of a row: the same codes as inside of one.
impl From<FromSqlError> for SqlError {
    #[cold]
    fn from(error: FromSqlError) -> Self {
        Self::conversion(error.sql_state(), error.to_string())
    }
}

impl FromSqlError {
    /// 22002 for null, 22003 for a value that does not fit, 07006 for all else; that of the element where it is one of an array.
    #[must_use]
    pub fn sql_state(&self) -> SqlState {
        match self {
            Self::Null { .. } => SqlState::NULL_WITHOUT_INDICATOR,
            Self::Range { .. } => SqlState::NUMERIC_OUT_OF_RANGE,
            Self::Element { error, .. } => error.sql_state(),
            Self::Type { .. } | Self::Other(_) => SqlState::RESTRICTED_TYPE,
        }
    }

    /// The error for a value of the wrong type, or for null.
    #[must_use]
    #[cold]
    pub fn mismatch(target: &'static str, value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null { target },
            other => Self::Type { target, found: other.type_name() },
        }
    }

    /// The error for a value that does not fit.
    #[must_use]
    #[cold]
    pub fn range(target: &'static str, value: ValueRef<'_>) -> Self {
        Self::Range { target, value: value.to_string() }
    }

    /// The same for another Rust type, which was read by way of the first.
    pub(crate) fn of(self, target: &'static str) -> Self {
        match self {
            Self::Null { .. } => Self::Null { target },
            Self::Type { found, .. } => Self::Type { target, found },
            Self::Range { value, .. } => Self::Range { target, value },
            other @ (Self::Element { .. } | Self::Other(_)) => other,
        }
    }
}

macro_rules! integers {
    ($($t:ident),*) => {$(
        impl FromSql<'_> for $t {
            #[inline]
            fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
                match value {
                    ValueRef::Int(v) => $t::try_from(v).map_err(|_| FromSqlError::range(stringify!($t), value)),
                    ValueRef::Numeric(text) => whole(text)
                        .and_then(|digits| digits.parse().ok())
                        .ok_or_else(|| FromSqlError::range(stringify!($t), value)),
                    other => Err(FromSqlError::mismatch(stringify!($t), other)),
                }
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

/// The integer that a decimal text is, if it is whole: `12`, `12.00`.
fn whole(text: &str) -> Option<&str> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|b| b == b'0').then_some(integer)
}

impl FromSql<'_> for bool {
    #[inline]
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Bool(v) => Ok(v),
            ValueRef::Int(0) => Ok(false),
            ValueRef::Int(1) => Ok(true),
            ValueRef::Int(_) => Err(FromSqlError::range("bool", value)),
            other => Err(FromSqlError::mismatch("bool", other)),
        }
    }
}

/// Largest magnitude below which every integer has an exact `f64`, and `f32`.
const EXACT_F64: u64 = 1 << 53;
const EXACT_F32: u64 = 1 << 24;

/// Integers only if they are exact; decimals are rounded to the nearest float, as in JDBC.
impl FromSql<'_> for f64 {
    #[inline]
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Float(v) => Ok(v),
            #[allow(clippy::cast_precision_loss)] // exact below 2^53, checked
            ValueRef::Int(v) if v.unsigned_abs() <= EXACT_F64 => Ok(v as f64),
            ValueRef::Int(_) => Err(FromSqlError::range("f64", value)),
            ValueRef::Numeric(text) => rounded(text).ok_or_else(|| FromSqlError::range("f64", value)),
            other => Err(FromSqlError::mismatch("f64", other)),
        }
    }
}

/// The nearest float; none if only infinity is near.
fn rounded(text: &str) -> Option<f64> {
    let float: f64 = text.parse().ok()?;
    (float.is_finite() || !text.bytes().any(|b| b.is_ascii_digit())).then_some(float)
}

/// As `f64`, rounded once more.
impl FromSql<'_> for f32 {
    #[inline]
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        if matches!(value, ValueRef::Int(v) if v.unsigned_abs() > EXACT_F32) {
            return Err(FromSqlError::range("f32", value));
        }
        let wide = f64::from_sql(value).map_err(|error| error.of("f32"))?;
        #[allow(clippy::cast_possible_truncation)] // rounding is what f32 means; overflow is refused below
        let narrow = wide as f32;
        if narrow.is_infinite() && wide.is_finite() { Err(FromSqlError::range("f32", value)) } else { Ok(narrow) }
    }
}

impl FromSql<'_> for String {
    #[inline]
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Text(v) | ValueRef::Json(v) | ValueRef::Numeric(v) => Ok(v.to_owned()),
            ValueRef::Null | ValueRef::Bytes(_) => Err(FromSqlError::mismatch("String", value)),
            other => Ok(other.to_string()),
        }
    }
}

impl<'a> FromSql<'a> for &'a str {
    #[inline]
    fn from_sql(value: ValueRef<'a>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Text(v) | ValueRef::Json(v) | ValueRef::Numeric(v) => Ok(v),
            other => Err(FromSqlError::mismatch("&str", other)),
        }
    }
}

impl FromSql<'_> for Box<str> {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        String::from_sql(value).map(Into::into)
    }
}

impl FromSql<'_> for Arc<str> {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        String::from_sql(value).map(Into::into)
    }
}

impl<'a> FromSql<'a> for &'a [u8] {
    #[inline]
    fn from_sql(value: ValueRef<'a>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Bytes(v) => Ok(v),
            ValueRef::Text(v) => Ok(v.as_bytes()),
            other => Err(FromSqlError::mismatch("&[u8]", other)),
        }
    }
}

impl FromSql<'_> for Vec<u8> {
    #[inline]
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        <&[u8]>::from_sql(value).map(<[u8]>::to_vec).map_err(|_| FromSqlError::mismatch("Vec<u8>", value))
    }
}

/// From an interval, or from its text where the database has no such type.
impl FromSql<'_> for Interval {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Interval(v) => Ok(v),
            ValueRef::Text(text) => {
                parse_interval(text).ok_or_else(|| FromSqlError::Other(format!("the text `{text}` is no Interval")))
            }
            other => Err(FromSqlError::mismatch("Interval", other)),
        }
    }
}

impl FromSql<'_> for Value {
    #[inline]
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        Ok(value.to_owned())
    }
}

impl<'a> FromSql<'a> for ValueRef<'a> {
    #[inline]
    fn from_sql(value: ValueRef<'a>) -> Result<Self, FromSqlError> {
        Ok(value)
    }
}

impl<'a, T: FromSql<'a>> FromSql<'a> for Option<T> {
    #[inline]
    fn from_sql(value: ValueRef<'a>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Null => Ok(None),
            other => T::from_sql(other).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::shape::{Column, Shape};
    use crate::sql_type::SqlType;

    #[test]
    fn nothing_is_narrowed_silently() {
        assert_eq!(i8::from_sql(ValueRef::Int(300)).unwrap_err().to_string(), "the value 300 does not fit i8");
        assert_eq!(u32::from_sql(ValueRef::Int(-1)).unwrap_err().to_string(), "the value -1 does not fit u32");
        assert_eq!(i64::from_sql(ValueRef::Numeric("1.5")).unwrap_err().to_string(), "the value 1.5 does not fit i64");
        assert_eq!(i64::from_sql(ValueRef::Numeric("12.00")).unwrap(), 12);
        assert_eq!(bool::from_sql(ValueRef::Int(2)).unwrap_err().to_string(), "the value 2 does not fit bool");
        assert!(f64::from_sql(ValueRef::Int(i64::MAX)).is_err());
        assert!(f32::from_sql(ValueRef::Float(1e300)).is_err());
    }

    #[test]
    fn codes_are_those_that_a_row_tells() {
        let shape = Arc::new(Shape::new(vec![Column::new("c", SqlType::Null, "")]));
        for (value, code) in [(Value::Null, "22002"), (Value::Int(300), "22003"), (Value::Bytes([0].into()), "07006")] {
            let alone = SqlError::from(i8::from_sql(value.as_ref()).unwrap_err());
            let in_row = Row::new(Arc::clone(&shape), vec![value]).get::<i8>(0).unwrap_err();
            assert_eq!((alone.sql_state().code(), in_row.sql_state().code()), (code, code));
        }
    }

    #[test]
    fn null_and_wrong_type_are_told_apart() {
        assert_eq!(
            i64::from_sql(ValueRef::Null).unwrap_err().to_string(),
            "NULL cannot be read as i64; make it Option<i64>"
        );
        assert_eq!(i64::from_sql(ValueRef::Text("1")).unwrap_err().to_string(), "text cannot be read as i64");
        assert_eq!(Option::<i64>::from_sql(ValueRef::Null).unwrap(), None);
    }
}
