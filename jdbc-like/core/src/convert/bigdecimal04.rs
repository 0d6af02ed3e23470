use bigdecimal::BigDecimal;

use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

impl ToSql for BigDecimal {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Numeric(self.to_plain_string().into())))
    }
}

/// From any number or the text of one. A float counts as the shortest decimal that means it.
impl FromSql<'_> for BigDecimal {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let exact = |text: &str| text.parse().map_err(|_| FromSqlError::range("BigDecimal", value));
        match value {
            ValueRef::Numeric(text) | ValueRef::Text(text) => exact(text),
            ValueRef::Int(v) => Ok(v.into()),
            ValueRef::Float(v) => exact(&v.to_string()),
            other => Err(FromSqlError::mismatch("BigDecimal", other)),
        }
    }
}
