//! SQLite's result codes and messages as [`SqlError`] with SQLSTATE.

use batis_dbc::{SqlError, SqlState};
use rusqlite::ffi;

/// What SQLite says of a failure: extended result code, message, and the place in the text (bytes from 0) if it knows one.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) offset: Option<usize>,
}

impl Failure {
    pub(crate) fn into_error(self) -> SqlError {
        let error = match self.code & 0xff {
            ffi::SQLITE_CONSTRAINT => constraint(self.code, &self.message),
            ffi::SQLITE_ERROR => by_message(&self.message),
            _ => SqlError::new(state(self.code), self.message.as_str()),
        };
        let error = hinted(error.vendor(self.code), self.code);
        match self.offset {
            Some(offset) => error.at(offset),
            None => error,
        }
    }
}

/// A failure of `rusqlite`'s own calls (opening, pragmas).
pub(crate) fn foreign(error: &rusqlite::Error) -> SqlError {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let message = message.clone().unwrap_or_else(|| failure.to_string());
            Failure { code: failure.extended_code, message, offset: None }.into_error()
        }
        other => SqlError::new(SqlState::GENERAL, other.to_string()),
    }
}

/// The SQLSTATE of a result code whose message says nothing more.
fn state(code: i32) -> SqlState {
    if let Some(state) = extended(code) {
        return state;
    }
    match code & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => SqlState::LOCK_NOT_AVAILABLE,
        ffi::SQLITE_INTERRUPT => SqlState::QUERY_CANCELED,
        ffi::SQLITE_READONLY => SqlState::READ_ONLY,
        ffi::SQLITE_FULL => SqlState::DISK_FULL,
        ffi::SQLITE_NOMEM => SqlState::OUT_OF_MEMORY,
        // Not class 08: a missing attached or temporary file does not break the connection.
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN => SqlState::IO_ERROR,
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => SqlState::DATA_CORRUPTED,
        ffi::SQLITE_AUTH | ffi::SQLITE_PERM => SqlState::INSUFFICIENT_PRIVILEGE,
        ffi::SQLITE_TOOBIG => SqlState::LIMIT_EXCEEDED,
        ffi::SQLITE_MISMATCH => SqlState::DATATYPE_MISMATCH,
        ffi::SQLITE_RANGE => SqlState::INVALID_COLUMN,
        _ => SqlState::GENERAL,
    }
}

fn extended(code: i32) -> Option<SqlState> {
    Some(match code {
        // The snapshot is too old to be written to: only the whole transaction, run again, can succeed.
        ffi::SQLITE_BUSY_SNAPSHOT => SqlState::SERIALIZATION_FAILURE,
        ffi::SQLITE_ABORT_ROLLBACK => SqlState::FAILED_TRANSACTION,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            SqlState::UNIQUE_VIOLATION
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => SqlState::NOT_NULL_VIOLATION,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => SqlState::FOREIGN_KEY_VIOLATION,
        ffi::SQLITE_CONSTRAINT_CHECK => SqlState::CHECK_VIOLATION,
        ffi::SQLITE_CONSTRAINT_DATATYPE => SqlState::DATATYPE_MISMATCH,
        _ => return None,
    })
}

/// A constraint violation; SQLite names what was violated in its message only.
fn constraint(code: i32, message: &str) -> SqlError {
    let error = SqlError::new(extended(code).unwrap_or(SqlState::INTEGRITY), message);
    let subject = message.split_once("constraint failed: ").map(|(_, rest)| rest);
    match (code, subject) {
        (ffi::SQLITE_CONSTRAINT_CHECK, Some(name)) => error.on(Some(name), None, None),
        (_, Some(subject)) => match subject.strip_prefix("index '") {
            Some(index) => error.on(Some(index.trim_end_matches('\'')), None, None),
            None => on_columns(error, subject),
        },
        (_, None) => error,
    }
}

/// `table.column`, or `table.a, table.b` for a key of several columns (then only the table is said).
fn on_columns(error: SqlError, subject: &str) -> SqlError {
    let Some((table, column)) = subject.split_once('.') else { return error };
    let column = (!column.contains(", ")).then_some(column);
    error.on(None, Some(table), column)
}

/// What the plain result code 1 means, by the beginning of the message (first match counts).
const MESSAGES: &[(&str, &[u8; 5])] = &[
    ("no such table: ", b"42P01"),
    ("no such view: ", b"42P01"),
    ("no such column: ", b"42703"),
    ("no such function: ", b"42883"),
    ("wrong number of arguments to function", b"42883"),
    ("ambiguous column name: ", b"42702"),
    ("duplicate column name: ", b"42701"),
    ("no such index: ", b"42704"),
    ("no such trigger: ", b"42704"),
    ("no such collation sequence: ", b"42704"),
    ("no such module: ", b"42704"),
    ("no such savepoint: ", b"3B001"),
    ("cannot start a transaction within a transaction", b"25001"),
    ("cannot commit - no transaction is active", b"25P01"),
    ("cannot rollback - no transaction is active", b"25P01"),
    ("near ", b"42601"),
    ("incomplete input", b"42601"),
    ("unrecognized token", b"42601"),
    ("unknown table option", b"42601"),
    ("SELECTs to the left and right of", b"42601"),
    ("all VALUES must have the same number", b"42601"),
    ("misuse of ", b"42803"),
    ("integer overflow", b"22003"),
    ("malformed JSON", b"22P02"),
    ("bad JSON path", b"22P02"),
    ("row value misused", b"42601"),
    ("cannot modify ", b"42809"),
    ("too many ", b"54000"),
    ("Expression tree is too large", b"54001"),
    ("parser stack overflow", b"54001"),
    ("table ", b"42000"),
];

fn by_message(message: &str) -> SqlError {
    let code = if message.ends_with(" already exists") {
        "42P07"
    } else if message.contains(" has no column named ") {
        "42703"
    } else if message.contains(" values were supplied") || message.contains(" values for ") {
        "42601"
    } else {
        let found = MESSAGES.iter().find(|(start, _)| message.starts_with(start));
        found.map_or("HY000", |(_, code)| std::str::from_utf8(&code[..]).unwrap_or("HY000"))
    };
    let error = SqlError::new(SqlState::from_code(code).unwrap_or(SqlState::GENERAL), message);
    match message.strip_prefix("no such table: ") {
        Some(table) => error.on(None, Some(table), None),
        None => match message.strip_prefix("no such column: ") {
            Some(name) => {
                let (table, column) = name.rsplit_once('.').map_or((None, name), |(t, c)| (Some(t), c));
                error.on(None, table, Some(column))
            }
            None => error,
        },
    }
}

fn hinted(error: SqlError, code: i32) -> SqlError {
    match code & 0xff {
        _ if code == ffi::SQLITE_BUSY_SNAPSHOT => {
            error.hint("the data changed since the transaction read it: run the transaction again, or begin it with LockMode::Immediate")
        }
        ffi::SQLITE_BUSY => error.hint("another connection holds the lock; raise the URL option busy_timeout (milliseconds)"),
        ffi::SQLITE_NOTADB => error.hint("the file is no SQLite database, or it is encrypted"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: i32, message: &str) -> SqlError {
        Failure { code, message: message.to_owned(), offset: None }.into_error()
    }

    #[test]
    fn constraints_say_table_and_column() {
        let unique = error(ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: users.email");
        assert_eq!(
            (unique.sql_state().code(), unique.table(), unique.column()),
            ("23505", Some("users"), Some("email"))
        );
        let key = error(ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "UNIQUE constraint failed: t.a, t.b");
        assert_eq!((key.table(), key.column()), (Some("t"), None));
        let index = error(ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: index 'low'");
        assert_eq!((index.constraint(), index.table()), (Some("low"), None));
        let check = error(ffi::SQLITE_CONSTRAINT_CHECK, "CHECK constraint failed: age >= 0.5");
        assert_eq!((check.sql_state().code(), check.constraint(), check.table()), ("23514", Some("age >= 0.5"), None));
        assert_eq!(
            error(ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed").sql_state().code(),
            "23503"
        );
        assert_eq!(error(ffi::SQLITE_CONSTRAINT_TRIGGER, "no").sql_state().code(), "23000");
    }

    #[test]
    fn plain_errors_are_told_apart_by_their_message() {
        let code = |message: &str| error(ffi::SQLITE_ERROR, message).sql_state().code().to_owned();
        assert_eq!(code("no such table: t"), "42P01");
        assert_eq!(code("table t has no column named x"), "42703");
        assert_eq!(code("table t already exists"), "42P07");
        assert_eq!(code("near \"selec\": syntax error"), "42601");
        assert_eq!(code("table t has 2 columns but 1 values were supplied"), "42601");
        assert_eq!(code("something new"), "HY000");
        let column = error(ffi::SQLITE_ERROR, "no such column: u.nme");
        assert_eq!((column.table(), column.column()), (Some("u"), Some("nme")));
    }

    #[test]
    fn no_failure_of_a_statement_breaks_the_connection() {
        for code in 1..=28 {
            let error = error(code, "x");
            assert!(!error.breaks_connection(), "{error}");
        }
        assert!(error(ffi::SQLITE_BUSY_SNAPSHOT, "database is locked").is_retryable());
        assert_eq!(error(ffi::SQLITE_LOCKED_SHAREDCACHE, "locked").sql_state(), SqlState::LOCK_NOT_AVAILABLE);
    }
}
