//! One argument of `params!` or of a mapper method, whose concrete type the macro sees: the most exact conversion that the type has.

use batis_dbc::ToSql;
use batis_script::Value;
use serde::Serialize;

use super::serializer::to_value;
use super::typed::from_to_sql;
use crate::error::Result;

/// An argument. The traits below are tried from the top: each stands behind one reference less.
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized>(pub &'a T);

/// Types that expressions know, kept exactly (an `i32` does not become an `i64`).
pub trait ViaPrimitive {
    /// The value.
    ///
    /// # Errors
    /// Never; the other ways may fail.
    fn argument(&self) -> Result<Value>;
}

/// A type with an exact value.
pub trait Primitive {
    /// The value.
    fn value(&self) -> Value;
}

/// Primitives whose lists are lists: all but `u8`, whose lists are bytes.
pub trait Item: Primitive {}

macro_rules! primitives {
    ($($t:ty),*) => {$(
        impl Primitive for $t {
            fn value(&self) -> Value {
                Value::from(*self)
            }
        }
    )*};
}

primitives!(bool, char, i8, i16, i32, i64, i128, u8, u16, u32, u64, f32, f64);

macro_rules! items {
    ($($t:ty),*) => { $(impl Item for $t {})* };
}

items!(bool, char, i8, i16, i32, i64, i128, u16, u32, u64, f32, f64, str, String, Value);

impl<T: Item> Item for Option<T> {}
impl<T: Item + ?Sized> Item for &T {}
impl<T: Item> Item for [T] {}
impl<T: Item> Item for Vec<T> {}
impl<T: Item, const N: usize> Item for [T; N] {}

impl<T: Item> Primitive for [T] {
    fn value(&self) -> Value {
        Value::from(self.iter().map(Primitive::value).collect::<Vec<_>>())
    }
}

impl<T: Item> Primitive for Vec<T> {
    fn value(&self) -> Value {
        self.as_slice().value()
    }
}

impl<T: Item, const N: usize> Primitive for [T; N] {
    fn value(&self) -> Value {
        self.as_slice().value()
    }
}

impl Primitive for str {
    fn value(&self) -> Value {
        Value::from(self)
    }
}

impl Primitive for String {
    fn value(&self) -> Value {
        Value::from(self)
    }
}

impl Primitive for Value {
    fn value(&self) -> Value {
        self.clone()
    }
}

impl<T: Primitive> Primitive for Option<T> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Primitive::value)
    }
}

impl<T: Primitive + ?Sized> Primitive for &T {
    fn value(&self) -> Value {
        (**self).value()
    }
}

impl<T: Primitive + ?Sized> ViaPrimitive for &&&Argument<'_, T> {
    fn argument(&self) -> Result<Value> {
        Ok(self.0.value())
    }
}

/// SQL types: uuid, bytes, and what users implement `ToSql` for.
pub trait ViaToSql {
    /// The value.
    ///
    /// # Errors
    /// If this particular value has no SQL form.
    fn argument(&self) -> Result<Value>;
}

impl<T: ToSql + ?Sized> ViaToSql for &&Argument<'_, T> {
    fn argument(&self) -> Result<Value> {
        from_to_sql(self.0)
    }
}

/// Lists of SQL types, for `<foreach>`.
pub trait ViaItems {
    /// The value.
    ///
    /// # Errors
    /// If one of the values has no SQL form.
    fn argument(&self) -> Result<Value>;
}

/// A list whose items are SQL types.
pub trait SqlItems {
    /// The items as one value.
    ///
    /// # Errors
    /// If one of the values has no SQL form.
    fn items(&self) -> Result<Value>;
}

impl<T: ToSql> SqlItems for [T] {
    fn items(&self) -> Result<Value> {
        let items: Result<Vec<Value>> = self.iter().map(from_to_sql).collect();
        items.map(Value::from)
    }
}

impl<T: ToSql, const N: usize> SqlItems for [T; N] {
    fn items(&self) -> Result<Value> {
        self.as_slice().items()
    }
}

impl<T: ToSql> SqlItems for Vec<T> {
    fn items(&self) -> Result<Value> {
        self.as_slice().items()
    }
}

impl<T: SqlItems> SqlItems for Option<T> {
    fn items(&self) -> Result<Value> {
        self.as_ref().map_or(Ok(Value::Null), SqlItems::items)
    }
}

impl<T: SqlItems + ?Sized> SqlItems for &T {
    fn items(&self) -> Result<Value> {
        (**self).items()
    }
}

impl<T: SqlItems + ?Sized> ViaItems for &Argument<'_, T> {
    fn argument(&self) -> Result<Value> {
        self.0.items()
    }
}

/// Anything else.
pub trait ViaSerialize {
    /// The value.
    ///
    /// # Errors
    /// What the type's `Serialize` says.
    fn argument(&self) -> Result<Value>;
}

impl<T: Serialize + ?Sized> ViaSerialize for Argument<'_, T> {
    fn argument(&self) -> Result<Value> {
        to_value(self.0)
    }
}
