//! [`DriverManager`]: finds the driver for a URL.

use std::fmt;
use std::sync::Arc;

use crate::connection::Connection;
use crate::data_source::DriverDataSource;
use crate::driver::{ConnectOptions, Driver, Mode};
use crate::error::{Result, SqlError};
use crate::runner::block;
use crate::url::Url;

/// A list of drivers, looked up by the scheme of a URL. A value, not a global: drivers are registered explicitly.
///
/// Source: `java.sql.DriverManager`.
#[derive(Clone, Default)]
#[doc(alias = "java.sql.DriverManager")]
pub struct DriverManager {
    drivers: Vec<Arc<dyn Driver>>,
}

impl DriverManager {
    /// A manager without drivers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a driver. It is asked before those registered earlier.
    #[doc(alias = "registerDriver")]
    pub fn register(&mut self, driver: impl Driver) -> &mut Self {
        self.drivers.insert(0, Arc::new(driver));
        self
    }

    /// The same manager with one more driver.
    #[must_use]
    pub fn with(mut self, driver: impl Driver) -> Self {
        self.register(driver);
        self
    }

    /// The driver for a URL.
    ///
    /// # Errors
    /// 08001 if no driver serves the scheme.
    #[doc(alias = "getDriver")]
    pub fn driver(&self, url: &Url) -> Result<Arc<dyn Driver>> {
        let found = self.drivers.iter().find(|d| d.schemes().contains(&url.scheme()));
        found.cloned().ok_or_else(|| self.no_driver(url))
    }

    #[cold]
    fn no_driver(&self, url: &Url) -> SqlError {
        let known: Vec<&str> = self.drivers.iter().flat_map(|d| d.schemes().iter().copied()).collect();
        let error = SqlError::url(format!("no driver for the scheme `{}`", url.scheme()));
        if known.is_empty() {
            return error.hint("register a driver first");
        }
        error.hint(format!("known schemes: {}", known.join(", ")))
    }

    /// A data source that connects anew for each lease.
    ///
    /// # Errors
    /// If the URL is wrong or no driver serves it.
    pub fn data_source(&self, url: &str) -> Result<DriverDataSource> {
        let url = Url::parse(url)?;
        let driver = self.driver(&url)?;
        url.check_options(driver.properties())?;
        Ok(DriverDataSource::new(driver, url))
    }

    /// Connects, for async callers.
    ///
    /// # Errors
    /// If the URL is wrong, no driver serves it, or the connection fails.
    #[doc(alias = "getConnection")]
    pub async fn connect(&self, url: &str) -> Result<Connection> {
        self.data_source(url)?.connect(&ConnectOptions::new(Mode::Async)).await
    }

    /// Connects on a plain thread, without any runtime.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_blocking(&self, url: &str) -> Result<crate::blocking::Connection> {
        let source = self.data_source(url)?;
        let options = ConnectOptions::new(Mode::Blocking);
        block(None, None, source.connect(&options)).map(crate::blocking::Connection::new)
    }
}

impl fmt::Debug for DriverManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.drivers.iter().flat_map(|d| d.schemes())).finish()
    }
}
