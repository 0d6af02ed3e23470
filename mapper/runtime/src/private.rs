//! What the macros call. Not part of the public interface.

pub mod blocking;
mod calls;
mod operations;

use batis_script::Value;

use crate::error::{Error, Result};
use crate::params::Params;

pub use crate::params::{Argument, SqlItems, ViaItems, ViaPrimitive, ViaSerialize, ViaToSql};
pub use operations::*;

/// No argument.
pub fn none() -> Params<'static> {
    Params::none()
}

/// The only argument: the parameter object itself.
pub fn single(name: &str, value: Result<Value>) -> Params<'static> {
    Params::single(name, value)
}

/// Several arguments.
pub fn named<'n>(arguments: impl IntoIterator<Item = (&'n str, Result<Value>)>) -> Params<'static> {
    Params::named(arguments)
}

/// The parameter objects of a batch.
pub fn items<I: IntoIterator>(items: I, value: impl Fn(I::Item) -> Result<Value>) -> Vec<Params<'static>> {
    items.into_iter().map(|item| Params::item(value(item))).collect()
}

/// The error of a method whose statement stands in its attribute.
#[cold]
pub fn in_attribute(error: Error, implementation: &str) -> Error {
    if !error.is_unknown_statement() {
        return error;
    }
    error.hint(format!("it stands in an attribute: give `.mapper({implementation}::STATEMENTS)` to the configuration"))
}
