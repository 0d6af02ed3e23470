//! The manager of database connections: how they are made, checked, cleaned and closed.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use batis_dbc::driver::{ConnectOptions, Driver, Mode};
use batis_dbc::{
    Connection, DataSourceInfo, HandBack, IsolationLevel, Result, SqlError, Url, Verdict as Breaks, block,
};

use crate::manager::{GiveBack, Manager};
use crate::spawn::BoxFuture;
use crate::sync::{Arc, Mutex, OnceLock};

/// A user and a password, for [`ConnectionManager::credentials`]. `Debug` does not print the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password, if one is needed.
    pub password: Option<String>,
}

impl Credentials {
    /// This user with this password.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Credentials { user: user.into(), password: Some(password.into()) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What an override says of an error that was seen on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "SQLExceptionOverride")]
pub enum Verdict {
    /// As usual: [`SqlState::breaks_connection`](batis_dbc::SqlState::breaks_connection) decides.
    #[doc(alias = "CONTINUE_EVICT")]
    AsUsual,
    /// The connection is kept.
    #[doc(alias = "DO_NOT_EVICT")]
    Keep,
    /// The connection is closed when it comes back.
    #[doc(alias = "MUST_EVICT")]
    Evict,
}

type Provider = dyn Fn() -> BoxFuture<'static, Result<Credentials>> + Send + Sync;
type Customizer = dyn for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<()>> + Send + Sync;

/// Makes the connections of one URL by one driver. `Pool<ConnectionManager>` is a
/// [`DataSource`](batis_dbc::DataSource).
///
/// In [`Mode::Blocking`] it works in the call and needs no runtime; in [`Mode::Async`] the connections belong to the
/// runtime on which the pool's spawner works.
///
/// A connection that comes back clean goes to the next borrower at once; so does one with a transaction left open, whose
/// rollback the driver starts without waiting; one with something in flight is settled in the background first; a broken
/// one is closed. (HikariCP: `ProxyConnection.close`.)
///
/// batis' [`Connection`] has no setters for read-only, isolation, schema or auto-commit: transactions carry them, and end.
/// So nothing of that kind is left behind, unless SQL text did it (`SET ..`, `PRAGMA ..`); for programs that do so there
/// is [`reset_sql`](ConnectionManager::reset_sql).
pub struct ConnectionManager {
    driver: Arc<dyn Driver>,
    url: Url,
    mode: Mode,
    timeout: Duration,
    init_sql: Option<String>,
    test_query: Option<String>,
    reset_sql: Option<String>,
    read_only: bool,
    isolation: Option<IsolationLevel>,
    schema: Option<String>,
    credentials: Mutex<Option<Credentials>>,
    provider: Option<Arc<Provider>>,
    customizer: Option<Arc<Customizer>>,
    verdict: Option<Breaks>,
    info: OnceLock<DataSourceInfo>,
}

impl ConnectionManager {
    /// How long one attempt to connect, or a check or a clean-up in blocking mode, may take if nothing else is said.
    const TIMEOUT: Duration = Duration::from_secs(30);

    /// Connections of this driver to this URL, for tasks or for plain threads.
    ///
    /// # Errors
    /// If the URL has an option that the driver does not know.
    pub fn new(driver: Arc<dyn Driver>, url: Url, mode: Mode) -> Result<Self> {
        url.check_options(driver.properties())?;
        Ok(ConnectionManager {
            driver,
            url,
            mode,
            timeout: Self::TIMEOUT,
            init_sql: None,
            test_query: None,
            reset_sql: None,
            read_only: false,
            isolation: None,
            schema: None,
            credentials: Mutex::new(None),
            provider: None,
            customizer: None,
            verdict: None,
            info: OnceLock::new(),
        })
    }

    /// How long the driver may take for one attempt to connect, and in blocking mode for a check or a clean-up as well.
    /// Default: 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// A script that is run on each new connection; if it fails, so does the connect. Default: none.
    #[must_use]
    #[doc(alias = "setConnectionInitSql")]
    pub fn init_sql(mut self, sql: impl Into<String>) -> Self {
        self.init_sql = Some(sql.into());
        self
    }

    /// A script that checks a connection, in place of the driver's own cheapest round trip. Default: none; the driver's
    /// is better.
    #[must_use]
    #[doc(alias = "setConnectionTestQuery")]
    pub fn test_query(mut self, sql: impl Into<String>) -> Self {
        self.test_query = Some(sql.into());
        self
    }

    /// A script that is run each time a connection comes back, before it is lent again, for programs that change settings
    /// by SQL text: `DISCARD ALL` on PostgreSQL, `PRAGMA query_only = 0` on SQLite. The pool's own settings (`read_only`,
    /// `isolation`, `schema`, `init_sql`) are applied again behind it. A round trip for each return, in the background in
    /// async mode. If it fails, the connection is closed. Default: none.
    #[must_use]
    pub fn reset_sql(mut self, sql: impl Into<String>) -> Self {
        self.reset_sql = Some(sql.into());
        self
    }

    /// Whether its connections refuse to write. Default: no.
    #[must_use]
    #[doc(alias = "setReadOnly")]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// The isolation of transactions that do not say one. Default: the database's.
    #[must_use]
    #[doc(alias = "setTransactionIsolation")]
    pub fn isolation(mut self, isolation: IsolationLevel) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// The schema in which unqualified names are looked up. Default: the database's.
    #[must_use]
    #[doc(alias = "setSchema")]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Who says user and password, asked at each connect: for passwords that rotate. Default: what the URL says.
    #[must_use]
    #[doc(alias = "setCredentialsProvider")]
    pub fn credentials<F>(mut self, provider: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Credentials>> + Send + 'static,
    {
        self.provider = Some(Arc::new(move || Box::pin(provider())));
        self
    }

    /// Called with each new connection, before `init_sql`; if it fails, so does the connect. Default: nothing.
    #[must_use]
    #[doc(alias = "IConnectionCustomizer")]
    pub fn customize(
        mut self,
        customizer: impl for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<()>> + Send + Sync + 'static,
    ) -> Self {
        self.customizer = Some(Arc::new(customizer));
        self
    }

    /// Overrules which errors evict a connection. Default: SQLSTATE class 08, 57P01 to 57P03, 01002, JZ0C0, JZ0C1 do.
    #[must_use]
    #[doc(alias = "setExceptionOverride")]
    pub fn exception_override(mut self, judge: impl Fn(&SqlError) -> Verdict + Send + Sync + 'static) -> Self {
        self.verdict = Some(Arc::new(move |error| match judge(error) {
            Verdict::AsUsual => error.breaks_connection(),
            Verdict::Keep => false,
            Verdict::Evict => true,
        }));
        self
    }

    /// Changes user and password while the pool runs, for connections made from now on;
    /// [`soft_evict`](crate::Pool::soft_evict) replaces the others. A provider set by
    /// [`credentials`](ConnectionManager::credentials) goes first.
    #[doc(alias = "setCredentials")]
    pub fn set_credentials(&self, credentials: Credentials) {
        *self.credentials.lock() = Some(credentials);
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

    /// Who waits for the connections' answers.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn data_source_info(&self, name: &str) -> &DataSourceInfo {
        self.info.get_or_init(|| DataSourceInfo::new(name, self.driver.product()))
    }

    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.timeout)
    }

    /// Waits for an operation as the mode says: in blocking mode here and now, through the connection's own runner.
    async fn wait<'c, F>(
        &self,
        connection: &'c mut Connection,
        operation: impl FnOnce(&'c mut Connection) -> F + Send,
    ) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send,
    {
        match self.mode {
            Mode::Async => operation(connection).await,
            Mode::Blocking => {
                let runner = connection.runner();
                block(runner.as_deref(), self.deadline(), operation(connection))
            }
        }
    }

    /// The URL with the user and password of this moment.
    async fn url_now(&self) -> Result<Url> {
        let credentials = match &self.provider {
            Some(provider) => Some(provider().await?),
            None => self.credentials.lock().clone(),
        };
        Ok(match credentials {
            Some(known) => self.url.clone().with_credentials(&known.user, known.password.as_deref()),
            None => self.url.clone(),
        })
    }

    async fn raw(&self) -> Result<Connection> {
        let url = self.url_now().await?;
        let options = ConnectOptions::new(self.mode).deadline(self.deadline());
        self.driver.connect(&url, &options).await.map(Connection::new)
    }

    /// The pool's own settings as SQL, with `init_sql` behind them.
    fn settings(&self) -> Result<Vec<String>> {
        let mut scripts = Vec::new();
        let sqlite = self.driver.product() == "SQLite";
        let unknown = |what: &str| Err(SqlError::unsupported(format!("{what} on {}", self.driver.product())));
        match self.isolation {
            Some(IsolationLevel::Serializable) if sqlite => {}
            Some(level) if sqlite => return unknown(level.sql()),
            Some(level) => {
                scripts.push(format!("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {}", level.sql()));
            }
            None => {}
        }
        match &self.schema {
            Some(_) if sqlite => return unknown("a schema for a session"),
            Some(schema) => scripts.push(format!("SET search_path TO \"{}\"", schema.replace('"', "\"\""))),
            None => {}
        }
        scripts.extend(self.init_sql.clone());
        // Last, so that `init_sql` may write.
        if self.read_only {
            let read_only =
                if sqlite { "PRAGMA query_only = 1" } else { "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY" };
            scripts.push(read_only.to_owned());
        }
        Ok(scripts)
    }

    async fn apply(&self, connection: &mut Connection, before: Option<&str>) -> Result<()> {
        let settings = self.settings()?;
        for script in before.into_iter().chain(settings.iter().map(String::as_str)) {
            connection.execute_script(script).await?;
        }
        Ok(())
    }

    async fn furnish(&self, connection: &mut Connection) -> Result<()> {
        if let Some(verdict) = &self.verdict {
            connection.set_verdict(Arc::clone(verdict));
        }
        if let Some(customizer) = &self.customizer {
            customizer(connection).await?;
        }
        self.apply(connection, None).await
    }

    /// Checks the way the configuration says, and leaves no doubt: a failed check means that the connection is closed.
    async fn test(&self, connection: &mut Connection) -> Result<()> {
        match &self.test_query {
            None => connection.ping().await,
            Some(sql) => connection.execute_script(sql).await,
        }
    }

    async fn clean(&self, connection: &mut Connection) -> Result<()> {
        connection.settle().await?;
        match &self.reset_sql {
            Some(sql) => self.apply(connection, Some(sql)).await,
            None => Ok(()),
        }
    }
}

impl Manager for ConnectionManager {
    type Item = Connection;
    type Error = SqlError;

    async fn connect(&self) -> Result<Connection> {
        let mut connection = match self.mode {
            Mode::Async => self.raw().await?,
            Mode::Blocking => block(None, self.deadline(), self.raw())?,
        };
        match self.wait(&mut connection, |connection| self.furnish(connection)).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                self.close(connection).await;
                Err(error)
            }
        }
    }

    async fn check(&self, connection: &mut Connection) -> Result<()> {
        self.wait(connection, |connection| self.test(connection)).await
    }

    fn is_broken(&self, connection: &mut Connection) -> bool {
        connection.is_broken()
    }

    fn give_back(&self, connection: &mut Connection) -> GiveBack {
        match connection.hand_back() {
            HandBack::Ready if self.reset_sql.is_none() => GiveBack::Ready,
            HandBack::Ready | HandBack::Settle => GiveBack::Settle,
            HandBack::Broken => GiveBack::Discard,
        }
    }

    async fn settle(&self, connection: &mut Connection) -> Result<()> {
        self.wait(connection, |connection| self.clean(connection)).await
    }

    async fn close(&self, mut connection: Connection) {
        match self.mode {
            Mode::Async => connection.close().await,
            Mode::Blocking => {
                let runner = connection.runner();
                let closing = async {
                    connection.close().await;
                    Ok(())
                };
                // What cannot say goodbye in time is closed by being dropped.
                let _ = block(runner.as_deref(), self.deadline(), closing);
            }
        }
    }

    fn limit(&self) -> Option<u32> {
        self.driver.connection_limit(&self.url).map(|limit| u32::try_from(limit).unwrap_or(u32::MAX))
    }

    fn works_inline(&self) -> bool {
        self.mode == Mode::Blocking
    }
}

impl fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionManager").field("url", &self.url).field("mode", &self.mode).finish_non_exhaustive()
    }
}
