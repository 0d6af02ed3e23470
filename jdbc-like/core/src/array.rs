//! Arrays as `Vec`s, in both directions.

use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

/// What an array column may hold when it is read into or bound from a `Vec`: every type but `u8`, whose `Vec` are bytes. Elements that may be
/// null are `Option`s; arrays of arrays are `Vec<Vec<..>>`.
///
/// Source: `java.sql.Array`.
#[doc(alias = "java.sql.Array")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of a SQL array",
    note = "implement `batis_dbc::ArrayElement` for it (it has no methods); `Vec<u8>` are bytes, use `Vec<i16>` for numbers"
)]
pub trait ArrayElement {}

macro_rules! elements {
    ($($t:ty),* $(,)?) => { $(impl ArrayElement for $t {})* };
}

elements!(bool, char, i8, i16, i32, i64, i128, isize, u16, u32, u64, u128, usize, f32, f64, String, Box<str>, Value);

impl ArrayElement for &str {}
impl ArrayElement for Vec<u8> {}
impl<T: ArrayElement> ArrayElement for Option<T> {}
impl<T: ArrayElement> ArrayElement for Vec<T> {}

#[cfg(feature = "uuid1")]
elements!(uuid::Uuid);
#[cfg(feature = "json1")]
elements!(serde_json::Value);
#[cfg(feature = "rust_decimal1")]
elements!(rust_decimal::Decimal);
#[cfg(feature = "bigdecimal04")]
elements!(bigdecimal::BigDecimal);
#[cfg(feature = "chrono04")]
elements!(chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::DateTime<chrono::Utc>);
#[cfg(feature = "jiff1")]
elements!(jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime, jiff::Timestamp);
#[cfg(feature = "time03")]
elements!(time::Date, time::Time, time::PrimitiveDateTime, time::OffsetDateTime);

impl<T: ToSql + ArrayElement> ToSql for [T] {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let items: Result<Box<[Value]>> =
            self.iter().map(|item| item.to_sql().map(|o| Value::from(o.as_ref()))).collect();
        items.map(|items| ToSqlOutput::Owned(Value::Array(items)))
    }
}

impl<T: ToSql + ArrayElement> ToSql for Vec<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_slice().to_sql()
    }
}

impl<'a, T: FromSql<'a> + ArrayElement> FromSql<'a> for Vec<T> {
    fn from_sql(value: ValueRef<'a>) -> Result<Self, FromSqlError> {
        match value {
            ValueRef::Array(items) => items.iter().enumerate().map(|(at, item)| element(at, item)).collect(),
            other => Err(FromSqlError::mismatch("Vec", other)),
        }
    }
}

fn element<'a, T: FromSql<'a>>(at: usize, item: &'a Value) -> Result<T, FromSqlError> {
    T::from_sql(item.as_ref()).map_err(|error| FromSqlError::Element { at, error: Box::new(error) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::row::Row;
    use crate::shape::{Column, Shape};
    use crate::sql_type::SqlType;

    #[test]
    fn an_element_fails_with_the_code_of_a_plain_column() {
        let shape = Arc::new(Shape::new(vec![Column::new("c", SqlType::Null, "")]));
        let code = |bad: Value| {
            let nested = Value::Array([Value::Array([Value::Int(1), bad].into())].into());
            let row = Row::new(Arc::clone(&shape), vec![nested]);
            row.get::<Vec<Vec<i8>>>("c").unwrap_err().sql_state().code().to_owned()
        };
        assert_eq!(code(Value::Null), "22002");
        assert_eq!(code(Value::Int(300)), "22003");
        assert_eq!(code(Value::Bool(true)), "07006");
    }

    #[test]
    fn arrays_go_both_ways() {
        let nested = vec![vec![Some(1_i32), None], vec![]];
        let output = nested.to_sql().unwrap();
        assert_eq!(Vec::<Vec<Option<i32>>>::from_sql(output.as_ref()).unwrap(), nested);
        let error = Vec::<Vec<i32>>::from_sql(output.as_ref()).unwrap_err().to_string();
        assert_eq!(
            error,
            "element 0 of the array: element 1 of the array: NULL cannot be read as i32; make it Option<i32>"
        );
        assert_eq!(vec![1_u8, 2].to_sql().unwrap().as_ref(), ValueRef::Bytes(&[1, 2]));
    }
}
