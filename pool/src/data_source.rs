//! The pool as the mapper sees it: a [`DataSource`] that leases connections.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::{Duration, Instant};

use batis_dbc::driver::{ConnectOptions, Driver, Mode};
use batis_dbc::{
    Connection, DataSource, DataSourceInfo, ErrorKind, HandBack, Home, Lease, Mark, Op, Result, SqlError, SqlState,
    Url, block,
};

use crate::error::{PoolError, PoolErrorKind};
use crate::give_back::{discard, give_back};
use crate::guard::Pooled;
use crate::manager::{GiveBack, Manager};
use crate::pool::Pool;
use crate::shared::{PoolSlot, Shared};
use crate::sync::{Arc, OnceLock};
use crate::take::{Found, Place};
use crate::watch::Evicted;

/// Makes the connections of one URL by one driver. `Pool<ConnectionManager>` is a [`DataSource`].
///
/// In [`Mode::Blocking`] it works in the call and needs no runtime; in [`Mode::Async`] the connections belong to the
/// runtime on which the pool's spawner works.
///
/// A connection that comes back clean goes to the next borrower at once; so does one with a transaction left open, whose
/// rollback the driver starts without waiting; one with something in flight is settled in the background first; a broken
/// one is closed. (HikariCP: `ProxyConnection.close`.)
pub struct ConnectionManager {
    driver: Arc<dyn Driver>,
    url: Url,
    mode: Mode,
    timeout: Duration,
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
        Ok(ConnectionManager { driver, url, mode, timeout: Self::TIMEOUT, info: OnceLock::new() })
    }

    /// How long the driver may take for one attempt to connect, and in blocking mode for a check or a clean-up as well.
    /// Default: 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
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
}

impl Manager for ConnectionManager {
    type Item = Connection;
    type Error = SqlError;

    async fn connect(&self) -> Result<Connection> {
        let options = ConnectOptions::new(self.mode).deadline(self.deadline());
        let connect = async { self.driver.connect(&self.url, &options).await.map(Connection::new) };
        match self.mode {
            Mode::Async => connect.await,
            Mode::Blocking => block(None, options.deadline, connect),
        }
    }

    async fn check(&self, connection: &mut Connection) -> Result<()> {
        self.wait(connection, Connection::ping).await
    }

    fn give_back(&self, connection: &mut Connection) -> GiveBack {
        match connection.hand_back() {
            HandBack::Ready => GiveBack::Ready,
            HandBack::Settle => GiveBack::Settle,
            HandBack::Broken => GiveBack::Discard,
        }
    }

    async fn settle(&self, connection: &mut Connection) -> Result<()> {
        self.wait(connection, Connection::settle).await
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

fn mark<M: Manager>(shared: &Shared<M>, slot: u32) -> Mark {
    Mark { pool: shared.number, slot }
}

impl<M: Manager<Item = Connection>> From<Pooled<M>> for Lease {
    /// A lease instead of a guard: the same connection and the same way home, for callers that know no pool.
    fn from(pooled: Pooled<M>) -> Lease {
        let (mut connection, hold) = pooled.into_parts();
        connection.set_mark(mark(hold.place(), hold.slot().index()));
        Lease::new(connection, Some(hold.lend()))
    }
}

impl<M: Manager<Item = Connection>> Home for PoolSlot<M> {
    fn take_back(self: Arc<Self>, connection: Connection) {
        let Some(hold) = self.regain() else { return };
        if connection.mark() == Some(mark(self.place(), self.index())) {
            give_back(hold, connection);
        } else {
            // Somebody swapped what two leases held. Whose it is nobody knows; neither is kept.
            discard(hold, connection, Evicted::Broken);
        }
    }

    fn detached(self: Arc<Self>) {
        // The hold ends here, and with it its claim on the slot.
        drop(self.regain());
    }
}

/// Where it was asked for; not known to a caller through a trait object, for which the compiler names this file.
fn place(at: &'static Location<'static>) -> Place {
    Some(at).filter(|at| at.file() != file!())
}

impl DataSource for Pool<ConnectionManager> {
    #[track_caller]
    fn connection(&self) -> Op<'_, Result<Lease>> {
        let at = place(Location::caller());
        let stale = match self.fast(at) {
            Found::Fresh(pooled) => return Op::ready(Ok(pooled.into())),
            Found::Stale(hold) => Some(hold),
            Found::Nothing => None,
        };
        let slow = self.slow(stale, self.connection_timeout(), at);
        Op::boxed(async move { slow.await.map(Lease::from).map_err(|error| self.lends_nothing(error)) })
    }

    #[track_caller]
    fn connection_blocking(&self, deadline: Option<Instant>) -> Result<Lease> {
        let at = place(Location::caller());
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = match (left, self.connection_timeout()) {
            (Some(left), Some(timeout)) => Some(left.min(timeout)),
            (left, timeout) => left.or(timeout),
        };
        self.get_blocking_at(timeout, at).map(Lease::from).map_err(|error| self.lends_nothing(error))
    }

    fn info(&self) -> &DataSourceInfo {
        let manager = self.manager();
        manager.info.get_or_init(|| DataSourceInfo::new(self.name(), manager.driver.product()))
    }
}

impl Pool<ConnectionManager> {
    #[cold]
    fn lends_nothing(&self, error: PoolError) -> SqlError {
        let cause = error.cause().and_then(|cause| cause.downcast_ref::<SqlError>());
        let state = cause.map_or_else(|| state(error.kind()), SqlError::sql_state);
        let message = format!("pool `{}` lends no connection", self.name());
        SqlError::with_kind(ErrorKind::DataSource, state, message).caused_by(error)
    }
}

/// The SQLSTATE where no connect failure says a better one.
fn state(kind: PoolErrorKind) -> SqlState {
    match kind {
        PoolErrorKind::Timeout => SqlState::TIMEOUT,
        PoolErrorKind::Closed => SqlState::CONNECTION_CLOSED,
        PoolErrorKind::Connect | PoolErrorKind::Config => SqlState::CONNECT_FAILED,
    }
}
