use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use batis_dbc::{BatchOptions, DataSource, FromSql, Row, RowRef, Runner, block};
use serde::de::DeserializeOwned;

use crate::batch_result::BatchResult;
use crate::cache::CacheHandle;
use crate::configuration::Configuration;
use crate::error::{Error, Result};
use crate::executor::{Executor, KeptSelect, Looked, all, by_key, only};
use crate::keys::{GeneratedKeys, SetKey};
use crate::mapped_statement::MappedStatement;
use crate::params::IntoParams;
use crate::result_set_handler::Record;
use crate::session::{BatchRequest, Held, On, Request, SqlSession as AsyncSession, ToMappedStatement};

/// A session for plain threads. Each method is that of [`batis_mapper::SqlSession`](crate::SqlSession), waiting.
///
/// ```no_run
/// # fn f(session: batis_mapper::blocking::SqlSession) -> Result<(), batis_mapper::Error> {
/// let count: i64 = session.select_one("users.count", ())?;
/// session.tx(|t| t.delete("users.forget", &2_i64))?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SqlSession {
    pub(super) inner: AsyncSession,
}

/// Waits for a future of the mapper.
pub(super) fn wait<T>(
    runner: Option<&dyn Runner>,
    deadline: Option<Instant>,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    block(runner, deadline, async { Ok(future.await) })?
}

impl SqlSession {
    /// A session over a data source: each statement borrows a connection for its own length and commits by itself.
    #[must_use]
    pub fn new(configuration: impl Into<Arc<Configuration>>, source: Arc<dyn DataSource>) -> Self {
        Self { inner: AsyncSession::new(configuration, source) }
    }

    /// The statements.
    #[must_use]
    pub fn configuration(&self) -> &Arc<Configuration> {
        self.inner.configuration()
    }

    /// See [`select_one`](AsyncSession::select_one).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "selectOne")]
    pub fn select_one<'s, T: DeserializeOwned>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<T> {
        let request = Request::new(&self.inner, statement, params)?;
        if request.statement.takes_rows_out() {
            return self.kept_opt(&request)?.ok_or_else(|| request.statement.blame(Error::no_row()));
        }
        self.run(&request, async |executor, request| executor.one(request.statement, &request.parameter).await)
    }

    /// See [`select_opt`](AsyncSession::select_opt).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "selectOne")]
    pub fn select_opt<'s, T: DeserializeOwned>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<Option<T>> {
        let request = Request::new(&self.inner, statement, params)?;
        if request.statement.takes_rows_out() {
            return self.kept_opt(&request);
        }
        self.run(&request, async |executor, request| executor.optional(request.statement, &request.parameter).await)
    }

    /// See [`select_list`](AsyncSession::select_list).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "selectList")]
    pub fn select_list<'s, T: DeserializeOwned>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<Vec<T>> {
        let request = Request::new(&self.inner, statement, params)?;
        if request.statement.takes_rows_out() {
            return self.kept_list(&request);
        }
        self.run(&request, async |executor, request| executor.list(request.statement, &request.parameter).await)
    }

    /// See [`select_map`](AsyncSession::select_map).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "selectMap")]
    pub fn select_map<'s, K: DeserializeOwned + Eq + Hash, T: DeserializeOwned>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
        key: &str,
    ) -> Result<HashMap<K, T>> {
        let request = Request::new(&self.inner, statement, params)?;
        if request.statement.takes_rows_out() {
            return self.kept_map(&request, key);
        }
        self.run(&request, async |executor, request| executor.map(request.statement, &request.parameter, key).await)
    }

    /// See [`select_with`](AsyncSession::select_with).
    ///
    /// # Errors
    /// As there.
    pub fn select_with<'s, T>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
        mut read: impl FnMut(&RowRef<'_>) -> batis_dbc::Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let request = Request::new(&self.inner, statement, params)?;
        self.run(&request, async |executor, request| {
            let each = executor.each(request.statement, &request.parameter, |row| {
                all.push(read(row)?);
                Ok(())
            });
            each.await
        })?;
        Ok(all)
    }

    /// See [`select_rows`](AsyncSession::select_rows).
    ///
    /// # Errors
    /// As there.
    pub fn select_rows<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<Vec<Row>> {
        let statement = statement.find(&self.inner.configuration)?;
        self.select_with(statement, params, |row| statement.row(row))
    }

    /// See [`insert`](AsyncSession::insert).
    ///
    /// # Errors
    /// As there.
    pub fn insert<'s>(&'s self, statement: impl ToMappedStatement + 's, params: impl IntoParams<'s>) -> Result<u64> {
        self.update(statement, params)
    }

    /// See [`update`](AsyncSession::update).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "executeUpdate")]
    pub fn update<'s>(&'s self, statement: impl ToMappedStatement + 's, params: impl IntoParams<'s>) -> Result<u64> {
        self.change(Request::new(&self.inner, statement, params)?.changes_rows()?).map(|(count, _)| count)
    }

    /// See [`delete`](AsyncSession::delete).
    ///
    /// # Errors
    /// As there.
    pub fn delete<'s>(&'s self, statement: impl ToMappedStatement + 's, params: impl IntoParams<'s>) -> Result<u64> {
        self.update(statement, params)
    }

    /// See [`execute`](AsyncSession::execute).
    ///
    /// # Errors
    /// As there.
    pub fn execute<'s>(&'s self, statement: impl ToMappedStatement + 's, params: impl IntoParams<'s>) -> Result<u64> {
        self.change(Request::new(&self.inner, statement, params)?).map(|(count, _)| count)
    }

    /// See [`call`](AsyncSession::call).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "prepareCall")]
    pub fn call<'s, T: DeserializeOwned>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<T> {
        let request = Request::new(&self.inner, statement, params)?;
        self.run(&request, async |executor, request| executor.call(request.statement, &request.parameter).await)
    }

    /// See [`insert_keys`](AsyncSession::insert_keys).
    ///
    /// # Errors
    /// As there.
    pub fn insert_keys<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<GeneratedKeys> {
        self.change(Request::new(&self.inner, statement, params)?.changes_rows()?).map(|(_, keys)| keys)
    }

    /// See [`insert_returning_key`](AsyncSession::insert_returning_key).
    ///
    /// # Errors
    /// As there.
    pub fn insert_returning_key<'s, K: for<'k> FromSql<'k>>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<K> {
        let request = Request::new(&self.inner, statement, params)?.changes_rows()?;
        let statement = request.statement;
        let (_, keys) = self.change(request)?;
        keys.first().map_err(|e| statement.blame(e))
    }

    /// See [`insert_with_keys`](AsyncSession::insert_with_keys).
    ///
    /// # Errors
    /// As there.
    pub fn insert_with_keys<'s, P: SetKey + serde::Serialize + ?Sized>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        target: &mut P,
    ) -> Result<u64> {
        let statement = statement.find(&self.inner.configuration)?;
        let request = Request::of(statement, (&*target).into_params().into_value())?;
        let (count, keys) = self.change(request.changes_rows()?)?;
        target.set_keys(&keys).map_err(|e| statement.blame(e.into()))?;
        Ok(count)
    }

    /// See [`execute_batch`](AsyncSession::execute_batch).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "ExecutorType.BATCH")]
    pub fn execute_batch<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        items: impl IntoIterator<Item: IntoParams<'s>>,
    ) -> Result<BatchResult> {
        self.execute_batch_with(statement, items, BatchOptions::new())
    }

    /// See [`execute_batch_with`](AsyncSession::execute_batch_with).
    ///
    /// # Errors
    /// As there.
    pub fn execute_batch_with<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        items: impl IntoIterator<Item: IntoParams<'s>>,
        options: BatchOptions,
    ) -> Result<BatchResult> {
        let request = BatchRequest::new(&self.inner, statement, items, options)?;
        match request.nothing() {
            Some(nothing) => Ok(nothing),
            None => self.on_connection(request.statement, async |executor| request.run(executor).await),
        }
    }

    /// See [`cache`](AsyncSession::cache).
    #[must_use]
    #[doc(alias = "getCache")]
    pub fn cache(&self, namespace: &str) -> Option<CacheHandle> {
        self.inner.cache(namespace)
    }

    /// See [`clear_cache`](AsyncSession::clear_cache).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "clearCache")]
    pub fn clear_cache(&self) -> Result<()> {
        match &self.inner.on {
            On::Source(_) => Ok(()),
            On::Tx { tx, scope } => {
                let mut guard = wait(None, None, async { Ok(tx.lock().await) })?;
                wait(tx.runner(), None, guard.clear_local(scope))
            }
        }
    }

    fn change(&self, mut request: Request<'_>) -> Result<(u64, GeneratedKeys)> {
        self.on_connection(request.statement, async |mut executor| {
            executor.change(request.statement, &mut request.parameter).await
        })
    }

    fn run<'s, T>(
        &'s self,
        request: &Request<'s>,
        work: impl AsyncFnOnce(&mut Executor<'_>, &Request<'s>) -> Result<T>,
    ) -> Result<T> {
        self.on_connection(request.statement, async |mut executor| work(&mut executor, request).await)
    }

    #[inline(never)]
    fn kept_opt<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<Option<T>> {
        let mut found = None;
        self.kept(request, &mut only(&mut found))?;
        Ok(found)
    }

    #[inline(never)]
    fn kept_list<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.kept(request, &mut all(&mut found))?;
        Ok(found)
    }

    #[inline(never)]
    fn kept_map<K, T>(&self, request: &Request<'_>, key: &str) -> Result<HashMap<K, T>>
    where
        K: DeserializeOwned + Eq + Hash,
        T: DeserializeOwned,
    {
        let mut found = HashMap::new();
        self.kept(request, &mut by_key(&mut found, key))?;
        Ok(found)
    }

    /// Answers a select from the caches, else from the database.
    fn kept(&self, request: &Request<'_>, visit: &mut Visit<'_>) -> Result<()> {
        let mut select = KeptSelect::new(request.statement, &request.parameter)?;
        let (looked, turn) = match (&self.inner.on, self.inner.caches.as_deref()) {
            (On::Source(_), Some(caches)) => wait(None, None, select.ask(caches, visit))?,
            _ => (Looked::Missed, None),
        };
        let reading = match looked {
            Looked::Answered => return Ok(()),
            Looked::Begun(reading) => Some(reading),
            Looked::Missed => None,
        };
        self.on_connection(request.statement, async |mut executor| {
            executor.kept(&mut select, reading, turn, visit).await
        })
    }

    /// Waits for a connection, then for the work on it. Waiting for another thread's operation needs no runner; the database does.
    fn on_connection<T>(
        &self,
        statement: &MappedStatement,
        work: impl AsyncFnOnce(Executor<'_>) -> Result<T>,
    ) -> Result<T> {
        match &self.inner.on {
            On::Source(source) => {
                let mut lease = source.connection_blocking(None).map_err(|e| statement.blame(e.into()))?;
                let runner = lease.runner();
                let mut held = Held::Lease(lease, self.inner.caches.as_deref());
                wait(runner.as_deref(), None, async { work(held.executor(statement)?).await })
            }
            On::Tx { tx, scope } => {
                let mut guard = wait(None, None, async { Ok(tx.lock().await) })?;
                wait(tx.runner(), None, async {
                    guard.enter(scope).await.map_err(|e| statement.blame(e))?;
                    work(Held::Tx(guard).executor(statement)?).await
                })
            }
        }
    }
}

/// Takes what a select gives, one by one.
type Visit<'v> = dyn FnMut(&Record<'_, '_>) -> Result<()> + 'v;

impl fmt::Debug for SqlSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
