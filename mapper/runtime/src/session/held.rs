//! The connection of one operation.

use std::sync::Arc;

use batis_dbc::{Connection, DataSource, Lease};

use super::transaction::{Scope, Tx, TxGuard};
use super::{On, SqlSession};
use crate::error::{Error, ErrorKind, Result};
use crate::mapped_statement::MappedStatement;

/// A connection for one operation: borrowed from the data source, or the transaction's own.
pub(crate) enum Held<'a> {
    Lease(Lease),
    Tx(TxGuard<'a>),
}

impl Held<'_> {
    /// The connection, which is told what it is used for.
    pub(crate) fn connection(&mut self, statement: &MappedStatement) -> Result<&mut Connection> {
        let lease = match self {
            Self::Lease(lease) => lease,
            Self::Tx(guard) => match guard.lease() {
                Some(lease) => lease,
                None => return Err(Error::new(ErrorKind::Transaction, "the transaction has ended")),
            },
        };
        lease.note_use(statement.id());
        Ok(lease)
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
    /// A connection for this statement.
    #[inline]
    pub(crate) async fn held<'a>(&'a self, statement: &MappedStatement) -> Result<Held<'a>> {
        self.on.hold().await.map_err(|e| statement.blame(e))
    }
}
