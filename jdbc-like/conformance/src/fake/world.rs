//! What all connections of one fake driver share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use batis_dbc::SqlState;

use super::answer::Answer;

/// How often what happened. A snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections that were made.
    pub connects: u64,
    /// Attempts to connect that failed, as the script said.
    pub refused: u64,
    /// Connections that were closed or dropped.
    pub closes: u64,
    /// Connections that said goodbye before they were dropped.
    pub goodbyes: u64,
    /// Statements that reached the database.
    pub statements: u64,
    /// Scripts that reached the database.
    pub scripts: u64,
    /// Transactions begun.
    pub begins: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Transactions rolled back, without waiting or with.
    pub rollbacks: u64,
    /// Pings.
    pub pings: u64,
    /// Operations that were left in flight and ended by settling.
    pub settles: u64,
    /// Cursors that were ended before their last row.
    pub abandoned: u64,
}

#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) counters: Counters,
    pub(super) answers: HashMap<String, Answer>,
    pub(super) log: Vec<String>,
    pub(super) refuse: Option<(u64, SqlState, String)>,
    pub(super) connect_pending: u32,
    pub(super) control_pending: u32,
    pub(super) ping_error: Option<(SqlState, String)>,
    pub(super) broken_before: u64,
}

#[derive(Debug, Default)]
pub(super) struct World(Mutex<Script>);

impl World {
    /// The script; a panic that the script asked for does not spoil it.
    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn log(&self, connection: u64, what: &str, count: impl FnOnce(&mut Counters)) {
        let mut script = self.script();
        count(&mut script.counters);
        script.log.push(format!("{connection}: {what}"));
    }
}
