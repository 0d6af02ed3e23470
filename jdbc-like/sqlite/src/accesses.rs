//! What a statement reads and writes, as SQLite's authorizer tells it while the statement is prepared.

use std::sync::{Arc, Mutex, PoisonError};

use batis_dbc::{Accesses, Result, Shape};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::error::foreign;
use crate::statement::{Statement, Use};

/// Prepares the text once more, listening; also the columns, which those of a cached statement may not be any more. SQLite prepares all cached statements again after this, so it is for describing only.
pub(crate) fn of(db: &mut rusqlite::Connection, sql: &str) -> Result<(Accesses, Shape)> {
    let found = Arc::new(Mutex::new(Accesses::default()));
    let listener = Arc::clone(&found);
    let listen = move |context: AuthContext<'_>| {
        note(&context, &mut listener.lock().unwrap_or_else(PoisonError::into_inner));
        Authorization::Allow
    };
    db.authorizer(Some(listen)).map_err(|e| foreign(&e))?;
    let prepared =
        Statement::prepare(db, sql, Use::Once).map(|(fresh, _)| fresh.map(|fresh| fresh.shape()).unwrap_or_default());
    db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(|e| foreign(&e))?;
    let shape = prepared?;
    let accesses = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((accesses, shape))
}

fn note(context: &AuthContext<'_>, found: &mut Accesses) {
    let schema = context.database_name.unwrap_or("main");
    match context.action {
        AuthAction::Read { table_name, column_name } => found.read(schema, table_name, column_name),
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => {
            found.write(schema, table_name);
        }
        _ => {}
    }
}
