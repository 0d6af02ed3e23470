//! What the macros call. Not part of the public interface.

use batis_script::{StatementKind, Value};
use serde::de::DeserializeOwned;

use crate::counted::FromCount;
use crate::error::Result;
use crate::params::Params;
use crate::session::SqlSession;

pub use crate::params::{Argument, SqlItems, ViaItems, ViaPrimitive, ViaSerialize, ViaToSql};

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

/// Runs the statement for its effect.
///
/// # Errors
/// Those of the session's method.
pub async fn run(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<()> {
    session.execute(id, params).await.map(|_| ())
}

/// The number in the only row of a select, or the count of changed rows.
///
/// # Errors
/// Those of the session's method.
pub async fn number<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<T>
where
    T: DeserializeOwned + FromCount + Send,
{
    if session.configuration().statement(id)?.kind() == StatementKind::Select {
        return session.select_one(id, params).await;
    }
    session.execute(id, params).await.and_then(T::from_count)
}

/// Exactly one row.
///
/// # Errors
/// Those of the session's method.
pub async fn select_one<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<T>
where
    T: DeserializeOwned + Send,
{
    session.select_one(id, params).await
}

/// None or one row.
///
/// # Errors
/// Those of the session's method.
pub async fn select_opt<T>(session: SqlSession, id: &'static str, params: Params<'static>) -> Result<Option<T>>
where
    T: DeserializeOwned + Send,
{
    session.select_opt(id, params).await
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

/// The same for plain threads.
pub mod blocking {
    use batis_script::StatementKind;
    use serde::de::DeserializeOwned;

    use crate::blocking::SqlSession;
    use crate::counted::FromCount;
    use crate::error::Result;
    use crate::params::Params;

    /// See [`run`](super::run).
    ///
    /// # Errors
    /// As there.
    pub fn run(session: &SqlSession, id: &str, params: Params<'_>) -> Result<()> {
        session.execute(id, params).map(|_| ())
    }

    /// See [`number`](super::number).
    ///
    /// # Errors
    /// As there.
    pub fn number<T: DeserializeOwned + FromCount>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<T> {
        if session.configuration().statement(id)?.kind() == StatementKind::Select {
            return session.select_one(id, params);
        }
        session.execute(id, params).and_then(T::from_count)
    }

    /// See [`select_one`](super::select_one).
    ///
    /// # Errors
    /// As there.
    pub fn select_one<T: DeserializeOwned>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<T> {
        session.select_one(id, params)
    }

    /// See [`select_opt`](super::select_opt).
    ///
    /// # Errors
    /// As there.
    pub fn select_opt<T: DeserializeOwned>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<Option<T>> {
        session.select_opt(id, params)
    }

    /// See [`select_list`](super::select_list).
    ///
    /// # Errors
    /// As there.
    pub fn select_list<T: DeserializeOwned>(session: &SqlSession, id: &str, params: Params<'_>) -> Result<Vec<T>> {
        session.select_list(id, params)
    }
}
