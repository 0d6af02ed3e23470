//! One function for each thing that a method does. Each takes a session of its own, so that its future borrows nothing.
//! Calls of routines are boxed: the futures of all others stay small.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::calls::{Way, way};
use crate::batch_result::BatchResult;
use crate::counted::FromCount;
use crate::error::Result;
use crate::keys::{GeneratedKeys, SetKey};
use crate::params::Params;
use crate::session::{RowStream, SqlSession};

/// Runs the statement for its effect.
///
/// # Errors
/// Those of the session's method.
pub async fn run(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<()> {
    let statement = session.configuration().statement(id)?;
    if way(statement) == Way::Call {
        return Box::pin(session.call::<IgnoredAny>(statement, params)).await.map(|_| ());
    }
    session.execute(statement, params).await.map(|_| ())
}

/// The number in the only row of a select or that comes back from a call, or the count of changed rows.
///
/// # Errors
/// Those of the session's method.
pub async fn number<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<T>
where
    T: DeserializeOwned + FromCount + Send,
{
    let statement = session.configuration().statement(id)?;
    match way(statement) {
        Way::Call => Box::pin(session.call(statement, params)).await,
        Way::Select => session.select_one(statement, params).await,
        Way::Change => session.execute(statement, params).await.and_then(T::from_count),
    }
}

/// Exactly one row, or what comes back from a call.
///
/// # Errors
/// Those of the session's method.
pub async fn select_one<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<T>
where
    T: DeserializeOwned + Send,
{
    let statement = session.configuration().statement(id)?;
    if way(statement) == Way::Call {
        return Box::pin(session.call(statement, params)).await;
    }
    session.select_one(statement, params).await
}

/// None or one row, or what comes back from a call.
///
/// # Errors
/// Those of the session's method.
pub async fn select_opt<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<Option<T>>
where
    T: DeserializeOwned + Send,
{
    let statement = session.configuration().statement(id)?;
    if way(statement) == Way::Call {
        return Box::pin(session.call(statement, params)).await;
    }
    session.select_opt(statement, params).await
}

/// All rows.
///
/// # Errors
/// Those of the session's method.
pub async fn select_list<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<Vec<T>>
where
    T: DeserializeOwned + Send,
{
    session.select_list(id, params).await
}

/// All rows, in another kind of list or as a set.
///
/// # Errors
/// Those of the session's method.
pub async fn collect<C>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<C>
where
    C: IntoIterator<Item: DeserializeOwned + Send> + FromIterator<C::Item>,
{
    Ok(session.select_list(id, params).await?.into_iter().collect())
}

/// All rows by one of their properties.
///
/// # Errors
/// Those of the session's method.
pub async fn select_map<K, T>(
    session: SqlSession,
    id: &'static str,
    params: Params<'static>,
    key: &'static str,
) -> Result<HashMap<K, T>>
where
    K: DeserializeOwned + Eq + Hash + Send,
    T: DeserializeOwned + Send,
{
    session.select_map(id, params, key).await
}

/// All rows by one of their properties, sorted by it.
///
/// # Errors
/// Those of the session's method.
pub async fn select_sorted_map<K, T>(
    session: SqlSession,
    id: &'static str,
    params: Params<'static>,
    key: &'static str,
) -> Result<BTreeMap<K, T>>
where
    K: DeserializeOwned + Ord + Hash + Send,
    T: DeserializeOwned + Send,
{
    Ok(session.select_map(id, params, key).await?.into_iter().collect())
}

/// The rows one at a time.
pub fn stream<T>(session: &SqlSession, id: &'static str, params: Params<'static>) -> RowStream<T>
where
    T: DeserializeOwned + Send + 'static,
{
    session.stream(id, params)
}

/// The keys of new rows.
///
/// # Errors
/// Those of the session's method.
pub async fn insert_keys(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<GeneratedKeys> {
    session.insert_keys(id, params).await
}

/// Writes the keys of new rows into what they were made from; the count of changed rows.
///
/// # Errors
/// Those of the session's method.
pub async fn insert_with_keys<T, P>(session: SqlSession, id: &'static str, target: &mut P) -> Result<T>
where
    T: FromCount,
    P: SetKey + serde::Serialize + Send + ?Sized,
{
    session.insert_with_keys(id, target).await.and_then(T::from_count)
}

/// Runs the statement once for each item.
///
/// # Errors
/// Those of the session's method.
pub async fn execute_batch(session: SqlSession, id: &'static str, items: Vec<Params<'static>>) -> Result<BatchResult> {
    session.execute_batch(id, items).await
}

/// The same, and writes the keys of new rows into the items.
///
/// # Errors
/// Those of the session's method and of [`BatchResult::write_keys`].
pub async fn batch_with_keys<P>(session: SqlSession, id: &'static str, items: &mut [P]) -> Result<BatchResult>
where
    P: SetKey + serde::Serialize + Send,
{
    let done = session.execute_batch(id, items.iter()).await?;
    done.write_keys(items)?;
    Ok(done)
}
