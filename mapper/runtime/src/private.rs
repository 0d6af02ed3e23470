//! What the macros call. Not part of the public interface.

pub mod blocking;
mod calls;
mod operations;

use batis_script::Value;

use crate::error::Result;
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
pub fn items(values: impl Iterator<Item = Result<Value>>) -> Vec<Params<'static>> {
    values.map(Params::item).collect()
}
