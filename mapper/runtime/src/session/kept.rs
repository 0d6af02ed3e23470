//! Selects that have to do with caches: looked for in the caches before a connection is borrowed. Their futures are boxed, so that those of all other
//! selects stay as small as they are without caches.

use std::collections::HashMap;
use std::hash::Hash;

use serde::de::DeserializeOwned;

use super::operations::Request;
use super::{On, SqlSession};
use crate::error::{Error, Result};
use crate::executor::{KeptSelect, Looked, all, by_key, only};
use crate::result_set_handler::Record;

/// Takes what a select gives, one by one. Not generic, so that this way of a select is compiled once and not for each type.
type Visit<'v> = dyn FnMut(&Record<'_, '_>) -> Result<()> + Send + 'v;

impl SqlSession {
    pub(super) async fn kept_one<T: DeserializeOwned + Send>(&self, request: Request<'_>) -> Result<T> {
        let statement = request.statement;
        let found = self.kept_opt(request).await?;
        found.ok_or_else(|| statement.blame(Error::no_row()))
    }

    pub(super) async fn kept_opt<T: DeserializeOwned + Send>(&self, request: Request<'_>) -> Result<Option<T>> {
        let mut found = None;
        self.kept(&request, &mut only(&mut found)).await?;
        Ok(found)
    }

    pub(super) async fn kept_list<T: DeserializeOwned + Send>(&self, request: Request<'_>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.kept(&request, &mut all(&mut found)).await?;
        Ok(found)
    }

    pub(super) async fn kept_map<K, T>(&self, request: Request<'_>, key: &str) -> Result<HashMap<K, T>>
    where
        K: DeserializeOwned + Eq + Hash + Send,
        T: DeserializeOwned + Send,
    {
        let mut found = HashMap::new();
        self.kept(&request, &mut by_key(&mut found, key)).await?;
        Ok(found)
    }

    /// Answers a select from the caches, else from the database.
    async fn kept(&self, request: &Request<'_>, visit: &mut Visit<'_>) -> Result<()> {
        let statement = request.statement;
        let mut select = KeptSelect::new(statement, &request.parameter)?;
        let (looked, turn) = match (&self.on, self.caches.as_deref()) {
            // A transaction has caches of its own, which come with its connection.
            (On::Source(_), Some(caches)) => select.ask(caches, visit).await?,
            _ => (Looked::Missed, None),
        };
        let reading = match looked {
            Looked::Answered => return Ok(()),
            Looked::Begun(reading) => Some(reading),
            Looked::Missed => None,
        };
        let mut held = self.held(statement).await?;
        held.executor(statement)?.kept(&mut select, reading, turn, visit).await
    }
}
