//! [`DataSource`]: who lends connections, and [`Lease`], a connection that goes home by itself.

mod single;

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use crate::connection::Connection;
use crate::driver::{ConnectOptions, Driver, Mode};
use crate::error::Result;
use crate::op::Op;
use crate::runner::block;
use crate::url::Url;

pub use single::{RollbackDataSource, SingleConnectionDataSource};

/// Lends connections: a pool, a driver with a URL, a router over several of them. What the mapper works on.
///
/// Source: `javax.sql.DataSource`.
pub trait DataSource: Send + Sync + 'static {
    /// Borrows a connection; dropping the lease gives it back.
    #[doc(alias = "getConnection")]
    fn connection(&self) -> Op<'_, Result<Lease>>;

    /// Borrows a connection on a plain thread, which is parked until there is one or the deadline passes.
    ///
    /// # Errors
    /// As [`connection`](Self::connection).
    fn connection_blocking(&self, deadline: Option<Instant>) -> Result<Lease>;

    /// What is known before any connection is made.
    fn info(&self) -> &DataSourceInfo;

    /// What stands for the data behind it where several data sources lead to the same: clones of a pool, views of a router. Whoever keeps what was
    /// read (the mapper's caches) keeps it for all that answer with the same allocation. One that stands in front of another one passes the
    /// other's answer on. Default: none; it stands for itself.
    fn origin(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }
}

/// What is known of a data source before any connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataSourceInfo {
    /// A name for messages and metrics.
    pub name: String,
    /// The database's product name, by which statements are chosen: `SQLite`, `PostgreSQL`.
    pub product: &'static str,
}

impl DataSourceInfo {
    /// Of this name and product.
    #[must_use]
    pub fn new(name: impl Into<String>, product: &'static str) -> Self {
        Self { name: name.into(), product }
    }
}

/// Where a leased connection goes when its lease ends. The pool's slot is one.
pub trait Home: Send + Sync {
    /// Takes the connection back. It may be another than the one that was lent (two leases' contents can be swapped): look at its
    /// [`mark`](Connection::mark).
    fn take_back(self: Arc<Self>, connection: Connection);

    /// The lease was [detached](Lease::detach): its connection never comes back, and its place is free for another.
    fn detached(self: Arc<Self>) {}

    /// What the connection is [used for](Lease::note_use) now. Called for each statement of a mapper: it must cost nothing where nobody wants
    /// to know. Default: nothing.
    fn note_use(&self, what: &str) {
        let _ = what;
    }
}

/// A borrowed connection. Dropping it sends the connection home, or closes it if it has none.
///
/// Source: the connection that a pooled `DataSource` of JDBC returns, whose `close` gives it back.
pub struct Lease {
    connection: Option<Connection>,
    home: Option<Arc<dyn Home>>,
}

impl Lease {
    /// A connection that goes to this home.
    #[must_use]
    pub fn new(connection: Connection, home: Option<Arc<dyn Home>>) -> Self {
        Self { connection: Some(connection), home }
    }

    /// Whether the connection goes home at the end, instead of being closed.
    #[must_use]
    pub fn has_home(&self) -> bool {
        self.home.is_some()
    }

    /// The same with something around its way home; as it is if it has no home. For data sources that stand in front of others.
    #[must_use]
    pub fn around(mut self, home: impl FnOnce(Arc<dyn Home>) -> Arc<dyn Home>) -> Self {
        self.home = self.home.take().map(home);
        self
    }

    /// Says what the connection is used for from now on: the mapper says the id of the statement that it runs. A pool that looks for leaks
    /// notes it, and names it when it tells who holds its connections.
    pub fn note_use(&self, what: &str) {
        if let Some(home) = &self.home {
            home.note_use(what);
        }
    }

    /// Keeps the connection for good; its home never sees it again.
    ///
    /// # Panics
    /// Never: a lease holds its connection until it is dropped or detached.
    #[must_use]
    pub fn detach(mut self) -> Connection {
        if let Some(home) = self.home.take() {
            home.detached();
        }
        self.connection.take().expect("a lease holds its connection until it ends")
    }
}

/// # Panics
/// Never: a lease holds its connection until it is dropped or detached.
impl Deref for Lease {
    type Target = Connection;
    #[inline]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a lease holds its connection until it ends")
    }
}

impl DerefMut for Lease {
    #[inline]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a lease holds its connection until it ends")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(connection), Some(home)) = (self.connection.take(), self.home.take()) {
            home.take_back(connection);
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("connection", &self.connection).field("pooled", &self.home.is_some()).finish()
    }
}

/// A data source that connects anew for each lease.
///
/// Source: `UnpooledDataSource` of MyBatis, `DriverManagerDataSource` of Spring.
#[doc(alias = "UnpooledDataSource")]
pub struct DriverDataSource {
    driver: Arc<dyn Driver>,
    url: Url,
    info: DataSourceInfo,
}

impl DriverDataSource {
    /// Connections of this driver to this URL.
    #[must_use]
    pub fn new(driver: Arc<dyn Driver>, url: Url) -> Self {
        let info = DataSourceInfo::new(url.to_string(), driver.product());
        Self { driver, url, info }
    }

    /// The driver.
    #[must_use]
    pub fn driver(&self) -> &Arc<dyn Driver> {
        &self.driver
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Connects, in the mode and by the deadline of the options.
    ///
    /// # Errors
    /// If the URL has options that the driver does not know, or the connection fails.
    pub async fn connect(&self, options: &ConnectOptions) -> Result<Connection> {
        self.url.check_options(self.driver.properties())?;
        self.driver.connect(&self.url, options).await.map(Connection::new)
    }
}

impl DataSource for DriverDataSource {
    fn connection(&self) -> Op<'_, Result<Lease>> {
        Op::boxed(async move {
            let connection = self.connect(&ConnectOptions::new(Mode::Async)).await?;
            Ok(Lease::new(connection, None))
        })
    }

    fn connection_blocking(&self, deadline: Option<Instant>) -> Result<Lease> {
        let options = ConnectOptions::new(Mode::Blocking).deadline(deadline);
        let connection = block(None, deadline, self.connect(&options))?;
        Ok(Lease::new(connection, None))
    }

    fn info(&self) -> &DataSourceInfo {
        &self.info
    }
}

impl fmt::Debug for DriverDataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverDataSource").field("url", &self.url).finish_non_exhaustive()
    }
}
