use bigdecimal::BigDecimal;

use crate::error::{Result, SqlError};
use crate::from_sql::{FromSql, FromSqlError};
use crate::sql_state::SqlState;
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

/// How many zeros a number may be filled up with to be written without an exponent: more digits than any database takes.
const MOST_ZEROS: u64 = 1_000_000;

impl ToSql for BigDecimal {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let (_, scale) = self.as_bigint_and_exponent();
        if scale.unsigned_abs() > MOST_ZEROS {
            let message =
                format!("a BigDecimal with the exponent {} is out of range for a database", -i128::from(scale));
            return Err(SqlError::conversion(SqlState::NUMERIC_OUT_OF_RANGE, message));
        }
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
