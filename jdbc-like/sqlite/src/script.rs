//! A text of several statements.

use batis_dbc::{Result, SqlError, SqlState};

use crate::statement::{Statement, Step, Use};

/// Runs the statements of a text one after another; rows are dropped. `allow` may refuse a statement before it runs.
pub(crate) fn run(db: &rusqlite::Connection, sql: &str, allow: impl Fn(&Statement) -> Result<()>) -> Result<()> {
    let mut from = 0;
    while from < sql.len() {
        let (statement, length) = Statement::prepare(db, &sql[from..], Use::Once).map_err(|e| moved(e, from))?;
        if let Some(mut statement) = statement {
            if statement.parameters() > 0 {
                return Err(SqlError::new(SqlState::WRONG_PARAMETER_COUNT, "a script takes no parameters").at(from));
            }
            allow(&statement)?;
            let mut step = statement.open(&[])?;
            while step == Step::Row {
                step = statement.step()?;
            }
        } else if length == 0 {
            break;
        }
        from += length;
    }
    Ok(())
}

/// The same error, its place counted from the beginning of the script.
fn moved(error: SqlError, by: usize) -> SqlError {
    match error.position() {
        Some(position) => error.at(position + by),
        None => error,
    }
}
