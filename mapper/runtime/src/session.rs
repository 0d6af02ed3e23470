//! [`SqlSession`]: what users call.

mod batch;
mod held;
mod kept;
mod operations;
mod stream;
mod to_statement;
mod transaction;
mod transactions;

use std::fmt;
use std::sync::Arc;

use batis_dbc::DataSource;

use crate::cache::{CacheHandle, Caches, TxCaches};
use crate::configuration::Configuration;
use crate::error::Result;

pub(crate) use batch::BatchRequest;
pub(crate) use held::Held;
pub(crate) use operations::Request;
pub use stream::RowStream;
pub use to_statement::ToMappedStatement;
pub(crate) use transaction::{Keep, Scope, Tx};

/// Runs mapped statements: over a data source, where each one commits by itself, or in a transaction.
///
/// Cheap to clone, `Send` and `Sync`. Made by [`new`](Self::new) over a data source; [`tx`](Self::tx) and [`begin`](Self::begin) give sessions
/// in a transaction, with the same methods. Statements are named by id, or by a [`MappedStatement`](crate::MappedStatement) that was kept.
///
/// In a transaction, operations of several clones run one after another; each holds the connection for its own length only. A session that is
/// used after its transaction has ended is an error (25000), never a statement outside of it.
///
/// ```no_run
/// # async fn f(session: batis_mapper::SqlSession) -> Result<(), batis_mapper::Error> {
/// #[derive(serde::Deserialize)]
/// struct User { id: i64, name: String }
///
/// let user: Option<User> = session.select_opt("users.find", &1_i64).await?;
/// session.tx(|t| async move {
///     t.update("users.rename", batis_mapper::params! { id: 1, name: "Ann" }).await?;
///     t.delete("users.forget", &2_i64).await
/// }).await?;
/// # Ok(()) }
/// ```
///
/// Source: `SqlSession` and `SqlSessionTemplate` of MyBatis, which is not safe to share, opens its transaction silently and must be closed.
#[derive(Clone)]
#[doc(alias = "SqlSessionTemplate")]
pub struct SqlSession {
    pub(crate) configuration: Arc<Configuration>,
    /// The shared caches over the data source.
    pub(crate) caches: Option<Arc<Caches>>,
    pub(crate) on: On,
}

/// Where a session's connections come from.
#[derive(Clone)]
pub(crate) enum On {
    Source(Arc<dyn DataSource>),
    Tx { tx: Arc<Tx>, scope: Arc<Scope> },
}

impl SqlSession {
    /// A session over a data source: each statement borrows a connection for its own length and commits by itself.
    #[must_use]
    pub fn new(configuration: impl Into<Arc<Configuration>>, source: Arc<dyn DataSource>) -> Self {
        let configuration = configuration.into();
        let caches = configuration.caches(&source);
        Self { configuration, caches, on: On::Source(source) }
    }

    /// The statements.
    #[must_use]
    pub fn configuration(&self) -> &Arc<Configuration> {
        &self.configuration
    }

    /// The shared cache that a namespace uses, to look at or to empty: its own, or that of its `<cache-ref>`; none without. It is that of this
    /// session's configuration: ask again after a reload.
    #[must_use]
    #[doc(alias = "getCache")]
    pub fn cache(&self, namespace: &str) -> Option<CacheHandle> {
        CacheHandle::of(self.caches.as_ref()?, namespace)
    }

    /// Empties the transaction's [local cache](crate::LocalCacheScope): what was read is read from the database again. Without one, and over a data
    /// source, nothing happens; shared caches are emptied by their [handles](Self::cache).
    ///
    /// # Errors
    /// 25000 if the session's transaction has ended.
    #[doc(alias = "clearCache")]
    pub async fn clear_cache(&self) -> Result<()> {
        match &self.on {
            On::Source(_) => Ok(()),
            On::Tx { tx, scope } => tx.lock().await.clear_local(scope).await,
        }
    }

    /// Whether the session runs in a transaction, open or ended.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        matches!(self.on, On::Tx { .. })
    }

    pub(crate) fn in_scope(&self, tx: Arc<Tx>, scope: Arc<Scope>) -> Self {
        let (configuration, caches) = (Arc::clone(&self.configuration), self.caches.clone());
        Self { configuration, caches, on: On::Tx { tx, scope } }
    }

    /// The caches of a transaction that is about to begin.
    pub(crate) fn tx_caches(&self) -> Option<Box<TxCaches>> {
        TxCaches::begin(self.caches.as_ref(), self.configuration.has_local_cache())
    }
}

impl fmt::Debug for SqlSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.on {
            On::Source(source) => f.debug_struct("SqlSession").field("source", source.info()).finish(),
            On::Tx { scope, .. } => f.debug_struct("SqlSession").field("transaction", scope).finish(),
        }
    }
}
