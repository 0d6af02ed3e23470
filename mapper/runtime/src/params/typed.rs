//! SQL values inside the parameter object.

use std::any::Any;

use batis_dbc::{ToSql, ToSqlOutput, Value as SqlValue};
use batis_script::{Decimal, TypedValue, Value};

use crate::error::Result;

/// A SQL value that expressions know nothing about: carried untouched from the parameter object to the bind.
#[derive(Debug)]
pub(crate) struct Cell(pub(crate) SqlValue);

impl TypedValue for Cell {
    fn to_text(&self) -> String {
        self.0.to_string()
    }

    fn type_name(&self) -> &'static str {
        self.0.as_ref().type_name()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The value of a type with a SQL form.
pub(crate) fn from_to_sql(value: &(impl ToSql + ?Sized)) -> Result<Value> {
    Ok(match value.to_sql()? {
        ToSqlOutput::Borrowed(value) => from_sql_value(value.to_owned()),
        ToSqlOutput::Owned(value) => from_sql_value(value),
        ToSqlOutput::Out => Value::Null,
    })
}

/// What expressions can work with is unwrapped; the rest is carried.
pub(crate) fn from_sql_value(value: SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Bool(v) => Value::Bool(v),
        SqlValue::Int(v) => Value::Long(v),
        SqlValue::Float(v) => Value::Double(v),
        SqlValue::Text(v) => Value::Text(String::from(v).into()),
        SqlValue::Bytes(v) => Value::Bytes(Vec::from(v).into()),
        SqlValue::Numeric(v) => match Decimal::parse(&v) {
            Some(decimal) => Value::Decimal(decimal),
            None => Value::typed(Cell(SqlValue::Numeric(v))),
        },
        other => Value::typed(Cell(other)),
    }
}
