//! The connection of one operation.

use std::sync::Arc;

use batis_dbc::{Connection, DataSource, Lease};

use super::transaction::{Scope, Tx, TxGuard};
use super::{On, SqlSession};
use crate::error::{Error, ErrorKind, Result};

/// A connection for one operation: borrowed from the data source, or the transaction's own.
pub(crate) enum Held<'a> {
    Lease(Lease),
    Tx(TxGuard<'a>),
}

impl Held<'_> {
    pub(crate) fn connection(&mut self) -> Result<&mut Connection> {
        match self {
            Self::Lease(lease) => Ok(lease),
            Self::Tx(guard) => match guard.lease() {
                Some(lease) => Ok(lease),
                None => Err(Error::new(ErrorKind::Transaction, "the transaction has ended")),
            },
        }
    }
}

impl On {
    /// The only place that knows where a connection comes from.
    #[inline]
    async fn hold(&self) -> Result<Held<'_>> {
        match self {
            Self::Source(source) => lease(source).await.map(Held::Lease),
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
    #[inline]
    pub(crate) async fn held(&self) -> Result<Held<'_>> {
        self.on.hold().await
    }
}
