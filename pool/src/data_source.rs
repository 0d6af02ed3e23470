//! The pool as the mapper sees it: a [`DataSource`] that leases connections.

use std::any::Any;
use std::panic::Location;
use std::time::Instant;

use batis_dbc::{Connection, DataSource, DataSourceInfo, ErrorKind, Home, Lease, Mark, Op, Result, SqlError, SqlState};

use crate::connection_manager::ConnectionManager;
use crate::error::{PoolError, PoolErrorKind};
use crate::give_back::{discard, give_back};
use crate::guard::Pooled;
use crate::manager::Manager;
use crate::pool::Pool;
use crate::shared::{PoolSlot, Shared};
use crate::sync::Arc;
use crate::take::{Found, Place};
use crate::watch::Evicted;

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

    fn note_use(&self, what: &str) {
        let shared = self.place();
        if shared.is_watched() && shared.live.leak_detection_threshold() > 0 {
            self.notes.loan.note(what);
        }
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
        self.get_blocking_at(|| timeout, at).map(Lease::from).map_err(|error| self.lends_nothing(error))
    }

    fn info(&self) -> &DataSourceInfo {
        self.manager().data_source_info(self.name())
    }

    fn origin(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::clone(&self.inner) as Arc<dyn Any + Send + Sync>)
    }
}

impl Pool<ConnectionManager> {
    /// Printed by itself it tells all that the pool's own error and its cause do.
    #[cold]
    pub(crate) fn lends_nothing(&self, error: PoolError) -> SqlError {
        let failure = error.cause().and_then(|cause| cause.downcast_ref::<SqlError>());
        let state = failure.map_or_else(|| state(error.kind()), SqlError::sql_state);
        let message = format!("pool `{}` lends no connection", self.name());
        let told = SqlError::with_kind(ErrorKind::DataSource, state, message).detail(error.message());
        let told = match (error.hint(), error.cause()) {
            (Some(hint), Some(cause)) => told.hint(format!("{hint}: {cause}")),
            (Some(hint), None) => told.hint(hint),
            (None, _) => told,
        };
        told.caused_by(error)
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
