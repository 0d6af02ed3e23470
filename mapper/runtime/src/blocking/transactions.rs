//! Transactions of a blocking session.

use std::panic::Location;
use std::sync::Arc;

use batis_dbc::{Lease, Retry, TransactionOptions};

use super::session::{SqlSession, wait};
use crate::error::Result;
use crate::session::{Keep, On, Scope, Tx};

impl SqlSession {
    /// Runs a closure in a transaction: commits if it returns `Ok`, rolls back if it returns `Err` or panics. Inside of another transaction it
    /// is a savepoint.
    ///
    /// # Errors
    /// What the closure returns, and what BEGIN and COMMIT say.
    #[track_caller]
    #[doc(alias = "TransactionTemplate")]
    pub fn tx<T, E: From<crate::Error>>(&self, f: impl FnOnce(SqlSession) -> Result<T, E>) -> Result<T, E> {
        self.tx_at(TransactionOptions::new(), f, Location::caller())
    }

    /// As [`tx`](Self::tx), with isolation and the like.
    ///
    /// # Errors
    /// As [`tx`](Self::tx).
    #[track_caller]
    pub fn tx_with<T, E: From<crate::Error>>(
        &self,
        options: TransactionOptions,
        f: impl FnOnce(SqlSession) -> Result<T, E>,
    ) -> Result<T, E> {
        self.tx_at(options, f, Location::caller())
    }

    fn tx_at<T, E: From<crate::Error>>(
        &self,
        options: TransactionOptions,
        f: impl FnOnce(SqlSession) -> Result<T, E>,
        begun_at: &'static Location<'static>,
    ) -> Result<T, E> {
        let scope = Scope::new(begun_at, true);
        let tx = self.open(&options, &scope)?;
        self.run_in(&tx, &scope, f).0
    }

    fn run_in<T, E: From<crate::Error>>(
        &self,
        tx: &Arc<Tx>,
        scope: &Arc<Scope>,
        f: impl FnOnce(SqlSession) -> Result<T, E>,
    ) -> (Result<T, E>, Option<Lease>) {
        let keep = Keep { tx, scope };
        let done = f(Self { inner: self.inner.in_scope(Arc::clone(tx), Arc::clone(scope)) });
        let (ended, lease) = finish(tx, scope, done.is_ok());
        drop(keep);
        // The closure's error is the one to tell; a rollback that fails breaks the connection, which is noted there.
        (done.and_then(|value| Ok(ended.map(|()| value)?)), lease)
    }

    /// See [`tx_retry`](crate::SqlSession::tx_retry).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    #[doc(alias = "Retryable")]
    pub fn tx_retry<T, E: From<crate::Error>>(
        &self,
        retry: &Retry,
        mut f: impl FnMut(SqlSession) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun_at = Location::caller();
        let On::Source(source) = &self.inner.on else { return self.tx_at(retry.options, f, begun_at) };
        let mut lease = source.connection_blocking(None).map_err(crate::Error::from)?;
        let mut failed = 0;
        loop {
            let scope = Scope::new(begun_at, true);
            let tx = self.begin_on(lease, &retry.options, &scope)?;
            let (outcome, back) = self.run_in(&tx, &scope, &mut f);
            failed += 1;
            let (Err(_), Some(again)) = (&outcome, back) else { return outcome };
            let Some(delay) = again.retry_delay(retry, failed) else { return outcome };
            std::thread::sleep(delay);
            lease = again;
        }
    }

    /// See [`begin`](crate::SqlSession::begin).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    #[doc(alias = "openSession")]
    pub fn begin(&self) -> Result<SqlSession> {
        self.begin_at(TransactionOptions::new(), Location::caller())
    }

    /// See [`begin_with`](crate::SqlSession::begin_with).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn begin_with(&self, options: TransactionOptions) -> Result<SqlSession> {
        self.begin_at(options, Location::caller())
    }

    fn begin_at(&self, options: TransactionOptions, begun_at: &'static Location<'static>) -> Result<SqlSession> {
        let scope = Scope::new(begun_at, false);
        let tx = self.open(&options, &scope)?;
        Ok(Self { inner: self.inner.in_scope(tx, scope) })
    }

    fn open(&self, options: &TransactionOptions, scope: &Arc<Scope>) -> Result<Arc<Tx>> {
        match &self.inner.on {
            On::Source(source) => self.begin_on(source.connection_blocking(None)?, options, scope),
            On::Tx { tx, scope: parent } => {
                let mut guard = wait(None, None, async { Ok(tx.lock().await) })?;
                wait(tx.runner(), None, guard.nest(parent, Arc::clone(scope)))?;
                drop(guard);
                Ok(Arc::clone(tx))
            }
        }
    }

    fn begin_on(&self, mut lease: Lease, options: &TransactionOptions, scope: &Arc<Scope>) -> Result<Arc<Tx>> {
        let runner = lease.runner();
        wait(runner.as_deref(), None, Tx::open(lease, options, Arc::clone(scope), self.inner.tx_caches()))
    }

    /// See [`commit`](crate::SqlSession::commit).
    ///
    /// # Errors
    /// As there.
    pub fn commit(&self) -> Result<()> {
        let (tx, scope) = self.inner.explicit()?;
        finish(tx, scope, true).0
    }

    /// See [`rollback`](crate::SqlSession::rollback).
    ///
    /// # Errors
    /// As there.
    pub fn rollback(&self) -> Result<()> {
        let (tx, scope) = self.inner.explicit()?;
        finish(tx, scope, false).0
    }
}

fn finish(tx: &Tx, scope: &Arc<Scope>, commit: bool) -> (Result<()>, Option<Lease>) {
    let ended = wait(None, None, async { Ok(tx.lock().await) })
        .and_then(|mut guard| wait(tx.runner(), None, async { Ok(guard.finish(scope, commit).await) }));
    ended.unwrap_or_else(|error| (Err(error), None))
}
