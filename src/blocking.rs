//! The same for plain threads, without any runtime: [`Batis`] with the same names.

use std::sync::Arc;

use crate::builder::{Plan, setters};
use crate::dbc::DataSource;
use crate::dbc::blocking::Connection;
use crate::dbc::driver::Mode;
pub use crate::mapper::blocking::SqlSession;
use crate::mapper::{CacheHandle, Configuration, ReloadableConfiguration};
use crate::{ConnectionPool, Result};

/// Driver, pool and mapper in one value, for plain threads. See [`batis::Batis`](crate::Batis).
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// let mapper = r#"<mapper namespace="math"><select id="add">select #{a} + #{b}</select></mapper>"#;
/// let batis = batis::blocking::Batis::builder("sqlite::memory:").mapper_xml("math.xml", mapper).open()?;
/// let sum: i64 = batis.session().select_one("math.add", batis::params! { a: 1, b: 2 })?;
/// assert_eq!(sum, 3);
/// # }
/// # Ok::<(), batis::Error>(())
/// ```
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
    /// See [`Batis::open`](crate::Batis::open).
    ///
    /// # Errors
    /// As there.
    pub fn open(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).open()
    }

    /// See [`Batis::builder`](crate::Batis::builder).
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder { plan: Plan::new(url.into()) }
    }

    /// See [`Batis::from_config`](crate::Batis::from_config).
    pub fn from_config(path: impl Into<std::path::PathBuf>) -> Builder {
        Builder { plan: Plan::of_config(path.into()) }
    }

    /// See [`Batis::session`](crate::Batis::session).
    #[must_use]
    #[doc(alias = "openSession")]
    pub fn session(&self) -> SqlSession {
        SqlSession::new(self.configuration.current(), self.pool.clone())
    }

    /// See [`Batis::connection`](crate::Batis::connection).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn connection(&self) -> Result<Connection> {
        Ok(Connection::leased(self.pool.connection_blocking(None)?))
    }

    /// See [`Batis::pool`](crate::Batis::pool).
    #[must_use]
    pub fn pool(&self) -> &ConnectionPool {
        &self.pool
    }

    /// See [`Batis::configuration`](crate::Batis::configuration).
    #[must_use]
    pub fn configuration(&self) -> Arc<Configuration> {
        self.configuration.current()
    }

    /// See [`Batis::cache`](crate::Batis::cache).
    #[must_use]
    #[doc(alias = "getCache")]
    pub fn cache(&self, namespace: &str) -> Option<CacheHandle> {
        self.session().cache(namespace)
    }

    /// See [`Batis::reloadable`](crate::Batis::reloadable).
    #[must_use]
    pub fn reloadable(&self) -> &ReloadableConfiguration {
        &self.configuration
    }
}

impl Builder {
    setters!();

    /// See [`open`](crate::Builder::open).
    ///
    /// # Errors
    /// As there.
    pub fn open(self) -> Result<Batis> {
        let prepared = self.plan.prepare()?;
        if let Some(source) = prepared.probe() {
            Connection::leased(source.connection_blocking(None)?).close();
        }
        let (pool, configuration) = prepared.pool(Mode::Blocking)?;
        Ok(Batis { pool: Arc::new(pool), configuration })
    }
}
