//! Values as JSON, without losing digits.

use batis_dbc::Value as SqlValue;
use batis_script::Value;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// A parameter value as JSON: numbers with all their digits, characters and enum constants as text, bytes as `\x0a1b`.
pub(crate) struct Param<'a>(pub(crate) &'a Value);

impl Serialize for Param<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(v) => to.serialize_bool(*v),
            Value::Int(v) => to.serialize_i32(*v),
            Value::Long(v) => to.serialize_i64(*v),
            Value::BigInt(v) => to.serialize_i128(*v),
            Value::Float(v) if v.is_finite() => to.serialize_f32(*v),
            Value::Double(v) if v.is_finite() => to.serialize_f64(*v),
            Value::Decimal(v) => verbatim(v.to_string(), to),
            Value::Bytes(v) => to.collect_str(&SqlValue::Bytes((**v).into())),
            Value::List(items) => to.collect_seq(items.iter().map(Param)),
            Value::Map(map) => {
                let mut entries = to.serialize_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    entries.serialize_entry(&key.to_string(), &Param(value))?;
                }
                entries.end()
            }
            // Characters, text, constants, typed values, and what JSON has no number for (NaN, Infinity).
            other => to.collect_str(other),
        }
    }
}

/// A column as JSON: decimals as numbers with all their digits, documents as they are, other types that JSON does not know as text.
pub(crate) struct Column<'a>(pub(crate) &'a SqlValue);

impl Serialize for Column<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            SqlValue::Null => to.serialize_unit(),
            SqlValue::Bool(v) => to.serialize_bool(*v),
            SqlValue::Int(v) => to.serialize_i64(*v),
            SqlValue::Float(v) if v.is_finite() => to.serialize_f64(*v),
            SqlValue::Numeric(v) if is_json(v) => verbatim(v.to_string(), to),
            SqlValue::Json(v) if is_json(v) => verbatim(v.to_string(), to),
            SqlValue::Array(items) => to.collect_seq(items.iter().map(Column)),
            other => to.collect_str(other),
        }
    }
}

/// `NaN` is a numeric, but no JSON.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Text that is JSON already.
fn verbatim<S: Serializer>(text: String, to: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text).map_err(S::Error::custom)?.serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_script::{Decimal, Map};

    fn param(value: impl Into<Value>) -> String {
        serde_json::to_string(&Param(&value.into())).unwrap()
    }

    #[test]
    fn parameters_keep_their_digits() {
        assert_eq!(param(i128::MAX), i128::MAX.to_string());
        assert_eq!(param(Decimal::parse("12.50").unwrap()), "12.50");
        assert_eq!(param(Decimal::parse("1e3").unwrap()), "1E+3");
        assert_eq!(param(0.1_f32), "0.1");
        assert_eq!(param(1.0), "1.0");
        assert_eq!(param(f64::NAN), "\"NaN\"");
        assert_eq!(param('x'), "\"x\"");
        assert_eq!(param(None::<i32>), "null");
        assert_eq!(param(&[10_u8, 255][..]), r#""\\x0aff""#);
        assert_eq!(param(Map::new().with(1, vec![Value::from("a")])), r#"{"1":["a"]}"#);
    }

    #[test]
    fn columns_that_json_does_not_know_are_text() {
        let column = |value: SqlValue| serde_json::to_string(&Column(&value)).unwrap();
        assert_eq!(column(SqlValue::Numeric("1234567890123456789.10".into())), "1234567890123456789.10");
        assert_eq!(column(SqlValue::Numeric("NaN".into())), "\"NaN\"");
        assert_eq!(column(SqlValue::Json("{\"a\": 1}".into())), "{\"a\": 1}");
        assert_eq!(column(SqlValue::Date(19_753)), "\"2024-01-31\"");
        assert_eq!(column(SqlValue::Array([SqlValue::Int(1), SqlValue::Null].into())), "[1,null]");
    }
}
