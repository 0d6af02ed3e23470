//! serde's data model as parameter values.

use std::fmt::Display;
use std::sync::Arc;

use batis_dbc::Value as SqlValue;
use batis_script::{Decimal, EnumConstant, Map, MapKind, Value};
use serde::ser::{self, Serialize};

use super::typed::Cell;
use crate::error::Error;
use crate::sql_value::{JSON, NUMERIC, UUID, parse_uuid};

/// What `serde_json` calls a number whose digits it keeps.
const JSON_NUMBER: &str = "$serde_json::private::Number";
/// What `serde_json` calls a document that it keeps as text.
const JSON_RAW: &str = "$serde_json::private::RawValue";

/// The value of anything that can be serialized.
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    value.serialize(Serializer).map_err(|Failed(message)| Error::parameter(message))
}

#[derive(Debug)]
pub(crate) struct Failed(String);

impl Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Serializer;

macro_rules! scalars {
    ($($method:ident($t:ty)),*) => {$(
        fn $method(self, value: $t) -> Result<Value, Failed> {
            Ok(Value::from(value))
        }
    )*};
}

impl ser::Serializer for Serializer {
    type Ok = Value;
    type Error = Failed;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Variant<Items>;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Variant<Entries>;

    scalars!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8])
    );

    fn serialize_u128(self, value: u128) -> Result<Value, Failed> {
        let fits = i128::try_from(value);
        fits.map(Value::BigInt).map_err(|_| Failed(format!("{value} is larger than any integer of a database")))
    }

    fn serialize_none(self) -> Result<Value, Failed> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Failed> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Failed> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Failed> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<Value, Failed> {
        Ok(EnumConstant { type_name: name.into(), name: variant.into(), ordinal: index }.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Value, Failed> {
        let inner = value.serialize(self)?;
        match (name, &inner) {
            (NUMERIC, Value::Text(text)) => Ok(super::from_sql_value(SqlValue::Numeric((**text).into()))),
            (JSON, Value::Text(text)) => Ok(Value::typed(Cell(SqlValue::Json((**text).into())))),
            (UUID, Value::Text(text)) => match parse_uuid(text) {
                Some(bytes) => Ok(Value::typed(Cell(SqlValue::Uuid(bytes)))),
                None => Ok(inner),
            },
            _ => Ok(inner),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Failed> {
        Ok(Map::object().with(variant, value.serialize(self)?).into())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items, Failed> {
        Ok(Items(Vec::with_capacity(length.unwrap_or(0))))
    }

    fn serialize_tuple(self, length: usize) -> Result<Items, Failed> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items, Failed> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<Items>, Failed> {
        Ok(Variant { variant, content: self.serialize_seq(Some(length))? })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries, Failed> {
        Ok(Entries { map: Map::with_capacity(length.unwrap_or(0)), key: Value::Null, name: "" })
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Entries, Failed> {
        Ok(Entries { map: Map::with_capacity(length).with_kind(MapKind::Object), key: Value::Null, name })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<Entries>, Failed> {
        Ok(Variant { variant, content: self.serialize_struct(name, length)? })
    }
}

/// The items of a list.
pub(crate) struct Items(Vec<Value>);

impl Items {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.0.push(value.serialize(Serializer)?);
        Ok(())
    }

    fn finish(self) -> Value {
        Value::from(self.0)
    }
}

/// The entries of a map or the fields of a struct.
pub(crate) struct Entries {
    map: Map,
    key: Value,
    name: &'static str,
}

impl Entries {
    fn add<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        self.map.insert(key, value.serialize(Serializer)?);
        Ok(())
    }

    fn finish(self) -> Value {
        let only = self.map.iter().next().map(|(_, value)| value);
        match (self.name, only) {
            (JSON_NUMBER, Some(Value::Text(digits))) => number(digits),
            (JSON_RAW, Some(Value::Text(text))) => Value::typed(Cell(SqlValue::Json((**text).into()))),
            _ => Value::Map(Arc::new(self.map)),
        }
    }
}

fn number(digits: &Arc<str>) -> Value {
    if let Ok(whole) = digits.parse::<i64>() {
        return Value::Long(whole);
    }
    Decimal::parse(digits).map_or_else(|| Value::Text(Arc::clone(digits)), Value::Decimal)
}

/// The content of an enum's variant, under the variant's name.
pub(crate) struct Variant<C> {
    variant: &'static str,
    content: C,
}

fn tagged(variant: &'static str, content: Value) -> Value {
    Map::object().with(variant, content).into()
}

impl ser::SerializeSeq for Items {
    type Ok = Value;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(self.finish())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Value;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleVariant for Variant<Items> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.content.add(value)
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(tagged(self.variant, self.content.finish()))
    }
}

impl ser::SerializeMap for Entries {
    type Ok = Value;
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.key = match key.serialize(Serializer)? {
            Value::Enum(constant) => Value::Text(Arc::clone(&constant.name)),
            other => other,
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let key = std::mem::take(&mut self.key);
        self.map.insert(key, value.serialize(Serializer)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(self.finish())
    }
}

impl ser::SerializeStruct for Entries {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        self.add(key, value)
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), Failed> {
        // `skip_serializing_if` leaves a property that exists and is null, as a getter would.
        self.map.insert(key, Value::Null);
        Ok(())
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(self.finish())
    }
}

impl ser::SerializeStructVariant for Variant<Entries> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        self.content.add(key, value)
    }

    fn end(self) -> Result<Value, Failed> {
        Ok(tagged(self.variant, self.content.finish()))
    }
}
