//! [`SqlValue`]: a column of unknown type through serde.

use std::fmt;

use batis_dbc::{Interval, Value};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The names under which our own types go through serde; other formats ignore them.
pub(crate) const ANY: &str = "$batis::Value";
pub(crate) const NUMERIC: &str = "$batis::Numeric";
pub(crate) const JSON: &str = "$batis::Json";
pub(crate) const UUID: &str = "$batis::Uuid";

/// A SQL value of any type, for results whose columns are not known: `HashMap<String, SqlValue>`. From the mapper's rows nothing is lost;
/// as a parameter, decimals, UUIDs and JSON documents keep their type, dates and times go as text.
///
/// Source: `Map<String, Object>` as `resultType` in MyBatis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlValue(pub Value);

impl From<Value> for SqlValue {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl fmt::Display for SqlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for SqlValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Bool(v) => serializer.serialize_bool(*v),
            Value::Int(v) => serializer.serialize_i64(*v),
            Value::Float(v) => serializer.serialize_f64(*v),
            Value::Text(v) => serializer.serialize_str(v),
            Value::Bytes(v) => serializer.serialize_bytes(v),
            Value::Numeric(v) => serializer.serialize_newtype_struct(NUMERIC, &**v),
            Value::Json(v) => serializer.serialize_newtype_struct(JSON, &**v),
            Value::Uuid(_) => serializer.serialize_newtype_struct(UUID, &self.0.to_string()),
            Value::Array(items) => serializer.collect_seq(items.iter().map(|i| SqlValue(i.clone()))),
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for SqlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(ANY, AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SQL value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(i64::try_from(v).map_or_else(|_| Value::Numeric(v.to_string().into()), Value::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.into()))
    }

    fn visit_bytes<E>(self, v: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(v.into()))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    /// From the mapper's own rows: the name of the type, then what it is made of. From elsewhere: a list.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(SqlValue(item)) = seq.next_element()? {
            items.push(item);
        }
        match items.first() {
            Some(Value::Text(tag)) if tag.starts_with("$batis::") => {
                tagged(&items).ok_or_else(|| A::Error::custom("not a SQL value of batis"))
            }
            _ => Ok(Value::Array(items.into())),
        }
    }
}

/// The parts in which a value goes through serde: a tag and numbers, texts or bytes. None for values that serde has itself.
pub(crate) fn parts(value: batis_dbc::ValueRef<'_>) -> Option<Vec<Value>> {
    use batis_dbc::ValueRef as V;
    let tag = |name: &str| Value::Text(name.into());
    Some(match value {
        V::Numeric(v) => vec![tag(NUMERIC), Value::Text(v.into())],
        V::Json(v) => vec![tag(JSON), Value::Text(v.into())],
        V::Uuid(v) => vec![tag(UUID), Value::Bytes(v.into())],
        V::Date(v) => vec![tag("$batis::Date"), Value::Int(v.into())],
        V::Time(v) => vec![tag("$batis::Time"), Value::Int(v)],
        V::Timestamp(v) => vec![tag("$batis::Timestamp"), Value::Int(v)],
        V::TimestampTz(v) => vec![tag("$batis::TimestampTz"), Value::Int(v)],
        V::Interval(v) => {
            vec![tag("$batis::Interval"), Value::Int(v.months.into()), Value::Int(v.days.into()), Value::Int(v.micros)]
        }
        V::Array(items) => vec![tag("$batis::Array"), Value::Array(items.into())],
        _ => return None,
    })
}

fn tagged(items: &[Value]) -> Option<Value> {
    let narrow = |v: &i64| i32::try_from(*v).ok();
    Some(match items {
        [Value::Text(tag), Value::Text(text)] if **tag == *NUMERIC => Value::Numeric(text.clone()),
        [Value::Text(tag), Value::Text(text)] if **tag == *JSON => Value::Json(text.clone()),
        [Value::Text(tag), Value::Bytes(bytes)] if **tag == *UUID => Value::Uuid((**bytes).try_into().ok()?),
        [Value::Text(tag), Value::Array(items)] if **tag == *"$batis::Array" => Value::Array(items.clone()),
        [Value::Text(tag), Value::Int(n)] => match &**tag {
            "$batis::Date" => Value::Date(narrow(n)?),
            "$batis::Time" => Value::Time(*n),
            "$batis::Timestamp" => Value::Timestamp(*n),
            "$batis::TimestampTz" => Value::TimestampTz(*n),
            _ => return None,
        },
        [Value::Text(_), Value::Int(months), Value::Int(days), Value::Int(micros)] => {
            Value::Interval(Interval { months: narrow(months)?, days: narrow(days)?, micros: *micros })
        }
        _ => return None,
    })
}

/// The bytes of a UUID in its usual form.
pub(crate) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    if digits.len() != 32 || !matches!(text.len(), 32 | 36) {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
