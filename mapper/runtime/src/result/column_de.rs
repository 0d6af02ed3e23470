//! A column as serde sees it: each hint is answered by what the database has.

use std::fmt::{self, Write as _};

use batis_dbc::{Value, ValueRef};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::error::Failure;
use crate::sql_value::{ANY, parts};

/// One value of a row. Texts are lent for the call only; a field that owns its text copies it, once.
#[derive(Clone, Copy)]
pub(crate) struct ColumnDe<'v> {
    value: ValueRef<'v>,
    ordinals: bool,
}

impl<'v> ColumnDe<'v> {
    #[inline]
    pub(crate) fn new(value: ValueRef<'v>) -> Self {
        Self { value, ordinals: false }
    }

    /// Enums are read by the place of their variant.
    pub(crate) fn with_ordinals(mut self, ordinals: bool) -> Self {
        self.ordinals = ordinals;
        self
    }

    /// Texts that a JSON document may be in where the database has no such type.
    fn document(&self) -> Option<&'v str> {
        match self.value {
            ValueRef::Json(text) => Some(text),
            ValueRef::Text(text) if text.trim_start().starts_with(['{', '[']) => Some(text),
            _ => None,
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Int(v) => visitor.visit_i64(v),
            ValueRef::Numeric(text) => match whole(text) {
                Some(v) => match (i64::try_from(v), u64::try_from(v)) {
                    (Ok(small), _) => visitor.visit_i64(small),
                    (_, Ok(large)) => visitor.visit_u64(large),
                    _ => visitor.visit_i128(v),
                },
                None => Err(Failure::new("a number with a fraction where an integer was expected")
                    .hint("read it as f64 or as a decimal type, or round it in the SQL")),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Float(v) => visitor.visit_f64(v),
            #[allow(clippy::cast_precision_loss)] // exact below 2^53, checked
            ValueRef::Int(v) if v.unsigned_abs() <= 1 << 53 => visitor.visit_f64(v as f64),
            ValueRef::Int(v) => Err(Failure::new(format!("the integer {v} has no exact float"))),
            ValueRef::Numeric(text) => match text.parse() {
                Ok(v) => visitor.visit_f64(v),
                Err(_) => Err(Failure::new("this number is no float")),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    /// Anything as text, as `getString` of JDBC does.
    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Text(text) | ValueRef::Numeric(text) | ValueRef::Json(text) => visitor.visit_str(text),
            ValueRef::Bytes(bytes) => visitor.visit_bytes(bytes),
            ValueRef::Null => visitor.visit_unit(),
            other => written(other, visitor),
        }
    }
}

/// Types that serde does not have, as text without an allocation.
fn written<'de, V: Visitor<'de>>(value: ValueRef<'_>, visitor: V) -> Result<V::Value, Failure> {
    let mut buffer = Buffer { bytes: [0; 48], length: 0 };
    if write!(buffer, "{value}").is_err() {
        return visitor.visit_string(value.to_string());
    }
    let text = match value {
        ValueRef::Timestamp(_) | ValueRef::TimestampTz(_) => buffer.rfc_3339(),
        _ => buffer.text(),
    };
    visitor.visit_str(text)
}

/// Text on the stack.
struct Buffer {
    bytes: [u8; 48],
    length: usize,
}

impl Buffer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }

    /// `2024-01-31 12:00:00+00` as `2024-01-31T12:00:00Z`; what is no plain time (`infinity`) stays.
    fn rfc_3339(&mut self) -> &str {
        let is_time = self.bytes.get(10) == Some(&b' ') && self.bytes[self.length - 1].is_ascii_digit();
        if is_time {
            self.bytes[10] = b'T';
            if self.text().ends_with("+00") {
                self.length -= 2;
                self.bytes[self.length - 1] = b'Z';
            }
        }
        self.text()
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// The integer that a decimal text is, if it is whole: `12`, `12.00`.
fn whole(text: &str) -> Option<i128> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|b| b == b'0').then(|| integer.parse().ok()).flatten()
}

fn json<'de, T>(
    text: &str,
    read: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::IoRead<&[u8]>>) -> serde_json::Result<T>,
) -> Result<T, Failure>
where
    T: 'de,
{
    let mut document = serde_json::Deserializer::from_reader(text.as_bytes());
    // The error's place and category, without the document's text.
    let value = read(&mut document).map_err(|e| Failure::new(format!("the JSON document does not fit: {e}")))?;
    document.end().map_err(|_| Failure::new("something follows the JSON document"))?;
    Ok(value)
}

macro_rules! forward {
    ($to:ident: $($method:ident),*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.$to(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for ColumnDe<'_> {
    type Error = Failure;

    forward!(integer: deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64, deserialize_i128,
        deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64, deserialize_u128);
    forward!(float: deserialize_f32, deserialize_f64);
    forward!(text: deserialize_str, deserialize_string, deserialize_char, deserialize_identifier);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Null => visitor.visit_unit(),
            ValueRef::Bool(v) => visitor.visit_bool(v),
            ValueRef::Int(v) => visitor.visit_i64(v),
            ValueRef::Float(v) => visitor.visit_f64(v),
            ValueRef::Text(v) | ValueRef::Numeric(v) => visitor.visit_str(v),
            ValueRef::Bytes(v) => visitor.visit_bytes(v),
            ValueRef::Json(text) => json(text, |d| d.deserialize_any(visitor)),
            ValueRef::Array(items) => visitor.visit_seq(Elements { items, next: 0 }),
            other => written(other, visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Int(0) => visitor.visit_bool(false),
            ValueRef::Int(1) => visitor.visit_bool(true),
            ValueRef::Int(v) => Err(Failure::new(format!("the number {v} where a boolean (0 or 1) was expected"))),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Text(text) => visitor.visit_bytes(text.as_bytes()),
            ValueRef::Uuid(bytes) => visitor.visit_bytes(&bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Failure> {
        if name != ANY {
            return visitor.visit_newtype_struct(self);
        }
        match parts(self.value) {
            Some(parts) => visitor.visit_seq(Elements { items: &parts, next: 0 }),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if let Some(text) = self.document() {
            return json(text, |d| d.deserialize_seq(visitor));
        }
        match self.value {
            ValueRef::Bytes(bytes) => visitor.visit_seq(Octets(bytes.iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.document() {
            Some(text) => json(text, |d| d.deserialize_map(visitor)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.document() {
            Some(text) => json(text, |d| d.deserialize_struct(name, fields, visitor)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.value {
            ValueRef::Int(place) if self.ordinals => {
                let variant = usize::try_from(place).ok().and_then(|p| variants.get(p));
                let variant =
                    variant.ok_or_else(|| Failure::new(format!("`{name}` has no variant of place {place}")))?;
                visitor.visit_enum(StrDeserializer::new(variant))
            }
            ValueRef::Int(_) => {
                Err(Failure::new(format!("an integer where a variant of `{name}` was expected by its name"))
                    .hint("write typeHandler=\"EnumOrdinalTypeHandler\" in the result map to read it by its place"))
            }
            ValueRef::Text(text) if self.document().is_none() => visitor.visit_enum(StrDeserializer::new(text)),
            ValueRef::Text(text) | ValueRef::Json(text) => json(text, |d| d.deserialize_enum(name, variants, visitor)),
            other => Err(Failure::invalid_type(unexpected(other), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

fn unexpected(value: ValueRef<'_>) -> de::Unexpected<'_> {
    match value {
        ValueRef::Null => de::Unexpected::Unit,
        other => de::Unexpected::Other(other.type_name()),
    }
}

/// The elements of an array.
struct Elements<'v> {
    items: &'v [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(ColumnDe::new(item.as_ref())).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// Bytes one by one, for `Vec<u8>`.
struct Octets<'v>(std::slice::Iter<'v, u8>);

impl<'de> SeqAccess<'de> for Octets<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(byte) = self.0.next() else { return Ok(None) };
        seed.deserialize(ColumnDe::new(ValueRef::Int(i64::from(*byte)))).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}
