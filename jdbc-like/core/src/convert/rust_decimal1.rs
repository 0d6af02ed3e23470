use rust_decimal::Decimal;

use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

impl ToSql for Decimal {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Numeric(self.to_string().into())))
    }
}

/// From any number or the text of one, exactly: one with more digits than a `Decimal` has is refused, unless they are zeros at the end. A float counts as the shortest decimal
/// that means it.
impl FromSql<'_> for Decimal {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let exact = |text: &str| {
            let read = Decimal::from_str_exact(text).or_else(|_| Decimal::from_str_exact(without_zeros(text)));
            read.map_err(|_| FromSqlError::range("Decimal", value))
        };
        match value {
            ValueRef::Numeric(text) | ValueRef::Text(text) => exact(text),
            ValueRef::Int(v) => Ok(v.into()),
            ValueRef::Float(v) => exact(&v.to_string()),
            other => Err(FromSqlError::mismatch("Decimal", other)),
        }
    }
}

/// The number without the zeros at the end of its fraction.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}
