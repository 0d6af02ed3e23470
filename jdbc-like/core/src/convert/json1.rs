use serde_json::Value as Json;

use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

impl ToSql for Json {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Json(self.to_string().into())))
    }
}

/// From a JSON column, or from text where the database has no such type.
impl FromSql<'_> for Json {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Json(text) | ValueRef::Text(text) => {
                serde_json::from_str(text).map_err(|e| FromSqlError::Other(format!("not a JSON document: {e}")))
            }
            other => Err(FromSqlError::mismatch("serde_json::Value", other)),
        }
    }
}
