//! The transaction behind a session: one connection, shared by the session's clones, and its levels (the transaction and its savepoints).
//!
//! Operations take the lock for their own length. Who drops the future of a transaction cannot wait: it marks the level as given up, and
//! whoever holds the lock, or takes it next, ends it.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use batis_dbc::{Lease, Runner, TransactionOptions};
use tokio::sync::{Mutex, MutexGuard};

use crate::cache::{TxCaches, TxEnd};
use crate::error::{Error, ErrorKind, Result};

/// How a transaction or savepoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    Open = 0,
    Committed = 1,
    RolledBack = 2,
    /// COMMIT was sent and its answer is not known.
    Unknown = 3,
}

/// One level: the transaction itself or a savepoint in it.
#[derive(Debug)]
pub(crate) struct Scope {
    begun_at: &'static Location<'static>,
    /// It belongs to a closure, which ends it.
    closure: bool,
    ending: AtomicU8,
    given_up: AtomicBool,
}

/// The shared part.
pub(crate) struct Tx {
    /// None once the transaction has ended.
    state: Mutex<Option<Open>>,
    root: Arc<Scope>,
    runner: Option<Arc<dyn Runner>>,
}

pub(crate) struct Open {
    pub(crate) lease: Lease,
    caches: Option<Box<TxCaches>>,
    levels: Vec<Arc<Scope>>,
}

/// The lock, held for one operation.
pub(crate) struct TxGuard<'a> {
    tx: &'a Tx,
    state: Option<MutexGuard<'a, Option<Open>>>,
}

impl Scope {
    pub(crate) fn new(begun_at: &'static Location<'static>, closure: bool) -> Arc<Self> {
        Arc::new(Self { begun_at, closure, ending: AtomicU8::new(0), given_up: AtomicBool::new(false) })
    }

    pub(crate) fn belongs_to_closure(&self) -> bool {
        self.closure
    }

    fn end(&self, how: Ending) {
        self.ending.store(how as u8, Ordering::SeqCst);
    }

    /// What others may see of it.
    fn outcome(&self) -> TxEnd {
        match self.ending.load(Ordering::SeqCst) {
            1 => TxEnd::Committed,
            2 => TxEnd::RolledBack,
            _ => TxEnd::Unknown,
        }
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::SeqCst)
    }

    fn check(&self) -> Result<()> {
        let how = match self.ending.load(Ordering::SeqCst) {
            0 => return Ok(()),
            1 => "was committed already",
            2 => "was rolled back already",
            _ => "has ended, and nobody knows whether it was committed",
        };
        Err(Error::new(ErrorKind::Transaction, format!("the transaction begun at {} {how}", self.begun_at))
            .hint("a session of a transaction is good until the transaction ends; use the session it came from, or begin another"))
    }
}

impl Tx {
    /// Begins a transaction on a connection.
    pub(crate) async fn open(
        mut lease: Lease,
        options: &TransactionOptions,
        scope: Arc<Scope>,
        caches: Option<Box<TxCaches>>,
    ) -> Result<Arc<Self>> {
        lease.begin(options).await?;
        let runner = lease.runner();
        let state = Open { lease, caches, levels: vec![Arc::clone(&scope)] };
        Ok(Arc::new(Self { state: Mutex::new(Some(state)), root: scope, runner }))
    }

    /// Who waits for the connection on behalf of a blocking caller.
    pub(crate) fn runner(&self) -> Option<&dyn Runner> {
        self.runner.as_deref()
    }

    /// Waits for the connection.
    pub(crate) async fn lock(&self) -> TxGuard<'_> {
        TxGuard { tx: self, state: Some(self.state.lock().await) }
    }

    /// The future of a transaction or savepoint was dropped.
    pub(crate) fn give_up(&self, scope: &Scope) {
        if scope.ending.load(Ordering::SeqCst) != Ending::Open as u8 {
            return;
        }
        scope.given_up.store(true, Ordering::SeqCst);
        self.end_if_given_up();
    }

    /// Ends the whole transaction if it was given up and nobody uses it: the connection goes home, which rolls it back.
    fn end_if_given_up(&self) {
        if !self.root.is_given_up() {
            return;
        }
        let Ok(mut state) = self.state.try_lock() else { return };
        let open = state.take();
        drop(state);
        if let Some(open) = open {
            open.levels.iter().for_each(|level| level.end(Ending::RolledBack));
        }
    }
}

impl TxGuard<'_> {
    /// The connection, if this level is still open. Rolls back savepoints that were given up.
    pub(crate) async fn enter(&mut self, scope: &Arc<Scope>) -> Result<&mut Open> {
        self.sweep().await?;
        scope.check()?;
        self.open(scope)
    }

    fn open(&mut self, scope: &Scope) -> Result<&mut Open> {
        match self.state.as_mut().and_then(|s| s.as_mut()) {
            Some(open) => Ok(open),
            // It ended between two steps of this operation.
            None => Err(Error::new(
                ErrorKind::Transaction,
                format!("the transaction begun at {} has ended", scope.begun_at),
            )),
        }
    }

    /// The connection and the caches of a transaction that [`enter`](Self::enter) found open.
    pub(crate) fn open_parts(&mut self) -> Option<(&mut Lease, Option<&mut TxCaches>)> {
        let open = self.state.as_mut().and_then(|s| s.as_mut())?;
        Some((&mut open.lease, open.caches.as_deref_mut()))
    }

    pub(crate) async fn clear_local(&mut self, scope: &Arc<Scope>) -> Result<()> {
        self.enter(scope).await?.clear_local();
        Ok(())
    }

    async fn sweep(&mut self) -> Result<()> {
        if self.tx.root.is_given_up() {
            if let Some(open) = self.state.as_mut().and_then(|s| s.take()) {
                open.levels.iter().for_each(|level| level.end(Ending::RolledBack));
            }
            return Ok(());
        }
        let Some(open) = self.state.as_mut().and_then(|s| s.as_mut()) else { return Ok(()) };
        open.roll_back_leftovers().await?;
        match open.levels.iter().position(|level| level.is_given_up()) {
            Some(at) => open.roll_back_to(at).await,
            None => Ok(()),
        }
    }

    /// Opens a savepoint inside this level, which must be the innermost.
    pub(crate) async fn nest(&mut self, parent: &Arc<Scope>, scope: Arc<Scope>) -> Result<()> {
        let open = self.enter(parent).await?;
        if let Some(inner) = open.levels.last().filter(|last| !Arc::ptr_eq(last, parent)) {
            let message = format!("a nested transaction is open already (begun at {})", inner.begun_at);
            return Err(Error::new(ErrorKind::Transaction, message)
                .hint("nested transactions run one after another; use the inner session to nest deeper"));
        }
        open.lease.begin(&TransactionOptions::new()).await?;
        open.levels.push(scope);
        Ok(())
    }

    /// Ends a level, after rolling back what is open inside of it. Gives the connection back when that was the transaction itself.
    pub(crate) async fn finish(&mut self, scope: &Arc<Scope>, commit: bool) -> (Result<()>, Option<Lease>) {
        match self.close(scope, commit).await {
            Ok(Some(Open { mut lease, caches, .. })) => {
                let ending = caches.filter(|_| commit).map(|caches| caches.commit());
                let done = end(&mut lease, scope, commit).await;
                if let Some(ending) = ending {
                    ending.ended(scope.outcome());
                }
                (done, Some(lease))
            }
            Ok(None) => (Ok(()), None),
            Err(error) => (Err(error), None),
        }
    }

    /// Ends a savepoint, or takes the connection of the transaction itself out: if the future is dropped while COMMIT is on its way, the
    /// connection goes home and is looked after there.
    async fn close(&mut self, scope: &Arc<Scope>, commit: bool) -> Result<Option<Open>> {
        let open = self.enter(scope).await?;
        let at = open.levels.iter().position(|level| Arc::ptr_eq(level, scope)).unwrap_or(0);
        open.roll_back_to(at + 1).await?;
        scope.end(if commit { Ending::Unknown } else { Ending::RolledBack });
        if at > 0 {
            open.levels.truncate(at);
            open.clear_local();
            end(&mut open.lease, scope, commit).await?;
            return Ok(None);
        }
        Ok(self.state.as_mut().and_then(|s| s.take()))
    }
}

async fn end(lease: &mut Lease, scope: &Scope, commit: bool) -> Result<()> {
    let done = if commit { lease.commit().await } else { lease.rollback().await };
    match &done {
        Ok(()) if commit => scope.end(Ending::Committed),
        // The answer to COMMIT was lost: `Unknown` stays.
        Err(error) if error.sql_state() == batis_dbc::SqlState::OUTCOME_UNKNOWN => {}
        _ => scope.end(Ending::RolledBack),
    }
    Ok(done?)
}

impl Open {
    fn clear_local(&mut self) {
        if let Some(caches) = &mut self.caches {
            caches.clear_local();
        }
    }

    /// Rolls back what an operation began inside of the innermost level (a batch) and could not end, since its future was dropped.
    async fn roll_back_leftovers(&mut self) -> Result<()> {
        while self.lease.transaction_depth() as usize > self.levels.len() {
            self.clear_local();
            self.lease.rollback().await?;
        }
        Ok(())
    }

    /// Rolls back the levels from this one on.
    async fn roll_back_to(&mut self, at: usize) -> Result<()> {
        while self.levels.len() > at.max(1) {
            self.clear_local();
            if let Some(level) = self.levels.pop() {
                level.end(Ending::RolledBack);
            }
            self.lease.rollback().await?;
        }
        Ok(())
    }
}

impl Drop for TxGuard<'_> {
    fn drop(&mut self) {
        // Unlocked first, so that a transaction that was given up meanwhile finds either us or the lock free.
        self.state = None;
        self.tx.end_if_given_up();
    }
}

/// Gives a level up when the future that owns it is dropped before its end.
pub(crate) struct Keep<'a> {
    pub(crate) tx: &'a Tx,
    pub(crate) scope: &'a Scope,
}

impl Drop for Keep<'_> {
    fn drop(&mut self) {
        self.tx.give_up(self.scope);
    }
}
