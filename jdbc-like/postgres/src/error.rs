//! Errors of tokio-postgres and of sockets as [`SqlError`].

use std::error::Error as _;
use std::io;
use std::sync::{Arc, OnceLock};

use batis_dbc::{PreparedStatement, SqlError, SqlState};
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, ErrorPosition, Severity};

/// Why the connection ended, once it did.
#[derive(Debug, Default)]
pub(crate) struct Fate(OnceLock<Error>);

impl Fate {
    pub(crate) fn set(&self, error: Error) {
        // The first one is the cause; what follows are its consequences.
        let _ = self.0.set(error);
    }

    /// Why the connection ended, if it has.
    pub(crate) fn told(&self) -> Option<SqlError> {
        self.0.get().map(|cause| if cause.is_closed() { hung_up() } else { convert(cause) })
    }

    /// The error to report for this one: a connection that is closed says why.
    pub(crate) fn convert(&self, error: &Error) -> SqlError {
        match self.0.get() {
            Some(cause) if error.is_closed() && cause.is_closed() => hung_up(),
            Some(cause) if error.is_closed() => convert(cause),
            _ => convert(error),
        }
    }
}

/// Whether the connection cannot be used after this error.
pub(crate) fn is_fatal(error: &Error) -> bool {
    match error.as_db_error() {
        Some(db) => {
            matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
                || db.code().code().starts_with("08") && !is_bind_mismatch(db)
        }
        None => !is_local(error),
    }
}

/// Errors that are found before anything is sent. tokio-postgres has no name for its kinds, only their texts.
fn is_local(error: &Error) -> bool {
    let text = error.to_string();
    text.starts_with("error serializing") || text.starts_with("error encoding") || text.starts_with("expected ")
}

/// The server counted other parameters than it was sent: nothing is wrong with the protocol.
fn is_bind_mismatch(db: &DbError) -> bool {
    db.code().code() == "08P01" && db.message().starts_with("bind message supplies")
}

/// An error without knowledge of the connection or statement.
pub(crate) fn convert(error: &Error) -> SqlError {
    if let Some(db) = error.as_db_error() {
        return server(db);
    }
    if error.is_closed() {
        return SqlError::new(SqlState::CONNECTION_CLOSED, "the connection was closed")
            .hint("an async connection ends together with the runtime on which it was made");
    }
    match error.source() {
        Some(cause) => match cause.downcast_ref::<io::Error>() {
            Some(io) if error.to_string().starts_with("error encoding") => {
                SqlError::new(SqlState::DATA_EXCEPTION, format!("the statement cannot be sent: {io}"))
            }
            Some(io) => broken(io),
            None if error.to_string().starts_with("authentication") || error.to_string() == "invalid configuration" => {
                SqlError::new(SqlState::INVALID_AUTHORIZATION, format!("the login failed: {cause}"))
            }
            None => SqlError::new(SqlState::PROTOCOL_VIOLATION, format!("{error}: {cause}")),
        },
        None => without_cause(&error.to_string()),
    }
}

fn without_cause(text: &str) -> SqlError {
    match text.strip_prefix("expected ").and_then(|t| t.split_once(" parameters but got ")) {
        Some((expected, given)) => SqlError::new(
            SqlState::WRONG_PARAMETER_COUNT,
            format!("the statement has {expected} placeholder(s), but {given} parameter(s) were given"),
        ),
        None if text.starts_with("unexpected message") => {
            SqlError::new(SqlState::PROTOCOL_VIOLATION, "the server sent a message that does not belong here")
                .hint("COPY from or to the client is run by `copy_in` and `copy_out`")
        }
        None => SqlError::new(SqlState::PROTOCOL_VIOLATION, text),
    }
}

/// The connection was closed by the other side without a word.
fn hung_up() -> SqlError {
    SqlError::new(SqlState::CONNECTION_FAILURE, "the server closed the connection")
}

/// Where in the server it is found that a statement's result has changed.
const STALE: &str = "RevalidateCachedQuery";

/// Whether the statement that the server keeps does not fit any more: its table changed, or it was deallocated.
pub(crate) fn is_stale(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| match db.code().code() {
        "0A000" => db.routine() == Some(STALE),
        code => code == "26000",
    })
}

fn broken(io: &io::Error) -> SqlError {
    SqlError::new(SqlState::CONNECTION_FAILURE, format!("the connection to the server broke: {io}"))
}

/// An error that the server reports.
fn server(db: &DbError) -> SqlError {
    let state = match SqlState::from_code(db.code().code()) {
        Some(_) if is_bind_mismatch(db) => SqlState::WRONG_PARAMETER_COUNT,
        Some(state) => state,
        None => SqlState::GENERAL,
    };
    let mut error = SqlError::new(state, db.message()).on(db.constraint(), db.table(), db.column());
    if let Some(detail) = db.detail() {
        error = error.detail(detail);
    }
    match db.hint().or_else(|| advice(db)) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What to do about errors that come of how parameters and plans work here, where the server has no hint of its own.
fn advice(db: &DbError) -> Option<&'static str> {
    match db.code().code() {
        "42P18" => Some("say by a cast what the parameter is: `?::text`"),
        "0A000" if db.routine() == Some(STALE) => {
            Some("a table was changed while the statement was prepared; run the transaction again")
        }
        _ => None,
    }
}

/// Adds the statement, and the place in it. The server counts characters from 1 in the text with `$1`, which was sent behind so many bytes
/// (of ASCII).
pub(crate) fn in_statement(error: SqlError, cause: &Error, statement: &PreparedStatement, before: usize) -> SqlError {
    let error = error.sql_text(Arc::clone(statement.shared_sql()));
    let sent = crate::statement::render(statement);
    match offset(cause, sent.as_deref().unwrap_or(statement.sql()), before) {
        Some(offset) => error.at(statement.placeholders().original_offset(offset)),
        None => error,
    }
}

/// Adds the place in the data of a copy: `COPY t, line 3, column n`. The data itself stays away.
pub(crate) fn in_copy(error: SqlError, cause: &Error, of_rows: bool) -> SqlError {
    let context = cause.as_db_error().and_then(DbError::where_).unwrap_or_default();
    let Some(place) = context.lines().rfind(|line| line.starts_with("COPY ")) else { return error };
    let place = place.split(": \"").next().unwrap_or_default();
    let line = place.rsplit_once(", line ").and_then(|(_, rest)| rest.split(',').next()?.parse::<usize>().ok());
    match line.and_then(|line| line.checked_sub(1)) {
        Some(row) if of_rows => error.in_batch(row),
        _ if error.detail_text().is_none() => error.detail(place),
        _ => error,
    }
}

/// Adds a text that was sent as it is, and the place in it.
pub(crate) fn in_text(error: SqlError, cause: &Error, sql: &str) -> SqlError {
    let error = error.sql_text(sql);
    match offset(cause, sql, 0) {
        Some(offset) => error.at(offset),
        None => error,
    }
}

/// The place in the text that was sent, in bytes from 0.
fn offset(cause: &Error, sent: &str, before: usize) -> Option<usize> {
    let Some(ErrorPosition::Original(character)) = cause.as_db_error()?.position() else { return None };
    let characters = usize::try_from(*character).unwrap_or(1).saturating_sub(1).saturating_sub(before);
    Some(sent.char_indices().nth(characters).map_or(sent.len(), |(at, _)| at))
}

/// The connection could not be made.
pub(crate) fn not_connected(place: &dyn std::fmt::Display, io: &io::Error) -> SqlError {
    let error = SqlError::new(SqlState::CONNECT_FAILED, format!("cannot connect to {place}: {io}"));
    match io.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
            error.hint("is the server running, and does it listen there?")
        }
        io::ErrorKind::TimedOut => error.hint("the limit is the URL's option `connect_timeout` (seconds)"),
        _ => error,
    }
}

/// The login failed: the server's own error, or that the connection broke.
pub(crate) fn not_logged_in(place: &dyn std::fmt::Display, cause: &Error) -> SqlError {
    if let Some(db) = cause.as_db_error() {
        let told = convert(cause);
        // The server's own detail goes first; else the place is the detail.
        return if db.detail().is_some() { told } else { told.detail(format!("the server at {place} said so")) };
    }
    let inner = convert(cause);
    let state = if inner.sql_state().class() == "08" { SqlState::CONNECT_FAILED } else { inner.sql_state() };
    SqlError::new(state, format!("cannot connect to {place}: {}", inner.message()))
}

/// Whether the server wants a password, and none was given.
pub(crate) fn lacks_password(cause: &Error) -> bool {
    cause.to_string() == "invalid configuration"
}

/// There is no TLS to this server, or none that can be trusted.
pub(crate) fn no_tls(place: &dyn std::fmt::Display, why: &str) -> SqlError {
    let error = SqlError::new(SqlState::CONNECT_FAILED, format!("cannot connect to {place}: {why}"));
    if why.contains("UnknownIssuer") {
        error.hint("name the authority that signed the server's certificate by `sslrootcert`")
    } else if why.contains("NotValidForName") || why.contains("not valid for name") {
        error.hint("`sslmode=verify-ca` takes the certificate for any host")
    } else if why.contains("CaUsedAsEndEntity") {
        error.hint("the server shows an authority's own certificate; make one for the server, signed by it")
    } else if why.contains("does not support TLS") {
        error.hint("use `sslmode=disable` on networks that you trust")
    } else {
        error
    }
}

/// The server rolled back instead of committing.
pub(crate) fn rolled_back() -> SqlError {
    SqlError::new(
        SqlState::FAILED_TRANSACTION,
        "the transaction was rolled back by the server because an earlier statement failed",
    )
    .hint("look at the first error of the transaction; a savepoint keeps one failed statement from ending it")
}
