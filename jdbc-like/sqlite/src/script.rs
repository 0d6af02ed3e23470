//! A text of several statements.

use std::iter;

use batis_dbc::driver::ScriptStatement;
use batis_dbc::{Result, SqlError, SqlState};

use crate::statement::{Statement, Use};

/// Runs the statements of a text one after another; rows are dropped. `allow` may refuse a statement before it runs.
pub(crate) fn run(db: &rusqlite::Connection, sql: &str, allow: impl Fn(&Statement) -> Result<()>) -> Result<()> {
    let (mut from, mut number) = (0, 0);
    while from < sql.len() {
        let space = sql[from..].len() - sql[from..].trim_start().len();
        let placed = |e: SqlError| moved(e, from, space).in_script(number);
        let (statement, length) = Statement::prepare(db, &sql[from..], Use::Once).map_err(placed)?;
        if let Some(statement) = statement {
            run_one(statement, &allow).map_err(placed)?;
            number += 1;
        } else if length == 0 {
            break;
        }
        from += length;
    }
    Ok(())
}

fn run_one(mut statement: Statement, allow: &impl Fn(&Statement) -> Result<()>) -> Result<()> {
    if statement.parameters() > 0 {
        return Err(SqlError::new(SqlState::WRONG_PARAMETER_COUNT, "a script takes no parameters")
            .hint("`query_script` takes parameters"));
    }
    allow(&statement)?;
    statement.execute(iter::empty())
}

/// The first statement of a text behind this byte, as SQLite cuts it; none if there is none. The place of an error counts from there.
pub(crate) fn first(db: &rusqlite::Connection, sql: &str, from: usize) -> Result<Option<ScriptStatement>> {
    let mut at = from;
    while at < sql.len() {
        match Statement::prepare(db, &sql[at..], Use::Once).map_err(|e| moved(e, at - from, 0))? {
            (Some(statement), length) => {
                return Ok(Some(ScriptStatement { place: at..at + length, parameters: statement.parameters() }));
            }
            (None, 0) => break,
            (None, length) => at += length,
        }
    }
    Ok(None)
}

/// The same error, its place counted from the beginning of the script; without one it is that of the statement, which begins behind space.
fn moved(error: SqlError, by: usize, space: usize) -> SqlError {
    let position = error.position().unwrap_or(space);
    error.at(by + position)
}
