//! The connection of one operation.

use std::sync::Arc;

use batis_dbc::{DataSource, Lease};

use super::transaction::{Scope, Tx, TxGuard};
use super::{On, SqlSession};
use crate::cache::{CacheScope, Caches};
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::mapped_statement::MappedStatement;

/// A connection for one operation: borrowed from the data source, or the transaction's own.
pub(crate) enum Held<'a> {
    Lease(Lease, Option<&'a Caches>),
    Tx(TxGuard<'a>),
}

impl Held<'_> {
    /// What runs a statement on the connection, which is told what it is used for.
    pub(crate) fn executor(&mut self, statement: &MappedStatement) -> Result<Executor<'_>> {
        let (lease, caches) = match self {
            Self::Lease(lease, caches) => (lease, caches.map_or(CacheScope::Off, CacheScope::Shared)),
            Self::Tx(guard) => match guard.open_parts() {
                Some((lease, caches)) => (lease, caches.map_or(CacheScope::Off, CacheScope::Transaction)),
                None => return Err(Error::new(ErrorKind::Transaction, "the transaction has ended")),
            },
        };
        lease.note_use(statement.id());
        Ok(Executor::new(lease).with_caches(caches))
    }
}

impl On {
    /// The only place that knows where a connection comes from.
    #[inline]
    async fn hold<'a>(&'a self, caches: Option<&'a Caches>) -> Result<Held<'a>> {
        match self {
            Self::Source(source) => lease(source).await.map(|lease| Held::Lease(lease, caches)),
            Self::Tx { tx, scope } => enter(tx, scope).await.map(Held::Tx),
        }
    }
}

async fn lease(source: &Arc<dyn DataSource>) -> Result<Lease> {
    Ok(source.connection().await?)
}

async fn enter<'a>(tx: &'a Tx, scope: &Arc<Scope>) -> Result<TxGuard<'a>> {
    let mut guard = tx.lock().await;
    guard.enter(scope).await?;
    Ok(guard)
}

impl SqlSession {
    /// A connection for this statement.
    #[inline]
    pub(crate) async fn held<'a>(&'a self, statement: &MappedStatement) -> Result<Held<'a>> {
        self.on.hold(self.caches.as_deref()).await.map_err(|e| statement.blame(e))
    }
}
