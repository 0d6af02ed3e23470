//! The same for plain threads.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::calls::{Way, way};
use crate::batch_result::BatchResult;
use crate::blocking::SqlSession;
use crate::counted::FromCount;
use crate::error::Result;
use crate::keys::{GeneratedKeys, SetKey};
use crate::params::Params;

/// See [`run`](super::run).
///
/// # Errors
/// As there.
pub fn run(session: &SqlSession, id: &str, params: Params<'_>) -> Result<()> {
    let statement = session.configuration().statement(id)?;
    if way(statement) == Way::Call {
        return session.call::<IgnoredAny>(statement, params).map(|_| ());
    }
    session.execute(statement, params).map(|_| ())
}

/// See [`number`](super::number).
///
/// # Errors
/// As there.
pub fn number<T: DeserializeOwned + FromCount>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<T> {
    let statement = session.configuration().statement(id)?;
    match way(statement) {
        Way::Call => session.call(statement, params),
        Way::Select => session.select_one(statement, params),
        Way::Change => session.execute(statement, params).and_then(T::from_count),
    }
}

/// See [`select_one`](super::select_one).
///
/// # Errors
/// As there.
pub fn select_one<T: DeserializeOwned>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<T> {
    let statement = session.configuration().statement(id)?;
    if way(statement) == Way::Call {
        return session.call(statement, params);
    }
    session.select_one(statement, params)
}

/// See [`select_opt`](super::select_opt).
///
/// # Errors
/// As there.
pub fn select_opt<T: DeserializeOwned>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<Option<T>> {
    let statement = session.configuration().statement(id)?;
    if way(statement) == Way::Call {
        return session.call(statement, params);
    }
    session.select_opt(statement, params)
}

/// See [`select_list`](super::select_list).
///
/// # Errors
/// As there.
pub fn select_list<T: DeserializeOwned>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<Vec<T>> {
    session.select_list(id, params)
}

/// See [`collect`](super::collect).
///
/// # Errors
/// As there.
pub fn collect<C>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<C>
where
    C: IntoIterator<Item: DeserializeOwned> + FromIterator<C::Item>,
{
    Ok(session.select_list(id, params)?.into_iter().collect())
}

/// See [`select_map`](super::select_map).
///
/// # Errors
/// As there.
pub fn select_map<K, T>(session: &SqlSession, id: &str, params: Params<'_>, key: &str) -> Result<HashMap<K, T>>
where
    K: DeserializeOwned + Eq + Hash,
    T: DeserializeOwned,
{
    session.select_map(id, params, key)
}

/// See [`select_sorted_map`](super::select_sorted_map).
///
/// # Errors
/// As there.
pub fn select_sorted_map<K, T>(session: &SqlSession, id: &str, params: Params<'_>, key: &str) -> Result<BTreeMap<K, T>>
where
    K: DeserializeOwned + Ord + Hash,
    T: DeserializeOwned,
{
    Ok(session.select_map(id, params, key)?.into_iter().collect())
}

/// See [`insert_keys`](super::insert_keys).
///
/// # Errors
/// As there.
pub fn insert_keys(session: &SqlSession, id: &str, params: Params<'_>) -> Result<GeneratedKeys> {
    session.insert_keys(id, params)
}

/// See [`insert_with_keys`](super::insert_with_keys).
///
/// # Errors
/// As there.
pub fn insert_with_keys<T, P>(session: &SqlSession, id: &str, target: &mut P) -> Result<T>
where
    T: FromCount,
    P: SetKey + serde::Serialize + ?Sized,
{
    session.insert_with_keys(id, target).and_then(T::from_count)
}

/// See [`execute_batch`](super::execute_batch).
///
/// # Errors
/// As there.
pub fn execute_batch(session: &SqlSession, id: &str, items: Vec<Params<'static>>) -> Result<BatchResult> {
    session.execute_batch(id, items)
}

/// See [`batch_with_keys`](super::batch_with_keys).
///
/// # Errors
/// As there.
pub fn batch_with_keys<P>(session: &SqlSession, id: &str, items: &mut [P]) -> Result<BatchResult>
where
    P: SetKey + serde::Serialize,
{
    let done = session.execute_batch(id, items.iter())?;
    done.write_keys(items)?;
    Ok(done)
}
