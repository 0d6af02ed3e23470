//! [`SingleConnectionDataSource`] and [`RollbackDataSource`]: one connection, lent to one borrower after the other.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use super::{DataSource, DataSourceInfo, Home, Lease};
use crate::connection::{Connection, HandBack};
use crate::error::{Result, SqlError};
use crate::op::Op;
use crate::options::TransactionOptions;
use crate::runner::block;
use crate::sql_state::SqlState;

/// Lends one connection, to one borrower after the other; the others wait.
///
/// For a database in memory, scripts and tests. What the borrower left behind is ended before the next one gets the connection.
///
/// Source: `SingleConnectionDataSource` of Spring.
#[derive(Debug)]
pub struct SingleConnectionDataSource {
    place: Arc<Place>,
    info: DataSourceInfo,
}

/// Lends one connection inside of a transaction that is never committed: what a test does to the database is gone when the data source is.
///
/// All borrowers share the transaction and see what the others did. Transactions that they begin are savepoints. Statements that end a
/// transaction by themselves (a typed `COMMIT`) end this one too.
///
/// Source: what Spring's test framework does around `@Transactional` tests.
#[derive(Debug)]
pub struct RollbackDataSource {
    single: SingleConnectionDataSource,
}

/// Where the connection is while nobody has it.
#[derive(Debug)]
struct Place(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    connection: Option<Connection>,
    lost: bool,
    waiting: VecDeque<Waker>,
}

impl Place {
    fn new(connection: Connection) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { connection: Some(connection), ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the connection back, or says that it is lost, and wakes who waits: the first to come has it.
    fn put(&self, connection: Option<Connection>) {
        let waiting = {
            let mut state = self.state();
            state.lost = connection.is_none();
            state.connection = connection;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    async fn take(self: &Arc<Self>) -> Result<Lease> {
        let mut connection = poll_fn(|cx| {
            let mut state = self.state();
            if state.lost {
                return Poll::Ready(Err(lost()));
            }
            if let Some(connection) = state.connection.take() {
                return Poll::Ready(Ok(connection));
            }
            if !state.waiting.iter().any(|known| known.will_wake(cx.waker())) {
                state.waiting.push_back(cx.waker().clone());
            }
            Poll::Pending
        })
        .await?;
        if connection.hand_back() == HandBack::Broken {
            self.put(None);
            return Err(lost());
        }
        Ok(Lease::new(connection, Some(Arc::clone(self) as Arc<dyn Home>)))
    }
}

fn lost() -> SqlError {
    SqlError::new(SqlState::CONNECTION_CLOSED, "the only connection of the data source is lost")
}

impl Home for Place {
    fn take_back(self: Arc<Self>, mut connection: Connection) {
        let kept = connection.hand_back() != HandBack::Broken;
        self.put(kept.then_some(connection));
    }

    fn detached(self: Arc<Self>) {
        self.put(None);
    }
}

impl SingleConnectionDataSource {
    /// Lends this connection.
    #[must_use]
    pub fn new(mut connection: Connection) -> Self {
        let info = DataSourceInfo::new("single connection", connection.info().product);
        Self { place: Place::new(connection), info }
    }
}

impl RollbackDataSource {
    /// Begins the transaction on this connection and lends it.
    ///
    /// # Errors
    /// What BEGIN says.
    pub async fn begin(mut connection: Connection) -> Result<Self> {
        connection.begin(&TransactionOptions::new()).await?;
        connection.pin_transaction();
        Ok(Self { single: SingleConnectionDataSource::new(connection) })
    }

    /// As [`begin`](Self::begin), on a plain thread.
    ///
    /// # Errors
    /// As there.
    pub fn begin_blocking(mut connection: Connection) -> Result<Self> {
        let runner = connection.runner();
        block(runner.as_deref(), None, Self::begin(connection))
    }
}

impl DataSource for SingleConnectionDataSource {
    fn connection(&self) -> Op<'_, Result<Lease>> {
        Op::boxed(self.place.take())
    }

    fn connection_blocking(&self, deadline: Option<Instant>) -> Result<Lease> {
        block(None, deadline, self.place.take())
    }

    fn info(&self) -> &DataSourceInfo {
        &self.info
    }
}

impl DataSource for RollbackDataSource {
    fn connection(&self) -> Op<'_, Result<Lease>> {
        self.single.connection()
    }

    fn connection_blocking(&self, deadline: Option<Instant>) -> Result<Lease> {
        self.single.connection_blocking(deadline)
    }

    fn info(&self) -> &DataSourceInfo {
        self.single.info()
    }
}
