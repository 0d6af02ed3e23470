//! Transaction control: what to run for each step, and what SQLite may do on its own.

use batis_dbc::driver::{Control, savepoint_name};
use batis_dbc::{LockMode, PreparedStatement, Result, SqlError, SqlState, TransactionOptions};

use crate::statement::Statement;

/// The transaction as it was begun through [`Control`].
#[derive(Debug, Default)]
pub(crate) struct TransactionState {
    depth: u32,
    read_only: bool,
    /// SQLite rolled the transaction back by itself (`INSERT OR ROLLBACK`, a full disk, an interrupted write).
    lost: bool,
}

impl TransactionState {
    /// Refuses to go on in a transaction that SQLite ended by itself: what follows would be committed statement by statement.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        if self.lost { Err(lost()) } else { Ok(()) }
    }

    /// Refuses a statement that writes in a read-only transaction.
    ///
    /// Not `PRAGMA query_only`: each change of a pragma makes SQLite prepare all statements of the connection again.
    #[inline]
    pub(crate) fn allow(&self, statement: &Statement) -> Result<()> {
        if self.read_only && !statement.is_read_only() { Err(read_only()) } else { Ok(()) }
    }

    /// Looks at what an error left behind.
    pub(crate) fn failed(&mut self, autocommit: bool) {
        self.lost |= autocommit && self.depth > 0;
    }

    /// Looks at what a statement typed by the user (`COMMIT`, `ROLLBACK`) left behind.
    pub(crate) fn typed(&mut self, autocommit: bool) {
        if autocommit && !self.lost {
            *self = Self::default();
        }
    }

    fn has(&self, depth: u32) -> bool {
        !self.lost && self.depth >= depth
    }

    /// What has to run for this step; nothing if SQLite is there already.
    pub(crate) fn texts<'s>(
        &self,
        step: Control<'_>,
        autocommit: bool,
        default: LockMode,
        texts: &'s mut Texts,
    ) -> Result<Vec<&'s PreparedStatement>> {
        Ok(match step {
            Control::Begin(options) => vec![texts.begin(lock(options, default))],
            Control::Commit => {
                self.check()?;
                vec![&texts.commit]
            }
            Control::Rollback if autocommit => vec![],
            Control::Rollback => vec![&texts.rollback],
            Control::Savepoint(depth) => {
                self.check()?;
                vec![&texts.savepoint(depth).open]
            }
            Control::Release(depth) => {
                self.check()?;
                vec![&texts.savepoint(depth).release]
            }
            Control::RollbackTo(depth) if !self.has(depth) => vec![],
            Control::RollbackTo(depth) => {
                let savepoint = texts.savepoint(depth);
                vec![&savepoint.rollback_to, &savepoint.release]
            }
            other => return Err(SqlError::unsupported(format!("{other:?}"))),
        })
    }

    /// The step is done.
    pub(crate) fn done(&mut self, step: Control<'_>) {
        match step {
            Control::Begin(options) => {
                *self = Self { depth: 1, read_only: options.read_only == Some(true), lost: false };
            }
            Control::Savepoint(depth) => self.depth = depth,
            Control::Release(depth) | Control::RollbackTo(depth) => self.depth = self.depth.min(depth - 1),
            _ => *self = Self::default(),
        }
    }
}

/// A transaction that only reads waits for nobody; one that may write takes its lock at once, because a lock that is asked for after
/// reading cannot be waited for.
fn lock(options: &TransactionOptions, default: LockMode) -> LockMode {
    match options.lock {
        Some(lock) => lock,
        None if options.read_only == Some(true) => LockMode::Deferred,
        None => default,
    }
}

fn lost() -> SqlError {
    SqlError::new(SqlState::FAILED_TRANSACTION, "SQLite rolled the transaction back because of an earlier error")
        .hint("roll back and begin again")
}

fn read_only() -> SqlError {
    SqlError::new(SqlState::READ_ONLY, "the transaction is read-only, and the statement writes")
}

/// The statements of transaction control; they are cached as others are.
#[derive(Debug)]
pub(crate) struct Texts {
    deferred: PreparedStatement,
    immediate: PreparedStatement,
    exclusive: PreparedStatement,
    commit: PreparedStatement,
    rollback: PreparedStatement,
    savepoints: Vec<Savepoint>,
}

#[derive(Debug)]
struct Savepoint {
    open: PreparedStatement,
    release: PreparedStatement,
    rollback_to: PreparedStatement,
}

impl Texts {
    pub(crate) fn new() -> Self {
        Self {
            deferred: PreparedStatement::new("begin deferred"),
            immediate: PreparedStatement::new("begin immediate"),
            exclusive: PreparedStatement::new("begin exclusive"),
            commit: PreparedStatement::new("commit"),
            rollback: PreparedStatement::new("rollback"),
            savepoints: Vec::new(),
        }
    }

    fn begin(&self, lock: LockMode) -> &PreparedStatement {
        match lock {
            LockMode::Deferred => &self.deferred,
            LockMode::Immediate => &self.immediate,
            LockMode::Exclusive => &self.exclusive,
        }
    }

    /// Of this depth, from 2.
    fn savepoint(&mut self, depth: u32) -> &Savepoint {
        let index = depth.saturating_sub(2) as usize;
        while self.savepoints.len() <= index {
            let next = u32::try_from(self.savepoints.len()).map_or(depth, |n| n + 2);
            self.savepoints.push(Savepoint::new(&savepoint_name(next)));
        }
        &self.savepoints[index]
    }
}

impl Savepoint {
    fn new(name: &str) -> Self {
        Self {
            open: PreparedStatement::new(format!("savepoint {name}")),
            release: PreparedStatement::new(format!("release {name}")),
            rollback_to: PreparedStatement::new(format!("rollback to {name}")),
        }
    }
}
