//! [`Value`] (owned) and [`ValueRef`] (borrowed): one SQL value, on its way in or out.

use std::fmt;

use crate::temporal;

/// A SQL value that borrows its text and bytes: a parameter, or a column of the current row.
///
/// 24 bytes and `Copy`. Dates and times count from 1970-01-01 (UTC where there is a zone); `i64::MAX` and `i64::MIN` (`i32` for dates) are
/// PostgreSQL's `infinity` and `-infinity`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// Any integer up to 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A decimal number of any precision, as text: `-12.50`, `NaN`.
    Numeric(&'a str),
    /// A UUID, most significant byte first.
    Uuid([u8; 16]),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00, without a zone.
    Timestamp(i64),
    /// An instant: microseconds since 1970-01-01 00:00 UTC.
    TimestampTz(i64),
    /// A span of time whose parts are kept apart, as in PostgreSQL.
    Interval(Interval),
    /// A JSON document as text.
    Json(&'a str),
    /// An array; an element may be an array again.
    Array(&'a [Value]),
}

/// A span of time in months, days and microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Interval {
    /// Whole months.
    pub months: i32,
    /// Whole days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// An owned SQL value. See [`ValueRef`] for the units.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Value {
    /// SQL NULL.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// Any integer up to 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(Box<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A decimal number of any precision, as text.
    Numeric(Box<str>),
    /// A UUID, most significant byte first.
    Uuid([u8; 16]),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00, without a zone.
    Timestamp(i64),
    /// An instant: microseconds since 1970-01-01 00:00 UTC.
    TimestampTz(i64),
    /// A span of time whose parts are kept apart.
    Interval(Interval),
    /// A JSON document as text.
    Json(Box<str>),
    /// An array; an element may be an array again.
    Array(Box<[Value]>),
}

impl Value {
    /// Borrows the value.
    #[must_use]
    #[inline]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(v) => ValueRef::Bool(*v),
            Self::Int(v) => ValueRef::Int(*v),
            Self::Float(v) => ValueRef::Float(*v),
            Self::Text(v) => ValueRef::Text(v),
            Self::Bytes(v) => ValueRef::Bytes(v),
            Self::Numeric(v) => ValueRef::Numeric(v),
            Self::Uuid(v) => ValueRef::Uuid(*v),
            Self::Date(v) => ValueRef::Date(*v),
            Self::Time(v) => ValueRef::Time(*v),
            Self::Timestamp(v) => ValueRef::Timestamp(*v),
            Self::TimestampTz(v) => ValueRef::TimestampTz(*v),
            Self::Interval(v) => ValueRef::Interval(*v),
            Self::Json(v) => ValueRef::Json(v),
            Self::Array(v) => ValueRef::Array(v),
        }
    }

    /// Whether this is SQL NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl ValueRef<'_> {
    /// Copies the value.
    #[must_use]
    #[inline]
    pub fn to_owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(v) => Value::Bool(v),
            Self::Int(v) => Value::Int(v),
            Self::Float(v) => Value::Float(v),
            Self::Text(v) => Value::Text(v.into()),
            Self::Bytes(v) => Value::Bytes(v.into()),
            Self::Numeric(v) => Value::Numeric(v.into()),
            Self::Uuid(v) => Value::Uuid(v),
            Self::Date(v) => Value::Date(v),
            Self::Time(v) => Value::Time(v),
            Self::Timestamp(v) => Value::Timestamp(v),
            Self::TimestampTz(v) => Value::TimestampTz(v),
            Self::Interval(v) => Value::Interval(v),
            Self::Json(v) => Value::Json(v.into()),
            Self::Array(v) => Value::Array(v.into()),
        }
    }

    /// Whether this is SQL NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The name of the value's type, for messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Numeric(_) => "numeric",
            Self::Uuid(_) => "uuid",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::Timestamp(_) => "timestamp",
            Self::TimestampTz(_) => "timestamp with time zone",
            Self::Interval(_) => "interval",
            Self::Json(_) => "json",
            Self::Array(_) => "array",
        }
    }
}

/// The value as text: numbers plain, dates and times as in ISO 8601 (`2024-01-31 12:00:00.500000`, instants with `+00`), bytes as `\x0a1b`,
/// UUIDs with hyphens, arrays as PostgreSQL writes them, NULL as an empty text.
impl fmt::Display for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Null => Ok(()),
            Self::Bool(v) => v.fmt(f),
            Self::Int(v) => v.fmt(f),
            Self::Float(v) => v.fmt(f),
            Self::Text(v) | Self::Numeric(v) | Self::Json(v) => f.write_str(v),
            Self::Bytes(v) => {
                f.write_str("\\x")?;
                v.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
            Self::Uuid(v) => fmt_uuid(f, &v),
            Self::Date(v) => temporal::fmt_date(f, v),
            Self::Time(v) => temporal::fmt_time(f, v),
            Self::Timestamp(v) => temporal::fmt_timestamp(f, v, ""),
            Self::TimestampTz(v) => temporal::fmt_timestamp(f, v, "+00"),
            Self::Interval(v) => write!(f, "{} mons {} days {} us", v.months, v.days, v.micros),
            Self::Array(v) => fmt_array(f, v),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

fn fmt_uuid(f: &mut fmt::Formatter<'_>, bytes: &[u8; 16]) -> fmt::Result {
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            f.write_str("-")?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

fn fmt_array(f: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    f.write_str("{")?;
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(",")?;
        }
        match item {
            Value::Null => f.write_str("NULL")?,
            Value::Array(inner) => fmt_array(f, inner)?,
            Value::Text(text) | Value::Json(text) => fmt_quoted_if_needed(f, text)?,
            // Their texts are never empty, and nothing in them is special.
            Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Uuid(_) | Value::Time(_) => {
                fmt::Display::fmt(item, f)?;
            }
            // Each part with its sign: in one of PostgreSQL's styles a sign in front counts for all.
            Value::Interval(v) => write!(f, "\"{:+} mons {:+} days {:+} us\"", v.months, v.days, v.micros)?,
            other => fmt_quoted_if_needed(f, &other.to_string())?,
        }
    }
    f.write_str("}")
}

fn fmt_quoted_if_needed(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let special = |b: u8| matches!(b, b'{' | b'}' | b'"' | b',' | b'\\' | b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C);
    let plain = !text.is_empty() && !text.eq_ignore_ascii_case("null") && !text.bytes().any(special);
    if plain { f.write_str(text) } else { fmt_quoted(f, text) }
}

fn fmt_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        f.write_str(&rest[..at])?;
        f.write_str("\\")?;
        f.write_str(&rest[at..=at])?;
        rest = &rest[at + 1..];
    }
    f.write_str(rest)?;
    f.write_str("\"")
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        value.to_owned()
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        value.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_value_is_24_bytes() {
        assert_eq!(size_of::<ValueRef<'_>>(), 24);
        assert_eq!(size_of::<Value>(), 24);
    }

    #[test]
    fn text_forms() {
        let text = |v: ValueRef<'_>| v.to_string();
        assert_eq!(text(ValueRef::Bytes(&[10, 255])), "\\x0aff");
        assert_eq!(text(ValueRef::Uuid([0x11; 16])), "11111111-1111-1111-1111-111111111111");
        assert_eq!(text(ValueRef::Date(19_753)), "2024-01-31");
        assert_eq!(text(ValueRef::Timestamp(1_500_000)), "1970-01-01 00:00:01.500000");
        assert_eq!(text(ValueRef::TimestampTz(0)), "1970-01-01 00:00:00+00");
        let nested = [Value::Int(1), Value::Null, Value::Array([Value::Text("a\"b".into())].into())];
        assert_eq!(text(ValueRef::Array(&nested)), "{1,NULL,{\"a\\\"b\"}}");
        let texts = ["", "null", "\\\"", "a b", "\u{e4}\"\u{e4}"].map(|text| Value::Text(text.into()));
        assert_eq!(text(ValueRef::Array(&texts)), r#"{"","null","\\\"","a b","ä\"ä"}"#);
        let others =
            [Value::Float(-0.5), Value::Bool(true), Value::Time(1), Value::Timestamp(0), Value::Bytes([1].into())];
        let expected = r#"{-0.5,true,00:00:00.000001,"1970-01-01 00:00:00","\\x01"}"#;
        assert_eq!(text(ValueRef::Array(&others)), expected);
        let span = [Value::Interval(Interval { months: -1, days: 2, micros: 3 })];
        assert_eq!(text(ValueRef::Array(&span)), r#"{"-1 mons +2 days +3 us"}"#);
    }
}
