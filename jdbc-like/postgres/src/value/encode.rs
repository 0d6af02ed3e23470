//! [`Param`]: a parameter in the server's formats.
//!
//! Binary where value and declared type are the same thing, else text, which the server reads as it reads a literal. A statement without a
//! declared type (`unknown`) gets the same text, so a parameter means the same on both ways.

use std::error::Error;
use std::fmt::{self, Write as _};

use batis_dbc::{Interval, ValueRef};
use bytes::{BufMut as _, BytesMut};
use postgres_types::{Format, IsNull, ToSql, Type};

use super::{to_server_days, to_server_micros};

pub(crate) struct Param<'a>(pub(crate) ValueRef<'a>);

/// For tokio-postgres' debug log, which must not show values.
impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.type_name())
    }
}

/// A value in binary form.
enum Binary<'a> {
    Bool(bool),
    Int2(i16),
    Int4(i32),
    Int8(i64),
    Oid(u32),
    Float4(f32),
    Float8(f64),
    Bytes(&'a [u8]),
    Uuid([u8; 16]),
}

impl<'a> Param<'a> {
    /// The binary form, if there is one that says the same as the text.
    #[inline]
    fn binary(&self, ty: &Type) -> Option<Binary<'a>> {
        Some(match (self.0, ty) {
            (ValueRef::Int(v), &Type::INT8) => Binary::Int8(v),
            (ValueRef::Int(v), &Type::INT4) => Binary::Int4(v.try_into().ok()?),
            (ValueRef::Int(v), &Type::INT2) => Binary::Int2(v.try_into().ok()?),
            (ValueRef::Int(v), &Type::OID) => Binary::Oid(v.try_into().ok()?),
            (ValueRef::Bool(v), &Type::BOOL) => Binary::Bool(v),
            (ValueRef::Float(v), &Type::FLOAT8) => Binary::Float8(v),
            (ValueRef::Float(v), &Type::FLOAT4) => Binary::Float4(exact(v)?),
            (ValueRef::Bytes(v), _) => Binary::Bytes(v),
            (ValueRef::Uuid(v), &Type::UUID) => Binary::Uuid(v),
            (ValueRef::Date(v), &Type::DATE) => Binary::Int4(to_server_days(v)?),
            (ValueRef::Time(v), &Type::TIME) => Binary::Int8(v),
            (ValueRef::Timestamp(v), &Type::TIMESTAMP) | (ValueRef::TimestampTz(v), &Type::TIMESTAMPTZ) => {
                Binary::Int8(to_server_micros(v)?)
            }
            _ => return None,
        })
    }
}

/// The narrow float that is exactly this one.
fn exact(wide: f64) -> Option<f32> {
    #[allow(clippy::cast_possible_truncation)] // what is lost is looked at in the next line
    let narrow = wide as f32;
    (f64::from(narrow) == wide || wide.is_nan()).then_some(narrow)
}

/// The text as the server reads literals.
pub(super) fn write_text(value: ValueRef<'_>, out: &mut BytesMut) -> fmt::Result {
    match value {
        ValueRef::Text(v) | ValueRef::Json(v) | ValueRef::Numeric(v) => {
            out.put_slice(v.as_bytes());
            Ok(())
        }
        // Each part has its sign: in one of the server's styles a sign in front counts for all.
        ValueRef::Interval(Interval { months, days, micros }) => {
            write!(out, "{months:+} mons {days:+} days {micros:+} us")
        }
        other => write!(out, "{other}"),
    }
}

type Encoded = Result<IsNull, Box<dyn Error + Sync + Send>>;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        self.to_sql_checked(ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    #[inline]
    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        if self.0.is_null() {
            return Ok(IsNull::Yes);
        }
        match self.binary(ty) {
            Some(Binary::Int8(v)) => out.put_i64(v),
            Some(Binary::Int4(v)) => out.put_i32(v),
            Some(Binary::Int2(v)) => out.put_i16(v),
            Some(Binary::Oid(v)) => out.put_u32(v),
            Some(Binary::Bool(v)) => out.put_u8(v.into()),
            Some(Binary::Float4(v)) => out.put_f32(v),
            Some(Binary::Float8(v)) => out.put_f64(v),
            Some(Binary::Bytes(v)) => out.put_slice(v),
            Some(Binary::Uuid(v)) => out.put_slice(&v),
            None => write_text(self.0, out)?,
        }
        Ok(IsNull::No)
    }

    #[inline]
    fn encode_format(&self, ty: &Type) -> Format {
        if self.binary(ty).is_some() { Format::Binary } else { Format::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: ValueRef<'_>, ty: &Type) -> (bool, Vec<u8>) {
        let mut out = BytesMut::new();
        let param = Param(value);
        assert!(matches!(param.to_sql_checked(ty, &mut out), Ok(IsNull::No)));
        (matches!(param.encode_format(ty), Format::Text), out.to_vec())
    }

    #[test]
    fn what_does_not_fit_goes_as_text_for_the_server_to_judge() {
        assert_eq!(encoded(ValueRef::Int(5), &Type::INT4), (false, vec![0, 0, 0, 5]));
        assert_eq!(encoded(ValueRef::Int(1 << 40), &Type::INT4), (true, b"1099511627776".to_vec()));
        assert_eq!(encoded(ValueRef::Int(5), &Type::TEXT), (true, b"5".to_vec()));
        assert_eq!(encoded(ValueRef::Float(0.1), &Type::FLOAT4), (true, b"0.1".to_vec()));
        assert_eq!(encoded(ValueRef::Float(0.5), &Type::FLOAT4), (false, 0.5f32.to_be_bytes().to_vec()));
        assert_eq!(encoded(ValueRef::Bytes(&[1]), &Type::UNKNOWN), (false, vec![1]));
        let span = Interval { months: -1, days: 2, micros: 3 };
        assert_eq!(encoded(ValueRef::Interval(span), &Type::INTERVAL), (true, b"-1 mons +2 days +3 us".to_vec()));
        assert_eq!(encoded(ValueRef::TimestampTz(i64::MAX), &Type::TIMESTAMPTZ).1, i64::MAX.to_be_bytes());
    }
}
