//! What a select makes of its records.

use std::collections::HashMap;
use std::hash::Hash;

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::result_set_handler::Record;

/// All of them.
pub(crate) fn all<T: DeserializeOwned>(into: &mut Vec<T>) -> impl FnMut(&Record<'_, '_>) -> Result<()> {
    |record| record.value().map(|value| into.push(value))
}

/// The only one.
pub(crate) fn only<T: DeserializeOwned>(into: &mut Option<T>) -> impl FnMut(&Record<'_, '_>) -> Result<()> {
    |record| match into {
        None => record.value().map(|value| *into = Some(value)),
        Some(_) => Err(Error::many_rows()),
    }
}

/// All by the value of one of their properties; the last of several stays.
pub(crate) fn by_key<K: DeserializeOwned + Eq + Hash, T: DeserializeOwned>(
    into: &mut HashMap<K, T>,
    key: &str,
) -> impl FnMut(&Record<'_, '_>) -> Result<()> {
    move |record| {
        let value = record.value()?;
        into.insert(record.property(key)?, value);
        Ok(())
    }
}
