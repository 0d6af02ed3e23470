//! Transactions of a session: closures, and sessions that are ended by hand.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use batis_dbc::{Lease, Retry, TransactionOptions};

use super::transaction::{Keep, Scope, Tx};
use super::{On, SqlSession};
use crate::error::{Error, ErrorKind, Result};

impl SqlSession {
    /// Runs a closure in a transaction: commits if it returns `Ok`, rolls back if it returns `Err`, panics, or its future is dropped. Inside of
    /// another transaction it is a savepoint.
    ///
    /// ```no_run
    /// # async fn f(session: batis_mapper::SqlSession) -> Result<(), batis_mapper::Error> {
    /// let order: i64 = session.tx(|t| async move {
    ///     let order = t.insert_returning_key("orders.insert", &"Ann").await?;
    ///     t.insert("orders.addLine", batis_mapper::params! { order, item: "tea" }).await?;
    ///     Ok::<_, batis_mapper::Error>(order)
    /// }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What the closure returns, and what BEGIN and COMMIT say.
    #[track_caller]
    #[doc(alias = "TransactionTemplate")]
    #[doc(alias = "Transactional")]
    pub fn tx<T, E, F, Fut>(&self, f: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: FnOnce(SqlSession) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<Error> + Send,
        T: Send,
    {
        self.tx_at(TransactionOptions::new(), f, Location::caller())
    }

    /// As [`tx`](Self::tx), with isolation and the like. A savepoint has no options of its own: they are ignored there.
    ///
    /// # Errors
    /// As [`tx`](Self::tx).
    #[track_caller]
    pub fn tx_with<T, E, F, Fut>(&self, options: TransactionOptions, f: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: FnOnce(SqlSession) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<Error> + Send,
        T: Send,
    {
        self.tx_at(options, f, Location::caller())
    }

    async fn tx_at<T, E, F, Fut>(
        &self,
        options: TransactionOptions,
        f: F,
        begun_at: &'static Location<'static>,
    ) -> Result<T, E>
    where
        F: FnOnce(SqlSession) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<Error> + Send,
        T: Send,
    {
        let scope = Scope::new(begun_at, true);
        let tx = self.open(&options, &scope).await?;
        self.run_in(&tx, &scope, f).await.0
    }

    /// Runs a closure in a transaction that was begun for it, and ends it. The connection of a transaction (not a savepoint) comes back.
    async fn run_in<T, E, F, Fut>(&self, tx: &Arc<Tx>, scope: &Arc<Scope>, f: F) -> (Result<T, E>, Option<Lease>)
    where
        F: FnOnce(SqlSession) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<Error> + Send,
        T: Send,
    {
        let keep = Keep { tx, scope };
        let done = f(self.in_scope(Arc::clone(tx), Arc::clone(scope))).await;
        let (ended, lease) = tx.lock().await.finish(scope, done.is_ok()).await;
        drop(keep);
        // The closure's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
        (done.and_then(|value| Ok(ended.map(|()| value)?)), lease)
    }

    /// As [`tx_with`](Self::tx_with), and again from the beginning when the database says that the transaction lost against another one (40001,
    /// 40P01, SQLite's outdated snapshot), also when it says so at COMMIT. The closure must do nothing that may not be done twice.
    ///
    /// Never when the outcome of a COMMIT is unknown. Inside of another transaction it runs once, as a savepoint: what lost is the whole.
    ///
    /// ```no_run
    /// # async fn f(session: batis_mapper::SqlSession) -> Result<(), batis_mapper::Error> {
    /// use batis_dbc::{IsolationLevel, Retry, TransactionOptions};
    /// let retry = Retry::new().options(TransactionOptions::new().isolation(IsolationLevel::Serializable));
    /// session.tx_retry(&retry, |t| async move {
    ///     let n: i64 = t.select_one("counters.read", ()).await?;
    ///     t.update("counters.write", &(n + 1)).await
    /// }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`tx`](Self::tx), for the last try.
    #[track_caller]
    #[doc(alias = "Retryable")]
    pub fn tx_retry<T, E, F, Fut>(&self, retry: &Retry, f: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: FnMut(SqlSession) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<Error> + Send,
        T: Send,
    {
        self.tx_retry_at(retry, f, Location::caller())
    }

    async fn tx_retry_at<T, E, F, Fut>(
        &self,
        retry: &Retry,
        mut f: F,
        begun_at: &'static Location<'static>,
    ) -> Result<T, E>
    where
        F: FnMut(SqlSession) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<Error> + Send,
        T: Send,
    {
        let On::Source(source) = &self.on else { return self.tx_at(retry.options, f, begun_at).await };
        let mut lease = source.connection().await.map_err(Error::from)?;
        let mut failed = 0;
        loop {
            let scope = Scope::new(begun_at, true);
            let tx = Tx::open(lease, &retry.options, Arc::clone(&scope), self.tx_caches()).await?;
            let (outcome, back) = self.run_in(&tx, &scope, &mut f).await;
            failed += 1;
            let (Err(_), Some(mut again)) = (&outcome, back) else { return outcome };
            let Some(delay) = again.retry_delay(retry, failed) else { return outcome };
            again.pause(delay).await;
            lease = again;
        }
    }

    /// Begins a transaction and gives a session in it, which is ended by [`commit`](Self::commit) or [`rollback`](Self::rollback). It is
    /// rolled back when its last clone is dropped. Inside of another transaction it is a savepoint.
    ///
    /// # Errors
    /// What the data source and BEGIN say.
    #[track_caller]
    #[doc(alias = "openSession")]
    pub fn begin(&self) -> impl Future<Output = Result<SqlSession>> + Send {
        self.begin_at(TransactionOptions::new(), Location::caller())
    }

    /// As [`begin`](Self::begin), with isolation and the like.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    #[track_caller]
    pub fn begin_with(&self, options: TransactionOptions) -> impl Future<Output = Result<SqlSession>> + Send {
        self.begin_at(options, Location::caller())
    }

    async fn begin_at(&self, options: TransactionOptions, begun_at: &'static Location<'static>) -> Result<SqlSession> {
        let scope = Scope::new(begun_at, false);
        let tx = self.open(&options, &scope).await?;
        Ok(self.in_scope(tx, scope))
    }

    /// Begins the transaction or savepoint of this scope.
    async fn open(&self, options: &TransactionOptions, scope: &Arc<Scope>) -> Result<Arc<Tx>> {
        match &self.on {
            On::Source(source) => {
                Tx::open(source.connection().await?, options, Arc::clone(scope), self.tx_caches()).await
            }
            On::Tx { tx, scope: parent } => {
                tx.lock().await.nest(parent, Arc::clone(scope)).await?;
                Ok(Arc::clone(tx))
            }
        }
    }

    /// Commits what [`begin`](Self::begin) began. The session and its clones are of no more use.
    ///
    /// # Errors
    /// 25000 if this session did not begin one, or it has ended; what the database says: it is rolled back then; 08007 if the answer was lost.
    pub async fn commit(&self) -> Result<()> {
        let (tx, scope) = self.explicit()?;
        tx.lock().await.finish(scope, true).await.0
    }

    /// Rolls back what [`begin`](Self::begin) began. The session and its clones are of no more use.
    ///
    /// # Errors
    /// 25000 if this session did not begin one, or it has ended; what the database says.
    pub async fn rollback(&self) -> Result<()> {
        let (tx, scope) = self.explicit()?;
        tx.lock().await.finish(scope, false).await.0
    }

    pub(crate) fn explicit(&self) -> Result<(&Tx, &Arc<Scope>)> {
        match &self.on {
            On::Source(_) => Err(Error::new(
                ErrorKind::Transaction,
                "this session has no transaction: each statement commits by itself",
            )
            .hint("use `tx`, or the session that `begin` gives")),
            On::Tx { scope, .. } if scope.belongs_to_closure() => {
                Err(Error::new(ErrorKind::Transaction, "the transaction belongs to `tx`, which ends it")
                    .hint("return Ok from the closure to commit and Err to roll back"))
            }
            On::Tx { tx, scope } => Ok((tx, scope)),
        }
    }
}
