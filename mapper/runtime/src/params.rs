//! [`IntoParams`]: what a statement takes as its parameter object; [`Params`] and [`params!`](crate::params).

mod argument;
mod serializer;
mod typed;

use std::marker::PhantomData;
use std::sync::Arc;

use batis_script::{Map, Value};
use serde::Serialize;

use crate::error::{Error, Result};

pub use argument::{Argument, SqlItems, ViaItems, ViaPrimitive, ViaSerialize, ViaToSql};
pub(crate) use typed::{Cell, from_sql_value};

/// A value as a parameter object.
///
/// - `&T` of any [`serde::Serialize`]: the fields of a struct, the keys of a map, or a scalar that answers to every name. A list is called
///   `list` and `collection`. Types that serde writes as text (uuid, dates) arrive as text; [`params!`](crate::params) keeps their type.
/// - [`Params`], made by [`params!`](crate::params): named arguments.
/// - `()`: none. Numbers, `bool`, `char`, `String` and `Option`s of these also by value.
///
/// Property names match exactly first, then camelCase equals snake_case: `#{userName}` finds `user_name`.
///
/// Source: the parameter object of MyBatis (`selectOne(statement, parameter)`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the parameter object of a statement",
    label = "pass a reference to something that implements `serde::Serialize`, or `params! {{ name: value }}`",
    note = "structs and maps are passed by reference: `&user`"
)]
pub trait IntoParams<'p> {
    /// The parameter object. A value that cannot be converted is reported when the statement runs.
    fn into_params(self) -> Params<'p>;
}

/// A parameter object, ready for a statement. Made by [`params!`](crate::params) or [`IntoParams::into_params`].
#[derive(Debug)]
#[must_use = "parameters do nothing until a statement runs with them"]
pub struct Params<'p> {
    value: Result<Value>,
    borrowed: PhantomData<&'p ()>,
}

impl Params<'_> {
    /// No parameter.
    pub fn none() -> Self {
        Self::of(Ok(Value::Null))
    }

    /// This value itself is the parameter object; a list is called `list` and `collection`.
    pub fn value(value: Value) -> Self {
        Self::of(Ok(value.wrap_collection(None)))
    }

    /// This value itself is the parameter object; a list is called `list`, `collection` and by its own name.
    pub fn single(name: &str, value: Result<Value>) -> Self {
        Self::of(value.map(|v| v.wrap_collection(Some(name))))
    }

    /// This value itself is the parameter object of one item of a batch.
    pub(crate) fn item(value: Result<Value>) -> Self {
        Self::of(value.map(|v| v.wrap_collection(None)))
    }

    /// Named arguments, also called `param1`, `param2` and so on. A name that is not there is an error that lists those there are.
    #[doc(alias = "ParamMap")]
    pub fn named<'n>(arguments: impl IntoIterator<Item = (&'n str, Result<Value>)>) -> Self {
        Self::of(strict(arguments))
    }

    fn of(value: Result<Value>) -> Self {
        Self { value, borrowed: PhantomData }
    }

    pub(crate) fn into_value(self) -> Result<Value> {
        self.value
    }
}

fn strict<'n>(arguments: impl IntoIterator<Item = (&'n str, Result<Value>)>) -> Result<Value> {
    let mut map = Map::strict();
    let mut values = Vec::new();
    for (name, value) in arguments {
        let value = value.map_err(|e| Error::parameter(format!("argument `{}`: {}", plain(name), e.message())))?;
        map.insert(plain(name), value.clone());
        values.push(value);
    }
    for (nth, value) in values.into_iter().enumerate() {
        let numbered = format!("param{}", nth + 1);
        if map.get_exact(&numbered).is_none() {
            map.insert(numbered, value);
        }
    }
    Ok(Value::Map(Arc::new(map)))
}

/// The name without the mark of a raw identifier.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

impl<'p, T: Serialize + ?Sized> IntoParams<'p> for &'p T {
    fn into_params(self) -> Params<'p> {
        Params::of(serializer::to_value(self).map(|v| v.wrap_collection(None)))
    }
}

impl<'p> IntoParams<'p> for Params<'p> {
    fn into_params(self) -> Params<'p> {
        self
    }
}

impl<'p> IntoParams<'p> for Value {
    fn into_params(self) -> Params<'p> {
        Params::value(self)
    }
}

impl<'p> IntoParams<'p> for () {
    fn into_params(self) -> Params<'p> {
        Params::none()
    }
}

impl<'p, T: IntoParams<'p>> IntoParams<'p> for Option<T> {
    fn into_params(self) -> Params<'p> {
        self.map_or_else(Params::none, IntoParams::into_params)
    }
}

macro_rules! by_value {
    ($($t:ty),*) => {$(
        impl<'p> IntoParams<'p> for $t {
            fn into_params(self) -> Params<'p> {
                Params::of(Ok(Value::from(self)))
            }
        }
    )*};
}

by_value!(bool, char, i8, i16, i32, i64, i128, u8, u16, u32, u64, f32, f64, String);

/// Named arguments for a statement, as those of a mapper method: `params! { name: "Ann", min_age: 18 }`; a variable's own name may stand alone.
///
/// Each value goes in by [`ToSql`](batis_dbc::ToSql) where its type has it (uuid and other SQL types keep their type), lists of such values too,
/// and by [`serde::Serialize`] otherwise. A name that the statement asks for and that is not there is an error.
///
/// ```
/// let min_age = 18;
/// let params = batis_mapper::params! { name: Some("Ann"), min_age, cities: vec!["Oslo", "Bergen"] };
/// ```
///
/// Source: `@Param` of MyBatis.
#[macro_export]
#[doc(alias = "Param")]
macro_rules! params {
    () => { $crate::Params::named([]) };
    (@value $name:ident : $value:expr) => { $crate::__param!($value) };
    (@value $name:ident) => { $crate::__param!($name) };
    ($($name:ident $(: $value:expr)?),+ $(,)?) => {
        $crate::Params::named([$((stringify!($name), $crate::params!(@value $name $(: $value)?))),+])
    };
}

/// One argument as a value: by `ToSql` if there is one, else by `Serialize`, chosen by auto-reference.
#[doc(hidden)]
#[macro_export]
macro_rules! __param {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ViaItems as _, ViaPrimitive as _, ViaSerialize as _, ViaToSql as _};
        (&&&&$crate::__private::Argument(&$value)).argument()
    }};
}
