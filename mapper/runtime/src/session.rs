//! [`SqlSession`]: what users call.

mod batch;
mod held;
mod operations;
mod stream;
mod to_statement;
mod transaction;
mod transactions;

use std::fmt;
use std::sync::Arc;

use batis_dbc::DataSource;

use crate::configuration::Configuration;

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
        Self { configuration: configuration.into(), on: On::Source(source) }
    }

    /// The statements.
    #[must_use]
    pub fn configuration(&self) -> &Arc<Configuration> {
        &self.configuration
    }

    /// Whether the session runs in a transaction, open or ended.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        matches!(self.on, On::Tx { .. })
    }

    pub(crate) fn in_scope(&self, tx: Arc<Tx>, scope: Arc<Scope>) -> Self {
        Self { configuration: Arc::clone(&self.configuration), on: On::Tx { tx, scope } }
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
