//! [`Batis`] for async programs.

use std::sync::Arc;

use crate::builder::{Plan, setters};
use crate::dbc::driver::{ConnectOptions, Mode};
use crate::dbc::{DataSource, Lease};
use crate::mapper::{CacheHandle, Configuration, ReloadableConfiguration};
use crate::{ConnectionPool, Result, SqlSession};

/// Driver, pool and mapper in one value. Cheap to clone; the pool closes with the last clone and session.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use batis::prelude::*;
///
/// let mapper = r#"<mapper namespace="math"><select id="add">select #{a} + #{b}</select></mapper>"#;
/// let batis = Batis::builder("sqlite::memory:").mapper_xml("math.xml", mapper).open().await?;
/// let sum: i64 = batis.session().select_one("math.add", params! { a: 1, b: 2 }).await?;
/// assert_eq!(sum, 3);
/// # Ok::<(), batis::Error>(()) }).unwrap();
/// # }
/// ```
///
/// SQLite files: a statement runs on its task's own thread. If many tasks write, let the pool have one connection
/// (`.pool(|p| p.max_size(1))`); if statements take long, give each connection a thread of its own (`sqlite:app.db?threading=worker`).
#[derive(Clone, Debug)]
pub struct Batis {
    pool: Arc<ConnectionPool>,
    configuration: Arc<ReloadableConfiguration>,
}

/// Builds a [`Batis`]; see [`Batis::builder`].
#[must_use = "nothing happens until `open`"]
#[derive(Debug)]
pub struct Builder {
    plan: Plan,
}

impl Batis {
    /// A database without mapper files: its pool, and sessions that know no statement.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub async fn open(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).open().await
    }

    /// Begins to describe a database: its URL, its mapper files, its pool.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder { plan: Plan::new(url.into()) }
    }

    /// Begins with a `mybatis-config.xml`: its mapper files, settings and properties, and the database and pool of its default environment
    /// (or of another [`environment`](Builder::environment)).
    ///
    /// JDBC URLs of PostgreSQL and SQLite are understood. Of MyBatis' pool properties `poolMaximumActiveConnections` becomes the pool's
    /// `max_size`; the others have no counterpart here ([`pool`](Builder::pool) sets what the pool has).
    ///
    /// Source: `SqlSessionFactoryBuilder.build(inputStream, environment)`.
    #[doc(alias = "SqlSessionFactoryBuilder")]
    pub fn from_config(path: impl Into<std::path::PathBuf>) -> Builder {
        Builder { plan: Plan::of_config(path.into()) }
    }

    /// A session over the pool: each operation borrows a connection and commits by itself.
    #[must_use]
    #[doc(alias = "openSession")]
    pub fn session(&self) -> SqlSession {
        SqlSession::new(self.configuration.current(), self.pool.clone())
    }

    /// A connection from the pool, for SQL outside of mapper files.
    ///
    /// # Errors
    /// If there is none within the pool's `connection_timeout`.
    #[track_caller]
    pub fn connection(&self) -> impl Future<Output = Result<Lease>> + Send + '_ {
        // Asked for here and not in the future, so that the pool knows the caller's place.
        let lease = self.pool.connection();
        async move { Ok(lease.await?) }
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &ConnectionPool {
        &self.pool
    }

    /// The mapper files that were loaded last.
    #[must_use]
    pub fn configuration(&self) -> Arc<Configuration> {
        self.configuration.current()
    }

    /// The shared cache that a namespace uses, to look at or to empty when something else changed the data; none without a `<cache>`.
    /// See [`SqlSession::cache`].
    #[must_use]
    #[doc(alias = "getCache")]
    pub fn cache(&self, namespace: &str) -> Option<CacheHandle> {
        self.session().cache(namespace)
    }

    /// The mapper files, to load them again while the program runs: see [`ReloadableConfiguration`]. Sessions that are made afterwards have
    /// the new statements.
    ///
    /// ```no_run
    /// # fn f(batis: &batis::Batis) {
    /// if cfg!(debug_assertions) && let Err(error) = batis.reloadable().reload_if_changed() {
    ///     eprintln!("the old mapper files stay: {error}");
    /// }
    /// let session = batis.session();
    /// # }
    /// ```
    #[must_use]
    pub fn reloadable(&self) -> &ReloadableConfiguration {
        &self.configuration
    }
}

impl Builder {
    setters!();

    /// Loads the mapper files, makes the pool, and proves by one connection that the database answers.
    ///
    /// # Errors
    /// All mistakes of the mapper files; a wrong URL; a database that does not answer.
    pub async fn open(self) -> Result<Batis> {
        let prepared = self.plan.prepare()?;
        if let Some(source) = prepared.probe() {
            source.connect(&ConnectOptions::new(Mode::Async)).await?.close().await;
        }
        let (pool, configuration) = prepared.pool(Mode::Async)?;
        Ok(Batis { pool: Arc::new(pool), configuration })
    }
}
