//! Transaction control: what to send for each step.

use std::borrow::Cow;

use batis_dbc::driver::{Control, savepoint_name};
use batis_dbc::{Result, SqlError, SqlState, TransactionOptions};

/// The transaction as it was begun through [`Control`].
#[derive(Debug, Default)]
pub(crate) struct TransactionState {
    /// How deep savepoints are known to exist; 1 or less: none.
    depth: u32,
    /// A rollback to this depth was sent whose answer has not been seen.
    pub(crate) owed: Option<u32>,
}

impl TransactionState {
    /// What to send for this step; none if the server is there already.
    pub(crate) fn text(&self, step: Control<'_>, in_transaction: bool) -> Result<Option<Cow<'static, str>>> {
        Ok(Some(match step {
            Control::Begin(_) if in_transaction && self.owed.is_none() => return Err(already_begun()),
            Control::Begin(options) => begin(options),
            Control::Commit | Control::Prepare(_) if !in_transaction && self.owed.is_none() => {
                return Err(already_ended());
            }
            Control::Commit => "COMMIT".into(),
            Control::Rollback if !in_transaction => return Ok(None),
            Control::Rollback => "ROLLBACK".into(),
            Control::Savepoint(depth) => format!("SAVEPOINT {}", savepoint_name(depth)).into(),
            Control::Release(depth) => format!("RELEASE SAVEPOINT {}", savepoint_name(depth)).into(),
            // One that was never made, or that went away with its transaction.
            Control::RollbackTo(depth) if !in_transaction || self.depth < depth => return Ok(None),
            Control::RollbackTo(depth) => rollback_to(depth).into(),
            Control::Prepare(name) => format!("PREPARE TRANSACTION {}", literal(name)).into(),
            Control::CommitPrepared(name) => format!("COMMIT PREPARED {}", literal(name)).into(),
            Control::RollbackPrepared(name) => format!("ROLLBACK PREPARED {}", literal(name)).into(),
            other => return Err(SqlError::unsupported(format!("{other:?}"))),
        }))
    }

    /// The step was answered.
    pub(crate) fn done(&mut self, step: Control<'_>) {
        self.owed = None;
        match step {
            Control::Begin(_) => self.depth = 1,
            Control::Savepoint(depth) => self.depth = depth,
            Control::Release(depth) | Control::RollbackTo(depth) => self.depth = self.depth.min(depth - 1),
            _ => self.depth = 0,
        }
    }

    /// What to send, without waiting, to roll back to this depth; none if there is nothing to roll back.
    pub(crate) fn start_rollback(&mut self, depth: u32, in_transaction: bool) -> Option<Cow<'static, str>> {
        let step = if depth == 0 { Control::Rollback } else { Control::RollbackTo(depth + 1) };
        let text = self.text(step, in_transaction).ok().flatten()?;
        self.done(step);
        self.owed = Some(depth);
        Some(text)
    }
}

/// `E` makes its meaning independent of settings.
fn literal(name: &str) -> String {
    format!("E'{}'", name.replace('\\', "\\\\").replace('\'', "''"))
}

pub(crate) fn rollback_to(depth: u32) -> String {
    let name = savepoint_name(depth);
    format!("ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")
}

fn begin(options: &TransactionOptions) -> Cow<'static, str> {
    if options.isolation.is_none() && options.read_only.is_none() && !options.deferrable {
        return "BEGIN".into();
    }
    let mut text = String::from("BEGIN");
    if let Some(level) = options.isolation {
        text.push_str(" ISOLATION LEVEL ");
        text.push_str(level.sql());
    }
    match options.read_only {
        Some(true) => text.push_str(" READ ONLY"),
        Some(false) => text.push_str(" READ WRITE"),
        None => {}
    }
    if options.deferrable {
        text.push_str(" DEFERRABLE");
    }
    text.into()
}

fn already_begun() -> SqlError {
    SqlError::new(SqlState::ACTIVE_TRANSACTION, "a transaction is open that was begun by SQL text")
        .hint("end it by SQL text too, or begin it by `begin` or `transaction`")
}

/// The server would answer a COMMIT by a warning only.
fn already_ended() -> SqlError {
    SqlError::new(SqlState::NO_ACTIVE_TRANSACTION, "there is no transaction any more: it was ended by SQL text")
        .hint("end by `commit` and `rollback` what was begun by `begin` or `transaction`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_dbc::IsolationLevel;

    fn text(state: &TransactionState, step: Control<'_>, open: bool) -> Option<String> {
        state.text(step, open).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn options_are_part_of_begin() {
        let state = TransactionState::default();
        let options =
            TransactionOptions::new().isolation(IsolationLevel::Serializable).read_only(true).deferrable(true);
        assert_eq!(
            text(&state, Control::Begin(&options), false).as_deref(),
            Some("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE")
        );
        assert_eq!(text(&state, Control::Begin(&TransactionOptions::new()), false).as_deref(), Some("BEGIN"));
        assert_eq!(
            state.text(Control::Begin(&options), true).unwrap_err().to_string(),
            "a transaction is open that was begun by SQL text [25001]; hint: end it by SQL text too, or begin it by `begin` or \
             `transaction`"
        );
    }

    #[test]
    fn only_savepoints_that_exist_are_rolled_back_to() {
        let mut state = TransactionState::default();
        state.done(Control::Begin(&TransactionOptions::new()));
        assert_eq!(text(&state, Control::RollbackTo(2), true), None);
        assert_eq!(text(&state, Control::Commit, true).as_deref(), Some("COMMIT"));
        assert_eq!(state.text(Control::Commit, false).unwrap_err().sql_state(), SqlState::NO_ACTIVE_TRANSACTION);
        state.done(Control::Savepoint(2));
        let sent = "ROLLBACK TO SAVEPOINT batis_2; RELEASE SAVEPOINT batis_2";
        assert_eq!(text(&state, Control::RollbackTo(2), true).as_deref(), Some(sent));
        assert_eq!(state.start_rollback(1, true).as_deref(), Some(sent));
        assert_eq!((state.owed, text(&state, Control::RollbackTo(2), true)), (Some(1), None));
        assert_eq!(text(&state, Control::Rollback, false), None);
    }
}
