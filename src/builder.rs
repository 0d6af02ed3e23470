//! What both builders do: find the driver, make the pool, load the mapper files.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::dbc::driver::{Driver, Mode};
use crate::dbc::{DriverManager, Url};
use crate::mapper::{Configuration, ConfigurationBuilder};
use crate::pool::{self, ConnectionManager};
use crate::{ConnectionPool, Result};

/// A pool's builder over connections.
pub(crate) type PoolBuilder = pool::Builder<ConnectionManager>;

/// The settings of a `Batis` that is not open yet.
pub(crate) struct Plan {
    pub(crate) url: String,
    pub(crate) drivers: DriverManager,
    pub(crate) configuration: ConfigurationBuilder,
    pub(crate) pool: Option<Box<dyn FnOnce(PoolBuilder) -> PoolBuilder + Send>>,
}

impl Plan {
    pub(crate) fn new(url: String) -> Self {
        Self { url, drivers: crate::drivers(), configuration: Configuration::builder(), pool: None }
    }

    /// The pool and the configuration. Mapper files are loaded before anything connects.
    pub(crate) fn carry_out(self, mode: Mode) -> Result<(ConnectionPool, Arc<Configuration>)> {
        let url = Url::parse(&self.url)?;
        let driver = self.drivers.driver(&url)?;
        let configuration = self.configuration.product(driver.product()).build()?;
        let pool = make_pool(driver, url, mode, self.pool)?;
        Ok((pool, Arc::new(configuration)))
    }
}

fn make_pool(
    driver: Arc<dyn Driver>,
    url: Url,
    mode: Mode,
    adjust: Option<Box<dyn FnOnce(PoolBuilder) -> PoolBuilder + Send>>,
) -> Result<ConnectionPool> {
    let limit = driver.connection_limit(&url);
    let mut builder = ConnectionPool::builder(ConnectionManager::new(driver, url, mode)?);
    if limit.is_some() {
        // The data of such a database lives and dies with its connection: it must not be retired.
        builder = builder.max_lifetime(Duration::ZERO).idle_timeout(Duration::ZERO);
    }
    if let Some(adjust) = adjust {
        builder = adjust(builder);
    }
    Ok(builder.build().map_err(dbc_error)?)
}

/// A pool's error as the driver layer says it.
pub(crate) fn dbc_error(error: pool::PoolError) -> crate::SqlError {
    error.into()
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password: only the parsed form prints without it.
        f.debug_struct("Plan").field("url", &Url::parse(&self.url).ok()).finish_non_exhaustive()
    }
}

/// The setters that both builders have, on a field `plan`.
macro_rules! setters {
    () => {
        /// Adds a mapper file given as text; the name stands in messages.
        ///
        /// Source: `<mapper resource="..">` of MyBatis.
        #[must_use]
        pub fn mapper_xml(mut self, name: impl Into<String>, xml: impl Into<String>) -> Self {
            self.plan.configuration = self.plan.configuration.mapper_xml(name, xml.into());
            self
        }

        /// Adds a mapper file.
        ///
        /// Source: `<mapper url="..">` of MyBatis.
        #[must_use]
        pub fn mapper_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.plan.configuration = self.plan.configuration.mapper_file(path.into());
            self
        }

        /// Adds all `*.xml` files of a folder and the folders in it.
        ///
        /// Source: `mapper-locations` of MyBatis' Spring starter.
        #[must_use]
        pub fn mapper_dir(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.plan.configuration = self.plan.configuration.mapper_dir(path.into());
            self
        }

        /// Changes the mapper's configuration: settings, properties, type handlers, `databaseId`.
        #[must_use]
        pub fn configure(
            mut self,
            f: impl FnOnce($crate::mapper::ConfigurationBuilder) -> $crate::mapper::ConfigurationBuilder,
        ) -> Self {
            self.plan.configuration = f(self.plan.configuration);
            self
        }

        /// Changes the pool: sizes, timeouts.
        #[must_use]
        pub fn pool(
            mut self,
            f: impl FnOnce(
                $crate::pool::Builder<$crate::pool::ConnectionManager>,
            ) -> $crate::pool::Builder<$crate::pool::ConnectionManager>
            + Send
            + 'static,
        ) -> Self {
            self.plan.pool = Some(Box::new(f));
            self
        }

        /// Adds a driver beside the built-in ones.
        #[must_use]
        pub fn driver(mut self, driver: impl $crate::dbc::driver::Driver) -> Self {
            self.plan.drivers.register(driver);
            self
        }
    };
}
pub(crate) use setters;
