//! The handlers that are always there: the default by the kind of the value, enums by ordinal, JSON documents.

use batis_dbc::{Result, SqlError, SqlState, ToSqlOutput, Value as SqlValue, ValueRef};
use batis_script::{Decimal, Value};

use crate::params::Cell;
use crate::type_handler::TypeHandler;

/// A parameter by the kind of its value; the `jdbcType` decides only where the kind leaves a choice.
///
/// Source: `UnknownTypeHandler` of MyBatis.
pub(crate) fn default_to_sql<'v>(value: &'v Value, jdbc_type: Option<&str>) -> Result<ToSqlOutput<'v>> {
    Ok(match value {
        Value::Null => ValueRef::Null.into(),
        Value::Bool(v) => ValueRef::Bool(*v).into(),
        Value::Int(v) => ValueRef::Int(i64::from(*v)).into(),
        Value::Long(v) => ValueRef::Int(*v).into(),
        Value::Float(v) => ValueRef::Float(f64::from(*v)).into(),
        Value::Double(v) => ValueRef::Float(*v).into(),
        Value::Text(v) => ValueRef::Text(v).into(),
        Value::Bytes(v) => ValueRef::Bytes(v).into(),
        Value::Char(v) => ToSqlOutput::Owned(SqlValue::Text(v.to_string().into())),
        Value::Enum(v) => ValueRef::Text(&v.name).into(),
        Value::BigInt(v) => match i64::try_from(*v) {
            Ok(small) => ValueRef::Int(small).into(),
            Err(_) => ToSqlOutput::Owned(SqlValue::Numeric(v.to_string().into())),
        },
        Value::Decimal(v) => ToSqlOutput::Owned(SqlValue::Numeric(plain(v).into())),
        Value::Typed(v) => match v.as_any().downcast_ref::<Cell>() {
            Some(cell) => cell.0.as_ref().into(),
            None => ToSqlOutput::Owned(SqlValue::Text(v.to_text().into())),
        },
        Value::List(items) => list(items, jdbc_type)?,
        Value::Map(_) => {
            return Err(not_one_value("an object or map")
                .hint("name one of its properties: `#{param.field}`; for a JSON column write typeHandler=json"));
        }
        other => return Err(not_one_value(other.type_name())),
    })
}

fn list(items: &[Value], jdbc_type: Option<&str>) -> Result<ToSqlOutput<'static>> {
    match jdbc_type {
        Some("ARRAY") => {
            let cells: Result<Vec<SqlValue>> = items.iter().map(|i| default_to_sql(i, None).map(|c| c.as_ref().to_owned())).collect();
            Ok(ToSqlOutput::Owned(SqlValue::Array(cells?.into())))
        }
        Some("BINARY" | "VARBINARY" | "LONGVARBINARY" | "BLOB") => match bytes(items) {
            Some(bytes) => Ok(ToSqlOutput::Owned(SqlValue::Bytes(bytes.into()))),
            None => Err(not_one_value("a list that is not made of bytes")),
        },
        _ if !items.is_empty() && bytes(items).is_some() => Err(not_one_value("a list").hint(
            "use <foreach> for a list; for bytes wrap them with serde_bytes or write jdbcType=BLOB; for a database array write jdbcType=ARRAY",
        )),
        _ => Err(not_one_value("a list").hint("use <foreach>; for a database array write jdbcType=ARRAY, for a JSON column typeHandler=json")),
    }
}

fn bytes(items: &[Value]) -> Option<Vec<u8>> {
    let byte = |item: &Value| match item {
        Value::Int(v) => u8::try_from(*v).ok(),
        Value::Long(v) => u8::try_from(*v).ok(),
        _ => None,
    };
    items.iter().map(byte).collect()
}

fn not_one_value(what: &str) -> SqlError {
    SqlError::conversion(SqlState::RESTRICTED_TYPE, format!("{what} cannot be bound to one placeholder"))
}

/// The digits without an exponent, which not every database reads.
fn plain(value: &Decimal) -> String {
    match (value.scale(), value.trunc()) {
        (scale, Some(whole)) if scale <= 0 => whole.to_string(),
        (scale, _) if scale > 0 => {
            let digits = value.unscaled().unsigned_abs().to_string();
            let sign = if value.unscaled() < 0 { "-" } else { "" };
            let scale = usize::try_from(scale).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
        _ => value.to_string(),
    }
}

/// Enums by the place of their variant, from 0.
///
/// Source: `EnumOrdinalTypeHandler` of MyBatis.
pub(crate) struct OrdinalHandler;

impl TypeHandler for OrdinalHandler {
    fn to_sql<'v>(&self, value: &'v Value, jdbc_type: Option<&str>) -> Result<ToSqlOutput<'v>> {
        match value {
            Value::Enum(constant) => Ok(ValueRef::Int(constant.ordinal.into()).into()),
            other => default_to_sql(other, jdbc_type),
        }
    }

    fn reads_ordinals(&self) -> bool {
        true
    }
}

/// Any value as a JSON document. Documents in columns need no handler to be read.
pub(crate) struct JsonHandler;

impl TypeHandler for JsonHandler {
    fn to_sql<'v>(&self, value: &'v Value, _: Option<&str>) -> Result<ToSqlOutput<'v>> {
        if value.is_null() {
            return Ok(ValueRef::Null.into());
        }
        Ok(ToSqlOutput::Owned(SqlValue::Json(to_json(value).to_string().into())))
    }
}

fn to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    let number = |v: f64| serde_json::Number::from_f64(v).map_or(Json::Null, Json::Number);
    match value {
        Value::Null => Json::Null,
        Value::Bool(v) => Json::Bool(*v),
        Value::Int(v) => Json::from(*v),
        Value::Long(v) => Json::from(*v),
        Value::Float(v) => number(f64::from(*v)),
        Value::Double(v) => number(*v),
        Value::BigInt(v) => v.to_string().parse().map_or_else(|_| Json::String(v.to_string()), Json::Number),
        Value::Decimal(v) => plain(v).parse().map_or_else(|_| Json::String(v.to_string()), Json::Number),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(map) => Json::Object(map.iter().map(|(key, item)| (key.to_string(), to_json(item))).collect()),
        Value::Bytes(bytes) => bytes.iter().map(|b| Json::from(*b)).collect(),
        Value::Typed(typed) => match typed.as_any().downcast_ref::<Cell>() {
            Some(Cell(SqlValue::Json(text))) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String((**text).into()))
            }
            _ => Json::String(typed.to_text()),
        },
        other => Json::String(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_no_exponent() {
        let text = |t: &str| plain(&Decimal::parse(t).unwrap());
        assert_eq!(
            [text("1e3"), text("-0.05"), text("12.50"), text("1e-7"), text("0")],
            ["1000", "-0.05", "12.50", "0.0000001", "0"]
        );
    }

    #[test]
    fn lists_are_bound_only_where_the_file_says_how() {
        let list = Value::from(vec![Value::Int(1), Value::Int(300)]);
        let bytes = Value::from(vec![Value::Int(1), Value::Int(255)]);
        assert_eq!(default_to_sql(&bytes, Some("BLOB")).unwrap().as_ref(), ValueRef::Bytes(&[1, 255]));
        assert_eq!(
            default_to_sql(&list, Some("ARRAY")).unwrap().as_ref(),
            ValueRef::Array(&[SqlValue::Int(1), SqlValue::Int(300)])
        );
        assert!(default_to_sql(&list, Some("BLOB")).is_err());
        assert!(default_to_sql(&bytes, None).unwrap_err().to_string().contains("serde_bytes"));
        assert!(default_to_sql(&list, None).unwrap_err().to_string().contains("<foreach>"));
    }
}
