use uuid::Uuid;

use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::ValueRef;

impl ToSql for Uuid {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Uuid(*self.as_bytes()).into())
    }
}

/// From a UUID column, or from text or 16 bytes where the database has no such type.
impl FromSql<'_> for Uuid {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Uuid(bytes) => Ok(Uuid::from_bytes(bytes)),
            ValueRef::Text(text) => {
                Uuid::parse_str(text).map_err(|e| FromSqlError::Other(format!("text is no UUID: {e}")))
            }
            ValueRef::Bytes(bytes) => {
                Uuid::from_slice(bytes).map_err(|e| FromSqlError::Other(format!("bytes are no UUID: {e}")))
            }
            other => Err(FromSqlError::mismatch("Uuid", other)),
        }
    }
}
