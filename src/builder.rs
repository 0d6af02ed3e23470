//! What both builders do: find the driver, make the pool, load the mapper files.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::dbc::driver::{Driver, Mode};
use crate::dbc::{DriverDataSource, DriverManager, ErrorKind, SqlError, SqlState, Url};
use crate::mapper::{Configuration, ConfigurationBuilder, ReloadableConfiguration};
use crate::pool::{self, ConnectionManager};
use crate::{ConnectionPool, Result};

/// A pool's builder over connections.
pub(crate) type PoolBuilder = pool::Builder<ConnectionManager>;

/// The settings of a `Batis` that is not open yet.
pub(crate) struct Plan {
    /// None: that of the configuration file's environment.
    url: Option<String>,
    pub(crate) drivers: DriverManager,
    pub(crate) configuration: ConfigurationBuilder,
    pub(crate) pool: Adjust,
}

impl Plan {
    pub(crate) fn new(url: String) -> Self {
        Self::of(Some(url), Configuration::builder())
    }

    pub(crate) fn of_config(path: PathBuf) -> Self {
        Self::of(None, Configuration::builder().config_file(path))
    }

    fn of(url: Option<String>, configuration: ConfigurationBuilder) -> Self {
        Self { url, drivers: crate::drivers(), configuration, pool: None }
    }

    /// Loads the mapper files, then finds the driver: mistakes show before anything connects.
    pub(crate) fn prepare(self) -> Result<Prepared> {
        let Some(url) = &self.url else { return self.prepare_environment() };
        let url = Url::parse(url)?;
        let driver = self.drivers.driver(&url)?;
        let configuration = Arc::new(self.configuration.product(driver.product()).reloadable()?);
        Ok(Prepared { url, driver, configuration, most: None, adjust: self.pool })
    }

    /// The same with the database that the configuration file names.
    fn prepare_environment(self) -> Result<Prepared> {
        let configuration = Arc::new(self.configuration.reloadable()?);
        let current = configuration.current();
        let environment = current.environment().ok_or_else(|| {
            wrong("the configuration file has no default environment").hint("name one by `environment(id)`")
        })?;
        let url = Url::parse(&environment.batis_url().map_err(|what| wrong(&what))?)?;
        let driver = self.drivers.driver(&url)?;
        let most = match environment.data_source.property("poolMaximumActiveConnections") {
            None => None,
            Some(text) => Some(text.trim().parse().map_err(|_| {
                wrong(&format!(
                    "the environment `{}`: poolMaximumActiveConnections is no number of connections: `{text}`",
                    environment.id
                ))
            })?),
        };
        Ok(Prepared { url, driver, configuration, most, adjust: self.pool })
    }
}

type Adjust = Option<Box<dyn FnOnce(PoolBuilder) -> PoolBuilder + Send>>;

/// All that is known before anything connects.
pub(crate) struct Prepared {
    url: Url,
    driver: Arc<dyn Driver>,
    pub(crate) configuration: Arc<ReloadableConfiguration>,
    /// The size of the pool by the configuration file.
    most: Option<u32>,
    adjust: Adjust,
}

impl Prepared {
    /// A connection outside of the pool, to learn at once whether the database answers, instead of after the pool's timeout.
    pub(crate) fn probe(&self) -> Option<DriverDataSource> {
        // A private in-memory database always answers.
        let private = self.driver.connection_limit(&self.url).is_some();
        (!private).then(|| DriverDataSource::new(Arc::clone(&self.driver), self.url.clone()))
    }

    pub(crate) fn pool(self, mode: Mode) -> Result<(ConnectionPool, Arc<ReloadableConfiguration>)> {
        let private = self.driver.connection_limit(&self.url).is_some();
        let mut builder = ConnectionPool::builder(ConnectionManager::new(self.driver, self.url, mode)?);
        if private {
            // Its data lives and dies with its connection, which must not be retired.
            builder = builder.max_lifetime(Duration::ZERO).idle_timeout(Duration::ZERO);
        }
        if let Some(most) = self.most {
            builder = builder.max_size(most);
        }
        if let Some(adjust) = self.adjust {
            builder = adjust(builder);
        }
        Ok((builder.build().map_err(wrong_pool)?, self.configuration))
    }
}

/// A pool's configuration that breaks a rule.
fn wrong_pool(error: pool::PoolError) -> SqlError {
    wrong(&error.to_string())
}

fn wrong(what: &str) -> SqlError {
    SqlError::with_kind(ErrorKind::DataSource, SqlState::CONNECT_FAILED, what)
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password: only the parsed form prints without it.
        let url = self.url.as_deref().and_then(|url| Url::parse(url).ok());
        f.debug_struct("Plan").field("url", &url).finish_non_exhaustive()
    }
}

/// The setters that both builders have, on a field `plan`.
macro_rules! setters {
    () => {
        /// Adds a mapper file given as text; the name stands in messages.
        ///
        /// Source: `<mapper resource="..">` of MyBatis.
        pub fn mapper_xml(mut self, name: impl Into<String>, xml: impl Into<String>) -> Self {
            self.plan.configuration = self.plan.configuration.mapper_xml(name, xml.into());
            self
        }

        /// Adds a mapper file.
        ///
        /// Source: `<mapper url="..">` of MyBatis.
        pub fn mapper_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.plan.configuration = self.plan.configuration.mapper_file(path.into());
            self
        }

        /// Adds all `*.xml` files of a folder and the folders in it.
        ///
        /// Source: `mapper-locations` of MyBatis' Spring starter.
        pub fn mapper_dir(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.plan.configuration = self.plan.configuration.mapper_dir(path.into());
            self
        }

        /// Adds the statements that stand in the attributes of a mapper trait: `.mapper(UserMapperImpl::STATEMENTS)`.
        ///
        /// Source: `<mapper class="..">` of MyBatis.
        pub fn mapper(mut self, statements: $crate::mapper::EmbeddedMapper) -> Self {
            self.plan.configuration = self.plan.configuration.mapper(statements);
            self
        }

        /// Changes the mapper's configuration: settings, properties, type handlers, `databaseId`.
        pub fn configure(
            mut self,
            f: impl FnOnce($crate::mapper::ConfigurationBuilder) -> $crate::mapper::ConfigurationBuilder,
        ) -> Self {
            self.plan.configuration = f(self.plan.configuration);
            self
        }

        /// The environment of the configuration file of [`from_config`](Batis::from_config). Default: its default one.
        pub fn environment(mut self, id: impl Into<String>) -> Self {
            self.plan.configuration = self.plan.configuration.environment(id);
            self
        }

        /// Changes the pool: sizes, timeouts.
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
        pub fn driver(mut self, driver: impl $crate::dbc::driver::Driver) -> Self {
            self.plan.drivers.register(driver);
            self
        }
    };
}
pub(crate) use setters;
